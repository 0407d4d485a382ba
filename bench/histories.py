"""A store with a history of millions of cases, made set-wise in minutes: narrow case rows, the roll-ups whole.

The cases are drawn by ``bench.drawn`` and counted by ``bench.setwise``; a test on 50,000 of them proves that the
projector's own way in gives the same roll-ups.

python -m bench.histories --url sqlite:////tmp/history.db [--cases 2000000]
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table

from bench.drawn import Cases, draw, rows
from bench.setwise import Counts
from services.cases import tables as case_tables
from services.district.load import load
from services.district.package import District
from services.indicators import tables as indicator_tables
from services.indicators.case_counts import count, counted_text
from services.operations.simulator.generate import generate
from services.platform.clock import machine_ms
from services.platform.database import is_postgres, open_engine, writing
from services.platform.migrate import upgrade
from services.projector.store.write import open_feed

CASES = 2_000_000
CHUNK = 50_000


def fill(
    engine: Engine,
    district: District,
    cases: int,
    now: int,
    *,
    seed: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Cases:
    """Fill a migrated, empty store with the history that ends at ``now``; returns the cases."""
    drawn = draw(district, cases, now, seed)
    say(f"{cases:,} cases drawn")
    with writing(engine) as connection:
        open_feed(connection, district.code)
        for start in range(0, cases, CHUNK):
            _insert(connection, case_tables.cases, _case_rows(drawn.part(slice(start, start + CHUNK)), district))
        say("cases written")
        counts = Counts(district, drawn)
        for chunk in counts.rollups():
            _insert(connection, indicator_tables.rollups, chunk)
        say("roll-ups written")
        for chunk in counts.rollups_later():
            _insert(connection, indicator_tables.rollups_later, chunk)
        say("what is seen later written")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if is_postgres(engine) else "ANALYZE")
    return drawn


def _case_rows(cases: Cases, district: District) -> Iterable[tuple[Any, ...]]:
    """Of open cases also what they count for: they are what the projector will still move."""
    for row in rows(cases):
        text = counted_text(count(row, district)) if row.is_open else ""
        yield *msgspec.structs.astuple(row), text


def _insert(connection: Connection, table: Table, found: Iterable[tuple[Any, ...]]) -> None:
    if not is_postgres(connection):
        connection.exec_driver_sql(_statement(table), list(found))
        return
    driver: Any = connection.connection.driver_connection
    names = ", ".join(column.name for column in table.columns)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in found:
            copy.write_row(row)


@cache
def _statement(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' for _ in table.columns)})"


def main() -> None:
    """Make one and say how long it took."""
    parser = argparse.ArgumentParser(description="Fill an empty store with a history of millions of cases")
    parser.add_argument("--url", required=True)
    parser.add_argument("--cases", type=int, default=CASES)
    options = parser.parse_args()
    engine = open_engine(options.url)
    upgrade(engine)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        district = load(Path(folder))
    fill(
        engine,
        district,
        options.cases,
        machine_ms(),
        say=lambda what: print(f"{time.perf_counter() - start:6.1f} s  {what}", flush=True),
    )
    engine.dispose()


if __name__ == "__main__":
    main()
