"""The doctor beside real servers: a stream nobody reads, a store that is old or another district's, a virtual clock."""

import dataclasses
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, text, update

from services.admin.doctor import stream_reader
from services.admin.doctor.finding import DoctorFinding
from services.admin.doctor.store_reader import store_findings
from services.admin.doctor.stream_reader import redis_findings
from services.district.doors import open_doors
from services.district.package import District
from services.platform.clock import VirtualClock
from services.platform.database import is_read_only
from services.platform.migrate import head
from services.platform.redis import Keys
from services.platform.settings import Settings
from services.projector.bootstrap import make_projector
from services.projector.store import tables as schema
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis
KEYS = Keys(CODE)


@pytest.fixture
def settings(redis_url: str, tmp_path: Path, tiny_folder: Path) -> Settings:
    return Settings(redis_url=redis_url, district=str(tiny_folder), data_dir=tmp_path)


def _of(findings: list[DoctorFinding], subject: str) -> str:
    return "\n".join(str(f) for f in findings if f.subject == subject)


def test_an_empty_redis_is_told_to_wait_for_publishers(settings: Settings) -> None:
    findings = list(redis_findings(settings, CODE))
    assert "nobody has published yet" in _of(findings, "stream")
    assert "agree" in _of(findings, "clock")
    assert {f.subject for f in findings if f.is_wrong} == {"Redis AOF"}  # the tests' own server has none


def test_a_stream_that_nobody_reads_is_wrong_until_a_projector_does(
    settings: Settings, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_client.xadd(KEYS.events, entry(case()))
    assert "no projector has ever read them. Start `lianqin projector`" in _of(
        list(redis_findings(settings, CODE)), "stream"
    )
    doors = open_doors(settings)
    make_projector(doors, "p1").drain()
    assert _of(list(redis_findings(settings, CODE)), "stream") == (
        "ok     stream: 1 entries, 0 unread, 0 not acknowledged; 1 projector"
    )
    # Nothing unread: a projector that waits for news is no fault. With something unread it is, and it says since when.
    monkeypatch.setattr(stream_reader, "READS_WITHIN_MS", -1)
    assert [f.word for f in redis_findings(settings, CODE) if f.subject == "stream"] == ["ok"]
    redis_client.xadd(KEYS.events, entry(case(version=2)))
    assert "1 unread, 0 not acknowledged; no projector has read for 0 s" in _of(
        list(redis_findings(settings, CODE)), "stream"
    )
    assert "1 cases, 1 entries, revision 1" in _of(list(store_findings(settings, CODE)), "store")
    doors.engine.dispose()


def test_a_virtual_clock_is_noted_with_how_to_be_rid_of_it(settings: Settings, redis_client: redis.Redis) -> None:
    redis_client.hset(KEYS.clock, mapping=dict(VirtualClock(NOON, NOON, 1.0, NOON).to_hash()))
    (ignored,) = [f for f in redis_findings(settings, CODE) if f.subject == "virtual clock"]
    assert ignored.is_wrong
    assert "not obeyed" in ignored.what
    settings = dataclasses.replace(settings, clock="virtual")
    said = _of(list(redis_findings(settings, CODE)), "virtual clock")
    assert "2026-11-23T04:00:00.000Z for every process; the clock stands" in said
    assert f"DEL {KEYS.clock}" in said
    redis_client.hset(KEYS.clock, "origin", "noon")
    assert [f.word for f in redis_findings(settings, CODE) if f.subject == "virtual clock"] == ["wrong"]


def test_an_old_store_and_another_districts_are_wrong(settings: Settings, tiny: District) -> None:
    doors = open_doors(settings)
    make_projector(doors)
    assert "holds district 990001, the package is 1" in _of(list(store_findings(settings, "1")), "store")
    with doors.engine.begin() as connection:
        connection.execute(update(schema.feed).values(lost=7, lost_at=NOON, emptied_at=NOON))
    assert "7 entries were trimmed away unread" in _of(list(store_findings(settings, CODE)), "gap")
    with doors.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    said = _of(list(store_findings(settings, CODE)), "database")
    assert f"is not at the newest migration: at 0003, this program at {head()}. Start the projector" in said
    with doors.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    said = _of(list(store_findings(settings, CODE)), "database")
    assert f"the store is at revision 9999, this program knows revisions up to {head()}" in said
    assert "brings the store up to date" not in said
    doors.engine.dispose()


@pytest.mark.postgres
def test_postgres_is_looked_at_too(settings: Settings, postgres_engine: Engine) -> None:
    url = postgres_engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    found = list(store_findings(Settings(database_url=url), CODE))
    assert [str(f) for f in found] == [
        "ok     database: PostgreSQL answers, at the newest migration",
        "note   store: empty. The projector fills it",
    ]


@pytest.mark.postgres
def test_a_database_that_takes_no_writes_is_wrong(settings: Settings, postgres_engine: Engine) -> None:
    url = postgres_engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    assert "read-only" not in _of(list(store_findings(Settings(database_url=url), CODE)), "database")
    with postgres_engine.connect() as connection:
        assert not is_read_only(connection)
        connection.exec_driver_sql("SET default_transaction_read_only = on")
        assert is_read_only(connection)
