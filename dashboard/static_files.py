"""Files for pages that Dash does not make: named by their content, kept by browsers for a year, sent compressed."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request

ASSETS = "_dash_assets.static"
KEPT = "public, max-age=31536000, immutable"


def register_static(server: Flask, folder: Path) -> None:
    """Give the templates ``asset(path)``, the address of a file of ``folder``; answer such addresses.

    A file that has a ``.gz`` beside it is sent so to whoever takes it.
    """

    @cache
    def asset(path: str) -> str:
        return f"/assets/{path}?v={hashlib.sha256((folder / path).read_bytes()).hexdigest()[:12]}"

    server.jinja_env.globals["asset"] = asset

    @server.after_request
    def pack(response: Response) -> Response:
        if request.endpoint != ASSETS or response.status_code != 200:
            return response
        if request.args.get("v"):
            response.headers["Cache-Control"] = KEPT
        packed = folder / f"{request.path.removeprefix('/assets/')}.gz"
        if "gzip" in request.headers.get("Accept-Encoding", "") and packed.is_file():
            response.direct_passthrough = False
            response.set_data(packed.read_bytes())
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Vary"] = "Accept-Encoding"
            response.headers.pop("ETag", None)
        return response
