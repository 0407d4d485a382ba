"""The photos of a case in its panel: before and after, each small; one that is picked opens large (photos.js)."""

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.moments import second_text
from services.board.readers.case import CaseView
from services.photos.of_case import MOST_SHOWN, CasePhoto


def photo_part(view: CaseView, words: dict[str, Any], zone: ZoneInfo, *, can_see: bool) -> list[Component]:
    """The section, or nothing where the case has no photos; who may not see them is told how many there are."""
    labels, found = words["photo"], view.photos
    if not found:
        return []
    head = html.H3(labels["title"])
    if not can_see:
        return [head, html.P(labels["withheld"].format(n=len(found)), className="mid")]
    parts: list[Component] = [head]
    shown = found[:MOST_SHOWN]
    groups = []
    for name, of in (("before", False), ("after", True)):
        if mine := [photo for photo in shown if photo.is_after is of]:
            rows = [_photo(photo, view.row.case_id, labels[name], words, zone) for photo in mine]
            groups.append(html.Div([html.P(labels[name], className="mid"), *rows], className="photos"))
    parts.append(html.Div(groups, className="before-after"))
    if len(found) > len(shown):
        parts.append(html.P(labels["more"].format(n=len(found) - len(shown)), className="mid"))
    return parts


def _photo(photo: CasePhoto, case_id: str, name: str, words: dict[str, Any], zone: ZoneInfo) -> html.A:
    """A link to the photo itself, so that it opens without a script too."""
    asked = {"case": case_id, "photo": photo.key, "lang": words["language"]}
    at, kind = second_text(photo.at, zone), words["event"].get(photo.type, photo.type)
    said = words["photo"]["alt"].format(name=name, at=at, event=kind)
    image = html.Img(src=f"/api/v1/photo?{urlencode({**asked, 'size': 'small'})}", alt=said)
    more: Any = {"data-photo": said}
    return html.A([image, html.Span(f"{at} {kind}")], href=f"/api/v1/photo?{urlencode(asked)}", **more)
