"""What an error of the database or of Redis means: real errors of real servers, and every code of the tables."""

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.platform.database import open_engine
from services.platform.errors import AWAY, BY_SQLSTATE, STORE_ERRORS, Waiting, fault_of, first_line
from services.projector.store.upsert import append_history

# What an administrator or a bad day brings: never the fault of an entry.
STATES = {
    "08006": "store_away", "57P01": "store_away", "57P03": "store_away", "57014": "store_timeout",
    "53100": "store_full", "53200": "store_memory", "53300": "store_busy", "25006": "store_read_only",
    "42501": "store_rights", "28P01": "store_rights", "42P01": "store_schema", "42703": "store_schema",
    "40001": "store_conflict", "40P01": "store_conflict", "55P03": "store_locked", "58030": "store_disk",
    "XX001": "store_corrupt", "XX002": "store_corrupt", "3D000": "store_schema", "25P02": "store_state",
}  # fmt: skip
SUSPECTS = ("22001", "22003", "22021", "54000", "54001", "23502", "23505", "P0001", "99999")


def of_state(state: str) -> Exception:
    kind = psycopg.errors.lookup(state) if state != "99999" else psycopg.DatabaseError
    error = kind("words")
    if error.sqlstate is None:
        error.sqlstate = state
    return error


@pytest.mark.parametrize(("state", "code"), STATES.items())
def test_a_state_is_waited_for(state: str, code: str) -> None:
    for error in (of_state(state), OperationalError("x", {}, of_state(state))):
        found = fault_of(error)
        assert (found.code, found.is_suspect) == (code, False)
        assert found.words


@pytest.mark.parametrize("state", SUSPECTS)
def test_what_an_entry_may_have_caused_is_a_suspect(state: str) -> None:
    assert fault_of(of_state(state)).is_suspect


def test_every_class_that_the_table_names_is_one_of_postgresql() -> None:
    known = {code for code, _ in psycopg.errors._sqlcodes.items()}
    assert {prefix for prefix in BY_SQLSTATE if not any(code.startswith(prefix) for code in known)} == set()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (redis.exceptions.OutOfMemoryError("command not allowed"), "redis_full"),
        (redis.ResponseError("OOM command not allowed when used memory > 'maxmemory'."), "redis_full"),
        (redis.exceptions.ReadOnlyError("You can't write against a read only replica."), "redis_read_only"),
        (redis.ResponseError("MISCONF Redis is configured to save RDB snapshots"), "redis_disk"),
        (redis.exceptions.NoPermissionError("no permissions"), "redis_rights"),
        (redis.ResponseError("NOGROUP No such key"), "stream_gone"),
        (redis.exceptions.BusyLoadingError("Redis is loading the dataset in memory"), "redis_away"),
        (redis.ConnectionError("refused"), "redis_away"),
        (redis.TimeoutError("timed out"), "redis_away"),
        (redis.exceptions.MovedError("3999 127.0.0.1:6381"), "redis_cluster"),
        (PoolTimeoutError("QueuePool limit"), "store_busy"),
        (MemoryError(), "memory"),
    ],
)
def test_redis_and_the_rest(error: Exception, code: str) -> None:
    found = fault_of(error)
    assert (found.code, found.is_suspect) == (code, False)


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("y"), RecursionError(), UnicodeEncodeError("u", "s", 0, 1, "r")]
)
def test_a_bug_of_ours_is_a_suspect(error: Exception) -> None:
    assert fault_of(error).is_suspect


def test_all_the_stores_errors_are_caught_by_one_name() -> None:
    errors = [*map(of_state, (*STATES, *SUSPECTS)), PoolTimeoutError(), sqlite3.OperationalError("x")]
    assert [error for error in errors if not isinstance(error, STORE_ERRORS)] == []
    assert isinstance(Waiting(fault_of(MemoryError())), AWAY)


SQLITE: dict[str, tuple[list[str], str, str]] = {
    "full": (["PRAGMA max_page_count = 1"], "CREATE TABLE more (x)", "store_full"),
    "read_only": (["PRAGMA query_only = ON"], "DELETE FROM tallies", "store_read_only"),
    "no_table": ([], "DELETE FROM nowhere", "store_schema"),
    "no_column": ([], "INSERT INTO tallies (colour) VALUES (1)", "store_schema"),
}


@pytest.mark.parametrize("case", SQLITE)
def test_errors_of_a_real_sqlite(case: str, sqlite_engine: Engine) -> None:
    before, statement, code = SQLITE[case]
    with sqlite_engine.connect() as connection, pytest.raises(STORE_ERRORS) as caught:
        for one in before:
            connection.exec_driver_sql(one)
        connection.exec_driver_sql(statement)
    assert (fault_of(caught.value).code, fault_of(caught.value).is_suspect) == (code, False)


def test_a_trigger_of_sqlite_is_a_suspect(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER stop BEFORE INSERT ON tallies BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        )
    with sqlite_engine.connect() as connection, pytest.raises(STORE_ERRORS) as caught:
        connection.exec_driver_sql("INSERT INTO tallies VALUES ('a', 'b', 1)")
    assert fault_of(caught.value).code == "store_rule"


def test_a_locked_sqlite(sqlite_engine: Engine, tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with sqlite_engine.connect() as connection, pytest.raises(STORE_ERRORS) as caught:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
        connection.exec_driver_sql("DELETE FROM tallies")
    holder.close()
    assert fault_of(caught.value).code == "store_locked"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "bad.db"
    path.write_bytes(b"no database at all" * 100)
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(STORE_ERRORS) as caught, engine.connect():
        pass
    assert fault_of(caught.value).code == "store_corrupt"


HISTORY: tuple[Any, ...] = (1, 1, 1, "case.filed", "/s", "e", "A", "", b"{}", None)


@pytest.mark.postgres
def test_errors_of_a_real_postgresql_also_under_copy(postgres_engine: Engine) -> None:
    """COPY goes past SQLAlchemy: its errors are told as SQLAlchemy's all the same, without the row's text."""
    secret = "张三丰"
    for before, row, code in (
        ("SET default_transaction_read_only = on", HISTORY, "store_read_only"),
        ("SET statement_timeout = 1", None, "store_timeout"),
        ("ALTER TABLE history DROP COLUMN flags", HISTORY, "store_schema"),
        (None, (*HISTORY[:3], "bad \x00 zero", secret, *HISTORY[5:]), "store_data"),
        (None, (*HISTORY[:3], None, secret, *HISTORY[5:]), "store_rule"),
    ):
        with postgres_engine.connect() as connection, pytest.raises(STORE_ERRORS) as caught:
            if before:
                connection.exec_driver_sql(before)
                if not before.startswith("ALTER"):
                    connection.commit()
            if row is None:
                connection.execute(text("SELECT pg_sleep(5)"))
            else:
                append_history(connection, [row])
        with postgres_engine.connect() as connection:
            connection.exec_driver_sql("RESET ALL")
            connection.commit()
        assert fault_of(caught.value).code == code
        assert secret not in first_line(caught.value)


def test_a_server_that_is_not_there() -> None:
    engine = open_engine("postgresql+psycopg://u@127.0.0.1:1/n")
    with pytest.raises(STORE_ERRORS) as caught, engine.connect():
        pass
    assert fault_of(caught.value).code == "store_away"


@pytest.mark.postgres
def test_a_database_that_is_not_there(postgres_engine: Engine) -> None:
    engine = open_engine(postgres_engine.url.set(database="nowhere").render_as_string(hide_password=False))
    with pytest.raises(STORE_ERRORS) as caught, engine.connect():
        pass
    assert fault_of(caught.value).code == "store_schema"
    engine.dispose()
