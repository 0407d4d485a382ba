"""The projector over a real Redis: what it says of what it refuses, to whom, and what it keeps of it."""

import logging
from collections import Counter
from typing import Any

import msgspec
import pytest
import redis
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError

from services.board.sources import source_rows
from services.district.package import District
from services.platform import metadata
from services.platform.clock import SetClock, to_rfc3339
from services.platform.redis import Keys
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.store import tables as schema
from services.projector.store.purge import purge
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.integration.board.test_board import follower
from tests.integration.projector.test_rubbish import KINDS
from tests.reference import dump
from tests.stores import fresh_engine
from tests.tiny import CODE, NOON, case, entry, middle, numbered

KEYS = Keys(CODE)
NAME, PHONE = "张三丰", "13812345678"


def everything(engine: Engine, client: redis.Redis) -> str:
    """All that a reader of the tables and of what we write to Redis can see."""
    found = []
    with engine.connect() as connection:
        for table in metadata.metadata.tables:
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                found += [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row]
    for key in (KEYS.dead, KEYS.board):
        for _, fields in client.xrange(key):
            found += [v.decode("utf-8", "replace") for v in fields.values()]
    return "\n".join(found)


def project(engine: Engine, district: District, url: str, sealer: Sealer) -> None:
    stream = EventStream(redis.Redis.from_url(url), CODE, "one")
    Projector(stream, engine, Ingest(engine, district, sealer), SetClock(NOON)).drain()
    stream.client.close()


SECRET = {"name": NAME, "phone": PHONE}
WITH_PERSON: list[dict[bytes, bytes]] = [
    entry(case("A", reporter=SECRET)),
    entry(case("B", reporter=SECRET, mood=1)),
    entry(case("C", reporter=SECRET, title="长" * 300)),
    entry(case("D", version=0, reporter=SECRET)),
    entry(case("E", reporter={"name": NAME, "phone": int(PHONE)})),
    entry(case("F", reporter=[NAME, PHONE])),
    entry(case("G", reporter=f"{NAME} {PHONE}")),
    entry(case("H", lat=999, reporter=SECRET, handler=NAME)),
    entry(case("I", lon=0.0, reporter=SECRET)),
    {**entry(case("J", reporter=SECRET)), b"specversion": b"0.3"},
    {**entry({}), b"data": str(case("K", reporter=SECRET)).encode()},
    {**entry({}), b"data": msgspec.json.encode(case("L", reporter=SECRET))[:-4]},
    {**entry({}), b"data": msgspec.json.encode({"reporter": SECRET, **case("M")})[:60]},
    entry({"reporter": SECRET}, "weather.changed"),
    {**entry({}), b"data": b'{"reporter":{"name":"' + NAME.encode() + b'"},"reporter":null,' + b'"case_id":"N"'},
    {b"reporter": NAME.encode(), b"phone": PHONE.encode()},
]


@pytest.mark.redis
def test_without_a_key_the_reporter_is_nowhere(
    engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    """In no table and in nothing that we write to Redis, accepted or refused, whole or in pieces."""
    for fields in WITH_PERSON:
        redis_client.xadd(KEYS.events, dict(fields))
    project(engine, tiny, redis_url, Sealer(""))
    assert len(dump(engine, "history")["history"]) == 3
    assert len(dump(engine, "dead")["dead"]) == len(WITH_PERSON) - 3
    seen = everything(engine, redis_client)
    assert NAME not in seen
    assert PHONE not in seen


@pytest.mark.redis
def test_with_a_key_every_original_can_be_opened_and_nothing_else_names_the_reporter(
    engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    sealer = Sealer(Fernet.generate_key().decode())
    for fields in WITH_PERSON:
        redis_client.xadd(KEYS.events, dict(fields))
    project(engine, tiny, redis_url, sealer)
    seen = everything(engine, redis_client)
    assert NAME not in seen
    assert PHONE not in seen
    with engine.connect() as connection:
        reporters = connection.execute(select(schema.history.c.sealed)).scalars().all()
        originals = connection.execute(select(schema.dead.c.sealed).order_by(schema.dead.c.entry)).scalars().all()
    assert [msgspec.json.decode(sealer.open(bytes(r))) for r in reporters] == [SECRET] * 3
    opened = [msgspec.msgpack.decode(sealer.open(bytes(o)), type=dict[bytes, bytes]) for o in originals]
    assert opened == WITH_PERSON[3:]


@pytest.mark.redis
def test_ten_thousand_refusals_are_a_few_lines_in_the_log(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    kinds = [fields for _, reason, fields in KINDS if reason != "too_large"]
    with redis_client.pipeline(transaction=False) as pipe:
        for number in range(10_000):
            pipe.xadd(KEYS.events, dict(kinds[number % len(kinds)]))
        pipe.execute()
    project(sqlite_engine, tiny, redis_url, Sealer(""))
    assert len(dump(sqlite_engine, "dead")["dead"]) == 10_000
    assert len(caplog.records) < 5


@pytest.mark.redis
def test_what_was_refused_and_not_yet_told_is_told_with_the_next_batch(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    """A projector killed between commit and telling: whoever takes its entries over tells of them."""
    ingest = Ingest(sqlite_engine, tiny, Sealer(""))
    bad: Any = redis_client.xadd(KEYS.events, dict(entry(case(version=0))))
    ingest.apply([(bad.decode(), entry(case(version=0)))], NOON, "0-0")
    redis_client.xadd(KEYS.events, dict(entry(case())))
    project(sqlite_engine, tiny, redis_url, Sealer(""))
    assert redis_client.xlen(KEYS.dead) == 1
    assert dump(sqlite_engine)["tallies"] == [("refused:bad_value", "/case-system", 1)]


class FailsOnce(Ingest):
    """Its first commit fails after everything was written."""

    failed = False

    def _commit(self, *args: Any, **more: Any) -> Any:
        done = super()._commit(*args, **more)
        if not self.failed:
            self.failed = True
            raise OperationalError("commit", {}, Exception("the database went away"))
        return done


def test_a_second_try_keeps_the_units_positions_that_the_first_would_have(engine: Engine, tiny: District) -> None:
    moves = numbered([entry({"unit_id": "U1", "at": to_rfc3339(NOON), **middle(0, 0)}, "unit.moved")])
    ingest = FailsOnce(engine, tiny, Sealer(""))
    with pytest.raises(OperationalError):
        ingest.apply(moves, NOON, moves[-1][0])
    assert dump(engine, "history")["history"] == []
    ingest.apply(moves, NOON, moves[-1][0])
    assert len(dump(engine, "history")["history"]) == 1


def test_a_heartbeat_from_the_future_does_not_stop_its_source(sqlite_engine: Engine, tiny: District) -> None:
    """A clock that was wrong once, and then right again: the source is live by what arrives."""
    ingest = Ingest(sqlite_engine, tiny, Sealer(""))
    beats = [entry({"at": to_rfc3339(NOON + ahead), "interval_s": 10}, "source.heartbeat") for ahead in (10**10, 0)]
    ingest.apply([(f"{NOON - 60_000}-0", beats[0])], NOON)
    ingest.apply([(f"{NOON}-0", beats[1])], NOON)
    followed, _ = follower(sqlite_engine, tiny, SetClock(NOON))
    assert source_rows(followed.board, {}, NOON + 1000) == [["/case-system", "/case-system", "live", NOON]]


def test_an_error_of_the_database_names_no_values(engine: Engine) -> None:
    """An error's text goes to a log."""
    with engine.connect() as connection, pytest.raises(Exception, match="nowhere") as caught:
        connection.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": NAME})
    assert NAME not in str(caught.value)


THINGS = st.sampled_from(
    [
        "camera.changed",
        "camera.removed",
        "camera.status",
        "notice.published",
        "command.accepted",
        "command.rejected",
        "source.heartbeat",
    ]
)


def thing(kind: str, key: int, number: int) -> dict[bytes, bytes]:
    at = to_rfc3339(NOON + number * 1000)
    data: dict[str, Any] = {
        "camera.changed": {"camera_id": f"K{key}", "version": number + 1, **middle(key, 0)},
        "camera.removed": {"camera_id": f"K{key}", "version": number + 1},
        "camera.status": {"camera_id": f"K{key}", "at": at, "status": "offline"},
        "notice.published": {"notice_id": f"N{key}", "title": f"{number}", "at": at},
        "command.accepted": {"command_id": f"Q{key}", "reason": str(number)},
        "command.rejected": {"command_id": f"Q{key}", "reason": str(number)},
        "source.heartbeat": {"at": at, "backlog": number},
    }[kind]
    return entry(data, kind, NOON + number * 400_000, source=f"/s{key}")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.tuples(THINGS, st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=25),
    size=st.integers(1, 9),
    rng=st.randoms(use_true_random=False),
)
def test_things_fold_to_the_same_in_any_order_and_by_a_rebuild(
    kinds: list[tuple[Any, int, int]], size: int, rng: Any, tiny: District, tmp_path_factory: pytest.TempPathFactory
) -> None:
    entries = numbered([thing(*k) for k in kinds])
    shuffled = [*entries, *entries[::2]]
    rng.shuffle(shuffled)
    folder, dumps = tmp_path_factory.mktemp("things"), []
    for name, order in (("straight", entries), ("shuffled", shuffled)):
        engine = fresh_engine(folder / f"{name}.db")
        ingest = Ingest(engine, tiny, Sealer(""))
        for start in range(0, len(order), size):
            ingest.apply(order[start : start + size], NOON)
        dumps.append(dump(engine))
        rebuild(engine, ingest, NOON, lambda _text: None)
        dumps.append(dump(engine))
        engine.dispose()
    assert all(found == dumps[0] for found in dumps)


def test_the_clock_skew_is_counted_by_source_however_often_the_event_comes(engine: Engine, tiny: District) -> None:
    ingest = Ingest(engine, tiny, Sealer(""))
    entries = numbered([entry(case(f"A{i}"), at=NOON + 10**7, source=f"/s{i % 2}") for i in range(5)])
    for batch in (entries, entries[:3], entries):
        ingest.apply(batch, NOON)
    skewed = Counter({source: n for what, source, n in dump(engine)["tallies"] if what == "clock_skew"})
    assert skewed == {"/s0": 3, "/s1": 2}


def test_an_older_version_that_comes_late_is_kept_and_changes_nothing_that_stands(
    engine: Engine, tiny: District
) -> None:
    ingest = Ingest(engine, tiny, Sealer(""))
    new, old = entry(case("A", 3, "closed", closed_at=to_rfc3339(NOON))), entry(case("A", 2, "handling"))
    ingest.apply([(f"{NOON}-0", new)], NOON)
    before = dump(engine, "rollups", "rollups_later")
    ingest.apply([(f"{NOON + 1}-0", old)], NOON)
    assert dump(engine, "rollups", "rollups_later") == before
    assert len(dump(engine, "history")["history"]) == 2


def test_a_rebuild_after_a_purge_brings_back_nothing_that_was_purged(engine: Engine, tiny: District) -> None:
    ingest = Ingest(engine, tiny, Sealer(""))
    week = 8 * 86_400_000
    old = entry({"unit_id": "U1", "at": to_rfc3339(NOON - week), **middle(0, 0)}, "unit.moved", NOON - week)
    ingest.apply([(f"{NOON - week}-0", old), (f"{NOON}-0", entry(case()))], NOON)
    assert purge(engine, NOON) == 2
    before = dump(engine)
    rebuild(engine, ingest, NOON, lambda _text: None)
    assert dump(engine, "cases", "rollups", "things") == {k: before[k] for k in ("cases", "rollups", "things")}


def test_publishers_hear_what_is_stored_and_again_where_redis_has_forgotten_it(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    stream = EventStream(redis.Redis.from_url(redis_url), CODE, "one")
    projector = Projector(stream, sqlite_engine, Ingest(sqlite_engine, tiny, Sealer("")), SetClock(NOON))
    projector.drain()
    assert redis_client.get(KEYS.stored) is None
    for refused in (0, 1):
        last = redis_client.xadd(KEYS.events, dict(entry(case("A", version=1 - refused))))
        projector.drain()
        assert redis_client.get(KEYS.stored) == last, "what was refused is among the dead: it need not come again"
    projector._advance()
    redis_client.delete(KEYS.stored)
    projector.drain()  # as after an outage
    projector._advance()
    assert redis_client.get(KEYS.stored) == last
    stream.client.close()
