"""The coverage over HTTP: figures and spots, the cameras' polygons since a revision, the plan and its exports."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import flask
import msgspec
from flask import Flask, Response

from dashboard.door.access import person
from dashboard.door.bodies import number
from dashboard.door.exporting import download
from dashboard.door.recording import Recorder
from dashboard.live.room import LiveRoom
from dashboard.texts import texts
from services.board.coverage_feed import CoverageFeed
from services.board.follower import Follower
from services.coverage.siting.exports import MOST_SITES, decode_plan, plan_csv, plan_geojson
from services.coverage.told import Plan
from services.district.package import District
from services.district.plane import plane_of
from services.platform.clock import Clock

_encode = msgspec.json.Encoder().encode
NOT_LOADED = {"error": "the board is not loaded yet: ask /readyz"}
NO_PLAN = {"error": "there is no plan yet: it is made once cameras are loaded"}


def register_coverage(  # noqa: PLR0917  # one of each door
    server: Flask,
    district: District,
    room: LiveRoom,
    follower: Follower,
    clock: Clock,
    offload: Callable[[Any], Any],
    record: Recorder,
) -> None:
    """Add the addresses to the Flask app."""
    plane = plane_of(district)
    kx, ky = plane.metres_per_degree
    ground = {"lon": plane.lon, "lat": plane.lat, "kx": kx, "ky": ky}

    def feed() -> CoverageFeed:
        if not room.is_loaded:
            flask.abort(Response(_encode(NOT_LOADED), 503, content_type="application/json"))
        return follower.board.coverage

    def zipped(body: Any, kind: str = "application/json") -> Response:
        packed = offload(lambda: gzip.compress(_encode(body), 1))
        response = Response(packed, content_type=kind)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = "no-store"
        return response

    def plan() -> Plan:
        body = feed().body("plan", "all")
        if body is None:
            flask.abort(Response(_encode(NO_PLAN), 404, content_type="application/json"))
        return decode_plan(body)

    @server.get("/api/v1/coverage")
    def coverage() -> Response:
        found = feed()
        return zipped(
            {
                "revision": found.revision, "plane": ground, "coverage": found.body("coverage", "all"),
                "regions": found.bodies("region"), "spots": found.bodies("spot"),
            }
        )  # fmt: skip

    @server.get("/api/v1/coverage/sights")
    def sights() -> Response:
        changes = feed().since(number("since", 0, 0, 1 << 62))
        return zipped(
            {"revision": changes.revision, "whole": changes.whole, "sights": changes.sights, "gone": changes.gone}
        )

    @server.get("/api/v1/coverage/changes")
    def changes() -> Response:
        return zipped(feed().since(number("since", 0, 0, 1 << 62)))

    @server.get("/api/v1/coverage/plan")
    def whole_plan() -> Response:
        body = feed().body("plan", "all")
        return zipped({"plan": body})

    @server.get("/api/v1/coverage/plan.geojson")
    def as_geojson() -> Response:
        n = number("n", 20, 1, MOST_SITES)
        text = json.dumps(plan_geojson(plan(), n), ensure_ascii=False, indent=1)
        return _download(text, "application/geo+json", "geojson", n)

    @server.get("/api/v1/coverage/plan.csv")
    def as_csv() -> Response:
        n = number("n", 20, 1, MOST_SITES)
        words = texts(flask.request.args.get("lang", ""))
        names = {code: area.name for code, area in district.streets.items()}
        if words["language"] == "en":
            names |= district.streets_en
        return _download(plan_csv(plan(), n, words["plan"], names), "text/csv; charset=utf-8", "csv", n)

    def _download(text: str, kind: str, ending: str, n: int) -> Response:
        day = datetime.fromtimestamp(clock.now_ms() / 1000, district.zone).strftime("%Y%m%d")
        name = f"sites-{district.code}-{day}-{n}.{ending}"
        return download(record, person(), f"plan.{ending}", text.encode(), kind, name, rows=n)
