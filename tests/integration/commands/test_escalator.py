"""The escalator on real Redis and a real store: one leader, one command a decision, proposals that walls hear of."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from services.board.state import Board, thing_list
from services.board.tiles import tiles
from services.commands.escalation.worker import Escalator
from services.district.package import District
from services.platform.clock import SetClock, SystemClock, to_rfc3339
from services.platform.lease import SENT_KEPT_MS, Lease
from services.platform.redis import Keys
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.outbox.delta import decode_delta
from services.projector.store import read
from tests import warm
from tests.browser.conftest import wait_until
from tests.reference import outbox_after
from tests.tiny import CODE, NOON, case, entry, numbered

pytestmark = pytest.mark.redis
MINUTE = 60_000


class Room:
    """A district's store and Redis, with cases put in by hand."""

    def __init__(self, engine: Engine, client: redis.Redis, district: District) -> None:
        self.engine, self.client, self.district = engine, client, district
        self.clock = SetClock(NOON)
        self.ingest = Ingest(engine, district, Sealer(""))
        self._next = NOON

    def tell(self, *entries: dict[bytes, bytes]) -> None:
        batch = numbered(list(entries), self._next)
        self._next += len(entries)
        self.ingest.apply(batch, self.clock.ms, batch[-1][0])

    def case(self, case_id: str, version: int = 1, status: str = "handling", **more: Any) -> None:
        state = {"level": "street", "lead_unit": "D1", "filed_at": to_rfc3339(NOON - 90 * MINUTE), **more}
        self.tell(entry(case(case_id, version, status, **state), "case.corrected", self.clock.ms))

    def escalator(self, lease_ms: int = 60_000, checkpoint: Callable[[str], None] = lambda _: None) -> Escalator:
        lease = Lease(self.client, CODE, lease_ms)
        found = Escalator(self.engine, self.client, self.district, self.clock, lease=lease, checkpoint=checkpoint)
        found.leads = lease.hold()  # type: ignore[attr-defined]  # for the test to read
        found.load()
        return found

    def commands(self) -> list[dict[bytes, bytes]]:
        found: Any = self.client.xrange(Keys(CODE).commands)
        return [fields for _, fields in found]

    def proposals(self) -> dict[str, Any]:
        with self.engine.connect() as connection:
            return {p.case_id: p for p in read.all_proposals(connection)}


@pytest.fixture
def room(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[Room]:
    yield Room(engine, redis_client, tiny)


def late(minutes: float) -> dict[str, Any]:
    clock = {
        "what": "close",
        "started_at": to_rfc3339(NOON - 90 * MINUTE),
        "deadline_at": to_rfc3339(NOON - round(minutes * MINUTE)),
    }
    return {"clocks": [clock]}


def test_on_a_store_with_which_no_projector_has_begun_it_waits_and_then_works(
    engine: Engine, redis_client: redis.Redis, tiny: District, caplog: pytest.LogCaptureFixture
) -> None:
    """Where all are started at once it may be the first; it ended then, and was started again."""
    stop, escalator = threading.Event(), Escalator(engine, redis_client, tiny, SetClock(NOON))
    thread = threading.Thread(target=escalator.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: "no projector has begun" in caplog.text, "it says what it waits for")
        room = Room(engine, redis_client, tiny)
        room.case("A", **late(31))
        wait_until(lambda: list(room.proposals()) == ["A"], "it works")
    finally:
        stop.set()
        thread.join(10)


def test_a_late_case_is_proposed_and_the_walls_hear_of_it(room: Room) -> None:
    room.case("A", **late(31))
    room.case("B", **late(29))
    board = Board(room.district)
    board.load([], [], NOON)
    escalator = room.escalator()
    escalator.work()
    assert {i: (p.rule, p.mode, p.command_id) for i, p in room.proposals().items()} == {
        "A": ("level_deadline", "confirm", "")
    }
    assert room.commands() == []
    with room.engine.connect() as connection:
        for revision, payload in outbox_after(connection, 0):
            board.apply(revision, decode_delta(payload), NOON)
    shown = tiles(board, {}).next
    assert (shown.proposed, shown.rows[0].case_id, shown.rows[0].rule) == (1, "A", "level_deadline")
    assert [row.case_id for row in shown.coming] == ["B"]


def test_a_proposal_falls_away_when_the_case_is_closed(room: Room) -> None:
    room.case("A", **late(31))
    escalator = room.escalator()
    escalator.work()
    room.case("A", 2, "closed", closed_at=to_rfc3339(NOON), **late(31))
    escalator.work()
    assert room.proposals() == {}


def test_a_severe_case_is_commanded_once_whoever_leads(room: Room) -> None:
    room.case("A", severity=1)
    first = room.escalator()
    first.work()
    first.work()
    second = room.escalator()
    assert not second.leads
    second.work()
    assert len(room.commands()) == 1
    (command,) = room.commands()
    assert command[b"type"] == b"case.escalate"
    assert command[b"id"].decode() == room.proposals()["A"].command_id
    first._lease.release()
    third = room.escalator()
    assert third.leads
    third.work()
    assert len(room.commands()) == 1


def test_killed_between_the_command_and_its_row_the_next_leader_sends_no_second(room: Room) -> None:
    class Killed(BaseException):
        pass

    def kill(step: str) -> None:
        if step == "sent":
            raise Killed

    room.case("A", severity=2)
    first = room.escalator(checkpoint=kill)
    with pytest.raises(Killed):
        first.work()
    assert (len(room.commands()), room.proposals()) == (1, {})
    first._lease.release()
    room.escalator().work()
    assert len(room.commands()) == 1
    assert room.proposals()["A"].command_id == room.commands()[0][b"id"].decode()


def test_what_was_sent_is_remembered_for_a_bounded_time(room: Room) -> None:
    """Also what an earlier version has left in one hash without an end; until then no decision of it is sent again."""
    old = Keys(CODE).sent("escalator")
    room.client.hset(old, "of-before", "esc-1")
    lease = Lease(room.client, CODE)
    assert lease.hold()
    assert lease.send("of-before", "", "esc-2", {b"id": b"esc-2"}) == "esc-1"
    assert lease.send("new", "", "esc-3", {b"id": b"esc-3"}) == "esc-3"
    assert lease.send("new", "", "esc-4", {b"id": b"esc-4"}) == "esc-3"
    assert lease.send("new", "esc-3", "esc-5", {b"id": b"esc-5"}) == "esc-5"
    assert [command[b"id"] for command in room.commands()] == [b"esc-3", b"esc-5"]
    kept = list(room.client.scan_iter(f"{old}*"))
    assert sorted(kept) == [old.encode(), f"{old}:new".encode()]
    assert all(0 < room.client.pttl(key) <= SENT_KEPT_MS for key in kept)
    lease.forget(["new", "of-before"])
    assert list(room.client.scan_iter(f"{old}*")) == []


def test_a_leader_whose_lease_has_gone_sends_nothing(room: Room) -> None:
    first = room.escalator()
    room.case("A", severity=1)
    first._lease.release()
    assert Lease(room.client, CODE).hold()
    first.work()
    assert room.commands() == []
    assert room.proposals() == {}


def test_a_refused_command_is_sent_again_with_the_present_version(room: Room) -> None:
    room.case("A", severity=1)
    escalator = room.escalator()
    escalator.work()
    sent = room.commands()[0][b"id"].decode()
    room.case("A", 2, severity=1)
    room.tell(entry({"command_id": sent, "case_id": "A", "reason": "stale"}, "command.rejected", NOON))
    room.clock.ms += 4_000
    escalator._pass_every.reset()
    escalator.work()
    assert len(room.commands()) == 2
    assert b'"expected_version":2' in room.commands()[1][b"data"]
    room.clock.ms += 4_000
    escalator._pass_every.reset()
    escalator.work()
    assert len(room.commands()) == 2


def test_a_case_that_has_reached_the_district_is_left_alone(room: Room) -> None:
    room.case("A", severity=1)
    escalator = room.escalator()
    escalator.work()
    passed = [{"to": "D1", "reason_code": "severity", "at": to_rfc3339(NOON)}]
    room.case("A", 2, severity=1, level="district", escalations=passed)
    escalator.work()
    assert room.proposals() == {}
    back = [{**passed[0], "returned_at": to_rfc3339(NOON)}]
    room.case("A", 3, severity=1, escalations=back)
    escalator.work()
    assert len(room.commands()) == 1, "what a person gave back is not commanded again"


def test_where_repeats_gather_is_told_to_the_walls(room: Room) -> None:
    category = {"scheme": "GB", "kind": "event", "major": "01", "minor": "02"}
    for i in range(4):
        room.case(f"R{i}", category=category)
    escalator = room.escalator()
    escalator.work()
    board = Board(room.district)
    board.load([], [], NOON)
    with room.engine.connect() as connection:
        for revision, payload in outbox_after(connection, 0):
            board.apply(revision, decode_delta(payload), NOON)
    (spot,) = thing_list(board.things["hot_spots", "all"])
    assert (spot["n"], spot["open"], spot["street"], spot["domain"]) == (4, 4, "S1", "04")
    revision = board.revision
    escalator._pass_every.reset()
    escalator._gather_every.reset()
    escalator.work()
    with room.engine.connect() as connection:
        assert outbox_after(connection, revision) == [], "what has not changed is not told again"


def test_it_survives_a_redis_that_goes_and_a_second_takes_over_within_15_s_of_a_crash(
    room: Room, tmp_path: Path
) -> None:
    """Two real processes on a real lease; the leader is killed with SIGKILL."""
    environment = {
        "LIANQIN_REDIS_URL": _url(room.client),
        "LIANQIN_DATABASE_URL": _database(room.engine),
        "LIANQIN_DISTRICT": str(_folder(tmp_path)),
    }
    room.clock.ms = SystemClock().now_ms()
    lease = Keys(CODE).lease("escalator")
    processes = [warm.start(["escalator"], environment) for _ in range(2)]
    try:
        token = _wait(lambda: room.client.get(lease), "somebody leads")
        room.case("A", severity=1)
        _wait(lambda: len(room.commands()) == 1, "the first command")
        # Which of the two leads, only its absence tells: end one, and see whether the lease is still renewed.
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()
        killed_at = time.monotonic()
        room.case("B", severity=1)
        _wait(lambda: len(room.commands()) == 2, "the command of whoever leads now", 15)
        assert time.monotonic() - killed_at < 15
        if room.client.get(lease) == token:  # the other one led all the time: now end that one too
            processes.append(warm.start(["escalator"], environment))
            processes[1].send_signal(signal.SIGKILL)
            processes[1].wait()
            killed_at = time.monotonic()
            room.case("C", severity=1)
            _wait(lambda: len(room.commands()) == 3, "the command of the third", 15)
            assert time.monotonic() - killed_at < 15
    finally:
        for process in processes:
            process.kill()
            process.wait()
    ids = [fields[b"id"] for fields in room.commands()]
    assert len(ids) == len(set(ids))


def _wait(found: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        threading.Event().wait(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def _url(client: redis.Redis) -> str:
    where = client.connection_pool.connection_kwargs
    return f"redis://{where['host']}:{where['port']}/{where.get('db', 0)}"


def _database(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _folder(tmp_path: Path) -> Path:
    from tests.tiny import write_tiny_district

    folder = tmp_path / "package"
    folder.mkdir()
    write_tiny_district(folder)
    return folder
