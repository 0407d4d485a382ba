"""Dash's html components as HTML: content that a page puts in at once, without Dash's callbacks and React.

All text is escaped. What is not named here is refused: an element or attribute that runs, loads or styles something,
an address that a browser would run, and nesting that a browser would put right by moving elements elsewhere.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from dash import html
from dash.development.base_component import Component

_NAMES = (
    "A", "B", "Button", "Dd", "Div", "Dl", "Dt", "H2", "H3", "I", "Img", "Kbd", "Li", "Ol", "P", "Small", "Span",
    "Strong", "Table", "Tbody", "Td", "Th", "Thead", "Time", "Tr", "Ul",
)  # fmt: skip
ELEMENTS: dict[type[Component], str] = {getattr(html, name): name.lower() for name in _NAMES}
# They have neither content nor an end.
VOID = frozenset({"img"})
ATTRIBUTES = {
    "alt": "alt", "className": "class", "href": "href", "id": "id", "rel": "rel", "role": "role", "src": "src",
    "tabIndex": "tabindex", "target": "target", "title": "title",
}  # fmt: skip
# What every component carries for Dash itself: an empty one has it too.
_DASHS_OWN = frozenset(vars(html.Span())) - {"children"}
# There or not, without a value.
FLAGS = frozenset({"disabled", "hidden"})
_OWN_DATA = re.compile(r"(?:data|aria)-[a-z]+(?:-[a-z]+)*")
# A picture comes from us alone.
_OWN_PICTURE = re.compile(r"/api/v1/photo\?")
_SAFE_ADDRESS = re.compile(r"(?:https?|rtsp)://|/(?!/)", re.IGNORECASE)

# Elements that have their place in some others alone.
PLACES = {
    "dt": {"dl"}, "dd": {"dl"}, "li": {"ol", "ul"}, "thead": {"table"}, "tbody": {"table"}, "tr": {"thead", "tbody"},
    "th": {"tr"}, "td": {"tr"},
}  # fmt: skip
# What holds only those, and no text.
HOLDERS = frozenset(parent for parents in PLACES.values() for parent in parents)
# A paragraph ends where one of these begins.
BLOCKS = frozenset({"div", "dl", "h2", "h3", "ol", "p", "table", "ul"})
# They do not stand in one another, nor in themselves.
PRESSED = frozenset({"a", "button"})
HEADS = frozenset({"h2", "h3"})


def markup(content: Any) -> str:
    """The HTML of a component, a text, a number, nothing, or a list of them.

    Raises TypeError for what is no such thing, ValueError for an attribute, an address or a nesting that is refused.
    """
    parts: list[str] = []
    _write(parts, content, ())
    return "".join(parts)


def _write(parts: list[str], content: Any, above: tuple[str, ...]) -> None:
    """``above``: the elements around it, the outermost first."""
    if content is None:
        return
    if isinstance(content, Component):
        _write_element(parts, content, above)
    elif isinstance(content, str | int | float) and not isinstance(content, bool):
        if above and above[-1] in HOLDERS:
            raise ValueError(f"a text in a <{above[-1]}>: put it into an element of its own")
        parts.append(_escaped(str(content)))
    elif isinstance(content, Sequence):
        for one in content:
            _write(parts, one, above)
    else:
        raise TypeError(f"{type(content).__name__} is no content of a panel")


def _write_element(parts: list[str], component: Component, above: tuple[str, ...]) -> None:
    name = ELEMENTS.get(type(component))
    if name is None:
        raise TypeError(f"{type(component).__name__} is no element of a panel: dashboard/layouts/markup.py, _NAMES")
    _judge_place(name, above)
    parts.append(f"<{name}")
    inside = None
    for key, value in vars(component).items():  # ``to_plotly_json`` takes ten times as long to say the same
        if key == "children":
            inside = value
        elif key not in _DASHS_OWN:
            parts.append(_attribute(name, key, value))
    parts.append(">")
    if name in VOID:
        if inside is not None:
            raise ValueError(f"a <{name}> holds nothing")
        return
    _write(parts, inside, (*above, name))
    parts.append(f"</{name}>")


def _judge_place(name: str, above: tuple[str, ...]) -> None:
    around = above[-1] if above else ""
    is_lost = around in HOLDERS or name in PLACES
    is_lost = (is_lost and around not in PLACES.get(name, ())) or (name in HEADS and around in HEADS)
    if is_lost or (name in BLOCKS and "p" in above):
        raise ValueError(f"a browser would not leave a <{name}> in <{around}>")
    if name in PRESSED and not PRESSED.isdisjoint(above):
        raise ValueError(f"a <{name}> in an element that is pressed itself")


def _attribute(name: str, key: str, value: Any) -> str:
    if value is None:
        return ""
    if key in FLAGS and isinstance(value, bool):
        return f" {key}" if value else ""
    known = ATTRIBUTES.get(key) or (key if _OWN_DATA.fullmatch(key) else None)
    if known is None or isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"<{name}> with {key}={value!r:.60}: dashboard/layouts/markup.py does not know it")
    if key == "href" and not _SAFE_ADDRESS.match(str(value)):
        raise ValueError(f"<{name}> with an address that a browser might run: {value!r:.60}")
    if key == "src" and not (name == "img" and _OWN_PICTURE.match(str(value))):
        raise ValueError(f"<{name}> with a picture from elsewhere: {value!r:.60}")
    return f' {known}="{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    """Escaped, with what a reader of HTML would change: a lone CR it takes for a new line, and it takes no NUL."""
    return escape(text).replace("\r", "&#13;").replace("\0", "\ufffd")
