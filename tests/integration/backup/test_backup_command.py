"""`lianqin backup` and `lianqin restore` as they are called; the doctor and how old the last backup is."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.cli.main import main
from services.admin.doctor.backup_reader import backup_findings
from services.audit import Who
from services.audit.log_service import AuditLog, AuditQuery, newest
from services.backup import age_reader
from services.backup.age_reader import LastBackup, last_backup
from services.district.package import District
from services.platform.clock import HOUR_MS, machine_ms, to_rfc3339
from services.platform.database import open_engine
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.projector.ingest import Ingest
from tests.reference import dump, life
from tests.tiny import CODE, NOON, numbered


@pytest.fixture
def store(
    sqlite_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """A store as the environment names it, without a Redis."""
    entries = numbered(life(1, cases=5, events=40))
    Ingest(sqlite_engine, tiny, Sealer("")).apply(entries, NOON, entries[-1][0])
    for name in ("LIANQIN_REDIS_URL", "LIANQIN_DATA_KEY", "LIANQIN_ARCHIVE", "LIANQIN_AUDIT_HEADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIANQIN_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path))
    return sqlite_engine


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(words)
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_store_goes_into_a_folder_is_checked_and_put_back_by_command(
    store: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = call(capsys, "backup", str(tmp_path / "kept"))
    assert (code, f"district {CODE}, made " in said, "the data key is NOT in it" in said) == (0, True, True)
    (kept,) = (tmp_path / "kept").glob("lianqin-*")
    code, said = call(capsys, "backup", "check", str(kept))
    assert (code, "is whole" in said) == (0, True)
    code, said = call(capsys, "restore", str(kept))
    assert (code, "there is a store already" in said) == (1, True)
    monkeypatch.setenv("LIANQIN_DATABASE_URL", "")
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path / "there"))
    code, said = call(capsys, "restore", str(kept))
    assert (code, "then start the projector" in said) == (0, True)
    again = open_engine(f"sqlite:///{tmp_path / 'there' / 'lianqin.db'}")
    assert dump(again) == dump(store)
    for engine, action in ((store, "backup_made"), (again, "backup_restored")):
        with engine.connect() as connection:
            (row,) = newest(connection, AuditQuery(actions=(action,)), 5)
            assert (row.object, row.who.startswith("cli:")) == (kept.name, True)
    again.dispose()
    (kept / "store.db").write_bytes(b"")
    code, said = call(capsys, "backup", "check", str(kept))
    assert (code, "half a backup" in said, "Traceback" in said) == (1, True, False)


def findings(engine: Engine, hours: int = 0) -> tuple[str, str]:
    with engine.connect() as connection:
        (found,) = backup_findings(Settings(backup_hours=hours), connection)
    return found.word, str(found)


def made(engine: Engine, hours_ago: int, action: str = "backup_made") -> int:
    at = machine_ms() - hours_ago * HOUR_MS
    AuditLog(engine).append(machine_ms(), Who("cli:root"), action, "lianqin-x", made_at=to_rfc3339(at))
    return at


def test_the_doctor_says_how_old_the_last_backup_is_and_when_that_is_too_old(sqlite_engine: Engine) -> None:
    assert findings(sqlite_engine)[0] == "note"
    word, said = findings(sqlite_engine, 26)
    assert (word, "none was made by `lianqin backup`. `lianqin backup DIR`" in said) == ("wrong", True)
    made(sqlite_engine, 30)
    assert findings(sqlite_engine)[0] == "ok"
    word, said = findings(sqlite_engine, 26)
    assert (word, "30 h ago; LIANQIN_BACKUP_HOURS=26" in said) == ("wrong", True)
    made(sqlite_engine, 2)
    assert findings(sqlite_engine, 26)[0] == "ok"


def test_a_store_that_was_put_back_knows_the_backup_it_came_from_and_only_the_newest_rows_are_looked_through(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = made(sqlite_engine, 5, "backup_restored")
    with sqlite_engine.connect() as connection:
        assert last_backup(connection) == LastBackup(at)
    monkeypatch.setattr(age_reader, "LOOKED_THROUGH", 1)
    now = machine_ms()
    AuditLog(sqlite_engine).append(now, Who("wang"), "see_page", "desk")
    with sqlite_engine.connect() as connection:
        assert last_backup(connection) == LastBackup(None, now)
