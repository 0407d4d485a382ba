"""Plain HTTP beside Dash: health, metrics, the board as JSON, the district's outlines (CONTRACT.md, «What every screen
lets a test read»).
"""

import gzip
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask
from flask import Flask, Response

from dashboard.door.access import person
from dashboard.live.room import LiveRoom
from services.board.follower import Follower
from services.board.state import Share
from services.board.tiles import street_rows
from services.district.outline import layer
from services.district.package import District
from services.health.beats import Process
from services.health.waiting import LIVE_BELOW_MS
from services.platform.clock import Clock, to_rfc3339
from services.platform.version import our_version


@dataclass(frozen=True, slots=True)
class HealthDoors:
    """What the addresses need. ``backlog`` says how much waits for the search's index."""

    district: District
    room: LiveRoom
    follower: Follower
    clock: Clock
    backlog: Callable[[], int | None]


def register_endpoints(server: Flask, doors: HealthDoors) -> None:
    """Add the addresses to the Flask app."""
    district, room, follower = doors.district, doors.room, doors.follower

    @server.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "up", "version": our_version()}

    @server.get("/readyz")
    def readyz() -> tuple[dict[str, Any], int]:
        health = follower.health
        found = {
            "feed": "down" if health.redis_down_since is not None or health.refused_since is not None else "up",
            "store": "down" if health.store_down_since is not None else "up",
            "lag_ms": health.fresh_ms(),
            "loaded": room.is_loaded,
            "processes": {process.name: _process(process) for process in health.processes},
            "around": [{"kind": one.kind, "about": one.about} for one in health.around],
        }
        ready = room.is_loaded and health.fresh_ms() < LIVE_BELOW_MS
        return found, 200 if ready else 503

    @server.get("/metrics")
    def metrics() -> Response:
        return Response(
            metrics_text(room, follower, doors.backlog()), content_type="text/plain; version=0.0.4; charset=utf-8"
        )

    @server.get("/api/v1/board")
    def board() -> tuple[dict[str, Any], int] | dict[str, Any]:
        if not room.is_loaded:
            return {"error": "the board is not loaded yet: ask /readyz"}, 503
        return _board(district, follower, doors.clock, person().street)

    cache: dict[str, bytes] = {}

    @server.get("/district/<name>.geojson")
    def outline(name: str) -> Response:
        if name not in cache:
            found = layer(district, name)
            if found is None:
                flask.abort(404)
            cache[name] = gzip.compress(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(), 6)
        response = Response(cache[name], mimetype="application/geo+json")
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = "no-cache"
        response.set_etag(f"{district.digest}-{name}")
        return response.make_conditional(flask.request)  # type: ignore[return-value]  # the same response


def _process(process: Process) -> dict[str, Any]:
    """One process as ``/readyz`` tells it to anybody: no name of a machine."""
    return {
        "state": process.state, "alive": process.alive, "dead": process.dead, "role": process.role,
        "detail": process.detail, "version": process.version,
        "last_beat": None if process.at is None else to_rfc3339(process.at),
    }  # fmt: skip


def _board(district: District, follower: Follower, clock: Clock, street: str) -> dict[str, Any]:
    """The counters of the caller's zone: the district's, or those of one street."""
    state, now = follower.board, clock.now_ms()
    total = Share(*state.streets.get(street, ())) if street else state.total()
    names = (
        "code", "name", "open", "should_close", "closed", "closed_on_time", "close_rate", "on_time_close_rate",
    )  # fmt: skip
    rows = [row for row in street_rows(state) if not street or row["code"] == street]
    unplaced = next((row["open"] for row in rows if not row["code"]), 0)
    return {
        "district": {"code": district.code, "name": district.name},
        "open": total.open, "overdue": total.overdue, "due_soon": total.due_soon, "escalated": total.escalated,
        "unplaced": unplaced,
        "window": {"from": to_rfc3339(district.day_start_ms(state.day)), "to": to_rfc3339(now)},
        "streets": [{name: row[name] for name in names} for row in rows],
        "last_entry": state.last_entry, "as_of": to_rfc3339(now),
    }  # fmt: skip


def metrics_text(room: LiveRoom, follower: Follower, search_backlog: int | None = None) -> str:
    """Write the metrics in Prometheus' text format, 0.0.4.

    By hand: ``prometheus_client`` ends the name of each counter with ``_total``, and alert rules know four of ours
    without it. ``search_backlog``: how many changes of cases wait for the search's index; None: the store does not say.
    """
    state, health = follower.board, follower.health
    total = state.total()
    lines = [
        ("lianqin_open_cases", "gauge", "open cases on the board", total.open),
        ("lianqin_overdue_cases", "gauge", "of these, overdue", total.overdue),
        ("lianqin_revision", "counter", "the store's revision that the board shows", state.revision),
        ("lianqin_lag_ms", "gauge", "ms since the board was last known to be up to date", health.fresh_ms()),
        ("lianqin_lost_entries", "counter", "entries trimmed away before they were read", state.lost),
        ("lianqin_browsers", "gauge", "browsers on the wall", room.browsers()),
        ("lianqin_browsers_dropped", "counter", "browsers cut because they read nothing", room.dropped),
    ]
    if search_backlog is not None:
        waiting = "changes of cases that wait for the search's index"
        lines.append(("lianqin_search_backlog", "gauge", waiting, search_backlog))
    text = "".join(f"# HELP {n} {h}\n# TYPE {n} {k}\n{n} {v}\n" for n, k, h, v in lines)
    text += "# HELP lianqin_tally entries refused or flagged, by source\n# TYPE lianqin_tally counter\n"
    for (what, source), n in sorted(state.tallies.items()):
        text += f'lianqin_tally{{what="{_label(what)}",source="{_label(source)}"}} {n}\n'
    name = "lianqin_socket_refusals_total"
    text += f"# HELP {name} what the socket refused, by cause\n# TYPE {name} counter\n"
    for cause, n in sorted(room.refusals.counts.items()):
        text += f'{name}{{cause="{cause}"}} {n}\n'
    return text + _build_info()


def _build_info() -> str:
    """Always 1: what counts are its labels, as Prometheus' own programs have it."""
    name, python = "lianqin_build_info", platform.python_version()
    return (
        f"# HELP {name} which version this web process is\n# TYPE {name} gauge\n"
        f'{name}{{version="{_label(our_version())}",python="{python}"}} 1\n'
    )


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
