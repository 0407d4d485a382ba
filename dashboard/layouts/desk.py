"""The desks: the duty officer's and, through a lens, a street's, a unit's or a grid's. A frame for the live feed.

No data access here. The queue is a dash-ag-grid whose rows the socket feeds (assets/modules/desk/queue.js).
"""

import json
from collections.abc import Mapping
from typing import Any

import dash_ag_grid as dag
from dash import html

from dashboard.door.static_files import words_address
from dashboard.layouts import ids
from dashboard.layouts.command_forms import forms_of
from dashboard.layouts.desk_panel import panel_keys
from dashboard.layouts.navigation import menu, theme_button
from dashboard.layouts.wall import map_box, names_of
from services.access.rights import RIGHTS, Person, may
from services.district.package import District

GRID_OPTIONS = {
    "rowHeight": 32,
    "headerHeight": 32,
    "animateRows": False,
    "rowBuffer": 3,  # of AG Grid's 10 above and below: each row more is drawn at every filter and step of the wheel
    "suppressCellFocus": False,
    "deltaSort": True,
    "suppressColumnVirtualisation": True,
    "suppressScrollOnNewData": True,
    "suppressNoRowsOverlay": True,
    "enableCellTextSelection": True,
}


def layout(district: District, words: dict[str, Any], person: Person, kind: str = "", code: str = "") -> html.Div:
    """The whole desk for one person in one language.

    ``kind`` is «street», «unit» or «grid» with its code, and empty for the district.
    """
    name = _name(district, words, kind, code)
    if kind == "street" and person.community in district.communities:
        name += f" · {words['desk']['workstation'].format(name=district.communities[person.community].name)}"
    english = words["language"] == "en"
    labels = words["desk"]
    data: Any = {
        "data-texts": words_address(words["language"]),
        "data-district": names_of(district, english),
        "data-desk": json.dumps(_about(district, words, person, kind=kind, code=code, name=name), ensure_ascii=False),
    }
    return html.Div(
        id=ids.DESK,
        className="desk work-desk",
        lang=words["language"],
        **data,
        children=[
            _truth_bar(name, labels, person, words, kind),
            html.Div(
                [
                    html.Div(id=ids.NOTICES, className="notices", role="status"),
                    html.Section(
                        _opening(labels), id=ids.STRIP, className="strip", **{"aria-label": labels["figures"]}
                    ),
                ]
            ),
            html.Main(
                [
                    html.Section(
                        [
                            html.Div(
                                [html.H2(labels["map"]), _measure_button(labels), html.Time(className="as-of when")],
                                className="section-head",
                            ),
                            map_box(district),
                            html.Div(id=ids.MAP_LEGEND, className="legend"),
                            *([html.Div(id=ids.UNITS, className="units")] if may(person, "see_units") else []),
                        ],
                        id="body-map",
                        className="left",
                    ),
                    html.Section([_tabs(labels, KIND_TABS.get(kind, TABS)), *_tab_bodies(words)], className="work"),
                    _panel(words),
                ]
            ),
            html.Div(id=ids.DIALOGS),
            html.Div(id=ids.TOASTS, className="toasts", role="status"),
        ],
    )


def _about(
    district: District, words: dict[str, Any], person: Person, *, kind: str, code: str, name: str
) -> dict[str, Any]:
    """What the desk's script is told: whose desk it is, who sits at it and what they may do."""
    street = code if kind == "street" else ""
    return {
        "zone": f"{kind}:{code}" if kind else "desk",
        "title": f"{name} · {words['desk'][f'{kind}_title']}" if kind else words["desk"]["page_title"],
        "street": street,
        "unit": code if kind == "unit" else "",
        "grid": code if kind == "grid" else "",
        "box": _box(district, code) if kind == "grid" else None,
        "whistle_minutes": district.policy.escalation.whistle_minutes,
        "me": person.user_id,
        "name": person.name,
        "role": person.role,
        "rights": [right for right in RIGHTS if may(person, right, street or None)],
        "keys": panel_keys(words, person),
        "seat": code or district.code,
        "grids": _names(district.grids, street, district),
        "communities": _names(district.communities, street, district),
        **forms_of(person, district),
    }


def _name(district: District, words: dict[str, Any], kind: str, code: str) -> str:
    english = words["language"] == "en"
    if kind == "unit":
        name = district.units[code]
        return str(words["desk"]["unit_desk"]).format(name=district.units_en.get(code, name) if english else name)
    if kind == "grid":
        return str(words["desk"]["grid_desk"]).format(name=district.grids[code].name)
    if kind == "street":
        name = district.streets[code].name
        return str(words["desk"]["subcenter"]).format(name=district.streets_en.get(code, name) if english else name)
    name = district.name_en if english and district.name_en else district.name
    return str(words["word"]["center"]).format(name=name)


def _box(district: District, grid: str) -> tuple[float, ...] | None:
    """Where the map of a grid begins; None where the grid has no outline."""
    geometry = district.grids[grid].geometry
    return None if geometry is None else geometry.bounds


def _names(areas: Any, street: str, district: District) -> dict[str, str]:
    """Code → name of the grids or communities that the desk can show."""
    found = {}
    for code, area in areas.items():
        parent = area.parent
        over = district.communities[parent].parent if parent in district.communities else parent
        if not street or over == street:
            found[code] = area.name
    return found


def _search_button(words: dict[str, Any]) -> html.Button:
    return html.Button(
        [words["search"]["label"], html.Kbd("/")],
        className="palette-open",
        type="button",
        **{"data-palette": "", "aria-keyshortcuts": "/"},  # type: ignore[arg-type]  # wildcards of Dash
    )


def _measure_button(labels: dict[str, Any]) -> html.Button:
    pressed: Any = {"aria-pressed": "false"}
    return html.Button(labels["measure"], id=ids.MEASURE, className="plain", type="button", **pressed)


def _help_button(words: dict[str, Any]) -> html.Button:
    return html.Button(
        "?",
        id=ids.HELP,
        className="plain",
        type="button",
        title=words["help"]["title"],
        **{"aria-label": words["help"]["title"], "aria-keyshortcuts": "?"},
    )


def _truth_bar(name: str, labels: dict[str, Any], person: Person, words: dict[str, Any], kind: str) -> html.Header:
    query = "?lang=en" if words["language"] == "en" else ""
    return html.Header(
        [
            html.Span("--:--:--", id=ids.CLOCK, className="clock"),
            html.Span(id=ids.DATE, className="mid"),
            html.H1(name),
            html.Span(id=ids.SHIFT, className="mid"),
            *([_search_button(words)] if may(person, "search") else []),
            html.Div(id=ids.FIND_BOX, className="find"),
            html.Div(id=ids.SOURCES, className="sources", role="status"),
            html.Span(className="dim", id="note"),
            html.Nav(
                [
                    menu(person, words, kind or "desk"),
                    theme_button(words),
                    _help_button(words),
                    html.A(f"{person.name}", href=f"/account{query}", className="touch", title=labels["account"]),
                    html.Form(
                        html.Button(words["login"]["leave"], type="submit", className="plain"),
                        action=f"/logout{query}",
                        method="post",
                    ),
                ],
                className="me",
            ),
        ],
        className="truth",
    )


# Tab body → its word in [desk].
TABS = {name: f"tab_{name}" for name in ("queue", "alarms", "log", "handover", "grids")}
# Of a unit's and a grid worker's desk: the log book and the grids belong to a street's or the district's seat, and one
# person holds a grid.
GRID_TABS = {"queue": "tab_queue", "alarms": "tab_alarms", "log": "tab_acts"}
KIND_TABS = {"unit": {**GRID_TABS, "handover": "tab_handover"}, "grid": GRID_TABS}


def _tabs(labels: dict[str, Any], shown: Mapping[str, str]) -> html.Div:
    return html.Div(
        [
            html.Div(id=ids.ALARM_BAR, className="alarm-bar"),
            html.Div(
                [
                    html.Button(
                        [labels[word], html.Span(id=f"tab-count-{name}", className="count")],
                        id=f"tab-{name}",
                        role="tab",
                        className="on" if name == "queue" else "",
                        tabIndex=0 if name == "queue" else -1,
                        **{"aria-selected": "true" if name == "queue" else "false", "aria-controls": f"body-{name}"},  # type: ignore[arg-type]  # wildcard attributes of Dash
                    )
                    for name, word in {**shown, "map": "tab_map"}.items()  # on a phone: desk_small.css
                ],
                role="tablist",
                className="tabs",
            ),
        ]
    )


def _opening(labels: dict[str, Any]) -> html.P:
    """What stands there until the first cases have come; page.js says for whom it waits when that takes long."""
    return html.P(labels["opening"], className="opening mid", role="status")


def _named_by(tab: str) -> Any:
    return {"aria-labelledby": f"tab-{tab}"}


def _tab_bodies(words: dict[str, Any]) -> list[html.Div]:
    queue = html.Div(
        [
            html.Div(_opening(words["desk"]), id=ids.QUEUE_TOOLS, className="tools"),
            dag.AgGrid(
                id=ids.QUEUE_GRID,
                rowData=[],
                columnDefs=[],
                getRowId="params.data.id",
                className="queue-grid",
                dashGridOptions=GRID_OPTIONS | {"localeText": words["grid_words"]},
                style={"height": "100%", "width": "100%"},
            ),
            html.Div(id=ids.BATCH, className="batch", hidden=True),
        ],
        id="body-queue",
        className="tab-body queue-body",
        role="tabpanel",
        **_named_by("queue"),
    )
    others = [
        html.Div(
            id=f"body-{name}",
            className="tab-body scroll",
            role="tabpanel",
            hidden=True,
            tabIndex=0,
            **_named_by(name),
        )
        for name in TABS
        if name != "queue"
    ]
    return [queue, *others]


def _panel(words: dict[str, Any]) -> html.Aside:
    """The docked panel of the picked case."""
    return html.Aside(
        [
            html.Button("×", id=ids.PANEL_CLOSE, className="close", title=words["word"]["close_panel"]),
            html.Div(id=ids.PANEL_BODY),
            html.P(words["desk"]["pick_one"], className="dim empty-panel"),
        ],
        id=ids.PANEL,
        className="case-panel docked",
        lang=words["language"],
        hidden=True,
        tabIndex=-1,
        **{"aria-label": words["desk"]["columns"]["case"]},
    )
