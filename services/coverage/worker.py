"""``lianqin surveyor``: what cameras see, kept up with the store and told through it. One leader at a time.

It follows the outbox as a web process does, works the model (``services.coverage``), and writes what has changed as
things of our own: ``sight``, ``spot``, ``region``, ``coverage``, ``plan``. Nothing of it is kept elsewhere: a fresh
process works everything out again in seconds and writes only what differs.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import redis
from sqlalchemy import Engine

from services.cases import reader
from services.cases.case import CaseRow
from services.coverage.model import CoverageModel
from services.coverage.reader import camera_in, read_model, report_in
from services.coverage.siting.plan import make_plan, snapshot
from services.coverage.telling import tell_coverage, tell_grid, tell_regions, tell_sight, tell_spot
from services.coverage.told import KINDS, Coverage, SitePlan
from services.district.package import District
from services.platform.clock import HOUR_MS, Clock
from services.platform.database import reading
from services.platform.every import Every
from services.platform.leading import lead
from services.platform.lease import Lease
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.wakeups import Wakeups
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta, ThingChange
from services.projector.outbox.follow import RevisionDelta, StoreFollower
from services.projector.outbox.read import read_mark
from services.projector.store import read
from services.projector.store.write import Feed, Writer

log = logging.getLogger(__name__)

# Cases come all the time: what only they change waits this long, and so long that telling it takes no more than this
# share of the time (a history that fills changes every grid); a camera's change is told at once.
CASES_EVERY_S, TELLING_SHARE = 2.0, 0.05
# Demand decays: everything is told again this often, where its rounded figures have moved.
AGE_EVERY_S = 600.0
# The next sites: soon after the start, now and then, and when a camera comes, goes or turns.
PLAN_FIRST_S, PLAN_EVERY_S, PLAN_AFTER_CHANGE_S = 20.0, 600.0, 120.0
PLAN_SITES = 50
# The counters are proved soon after the start, and every night at this hour of the district.
PROVE_AFTER_S = 90.0
PROVE_HOUR = 3
A_DELTA = 500
# Outages end and dusk falls without an event: the district's line is looked at so often.
LINE_EVERY_S = 60.0
_ENCODE = msgspec.json.Encoder().encode
_REMOVED = b'"removed":true'

Key = tuple[str, str]


class Surveyor:
    """One process of the coverage engine."""

    name = "surveyor"

    def __init__(  # one of each door
        self, engine: Engine, client: redis.Redis, district: District, clock: Clock, pulse: Pulse = NO_PULSE
    ) -> None:
        self._pulse = pulse
        self._engine, self._district, self._clock = engine, district, clock
        self._lease = Lease(client, district.code, role="surveyor")
        self._wakeups = Wakeups(client, district.code)
        self._store = StoreFollower(engine, self.load, self._follow)
        self._told: dict[Key, bytes] = {}
        self._standing: dict[Key, tuple[int, int]] = {}
        self._coverage: Coverage | None = None
        self._proved: tuple[int, int] = (0, 0)
        self._planner = ThreadPoolExecutor(1, "plan")
        self._planning: Future[SitePlan] | None = None
        self._plan_every, self._cases_every = Every(PLAN_EVERY_S), Every(CASES_EVERY_S)
        self._age_every, self._line_every = Every(AGE_EVERY_S), Every(LINE_EVERY_S)
        self._prove_at = 0.0
        self.model = CoverageModel(district)

    def run(self, stop: threading.Event, is_outdated: Callable[[], bool] = lambda: False) -> None:
        """Lead or stand by until ``stop``, or until another package is loaded; what is away is waited for."""
        lead(self, self._lease, self._wakeups, stop, is_outdated=is_outdated, pulse=self._pulse)
        self._planner.shutdown(wait=False, cancel_futures=True)

    def load(self) -> None:
        """Work everything out from the package and the store, and tell what differs from what stands."""
        now = self._clock.now_ms()
        with reading(self._engine) as connection:
            mark = read_mark(connection)
            self._told = {(t.kind, t.key): t.body for t in read.all_things(connection, KINDS)}
            things = read.all_things(connection, ("camera", "camera_status"))
            model = read_model(connection, self._district, now)
        self._standing = {(t.kind, t.key): (t.version, -t.entry) for t in things}
        self.model = model
        self._store.start_at(mark)
        self._tell(now, with_cases=True)
        gone = [key for kind, key in self._told if kind == "sight" and key not in model.cameras]
        self._write([("sight", key, _gone(key)) for key in gone if _REMOVED not in self._told["sight", key]], now)
        dropped = [key for kind, key in self._told if kind == "spot" and not self._has_spot(key)]
        self._write([("spot", key, _gone(key)) for key in dropped if _REMOVED not in self._told["spot", key]], now)
        self._plan_every.begin(PLAN_FIRST_S)
        self._age_every.begin()
        self._prove_at = time.monotonic() + PROVE_AFTER_S

    def work(self) -> None:
        """Take in what has come, let the clock work, and tell what has changed."""
        self._store.follow()
        now = self._clock.now_ms()
        model, started = self.model, time.monotonic()
        model.tick(now)
        if self._age_every.take():
            model.changed_by_cases.update(model.spots.by_id, (f"grid:{code}" for code in model.areas["grid"]))
        if model.changed_by_cases and self._cases_every.is_due():
            self._tell(now, with_cases=True)
            took = time.monotonic() - started
            self._cases_every.begin(max(CASES_EVERY_S, took / TELLING_SHARE) - took)  # from when it began
        elif (
            model.changed_cameras
            or model.changed_regions
            or model.changed_spots
            or model.light_turned
            or self._line_every.is_due()
        ):
            self._line_every.begin()
            self._tell(now)
        self._plan(now)
        self._prove(now)

    def _follow(self, steps: Sequence[RevisionDelta]) -> None:
        """What the outbox holds behind us: of each case the last that is known."""
        deltas = [step.delta for step in steps]
        gone = {case_id for delta in deltas for case_id in delta.gone}
        rows = {row.case_id: row for delta in deltas for row in delta.rows if row.case_id not in gone}
        with self._engine.connect() as connection:
            rows.update({row.case_id: row for row in reader.cases_of(connection, sorted(gone))})
        self._take(rows.values(), [thing for delta in deltas for thing in delta.things], self._clock.now_ms())

    def _take(self, rows: Iterable[CaseRow], things: list[ThingChange], now: int) -> None:
        model = self.model
        for thing in things:
            if thing.kind not in {"camera", "camera_status"} or not self._is_newer(thing):
                continue
            if thing.kind == "camera":
                camera = camera_in(bytes(thing.body))
                if camera is None:
                    model.remove(thing.key)
                else:
                    model.put([(camera, None)], now)
            else:
                model.report(thing.key, report_in(bytes(thing.body)), now)
        model.put_cases(rows, now)

    def _is_newer(self, thing: ThingChange) -> bool:
        """Whether the store has taken it: a delta names late and repeated ones too."""
        order = thing.version, -thing.entry
        if order <= self._standing.get((thing.kind, thing.key), (-1, 0)):
            return False
        self._standing[thing.kind, thing.key] = order
        return True

    def _tell(self, now: int, *, with_cases: bool = False) -> None:
        """What cameras have changed since it was last told, in the words of ``coverage.told``; or cases too."""
        model = self.model
        model.measure_spots()
        spots = model.changed_spots | model.changed_by_cases if with_cases else model.changed_spots
        bodies: list[tuple[str, str, bytes]] = []
        for camera_id in sorted(model.changed_cameras):
            placed = model.cameras.get(camera_id)
            body = _gone(camera_id) if placed is None else _ENCODE(tell_sight(model, placed, now))
            bodies.append(("sight", camera_id, body))
        grids = model.region_cells() if any(spot.startswith("grid:") for spot in spots) else {}
        for spot_id in sorted(spots):
            spot = model.spots.by_id.get(spot_id)
            if spot is not None:
                bodies.append(("spot", spot_id, _ENCODE(tell_spot(model, spot, now))))
            elif ("grid", code := spot_id.removeprefix("grid:")) in grids:
                bodies.append(("spot", spot_id, _ENCODE(tell_grid(model, code, grids["grid", code], now))))
        if model.changed_regions:
            bodies += [("region", r.code, _ENCODE(r)) for r in tell_regions(model, model.changed_regions)]
        coverage = msgspec.structs.replace(
            tell_coverage(model, now), proved_at=self._proved[0], differences=self._proved[1]
        )
        before = self._coverage
        if before is None or msgspec.structs.replace(before, at=coverage.at) != coverage:
            self._coverage = coverage
            bodies.append(("coverage", "all", _ENCODE(coverage)))
        model.clear(with_cases=with_cases)
        self._write([(kind, key, body) for kind, key, body in bodies if self._told.get((kind, key)) != body], now)

    def _write(self, bodies: list[tuple[str, str, bytes]], now: int) -> None:
        for first in range(0, len(bodies), A_DELTA):
            part = bodies[first : first + A_DELTA]

            def rows(writer: Writer, feed: Feed, part: list[tuple[str, str, bytes]] = part) -> Delta:
                version = feed.revision + 1
                writer.things([(kind, key, version, 0, body) for kind, key, body in part])
                things = [ThingChange(kind, key, version, 0, msgspec.Raw(body)) for kind, key, body in part]
                return Delta(last_entry="", things=things)

            announce(self._engine, self._wakeups, now, rows)
            self._told.update({(kind, key): body for kind, key, body in part})

    def _plan(self, now: int) -> None:
        """Have the next sites worked out beside the live model, now and then."""
        if self._planning is not None:
            if self._planning.done():
                planning, self._planning = self._planning, None
                if (error := planning.exception()) is not None:  # the live figures go on without it
                    log.error("the plan of the next sites failed", exc_info=error)
                else:
                    self._write([("plan", "all", _ENCODE(planning.result()))], now)
            return
        if self.model.plan_is_old:
            self.model.plan_is_old = False
            self._plan_every.hasten(PLAN_AFTER_CHANGE_S)
        if self.model.cameras and self._plan_every.take():
            self._planning = self._planner.submit(make_plan, snapshot(self.model, now), PLAN_SITES)

    def _prove(self, now: int) -> None:
        """Count everything again; what differs is a fault of ours: it is said, and everything is worked out anew."""
        is_night_s = self._district.hour_of(now) == PROVE_HOUR and now - self._proved[0] > 2 * HOUR_MS
        if not is_night_s and not (self._prove_at and time.monotonic() >= self._prove_at):
            return
        self._prove_at = 0.0
        found = self.model.recount()
        self._proved = (now, sum(found))
        if sum(found):
            log.error("the recount differs: %d cells, %d spots, %d cases; working everything out anew", *found)
            self.load()
        else:
            self._tell(now)

    def _has_spot(self, key: str) -> bool:
        return key in self.model.spots.by_id or key.removeprefix("grid:") in self.model.areas["grid"]


def _gone(key: str) -> bytes:
    return _ENCODE({"id": key, "removed": True})
