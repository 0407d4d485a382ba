"""One grammar for the times of an event, in the attribute ``time`` and in ``data`` alike."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract.case import Case
from services.contract.others import CameraStatusChanged
from services.contract.parse import Event, Refused, parse
from services.platform.clock import parse_ms, to_ms, to_rfc3339
from tests.tiny import NOON, case, entry

TAKEN = {
    "2026-11-23T12:00:00+08:00": 0, "2026-11-23T12:00+08:00": 0, "2026-11-23T04:00Z": 0, "2026-11-23t04:00:00z": 0,
    "2026-11-23t12:00+08:00": 0, "2026-11-23T04:00z": 0, "2026-11-23 12:00:00+08:00": 0, "2026-11-23 12:00+08:00": 0,
    "2026-11-23T12:00:00+0800": 0, "2026-11-23T12:00+0800": 0, "2026-11-23T04:00:00-00:00": 0,
    "2026-11-23T12:00:00.1+08:00": 100, "2026-11-23T12:00:00.123+08:00": 123,
    "2026-11-23T12:00:00.123456789+08:00": 123,
    "2026-11-23T12:00:00.000+08:00": 0, "2026-11-23T17:30:00+13:30": 0,
}  # fmt: skip
REFUSED = (
    "2026-11-23T12:00:00", "2026-11-23T12:00", "2026-11-23", "2026-11-23T12+08:00", "2026-11-23T12:00:00+08",
    "2026-11-23T12:00+08", "2026-11-23T12:00:00,5+08:00", "2026-11-23T12:00:00.+08:00", "20261123T120000Z",
    "2026-W48-1T12:00:00Z", "2026-327T12:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T24:00Z", "2026-11-23T12:60Z",
    "2026-02-29T12:00Z", "2026-11-23T12:00:61Z", "2026-11-23T12:00:60Z", "2026-11-23T12:00.5Z", "2026-11-23_12:00:00Z",
    " 2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z ", "2026-11-23T12:00Z\n", "2026-11-23T12:00:00+08:00:30",
    "2026-11-23T12:00:00+24:00", "2026-11-23T12:00+24:00", "２０２６-11-23T12:00Z", "", "now", "1795406400",
)  # fmt: skip


def of_attribute(text: str) -> Event | Refused:
    fields = entry(case()) | {b"time": text.encode()}
    return parse(f"{NOON}-0", fields, NOON)


def of_data(text: str) -> Event | Refused:
    return parse(f"{NOON}-0", entry(case(reported_at=text)), NOON)


@pytest.mark.parametrize("text", TAKEN)
def test_a_time_means_the_same_in_the_attribute_and_in_data(text: str) -> None:
    by_attribute, by_data = of_attribute(text), of_data(text)
    assert isinstance(by_attribute, Event), by_attribute
    assert isinstance(by_data, Event), by_data
    assert isinstance(by_data.body, Case)
    assert by_attribute.time_ms == NOON + TAKEN[text] == to_ms(by_data.body.reported_at)
    assert by_data.unknown_fields == 0 and by_data.flags == by_attribute.flags == ()


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_time_is_refused_in_both_and_named(text: str) -> None:
    by_attribute, by_data = of_attribute(text), of_data(text)
    assert isinstance(by_attribute, Refused) and isinstance(by_data, Refused)
    assert by_attribute.reason == by_data.reason == "bad_value"
    assert "time" in by_attribute.detail and "reported_at" in by_data.detail


@pytest.mark.parametrize("text", ["2026-12-31T23:59:60Z", "2027-01-01T07:59:60+08:00", "2026-12-31T23:59:60.25z"])
def test_a_leap_second_counts_as_the_second_behind_it(text: str) -> None:
    at = parse_ms("2027-01-01T00:00:00Z") + 250 * (".25" in text)
    assert parse_ms(text) == at
    event = parse(f"{NOON}-0", entry(case(deadline_at=text)), NOON)
    assert isinstance(event, Event) and isinstance(event.body, Case) and event.body.deadline_at is not None
    assert to_ms(event.body.deadline_at) == at


def test_every_time_of_a_case_and_of_other_events_may_leave_out_the_seconds() -> None:
    short = "2026-11-23T12:00+08:00"
    more = {
        "filed_at": short, "dispatched_at": short, "deadline_at": short,
        "clocks": [{"what": "close", "started_at": short, "deadline_at": short}],
        "suspensions": [{"from": short, "until": short}], "rating": {"valid": True, "at": short},
        "escalations": [{"to": "district", "at": short}], "nobody_knows": 1,
    }  # fmt: skip
    event = parse(f"{NOON}-0", entry(case(reported_at=short, **more)), NOON)
    assert isinstance(event, Event), event
    assert event.unknown_fields == 1
    assert isinstance(event.body, Case)
    assert event.body.suspensions[0].until == event.body.clocks[0].deadline_at == event.body.reported_at
    assert b"T12:00+08:00" not in event.data  # what is kept is written whole: every later reader reads it
    beat = parse(f"{NOON}-0", entry({"at": short, "interval_s": 10}, "source.heartbeat"), NOON)
    assert isinstance(beat, Event), beat
    status = {"camera_id": "C1", "at": short, "status": "online"}
    camera = parse(f"{NOON}-0", entry(status, "camera.status"), NOON)
    assert isinstance(camera, Event) and isinstance(camera.body, CameraStatusChanged)
    assert to_ms(camera.body.at) == NOON


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"]),
    st.booleans(),
)
def test_whatever_a_language_leaves_out_the_moment_is_the_same(
    at: datetime, minutes: int, spec: str, low: bool
) -> None:
    moment = at.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    text = moment.isoformat(timespec=spec)
    text = text.lower() if low else text
    meant = to_ms(datetime.fromisoformat(text.upper()))
    event = of_data(text)
    assert isinstance(event, Event) and isinstance(event.body, Case)
    assert to_ms(event.body.reported_at) == parse_ms(text) == meant
    assert parse_ms(to_rfc3339(meant)) == meant
