"""What a request brings, parsed: JSON of a known shape, numbers and texts of the query; else 400 in words.

And what goes back: as JSON, and compressed where it is long.
"""

import gzip
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import flask
import msgspec
from msgspec import Meta

from dashboard.door.access import MOST_BYTES, refuse

T = TypeVar("T")
# Every text, list and number of a body has a bound (tests/attacks/test_bodies.py walks them all): so much may come in
# at all. What a field means may ask for less, and says so in its own words.
Text = Annotated[str, Meta(max_length=10_000)]
Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
# What is shorter goes in one packet or two anyway.
PACKED_FROM = 2000
NUL = b"\\u0000"  # as JSON writes it; PostgreSQL takes none


def body(kind: type[T]) -> T:
    """The request's JSON as ``kind``; another content type is no JSON (a form of another site could send it)."""
    if flask.request.mimetype != "application/json":
        refuse(415, "JSON only")
    data = flask.request.get_data()
    if len(data) > MOST_BYTES:  # the door has judged what a request says of its length
        refuse(413, f"at most {MOST_BYTES} bytes")
    if NUL in data:
        refuse(400, "a text with a NUL in it")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        refuse(400, f"{error}"[:200])


def number(name: str, usual: int, least: int, most: int) -> int:
    """A whole number of the query; the usual one where it is none."""
    text = flask.request.args.get(name, "")
    return max(least, min(most, int(text))) if text.isascii() and text.isdigit() and len(text) < 20 else usual


def as_json(found: object, code: int = 200) -> flask.Response:
    """An answer in JSON."""
    return flask.Response(msgspec.json.encode(found), code, content_type="application/json; charset=utf-8")


def packed(response: flask.Response, offload: Callable[[Any], Any]) -> flask.Response:
    """The answer compressed, away from the loop, where it is long and the browser takes it."""
    body = response.get_data()
    if len(body) > PACKED_FROM and "gzip" in flask.request.headers.get("Accept-Encoding", ""):
        response.set_data(offload(lambda: gzip.compress(body, 1)))
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
    return response
