"""The texts and people of a case, masked by the server; one field at a time can be asked for, with a reason."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from services.projector.sealed.service import PersonalField


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
