"""The menu of the pages that a person may see: the same on every page that Dash draws (pages/navigation.html else)."""

from typing import Any

from dash import html

from dashboard.door.navigation import home_link, links
from services.access.rights import Person


def menu(person: Person, words: dict[str, Any], here: str = "") -> html.Details:
    """A word that opens to the links; ``here`` is the page on which it stands."""
    current: Any = {"aria-current": "page"}
    shown = [
        html.A(word, href=address, **(current if name == here else {})) for name, address, word in links(person, words)
    ]
    label: Any = {"aria-label": words["pages"]["menu"]}
    return html.Details([html.Summary(words["pages"]["menu"]), html.Nav(shown, **label)], className="pages-menu")


def theme_button(words: dict[str, Any]) -> html.Button:
    """The button that changes the theme; its script says which one stands (core/theme.js)."""
    data: Any = {"data-dark": words["word"]["theme_dark"], "data-light": words["word"]["theme_light"]}
    return html.Button(words["word"]["theme_dark"], id="theme", className="plain", **data)


def refused(text: str, person: Person, words: dict[str, Any]) -> html.Div:
    """What stands in place of a page that is not shown to this person, with the way back."""
    back = html.A(words["problem"]["home"], href=home_link(person, words))
    return html.Div([html.P(text), html.P(back), menu(person, words)], className="refused", role="alert")
