"""A page's addresses as a list of routes, each a path, a method and the function that answers; and a redirect."""

from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, Response

Route = tuple[str, str, Callable[..., Any]]


def add_routes(server: Flask, routes: list[Route]) -> None:
    """Add them under the functions' own names: these are what ``guards.ADDRESSES`` gives a right to."""
    for path, method, answer in routes:
        server.add_url_rule(path, view_func=answer, methods=[method])


def redirect(aim: str, code: int = 302) -> Response:
    """Send the browser on to ``aim``. Flask's own function promises only werkzeug's response."""
    response = flask.redirect(aim, code)
    assert isinstance(response, Response)
    return response
