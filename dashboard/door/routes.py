"""A page's addresses as a list of routes: each a path, a method and the function that answers."""

from collections.abc import Callable
from typing import Any

from flask import Flask

Route = tuple[str, str, Callable[..., Any]]


def add_routes(server: Flask, routes: list[Route]) -> None:
    """Add them under the functions' own names: these are what ``guards.ADDRESSES`` gives a right to."""
    for path, method, answer in routes:
        server.add_url_rule(path, view_func=answer, methods=[method])
