"""Redis on bad days: emptied, trimmed past us, its group gone or set back, killed. Back by itself, counted exactly."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from services.district.package import District
from services.operations.embedded import EmbeddedRedis
from services.platform.clock import SetClock
from services.platform.redis import GROUP, Keys, connect
from services.platform.sealing import Sealer
from services.projector import worker as loop
from services.projector.ingest import Ingest
from services.projector.store.write import Feed, read_feed
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.reference import dump
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis
EVENTS = Keys(CODE).events


class Rig:
    """A projector in a thread, over a Redis of its own and SQLite."""

    def __init__(self, folder: Path, engine: Engine, district: District) -> None:
        self.server = EmbeddedRedis(folder / "own-redis")
        self.server.start()
        self.engine = engine
        self.client = redis.Redis(port=self.server.port)
        self.stream = EventStream(connect(self.server.url), district.code, "one")
        self.ingest = Ingest(engine, district, Sealer(""))
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.count = 0

    def projector(self) -> Projector:
        return Projector(self.stream, self.engine, self.ingest, SetClock(NOON), chores_every_s=0.2)

    def _run(self) -> None:
        self.projector().run(self.stop)

    def publish(self, n: int) -> str:
        last: Any = b""
        for _ in range(n):
            self.count += 1
            last = self.client.xadd(EVENTS, dict(entry(case(f"C{self.count}"))))
        return str(last.decode())

    def feed(self) -> Feed:
        with self.engine.connect() as connection:
            found = read_feed(connection)
        assert found is not None
        return found

    def cases(self) -> int:
        return len(dump(self.engine, "cases")["cases"])

    def end(self) -> None:
        self.stop.set()
        if self.thread.is_alive():
            self.thread.join(10)
        self.client.close()
        self.stream.client.close()
        self.server.stop()


@pytest.fixture
def rig(tmp_path: Path, sqlite_engine: Engine, tiny: District) -> Iterator[Rig]:
    found = Rig(tmp_path, sqlite_engine, tiny)
    yield found
    found.end()


def test_a_trimmed_gap_is_counted_to_the_entry_and_once(rig: Rig) -> None:
    rig.publish(20)
    rig.projector().drain()
    rig.publish(30)
    rig.client.xtrim(EVENTS, maxlen=13, approximate=False)
    rig.thread.start()
    wait_until(lambda: rig.cases() == 33, "what could be read is read")
    wait_until(lambda: rig.feed().lost == 17, "17 were trimmed unread")
    rig.publish(5)
    wait_until(lambda: rig.cases() == 38, "and it goes on")
    assert rig.feed().lost == 17
    assert rig.feed().processed == 55


def test_pending_entries_that_were_trimmed_are_lost_and_counted_once(rig: Rig) -> None:
    rig.publish(4)
    rig.projector().drain()
    rig.publish(6)
    rig.stream.read(">", 6, None)  # delivered, never taken in
    rig.client.xtrim(EVENTS, maxlen=0, approximate=False)
    rig.thread.start()
    wait_until(lambda: rig.feed().lost == 6, "six were delivered and trimmed")
    rig.publish(3)
    wait_until(lambda: rig.cases() == 7, "and it goes on")
    assert rig.feed().lost == 6
    assert rig.client.xpending(EVENTS, GROUP)["pending"] == 0


def test_our_own_trimming_is_no_gap(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "KEEP_BEHIND_MS", 0)
    rig.thread.start()
    for _ in range(4):
        last = rig.publish(300)
        wait_until(lambda last=last: rig.feed().position == last, "taken in")
    wait_until(lambda: rig.client.xlen(EVENTS) < 1200, "trimmed behind us")
    assert rig.feed().lost == 0
    assert rig.feed().emptied_at is None


def test_what_was_there_and_gone_before_our_first_start_is_lost(rig: Rig) -> None:
    """A stream whose beginning was trimmed before we ever read: those entries cannot be read any more."""
    rig.publish(10)
    rig.client.xtrim(EVENTS, maxlen=4, approximate=False)
    rig.thread.start()
    wait_until(lambda: rig.cases() == 4, "the rest is read")
    wait_until(lambda: rig.feed().lost == 6, "six are counted")


@pytest.mark.parametrize("how", ["flushall", "del", "destroy"])
def test_the_stream_or_the_group_vanishes(rig: Rig, how: str, caplog: pytest.LogCaptureFixture) -> None:
    rig.thread.start()
    last = rig.publish(10)
    wait_until(lambda: rig.feed().position == last, "taken in")
    if how == "flushall":
        rig.client.flushall()
    elif how == "del":
        rig.client.delete(EVENTS)
    else:
        rig.client.xgroup_destroy(EVENTS, GROUP)
    rig.publish(7)
    wait_until(lambda: rig.cases() == 17, "the new ones are there and the old ones once")
    feed = rig.feed()
    assert feed.lost == 0
    assert (feed.emptied_at is not None) == (how != "destroy")
    rig.publish(3)
    wait_until(lambda: rig.cases() == 20, "and it goes on")
    assert len(caplog.records) < 6


def test_a_group_that_was_set_back_repeats_nothing(rig: Rig) -> None:
    rig.publish(10)
    rig.projector().drain()
    history = dump(rig.engine, "history")
    rig.client.xgroup_setid(EVENTS, GROUP, "0")
    rig.projector().drain()
    assert dump(rig.engine, "history") == history
    assert rig.feed().processed == 10


def test_redis_is_killed_in_the_middle_and_comes_back(rig: Rig) -> None:
    rig.thread.start()
    wait_until(lambda: rig.client.exists(EVENTS), "the group is made")
    done = 0
    for turn in range(3):
        done += 40
        rig.publish(40)
        if turn:
            wait_until(lambda n=done: rig.cases() == n, "taken in")
            threading.Event().wait(1.1)  # AOF everysec: what was acknowledged a second ago is on disk
            rig.server.kill()
            rig.server.start()
            wait_until(lambda: _answers(rig.client), "Redis answers")
    last = rig.publish(5)
    wait_until(lambda: rig.feed().position == last, "the projector is back")
    assert rig.cases() == 125
    assert rig.feed().lost == 0


def test_entries_acknowledged_but_undone_by_a_power_cut_are_read_again(rig: Rig) -> None:
    """The store fell back to an older state than the group's: what lies between is taken in again."""
    rig.publish(10)
    rig.projector().drain()
    before = dump(rig.engine, "cases", "history")
    feed = rig.feed()
    rig.publish(5)
    rig.projector().drain()
    with rig.engine.begin() as connection:
        from sqlalchemy import delete, update

        from services.platform import metadata
        from services.projector.store import tables as schema

        for name in ("cases", "history"):
            table = metadata.metadata.tables[name]
            kept = [row[0] for row in before[name]]
            connection.execute(delete(table).where(next(iter(table.primary_key)).not_in(kept)))
        connection.execute(update(schema.feed).values(position=feed.position, processed=feed.processed))
    rig.projector().drain()
    assert rig.cases() == 15
    assert rig.feed().processed == 15


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
