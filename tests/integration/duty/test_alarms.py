"""The alarms on real Redis and a real store: one life each, whoever keeps them and however often it is killed."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from services.board.alarm import Alarm
from services.board.follower import Follower
from services.board.state import Board
from services.district.package import District
from services.duty.alarms.life import AlarmRefused
from services.duty.alarms.lives_reader import Life, lives_between
from services.duty.alarms.service import AlarmDesk
from services.duty.alarms.store import kept_alarms, one_alarm
from services.duty.alarms.tiles import alarm_tiles
from services.duty.alarms.worker import AlarmKeeper
from services.platform.clock import SetClock, SystemClock, to_rfc3339
from services.platform.redis import Keys
from services.platform.sealing import Sealer
from services.platform.wakeups import Wakeups
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.outbox.delta import decode_delta
from services.projector.outbox.read import read_mark
from tests import warm
from tests.reference import lives_of, outbox_after
from tests.tiny import CODE, NOON, case, entry, numbered, write_tiny_district

pytestmark = pytest.mark.redis
MINUTE, HOUR = 60_000, 3_600_000


class Room:
    """A district's store and Redis, with cases put in by hand."""

    def __init__(self, engine: Engine, client: redis.Redis, district: District) -> None:
        self.engine, self.client, self.district = engine, client, district
        self.clock = SetClock(NOON)
        self.ingest = Ingest(engine, district, Sealer(""))
        self.policy = district.policy.alarms
        self._next = NOON

    def tell(self, *entries: dict[bytes, bytes]) -> None:
        batch = numbered(list(entries), self._next)
        self._next += len(entries)
        self.ingest.apply(batch, self.clock.ms, batch[-1][0])

    def case(self, case_id: str, version: int = 1, status: str = "handling", **more: Any) -> None:
        state = {"level": "street", "lead_unit": "D1", "filed_at": to_rfc3339(NOON - HOUR), **more}
        self.tell(entry(case(case_id, version, status, **state), "case.corrected", self.clock.ms))

    def keeper(self) -> AlarmKeeper:
        found = AlarmKeeper(
            self.engine, self.client, self.district, self.clock, real_now_ms=self.clock.now_ms, waiting_ms=self.waits
        )
        found.load()
        return found

    def waits(self, position: str) -> int:
        """How long the first entry behind the position has waited by the test's clock: that of Redis runs by itself."""
        found: Any = self.client.xrange(Keys(CODE).events, min=f"({position}", count=1)
        return self.clock.ms - int(found[0][0].split(b"-")[0]) if found else 0

    def judge(self, keeper: AlarmKeeper, minutes: float = 0) -> list[str]:
        self.clock.ms += round(minutes * MINUTE)
        keeper.follow()
        return sorted(change.what for change in keeper.judge())

    def alarms(self) -> dict[str, Alarm]:
        """By seat: there is one case in most tests, and each seat hears of it."""
        with self.engine.connect() as connection:
            return {alarm.seat: alarm for alarm in kept_alarms(connection)}

    def take(self, alarm_id: str, who: str, seats: Callable[[str], bool] = lambda seat: True) -> Alarm:
        return self.desk.acknowledge(self.clock.ms, alarm_id, who=who, comment="", seat_allowed=seats)

    @property
    def desk(self) -> AlarmDesk:
        return AlarmDesk(self.engine, Wakeups(self.client, CODE), self.policy)

    def steps(self, alarm_id: str) -> list[tuple[str, str]]:
        with self.engine.connect() as connection:
            return [(one.what, one.who) for one in lives_of(connection, alarm_id)]

    def board(self) -> Board:
        """A web process's."""
        board = Board(self.district)
        board.load([], [], NOON)
        with self.engine.connect() as connection:
            for revision, payload in outbox_after(connection, 0):
                board.apply(revision, decode_delta(payload), self.clock.ms)
        return board


@pytest.fixture
def room(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[Room]:
    yield Room(engine, redis_client, tiny)


def test_an_alarm_lives_from_its_raise_to_its_end_and_every_step_is_kept(room: Room) -> None:
    room.case("A", severity=2)
    keeper = room.keeper()
    assert room.judge(keeper) == ["raised", "raised"]
    street = room.alarms()["S1"]
    assert (street.kind, street.state, street.subject.case_id) == ("severe_incident", "unacknowledged", "A")
    assert room.judge(keeper) == []
    assert room.judge(keeper, 3) == ["climbed", "climbed"]
    done = room.take(street.id, "wang")
    assert (done.state, done.acked_by, done.level) == ("acknowledged", "wang", 1)
    assert room.judge(keeper, 30) == ["climbed", "lapsed"]
    assert room.judge(keeper, 3) == ["climbed"]
    room.case("A", 2, "closed", severity=2, closed_at=to_rfc3339(room.clock.ms))
    assert room.judge(keeper) == ["cleared", "cleared"]
    told = ["raised", "climbed", "acknowledged", "lapsed", "climbed", "cleared"]
    assert [what for what, _ in room.steps(street.id)] == told
    assert ("acknowledged", "wang") in room.steps(street.id)
    board = room.board()
    assert [a["state"] for a in alarm_tiles(board, "S1", room.clock.ms)["alarms"]] == ["cleared"]
    assert alarm_tiles(board, "S1", room.clock.ms + 10 * MINUTE)["alarms"] == []


def test_what_has_cleared_leaves_the_store_and_every_board_after_a_day(room: Room) -> None:
    room.case("A", severity=2)
    keeper = room.keeper()
    room.judge(keeper)
    room.case("A", 2, "closed", severity=2, closed_at=to_rfc3339(room.clock.ms))
    room.judge(keeper)
    assert len(room.board().alarms) == 2
    assert room.judge(keeper, 24 * 60) == ["forgotten", "forgotten"]
    assert room.alarms() == room.board().alarms == keeper.board.alarms == {}
    assert [kind for kind, _ in room.board().things if kind == "alarm"] == []
    with room.engine.connect() as connection:
        assert len(lives_between(connection, NOON, NOON + HOUR)) == 4, "their lives stay"
    room.case("A", 3, severity=2)
    assert room.judge(keeper) == ["raised", "raised"]


def test_of_two_officers_at_once_one_wins_and_the_other_hears_who_was_first(room: Room) -> None:
    room.case("A", severity=2)
    room.judge(room.keeper())
    alarm = room.alarms()["S1"]
    both = threading.Barrier(2)
    won: list[str] = []
    lost: list[tuple[str, str, str]] = []

    def officer(name: str) -> None:
        both.wait()
        try:
            won.append(room.take(alarm.id, name).acked_by)
        except AlarmRefused as refused:
            assert refused.alarm is not None
            lost.append((name, refused.code, refused.alarm.acked_by))

    threads = [threading.Thread(target=officer, args=(name,)) for name in ("wang", "li")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (first,), (second,) = won, lost
    assert second == ("li" if first == "wang" else "wang", "already_acknowledged", first)
    assert [what for what, _ in room.steps(alarm.id)] == ["raised", "acknowledged"]


def test_what_a_seat_may_not_do_is_refused_and_changes_nothing(room: Room) -> None:
    room.case("A", severity=2)
    keeper = room.keeper()
    room.judge(keeper)
    alarm, before = room.alarms()["S1"], keeper.board.revision

    def code(what: Callable[[], object]) -> str:
        with pytest.raises(AlarmRefused) as caught:
            what()
        return caught.value.code

    def shelve(minutes: float, reason: str = "演练") -> Alarm:
        until = room.clock.ms + round(minutes * MINUTE)
        return room.desk.shelve(
            room.clock.ms, alarm.id, who="wang", until=until, reason=reason, seat_allowed=lambda seat: seat == "S1"
        )

    def unshelve() -> Alarm:
        return room.desk.unshelve(room.clock.ms, alarm.id, who="li", seat_allowed=lambda seat: True)

    assert code(lambda: room.take("severe_incident-0", "wang")) == "unknown_alarm"
    assert code(lambda: room.take(alarm.id, "wang", lambda seat: seat == "S2")) == "not_yours"
    assert code(lambda: shelve(60, "")) == "no_reason"
    assert code(lambda: shelve(721)) == "too_long"
    assert code(unshelve) == "not_shelved"
    assert room.judge(keeper) == []
    assert (keeper.board.revision, room.alarms()["S1"]) == (before, alarm)
    shelve(60)
    with room.engine.connect() as connection:
        assert read_mark(connection).revision == before + 1
    assert code(lambda: room.take(alarm.id, "wang")) == "is_shelved"
    assert room.judge(keeper, 10) == ["climbed"], "of the district's only"
    assert unshelve().state == "unacknowledged"
    shelve(5)
    assert "unshelved" in room.judge(keeper, 5)
    told = [("raised", ""), ("shelved", "wang"), ("unshelved", "li"), ("shelved", "wang"), ("unshelved", "")]
    assert room.steps(alarm.id) == told


def test_an_officer_who_takes_it_while_the_keeper_judges_is_not_overwritten(room: Room) -> None:
    room.case("A", severity=2)
    keeper = room.keeper()
    room.judge(keeper)
    room.clock.ms += 3 * MINUTE
    # The keeper has not heard of it yet, and by its own board the alarm climbs.
    room.take(room.alarms()["S1"].id, "wang")
    assert [(c.what, c.alarm.seat) for c in keeper.judge()] == [("climbed", CODE)]
    assert room.alarms()["S1"].state == keeper.board.alarms[room.alarms()["S1"].id].state == "acknowledged"


def test_a_fresh_keeper_and_a_second_one_raise_nothing_twice(room: Room) -> None:
    for number in range(20):
        room.case(f"A{number}", severity=1)
    first = room.keeper()
    assert room.judge(first).count("raised") == 40
    second = room.keeper()
    assert room.judge(second) == []
    room.case("B", severity=1)
    stale = room.keeper()
    stale.follow()
    assert room.judge(first) == ["raised", "raised"]
    assert stale.judge() == [], "what it would raise stands already"
    assert len(room.board().alarms) == 42


def test_a_flood_folds_on_the_board_and_every_alarm_is_in_the_store(room: Room) -> None:
    keeper = room.keeper()
    for number in range(15):
        room.case(f"A{number}", severity=1)
        room.judge(keeper, 0.1)
    tiles = alarm_tiles(room.board(), "S1", room.clock.ms)
    assert (tiles["flood"]["n"], len(tiles["flood"]["folded"]), len(tiles["alarms"])) == (15, 12, 15)
    assert (tiles["budget"]["raised"], tiles["budget"]["word"]) == (15, "too_many")
    with room.engine.connect() as connection:
        assert len(kept_alarms(connection)) == 30


def test_a_rebuild_leaves_alarms_and_the_keeper_goes_on(room: Room) -> None:
    room.case("A", severity=2)
    keeper = room.keeper()
    room.judge(keeper)
    room.take(room.alarms()["S1"].id, "wang")
    before = room.alarms()
    rebuild(room.engine, room.ingest, room.clock.ms, lambda _: None)
    assert room.alarms() == before
    follower = Follower(room.engine, room.client, room.district, room.clock, lambda _: None)
    follower.load()
    assert follower.board.alarms == {alarm.id: alarm for alarm in before.values()}
    assert room.judge(keeper) == []
    assert keeper.board.revision == follower.board.revision
    assert room.judge(keeper, 3) == ["climbed"]


def test_while_entries_wait_for_the_projector_nothing_is_raised_or_cleared_but_that(room: Room) -> None:
    room.case("A", severity=2)
    keeper = room.keeper()
    room.judge(keeper)
    waiting = NOON + 1000
    client: Any = room.client
    client.xadd(Keys(CODE).events, entry(case("X"), "case.reported"), id=f"{waiting}-0")
    room.case("A", 2, "closed", severity=2, closed_at=to_rfc3339(NOON))
    room.case("B", severity=1)
    assert room.judge(keeper, 0.2) == [], "it has waited for 11 s"
    assert room.judge(keeper, 1) == ["raised"]
    assert [a.kind for a in _kept(room) if a.raised_at > NOON] == ["intake_late"]
    assert set(room.judge(keeper, 3)) == {"climbed"}
    room.ingest.apply([(f"{waiting}-0", entry(case("X"), "case.reported"))], room.clock.ms, f"{waiting}-0")
    assert room.judge(keeper) == ["cleared", "cleared", "cleared", "raised", "raised"]


def test_lives_are_read_by_span_by_seat_and_page_by_page(room: Room) -> None:
    keeper = room.keeper()
    for number in range(3):
        room.case(f"A{number}", severity=2)
        room.judge(keeper, 1)
    with room.engine.connect() as connection:
        of_street = lives_between(connection, NOON, NOON + HOUR, seat="S1")
        assert [one.at for one in of_street if one.what == "raised"] == [NOON + n * MINUTE for n in (3, 2, 1)]
        everything = lives_between(connection, NOON, NOON + HOUR)
        pages: list[Life] = []
        while page := lives_between(connection, 0, NOON + HOUR, before=pages[-1].id if pages else None, limit=2):
            pages += page
        assert pages == everything
        assert lives_between(connection, NOON, NOON + MINUTE) == []
        assert one_alarm(connection, of_street[0].alarm.id) == of_street[0].alarm


def test_killed_with_sigkill_and_started_again_the_process_raises_nothing_twice(room: Room, tmp_path: Path) -> None:
    """Two real processes, one after the other."""
    folder = tmp_path / "package"
    folder.mkdir()
    write_tiny_district(folder)
    where = room.client.connection_pool.connection_kwargs
    environment = {
        **os.environ,
        "LIANQIN_REDIS_URL": f"redis://{where['host']}:{where['port']}/{where.get('db', 0)}",
        "LIANQIN_DATABASE_URL": room.engine.url.render_as_string(hide_password=False),
        "LIANQIN_DISTRICT": str(folder),
    }
    room.clock.ms = SystemClock().now_ms()
    room.case("A", severity=1)
    with _process(environment) as process:
        _wait(lambda: len(_severe(room)) == 2, "the first two alarms")
        process.send_signal(signal.SIGKILL)
    room.case("B", severity=1)
    with _process(environment):
        _wait(lambda: len(_severe(room)) == 4, "the alarms of the second case")
        room.case("A", 2, "closed", severity=1, closed_at=to_rfc3339(room.clock.ms))
        _wait(lambda: sum(a.state == "cleared" for a in _severe(room)) == 2, "the end of the first")
    with room.engine.connect() as connection:
        raised = [one.alarm.id for one in lives_between(connection, 0, 1 << 50) if one.what == "raised"]
    assert sorted(raised) == sorted(set(raised))


def _severe(room: Room) -> list[Alarm]:
    """The same process also says that the reports of these cases are due."""
    return [alarm for alarm in _kept(room) if alarm.kind == "severe_incident"]


def _kept(room: Room) -> list[Alarm]:
    with room.engine.connect() as connection:
        return kept_alarms(connection)


@contextlib.contextmanager
def _process(environment: dict[str, str]) -> Iterator[warm.Process]:
    process = warm.start(["alarms"], environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait(found: Callable[[], Any], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        threading.Event().wait(0.05)
