"""A store that went back is seen by everybody who follows it: read anew, and equal to the store afterwards."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, delete, insert, select

from services.board.follower import Follower
from services.cases import reader
from services.commands.escalation.worker import Escalator
from services.coverage.worker import Surveyor
from services.district.package import District
from services.duty.alarms.worker import AlarmKeeper
from services.past.worker import Answerer
from services.platform import metadata
from services.platform.clock import SetClock
from services.platform.database import writing
from services.platform.sealing import Sealer
from services.platform.wakeups import CARRIED_MOST, Wake, Wakeups
from services.projector.ingest import Ingest
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta
from services.projector.outbox.follow import StoreFollower
from services.projector.outbox.read import SeenCommit, behind, read_mark
from services.projector.store import tables as schema
from services.projector.store.write import Feed, Writer, renew_epoch
from tests.tiny import CODE, NOON, case, entry, middle, numbered


class Store:
    """A store that takes in cases, and can be put back to an earlier state as a restore does it."""

    def __init__(self, engine: Engine, district: District) -> None:
        self.engine, self.district = engine, district
        self.ingest = Ingest(engine, district, Sealer(""))
        self._next = 1

    def take(self, *case_ids: str) -> list[Wake]:
        """One commit a case; what each wakes the others with."""
        wakes = []
        for case_id in case_ids:
            batch = numbered([entry(case(case_id, **middle(0, 0)), "case.reported", NOON)], self._next)
            self._next += 1
            wakes.append(self.ingest.apply(batch, NOON, batch[-1][0]).wake)
        return wakes

    def keep(self) -> dict[str, list[dict[str, Any]]]:
        """A backup."""
        with self.engine.connect() as connection:
            return {
                name: [dict(row._mapping) for row in connection.execute(select(table))]
                for name, table in metadata.metadata.tables.items()
                if name != "audit"  # nobody may take a row of it away
            }

    def put_back(self, kept: dict[str, list[dict[str, Any]]]) -> None:
        """The backup takes the store's place; the projector has begun anew."""
        with writing(self.engine) as connection:
            for name, rows in kept.items():
                table = metadata.metadata.tables[name]
                connection.execute(delete(table))
                if rows:
                    connection.execute(insert(table), rows)
        self.ingest = Ingest(self.engine, self.district, Sealer(""))

    def mark(self) -> SeenCommit:
        with self.engine.connect() as connection:
            return read_mark(connection)

    def cases(self) -> set[str]:
        with self.engine.connect() as connection:
            return {row.case_id for row in reader.open_cases(connection)}


@pytest.fixture
def store(engine: Engine, tiny: District) -> Store:
    return Store(engine, tiny)


BACK = {
    "and has not come so far again": [],
    "and has come to the same revision": ["X1", "X2", "X3"],
    "and has passed it since": ["X1", "X2", "X3", "X4", "X5"],
}


@pytest.mark.redis
@pytest.mark.parametrize("since", BACK.values(), ids=BACK)
def test_everybody_sees_that_the_store_went_back(
    store: Store, tiny: District, redis_client: redis.Redis, since: list[str]
) -> None:
    """The web's board, the alarms', the escalator's cases, the surveyor's."""
    clock = SetClock(NOON)
    told: list[set[str] | None] = []
    web = Follower(store.engine, redis_client, tiny, clock, told.append)
    keeper = AlarmKeeper(store.engine, redis_client, tiny, clock, waiting_ms=lambda _: 0)
    escalator, surveyor = (make(store.engine, redis_client, tiny, clock) for make in (Escalator, Surveyor))
    everybody: list[tuple[Any, Callable[[], Any], Callable[[], set[str]]]] = [
        (web, web.sync, lambda: set(web.board.rows)),
        (keeper, keeper.follow, lambda: set(keeper.board.rows)),
        (escalator, escalator._store.follow, lambda: set(escalator.desk.rows)),
        (surveyor, surveyor._store.follow, store.cases),
    ]
    store.take("A1", "A2")
    for one, _, _ in everybody:
        one.load()
    kept = store.keep()
    store.take("B1", "B2", "B3")
    for one, follow, seen in everybody:
        follow()
        assert seen() == {"A1", "A2", "B1", "B2", "B3"}, type(one)
    told.clear()
    store.put_back(kept)
    store.take(*since)
    for one, follow, seen in everybody:
        follow()
        assert seen() == store.cases() == {"A1", "A2", *since}, type(one)
    assert told == [None], "browsers get a snapshot"
    last = store.mark()
    assert {one._store.mark.epoch for one, _, _ in everybody} == {last.epoch}
    store.take("C1")
    assert web.sync() is None
    assert "C1" in web.board.rows
    assert told == [None, {"C1"}]


@pytest.mark.redis
def test_the_past_keeps_no_room_of_a_store_that_went_back(
    store: Store, tiny: District, redis_client: redis.Redis
) -> None:
    """Rooms that were read stay while the store goes on, and go with it."""
    answerer = Answerer(store.engine, redis_client, tiny, SetClock(NOON))
    store.take("A1")
    answerer.forget_another_store()
    kept = store.keep()
    room: Any = object()
    answerer._rooms[NOON] = room
    store.take("B1", "B2")
    answerer.forget_another_store()
    assert list(answerer._rooms) == [NOON]
    store.put_back(kept)
    store.take("X1", "X2", "X3")
    answerer.forget_another_store()
    assert not answerer._rooms


def test_an_epoch_that_was_renewed_is_another_store(store: Store) -> None:
    """After a restore it is renewed by hand: even where nothing else tells the two apart."""
    loads: list[int] = []
    follower = StoreFollower(store.engine, lambda: loads.append(1), lambda steps: None)
    store.take("A1")
    follower.start_at(store.mark())
    assert not follower.follow()
    with writing(store.engine) as connection:
        renewed = renew_epoch(connection)
    assert follower.follow()
    assert loads == [1]
    assert store.mark().epoch == renewed
    assert len(renewed) == 16


def test_what_follows_a_mark_is_read_in_one_statement_without_the_marked_body(store: Store) -> None:
    store.take("A1", "A2")
    mark = store.mark()
    store.take("B1", "B2")
    with store.engine.connect() as connection:
        seen = behind(connection, mark)
        assert seen.is_same
        assert [(m.revision, bool(m.payload)) for m in seen.messages] == [(3, True), (4, True)]
        assert behind(connection, store.mark()).messages == []
        assert not behind(connection, mark._replace(token="0" * 16)).is_same
        assert not behind(connection, mark._replace(revision=9)).is_same
        assert not behind(connection, mark._replace(epoch="")).is_same


def test_an_outbox_of_before_there_were_tokens_is_followed(store: Store) -> None:
    store.take("A1", "A2")
    with writing(store.engine) as connection:
        connection.execute(schema.outbox.update().values(token=""))
    mark = store.mark()
    assert mark.token == ""
    store.take("B1")
    with store.engine.connect() as connection:
        seen = behind(connection, mark)
    assert (seen.is_same, [m.revision for m in seen.messages]) == (True, [3])


def test_a_delta_that_changes_nothing_is_no_revision(store: Store) -> None:
    wakeups = Wakeups(redis.Redis(port=1), CODE)

    def nothing(_writer: Writer, _feed: Feed) -> Delta | None:
        return Delta(last_entry="7-0")

    assert announce(store.engine, wakeups, NOON, nothing) == 0
    assert announce(store.engine, wakeups, NOON, lambda _w, _f: None) == 0
    assert store.mark().revision == 0


@pytest.mark.redis
def test_who_writes_wakes_the_others_after_the_commit(store: Store, redis_client: redis.Redis) -> None:
    wakeups = Wakeups(redis_client, CODE)
    told = announce(store.engine, wakeups, NOON, lambda _w, _f: Delta(last_entry="", withdrawn=["A1"]))
    woken: Any = redis_client.xrange(wakeups._keys.board)
    assert [int(fields[b"revision"]) for _, fields in woken] == [told] == [1]


def test_a_load_sees_one_state_of_the_store_while_commits_go_on(store: Store, tiny: District) -> None:
    """Figures, cases and revision belong together: what follows then adds up."""
    stop, follower = (
        threading.Event(),
        Follower(store.engine, redis.Redis(port=1), tiny, SetClock(NOON), lambda _: None),
    )

    def write() -> None:
        number = 0
        while not stop.is_set() and number < 400:
            number += 1
            store.take(f"T{number}")

    writer = threading.Thread(target=write)
    writer.start()
    boards = []
    try:
        for _ in range(8):
            follower.load()
            counted = sum(n.get(0, 0) for cells in follower.board.counts.values() for n in cells.values())
            boards.append((len(follower.board.rows), follower.board.revision, counted))
    finally:
        stop.set()
        writer.join()
    assert all(rows == revision for rows, revision, _ in boards), boards
    follower.sync()
    fresh = Follower(store.engine, redis.Redis(port=1), tiny, SetClock(NOON), lambda _: None)
    fresh.load()
    assert follower.board.counts == fresh.board.counts
    assert follower.board.rows == fresh.board.rows


class Taken:
    """A follower that writes down what it was brought, and how often it asked the store."""

    def __init__(self, store: Store) -> None:
        self.revisions: list[int] = []
        self.loads = self.asked = 0
        self._store = store
        self.follower = StoreFollower(store.engine, self._load, self._take, self._offload)
        self._load()
        self.follower.follow()
        self.asked = self.loads = 0

    def _load(self) -> None:
        self.loads += 1
        self.follower.start_at(self._store.mark())

    def _take(self, steps: Any) -> None:
        self.revisions += [step.revision for step in steps]

    def _offload(self, work: Any) -> Any:
        self.asked += 1
        return work()


def test_a_wake_up_that_follows_brings_the_delta_and_the_store_is_not_asked(store: Store) -> None:
    store.take("T1")
    one = Taken(store)
    wakes = store.take("T2", "T3")
    assert all(wake.payload for wake in wakes)
    one.follower.follow_wakes(wakes)
    assert (one.revisions, one.asked, one.follower.mark) == ([2, 3], 0, store.mark())
    one.follower.follow_wakes(wakes)  # told twice
    assert (one.revisions, one.asked) == ([2, 3], 0)


@pytest.mark.parametrize("spoil", ["first lost", "turned round", "without its delta", "another token", "another epoch"])
def test_wake_ups_that_do_not_fit_send_one_to_the_store(store: Store, spoil: str) -> None:
    store.take("T1")
    one = Taken(store)
    first, second = store.take("T2", "T3")
    spoilt = {
        "first lost": [second],
        "turned round": [second, first],
        "without its delta": [Wake(first.revision), second],
        "another token": [first._replace(after="0" * 16), second],
        "another epoch": [first._replace(epoch="0" * 16), second],
    }
    one.follower.follow_wakes(spoilt[spoil])
    assert (one.revisions, one.follower.mark, one.loads) == ([2, 3], store.mark(), 0)
    assert one.asked > 0


def test_a_store_that_went_back_is_seen_however_well_the_wake_ups_fit(store: Store) -> None:
    store.take("T1")
    kept = store.keep()
    one = Taken(store)
    wakes = store.take("T2")
    store.put_back(kept)  # what the wake-up tells is no longer in the store
    for loads in (1, 2):  # and the second time it comes from a stream that nobody has put back
        one.follower.follow_wakes(wakes)
        one.follower._ask_every.reset()  # half a second later
        one.follower.follow_wakes([])
        assert (one.loads, one.follower.mark) == (loads, store.mark())


def test_the_store_is_asked_though_every_wake_up_fits(store: Store) -> None:
    store.take("T1")
    one = Taken(store)
    one.follower._ask_every.reset()
    one.follower.follow_wakes(store.take("T2"))
    assert (one.revisions, one.asked) == ([2], 1)


@pytest.mark.redis
def test_what_the_projector_wakes_with_comes_whole_and_a_long_delta_stays_in_the_store(
    store: Store, redis_client: redis.Redis
) -> None:
    wakeups = Wakeups(redis_client, CODE)
    wakeups.wait(1)
    store.take("T1")
    (wake,) = store.take("T2")
    for one in (wake, wake._replace(payload=b"x" * (CARRIED_MOST + 1))):
        redis_client.xadd(wakeups._keys.board, one.fields())  # type: ignore[arg-type]  # its fields may be ints
    redis_client.xadd(wakeups._keys.board, {"revision": "none"})
    assert wakeups.wait(1000) == [wake, Wake(0), Wake(0)]
