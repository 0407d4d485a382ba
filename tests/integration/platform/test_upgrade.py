"""A store of the version before: its history becomes the read model of this one, and says so."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from services.district.package import District
from services.platform.database import open_engine
from services.platform.migrate import head, is_current, upgrade
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild_if_old
from services.projector.ingest import Ingest
from services.projector.store.write import MODEL, read_feed
from tests.lives import lives
from tests.reference import dump
from tests.tiny import NOON, numbered


def test_a_store_of_the_first_version_is_made_again_from_its_history(tiny: District, tmp_path: Path) -> None:
    now = open_engine(f"sqlite:///{tmp_path / 'now.db'}")
    upgrade(now)
    entries = numbered(lives(1, cases=30))
    Ingest(now, tiny, Sealer("")).apply(entries, NOON, entries[-1][0])

    old = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    upgrade(old, "0001")
    with now.connect() as connection, old.begin() as other:
        for row in connection.execute(text("SELECT * FROM history")).mappings():
            names = ", ".join(row)
            other.execute(text(f"INSERT INTO history ({names}) VALUES ({', '.join(f':{n}' for n in row)})"), dict(row))
        columns = "id, district, revision, position, last_entry, processed, lost"
        feed = connection.execute(text(f"SELECT {columns} FROM feed")).one()
        other.execute(
            text(f"INSERT INTO feed ({columns}) VALUES (:a, :b, :c, :d, :e, :f, :g)"),
            dict(zip("abcdefg", feed, strict=True)),
        )

    said: list[str] = []
    upgrade(old)
    ingest = Ingest(old, tiny, Sealer(""))
    rebuild_if_old(old, ingest, NOON, said.append)
    assert said
    assert "made again from the history" in said[0]
    names = ("cases", "rollups", "rollups_later", "case_marks", "things")
    assert dump(old, *names) == dump(now, *names)
    with old.connect() as connection:
        found = read_feed(connection)
    assert found is not None
    assert found.model == MODEL
    rebuild_if_old(old, ingest, NOON, said.append)
    assert len(said) == 1


def test_the_newest_migration_is_alembics_own_head(tmp_path: Path) -> None:
    store = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(store)
    with store.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == head()


@pytest.mark.postgres
def test_migrations_have_no_statement_timeout_and_leave_it_to_everybody_else(
    postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of years: an index on a hundred million rows takes longer than any statement of ours may."""
    url = postgres_engine.url.render_as_string(hide_password=False)
    with postgres_engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    monkeypatch.setattr("services.platform.database.STATEMENT_TIMEOUT_MS", 150)
    hurried = open_engine(url)
    upgrade(hurried, "0010")
    with hurried.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT pg_sleep(0.5)"))
    holder = postgres_engine.connect()
    holder.execute(text("LOCK TABLE history IN ROW EXCLUSIVE MODE"))  # CREATE INDEX CONCURRENTLY waits for it
    waiting = threading.Thread(target=upgrade, args=(hurried,))
    waiting.start()
    waiting.join(0.6)
    assert waiting.is_alive()
    holder.rollback()
    holder.close()
    waiting.join(20)
    assert is_current(hurried)
    with hurried.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "150ms"
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'history_passing'::regclass"
        assert connection.execute(text(valid)).scalar() is True
    hurried.dispose()


@pytest.mark.postgres
def test_two_processes_that_migrate_at_once(postgres_engine: Engine) -> None:
    with postgres_engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    program = (
        "import sys; from services.platform.database import open_engine; "
        "from services.platform.migrate import upgrade; "
        "upgrade(open_engine(sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, postgres_engine.url.render_as_string(hide_password=False)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[1] for process in both] == ["", ""]
    assert [process.returncode for process in both] == [0, 0]
    assert is_current(postgres_engine)
