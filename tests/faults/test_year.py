"""A district's year on PostgreSQL: what it takes, how a month leaves it, what is purged beside work, a cold start.

The month is the demo's own, told by its case system and taken in as any other; the year is twelve of them.
"""

import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, text

from services.cases.tables import cases
from services.contract.entry import entry_key
from services.district.load import load
from services.district.package import District
from services.operations.embedded import EmbeddedRedis, die_with_parent, free_port
from services.operations.simulator.generate import SEED, generate
from services.operations.simulator.world import CaseSystem
from services.platform.clock import DAY_MS, parse_ms
from services.platform.database import open_engine
from services.platform.sealing import Sealer
from services.projector.archive.month import Month
from services.projector.archive.partitions_store import make_months
from services.projector.archive.service import ArchiveKeeper
from services.projector.ingest import Ingest
from services.projector.store.purge import purge
from services.search.worker import SearchIndexer
from tests.browser.conftest import wait_until
from tests.servers import Postgres
from tests.tiny import case, entry

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
MONTH, OLDEST = Month(2026, 11), Month(2025, 12)
END = parse_ms("2026-12-01T00:00:00+08:00")
DAYS, MOST_BYTES = 30, 12 * 10**9
# A board of the past every four hours, kept for ever; the audit's rows of a busy district (docs/operations.md).
BOARD_BYTES, BOARDS_A_DAY, AUDIT_BYTES, AUDIT_A_DAY = 200_000, 6, 300, 5_000


class Year(NamedTuple):
    """The store of a year, and what the told month has added to a fresh one."""

    engine: Engine
    folder: Path
    district: District
    month_bytes: int
    events: int


def size(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory, _postgres_server: Postgres) -> Iterator[Year]:
    folder = tmp_path_factory.mktemp("year") / "district"
    generate(folder)
    district = load(folder)
    _postgres_server.renew()
    engine = open_engine(_postgres_server.url)
    fresh, ingest = size(engine), Ingest(engine, district, Sealer(""))
    months = [OLDEST.plus(n) for n in range(13)]
    assert make_months(engine, district.zone, months) == months
    told = CaseSystem(district, SEED).history(END - DAYS * DAY_MS, END, lambda _share: None)
    events = 0
    while batch := list(islice(told, 1000)):
        ingest.apply(batch, END, received={entry_id: entry_key(entry_id) >> 20 for entry_id, _ in batch})
        events += len(batch)
    SearchIndexer(engine, Sealer("")).drain()
    month_bytes = size(engine) - fresh
    for month in months[:-2]:
        copy_month(engine, district, month)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("VACUUM (ANALYZE) history")
        connection.exec_driver_sql("RESET statement_timeout")
    yield Year(engine, folder, district, month_bytes, events)
    engine.dispose()


def copy_month(engine: Engine, district: District, month: Month) -> None:
    """The told month once more, as another: other events of other cases, which are over and known by nobody else."""
    start, end = month.span(district.zone)
    shift = start - MONTH.span(district.zone)[0]
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.execute(
            text(
                "INSERT INTO history "
                "SELECT entry + :shift * 1048576, received_at + :shift, time + :shift, type, source, "
                "event_id || :name, subject || :name, flags, data, sealed FROM history_2026_11 "
                "WHERE received_at + :shift < :end"
            ),
            {"shift": shift, "end": end, "name": f"-{month}"},
        )


def test_a_year_takes_less_than_12_gb(year: Year) -> None:
    beside = 365 * (BOARD_BYTES * BOARDS_A_DAY + AUDIT_BYTES * AUDIT_A_DAY)
    whole = 12 * year.month_bytes + beside
    print(f"a month: {year.events:,} events, {year.month_bytes / 1e6:,.0f} MB; a year {whole / 1e9:.1f} GB")
    assert year.events > 200_000
    assert whole < MOST_BYTES


@contextmanager
def events_coming(year: Year) -> Iterator[list[float]]:
    """Some twenty events a second, one a commit; how long each commit took, in seconds."""
    stop, took = threading.Event(), list[float]()

    def run() -> None:
        ingest, n = Ingest(year.engine, year.district, Sealer("")), 0
        while not stop.wait(0.05):
            n += 1
            began = time.monotonic()
            ingest.apply([(f"{END + n}-{len(took)}", entry(case(f"LIVE-{n}"), event_id=f"live-{n}-{began}"))], END)
            took.append(time.monotonic() - began)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield took
    finally:
        stop.set()
        thread.join(60)


def test_a_month_leaves_at_once_and_gives_its_place_back_while_events_come(year: Year, tmp_path: Path) -> None:
    found = ArchiveKeeper(year.engine, year.district, tmp_path, "lianqin test", lambda _line: None)
    written = found.write(OLDEST, END, END)
    assert written is not None
    before = size(year.engine)
    with events_coming(year) as took:
        began = time.monotonic()
        assert found.remove(OLDEST, END) == written.rows
        seconds = time.monotonic() - began
    freed = before - size(year.engine)
    print(f"{written.rows:,} rows out in {seconds:.1f} s, {freed / 1e6:,.0f} MB free, a commit {max(took):.1f} s")
    assert freed > 0.8 * written.rows / year.events * _history_bytes(year)
    assert seconds < 60
    assert max(took) < 20


def _history_bytes(year: Year) -> int:
    with year.engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_total_relation_size('history_2026_11')")) or 0)


def test_what_passes_is_purged_in_steps_beside_events(year: Year) -> None:
    with year.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO history SELECT entry + 7, received_at, time, 'unit.moved', source, event_id || '-u', 'U', '', "
            f"'{{}}', NULL FROM history_2026_11 WHERE received_at < {END - 8 * DAY_MS} LIMIT 100000 "
            "ON CONFLICT DO NOTHING"
        )
        moved = int(connection.scalar(text("SELECT count(*) FROM history WHERE type = 'unit.moved'")) or 0)
    assert moved > 50_000
    with events_coming(year) as took:
        began = time.monotonic()
        assert purge(year.engine, END) >= moved
        seconds = time.monotonic() - began
    print(f"{moved:,} positions purged in {seconds:.1f} s, a commit {max(took):.2f} s at most")
    assert seconds < 120
    assert max(took) < 5


def test_a_case_is_found_in_a_year_as_fast_as_in_a_month(year: Year) -> None:
    with year.engine.connect() as connection:
        ids = list(connection.scalars(text(f"SELECT case_id FROM {cases.name} ORDER BY case_id LIMIT 200")))
        began = time.monotonic()
        for case_id in ids:
            connection.execute(text("SELECT count(*) FROM history WHERE subject = :id"), {"id": case_id}).scalar_one()
        each_ms = (time.monotonic() - began) / len(ids) * 1000
    print(f"{each_ms:.2f} ms a case")
    assert each_ms < 20


def test_a_cold_start_on_a_year_is_live_within_10_s(year: Year, tmp_path: Path) -> None:
    """Projector and web process are started at once, as after a power cut; live is what `/readyz` says."""
    server, port = EmbeddedRedis(tmp_path / "redis"), free_port()
    server.start()
    with year.engine.connect() as connection:
        events = int(connection.scalar(text("SELECT count(*) FROM history")) or 0)
        is_open = int(connection.scalar(text("SELECT count(*) FROM cases WHERE is_open")) or 0)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LIANQIN_")},
        "LIANQIN_REDIS_URL": server.url,
        "LIANQIN_DATABASE_URL": year.engine.url.render_as_string(hide_password=False),
        "LIANQIN_DISTRICT": str(year.folder),
        "LIANQIN_DATA_DIR": str(tmp_path),
        "LIANQIN_PORT": str(port),
    }
    began, processes = time.monotonic(), []
    try:
        for name in ("projector", "web"):
            with (tmp_path / f"{name}.log").open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "dashboard.cli", name],
                        env=environment,
                        stdout=log,
                        stderr=log,
                        preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
                    )
                )
        wait_until(lambda: is_ready(port), "it is live", 60)
        seconds = time.monotonic() - began
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
        server.stop()
    print(f"{events:,} events, {is_open:,} open cases: live after {seconds:.1f} s")
    assert events > 1_000_000
    assert seconds < 10


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
