"""The card of a camera: its state, what it sees, how sure that is, what it alone sees, the way to its live picture.

And the lines of the case panel that say which cameras see the place. ``stream_url`` is text from outside.
"""

from typing import Any
from urllib.parse import urlsplit

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.moments import minute_text
from services.board.readers.camera import CameraView, PlaceView
from services.coverage.alone import Watcher
from services.coverage.told import Sight
from services.district.package import District

SCHEMES = frozenset({"http", "https", "rtsp"})
NORTH = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
NORTH_EN = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


def camera_panel(
    view: CameraView | None, words: dict[str, Any], district: District, can_repair: bool = False
) -> list[Component]:
    """The panel's content; ``None`` says that there is no such camera. ``can_repair``: with the button that asks."""
    labels = words["camera"]
    if view is None:
        return [html.H2(labels["not_found"])]
    sight = view.sight
    facts: list[tuple[str, Any]] = [
        (labels["state"], _state(view, words, district)),
        *([(labels["fault"], labels["faults"].get(sight.fault, sight.fault))] if sight.fault else []),
        (labels["alone"], _alone(view, labels)),
        (labels["kind"], labels["kinds"].get(sight.kind, sight.kind)),
        (labels["street"], _street(sight.street, words, district)),
        (labels["id"], sight.id),
        (labels["sees"], labels["views"][sight.view]),
        *_optics(sight, words),
        (labels["night"], labels["night_yes"] if sight.sees_night else labels["night_no"]),
        *([(labels["moved"], labels["moved_m"].format(n=f"{sight.moved_m:.0f}"))] if sight.moved_m else []),
        (labels["grade"], _grade(sight, words)),
        *[("", labels["reasons"].get(code, code)) for code in sight.reasons],
        (labels["spots"], _spots(view, words)),
        (labels["link"], _link(sight.url, labels)),
    ]
    terms: list[Component] = []
    for term, fact in facts:
        terms += [html.Dt(term), html.Dd(fact)]
    head = labels["cases"] if view.works else labels["cases_lost"]
    repairs: Any = {"data-command": "camera.repair", "data-repair": sight.id, "data-name": sight.name or sight.id}
    asks = [html.Div(html.Button(words["command"]["camera.repair"], **repairs), className="actions")]
    return [
        html.H2(sight.name or sight.id),
        *(asks if can_repair else []),
        html.Dl(terms),
        html.H3(f"{head} {view.cases_n}"),
        html.Ol([_case(row, words, district) for row in view.cases]),
    ]


def seen_by(place: PlaceView | None, words: dict[str, Any]) -> list[tuple[str, Any]]:
    """Who sees a case's place, as terms and facts for its panel; nothing where that cannot be asked."""
    if place is None:
        return []
    labels = words["coverage"]
    if not place.watchers or not place.watchers[0].sees:
        mark: list[Any] = [html.I(className="swatch unseen"), " ", html.B(labels["unseen_case"]), " "]
        facts: list[tuple[str, Any]] = [(labels["seen_by"], html.Span([*mark, html.B(labels["seen_by_none"])]))]
        return facts + [("", _camera(watcher, labels["seen_by_nearest"], words)) for watcher in place.watchers]
    return [
        (labels["seen_by"] if i == 0 else "", _camera(watcher, labels["seen_by_row"], words))
        for i, watcher in enumerate(place.watchers)
    ]


def safe_link(url: str) -> str:
    """The address if a browser may open it (http, https, rtsp with a host), else «»."""
    if any(ord(c) < 0x21 or 0x7E < ord(c) < 0xA0 for c in url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return url if parts.scheme in SCHEMES and host else ""


def _camera(watcher: Watcher, template: str, words: dict[str, Any]) -> Component:
    sight = watcher.sight
    state = words["camera"]["states"][sight.state]
    text = template.format(name=sight.name or sight.id, m=f"{watcher.metres:.0f}", state=state)
    opens: Any = {"data-camera": sight.id}
    found: list[Any] = [html.Span(text, className="touch", role="button", tabIndex=0, **opens)]
    if link := safe_link(sight.url):
        found += [" ", html.A(words["camera"]["link"], href=link, target="_blank", rel="noopener noreferrer")]
    return html.Span(found)


def _state(view: CameraView, words: dict[str, Any], district: District) -> Component:
    labels, sight = words["camera"], view.sight
    text = labels["states"][sight.state]
    if sight.since:
        text = labels["since"].format(state=text, time=minute_text(sight.since, district.zone))
    return html.B(text, className="" if sight.state == "online" else "warn")


def _alone(view: CameraView, labels: dict[str, Any]) -> str:
    template = labels["alone_m2"] if view.works else labels["alone_lost"]
    return str(template).format(n=f"{view.alone.alone_m2:,.0f}", all=f"{view.alone.seen_m2:,.0f}")


def _optics(sight: Sight, words: dict[str, Any]) -> list[tuple[str, Any]]:
    labels = words["camera"]
    names = NORTH_EN if words["language"] == "en" else NORTH

    def marked(text: str, name: str) -> str:
        return f"{text} {labels['estimated']}" if name in sight.estimated else text

    found = []
    if sight.azimuths:
        points = [f"{names[round(a / 45) % 8]} {labels['degrees'].format(n=f'{a:.0f}')}" for a in sight.azimuths]
        found.append((labels["azimuth"], words["unit"]["list"].join(points)))
    if sight.hfov:
        found.append((labels["hfov"], marked(labels["degrees"].format(n=f"{sight.hfov:.0f}"), "hfov")))
    if sight.range_m:
        found.append((labels["range"], marked(labels["metres"].format(n=f"{sight.range_m:.0f}"), "range")))
    if sight.levels_m:
        steps = " / ".join(f"{metres:.0f}" for metres in sight.levels_m)
        found.append((labels["levels"], marked(labels["metres"].format(n=steps), "levels")))
    return found


def _grade(sight: Sight, words: dict[str, Any]) -> str:
    return f"{sight.grade} {words['coverage']['grades']['ABCD'.index(sight.grade)]}"


def _spots(view: CameraView, words: dict[str, Any]) -> str:
    if not view.spots:
        return str(words["camera"]["spots_none"])
    text = words["unit"]["list"].join(spot.name for spot in view.spots)
    more = words["camera"]["spots_more"].format(n=view.spots_n) if view.spots_n > len(view.spots) else ""
    return f"{text} {more}".strip()


def _link(url: str, labels: dict[str, Any]) -> Any:
    if not url:
        return labels["link_none"]
    link = safe_link(url)
    if not link:
        return labels["link_refused"].format(url=url[:80])
    return html.A(labels["link_open"], href=link, target="_blank", rel="noopener noreferrer")


def _case(row: Any, words: dict[str, Any], district: District) -> html.Li:
    english = words["language"] == "en"
    what = words["domain"].get(row.domain, row.domain) if english or not row.class_name else row.class_name
    data: Any = {"data-case": row.case_id}
    return html.Li(
        [
            html.Span(row.case_id, className="dim"),
            html.Span(f"{_street(row.street, words, district)} {what}"),
            html.Span(words["status"][row.status]),
            html.Time(minute_text(row.deadline_at, district.zone)),
        ],
        className="row",
        tabIndex=0,
        **data,
    )


def _street(code: str, words: dict[str, Any], district: District) -> str:
    if words["language"] == "en" and code in district.streets_en:
        return district.streets_en[code]
    area = district.streets.get(code)
    return area.name if area is not None else code or "—"
