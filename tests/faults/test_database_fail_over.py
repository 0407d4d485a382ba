"""The primary of PostgreSQL is killed, its stand-by promoted: the next one is found, what it lacks is read again."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.admin.doctor.store_reader import store_findings
from services.board.follower import Follower
from services.district.package import District
from services.platform.clock import SetClock
from services.platform.database import answering, answering_place, open_engine, ping
from services.platform.errors import fault_of
from services.platform.redis import Keys, connect
from services.platform.settings import Settings
from services.projector.store.write import read_feed
from tests.browser.conftest import wait_until
from tests.faults.keeping_publisher import KeepingPublisher, cases, lost, projecting
from tests.reference import dump
from tests.servers import Postgres, binary
from tests.tiny import CODE, NOON, case, entry

pytestmark = [pytest.mark.redis, pytest.mark.postgres]
EVENTS = Keys(CODE).events


class StandBy(Postgres):
    """A copy of ``primary`` that follows it by streaming; in the place of ``old`` and at its port, if there is one."""

    def __init__(self, primary: Postgres, old: Postgres | None = None) -> None:
        super().__init__()
        if old is not None:
            old.remove()
            self.port = old.port
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        subprocess.run(
            [
                *[*self._as, binary("pg_basebackup"), "-D", str(self.folder / "data"), "-X", "stream", "-R"],
                *["-c", "fast", "--no-sync", "-h", "127.0.0.1", "-p", str(primary.port), "-U", "lianqin"],
            ],
            check=True,
            capture_output=True,
            cwd="/",
        )
        self.start()

    def promote(self) -> None:
        self.ask("SELECT pg_promote()")

    def cut_off(self) -> None:
        """Follow nobody any more: what the primary commits from now on is lost with it."""
        self.ask("ALTER SYSTEM SET primary_conninfo = ''")
        self.ask("SELECT pg_reload_conf()")
        wait_until(lambda: not self.ask("SELECT 1 FROM pg_stat_wal_receiver"), "cut off")

    def ask(self, query: Any) -> Any:
        with psycopg.connect(f"postgresql://lianqin@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            cursor = connection.execute(query)
            return cursor.fetchone() if cursor.description else None


def made_pair(server: Postgres) -> Iterator[tuple[Postgres, StandBy]]:
    """Primary and stand-by. Both are copies: to copy a migrated cluster takes a quarter of the time of making one."""
    server.renew()
    primary = StandBy(server)
    primary.promote()
    stand_by = StandBy(primary)
    yield primary, stand_by
    primary.remove()
    stand_by.remove()


@pytest.fixture
def pair(_postgres_server: Postgres) -> Iterator[tuple[Postgres, StandBy]]:
    yield from made_pair(_postgres_server)


def both(primary: Postgres, stand_by: Postgres) -> str:
    return Settings(
        database_url=f"postgresql://lianqin@127.0.0.1:{primary.port},127.0.0.1:{stand_by.port}/lianqin"
    ).database


def epoch(engine: Engine) -> str:
    with engine.connect() as connection:
        feed = read_feed(connection)
    assert feed is not None
    return feed.epoch


def test_a_stand_by_that_lacks_the_last_commits_is_promoted(
    pair: tuple[Postgres, StandBy], redis_client: redis.Redis, redis_url: str, tiny: District, tmp_path: Path
) -> None:
    """What it lacks is read from the stream again; who followed the old one reads the new one anew."""
    primary, stand_by = pair
    engine = open_engine(both(primary, stand_by))
    settings = Settings(database_url=both(primary, stand_by), data_dir=tmp_path)
    assert settings.database == engine.url.render_as_string(hide_password=False)
    alone = replace(settings, database_url=f"postgresql://lianqin@127.0.0.1:{stand_by.port}/lianqin")
    assert any("is read-only: a stand-by" in str(f) for f in store_findings(alone, CODE) if f.is_wrong)

    def publish(names: str, count: int) -> None:
        for n in range(count):
            redis_client.xadd(EVENTS, dict(entry(case(f"{names}{n}"))))

    with projecting(redis_url, engine, tiny):
        publish("A", 10)
        wait_until(lambda: cases(engine) == 10, "taken in")
        before = epoch(engine)
        web = Follower(engine, connect(redis_url), tiny, SetClock(NOON), lambda _: None)
        web.load()
        assert answering_place(engine) == "1 of 2"
        here = open_engine(f"postgresql+psycopg://lianqin@127.0.0.1:{stand_by.port}/lianqin")
        wait_until(lambda: cases(here) == 10, "the stand-by follows")
        stand_by.cut_off()
        publish("B", 10)
        wait_until(lambda: cases(engine) == 20, "taken in, and not passed on")
        web.sync()
        primary.stop(signal.SIGQUIT)
        with pytest.raises(OperationalError) as caught:
            ping(open_engine(settings.database))
        assert "who answers is a stand-by" in fault_of(caught.value).words
        (said,) = store_findings(settings, CODE)
        assert (said.code, said.is_wrong) == ("store_no_primary", True)
        publish("C", 10)
        stand_by.promote()
        wait_until(lambda: len(dump(here, "cases")["cases"]) == 30, "all of it is there")
    web.sync()
    assert len(web.board.rows) == 30
    assert epoch(engine) != before
    assert answering(engine) == f"127.0.0.1:{stand_by.port}"
    assert any(f"at 127.0.0.1:{stand_by.port}" in str(f) for f in store_findings(settings, CODE))
    engine.dispose()
    here.dispose()


@pytest.mark.slow
def test_five_primaries_one_after_the_other_under_a_hundred_events_a_second(
    pair: tuple[Postgres, StandBy], redis_url: str, tiny: District
) -> None:
    """What the next primary lacked is read again; the old one comes back as a copy that follows."""
    servers: list[Postgres] = [*pair]
    engine = open_engine(both(*pair))
    with projecting(redis_url, engine, tiny), KeepingPublisher(redis_url).steadily() as publisher:
        for turn in range(5):
            time.sleep(1)
            old, now = servers[-2:]
            assert isinstance(now, StandBy)
            old.stop(signal.SIGQUIT)
            now.promote()
            before = publisher.count
            wait_until(lambda now=now, before=before: count(now) >= before, "it has what came before", 30)
            if turn < 4:
                servers.append(StandBy(now, old))
        publisher.stop()
        wait_until(lambda: cases(engine) == publisher.count, "all that was published is there", 30)
    assert lost(engine) == 0
    engine.dispose()
    for server in servers:
        server.remove()


def count(server: Postgres) -> int:
    with psycopg.connect(f"postgresql://lianqin@127.0.0.1:{server.port}/lianqin") as connection:
        (found,) = connection.execute("SELECT count(*) FROM cases").fetchone() or (0,)
    return int(found)
