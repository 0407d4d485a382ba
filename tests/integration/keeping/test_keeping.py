"""It lives for years: what is old goes, in steps and by an index, and what must stay stays."""

import os
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, insert, select, text

from services.access import log_in_store as log_in
from services.access import tables as people_schema
from services.access.log_in import tries_store as tries
from services.admin.doctor.stream_reader import redis_findings
from services.audit import tables as audit_tables
from services.cases import tables as case_tables
from services.district.package import District
from services.duty import tables as duty_tables
from services.jobs import tables as job_tables
from services.keeping.retention_store import rules_of, take_away
from services.keeping.worker import RetentionKeeper
from services.past import tables as past_tables
from services.photos import tables as photo_tables
from services.platform.clock import DAY_MS, SetClock, to_rfc3339
from services.platform.database import is_postgres, writing
from services.platform.redis import GROUP, Keys
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.projector.ingest import Ingest
from services.projector.store import purge
from services.projector.store import tables as schema
from services.projector.store.beats import heard_between
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.reference import dump
from tests.tiny import CODE, NOON, case, entry, middle

KEYS = Keys(CODE)
SESSION = {"user_id": "u", "made_at": 1, "address": "", "ended_at": None}
COMMAND = {
    "batch": "b", "who": "u", "role": "duty_officer", "seat": "S1", "type": "case.urge", "case_id": "A",
    "expected_version": 1, "data": b"{}", "state": "done", "reason": "",
}  # fmt: skip
LIFE = {"seat": "S1", "kind": "k", "what": "raised", "who": "", "comment": "", "body": b"{}"}
DEAD = {"reason": "bad_value", "source": "/s", "type": "case.filed", "detail": "", "masked": ""}
JOB = {"kind": "pdf", "wanted": "{}", "who": "u", "state": "done", "tries": 1, "seen_at": 1, "said": "", "name": "n"}
PHOTO = {"photo": b"", "small": b"", "width": 1, "height": 1}
ROWS: dict[str, tuple[Any, Any]] = {
    "sessions": (people_schema.sessions, lambda n, at: {**SESSION, "token_hash": str(n), "seen_at": at}),
    "jobs": (job_tables.jobs, lambda n, at: {**JOB, "id": str(n), "asked_at": at}),
    "known_devices": (people_schema.known_devices, lambda n, at: {"device": str(n), "user_id": "u", "seen_at": at}),
    "photos": (photo_tables.photos, lambda n, at: {**PHOTO, "hash": str(n), "kept_at": at}),
    "photo_tries": (photo_tables.photo_tries, lambda n, at: {"address": str(n), "hash": "", "fault": "", "at": at}),
    "commands": (case_tables.commands, lambda n, at: {**COMMAND, "command_id": str(n), "at": at}),
    "alarm_lives": (duty_tables.alarm_lives, lambda n, at: {**LIFE, "id": n, "alarm": str(n), "at": at}),
    "dead": (schema.dead, lambda n, at: {**DEAD, "entry": n, "at": at}),
    "moments": (past_tables.moments, lambda n, at: {"at": at + n, "made_of": "m", "body": b""}),
    "beats": (schema.beats, lambda n, at: {"source": str(n), "since": at - 1, "until": at, "interval_s": 10.0}),
}


def keeper(engine: Engine, client: redis.Redis, **more: int) -> RetentionKeeper:
    settings = Settings(keep_moments_days=30, **more)
    return RetentionKeeper(settings, engine, client, CODE, SetClock(NOON), machine_ms=lambda: NOON)


@pytest.mark.redis
def test_every_rule_takes_what_is_old_and_leaves_the_rest(
    engine: Engine, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.keeping.worker.STEP", 40)
    rules = {rule.name: rule for rule in rules_of(Settings(keep_moments_days=30))}
    assert set(rules) == set(ROWS)
    with writing(engine) as connection:
        for name, (table, row) in ROWS.items():
            before = NOON - rules[name].days * DAY_MS
            rows = [row(n, before - 1000) for n in range(1, 101)] + [row(n, before + 1000) for n in range(101, 111)]
            connection.execute(insert(table), rows)
        standing = {"kind": "alarm", "key": "7", "version": 1, "entry": 0, "body": b"{}"}
        connection.execute(insert(schema.things), [standing])
        connection.execute(text("UPDATE commands SET state = 'unsent' WHERE command_id = '7'"))
    gone = keeper(engine, redis_client).once()
    kept = {name: len(dump(engine, name)[name]) for name in ROWS}
    assert {name: gone[name] for name in ROWS} == {**dict.fromkeys(ROWS, 100), "alarm_lives": 99, "commands": 99}
    assert kept == {**dict.fromkeys(ROWS, 10), "alarm_lives": 11, "commands": 11}
    assert keeper(engine, redis_client).once()["commands"] == 0


@pytest.mark.redis
def test_nothing_goes_where_a_setting_says_for_ever(engine: Engine, redis_client: redis.Redis) -> None:
    with writing(engine) as connection:
        table, row = ROWS["dead"]
        connection.execute(insert(table), [row(1, 1)])
    assert keeper(engine, redis_client, keep_dead_days=0).once()["dead"] == 0
    assert len(dump(engine, "dead")["dead"]) == 1


@pytest.mark.redis
def test_a_paper_is_kept_as_long_as_the_setting_says(engine: Engine, redis_client: redis.Redis) -> None:
    table, row = ROWS["jobs"]
    with writing(engine) as connection:
        connection.execute(insert(table), [row(1, NOON - 20 * DAY_MS), row(2, NOON - 40 * DAY_MS)])
    assert keeper(engine, redis_client, keep_jobs_days=0).once()["jobs"] == 0
    assert keeper(engine, redis_client, keep_jobs_days=30).once()["jobs"] == 1
    assert [job[0] for job in dump(engine, "jobs")["jobs"]] == ["1"]
    assert keeper(engine, redis_client).once()["jobs"] == 1


def test_a_device_goes_when_no_log_in_knows_it_any_more(engine: Engine) -> None:
    rule = next(rule for rule in rules_of(Settings()) if rule.name == "known_devices")
    before = NOON - rule.days * DAY_MS
    with writing(engine) as connection:
        for n, at in enumerate((before - 1, before, before + 1)):
            log_in.remember_device(connection, tries.hash_of(str(n)), "wang", at)
        known = [tries.place_of(connection, NOON, "wang", str(n), "10.1.2.3").startswith("device:") for n in range(3)]
        assert take_away(connection, rule, before, 10) == 1
        after = [tries.place_of(connection, NOON, "wang", str(n), "10.1.2.3").startswith("device:") for n in range(3)]
    assert known == after == [False, False, True]


@pytest.mark.redis
def test_the_audit_is_never_touched(engine: Engine, redis_client: redis.Redis) -> None:
    row = dict.fromkeys(("who", "role", "street", "address", "action", "object", "detail", "hash"), "x")
    with writing(engine) as connection:
        connection.execute(insert(audit_tables.audit), [{"number": 1, "at": 1, **row}])
    keeper(engine, redis_client).once()
    assert len(dump(engine, "audit")["audit"]) == 1


@pytest.mark.redis
def test_the_commands_stream_is_trimmed_by_age(sqlite_engine: Engine, redis_client: redis.Redis) -> None:
    seconds, _ = redis_client.time()
    old = (int(seconds) - 8 * 86_400) * 1000
    for n in range(5):
        redis_client.xadd(KEYS.commands, {"a": "b"}, id=f"{old}-{n + 1}")
    last = redis_client.xadd(KEYS.commands, {"a": "b"})
    assert keeper(sqlite_engine, redis_client).once()["command stream"] == 5
    assert [i for i, _ in redis_client.xrange(KEYS.commands)] == [last]
    assert keeper(sqlite_engine, redis_client, keep_command_stream_days=0).once()["command stream"] == 0


def moved(unit: str, at: int) -> dict[bytes, bytes]:
    return entry({"unit_id": unit, "at": to_rfc3339(at), **middle(0, 0)}, "unit.moved", at)


def test_positions_go_by_their_own_time_and_by_ours_whatever_their_ids(engine: Engine, tiny: District) -> None:
    """A unit whose clock runs ahead, a stream whose ids are of no time: no position is kept for longer."""
    ingest = Ingest(engine, tiny, Sealer(""))
    old, ahead = NOON - 8 * DAY_MS, NOON + 400 * DAY_MS
    entries = [
        (f"{old}-0", moved("past", old)),
        (f"{old + 1}-0", moved("ahead", ahead)),
        (f"{2**50}-0", moved("far", old)),
        (f"{2**50}-1", moved("new", NOON)),
    ]
    ingest.apply(entries, NOON, received={f"{old}-0": old, f"{old + 1}-0": old})
    purge.purge(engine, NOON)
    with engine.connect() as connection:
        kept = connection.execute(select(schema.history.c.time)).scalars().all()
    assert kept == [NOON]


def test_heartbeats_of_an_earlier_version_become_spans_in_steps(engine: Engine) -> None:
    """Their rows go; what the past needs of them stays, also where newer spans are there already."""
    beats = [(n, NOON - 10 * DAY_MS + 10_000 * n + (3_600_000 if n >= 50 else 0)) for n in range(100)]
    data = b'{"at":"2026-11-13T12:00:00Z","interval_s":10.0}'
    with writing(engine) as connection:
        connection.execute(
            insert(schema.history),
            [
                {"entry": n, "received_at": at, "time": at, "type": "source.heartbeat", "source": "/s", "event_id": "e",
                 "subject": "", "flags": "", "data": data} for n, at in beats
            ],
        )  # fmt: skip
        connection.execute(insert(schema.beats).values(source="/s", since=NOON, until=NOON + 9, interval_s=10.0))
    assert purge.purge(engine, NOON, step=7) == 100
    with engine.connect() as connection:
        heard = [(h.since, h.until) for h in heard_between(connection, 0, NOON * 2)]
        assert connection.execute(text("SELECT count(*) FROM history")).scalar() == 0
    assert heard == [(beats[0][1], beats[49][1]), (beats[50][1], beats[99][1]), (NOON, NOON + 9)]


def test_the_purge_finds_what_it_deletes_by_its_index(engine: Engine) -> None:
    """Among any number of rows that stay: it never reads them. On PostgreSQL each partition has an index."""
    index = "history_rest_type_received_at_time_idx" if is_postgres(engine) else "history_passing"
    if is_postgres(engine):
        with engine.connect() as connection:
            connection.execute(text("SET enable_seqscan = off"))
            plan = "\n".join(
                row[0]
                for row in connection.execute(text(f"EXPLAIN {purge._OLD_POSITIONS}"), {"before": NOON, "step": 10})
            )
    else:
        with engine.connect() as connection:
            plan = "\n".join(
                str(row)
                for row in connection.execute(
                    text(f"EXPLAIN QUERY PLAN {purge._OLD_POSITIONS}"), {"before": NOON, "step": 10}
                )
            )
    assert index in plan


@pytest.mark.redis
def test_a_redis_without_memory_is_trimmed_and_goes_on_by_itself(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    """A real maxmemory: old entries fill it, publishers are refused, nobody lends a hand."""
    import threading

    from tests.browser.conftest import wait_until

    client: Any = redis_client
    stream = EventStream(redis.Redis.from_url(redis_url), CODE, "one")
    ingest = Ingest(sqlite_engine, tiny, Sealer(""))
    projector = Projector(stream, sqlite_engine, ingest, SetClock(NOON), chores_every_s=0.2)
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    for n in range(300):
        client.xadd(KEYS.events, dict(entry(case(f"C{n}", description=os.urandom(1000).hex()))))
    thread.start()
    try:
        wait_until(lambda: len(dump(sqlite_engine, "cases")["cases"]) == 300, "taken in")
        assert client.xlen(KEYS.events) == 300  # kept for five minutes for whoever else reads
        client.config_set("maxmemory", client.info("memory")["used_memory"] - 300_000)
        refused = False
        try:
            client.xadd(KEYS.events, dict(entry(case("X"))))
        except redis.exceptions.OutOfMemoryError:
            refused = True
        assert refused
        wait_until(lambda: client.xlen(KEYS.events) < 10, "trimmed", 20)
        client.xadd(KEYS.events, dict(entry(case("AFTER"))))
        wait_until(lambda: len(dump(sqlite_engine, "cases")["cases"]) == 301, "it goes on", 20)
        wait_until(lambda: projector.waiting is None, "it is said that it is well")
    finally:
        client.config_set("maxmemory", 0)
        stop.set()
        thread.join(10)
        stream.client.close()


@pytest.mark.redis
def test_a_group_that_nobody_reads_is_named_with_the_line_that_ends_it(
    redis_client: redis.Redis, redis_url: str
) -> None:
    old = NOON - 8 * DAY_MS
    redis_client.xadd(KEYS.events, dict(entry(case())), id=f"{old}-0")
    redis_client.xgroup_create(KEYS.events, GROUP, "0")
    redis_client.xgroup_create(KEYS.events, "forgotten", "0")
    redis_client.xadd(KEYS.events, dict(entry(case())), id=f"{NOON}-0")
    redis_client.xgroup_create(KEYS.events, "reads", "$")
    found = [f for f in redis_findings(Settings(redis_url=redis_url), CODE) if "group" in f.what]
    assert [f.is_wrong for f in found] == [True]
    assert "'forgotten'" in found[0].what
    assert f"XGROUP DESTROY '{KEYS.events}' 'forgotten'" in found[0].remedy


@pytest.mark.postgres
@pytest.mark.redis
def test_the_keeper_makes_the_coming_months_of_the_history(
    postgres_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    Ingest(postgres_engine, tiny, Sealer(""))
    clock = SetClock(NOON)
    RetentionKeeper(Settings(), postgres_engine, redis_client, CODE, clock, zone=tiny.zone).once()
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'history'::regclass ORDER BY 1")
    with postgres_engine.connect() as connection:
        found = list(connection.scalars(query))
    assert found == ["history_2026_11", "history_2026_12", "history_2027_01", "history_rest"]
