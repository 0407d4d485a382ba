"""What is asked wrongly is answered in words, whatever refuses it; a callback's body that is none (400)."""

import logging
import re
from typing import Annotated, Any

import flask
import msgspec
from dash import Dash, page_registry
from dash.exceptions import DependencyException, InvalidResourceError
from flask import Flask, Response
from msgspec import Meta
from werkzeug.exceptions import HTTPException

from dashboard.door.bodies import NUL
from dashboard.door.problem import problem
from dashboard.door.refusal_text import refusal_text
from dashboard.texts import texts
from services.platform.errors import STORE_ERRORS, fault_of, first_line
from services.platform.refusal import Refusal

log = logging.getLogger(__name__)

UPDATE = "/_dash-update-component"
# Dash answers every address that nobody else knows with the wall's frame.
LONGEST_ADDRESS = 4000
CATCH_ALL = "/<path:path>"


Name = Annotated[str, Meta(max_length=1000)]


class CallbackPlace(msgspec.Struct):
    """One input, state or output of a callback, as Dash's renderer sends it."""

    id: Name
    property: Name
    value: Any = None


Places = Annotated[list[CallbackPlace], Meta(max_length=100)]


class Body(msgspec.Struct):
    """What Dash's renderer posts; the rest of it is its own affair."""

    output: Name
    inputs: Places
    outputs: CallbackPlace | Places
    changedPropIds: Annotated[list[Name], Meta(max_length=100)] = []  # Dash's name
    state: Places = []


def register_refusals(server: Flask, app: Dash) -> None:
    """Look at what is asked before Dash does."""

    @server.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        words = refusal_text(error, texts(flask.request.args.get("lang", "")))
        return problem(error.status, words, more={"code": error.code, **error.fields})

    for kind in STORE_ERRORS:
        server.register_error_handler(kind, _store_is_away)

    @server.errorhandler(HTTPException)
    def not_answered(error: HTTPException) -> Any:
        if error.response is not None or error.code is None or error.code < 400:
            return error  # its own words already; a redirect
        kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
        return problem(error.code, headers=kept)

    @server.errorhandler(DependencyException)
    @server.errorhandler(InvalidResourceError)
    def no_component(_error: Exception) -> Response:
        return problem(404)  # a file that Dash does not have: anybody may ask, and it is no fault of ours

    @server.before_request
    def look() -> Response | None:
        request = flask.request
        if request.endpoint == CATCH_ALL:
            return None if is_page(request.path) else problem(404)
        if request.path == UPDATE and request.method == "POST" and (wrong := _what_is_wrong(request.get_data(), app)):
            log.warning("a wrong body to %s: %s", UPDATE, wrong)
            return Response(f"{wrong}\n", 400, mimetype="text/plain")
        return None


def _store_is_away(error: Exception) -> Response:
    """503 while the database is away or in a state that passes; what one of our own values has caused is our fault."""
    fault = fault_of(error)
    log.error("%s %r: %s: %s", flask.request.method, flask.request.path, fault.code, first_line(error))
    words = texts(flask.request.args.get("lang", ""))["word"]
    if fault.is_suspect:
        return problem(500, words["failed"], more={"code": fault.code})
    return problem(503, words["store_away"], more={"code": fault.code})


def is_page(path: str) -> bool:
    """Whether Dash has a page there: ``/wall``, or one that fits a template such as ``/street/<code>``."""
    for page in page_registry.values():
        pattern = re.sub(r"<[^>]*>", "[^/]+", page.get("path_template") or page["path"])
        if re.fullmatch(pattern, path.rstrip("/")):
            return True
    return False


def _what_is_wrong(data: bytes, app: Dash) -> str:
    """What keeps a callback from being called with this; empty when nothing does."""
    if NUL in data:
        return "a text with a NUL in it"
    try:
        body = msgspec.json.decode(data, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"not what Dash's renderer sends: {error}"[:200]
    callback = app.callback_map.get(body.output)
    if callback is None:
        return f"no callback has the output {body.output[:80]!r}"
    outputs = callback["output"] if isinstance(callback["output"], list) else [callback["output"]]
    given = body.outputs if isinstance(body.outputs, list) else [body.outputs]
    if isinstance(body.outputs, list) != isinstance(callback["output"], list):
        return "outputs: one where there are several, or several where there is one"
    for name, found, wanted in (
        ("inputs", body.inputs, [(i["id"], i["property"]) for i in callback["inputs"]]),
        ("state", body.state, [(i["id"], i["property"]) for i in callback["state"]]),
        ("outputs", given, [(o.component_id, o.component_property) for o in outputs]),
    ):
        if [(place.id, place.property) for place in found] != wanted:
            return f"{name}: not those of the callback {body.output[:80]!r}"
    for place in body.inputs:
        if (place.id, place.property) == ("_pages_location", "pathname") and not str(place.value).startswith("/"):
            return "inputs: pathname is no address"
        if place.id == "_pages_location" and not isinstance(place.value, str | None):
            return f"inputs: {place.property} is no text"
        if place.id == "_pages_location" and len(place.value or "") > LONGEST_ADDRESS:
            return f"inputs: {place.property} has more than {LONGEST_ADDRESS} characters"
    return ""
