"""The pages that Dash draws: their addresses, their layouts, who may see them."""

from collections.abc import Callable, Container
from functools import partial
from typing import Any

import dash
from dash import ctx, html
from dash.exceptions import PreventUpdate

from dashboard.callbacks.duty import DutyPage
from dashboard.door.access import person
from dashboard.door.guards import PAGES
from dashboard.layouts import coverage, desk, replay, wall
from dashboard.layouts.navigation import menu, refused
from dashboard.texts import texts
from services.access.rights import Person, may, may_desk
from services.district.package import District

Layout = Callable[[dict[str, Any], Person, str], html.Div]
# What the router is asked with when the address's query alone has changed.
QUERY = "_pages_location.search"


def register_dash_pages(
    district: District, duty: DutyPage, look: Callable[[Person, str, str], None], *, demo: bool
) -> None:
    """Register the pages. Dash's router asks for any of them in a callback: each looks again whether it is shown."""
    titles = texts("zh-CN")

    def page(name: str, right: str, layout: Layout, known: Container[str] | None = None) -> Callable[..., html.Div]:
        def made(lang: str = "", code: str = "", **_others: str) -> html.Div:
            if set(ctx.triggered_prop_ids) == {QUERY}:
                raise PreventUpdate  # a step back or forward within the page: its script reads the query anew
            words, asking = texts(lang), person()
            code = "" if known is None else code  # of a page that has no code, the query may still name one
            if not (may_desk(asking, right, name, code) if code else may(asking, right)):
                return refused(words["word"]["not_allowed"], asking, words)
            if known is not None and code not in known:
                return refused(words["word"][f"no_{name}"], asking, words)
            if asking.role != "wall":
                look(asking, f"/{name}/{code}".rstrip("/"), "see_page")
            found = layout(words, asking, code)
            if demo:
                setattr(found, "data-note", words["word"]["demo"])
            return found

        return made

    shown: dict[str, tuple[Layout, str]] = {
        "wall": (
            lambda words, asking, _code: wall.layout(district, words, menu(asking, words, "wall")),
            titles["title"],
        ),
        "coverage": (
            lambda words, asking, _code: coverage.layout(district, words, asking),
            titles["coverage"]["page_title"],
        ),
        "replay": (
            lambda words, asking, _code: replay.layout(district, words, asking),
            titles["replay"]["page_title"],
        ),
        "desk": (
            lambda words, asking, _code: desk.layout(district, words, asking),
            titles["desk"]["page_title"],
        ),
    }
    for name, (layout, title) in shown.items():
        dash.register_page(name, path=f"/{name}", layout=page(name, PAGES[f"/{name}"], layout), title=title)
    lenses: dict[str, Container[str]] = {"street": district.streets, "unit": district.units, "grid": district.grids}
    for name, known in lenses.items():
        dash.register_page(
            name,
            path_template=f"/{name}/<code>",
            title=titles["desk"][f"{name}_title"],
            layout=page(name, PAGES[f"/{name}/"], partial(_lens, district, name), known),
        )
    dash.register_page(
        "handover",
        path_template="/handover/<seat>/<sheet>",
        title=titles["handover"]["title"],
        layout=lambda seat="", sheet="", lang="", **_others: duty.sheet(seat, sheet, texts(lang)),
    )


def _lens(district: District, kind: str, words: dict[str, Any], asking: Person, code: str) -> html.Div:
    return desk.layout(district, words, asking, kind, code)
