"""Files that do not change while the process runs: scripts, styles, words. Sent compressed, kept by browsers.

An address that names the content is kept for a year: ``?v=`` behind a file, and for the modules of the pages, which
import each other, one folder named by the content of all of them. Any other file is asked for again each time, and
answered with 304 while it is the same. The bundles of Dash's components have addresses of their own that Dash lets
browsers keep. The frame and the layout of a page are compressed too: they hold no secret that a stranger's text could
be tried against.
"""

import gzip
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import flask
import msgspec
from flask import Flask, Response, request
from markupsafe import Markup, escape

from dashboard.texts import LANGUAGES, texts

FOLDER = Path(__file__).parents[1] / "assets"
BOOT, MODULES = "boot.mjs", "modules"
WORDS, SCRIPTS = "words_file", "script_file"
# Tables of words that only the pages made on the server show: more than half of them all, and no script asks for them.
NOT_SENT = frozenset({"admin", "field", "audit", "leadership", "login", "package", "problem", "review"})
# Flask endpoints: what never changes is compressed once, what is made for one page each time.
FILES = {
    "_dash_assets.static",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    "/_favicon.ico",
    WORDS,
    SCRIPTS,
}
MADE = {"/", "/<path:path>", "/_dash-layout", "/_dash-dependencies", "/_dash-update-component"}
KEPT = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
SMALLEST = 512
_FIELD_SCRIPT = '<script src="{}" type="module"></script>'
# Whole lines of comments: after `//`, or from `/**` to `*/`. A cast stands within a line and stays.
_COMMENT_LINES = re.compile(r"^[ \t]*(?://.*|/\*\*(?:(?!\*/)[\s\S])*\*/[ \t]*)\n", re.MULTILINE)
_TEXT_TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")


def field_words(language: str) -> str:
    """What a page's head says for the fields of its forms, in its language (modules/core/field-words.js)."""
    words = msgspec.json.encode(texts(language)["field"]).decode()
    return f'<meta name="field-words" content="{escape(words)}">'


def register_static(server: Flask, offload: Callable[[Any], Any]) -> None:
    """Give the templates ``asset(path)`` and ``script(path)``; serve words and modules; compress what is sent.

    ``offload`` runs work beside the loop: each file is compressed once, which takes 0.2 s at most.
    """
    server.jinja_env.globals["asset"] = asset_address
    server.jinja_env.globals["script"] = script_address
    server.jinja_env.globals["field_words"] = lambda language: Markup(
        field_words(language) + _FIELD_SCRIPT.format(script_address("modules/core/field-words.js"))
    )
    scripts_version()  # from now on, whatever becomes of the files

    @server.get("/texts/<language>.json", endpoint=WORDS)
    def words_file(language: str) -> Response:
        if language not in LANGUAGES:
            flask.abort(404)
        return Response(_words(language), content_type="application/json; charset=utf-8")

    @server.get("/scripts/<version>/<path:name>", endpoint=SCRIPTS)
    def script_file(version: str, name: str) -> Response:
        # Modules of two versions are never mixed: a page of an older one is told to load itself anew (boot.mjs).
        if version != scripts_version() or name not in _scripts():
            flask.abort(404)
        found = Response(_scripts()[name], content_type="text/javascript; charset=utf-8")
        found.headers["Cache-Control"] = KEPT
        return found

    packed: dict[str, bytes] = {}

    @server.after_request
    def pack(response: Response) -> Response:
        if response.status_code != 200 or request.endpoint not in FILES | MADE:
            return response
        data = _content(response)
        if request.endpoint in FILES:
            digest = digest_of(data)
            _keep(response, digest)
            if request.if_none_match.contains_weak(digest):
                response.status_code = 304
                response.set_data(b"")
                response.headers.pop("Content-Length", None)
            elif _takes_gzip(response, data):
                if digest not in packed:
                    packed[digest] = offload(lambda: gzip.compress(data, 9, mtime=0))
                _send_packed(response, packed[digest])
        elif _takes_gzip(response, data):
            _send_packed(response, gzip.compress(data, 6, mtime=0))
        return response


def _content(response: Response) -> bytes:
    """The whole answer; a file behind it is closed."""
    response.direct_passthrough = False
    source = response.response
    data = response.get_data()
    if hasattr(source, "close"):
        source.close()
    return data


def _keep(response: Response, digest: str) -> None:
    """How long a browser keeps the file, and how it asks for it again."""
    if "max-age" not in response.headers.get("Cache-Control", ""):
        response.headers["Cache-Control"] = KEPT if request.args.get("v") == digest else ASKED_AGAIN
    response.headers.pop("Last-Modified", None)
    response.headers.pop("Content-Disposition", None)
    response.set_etag(digest, weak=True)  # the same for the compressed form


def _takes_gzip(response: Response, data: bytes) -> bool:
    if len(data) < SMALLEST or not (response.content_type or "").startswith(_TEXT_TYPES):
        return False
    response.vary.add("Accept-Encoding")
    return request.accept_encodings["gzip"] > 0


def _send_packed(response: Response, data: bytes) -> None:
    response.set_data(data)
    response.headers["Content-Encoding"] = "gzip"


def digest_of(content: bytes) -> str:
    """What names a content: 16 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


@cache
def asset_address(path: str) -> str:
    """The address of a file below ``assets``, which names its content."""
    return f"/assets/{path}?v={digest_of((FOLDER / path).read_bytes())}"


def words_address(language: str) -> str:
    """The address of a language's words, which names their content."""
    return f"/texts/{language}.json?v={digest_of(_words(language))}"


def script_address(name: str) -> str:
    """The address of boot.mjs or of a module: a folder that is named by the content of all of them."""
    return f"/scripts/{scripts_version()}/{name}"


@cache
def scripts_version() -> str:
    """What names the content of all scripts of the pages."""
    return digest_of(b"".join(name.encode() + content for name, content in sorted(_scripts().items())))


@cache
def _scripts() -> dict[str, bytes]:
    """All scripts of the pages, as they were when the process began: an upgrade beneath it mixes no versions."""
    paths = [FOLDER / BOOT, *(FOLDER / MODULES).rglob("*.js")]
    return {path.relative_to(FOLDER).as_posix(): without_comments(path.read_text("utf-8")).encode() for path in paths}


def without_comments(script: str) -> str:
    """The script with an empty line for each line that is a comment alone: a browser's line numbers stay ours."""
    return _COMMENT_LINES.sub(lambda found: "\n" * found[0].count("\n"), script)


@cache
def _words(language: str) -> bytes:
    return msgspec.json.encode({name: table for name, table in texts(language).items() if name not in NOT_SENT})
