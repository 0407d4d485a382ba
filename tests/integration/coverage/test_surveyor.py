"""The surveyor on real Redis and a real store: what cameras see reaches the board, and nothing is told twice."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import redis
import shapely
from numpy.random import default_rng
from sqlalchemy import Engine

from services.board.state import Board, thing_body
from services.contract.others import CameraChanged
from services.coverage import worker as surveyor_module
from services.coverage.told import KINDS
from services.coverage.worker import Surveyor
from services.district.package import District
from services.platform.clock import SetClock, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.outbox.delta import decode_delta
from services.projector.store import read
from tests.coverage_districts import at, layer, small_district
from tests.reference import outbox_after
from tests.tiny import NOON, case, entry, numbered

pytestmark = pytest.mark.redis


class Room:
    """A small district's store and Redis, with cameras and cases put in by hand."""

    def __init__(self, engine: Engine, client: redis.Redis) -> None:
        self.engine, self.client = engine, client
        self.district: District = small_district(2, buildings=0)
        self.clock = SetClock(NOON)
        self.ingest = Ingest(engine, self.district, Sealer(""))
        self._next = NOON

    def tell(self, *entries: dict[bytes, bytes]) -> None:
        batch = numbered(list(entries), self._next)
        self._next += len(entries)
        self.ingest.apply(batch, self.clock.ms, batch[-1][0])

    def camera(self, camera_id: str, x: float, y: float, version: int = 1, **more: Any) -> None:
        lon, lat = at(x, y)
        body = {"camera_id": camera_id, "version": version, "lon": lon, "lat": lat, "coord_sys": "WGS84",
                "kind": "dome", "range_m": 20, "status": "online", "night": "infrared", **more}  # fmt: skip
        self.tell(entry(body, "camera.changed", self.clock.ms))

    def status(self, camera_id: str, status: str, **more: Any) -> None:
        body = {"camera_id": camera_id, "at": to_rfc3339(self.clock.ms), "status": status, **more}
        self.tell(entry(body, "camera.status", self.clock.ms))

    def case(self, case_id: str, x: float, y: float, **more: Any) -> None:
        lon, lat = at(x, y)
        self.tell(entry(case(case_id, lon=lon, lat=lat, **more), "case.reported", self.clock.ms))

    def surveyor(self) -> Surveyor:
        found = Surveyor(self.engine, self.client, self.district, self.clock)
        found.load()
        return found

    def things(self, kind: str) -> dict[str, dict[str, Any]]:
        with self.engine.connect() as connection:
            return {t.key: msgspec.json.decode(t.body) for t in read.all_things(connection, (kind,))}

    def board(self) -> Board:
        board = Board(self.district)
        with self.engine.connect() as connection:
            board.load([], [], NOON)
            for revision, payload in outbox_after(connection, 0):
                board.apply(revision, decode_delta(payload), NOON)
        return board

    def revision(self) -> int:
        with self.engine.connect() as connection:
            messages = outbox_after(connection, 0, 100_000)
        return messages[-1][0] if messages else 0


@pytest.fixture
def room(engine: Engine, redis_client: redis.Redis) -> Iterator[Room]:
    yield Room(engine, redis_client)


def test_a_camera_that_fails_costs_what_it_saw_and_its_cases_are_marked(room: Room) -> None:
    room.camera("K1", -90, -100)  # in the first key area
    room.case("seen", -90, -95)
    room.case("far", 150, -150)
    surveyor = room.surveyor()
    board = room.board()
    assert board.unseen == {"far"}
    assert room.things("spot")["area:000"].get("unseen", 0) == 0
    before = room.things("spot")["area:000"]["live"]

    room.clock.ms += 60_000
    room.status("K1", "offline")
    surveyor.work()
    sight, spot = room.things("sight")["K1"], room.things("spot")["area:000"]
    assert (sight["state"], sight.get("sees_day", False)) == ("offline", False)
    assert spot["live"] - before == pytest.approx(3.1416 * 400, rel=2e-3)
    assert (spot["planned"], spot["unseen"]) == (before, 1)
    assert room.things("region")["S0"]["live"] == 0 < room.things("region")["S0"]["planned"]
    assert room.board().unseen == {"seen", "far"}
    coverage = room.things("coverage")["all"]
    assert (coverage["cameras"], coverage["online"], coverage["counted"]) == (1, 0, 1)

    room.clock.ms += 60_000
    room.status("K1", "online")
    surveyor.work()
    assert room.things("spot")["area:000"]["live"] == before
    assert room.board().unseen == {"far"}


def test_a_fresh_surveyor_tells_nothing_that_stands_already(room: Room) -> None:
    for i in range(5):
        room.camera(f"K{i}", -100 + 40 * i, 0)
    room.case("A", 0, 0)
    room.surveyor()
    before, revision = {kind: room.things(kind) for kind in KINDS}, room.revision()
    room.surveyor()
    after = {kind: room.things(kind) for kind in KINDS}
    before["coverage"]["all"]["at"] = after["coverage"]["all"]["at"]
    assert after == before
    assert room.revision() <= revision + 1  # the figures' own time


def test_the_package_is_the_base_and_events_stand_over_it(room: Room) -> None:
    room.district = with_cameras(room.district, "K1", "K2", "K3")
    room.camera("K1", 50, 50, azimuth=10)
    room.tell(entry({"camera_id": "K2", "version": 5}, "camera.removed", NOON))
    room.surveyor()
    assert set(room.things("sight")) == {"K1", "K3"}
    assert room.things("sight")["K1"]["lon"] == pytest.approx(at(50, 50)[0], abs=1e-6)


def test_a_camera_that_is_removed_leaves_the_screens(room: Room) -> None:
    room.camera("K1", 0, 0)
    surveyor = room.surveyor()
    room.tell(entry({"camera_id": "K1", "version": 2}, "camera.removed", NOON))
    surveyor.work()
    assert room.things("sight")["K1"] == {"id": "K1", "removed": True}
    assert not room.board().seeing.knows
    room.surveyor()
    assert room.things("sight")["K1"] == {"id": "K1", "removed": True}


def test_five_hundred_lost_at_once_are_told_together_as_one_outage(room: Room) -> None:
    for i in range(500):
        room.camera(f"K{i:03d}", -190 + (i % 25) * 15, -190 + (i // 25) * 18)
    surveyor = room.surveyor()
    room.clock.ms += 60_000
    entries = [
        entry(
            {"camera_id": f"K{i:03d}", "at": to_rfc3339(room.clock.ms + i), "status": "offline"}, "camera.status", NOON
        )
        for i in range(500)
    ]
    room.tell(*entries)
    revision = room.revision()
    surveyor.work()
    (outage,) = room.things("coverage")["all"]["outages"]
    assert (outage["cameras"], outage["still"]) == (500, 500)
    assert room.revision() - revision <= 3
    assert room.things("region")["D"]["live"] == 0


def test_after_a_rebuild_everything_is_told_again(room: Room) -> None:
    room.camera("K1", -90, -100)
    surveyor = room.surveyor()
    before = room.things("spot")
    rebuild(room.engine, room.ingest, room.clock.ms, lambda _: None)
    surveyor.work()
    assert room.things("spot") == before
    assert room.things("sight")["K1"]["state"] == "online"


def test_a_recount_that_differs_is_said_and_everything_is_worked_out_anew(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.camera("K1", -90, -100)
    surveyor = room.surveyor()
    surveyor.model.counters.counts[1000:1010] += 1
    surveyor.model.counters.seen[0, 0] += 10
    surveyor._prove_at = time.monotonic() - 1
    surveyor.work()
    assert "the recount differs: 11 cells" in caplog.text
    assert sum(surveyor.model.recount()) == 0
    surveyor._prove_at = time.monotonic() - 1
    surveyor.work()
    coverage = room.things("coverage")["all"]
    assert (coverage["proved_at"], coverage["differences"]) == (room.clock.ms, 0)


def test_a_plan_is_worked_out_beside_and_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveyor_module, "PLAN_SITES", 4)
    monkeypatch.setattr(surveyor_module, "PLAN_FIRST_S", 0)
    room.district.layers["roads"] = layer(shapely.LineString([(-190, -60), (190, -60)]))
    room.camera("K1", -90, -100)
    surveyor = room.surveyor()
    deadline = time.monotonic() + 60
    while not room.things("plan") and time.monotonic() < deadline:
        surveyor.work()
    plan = room.things("plan")["all"]
    assert len(plan["sites"]) == 4
    assert len(plan["curve"]) == 5


def test_one_leads_and_the_next_takes_over(room: Room) -> None:
    room.camera("K1", -90, -100)
    stop = threading.Event()
    first, second = (Surveyor(room.engine, room.client, room.district, room.clock) for _ in range(2))
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    while "K1" not in room.things("sight") and time.monotonic() < deadline:
        stop.wait(0.05)
    stop.set()
    for thread in threads:
        thread.join(20)
    assert room.things("sight")["K1"]["state"] == "online"
    leaders = [one for one in (first, second) if one.model.cameras]
    assert len(leaders) == 1


def test_by_night_the_board_marks_what_only_day_cameras_see(room: Room) -> None:
    room.camera("K1", -90, -100, night="none")
    room.case("A", -90, -95)
    surveyor = room.surveyor()
    assert room.board().unseen == set()
    room.clock.ms += 8 * 3_600_000
    surveyor.work()
    assert thing_body(room.board().things["coverage", "all"])["is_night"] is True
    assert room.board().unseen == {"A"}


def with_cameras(district: District, *ids: str) -> District:
    cameras = tuple(
        CameraChanged(i, 0, *at(20 * k, 0), "WGS84", kind="dome", status="online") for k, i in enumerate(ids)
    )
    return dataclasses.replace(district, cameras=cameras)


@pytest.mark.parametrize("seed", range(6))
def test_late_repeated_and_early_events_leave_what_a_fresh_surveyor_finds(room: Room, seed: int) -> None:
    """Old versions after new ones, removals that come late, statuses before their camera, two of one moment."""
    rng = default_rng(seed)
    for i in range(0, 12, 2):
        room.camera(f"K{i}", *rng.uniform(-180, 180, 2), version=5)
    live = room.surveyor()
    for _ in range(60):
        camera_id, version = f"K{rng.integers(12)}", int(rng.integers(1, 12))
        dice = rng.uniform()
        room.clock.ms += int(rng.choice([0, 1000, 700_000]))
        if dice < 0.45:
            room.camera(
                camera_id,
                *rng.uniform(-180, 180, 2),
                version=version,
                kind=str(rng.choice(["dome", "bullet"])),
                azimuth=float(rng.uniform(1, 359)),
                status=str(rng.choice(["online", "offline"])),
            )
        elif dice < 0.55:
            room.tell(entry({"camera_id": camera_id, "version": version}, "camera.removed", room.clock.ms))
        else:
            body = {
                "camera_id": camera_id,
                "status": str(rng.choice(["online", "offline"])),
                "at": to_rfc3339(room.clock.ms - int(rng.choice([0, 0, 60_000]))),
            }
            room.tell(entry(body, "camera.status", room.clock.ms))
        if rng.uniform() < 0.4:
            live.work()
    room.clock.ms += 3_600_000  # every camera is steady again
    live.work()
    told = {kind: room.things(kind) for kind in ("sight", "spot", "region")}
    room.surveyor()
    assert {kind: room.things(kind) for kind in told} == told
