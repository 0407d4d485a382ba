"""The demo's video platform: faults and repairs in the shares of the field, resumable, and no camera left behind."""

import functools
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from services.contract.others import CameraChanged, CameraRemoved, CameraStatusChanged
from services.contract.parse import Event, parse
from services.operations.simulator.generate import SEED
from services.operations.simulator.outages import CameraChances, SimulatedOutage
from services.operations.simulator.video import SOURCE, VideoPlatform
from services.platform.clock import to_ms
from tests.unit.operations.test_demo_district import demo_district

START_MS = to_ms(datetime(2026, 11, 24, 2, 0, tzinfo=UTC))
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def platform(done_ms: int = START_MS - 1) -> VideoPlatform:
    found = VideoPlatform(demo_district().cameras, SEED)
    found.begin(START_MS, done_ms)
    return found


def told(found: VideoPlatform, now_ms: int) -> list[Event]:
    events: list[Event] = []
    reached = -1
    while reached < now_ms:
        entries, reached = found.due(now_ms, 400)
        for fields in entries:
            event = parse("1-0", fields, now_ms)
            assert isinstance(event, Event), event
            events.append(event)
    return events


@functools.cache
def half_a_day() -> tuple[list[Event], list[int]]:
    found, events, out = platform(), [], []
    for minute in range(1, 721):
        events += told(found, START_MS + minute * MINUTE_MS)
        out.append(len(found.out))
    return events, out


def test_everything_is_an_event_of_the_contract_with_an_id_of_its_own() -> None:
    events, _ = half_a_day()
    assert {e.source for e in events} == {SOURCE} and not any(e.flags or e.unknown_fields for e in events)
    assert len({e.id for e in events}) == len(events)
    assert {type(e.body) for e in events} == {CameraChanged, CameraStatusChanged, CameraRemoved}


def test_at_the_start_only_those_that_are_out_are_told_with_the_time_since_when() -> None:
    events = told(platform(), START_MS)
    out = {c.camera_id for c in demo_district().cameras if c.status != "online"}
    assert {e.subject for e in events} == out and 60 < len(out) < 120
    bodies = [e.body for e in events]
    assert all(isinstance(b, CameraStatusChanged) and to_ms(b.at) <= START_MS for b in bodies)


def test_one_and_a_half_to_two_in_a_hundred_are_out_but_for_a_failed_switch() -> None:
    _, out = half_a_day()
    assert 0.012 < float(np.percentile(out, 30)) / 5000 < 0.022
    assert max(out) > 150


def test_a_usual_minute_has_a_few_changes_and_a_switch_takes_a_neighbourhood_within_seconds() -> None:
    events, _ = half_a_day()
    minutes = Counter(e.time_ms // MINUTE_MS for e in events)
    assert 2 <= float(np.median(list(minutes.values()))) <= 7
    chances = CameraChances(demo_district().cameras, SEED)
    base = START_MS // MINUTE_MS
    begun = [o for m in range(base, base + 720) for o in chances.of_minute(m) if isinstance(o, SimulatedOutage)]
    switches: dict[str, list[SimulatedOutage]] = {}
    for outage in begun:
        if outage.cause.endswith("switch"):
            switches.setdefault(outage.cause, []).append(outage)
    assert 20 <= len(switches) <= 35
    for group in switches.values():
        assert 60 <= len(group) <= 300
        assert max(o.at_ms for o in group) - min(o.at_ms for o in group) < 3000
        assert all(4 * MINUTE_MS - 3000 < o.until_ms - o.at_ms < 10 * MINUTE_MS + 10_000 for o in group)
    flaps = Counter(o.camera_id for o in begun if "flap" in o.cause)
    assert flaps and min(flaps.values()) >= 4


def test_a_status_is_said_once_and_offline_hides_other_faults() -> None:
    last: dict[str, tuple[str, str | None]] = {}
    gone: set[str] = set()
    for event in half_a_day()[0]:
        body = event.body
        if isinstance(body, CameraRemoved):
            gone.add(body.camera_id)
        elif isinstance(body, CameraChanged):
            gone.discard(body.camera_id)
            last[body.camera_id] = (body.status or "", body.fault)
        elif isinstance(body, CameraStatusChanged):
            assert body.camera_id not in gone
            assert last.get(body.camera_id) != (body.status, body.fault)
            last[body.camera_id] = (body.status, body.fault)


def test_what_is_removed_comes_back_and_versions_rise() -> None:
    removed: set[str] = set()
    versions: dict[str, int] = {}
    returned = 0
    for event in half_a_day()[0]:
        body = event.body
        if isinstance(body, CameraRemoved | CameraChanged):
            assert body.version > versions.get(body.camera_id, 0)
            versions[body.camera_id] = body.version
        if isinstance(body, CameraRemoved):
            removed.add(body.camera_id)
        elif isinstance(body, CameraChanged) and body.camera_id in removed:
            removed.discard(body.camera_id)
            returned += 1
    assert returned > 8 and len(removed) < 3


@pytest.mark.parametrize("minutes", [1, 37, 300])
def test_after_a_restart_it_goes_on_as_if_it_had_not_ended(minutes: int) -> None:
    end = START_MS + 400 * MINUTE_MS
    expected = [(e.id, e.data) for e in half_a_day()[0] if START_MS + minutes * MINUTE_MS < e.time_ms <= end]
    again = platform(done_ms=START_MS + minutes * MINUTE_MS)
    assert [(e.id, e.data) for e in told(again, end)] == expected


def test_a_repair_ends_every_fault_within_minutes_and_the_old_end_is_not_said_again() -> None:
    found = platform()
    told(found, START_MS)
    camera_id = next(iter(found.out))
    at_ms = found.repair(camera_id, START_MS)
    assert START_MS + 2 * MINUTE_MS <= at_ms <= START_MS + 5 * MINUTE_MS
    mine = [e for e in told(found, at_ms) if e.subject == camera_id and e.time_ms == at_ms]
    assert [e.body.status for e in mine if isinstance(e.body, CameraStatusChanged)] == ["online"]
    assert camera_id not in found.out


def test_a_district_without_cameras_publishes_nothing() -> None:
    found = VideoPlatform((), SEED)
    found.begin(START_MS, START_MS - 1)
    assert found.due(START_MS + HOUR_MS, 400) == ([], START_MS + HOUR_MS)
