"""From an entry to an event: what is taken, what is refused and in which words, and never an exception."""

import json
from time import perf_counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract.case import Case
from services.contract.codes import DEAD_REASONS
from services.contract.entry import encode_entry
from services.contract.parse import MAX_ENTRY_BYTES, Event, Refused, parse
from services.contract.set_apart import Personal
from services.platform.clock import to_rfc3339
from tests.tiny import NOON, case, entry


def read(data: bytes | dict[str, Any], kind: str = "case.reported", **attributes: bytes | None) -> Event | Refused:
    fields = entry({}, kind)
    fields[b"data"] = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    for name, value in attributes.items():
        if value is None:
            fields.pop(name.encode())
        else:
            fields[name.encode()] = value
    return parse("1-0", fields, NOON)


def taken(*args: Any, **more: Any) -> Event:
    found = read(*args, **more)
    assert isinstance(found, Event), found
    return found


def refused(*args: Any, **more: Any) -> tuple[str, str]:
    found = read(*args, **more)
    assert isinstance(found, Refused), found
    return found.reason, found.detail


def body(event: Event) -> Case:
    assert isinstance(event.body, Case)
    return event.body


@pytest.mark.parametrize(
    ("more", "reason", "names"),
    [
        ({"version": 0}, "bad_value", ["$.version", "found 0"]),
        ({"version": "7"}, "bad_value", ["$.version", 'found "7"']),
        ({"version": 2**53 + 1}, "bad_value", ["$.version", f"found {2**53 + 1}"]),
        ({"version": 10**30}, "bad_value", ["$.version", "found 1000"]),
        ({"version": True}, "bad_value", ["$.version", "found True"]),
        ({"severity": 9}, "bad_value", ["$.severity", "found 9"]),
        ({"status": "lost"}, "bad_value", ["$.status", "'lost'"]),
        ({"reported_at": "2026-11-23T12:00:00"}, "bad_value", ["$.reported_at", '"2026-11-23T12:00:00"']),
        ({"reported_at": "0001-01-01T00:00:00+14:00"}, "bad_value", ["$.reported_at", "0001-01-01"]),
        ({"closed_at": "9999-12-31T23:59:59-14:00"}, "bad_value", ["$.closed_at", "9999-12-31"]),
        ({"dispatched_at": "0001-01-01T00:00:00Z"}, "bad_value", ["$.dispatched_at", "0001-01-01"]),
        (
            {"clocks": [{"what": "close"}, {"what": "close", "deadline_at": "1601-01-01T00:00:00Z"}]},
            "bad_value",
            ["$.clocks[1].deadline_at", "1601-01-01"],
        ),
        (
            {"clocks": [{"what": "close", "limit": {"value": -1, "unit": "UH"}}]},
            "bad_value",
            ["$.clocks[0].limit.value", "found -1"],
        ),
        ({"co_units": ["D1", 7]}, "bad_value", ["$.co_units[1]", "found 7"]),
        ({"suspensions": [{}]}, "missing_field", ["`from`", "$.suspensions[0]"]),
        ({"case_id": ...}, "missing_field", ["`case_id`"]),
        ({"case_id": "x" * 65}, "bad_value", ["$.case_id", "xxx"]),
        ({"lon": 10**400}, "bad_value", ["$.lon", "found 1000"]),
        ({"title": {"a": 1}}, "bad_value", ["$.title"]),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence_that_names_field_and_value(
    more: dict[str, Any], reason: str, names: list[str]
) -> None:
    found, detail = refused(case(**more))
    assert found == reason
    assert [name for name in names if name not in detail] == [], detail


@pytest.mark.parametrize(
    ("attributes", "reason", "names"),
    [
        ({"specversion": None}, "not_cloudevent", "specversion"),
        ({"specversion": b"0.3"}, "not_cloudevent", "'0.3'"),
        ({"id": b""}, "not_cloudevent", "attribute id"),
        ({"source": None}, "not_cloudevent", "attribute source"),
        ({"type": b""}, "not_cloudevent", "attribute type"),
        ({"id": b"a\x00b"}, "bad_value", r"id 'a\x00b'"),
        ({"id": b"x" * 201}, "bad_value", "id 'xxx"),
        ({"source": b"/a\nb"}, "bad_value", r"source '/a\nb'"),
        ({"type": b"case.\x00x"}, "unknown_type", r"case.\x00x"),
        ({"type": b"case." + b"x" * 100_000}, "unknown_type", "case.xxx"),
        ({"type": b"weather.changed"}, "unknown_type", "'weather.changed'"),
        ({"time": None}, "missing_field", "attribute time"),
        ({"time": b"\xff"}, "bad_value", "attribute time"),
        ({"time": b"yesterday"}, "bad_value", "'yesterday'"),
        ({"time": b"2026-11-23T12:00:00"}, "bad_value", "has no offset"),
        ({"time": b"9999-12-31T23:59:59-14:00"}, "bad_value", "9999-12-31"),
        ({"time": b"0001-01-01T00:00:00+14:00"}, "bad_value", "0001-01-01"),
        ({"data": None}, "missing_field", "attribute data"),
    ],
)
def test_a_wrong_attribute_is_refused_and_named(attributes: dict[str, Any], reason: str, names: str) -> None:
    more = dict(attributes)
    data = more.pop("data", json.dumps(case()).encode())
    fields = entry({}, "case.reported") | {b"data": data or b""}
    if data is None:
        fields.pop(b"data")
    for name, value in more.items():
        if value is None:
            fields.pop(name.encode())
        else:
            fields[name.encode()] = value
    found = parse("1-0", fields, NOON)
    assert isinstance(found, Refused)
    assert (found.reason, names in found.detail) == (reason, True), found


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"{'a': 1}", b"\xff\xfe{", b'{"lat":NaN}', b'{"title":"\xd6\xd0"}', b'{"case_id":"\\ud800"}'],
)
def test_what_is_no_json_is_bad_json(data: bytes) -> None:
    assert refused(data)[0] == "bad_json"


@pytest.mark.parametrize("data", [b"null", b"[]", b'"x"', b"7"])
def test_json_that_is_no_object_is_a_bad_value(data: bytes) -> None:
    assert refused(data)[0] == "bad_value"


def test_sixteen_levels_are_read_and_seventeen_are_not() -> None:
    def nested(levels: int) -> bytes:  # the outermost object is one of them
        inner = b"[" * (levels - 1) + b"]" * (levels - 1)
        return json.dumps(case()).encode()[:-1] + b',"more":' + inner + b"}"

    assert taken(nested(16)).unknown_fields == 1
    assert refused(nested(17)) == ("bad_json", "data is nested deeper than 16")


def test_brackets_in_a_text_are_no_nesting() -> None:
    assert body(taken(case(title='[[[[[[[[[[[[[[[[[[[[ "{{{{{{\\'))).title


@pytest.mark.parametrize(
    "data",
    [
        b'"' + b'\\"' * 120_000 + b"[" * 17,
        b'{"a":"' + b'"\\\n' * 80_000 + b"[" * 17,
        b'"\\' * 120_000 + b"[" * 17,
        b"[" * 250_000,
        b'{"a":' * 50_000,
        b'{"reporter":' * 20_000,
        b"[" * 16 + b" " * 250_000,
    ],
    ids=["quotes", "newlines", "strings", "lists", "objects", "reporters", "spaces"],
)
def test_no_text_takes_long(data: bytes) -> None:
    """A quarter of a megabyte of the worst text is refused within a moment: it took four minutes once."""
    start = perf_counter()
    refused(data)
    assert perf_counter() - start < 1


def test_the_limit_of_an_entry_is_256_kib_of_everything_in_it() -> None:
    fields = entry(case())
    room = MAX_ENTRY_BYTES - sum(map(len, fields)) - sum(map(len, fields.values())) - len(b"filler")
    assert isinstance(parse("1-0", fields | {b"filler": b"x" * room}, NOON), Event)
    found = parse("1-0", fields | {b"filler": b"x" * (room + 1)}, NOON)
    assert isinstance(found, Refused)
    assert found.reason == "too_large"


@pytest.mark.parametrize(
    "reporter",
    [["王小明"], {"name": "王小明", "phone": 13812345678}, {"name": {"first": "王小明"}}, "王小明 13812345678"],
)
def test_a_refusal_says_nothing_about_the_reporter(reporter: Any) -> None:
    _, detail = refused(case(reporter=reporter))
    assert "reporter" in detail
    assert "王小明" not in detail
    assert "13812345678" not in detail


def test_a_number_of_a_person_in_any_value_is_masked_in_the_sentence() -> None:
    assert "138****5678" in refused(case(status="打 13812345678"))[1]


def test_the_reporter_is_not_in_what_is_kept() -> None:
    event = taken(case(reporter={"name": "王小明", "phone": "13812345678"}, mood=1))
    assert body(event).reporter is None
    assert event.personal == Personal("王小明", "13812345678")
    assert "王小明".encode() not in event.data


def test_a_reporter_given_twice_is_not_kept_either() -> None:
    data = '{"reporter":{"name":"王小明"},"reporter":null,'.encode() + json.dumps(case()).encode()[1:]
    assert b"\xe7" not in taken(data).data


def test_a_text_too_long_is_cut_and_flagged() -> None:
    event = taken(case(title="题" * 201, description="d" * 4001, address="a" * 200))
    assert (len(body(event).title or ""), len(body(event).description or "")) == (200, 4000)
    assert event.flags == ("cut_title", "cut_description")
    assert msgspec.json.decode(event.data)["title"] == "题" * 200


def test_an_unknown_domain_is_left_out_and_flagged() -> None:
    event = taken(case(domain="42"))
    assert body(event).domain is None
    assert event.flags == ("unknown_domain",)


def test_an_unknown_case_type_is_applied_and_flagged() -> None:
    assert taken(case(), "case.celebrated").flags == ("unknown_type",)


def test_unknown_fields_are_left_out_at_every_depth_and_counted() -> None:
    clock = {"what": "close", "colour": 1, "limit": {"value": 1, "unit": "UH", "mood": 2}}
    event = taken(case(mood="good", clocks=[clock], category={"name": "井盖", "x": {"y": 1}}))
    assert event.unknown_fields == 4
    assert b"mood" not in event.data
    assert body(event).clocks[0].limit is not None


def test_an_unknown_field_excuses_no_wrong_value() -> None:
    assert refused(case(mood=1, severity=9))[0] == "bad_value"


@pytest.mark.parametrize(("ahead_ms", "flags"), [(0, ()), (300_000, ()), (300_001, ("clock_skew",)), (-(10**9), ())])
def test_more_than_five_minutes_ahead_is_flagged(ahead_ms: int, flags: tuple[str, ...]) -> None:
    event = parse("1-0", entry(case(reported_at=to_rfc3339(NOON + ahead_ms)), at=NOON + ahead_ms), NOON)
    assert isinstance(event, Event)
    assert event.flags == flags


@given(fields=st.dictionaries(st.binary(max_size=12), st.binary(max_size=60), max_size=8))
def test_no_rubbish_raises(fields: dict[bytes, bytes]) -> None:
    found = parse("1-0", fields, NOON)
    assert isinstance(found, Refused)
    assert found.reason in DEAD_REASONS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(name=st.sampled_from(Case.__struct_encode_fields__), value=JSON)
def test_no_value_of_any_field_raises(name: str, value: Any) -> None:
    found = read({**case(), name: value})
    if isinstance(found, Refused):
        assert found.reason in {"bad_value", "missing_field"}
        assert name in found.detail
    else:
        msgspec.json.decode(found.data, type=Case)


@given(kind=st.sampled_from(["case.filed", "unit.moved", "notice.published"]), data=st.binary(max_size=200))
def test_no_bytes_raise(kind: str, data: bytes) -> None:
    assert isinstance(read(data, kind), Refused)


def test_an_event_that_we_encode_is_one_that_we_read() -> None:
    event = parse("1-0", encode_entry("/x", "case.filed", case(), NOON, subject="A1", event_id="e"), NOON)
    assert isinstance(event, Event)
    assert (event.source, event.id, event.type, event.subject, event.time_ms) == ("/x", "e", "case.filed", "A1", NOON)
