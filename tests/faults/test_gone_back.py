"""The store goes back under running processes: what it lacks is read from the stream again, every board equals it."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.board.follower import Follower
from services.district.package import District
from services.platform.clock import SetClock
from services.platform.redis import connect
from tests.browser.conftest import wait_until
from tests.faults.test_redis import EVENTS, Rig
from tests.tiny import NOON

pytestmark = pytest.mark.redis


@pytest.fixture
def rig(tmp_path: Path, sqlite_engine: Engine, tiny: District) -> Iterator[Rig]:
    found = Rig(tmp_path, sqlite_engine, tiny)
    yield found
    found.end()


def backup(store: Path, to: Path) -> None:
    with sqlite3.connect(store) as here, sqlite3.connect(to) as there:
        here.backup(there)


def put_back(kept: Path, store: Path) -> None:
    """As the operator does it: the file in the place of the old one, its log removed."""
    os.replace(kept, store)
    for suffix in ("-wal", "-shm"):
        Path(f"{store}{suffix}").unlink(missing_ok=True)


@pytest.mark.parametrize("after", [0, 9], ids=["nothing follows", "sources go on"])
def test_a_backup_put_back_under_a_running_projector_and_web(
    rig: Rig, tmp_path: Path, tiny: District, after: int
) -> None:
    """No case is lost, none is told as a gap, and the board has what the store has."""
    rig.thread.start()
    last = rig.publish(10)
    wait_until(lambda: rig.feed().position == last, "taken in")
    web = Follower(rig.engine, connect(rig.server.url), tiny, SetClock(NOON), lambda _: None)
    web.load()
    backup(tmp_path / "store.db", tmp_path / "kept.db")
    epoch = rig.feed().epoch
    last = rig.publish(20)
    wait_until(lambda: rig.feed().position == last, "taken in too")
    web.sync()
    assert len(web.board.rows) == 30
    put_back(tmp_path / "kept.db", tmp_path / "store.db")
    if after:
        last = rig.publish(after)
    # Until the old log is removed, whoever opens the new file reads the old one's last rows with it: the epoch tells.
    wait_until(lambda: rig.feed().epoch != epoch, "it is seen that the store went back")
    wait_until(lambda: rig.feed().position == last and rig.cases() == 30 + after, "what it lacks is read again")
    web.sync()
    assert len(web.board.rows) == rig.cases() == 30 + after
    assert web.board.revision == rig.feed().revision
    assert (rig.feed().lost, rig.feed().emptied_at, rig.feed().processed) == (0, None, 30 + after)
    assert rig.feed().epoch != epoch, "whoever follows hears that it is another store"
    assert rig.client.xlen(EVENTS) == 30 + after
