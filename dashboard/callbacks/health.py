"""Plain HTTP beside Dash: health, metrics, the board as JSON, the district's outlines (CONTRACT.md, «What every screen
lets a test read»).
"""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import flask
from flask import Flask, Response

from dashboard.door.access import person
from dashboard.live.room import LiveRoom
from services.board.follower import Follower
from services.board.state import Share
from services.board.tiles import street_rows
from services.district.outline import layer
from services.district.package import District
from services.health.beats import Process, State
from services.health.own_reader import own_figures
from services.health.waiting import LIVE_BELOW_MS
from services.platform.clock import Clock, to_rfc3339
from services.platform.metric import OPEN_TYPE, TEXT_TYPE, Metric, as_open, as_text, gauge
from services.platform.version import our_version

# Figures by source: more of them would be a burden to whoever keeps them.
TALLIES_MOST, OTHERS = 200, "(others)"


@dataclass(frozen=True, slots=True)
class HealthDoors:
    """What the addresses need. ``backlog`` says how much waits for the search's index, ``figures`` what the
    stream and the store are, ``store_host`` which of several databases answers.
    """

    district: District
    room: LiveRoom
    follower: Follower
    clock: Clock
    backlog: Callable[[], int | None]
    figures: Callable[[], list[Metric]]
    store_host: Callable[[], str]


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
            "store_host": doors.store_host(),
            "lag_ms": health.fresh_ms(),
            "loaded": room.is_loaded,
            "processes": {process.name: _process(process) for process in health.processes},
            "around": [{"kind": one.kind, "about": one.about} for one in health.around],
        }
        ready = room.is_loaded and health.fresh_ms() < LIVE_BELOW_MS
        return found, 200 if ready else 503

    @server.get("/metrics")
    def metrics() -> Response:
        found = [*board_figures(room, follower, doors.backlog()), *process_figures(follower.health.processes)]
        found += [gauge("lianqin_district_info", "whose figures these are: always 1", 1, district=district.code)]
        found += [*own_figures(), *doors.figures()]
        if "application/openmetrics-text" in flask.request.headers.get("Accept", ""):
            return Response(as_open(found), content_type=OPEN_TYPE)
        return Response(as_text(found), content_type=TEXT_TYPE)

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
        "state": process.state,
        "alive": process.alive,
        "dead": process.dead,
        "role": process.role,
        "detail": process.detail,
        "version": process.version,
        "last_beat": None if process.at is None else to_rfc3339(process.at),
    }


def _board(district: District, follower: Follower, clock: Clock, street: str) -> dict[str, Any]:
    """The counters of the caller's zone: the district's, or those of one street."""
    state, now = follower.board, clock.now_ms()
    total = Share(*state.streets.get(street, ())) if street else state.total()
    names = ("code", "name", "open", "should_close", "closed", "closed_on_time", "close_rate", "on_time_close_rate")
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


def board_figures(room: LiveRoom, follower: Follower, search_backlog: int | None = None) -> list[Metric]:
    """What this process shows, and to whom. Alert rules know four counters without ``_total``: those stay.

    ``search_backlog``: how many changes of cases wait for the search's index; None: the store does not say.
    """
    state, health = follower.board, follower.health
    total = state.total()

    def old(name: str, about: str, value: int) -> Metric:
        return Metric(name, "counter", about, (({}, value),), has_old_name=True)

    found = [
        gauge("lianqin_open_cases", "open cases on the board", total.open),
        gauge("lianqin_overdue_cases", "of these, overdue", total.overdue),
        old("lianqin_revision", "the store's revision that the board shows", state.revision),
        gauge("lianqin_lag_ms", "ms since the board was last known to be up to date", health.fresh_ms()),
        old("lianqin_lost_entries", "entries trimmed away before they were read", state.lost),
        gauge("lianqin_browsers", "browsers on the wall", room.browsers()),
        old("lianqin_browsers_dropped", "browsers cut because they read nothing", room.dropped),
    ]
    if search_backlog is not None:
        waiting = "changes of cases that wait for the search's index"
        found.append(gauge("lianqin_search_backlog", waiting, search_backlog))
    tallies = tuple(({"what": what, "source": source}, n) for (what, source), n in _tallies(state.tallies))
    about = "entries refused or flagged, by source"
    found.append(Metric("lianqin_tally", "counter", about, tallies, has_old_name=True))
    causes = tuple(({"cause": cause}, n) for cause, n in sorted(room.refusals.counts.items()))
    found.append(Metric("lianqin_socket_refusals", "counter", "what the socket refused, by cause", causes))
    age_s = health.fresh_ms() / 1000
    found.append(gauge("lianqin_board_age_seconds", "since the board was last up to date", age_s, "seconds"))
    return found


def process_figures(found: Iterable[Process]) -> list[Metric]:
    """How it is with each process of the district, as ``/readyz`` says it: of its states one is 1."""
    processes = list(found)
    states = tuple(
        ({"process": process.name, "state": state}, int(process.state == state))
        for process in processes
        for state in get_args(State)
    )
    alive = tuple(({"process": process.name}, process.alive) for process in processes)
    return [
        Metric("lianqin_process_state", "gauge", "1 for the state that the process is in", states),
        Metric("lianqin_process_instances", "gauge", "how many of the process live", alive),
    ]


def _tallies(found: Mapping[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    """The largest so many, in their order; of all others together, one a kind: sources come from outside."""
    largest = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    rest: Counter[str] = Counter()
    for (what, _), n in largest[TALLIES_MOST:]:
        rest[what] += n
    others = [((what, OTHERS), n) for what, n in rest.items()]
    return sorted([*largest[:TALLIES_MOST], *others])
