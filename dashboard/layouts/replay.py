"""The replay: the wall of a past moment under a bar that says so and moves it (assets/modules/replay).

No data access.
"""

from typing import Any

from dash import html

from dashboard.layouts import ids, wall
from dashboard.layouts.navigation import menu
from services.access.rights import Person, may
from services.district.package import District


def layout(district: District, words: dict[str, Any], person: Person) -> html.Div:
    """The whole page for one person in one language."""
    room = wall.layout(district, words, menu(person, words, "replay"))
    setattr(room, "data-replay", "1")
    data: Any = {"data-export": "1" if may(person, "export_review") else ""}
    return html.Div([html.Header(id=ids.REPLAY, className="replay-bar", **data), room], className="replay")
