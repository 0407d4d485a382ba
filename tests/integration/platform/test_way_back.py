"""An upgrade that does not work out: a full disk in its middle, the way back one version and further, what stays."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from dashboard.cli.main import main
from services.audit import Who, check
from services.audit import log_service as store
from services.audit.log_service import AuditLog
from services.backup.back_errands import FURTHEST, take_back
from services.backup.making_service import make_backup
from services.backup.manifest import BackupError
from services.backup.restoring_service import restore_backup
from services.district.package import District
from services.health.heart import hash_key, read_beats
from services.health.hearts import Hearts
from services.platform.database import open_engine
from services.platform.errors import OperationError
from services.platform.migrate import downgrade, head, revision_of, revisions, upgrade
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.projector.ingest import Ingest
from tests.archive_scene import months
from tests.browser.conftest import wait_until
from tests.reference import dump
from tests.tiny import CODE, NOON

BEFORE = revisions()[-2]


def settings_of(engine: Engine, **more: Any) -> Settings:
    return Settings(database_url=engine.url.render_as_string(hide_password=False), **more)


def what_stays(engine: Engine) -> dict[str, Any]:
    return dump(engine, "history", "cases", "things", "rollups", "case_marks", "audit", "dead", "commands")


@pytest.fixture
def filled(engine: Engine, tiny: District) -> Engine:
    months(engine, tiny)
    AuditLog(engine).append(NOON, Who("wang", "duty_officer"), "log_in")
    return engine


def test_one_version_back_and_forth_keeps_everything(filled: Engine) -> None:
    before = what_stays(filled)
    assert take_back(settings_of(filled), BEFORE).startswith(f"the database is at migration {BEFORE}")
    assert revision_of(filled) == BEFORE
    assert what_stays(filled) == before
    upgrade(filled)
    assert what_stays(filled) == before


def test_as_far_back_as_it_goes_history_cases_and_audit_stay(filled: Engine, tiny: District) -> None:
    before = what_stays(filled)
    take_back(settings_of(filled), FURTHEST)
    assert what_stays(filled) == before
    upgrade(filled)
    assert what_stays(filled) == before
    with filled.connect() as connection:
        assert not check(store.records(connection)).faults
    Ingest(filled, tiny, Sealer(""))


def test_further_than_that_or_forward_is_refused_in_words(filled: Engine) -> None:
    for to in ("0001", head(), "9999", "nonsense"):
        with pytest.raises(OperationError, match=f"cannot be taken back to {to}: give one of {FURTHEST} to {BEFORE}"):
            take_back(settings_of(filled), to)
    assert revision_of(filled) == head()


@pytest.mark.redis
def test_while_a_process_runs_the_store_stays(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    Ingest(sqlite_engine, tiny, Sealer(""))
    with Hearts(redis_client, CODE) as hearts:
        hearts.begin("web")
        wait_until(lambda: read_beats(redis_client, hash_key(CODE)), "it beats")
        with pytest.raises(BackupError, match=r"web of district 990001 run on the Redis .* stop every process first"):
            take_back(settings_of(sqlite_engine, redis_url=redis_url), BEFORE)
    assert revision_of(sqlite_engine) == head()


def test_a_backup_of_the_version_before_is_put_back_by_this_one(
    sqlite_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made as the older program makes it: at its migration."""
    months(sqlite_engine, tiny)
    AuditLog(sqlite_engine).append(NOON, Who("wang", "duty_officer"), "log_in")
    before = what_stays(sqlite_engine)
    take_back(settings_of(sqlite_engine), BEFORE)
    here = settings_of(sqlite_engine, district=str(tiny_folder), data_dir=tmp_path / "here")
    with monkeypatch.context() as older:
        older.setattr("services.backup.facts_reader.head", lambda: BEFORE)
        kept, manifest = make_backup(here, tmp_path / "kept")
    assert manifest.migration == BEFORE
    there = Settings(
        database_url=f"sqlite:///{tmp_path / 'there.db'}", data_dir=tmp_path / "there", district=str(tiny_folder)
    )
    restore_backup(there, kept)
    engine = open_engine(there.database)
    assert revision_of(engine) == head()
    after = what_stays(engine)
    assert {**after, "audit": after["audit"][: len(before["audit"])]} == before
    engine.dispose()


@pytest.fixture
def behind(sqlite_engine: Engine, tiny: District) -> Iterator[Engine]:
    """A store of some versions before, with a history."""
    months(sqlite_engine, tiny)
    downgrade(sqlite_engine, FURTHEST)
    with sqlite_engine.connect() as connection:
        connection.commit()
        driver: Any = connection.connection.driver_connection
        driver.execute("VACUUM")  # no free page is left of what was undone
    yield sqlite_engine


def test_a_disk_that_is_full_in_the_middle_leaves_the_store_at_a_whole_migration_and_says_so(
    behind: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dump(behind, "history", "cases")
    with behind.connect() as connection:
        pages = int(connection.scalar(text("PRAGMA page_count")) or 0)
    full = [pages + 3]

    def limited(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {full[0]}")

    event.listen(behind, "connect", limited)
    behind.dispose()
    with pytest.raises(OperationalError, match="full"):
        upgrade(behind)
    stands = revision_of(behind)
    assert stands is not None
    assert FURTHEST < stands < head(), "some of it was done, and no more"
    assert dump(behind, "history", "cases") == before
    monkeypatch.setattr("services.platform.database.open_engine", lambda *_a, **_k: behind)
    monkeypatch.setenv("LIANQIN_DATABASE_URL", str(behind.url))
    assert main(["upgrade"]) == 1
    assert "database or disk is full; `lianqin doctor` says what is wrong" in capsys.readouterr().err
    full[0] = 1 << 30
    behind.dispose()
    upgrade(behind)
    assert revision_of(behind) == head()
    assert dump(behind, "history", "cases") == before


@pytest.mark.postgres
def test_cut_off_in_the_middle_postgresql_stands_at_a_whole_migration(postgres_engine: Engine, tiny: District) -> None:
    months(postgres_engine, tiny)
    before = dump(postgres_engine, "history", "cases")
    downgrade(postgres_engine, FURTHEST)
    cut = open_engine(postgres_engine.url.render_as_string(hide_password=False))

    def cut_off(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if "history_rest PARTITION OF" in statement:
            pid = connection.connection.driver_connection.info.backend_pid
            with postgres_engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    event.listen(cut, "before_cursor_execute", cut_off)
    with pytest.raises(OperationalError):
        upgrade(cut)
    assert revision_of(postgres_engine) == "0023"
    assert dump(postgres_engine, "history", "cases") == before
    upgrade(postgres_engine)
    assert dump(postgres_engine, "history", "cases") == before
    cut.dispose()
