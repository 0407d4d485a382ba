"""The audit in both databases: dense from several processes at once, refused to change, read by page."""

import multiprocessing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.exc import DatabaseError

from services.audit import Deed, Signer, Who, check, verify
from services.audit import log_service as store
from services.audit.log_service import AuditLog, AuditQuery, Head
from services.audit.tables import audit
from services.platform.database import open_engine, writing

WHO = Who("wang", "duty_officer", "", "10.0.0.7")
OTHER = Who("li", "street_staff", "S1", "10.0.0.8")
KEY = Fernet.generate_key().decode()


def _append(url: str, user: str, times: int, key: str) -> None:
    engine = open_engine(url)
    log = AuditLog(engine, Signer([key]))
    for i in range(times):
        log.append_many(i, Who(user), [Deed("command", f"C{i}"), Deed("see_case", f"C{i}")])
    engine.dispose()


def test_processes_that_append_at_once_leave_one_dense_chain(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append, args=(url, f"u{n}", 25, KEY)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    with engine.connect() as connection:
        rows = list(store.records(connection))
    assert [row.number for row in rows] == list(range(1, 151))
    assert check(rows, signer=Signer([KEY])).sealed == 150
    assert {row.who for row in rows} == {"u0", "u1", "u2"}
    # A transaction's rows stand together.
    assert all(one.object == other.object for one, other in zip(rows[::2], rows[1::2], strict=True))


@pytest.mark.parametrize("deed", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit WHERE number = 1"])
def test_the_database_refuses_to_change_a_row(engine: Engine, deed: str) -> None:
    AuditLog(engine).append(1, WHO, "log_in")
    with pytest.raises(DatabaseError, match="the audit is append-only"), writing(engine) as connection:
        connection.execute(text(deed))
    with engine.connect() as connection:
        assert verify(store.records(connection)) is None
        assert store.head(connection).number == 1


@pytest.mark.postgres
def test_postgres_refuses_to_empty_the_table(postgres_engine: Engine) -> None:
    with pytest.raises(DatabaseError, match="append-only"), writing(postgres_engine) as connection:
        connection.execute(text("TRUNCATE audit"))


def test_a_row_put_in_beside_the_log_is_found(engine: Engine) -> None:
    log = AuditLog(engine)
    assert log.append(1, WHO, "log_in") == 1
    with writing(engine) as connection:
        row = connection.execute(select(audit)).one()._mapping
        connection.execute(insert(audit).values(**{**row, "number": 2, "who": "strange"}))
    log.append(2, WHO, "log_out")
    with engine.connect() as connection:
        found = verify(store.records(connection))
    assert found is not None
    assert (found.number, found.why) == (2, "link")


def test_what_stands_or_falls_with_a_transaction_does(engine: Engine) -> None:
    log = AuditLog(engine)
    with pytest.raises(RuntimeError), writing(engine) as connection:
        assert log.append(1, WHO, "see_case", "A", within=connection) == 1
        raise RuntimeError
    with writing(engine) as connection:
        log.append(1, WHO, "see_case", "B", within=connection)
        assert log.append(1, WHO, "see_case", "C", within=connection) == 2
    assert log.append_many(1, WHO, []) == 0
    with engine.connect() as connection:
        assert [row.object for row in store.records(connection)] == ["B", "C"]


def test_the_auditor_reads_pages_of_what_is_asked_for_newest_first(engine: Engine) -> None:
    log = AuditLog(engine)
    with engine.connect() as connection:
        assert store.head(connection) == Head(0, "")
        assert store.newest(connection, AuditQuery(), 10) == []
    for i in range(30):
        log.append(1000 + i, OTHER if i % 3 else WHO, "reveal" if i % 2 else "see_case", f"C{i % 5}", field="address")
    with engine.connect() as connection:

        def numbers(wanted: AuditQuery, limit: int = 100, below: int | None = None) -> list[int]:
            return [row.number for row in store.newest(connection, wanted, limit, below)]

        assert numbers(AuditQuery(), 3) == [30, 29, 28]
        assert numbers(AuditQuery(), 3, 28) == [27, 26, 25]
        assert numbers(AuditQuery(who="wang", actions=("reveal",)), 2) == [28, 22]
        assert numbers(AuditQuery(object="C4", actions=("reveal", "see_case"))) == [30, 25, 20, 15, 10, 5]
        assert numbers(AuditQuery(since=1027, until=1029)) == [29, 28]
        assert [row.number for row in store.wanted_records(connection, AuditQuery(who="li"))] == [
            n for n in range(30, 0, -1) if (n - 1) % 3
        ]
        last = store.newest(connection, AuditQuery(), 1)[0]
        assert store.head(connection) == Head(30, last.hash)
        assert store.hash_of(connection, 30) == last.hash
        assert store.hash_of(connection, 31) == ""
        assert (last.who, last.role, last.street, last.address) == ("li", "street_staff", "S1", "10.0.0.8")
        assert last.detail == '{"field":"address"}'


def test_more_rows_than_a_chunk_come_in_their_order(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CHUNK", 7)
    AuditLog(sqlite_engine).append_many(5, WHO, [Deed("see_case", str(i)) for i in range(21)])
    AuditLog(sqlite_engine).append(9, WHO, "log_out")
    with sqlite_engine.connect() as connection:
        assert verify(store.records(connection)) is None
        assert [row.number for row in store.records(connection, 3)] == list(range(3, 23))
        assert len(list(store.records(connection, until=9))) == 21
        assert len(list(store.wanted_records(connection, AuditQuery()))) == 22
        assert connection.execute(select(func.count()).select_from(audit)).scalar() == 22


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'bare.db'}")
    with pytest.raises(DatabaseError):
        AuditLog(engine).append(1, WHO, "log_in")
    engine.dispose()
