"""The case panel: what, where, when, and how the deadline came about. On a wall: no description, address or person."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.camera_panel import seen_by
from dashboard.layouts.deadline_account import countdown_text, deadline_lines
from dashboard.layouts.moments import second_text
from services.board.readers.camera import PlaceView
from services.board.readers.case import CaseView, HistoryEvent
from services.cases.acts_reader import CaseAct, names_in
from services.cases.case import CaseRow, decode_escalation
from services.cases.limits import OFFICE_UNITS
from services.contract.codes import SENSITIVE_DOMAINS

SAME_SHOWN = 5


def panel(
    view: CaseView | None, words: dict[str, Any], zone: ZoneInfo, place: PlaceView | None = None
) -> list[Component]:
    """The panel's content; ``None`` says that there is no such case."""
    labels = words["panel"]
    if view is None:
        return [html.H2(labels["not_found"])]
    row = view.row
    facts: list[tuple[str, Any]] = [
        (labels["where"], view.area or words["word"]["unplaced"]),
        *seen_by(place, words),
        *case_facts(view, words, zone),
        (labels["deadline"], second_text(row.deadline_at, zone)),
        *([(labels["left"], _left(view, view.left_ms, words))] if view.left_ms is not None else []),
        *[("", line) for line in deadline_lines(view.deadline, words, zone)],
    ]
    domain = words["domain"].get(row.domain, "")
    is_hidden = row.domain in SENSITIVE_DOMAINS
    name = labels["hidden"] if is_hidden else (words["language"] != "en" and row.class_name) or domain
    terms: list[Component] = []
    for term, fact in facts:
        terms += [html.Dt(term), html.Dd(fact)]
    later = [
        html.H3(words["replay"]["after"], className="after"),
        html.Ol([_event(one, words, zone) for one in view.after]),
    ]
    return [
        html.H2(f"{row.case_id} {name}"),
        html.Dl(terms),
        html.H3(labels["timeline"]),
        timeline(view, words, zone),
        *(later if view.after else []),
    ]


def case_facts(view: CaseView, words: dict[str, Any], zone: ZoneInfo, taker: str = "") -> list[tuple[str, Any]]:
    """(term, fact) of the case itself: class, who has it, since when, what was odd; no description, no person.

    ``taker``: the name of the colleague who has signed for its escalation, for who may read it.
    """
    row, labels = view.row, words["panel"]
    facts: list[tuple[str, Any]] = [
        (labels["class"], words["domain"].get(row.domain, row.domain)),
        (labels["severity"], words["word"]["severity"][row.severity]),
        (labels["channel"], words["channel"].get(row.channel, row.channel)),
        (labels["status"], words["status"][row.status]),
        (labels["level"], words["level"].get(row.level, "—")),
        (labels["unit"], view.unit or "—"),
        (labels["reported"], second_text(row.reported_at, zone)),
        *([(labels["acknowledged"], second_text(row.acknowledged_at, zone))] if row.acknowledged_at else []),
        (labels["basis"], _basis(row, labels)),
        *_escalation(view, words, zone, taker),
        *[(labels["flags"], _flag(flag, words)) for flag in row.flags.split()],
    ]
    if row.irregular:
        facts.append((labels["irregular"], labels["irregular_n"].format(n=row.irregular)))
    for number, (other, metres) in enumerate(view.same[:SAME_SHOWN]):
        text = labels["same_case"].format(
            id=other.case_id, metres=round(metres), at=second_text(other.reported_at, zone)
        )
        facts.append((labels["same"] if number == 0 else "", text))
    if row.returns:
        facts.append(("", labels["returns"].format(n=row.returns)))
    if row.reworks:
        facts.append(("", labels["reworks"].format(n=row.reworks)))
    return facts


def timeline(view: CaseView, words: dict[str, Any], zone: ZoneInfo, acts: Sequence[CaseAct] = ()) -> html.Ol:
    """Every event with its time, and what was irregular about it; first, how many are in the archive alone.

    ``acts``: what colleagues have asked about the case; an event of theirs says who, and a declined proposal is one.
    """
    names = names_in(acts)
    found = [
        (happened.at, _event(happened, words, zone, names.get(happened.command_id, ""))) for happened in view.events
    ]
    found += [(act.at, _declined(act, words, zone)) for act in acts if act.type == "proposal.decline"]
    events = [line for _, line in sorted(found, key=lambda item: item[0])]
    if not view.archived:
        return html.Ol(events)
    n, months = sum(n for _, n in view.archived), words["unit"]["list"].join(month for month, _ in view.archived)
    told = words["panel"]["archived"].format(n=n, months=months)
    return html.Ol([html.Li([html.Span("…"), html.Span(told)]), *events])


def _event(happened: HistoryEvent, words: dict[str, Any], zone: ZoneInfo, who: str = "") -> html.Li:
    name = words["event"].get(happened.type, happened.type)
    if who:
        name = f"{name} · {who}"
    why = words["unit"]["list"].join(words["irregular"][code] for code in happened.irregular)
    odd = [html.Span(why, className="warn")] if why else []
    return html.Li([html.Time(second_text(happened.at, zone)), html.Span([name, " · ", *odd] if odd else name)])


def _declined(act: CaseAct, words: dict[str, Any], zone: ZoneInfo) -> html.Li:
    said = words["panel"]["declined"].format(rule=words["rule"].get(act.rule, act.rule), who=act.who, why=act.reason)
    return html.Li([html.Time(second_text(act.at, zone)), html.Span(said)])


def _left(view: CaseView, ms: int, words: dict[str, Any]) -> str:
    """What is left, in the limit's own time: 余 3小时20分（工作时间）."""
    labels, is_office = words["panel"], view.left_unit in OFFICE_UNITS
    office = labels["office_time"] if is_office else labels["plain_time"]
    template = labels["left_over"] if view.is_over else labels["left_still"]
    return str(template).format(ms=countdown_text(abs(ms), words, is_office), time=office)


def _basis(row: CaseRow, labels: dict[str, str]) -> str:
    if row.deadline_at is None:
        return labels["basis_none"]
    return labels["basis_estimated"] if row.deadline_estimated else labels["basis_published"]


def _escalation(view: CaseView, words: dict[str, Any], zone: ZoneInfo, taker: str) -> list[tuple[str, str]]:
    """The escalation that stands: its own deadline is what the queue counts down to."""
    if not view.row.escalation:
        return []
    labels, found = words["panel"], decode_escalation(view.row.escalation)
    reason = words["reason"].get(found.reason_code or "unknown", found.reason_code)
    at = second_text(found.at, zone)
    facts = [(labels["escalation"], labels["escalation_to"].format(reason=reason, unit=view.escalated_to, at=at))]
    if view.escalated_from:
        facts.append(("", labels["escalation_from"].format(unit=view.escalated_from)))
    taken = words["word"]["untaken"]
    if found.acknowledged_at is not None:
        taken = (
            labels["escalation_taken"]
            .format(at=second_text(found.acknowledged_at, zone), who=taker or found.acknowledged_by)
            .strip()
        )
    facts.append(("", taken))
    if found.deadline_at is not None:
        facts.append(("", labels["escalation_ends"].format(at=second_text(found.deadline_at, zone))))
    return facts


def _flag(flag: str, words: dict[str, Any]) -> str:
    return str(words["flag"].get(flag, flag))
