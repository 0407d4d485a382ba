"""Every process's figures: a file each, whole, in a slot of its own; the district's from Redis and the database."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text
from sqlalchemy import Engine

from services.admin.figures_reader import DistrictFigures
from services.audit import Who
from services.audit.log_service import AuditLog
from services.district.package import District
from services.health.figures_store import FiguresFile
from services.health.hearts import Hearts
from services.jobs.job import Job
from services.jobs.service import Jobs
from services.platform.clock import HOUR_MS, SetClock, machine_ms, to_rfc3339
from services.platform.metric import Metric, gauge
from services.platform.redis import GROUP, Keys, connect
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.doors import WHO, House, house
from tests.tiny import CODE, NOON, case, entry

EVENTS = Keys(CODE).events
ADMIN = next(who for who in WHO if who.name == "admin")


def read(path: Path) -> dict[tuple[str, ...], float]:
    """Name and the values of labels but district, process and slot → the value."""
    found = {}
    for family in parse_text(path.read_text("utf-8")):
        for one in family.samples:
            own = [text for name, text in one.labels.items() if name not in {"district", "process", "slot"}]
            found[one.name, *own] = one.value
    return found


@pytest.mark.redis
def test_a_process_writes_its_figures_while_it_lives_and_takes_them_away(
    redis_client: redis.Redis, tmp_path: Path
) -> None:
    folder = tmp_path / "metrics"
    with Hearts(redis_client, CODE, figures=folder) as hearts:
        hearts.begin("alarms").turn("leader")
        hearts.tell(lambda: [gauge("lianqin_told", "by the process", 5)])
        path = folder / f"lianqin-{CODE}-alarms-0.prom"
        wait_until(path.exists, "it is written")
        assert hearts._file is not None
        hearts._file.write()
        found = read(path)
        assert (
            found["lianqin_told",],
            found["lianqin_loop_leads", "alarms"],
            found["lianqin_loop_waits", "alarms"],
        ) == (5, 1, 0)
        assert 0 <= found["lianqin_loop_idle_seconds", "alarms"] < 5
        assert found["lianqin_process_resident_memory_bytes",] > 10_000_000
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert not path.exists()


def test_two_of_one_name_have_two_slots_and_the_next_one_takes_the_place_of_one_that_is_gone(tmp_path: Path) -> None:
    first, second, third = (FiguresFile(tmp_path, CODE, "papers") for _ in range(3))
    first.begin()
    second.begin()
    assert (first.path.name, second.path.name) == (f"lianqin-{CODE}-papers-0.prom", f"lianqin-{CODE}-papers-1.prom")
    first.end()
    third.begin()
    assert third.path == first.path
    second.end()
    third.end()


def test_a_folder_that_is_not_ours_to_write_is_said_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    one = FiguresFile(tmp_path / "file" / "below", CODE, "alarms")
    one.begin()
    one.end()
    assert "figures cannot be written to" in caplog.text


def of(metrics: list[Metric]) -> dict[tuple[str, ...], float]:
    return {(metric.sample_name, *labels.values()): n for metric in metrics for labels, n in metric.samples}


@pytest.mark.redis
def test_the_districts_figures_are_what_stream_and_store_hold(
    engine: Engine, redis_url: str, redis_client: redis.Redis, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.admin.figures_reader.KEPT_S", -1.0)
    figures = DistrictFigures(engine, connect(redis_url), CODE)
    projector = Projector(
        EventStream(connect(redis_url), CODE, "one"), engine, Ingest(engine, tiny, Sealer("")), SetClock(NOON)
    )
    for n in range(3):
        redis_client.xadd(EVENTS, dict(entry(case(f"A{n}"))))
    redis_client.xadd(EVENTS, dict(entry(case("A9", status="lost"))))
    projector.drain()
    now = machine_ms()
    Jobs(engine).ask(Job("j1", "pdf", "{}", "leader", now, "waiting", 0, "", ""))
    AuditLog(engine).append(now, Who("cli:root"), "backup_made", "x", made_at=to_rfc3339(now - 3 * HOUR_MS))
    found = of(figures.look())
    assert (found["lianqin_redis_up",], found["lianqin_database_up",]) == (1, 1)
    assert (found["lianqin_stream_entries",], found["lianqin_stream_unread_entries",]) == (4, 0)
    assert (found["lianqin_stream_pending_entries",], found["lianqin_stream_oldest_waiting_seconds",]) == (0, 0)
    assert (found["lianqin_dead_entries", "bad_value"], found["lianqin_jobs", "waiting"]) == (1, 1)
    assert found["lianqin_database_size_bytes",] > 100_000
    assert 10_800 <= found["lianqin_backup_age_seconds",] < 10_900
    told = of(projector.counts.figures())
    assert (told["lianqin_ingest_entries_total", "accepted"], told["lianqin_ingest_entries_total", "refused"]) == (3, 1)
    # One is read and never acknowledged, one is not even read: the older one tells since when something waits.
    own: Any = redis_client
    before = now - 60_000
    last = own.xinfo_stream(EVENTS)["last-generated-id"].decode()
    own.xadd(EVENTS, dict(entry(case("B1"))))
    own.xreadgroup(GROUP, "lost", {EVENTS: ">"}, count=1)
    own.xadd(EVENTS, dict(entry(case("B2"))))
    found = of(figures.look())
    assert (found["lianqin_stream_pending_entries",], found["lianqin_stream_unread_entries",]) == (1, 1)
    assert 0 < found["lianqin_stream_oldest_waiting_seconds",] < 60
    assert int(last.partition("-")[0]) > before
    # Redis counts from what it remembers of the group: after its restart that may be anything.
    own.xgroup_setid(EVENTS, GROUP, own.xinfo_stream(EVENTS)["last-generated-id"], entries_read=1)
    assert of(figures.look())["lianqin_stream_unread_entries",] == 0


@pytest.mark.redis
def test_a_stream_and_a_store_that_are_away_are_figures_too(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE feed")
    found = of(DistrictFigures(sqlite_engine, connect("redis://127.0.0.1:1/0"), CODE).look())
    assert found == {("lianqin_redis_up",): 0, ("lianqin_database_up",): 0}


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        yield found


@pytest.mark.redis
def test_the_address_answers_in_both_forms_and_the_strict_parser_takes_the_newer_one(home: House) -> None:
    plain = home.get(ADMIN, "/metrics")
    assert plain.content_type == "text/plain; version=0.0.4; charset=utf-8"
    names = {family.name for family in parse_text(plain.text)}
    asked = home.client(ADMIN).get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,*/*"})
    assert asked.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in parse_open(asked.text)} == names
    assert {"lianqin_build_info", "lianqin_district_info", "lianqin_redis_up", "lianqin_open_cases"} <= names
