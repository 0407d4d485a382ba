"""The one way by which a file leaves the web server: it is on the audit first, then it is given.

An answer that is a file and has not come this way is not sent: who adds an address that makes one hears of it at once.
"""

import logging

import flask
from flask import Flask, Response

from dashboard.door.recording import Recorder
from services.access.rights import Person

log = logging.getLogger(__name__)

# What a browser keeps as a file, whatever its header says.
FILE_TYPES = ("text/csv", "application/pdf", "application/vnd.", "application/geo+json", "application/zip")
# What has such a type and is no file that anybody takes along, each with its reason.
NO_FILES = {"outline": "the streets' outlines, which every map draws: no case and no person is in them"}


def download(
    record: Recorder, asking: Person, about: str, data: bytes, *, kind: str, name: str, **detail: object
) -> Response:
    """The file ``name`` for ``asking``, written down as an export of ``about``. Raises what the database raises."""
    record("export", asking, about, {"file": name, **detail})
    response = Response(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    flask.g.is_recorded = True
    return response


def register_exporting(server: Flask) -> None:
    """Let no file pass that is not on the audit."""

    @server.after_request
    def look(response: Response) -> Response:
        kind = response.mimetype or ""
        is_file = "attachment" in response.headers.get("Content-Disposition", "") or kind.startswith(FILE_TYPES)
        if not is_file or flask.g.get("is_recorded", False) or flask.request.endpoint in NO_FILES:
            return response
        log.error(
            "%s answers with a file that is not on the audit: use dashboard.door.exporting", flask.request.endpoint
        )
        return Response(b'{"error":"this file is not on the audit"}', 500, content_type="application/json")
