"""A bad entry stops nothing: 10,000 malformed ones of every kind between good ones."""

import json
from collections import Counter
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from services.cases.case import CaseRow
from services.district.package import District
from services.platform.clock import SetClock
from services.platform.redis import Keys
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.reference import dump
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis


def raw(data: bytes, kind: str = "case.reported", **changed: bytes) -> dict[bytes, bytes]:
    fields = {**entry({}, kind), b"data": data}
    for name, value in changed.items():
        fields[name.encode()] = value
    return fields


def good_with(**more: Any) -> bytes:
    return json.dumps({k: v for k, v in {**case("BAD"), **more}.items() if v is not None}).encode()


KINDS: list[tuple[str, str, dict[bytes, bytes]]] = [
    ("not JSON", "bad_json", raw(b"{'a': 1}")),
    ("cut off", "bad_json", raw(good_with()[:-9])),
    ("not UTF-8", "bad_json", raw(b'{"case_id": "\xff\xfe"}')),
    ("a lone surrogate", "bad_json", raw(b'{"case_id":"\\ud800","version":1}')),
    ("NaN", "bad_json", raw(good_with(lat=float("nan")))),
    ("nested 17 deep", "bad_json", raw(b'{"a":' * 17 + b"1" + b"}" * 17)),
    ("empty", "bad_json", raw(b"")),
    ("a list", "bad_value", raw(b"[]")),
    ("no case_id", "missing_field", raw(good_with().replace(b'"case_id"', b'"cash_id"'))),
    ("no status", "missing_field", raw(b'{"case_id":"X","version":1}')),
    ("version 0", "bad_value", raw(good_with(version=0))),
    ("a huge version", "bad_value", raw(good_with(version=2**70))),
    ("version as text", "bad_value", raw(good_with(version="7"))),
    ("an unknown status", "bad_value", raw(good_with(status="lost"))),
    ("an unknown channel", "bad_value", raw(good_with(channel="PIGEON"))),
    ("severity 9", "bad_value", raw(good_with(severity=9))),
    ("a time without offset", "bad_value", raw(good_with(reported_at="2026-11-23T12:00:00"))),
    ("a limit of 0", "bad_value", raw(good_with(limit={"value": 0, "unit": "UH"}))),
    ("NUL in the id", "bad_value", raw(good_with(case_id="a\x00b"))),
    ("an id of 65", "bad_value", raw(good_with(case_id="x" * 65))),
    ("latitude 999", "bad_value", raw(good_with(lat=999))),
    ("no coord_sys", "missing_field", raw(good_with(coord_sys=None))),
    ("on the other side of the world", "outside_district", raw(good_with(lon=-71.0, lat=42.3))),
    ("an unknown type", "unknown_type", raw(b"{}", "weather.changed")),
    ("no specversion", "not_cloudevent", {k: v for k, v in entry(case()).items() if k != b"specversion"}),
    ("another specversion", "not_cloudevent", raw(good_with(), specversion=b"0.3")),
    ("no source", "not_cloudevent", raw(good_with(), source=b"")),
    ("no time", "missing_field", {k: v for k, v in entry(case()).items() if k != b"time"}),
    ("a time that is none", "bad_value", raw(good_with(), time=b"yesterday")),
    ("too large", "too_large", raw(b'{"description":"' + b"x" * 270_000 + b'"}')),
    ("only rubbish", "not_cloudevent", {b"\x00\xff": b"\xfe"}),
]


@pytest.mark.parametrize(("name", "reason", "fields"), KINDS, ids=[k[0] for k in KINDS])
def test_each_kind_has_its_reason_and_a_sentence(
    name: str, reason: str, fields: dict[bytes, bytes], tiny: District, sqlite_engine: Engine
) -> None:
    outcome = Ingest(sqlite_engine, tiny, Sealer("")).apply([(f"{NOON}-0", fields)], NOON)
    assert [r.reason for _, r in outcome.refused] == [reason], outcome.refused
    assert len(outcome.refused[0][1].detail) > 10
    assert dump(sqlite_engine)["cases"] == []


def test_ten_thousand_of_every_kind_between_good_ones(
    engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    keys = Keys(CODE)
    pipe = redis_client.pipeline(transaction=False)
    small = [k for k in KINDS if k[1] != "too_large"]
    expected: Counter[str] = Counter()
    for number in range(10_000):
        _, reason, fields = small[number % len(small)]
        expected[reason] += 1
        pipe.xadd(keys.events, dict(fields))
        if number % 10 == 0:
            pipe.xadd(keys.events, dict(entry(case(f"G{number}"))))
    pipe.execute()
    stream = EventStream(redis.Redis.from_url(redis_url), CODE, "one")
    Projector(stream, engine, Ingest(engine, tiny, Sealer("")), SetClock(NOON)).drain()
    assert len(dump(engine, "cases")["cases"]) == 1000
    assert Counter(row[2] for row in dump(engine, "dead")["dead"]) == expected
    assert redis_client.xlen(keys.dead) == 10_000
    told = redis_client.xrange(keys.dead, count=1)[0][1]
    assert {b"entry_id", b"reason", b"detail", b"source", b"type", b"at"} <= set(told)
    assert redis_client.xpending(keys.events, "projector")["pending"] == 0


def test_an_entry_that_breaks_the_projector_by_a_bug_is_set_aside(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    class Buggy(Ingest):
        """Cannot bear a case called BOOM."""

        def read(self, entries: Any, *rest: Any) -> Any:
            if any(b"BOOM" in f[b"data"] and f[b"specversion"] == b"1.0" for _, f in entries):
                raise ZeroDivisionError("a bug of ours")
            return super().read(entries, *rest)

        def commit(self, batch: Any, *rest: Any, **more: Any) -> Any:
            if any(b"CRASH" in f[b"data"] and f[b"specversion"] == b"1.0" for f in batch.raw.values()):
                raise ZeroDivisionError("another bug of ours")
            return super().commit(batch, *rest, **more)

    for name in ("A", "BOOM", "CRASH", "B"):
        redis_client.xadd(Keys(CODE).events, dict(entry(case(name))))
    stream = EventStream(redis.Redis.from_url(redis_url), CODE, "one")
    Projector(stream, sqlite_engine, Buggy(sqlite_engine, tiny, Sealer("")), SetClock(NOON)).drain()
    assert [row[0] for row in dump(sqlite_engine, "cases")["cases"]] == ["A", "B"]
    assert len(dump(sqlite_engine, "dead")["dead"]) == 2
    assert redis_client.xpending(Keys(CODE).events, "projector")["pending"] == 0


def test_a_time_ahead_is_applied_flagged_and_counted_by_source(sqlite_engine: Engine, tiny: District) -> None:
    ahead = entry(case("A"), at=NOON + 3_600_000, source="/fast-clock")
    Ingest(sqlite_engine, tiny, Sealer("")).apply([(f"{NOON}-0", ahead)], NOON)
    tables = dump(sqlite_engine)
    assert "clock_skew" in tables["cases"][0][CaseRow.__struct_fields__.index("flags")]
    assert ("clock_skew", "/fast-clock", 1) in tables["tallies"]


def test_unknown_fields_are_left_out_and_counted(sqlite_engine: Engine, tiny: District) -> None:
    data = {**case("A"), "mood": "good", "category": {"name": "井盖", "colour": "grey"}}
    Ingest(sqlite_engine, tiny, Sealer("")).apply([(f"{NOON}-0", entry(data))], NOON)
    assert ("unknown_fields", "/case-system", 2) in dump(sqlite_engine)["tallies"]
    assert b"mood" not in dump(sqlite_engine, "history")["history"][0][8]
