"""Heads of the audit outside the database: noted now and then, whole lines for good, read back for one store."""

import dataclasses
import socket
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.admin.doctor.audit_reader import audit_findings
from services.audit import Who
from services.audit import log_service as store
from services.audit.heads_store import NOTE_EVERY_S, Notary, append_line, notary_of, read_heads, store_name
from services.audit.service import open_log
from services.platform.settings import Settings

WHO = Who("wang")
NOON = 1_782_964_800_000


@pytest.fixture
def settings(sqlite_engine: Engine, tmp_path: Path) -> Settings:
    return Settings(database_url=str(sqlite_engine.url), data_dir=tmp_path / "data")


def noted(settings: Settings) -> list[int]:
    return sorted(read_heads(settings.audit_heads_file, store_name(settings.database)).heads)


def test_a_process_notes_its_first_row_and_then_every_five_minutes(sqlite_engine: Engine, settings: Settings) -> None:
    log = open_log(sqlite_engine, settings)
    for _ in range(3):
        log.append(NOON, WHO, "see_case")
    assert noted(settings) == [1]
    assert settings.audit_heads_file.stat().st_mode & 0o777 == 0o600
    assert settings.audit_heads_file.parent.stat().st_mode & 0o777 == 0o700
    now = [0.0]
    notary = Notary(settings.audit_heads_file, store_name(settings.database), now_s=lambda: now[0])
    for at, expected in ((0.0, [1, 3]), (1.0, [1, 3]), (NOTE_EVERY_S, [1, 3]), (2 * NOTE_EVERY_S, [1, 3, 4])):
        now[0] = at
        if at == 2 * NOTE_EVERY_S:
            log.append(NOON, WHO, "see_case")
        notary.look(sqlite_engine)
        assert noted(settings) == expected


def test_what_is_taken_back_is_not_noted(sqlite_engine: Engine, settings: Settings) -> None:
    from services.platform.database import writing

    log = open_log(sqlite_engine, settings)
    with pytest.raises(RuntimeError), writing(sqlite_engine) as connection:
        log.append(NOON, WHO, "see_case", within=connection)
        raise RuntimeError
    assert noted(settings) == []


def test_settings_of_another_store_note_nothing(sqlite_engine: Engine, settings: Settings, tmp_path: Path) -> None:
    assert (
        notary_of(sqlite_engine, dataclasses.replace(settings, database_url=f"sqlite:///{tmp_path}/other.db")) is None
    )
    assert notary_of(sqlite_engine, Settings(data_dir=tmp_path)) is None


def test_a_torn_line_spoils_no_other_and_is_said_and_other_stores_are_counted(
    sqlite_engine: Engine, settings: Settings
) -> None:
    file = settings.audit_heads_file
    open_log(sqlite_engine, settings).append(NOON, WHO, "see_case")
    file.write_bytes(file.read_bytes()[:-9])
    open_log(sqlite_engine, settings).append(NOON, WHO, "see_case")
    append_line(file, b'{"noted_at":"2026-11-30T00:00:00Z","store":"other","number":9,"link":"00"}')
    found = read_heads(file, store_name(settings.database))
    assert (sorted(found.heads), found.unreadable, found.others) == ([2], (1,), 1)


def test_a_file_that_cannot_be_written_stops_no_deed_and_is_in_the_log(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    closed = dataclasses.replace(settings, audit_heads=str(tmp_path / "file" / "heads.jsonl"))
    assert open_log(sqlite_engine, closed).append(NOON, WHO, "see_case") == 1
    assert "head could not be written" in caplog.text


def test_the_system_log_gets_each_head(sqlite_engine: Engine, settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(5)
        address = f"127.0.0.1:{heard.getsockname()[1]}"
        log = open_log(sqlite_engine, dataclasses.replace(settings, audit_syslog=address))
        log.append(NOON, WHO, "see_case")
        said = heard.recv(1000).decode()
    with sqlite_engine.connect() as connection:
        assert said == f"<85>lianqin audit head 1:{store.head(connection).link} key=-"


def test_the_doctor_says_when_no_head_is_noted_any_more(sqlite_engine: Engine, settings: Settings) -> None:
    def words() -> list[str]:
        with sqlite_engine.connect() as connection:
            return [finding.word for finding in audit_findings(settings, connection)]

    assert words() == []
    store.AuditLog(sqlite_engine).append(NOON, WHO, "see_case")
    assert words() == ["note"]
    notary = notary_of(sqlite_engine, settings)
    assert notary is not None
    notary.look(sqlite_engine)
    assert words() == ["ok"]
    store.AuditLog(sqlite_engine).append(NOON * 2, WHO, "see_case")
    assert words() == ["wrong"]
