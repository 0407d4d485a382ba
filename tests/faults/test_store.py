"""The database on bad days: stopped, crashed, locked, its connections cut. Nothing is acknowledged, nothing lost."""

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from services.district.package import District
from services.platform.database import open_engine
from services.platform.migrate import upgrade
from services.platform.redis import GROUP, connect
from services.projector.stream import EventStream
from tests.browser.conftest import wait_until
from tests.faults.test_redis import EVENTS, Rig
from tests.reference import dump, from_scratch, life, rollups_recounted
from tests.servers import Postgres
from tests.stores import fresh_engine

pytestmark = pytest.mark.redis
BUSY_MS = 200


class Counted(EventStream):
    """Counts how often the projector began anew."""

    attempts = 0

    def ensure_group(self, position: str, processed: int) -> bool:
        self.attempts += 1
        return super().ensure_group(position, processed)


class StoreRig(Rig):
    """A projector in a thread whose stream counts."""

    def __init__(self, folder: Path, engine: Engine, district: District) -> None:
        super().__init__(folder, engine, district)
        self.stream: Counted = Counted(connect(self.server.url), district.code, "one")

    @property
    def attempts(self) -> int:
        return self.stream.attempts


def impatient(engine: Engine) -> Engine:
    """SQLite gives up on a lock after a fifth of a second instead of twenty."""
    event.listen(engine, "connect", lambda connection, _record: connection.execute(f"PRAGMA busy_timeout={BUSY_MS}"))
    return engine


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL that only this test uses."""
    found = Postgres()
    found.create()
    yield found
    found.remove()


@pytest.fixture
def on_postgres(server: Postgres, tmp_path: Path, tiny: District) -> Iterator[StoreRig]:
    engine = open_engine(server.url)
    upgrade(engine)
    found = StoreRig(tmp_path, engine, tiny)
    yield found
    found.end()
    engine.dispose()


@pytest.fixture
def on_sqlite(tmp_path: Path, tiny: District) -> Iterator[StoreRig]:
    engine = impatient(fresh_engine(tmp_path / "store.db"))
    found = StoreRig(tmp_path, engine, tiny)
    yield found
    found.end()
    engine.dispose()


def flow(rig: StoreRig, seed: int) -> list[tuple[str, dict[bytes, bytes]]]:
    return [(rig.client.xadd(EVENTS, dict(fields)).decode(), fields) for fields in life(seed, events=200)]


def acknowledged(rig: StoreRig) -> int:
    """Entries of the stream that were delivered and acknowledged."""
    group: Any = next(g for g in rig.client.xinfo_groups(EVENTS) if g["name"] == GROUP.encode())
    return int(group["entries-read"]) - int(group["pending"])


def is_the_whole(rig: StoreRig, entries: list[tuple[str, dict[bytes, bytes]]], tiny: District, folder: Path) -> None:
    scratch = from_scratch(folder, tiny, entries)
    assert dump(rig.engine) == dump(scratch)
    assert [r[0] for r in dump(rig.engine, "history")["history"]] == [r[0] for r in dump(scratch, "history")["history"]]
    assert dump(rig.engine, "rollups", "rollups_later") == rollups_recounted(rig.engine, tiny)
    feed = rig.feed()
    assert (feed.processed, feed.lost, feed.emptied_at) == (len(entries), 0, None)
    assert rig.client.xpending(EVENTS, GROUP)["pending"] == 0
    scratch.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_postgresql_goes_and_comes_back(
    on_postgres: StoreRig,
    server: Postgres,
    how: signal.Signals,
    tiny: District,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While it is gone nothing is acknowledged; then all is caught up, with one line in the log for each time."""
    rig = on_postgres
    rig.thread.start()
    entries = flow(rig, 1)
    wait_until(lambda: rig.feed().position == entries[-1][0], "taken in")
    for seed in (2, 3):
        done = len(entries)
        server.stop(how)
        entries += flow(rig, seed)
        wait_until(lambda seed=seed: len(caplog.records) >= seed - 1, "it is said that the database is gone")
        assert acknowledged(rig) == done
        server.start()
        wait_until(lambda last=entries[-1][0]: rig.feed().position == last, "caught up")
    is_the_whole(rig, entries, tiny, tmp_path)
    assert [r.getMessage().partition(";")[0] for r in caplog.records] == ["the database does not answer"] * 2


@pytest.mark.postgres
def test_its_connections_are_cut_again_and_again(
    on_postgres: StoreRig, server: Postgres, tiny: District, tmp_path: Path
) -> None:
    """A connection that ends in the middle of a batch costs nothing but the time to read it again."""
    rig = on_postgres
    rig.thread.start()
    cutter = open_engine(server.url)
    cut = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    entries = []
    for seed in range(8):
        entries += flow(rig, seed)
        with cutter.begin() as connection:
            connection.execute(cut)
    wait_until(lambda: _position(rig) == entries[-1][0], "caught up", 40)
    cutter.dispose()
    is_the_whole(rig, entries, tiny, tmp_path)


def _position(rig: StoreRig) -> str:
    from sqlalchemy.exc import OperationalError

    try:
        return rig.feed().position
    except OperationalError:  # our own connection was among those that were cut
        return ""


def test_sqlite_is_locked_for_longer_than_anybody_waits(
    on_sqlite: StoreRig, tiny: District, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody holds the write lock: no entry is acknowledged until it is free, and none is lost."""
    rig = on_sqlite
    rig.thread.start()
    entries = flow(rig, 1)
    wait_until(lambda: rig.feed().position == entries[-1][0], "taken in")
    done = len(entries)
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    entries += flow(rig, 2)
    wait_until(lambda: len(caplog.records) == 1, "it is said that the database does not answer")
    assert "locked" in caplog.records[0].getMessage()
    rounds = rig.attempts
    wait_until(lambda: rig.attempts >= rounds + 3, "it tries again and again")
    assert acknowledged(rig) == done
    assert rig.feed().processed == done
    holder.execute("ROLLBACK")
    holder.close()
    wait_until(lambda: rig.feed().position == entries[-1][0], "caught up")
    is_the_whole(rig, entries, tiny, tmp_path)
    assert len(caplog.records) == 1


def test_an_emptied_disk_of_redis_and_a_locked_store_at_once(on_sqlite: StoreRig, tmp_path: Path) -> None:
    """Both at once: what is in the stream afterwards is taken in, what was taken in stays."""
    rig = on_sqlite
    rig.thread.start()
    last = rig.publish(20)
    wait_until(lambda: rig.feed().position == last, "taken in")
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    rig.publish(5)
    rig.client.flushall()
    last = rig.publish(7)
    rounds = rig.attempts
    wait_until(lambda: rig.attempts >= rounds + 2, "it tries again and again")
    holder.execute("ROLLBACK")
    holder.close()
    wait_until(lambda: rig.feed().position == last, "caught up")
    assert rig.cases() in {27, 32}  # the five in between were read from Redis, or gone before they were
    assert rig.feed().emptied_at is not None
