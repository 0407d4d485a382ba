"""Somebody who may only add rows to the audit: no number of theirs makes a gap, and none stops those that come.

Where such a row stands already (an older version let it in, an owner took the triggers away) deeds go on behind the
last row that has room behind it, and ``verify`` names the row that has no place.
"""

import shutil
import sqlite3
import subprocess
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.exc import DatabaseError

from services.admin.doctor.audit_reader import audit_findings
from services.audit import AuditRecord, Deed, Who, chain
from services.audit import log_service as store
from services.audit.heads_store import Notary, notary_of, read_heads, store_name
from services.audit.log_service import LAST_COUNTED, ROOM, AuditLog
from services.audit.service import open_log, verify_store
from services.audit.tables import audit
from services.platform.clock import machine_ms
from services.platform.database import open_engine, writing
from services.platform.errors import OperationError
from services.platform.migrate import SCRIPTS, upgrade
from services.platform.settings import Settings
from tests.attacks.test_audit import KEY, NOON, SIGNER, STRANGER, put, rows_of
from tests.servers import binary

WHO = Who("wang", "duty_officer", "", "10.0.0.7")
END = (1 << 63) - 1
FAR = (END, END - 1, LAST_COUNTED + 1, LAST_COUNTED, 1 << 62, 10**9, 6, 0, -1, -END - 1)
N = 3


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    """Three sealed rows, the last one's head noted; the settings that open the store."""
    found = Settings(
        database_url=engine.url.render_as_string(hide_password=False), data_dir=tmp_path / "data", data_key=KEY
    )
    open_log(engine, found).append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(N)])
    notary_of(engine, found).look(engine)
    return found


def forged(number: int, at: int = NOON) -> AuditRecord:
    (row,) = chain(None, at, STRANGER, [Deed("log_in")])
    return msgspec.structs.replace(row, number=number)


def add(engine: Engine, *rows: AuditRecord) -> None:
    with writing(engine) as connection:
        connection.execute(insert(audit).values([msgspec.structs.asdict(row) for row in rows]))


@pytest.mark.parametrize("number", FAR)
def test_the_database_takes_the_next_number_alone(engine: Engine, settings: Settings, number: int) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        add(engine, forged(number))
    with pytest.raises(DatabaseError, match="append-only"):  # not behind a right one in one statement either
        add(engine, forged(N + 1), forged(number))
    assert open_log(engine, settings).append(NOON, WHO, "log_out") == N + 1
    assert verify_store(settings, 1, ()).is_well


def test_many_rows_in_one_statement_are_taken_in_their_order_alone(engine: Engine) -> None:
    rows = list(chain(None, NOON, WHO, [Deed("see_case", f"C{i}") for i in range(6)]))
    with pytest.raises(DatabaseError, match="append-only"):
        add(engine, *reversed(rows))
    add(engine, *rows)
    assert rows_of(engine) == rows


@pytest.mark.postgres
def test_what_the_caller_has_made_stands_in_for_nothing_of_the_trigger(postgres_engine: Engine) -> None:
    with pytest.raises(DatabaseError, match="append-only"), writing(postgres_engine) as connection:
        connection.execute(text("CREATE TEMP TABLE audit AS SELECT 99 AS number"))
        connection.execute(
            insert(audit.to_metadata(type(audit.metadata)(), schema="public")).values(
                msgspec.structs.asdict(forged(100))
            )
        )


@pytest.mark.parametrize(
    "numbers",
    [(END,), (END - 1, END), (1 << 62, END), (LAST_COUNTED, END), (LAST_COUNTED + 1,)],
    ids=["the last", "the last two", "two far ones", "the last counted one", "the first not counted"],
)
def test_deeds_go_on_though_a_row_stands_at_the_end_and_verify_names_it(
    engine: Engine, settings: Settings, numbers: tuple[int, ...]
) -> None:
    put(engine, [*rows_of(engine), *(forged(number) for number in numbers)])
    log = open_log(engine, settings)
    first = log.append(NOON + 1, WHO, "see_case", "next")
    assert first < END
    for i in range(5):
        assert log.append(NOON + 2 + i, WHO, "see_case", "next") == first + 1 + i
    verdict = verify_store(settings, 1, ())
    assert verdict.broken_at, verdict.lines
    assert any(fault.why == "gap" for fault in verdict.faults)
    assert any(fault.why == "unsealed" and fault.last == numbers[-1] for fault in verdict.faults), verdict.faults
    assert f"{numbers[-1]}" in "\n".join(verdict.lines)
    with engine.connect() as connection:
        assert store.head(connection).number == first + 5
        assert store.beyond(connection) == sum(number > first + 5 for number in numbers)
        assert next(audit_findings(settings, connection)).is_wrong == (store.beyond(connection) > 0)


def test_an_older_store_with_such_a_row_is_brought_up_and_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = open_engine(url)
    upgrade(engine, "0013")
    AuditLog(engine, SIGNER).append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(N)])
    add(engine, forged(END))
    upgrade(engine)
    assert AuditLog(engine, SIGNER).append(NOON, WHO, "log_out") == N + 1
    with pytest.raises(DatabaseError, match="append-only"):
        add(engine, forged(END - 1))
    assert AuditLog(engine, SIGNER).append(NOON, WHO, "log_out") == N + 2
    engine.dispose()


def test_a_copied_store_holds_its_rows_and_its_rule(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'one.db'}")
    upgrade(engine)
    AuditLog(engine, SIGNER).append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(N)])
    engine.dispose()
    shutil.copy(tmp_path / "one.db", tmp_path / "copy.db")
    with sqlite3.connect(tmp_path / "one.db") as one, sqlite3.connect(tmp_path / "dumped.db") as dumped:
        one.execute("DROP TABLE search_index")  # Python's dump knows no virtual tables; it is made again from the cases
        dumped.executescript("\n".join(one.iterdump()))
    for name in ("dumped.db", "copy.db"):
        other = open_engine(f"sqlite:///{tmp_path / name}")
        with pytest.raises(DatabaseError, match="append-only"):
            add(other, forged(END))
        assert AuditLog(other, SIGNER).append(NOON, WHO, "log_out") == N + 1
        other.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("number", [N + 1, END], ids=["whole", "with a gap"])
def test_a_backup_of_postgres_is_put_back_with_the_rows_and_the_rule(
    postgres_engine: Engine, tmp_path: Path, number: int
) -> None:
    AuditLog(postgres_engine, SIGNER).append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(N)])
    put(postgres_engine, [*rows_of(postgres_engine), forged(number)])
    with writing(postgres_engine) as connection:
        connection.execute(text("ALTER TABLE audit ENABLE TRIGGER ALL"))
        connection.execute(text("ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_only_next"))
    rows, url = rows_of(postgres_engine), postgres_engine.url
    postgres_engine.dispose()
    dump, where = tmp_path / "lianqin.dump", ["-h", str(url.host), "-p", str(url.port), "-U", str(url.username)]
    for command in (
        ["pg_dump", "--format=custom", f"--file={dump}", *where, str(url.database)],
        # --clean cannot drop the key of a partition: a dump goes into an empty database.
        ["psql", "--quiet", "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public", *where, str(url.database)],
        ["pg_restore", "--exit-on-error", *where, f"--dbname={url.database}", str(dump)],
    ):
        command[0] = binary(command[0])
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
    assert rows_of(postgres_engine) == rows
    with pytest.raises(DatabaseError, match="append-only"):
        add(postgres_engine, forged(END - 1))
    last = AuditLog(postgres_engine, SIGNER).append(NOON, WHO, "log_out")
    assert N < last < 10  # behind a row without a seal goes one that says so


def test_a_head_that_was_noted_is_missed_though_a_later_number_stands_there(engine: Engine, settings: Settings) -> None:
    put(engine, [*rows_of(engine)[:1], forged(10**9)])
    assert verify_store(settings, 1, ()).lost_heads


def test_the_noted_head_is_the_last_rows_and_not_the_one_at_the_end(engine: Engine, settings: Settings) -> None:
    put(engine, [*rows_of(engine), forged(END)])
    open_log(engine, settings).append(NOON, WHO, "log_out")
    name = store_name(settings.database)
    Notary(settings.audit_heads_file, name).look(engine)
    newest = read_heads(settings.audit_heads_file, name).newest
    assert newest is not None
    assert newest.number == N + 1


def test_all_rows_are_read_though_a_page_ends_with_the_last_number(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, [*rows_of(engine), forged(END)])
    monkeypatch.setattr(store, "CHUNK", N + 1)
    assert len(rows_of(engine)) == N + 1
    with engine.connect() as connection:
        assert len(list(store.wanted_records(connection, store.AuditQuery()))) == N + 1


@pytest.mark.parametrize("first", [END, END + 1, 10**30])
def test_verify_from_a_number_that_is_none_says_so(engine: Engine, settings: Settings, first: int) -> None:
    with pytest.raises(OperationError, match="there is no row"):
        verify_store(settings, first, ())


def test_a_row_of_a_time_to_come_counts_for_nobodys_limit_and_hides_nothing(engine: Engine, settings: Settings) -> None:
    now = machine_ms()
    open_log(engine, settings).append(now, WHO, "reveal_limited")
    put(engine, [*rows_of(engine), msgspec.structs.replace(forged(N + 2, END), action="reveal", who=WHO.user_id)])
    with engine.connect() as connection:
        assert store.count_between(connection, WHO.user_id, "reveal", now - 1, now + 60_000) == 0
        assert connection.execute(select(func.max(audit.c.at))).scalar() == END
        said = [finding.what for finding in audit_findings(settings, connection)]
    assert any("1 times in the last week" in what for what in said), said


def test_room_and_end_are_those_of_the_database() -> None:
    (script,) = (SCRIPTS / "versions").glob("0014*.py")
    assert f"BETWEEN 1 AND {LAST_COUNTED} " in script.read_text("utf-8")
    assert f"a.number + {ROOM})" in script.read_text("utf-8")
