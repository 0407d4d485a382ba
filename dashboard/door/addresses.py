"""A page's addresses as a list: each a path, a method and the function that answers."""

from collections.abc import Callable
from typing import Any

from flask import Flask

Address = tuple[str, str, Callable[..., Any]]


def add_addresses(server: Flask, addresses: list[Address]) -> None:
    """Add them under the functions' own names: these are what ``guards.ADDRESSES`` gives a right to."""
    for path, method, answer in addresses:
        server.add_url_rule(path, view_func=answer, methods=[method])
