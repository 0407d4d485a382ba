"""The texts and people of a case, masked by the server; one field at a time can be asked for, with a reason."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from services.board.readers.case import HistoryEvent
from services.cases.acts_reader import CaseAct, names_in
from services.contract.set_apart import mask_person
from services.projector.sealed.service import PersonalField


def by_name(
    fields: Sequence[PersonalField], events: Sequence[HistoryEvent], acts: Sequence[CaseAct]
) -> list[PersonalField]:
    """The fields with colleagues by their names: they are nobody to be hidden from each other."""
    names, by_command = names_in(acts), {act.command_id: act for act in acts}
    who: dict[str, str] = {}
    # Who handles a case is told by the id of an account, which is shown masked as every name is: of the colleagues
    # who acted on it, the last one whose id looks like that.
    handler = next((one.shown for one in fields if one.field == "handler"), "")
    for event in events:
        act = by_command.get(event.command_id)
        if act is not None and mask_person(act.user_id) == handler:
            who["handler"] = act.who
    for event in events:
        if (name := names.get(event.command_id)) and event.type == "case.acknowledged":
            who[f"escalations.{event.escalations - 1}.acknowledged_by"] = name
    if events and (name := names.get(events[-1].command_id)):
        who["step.actor"] = name
    return [PersonalField(one.field, who[one.field], False) if one.field in who else one for one in fields]


def personal_part(fields: Sequence[PersonalField], words: dict[str, Any], *, can_reveal: bool) -> list[Component]:
    """A heading and a list; nothing where the case has no such field."""
    labels, terms = words["personal"], []
    for field in fields:
        if not field.shown:
            continue
        name = labels["fields"].get(field.field.split(".")[-1], labels["fields"].get(field.field, field.field))
        shown: list[Any] = [html.Span(field.shown, className="masked")]
        if field.can_reveal and can_reveal:
            more: Any = {"data-reveal": field.field}
            shown += [" ", html.Button(labels["reveal"], className="plain", **more)]
        elif field.why_not:
            shown.append(html.Small(f" {labels[field.why_not]}", className="dim"))
        terms += [html.Dt(name), html.Dd(shown)]
    return [html.H3(labels["title"]), html.Dl(terms, className="personal")] if terms else []
