"""The coverage over HTTP: figures and spots, the cameras' polygons since a revision, the plan and its exports."""

import gzip
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import flask
import msgspec
from flask import Flask, Response

from dashboard.door.access import person
from dashboard.door.bodies import number
from dashboard.door.exporting import download
from dashboard.door.recording import Recorder
from dashboard.door.routes import add_routes
from dashboard.live.room import LiveRoom
from dashboard.texts import texts
from services.board.coverage_feed import CoverageFeed
from services.board.follower import Follower
from services.coverage.siting.exports import MOST_SITES, decode_plan, plan_csv, plan_geojson
from services.coverage.told import SitePlan
from services.district.package import District
from services.district.plane import plane_of
from services.platform.clock import Clock
from services.platform.offload import Offload

_encode = msgspec.json.Encoder().encode
NOT_LOADED = {"error": "the board is not loaded yet: ask /readyz"}
NO_PLAN = {"error": "there is no plan yet: it is made once cameras are loaded"}


@dataclass(frozen=True, slots=True)
class CoveragePage:
    """What the page's addresses need, and the addresses."""

    district: District
    room: LiveRoom
    follower: Follower
    clock: Clock
    offload: Offload
    record: Recorder

    def _feed(self) -> CoverageFeed:
        if not self.room.is_loaded:
            flask.abort(Response(_encode(NOT_LOADED), 503, content_type="application/json"))
        return self.follower.board.coverage

    def _zipped(self, body: Any) -> Response:
        response = Response(self.offload(lambda: gzip.compress(_encode(body), 1)), content_type="application/json")
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _plan(self) -> SitePlan:
        body = self._feed().body("plan", "all")
        if body is None:
            flask.abort(Response(_encode(NO_PLAN), 404, content_type="application/json"))
        return decode_plan(body)

    def coverage(self) -> Response:
        """Answer the figures, the regions and the spots, and the plane that all metres are of."""
        feed, plane = self._feed(), plane_of(self.district)
        kx, ky = plane.metres_per_degree
        return self._zipped(
            {
                "revision": feed.revision,
                "plane": {"lon": plane.lon, "lat": plane.lat, "kx": kx, "ky": ky},
                "coverage": feed.body("coverage", "all"),
                "regions": feed.bodies("region"),
                "spots": feed.bodies("spot"),
            }
        )

    def sights(self) -> Response:
        """Answer what the cameras see: what has changed since a revision."""
        changes = self._feed().since(number("since", 0, 0, 1 << 62))
        return self._zipped(
            {"revision": changes.revision, "whole": changes.whole, "sights": changes.sights, "gone": changes.gone}
        )

    def changes(self) -> Response:
        """Answer everything that has changed since a revision."""
        return self._zipped(self._feed().since(number("since", 0, 0, 1 << 62)))

    def whole_plan(self) -> Response:
        """Answer the plan; null while there is none."""
        return self._zipped({"plan": self._feed().body("plan", "all")})

    def as_geojson(self) -> Response:
        """Answer the plan's first sites as a GeoJSON file."""
        n = number("n", 20, 1, MOST_SITES)
        text = json.dumps(plan_geojson(self._plan(), n), ensure_ascii=False, indent=1)
        return self._download(text, "application/geo+json", "geojson", n)

    def as_csv(self) -> Response:
        """Answer the plan's first sites as a table."""
        n = number("n", 20, 1, MOST_SITES)
        words = texts(flask.request.args.get("lang", ""))
        names = {code: area.name for code, area in self.district.streets.items()}
        if words["language"] == "en":
            names |= self.district.streets_en
        return self._download(plan_csv(self._plan(), n, words["plan"], names), "text/csv; charset=utf-8", "csv", n)

    def _download(self, text: str, kind: str, ending: str, n: int) -> Response:
        day = datetime.fromtimestamp(self.clock.now_ms() / 1000, self.district.zone).strftime("%Y%m%d")
        name = f"sites-{self.district.code}-{day}-{n}.{ending}"
        return download(self.record, person(), f"plan.{ending}", text.encode(), kind=kind, name=name, rows=n)


def register_coverage(server: Flask, page: CoveragePage) -> None:
    """Add the addresses to the Flask app."""
    add_routes(
        server,
        [
            ("/api/v1/coverage", "GET", page.coverage),
            ("/api/v1/coverage/sights", "GET", page.sights),
            ("/api/v1/coverage/changes", "GET", page.changes),
            ("/api/v1/coverage/plan", "GET", page.whole_plan),
            ("/api/v1/coverage/plan.geojson", "GET", page.as_geojson),
            ("/api/v1/coverage/plan.csv", "GET", page.as_csv),
        ],
    )
