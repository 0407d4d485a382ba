"""The history by month on PostgreSQL: made ahead, filled, detached with what stays kept, put back; both migrations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, select, text

from services.admin.doctor.store_reader import store_findings
from services.district.package import District
from services.platform.clock import parse_ms
from services.platform.database import open_engine
from services.platform.migrate import SCRIPTS, upgrade
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.projector.archive.month import Month
from services.projector.archive.partitions_store import _before, bounds_of, coming_months, make_months
from services.projector.ingest import Ingest
from services.projector.store import tables as schema
from tests.archive_scene import LATER, OCTOBER, OLD, SEPTEMBER, keeper, months, take_in
from tests.reference import dump
from tests.tiny import NOON, case, entry

pytestmark = pytest.mark.postgres
SQL = Path(__file__).parents[3] / "deploy/postgres/roles.sql"


def rows_in(engine: Engine) -> dict[str, int]:
    """Partition → its rows; where there are any."""
    query = text("SELECT tableoid::regclass::text, count(*) FROM history GROUP BY 1 ORDER BY 1")
    with engine.connect() as connection:
        return {str(name): int(n) for name, n in connection.execute(query)}


def partitions(engine: Engine) -> list[str]:
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'history'::regclass ORDER BY 1")
    with engine.connect() as connection:
        return list(connection.scalars(query))


def downgrade(engine: Engine, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["engine"] = engine
    command.downgrade(config, to)


def opened(engine: Engine, district: District) -> None:
    """The store has its district: a projector has begun."""
    Ingest(engine, district, Sealer(""))


def test_months_are_made_ahead_once_and_take_what_is_received_in_them(postgres_engine: Engine, tiny: District) -> None:
    opened(postgres_engine, tiny)
    coming = coming_months(tiny.zone, OLD)
    assert list(map(str, coming)) == ["2026-09", "2026-10", "2026-11"]
    assert make_months(postgres_engine, tiny.zone, coming) == coming
    assert make_months(postgres_engine, tiny.zone, coming) == []
    start, end = OCTOBER.span(tiny.zone)
    edges = [(at, entry(case(f"E{at}"), event_id=str(at))) for at in (start - 1, start, end - 1, end, LATER)]
    take_in(postgres_engine, tiny, edges)
    assert rows_in(postgres_engine) == {
        "history_2026_09": 1,
        "history_2026_10": 2,
        "history_2026_11": 1,
        "history_rest": 1,
    }


def test_what_came_before_its_months_partition_is_moved_into_it(postgres_engine: Engine, tiny: District) -> None:
    months(postgres_engine, tiny)
    before = dump(postgres_engine, "history")
    assert list(rows_in(postgres_engine)) == ["history_rest"]
    assert make_months(postgres_engine, tiny.zone, [SEPTEMBER]) == [SEPTEMBER]
    assert list(rows_in(postgres_engine)) == ["history_2026_09", "history_rest"]
    assert dump(postgres_engine, "history") == before


def test_a_month_is_taken_out_with_its_partition_as_it_is_row_by_row(
    postgres_engine: Engine, sqlite_engine: Engine, tiny: District, tmp_path: Path
) -> None:
    """SQLite has no partitions: what is left, and what is noted, is the same."""
    opened(postgres_engine, tiny)
    make_months(postgres_engine, tiny.zone, [SEPTEMBER, OCTOBER])
    done = {}
    for engine in (postgres_engine, sqlite_engine):
        months(engine, tiny)
        found = keeper(engine, tiny, tmp_path / engine.dialect.name)
        found.write(SEPTEMBER, LATER, LATER)
        done[engine] = found.remove(SEPTEMBER, LATER)

    def left(engine: Engine) -> list[Any]:
        """Ids of events are random where the scene gives none."""
        return [dump(engine, "archived_events", "cases", "things"), [(*row[:5], *row[6:]) for row in kept(engine)]]

    assert done[postgres_engine] == done[sqlite_engine] > 30
    assert left(postgres_engine) == left(sqlite_engine)
    assert "history_2026_09" not in partitions(postgres_engine)
    stays = rows_in(postgres_engine)["history_rest"]
    found = keeper(postgres_engine, tiny, tmp_path / "postgresql")
    assert found.restore(SEPTEMBER, LATER) == done[postgres_engine]
    assert rows_in(postgres_engine)["history_2026_09"] == done[postgres_engine] + stays - _of_later(postgres_engine)
    assert found.remove(SEPTEMBER, LATER) == done[postgres_engine]
    assert left(postgres_engine) == left(sqlite_engine)


def _of_later(engine: Engine) -> int:
    """Rows that have no partition: November's."""
    return rows_in(engine).get("history_rest", 0)


def test_where_somebody_reads_for_long_rows_go_one_by_one(
    postgres_engine: Engine, tiny: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(postgres_engine, tiny)
    make_months(postgres_engine, tiny.zone, [SEPTEMBER])
    months(postgres_engine, tiny)
    said: list[str] = []
    found = keeper(postgres_engine, tiny, tmp_path)
    monkeypatch.setattr(found, "_say", said.append)
    found.write(SEPTEMBER, LATER, LATER)
    with postgres_engine.begin() as owner:  # as the function has it, in a tenth of the time
        owner.exec_driver_sql("ALTER FUNCTION history_month_drop(text) RENAME TO as_it_is")
        owner.exec_driver_sql(
            "CREATE FUNCTION history_month_drop(month text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
            "SET LOCAL lock_timeout = '200ms'; "
            "ALTER TABLE history DETACH PARTITION history_2026_09; RETURN true; END $$"
        )
    with postgres_engine.connect() as reader:
        reader.execute(select(schema.history.c.entry).limit(1))
        assert found.remove(SEPTEMBER, LATER) > 30
    assert "somebody reads the history for long" in said[0]
    assert "history_2026_09" in partitions(postgres_engine)


@pytest.fixture
def app(postgres_engine: Engine) -> Iterator[Engine]:
    """The store as the processes' role has it open, which owns nothing."""
    with postgres_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(SQL.read_text("utf-8"))
        connection.exec_driver_sql("REVOKE ALL ON DATABASE lianqin FROM PUBLIC")  # as database.sql has it
        connection.exec_driver_sql("GRANT CONNECT ON DATABASE lianqin TO lianqin_app")
    found = open_engine(postgres_engine.url.set(username="lianqin_app").render_as_string(hide_password=False))
    yield found
    found.dispose()


def test_the_processes_role_makes_and_drops_months_and_nothing_else(
    app: Engine, postgres_engine: Engine, tiny: District, tmp_path: Path
) -> None:
    opened(app, tiny)
    assert make_months(app, tiny.zone, [SEPTEMBER, OCTOBER]) == [SEPTEMBER, OCTOBER]
    months(app, tiny)
    with app.connect() as connection:  # a dump reads each partition by its own name
        assert connection.execute(text("SELECT count(*) FROM history_2026_09")).scalar_one() > 30
    found = keeper(app, tiny, tmp_path)
    found.write(SEPTEMBER, LATER, LATER)
    assert found.remove(SEPTEMBER, LATER) > 30
    assert "history_2026_09" not in partitions(postgres_engine)
    for name in ("before", "2026_11; DROP TABLE audit", "2026-13-01", ""):
        with app.begin() as connection:
            assert not connection.execute(text("SELECT history_month_drop(:name)"), {"name": name}).scalar()
    assert bounds_of(app, OCTOBER, tiny.zone) is not None


@pytest.mark.parametrize(
    "taken",
    ["EXECUTE ON FUNCTION history_month(text, bigint, bigint)", "TEMPORARY ON DATABASE lianqin"],
    ids=["months", "temporary tables"],
)
def test_the_doctor_says_what_right_the_role_lacks(
    taken: str, app: Engine, postgres_engine: Engine, tiny: District
) -> None:
    opened(app, tiny)
    settings = Settings(database_url=app.url.render_as_string(hide_password=False))
    assert "store_rights" not in [finding.code for finding in store_findings(settings, tiny.code)]
    with postgres_engine.begin() as connection:
        connection.exec_driver_sql(f"REVOKE {taken} FROM lianqin_app")
    said = [str(finding) for finding in store_findings(settings, tiny.code) if finding.code == "store_rights"]
    assert len(said) == 1
    assert "Run deploy/postgres/roles.sql in it again" in said[0]


def at_0023(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    upgrade(engine, "0023")


def structure(engine: Engine) -> list[Any]:
    """Columns, indexes and rights of the history."""
    with engine.connect() as connection:
        return [
            connection.execute(text(query)).all()
            for query in (
                "SELECT attname, atttypid::regtype::text, attnotnull FROM pg_attribute WHERE attrelid = "
                "'history'::regclass AND attnum > 0 ORDER BY attnum",
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'history' ORDER BY 1",
                "SELECT relkind, relacl::text FROM pg_class WHERE relname = 'history'",
            )
        ]


@pytest.mark.parametrize("goes_on", [False, True], ids=["at once", "after two months"])
def test_a_store_of_before_keeps_every_row_up_and_down_again(
    goes_on: bool, postgres_engine: Engine, tiny: District, tmp_path: Path
) -> None:
    engine = postgres_engine
    at_0023(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("GRANT SELECT ON history TO PUBLIC")
    whole, rows = structure(engine), dump_rows(engine, tiny)
    upgrade(engine)
    assert list(rows_in(engine)) == ["history_before"]
    assert kept(engine) == rows
    if goes_on:
        at = parse_ms("2027-01-05T10:00:00+08:00")
        with engine.connect() as connection:
            assert _before(connection) == max(row[0] for row in rows) + 1
        assert make_months(engine, tiny.zone, coming_months(tiny.zone, NOON)) == [Month(2026, 12), Month(2027, 1)]
        take_in(engine, tiny, [(at, entry(case("NEW"), event_id="new"))])
        assert rows_in(engine)["history_2027_01"] == 1
        found = keeper(engine, tiny, tmp_path)
        found.write(SEPTEMBER, LATER, LATER)
        assert found.remove(SEPTEMBER, LATER) > 30  # of what was there before, row by row
        rows = kept(engine)
    downgrade(engine, "0023")
    assert kept(engine) == rows
    assert structure(engine) == whole
    upgrade(engine)
    assert kept(engine) == rows


def test_a_new_store_goes_down_and_up_again_too(postgres_engine: Engine, tiny: District) -> None:
    opened(postgres_engine, tiny)
    make_months(postgres_engine, tiny.zone, [SEPTEMBER])
    months(postgres_engine, tiny)
    rows = kept(postgres_engine)
    downgrade(postgres_engine, "0023")
    assert kept(postgres_engine) == rows
    upgrade(postgres_engine)
    assert kept(postgres_engine) == rows


def dump_rows(engine: Engine, district: District) -> list[Any]:
    months(engine, district)
    return kept(engine)


def kept(engine: Engine) -> list[Any]:
    return dump(engine, "history")["history"]
