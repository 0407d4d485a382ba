"""Joint enforcement in a panel: who leads, who was called, who has answered within the half hour, who is there."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.moments import minute_text
from services.cases.joint import Called, Joint
from services.contract.personal import mask_text


def joint_part(
    found: Sequence[Joint], words: dict[str, Any], zone: ZoneInfo, names: Mapping[str, str]
) -> list[Component]:
    """One block a whistle, the newest first; nothing where none was blown."""
    if not found:
        return []
    labels, parts = words["joint"], []
    for one in found:
        reason = words["reason"].get(one.reason_code, one.reason_code)
        lead = labels["lead"].format(unit=names.get(one.lead_unit, one.lead_unit) or "—")
        rows = [
            html.Li(
                [html.B(names.get(called.unit, called.unit)), html.Span(_state(called, labels))],
                className="bad" if called.state in {"late", "absent"} else "warn" if called.state == "waiting" else "",
            )
            for called in one.units
        ]
        ended = labels["ended"].format(at=minute_text(one.ended_at, zone), result=mask_text(one.result) or "—")
        parts += [
            html.P(" · ".join(filter(None, (minute_text(one.at, zone), reason, lead))), className="mid"),
            html.Ul(rows, className="joint"),
            *([html.P(ended)] if one.ended_at is not None else []),
        ]
    return [html.H3(labels["title"]), *parts]


def _state(called: Called, labels: dict[str, Any]) -> str:
    text = str(labels["states"][called.state])
    if called.state == "waiting" and called.minutes_left is not None:
        text += labels["left"].format(n=called.minutes_left)
    if called.answered_in is not None:
        text += labels["answered_in"].format(n=called.answered_in)
        if called.in_time is False:
            text += labels["too_late"]
    if called.arrived_in is not None:
        text += labels["arrived_in"].format(n=called.arrived_in)
    return text
