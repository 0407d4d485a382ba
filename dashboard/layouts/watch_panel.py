"""The panel of the watched areas and of the hot spots that offer themselves as one. No data access here."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.moments import minute_text
from services.board.watched_areas import Watch, watched_areas
from services.district.package import District
from services.district.watch_windows import WatchWindow, written_windows


def watch_panel(
    watched: Sequence[Watch], spots: Sequence[dict[str, Any]], words: dict[str, Any], district: District
) -> list[Component]:
    """Who watches, what is open, new in 24 h, unseen by cameras, last patrol; then where repeats gather."""
    labels = words["watch"]
    windows = {area.code: area.windows for area in watched_areas(district) if area.windows}
    areas = [
        html.Li(
            [
                html.Span([html.B(_name(w, words, district)), f" {_unit(w.watched_by, words, district)}"]),
                html.Span(
                    " · ".join(
                        (
                            labels["counts"].format(open=w.open, new=w.new),
                            labels["unseen_unknown"] if w.unseen is None else labels["unseen"].format(n=w.unseen),
                            _patrolled(w, words, district.zone),
                            *_windows(windows.get(w.code, ()), words),
                        )
                    ),
                    className="dim",
                ),
            ],
            className="watch",
        )
        for w in watched
    ]
    gathered = [
        html.Li(
            [
                html.Span(f"{_street(spot['street'], words, district)} {words['domain'].get(spot['domain'], '')}"),
                html.Span(labels["gathered"].format(n=spot["n"], open=spot["open"])),
                html.Time(minute_text(spot["newest_at"], district.zone)),
            ],
            className="row spot",
            tabIndex=0,
            **_opens(spot),
        )
        for spot in spots
    ]
    return [
        html.H2(labels["title"]),
        html.Ol(areas or html.Li(labels["no_areas"])),
        html.H3(labels["spots"].format(n=len(spots))),
        html.P(labels["spots_meaning"], className="dim"),
        html.Ol(gathered or html.Li(labels["no_spots"])),
    ]


def _opens(spot: dict[str, Any]) -> dict[str, Any]:
    """A hot spot opens its newest case."""
    return {"data-case": spot["cases"][-1]}


def _name(watch: Watch, words: dict[str, Any], district: District) -> str:
    street = _street(watch.street, words, district) if watch.street else ""
    return f"{street} {watch.name}".strip()


def _windows(windows: Sequence[WatchWindow], words: dict[str, Any]) -> list[str]:
    """When the area is watched, where it is not round the clock."""
    if not windows:
        return []
    text = written_windows(windows, is_chinese=words["language"] != "en")
    return [str(words["watch"]["windows"]).format(text=text)]


def _street(code: str, words: dict[str, Any], district: District) -> str:
    if words["language"] == "en" and code in district.streets_en:
        return district.streets_en[code]
    area = district.streets.get(code)
    return area.name if area is not None else code or str(words["word"]["unplaced"])


def _unit(code: str, words: dict[str, Any], district: District) -> str:
    if not code:
        return str(words["watch"]["nobody"])
    name = district.units.get(code, code)
    return district.units_en.get(code, name) if words["language"] == "en" else name


def _patrolled(watch: Watch, words: dict[str, Any], zone: ZoneInfo) -> str:
    if watch.patrolled_at is None:
        return str(words["watch"]["no_patrol"])
    return str(words["watch"]["patrol"]).format(at=minute_text(watch.patrolled_at, zone))
