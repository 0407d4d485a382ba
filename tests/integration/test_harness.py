"""What the tests stand on: copied stores are fresh and whole, forked processes are processes of their own."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from services.platform.database import open_engine
from services.platform.migrate import is_current, upgrade
from tests import warm
from tests.servers import Postgres
from tests.stores import fresh_engine

MODULE = "tests.integration.test_harness"


def main() -> int:
    """What the forked processes below run: say what is asked for."""
    import sys

    assert sys.argv[1:] == ["say", "it"]
    print(os.environ.get("SAID"), os.getsid(0) == os.getpid(), flush=True)
    match os.environ["END"]:
        case "code":
            return 3
        case "error":
            raise RuntimeError("a fault of its own")
        case "wait":
            signal.pause()
    return 0


def run(log: Path, end: str) -> warm.Process:
    return warm.start(["say", "it"], {"SAID": "words", "END": end}, log, MODULE)


def test_a_forked_process_has_its_own_environment_log_and_exit_code(tmp_path: Path) -> None:
    assert run(tmp_path / "a.log", "code").wait(20) == 3
    assert run(tmp_path / "b.log", "none").wait(20) == 0
    assert run(tmp_path / "c.log", "error").wait(20) == 1
    for name in "abc":
        assert (tmp_path / f"{name}.log").read_text().startswith("words True\n")
    assert "RuntimeError: a fault of its own" in (tmp_path / "c.log").read_text()
    assert "SAID" not in os.environ


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_forked_process_is_ended_by_its_id(tmp_path: Path, number: signal.Signals) -> None:
    one, other = run(tmp_path / "a.log", "wait"), run(tmp_path / "b.log", "wait")
    with pytest.raises(subprocess.TimeoutExpired):
        one.wait(0.1)
    one.send_signal(number)
    assert one.wait(10) == -number
    assert other.poll() is None
    other.kill_family()
    assert other.wait(10) == -signal.SIGKILL
    assert not Path(f"/proc/{other.pid}").exists()


def test_a_started_process_leads_its_group_at_once(tmp_path: Path) -> None:
    """Who is told the pid can kill the whole family: the group is there."""
    for n in range(30):
        started = run(tmp_path / f"{n}.log", "wait")
        assert os.getpgid(started.pid) == started.pid
        started.kill_family()
        assert started.wait(10) == -signal.SIGKILL


def test_a_copied_store_is_at_the_newest_migration_and_nobody_elses(tmp_path: Path) -> None:
    plain = open_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    upgrade(plain)
    one = fresh_engine(tmp_path / "one.db")
    with one.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (n INTEGER)"))
    other = fresh_engine(tmp_path / "other.db")
    assert is_current(other)
    assert inspect(other).get_table_names() == inspect(plain).get_table_names()
    for engine in (plain, one, other):
        engine.dispose()


@pytest.mark.postgres
def test_a_renewed_store_keeps_nothing_and_ends_who_was_connected(_postgres_server: Postgres) -> None:
    _postgres_server.renew()
    one = open_engine(_postgres_server.url)
    with one.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (n INTEGER)"))
    with pytest.raises(OperationalError, match="terminating connection"), one.connect() as connection:
        connection.execute(text("SELECT 1"))
        _postgres_server.renew()
        connection.execute(text("SELECT 1"))
    other = open_engine(_postgres_server.url)
    assert is_current(other)
    assert "left_behind" not in inspect(other).get_table_names()
    one.dispose()
    other.dispose()
