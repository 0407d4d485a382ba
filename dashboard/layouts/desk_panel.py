"""The case panel of a desk: two clocks, how the deadline came about, the case's life, and what can be done."""

import json
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.camera_panel import seen_by
from dashboard.layouts.case_panel import case_facts, timeline
from dashboard.layouts.deadline_account import countdown_text, deadline_lines
from dashboard.layouts.moments import second_text
from services.access.rights import Person, may
from services.board.readers.camera import PlaceView
from services.board.readers.case import CaseView
from services.cases.actions import ORDER, actions
from services.cases.acts_reader import CaseAct
from services.cases.case import calls_of
from services.cases.escalation import DECLINED, DeclinedProposal, Proposal, declined_of
from services.cases.limits import OFFICE_UNITS
from services.cases.whose import may_case
from services.contract.case import Limit

# What answers a proposal, with the key that presses it.
ANSWERS = (("confirm", "Y"), ("decline", "N"))


def desk_panel(
    view: CaseView | None,
    words: dict[str, Any],
    zone: ZoneInfo,
    now: int,
    person: Person,
    *,
    place: PlaceView | None = None,
    proposal: Proposal | None = None,
    takeover_at: int | None = None,
    class_limit: Limit | None = None,
    acts: Sequence[CaseAct] = (),
    more: list[Component] | None = None,
) -> list[Component]:
    """The panel's content; ``more`` are the parts that other modules add between deadline and life.

    ``class_limit``: the limit of the case's class, for who gives it one; ``acts``: what colleagues have asked about it.
    """
    if view is None:
        return [html.H2(words["panel"]["not_found"])]
    row, labels = view.row, words["panel"]
    name = (words["language"] != "en" and row.class_name) or words["domain"].get(row.domain, row.domain)
    head = [
        html.H2(name),
        html.P(
            [html.Span(row.case_id, className="mid"), " · ", words["word"]["severity"][row.severity]], className="dim"
        ),
        _of(view, class_limit),
        html.Div(id="panel-command", **{"aria-live": "polite"}),  # type: ignore[arg-type]  # a wildcard of Dash
        *_answer(row.street, row.community, proposal, words=words, person=person, zone=zone),
        _clocks(view, words, zone, now, takeover_at=takeover_at, declined=declined_of(proposal)),
        *_buttons(view, words, now, person),
    ]
    facts: list[tuple[str, Any]] = [
        (labels["where"], view.area or words["word"]["unplaced"]),
        *seen_by(place, words),
        *case_facts(view, words, zone, _taker(view, acts)),
    ]
    terms: list[Component] = []
    for term, fact in facts:
        terms += [html.Dt(term), html.Dd(fact)]
    account = [html.P(line) for line in deadline_lines(view.deadline, words, zone)]
    return [
        *head,
        *([html.H3(labels["deadline"]), html.Div(account, className="mid")] if account else []),
        *(more or []),
        html.H3(labels["what"]),
        html.Dl(terms),
        html.H3(labels["timeline"]),
        timeline(view, words, zone, acts),
    ]


def _of(view: CaseView, class_limit: Limit | None) -> html.Span:
    """Which case the panel shows, and the limit that a form of it begins with: as data, for the page's scripts."""
    present = next((step for step in view.deadline if step.kind == "limit"), None)
    limit: dict[str, Any] | None = None
    if present is not None:
        limit = {"value": present.value, "unit": present.unit}
    elif class_limit is not None:
        limit = {"value": class_limit.value, "unit": class_limit.unit, "is_class": True}
    data: Any = {"data-case": view.row.case_id, **({"data-limit": json.dumps(limit)} if limit else {})}
    return html.Span(id="panel-of", hidden=True, **data)


def _taker(view: CaseView, acts: Sequence[CaseAct]) -> str:
    """The colleague who has signed for the escalation that stands; empty where it was nobody of ours."""
    names = {act.command_id: act.who for act in acts if act.type == "case.acknowledge_escalation"}
    last = max((event.escalations for event in view.events), default=0)
    found = [names[one.command_id] for one in view.events if one.command_id in names and one.escalations == last]
    return found[-1] if found else ""


def _clocks(
    view: CaseView,
    words: dict[str, Any],
    zone: ZoneInfo,
    now: int,
    *,
    takeover_at: int | None,
    declined: DeclinedProposal | None = None,
) -> html.Div:
    """What is left for whoever has it, and until the district takes it."""
    row, labels = view.row, words["desk"]
    is_office, office = view.left_unit in OFFICE_UNITS, ""
    if view.left_ms is None:
        left, kind = words["word"]["suspended"] if row.deadline_at is not None and row.is_open else "—", ""
    else:
        template = labels["left_over"] if view.is_over else labels["left_still"]
        clock_ms = (row.deadline_at or now) - now  # as the queue and the map say it
        left = template.format(t=countdown_text(abs(clock_ms), words))
        kind = "bad" if view.is_over else "warn" if row.soon_at is not None and now >= row.soon_at else ""
        if is_office:
            inside = countdown_text(abs(view.left_ms), words, True)
            office = f" · {words['panel']['office_time']} {template.format(t=inside)}"
    ends = second_text(row.deadline_at, zone) if row.deadline_at else words["word"]["no_deadline"]
    first = html.Div(
        [html.Span(labels["columns"]["left"]), html.Strong(left), html.Span(ends + office, className="mid")],
        className=kind,
    )
    if row.level == "district":
        taken, at, kind = labels["at_district"], "", ""
    elif declined is not None:
        taken, at, kind = labels["declined"], f"{declined.by} {second_text(declined.at, zone)}", ""
    elif takeover_at is None:
        taken, at, kind = labels["no_takeover"], "", ""
    else:
        ms = takeover_at - now
        taken = labels["takeover_past"] if ms <= 0 else labels["takeover_in"].format(t=countdown_text(ms, words, False))
        at, kind = second_text(takeover_at, zone), "bad" if ms < 30 * 60_000 else ""
    second = html.Div(
        [html.Span(labels["columns"]["takeover"], className="mid"), html.Strong(taken), html.Span(at, className="mid")],
        className=kind,
    )
    return html.Div([first, second], className="clocks")


def _answer(
    street: str,
    community: str,
    proposal: Proposal | None,
    *,
    words: dict[str, Any],
    person: Person,
    zone: ZoneInfo,
) -> list[Component]:
    """What the policy proposes, to be confirmed or declined; once it is declined, who did so and why."""
    if proposal is None:
        return []
    labels = words["desk"]
    rule = words["rule"].get(proposal.rule, proposal.rule)
    if (declined := declined_of(proposal)) is not None:
        said = words["panel"]["declined"].format(rule=rule, who=declined.by, why=declined.why)
        return [html.P(f"{second_text(declined.at, zone)} {said}", className="mid", id="panel-declined")]
    if proposal.mode == DECLINED:  # by an older version, which did not say by whom
        return [html.P(labels["declined"], className="mid", id="panel-declined")]
    text = html.Span([html.B(labels["proposed"]), " · ", rule])
    if not may(person, "decide_proposal", street, community):
        return [html.P(text, className="warn")]
    buttons = [
        html.Button([labels[answer], html.Kbd(key)], **{"data-answer": answer, "data-key": key})  # type: ignore[arg-type]  # a wildcard of Dash
        for answer, key in ANSWERS
    ]
    return [html.P(text, className="warn"), html.Div(buttons, className="actions")]


def panel_keys(words: dict[str, Any], person: Person) -> list[tuple[str, str]]:
    """The keys that press the buttons of a case's panel for this person, each with its button's word."""
    answers = [(key, str(words["desk"][answer])) for answer, key in ANSWERS] if may(person, "decide_proposal") else []
    return [(key, command_name(kind, words, person)) for kind, key in ORDER if may(person, kind)] + answers


def command_name(kind: str, words: dict[str, Any], person: Person) -> str:
    """What a command is called on this person's desk: an officer who is the district asks nobody to take over."""
    of_district: dict[str, str] = {} if person.street else words["command_of_district"]
    return of_district.get(kind) or str(words["command"][kind])


def _buttons(view: CaseView, words: dict[str, Any], now: int, person: Person) -> list[Component]:
    row, found = view.row, []
    for action in actions(row, now, person.unit):
        if not may_case(person, action.type, row):
            continue
        more: Any = {"data-command": action.type, "data-key": action.key}
        if action.type == "case.answer_whistle":
            awaited = {call.unit for call in calls_of(row) if call.arrived_at is None}
            known = person.unit or (awaited.pop() if len(awaited) == 1 else "")
            more["data-given"] = json.dumps({"unit": known} if known else {})
        found.append(
            html.Button(
                [command_name(action.type, words, person), html.Kbd(action.key)],
                disabled=bool(action.why_not),
                title=words["why_not"][action.why_not] if action.why_not else None,
                **more,
            )
        )
    if not found:
        return []
    note = html.Span(words["desk"]["act_note"], className="when")
    return [
        html.Div([html.H3(words["desk"]["act"]), note], className="section-head"),
        html.Div(found, className="actions"),
    ]
