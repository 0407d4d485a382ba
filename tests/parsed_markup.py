"""Two ways to one tree: what a reader of HTML5 makes of a text, and what Dash's components say themselves."""

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

import tinyhtml5
from dash.development.base_component import Component

from dashboard.layouts.markup import ATTRIBUTES, FLAGS

# (name, attributes, children); a text is a text.
Node = str | tuple[str, dict[str, str], list[Any]]


def parsed(text: str) -> list[Node]:
    """What stands in the body of a page with this text."""
    page = tinyhtml5.parse(
        f"<!doctype html><html><head></head><body>{text}</body></html>", namespace_html_elements=False
    )
    body = page.find("body")
    assert body is not None
    return _read(body)


def _read(element: Element) -> list[Node]:
    found: list[Node] = [element.text or ""]
    for child in element:
        found += [(child.tag, dict(child.attrib), _read(child)), child.tail or ""]
    return [one for one in found if one != ""]


def told(content: Any) -> list[Node]:
    """The same of components, texts, numbers and lists of them."""
    found: list[Node] = []
    for one in content if isinstance(content, Sequence) and not isinstance(content, str) else [content]:
        if one is None:
            continue
        if isinstance(one, list | tuple):
            more = told(one)
        elif isinstance(one, Component):
            given = one.to_plotly_json()["props"]
            inside = given.pop("children", None)
            kept = {
                ATTRIBUTES.get(key, key): "" if key in FLAGS else str(value).replace("\0", "\ufffd")
                for key, value in given.items()
                if value is not None and not (key in FLAGS and value is False)
            }
            more = [(type(one).__name__.lower(), kept, told(inside))]
        else:
            more = [str(one).replace("\0", "\ufffd")]
        for node in more:
            if isinstance(node, str) and found and isinstance(found[-1], str):
                found[-1] += node
            elif node != "":
                found.append(node)
    return found
