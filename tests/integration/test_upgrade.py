"""A store of the version before: its history becomes the read model of this one, and says so."""

from pathlib import Path

from sqlalchemy import text

from services.district.package import District
from services.projector.ingest import Ingest
from services.projector.rebuild import rebuild_if_old
from services.sealing import Sealer
from services.store.engine import open_engine
from services.store.migrate import head, upgrade
from services.store.write import MODEL, read_feed
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
        other.execute(text(f"INSERT INTO feed ({columns}) VALUES (:a, :b, :c, :d, :e, :f, :g)"),
                      dict(zip("abcdefg", feed, strict=True)))  # fmt: skip

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
