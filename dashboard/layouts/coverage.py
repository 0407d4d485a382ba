"""The page ``/coverage``: a frame that the live feed fills: figures, the map, the ranking. No data access here."""

from typing import Any

from dash import html

from dashboard.door.static_files import words_address
from dashboard.layouts import ids
from dashboard.layouts.navigation import menu, theme_button
from dashboard.layouts.wall import map_box, names_of, picked_panel
from services.access.rights import Person
from services.district.package import District


def layout(district: District, words: dict[str, Any], person: Person) -> html.Div:
    """The whole page for one person in one language."""
    english = words["language"] == "en"
    labels = words["coverage"]
    name = district.name_en if english and district.name_en else district.name
    data: Any = {"data-texts": words_address(words["language"]), "data-district": names_of(district, english)}
    return html.Div(
        id=ids.COVERAGE,
        className="desk coverage",
        lang=words["language"],
        **data,
        children=[
            html.Header(
                [
                    html.Span("--:--:--", id=ids.CLOCK, className="clock"),
                    html.Span(id=ids.DATE, className="mid"),
                    html.H1(f"{name} {labels['title']}"),
                    html.Div(id=ids.SOURCES, className="sources", role="status"),
                    html.Span(className="dim", id="note"),
                    theme_button(words),
                    menu(person, words, "coverage"),
                ],
                className="truth",
            ),
            html.Main(
                [
                    html.Div(
                        html.P(labels["loading"], className="dim"),
                        id=ids.FIGURES,
                        className="figures",
                        role="region",
                        tabIndex=0,
                        **{"aria-label": labels["title"]},
                    ),
                    html.Div(
                        [
                            html.Div(id=ids.LAYERS, className="layers"),
                            map_box(district),
                            html.Div(id=ids.MAP_LEGEND, className="legend"),
                        ],
                        className="middle",
                    ),
                    html.Div(id=ids.RANKING, className="ranking"),
                ]
            ),
            picked_panel(words),
        ],
    )
