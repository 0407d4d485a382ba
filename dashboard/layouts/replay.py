"""The replay: the wall of a past moment under a bar that says so and moves it (assets/modules/replay).

No data access.
"""

from typing import Any

from dash import html

from dashboard.layouts import ids, wall
from services.district.package import District


def layout(district: District, words: dict[str, Any], *, can_export: bool) -> html.Div:
    """The whole page for one district in one language."""
    room = wall.layout(district, words)
    setattr(room, "data-replay", "1")
    data: Any = {"data-export": "1" if can_export else ""}
    return html.Div([html.Header(id=ids.REPLAY, className="replay-bar", **data), room], className="replay")
