"""The demo's case system as arithmetic: the same days from the same seed, resumable, in the shares of the field."""

import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contract.case import Case
from services.contract.parse import Event, parse
from services.district.calendar import WorkingCalendar
from services.operations.simulator.dice import Dice, shares
from services.operations.simulator.office import OfficeHours
from services.operations.simulator.record import is_open
from services.operations.simulator.world import CaseSystem
from services.platform.clock import DAY_MS, HOUR_MS, to_ms
from tests.unit.operations.test_demo_district import demo_district

SEED = 20261123
END_MS = to_ms(datetime(2026, 11, 24, 6, 5, tzinfo=UTC))
DAYS = {date(2026, 10, 1): False, date(2026, 10, 10): True}
OFFICE = OfficeHours(8 * HOUR_MS, WorkingCalendar(ZoneInfo("Asia/Shanghai"), exceptions=DAYS))


@functools.cache
def system() -> CaseSystem:
    return CaseSystem(demo_district(), SEED)


@dataclass
class Month:
    """What 30 days came to: the newest state of each case, and what was seen on the way."""

    cases: dict[str, Case] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    refused: list[object] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    entries: int = 0
    last_open_entry: int = 0


@functools.cache
def month() -> Month:
    found = Month()
    for entry_id, fields in system().history(END_MS - 30 * DAY_MS, END_MS):
        found.entries += 1
        found.ids.add(entry_id)
        event = parse(entry_id, fields, END_MS)
        if not isinstance(event, Event):
            found.refused.append(event)
            continue
        found.types[event.type] += 1
        found.flags.update(event.flags)
        assert isinstance(event.body, Case)
        before = found.cases.get(event.body.case_id)
        if before is None or before.version < event.body.version:
            found.cases[event.body.case_id] = event.body
    return found


@pytest.fixture(scope="module", autouse=True)
def _month_is_forgotten() -> Iterator[None]:
    """A month is some million objects: every later collection in this process would go through them."""
    yield
    month.cache_clear()


def deadline(case: Case) -> datetime | None:
    return next((c.deadline_at for c in case.clocks if c.what == "close"), None)


def span(start_ms: int, end_ms: int, **more: object) -> list[tuple[int, bytes, bytes]]:
    """Each event of a run as (case and version, its bytes), in one order."""
    found = {f[b"id"]: f[b"data"] + f[b"time"] + f[b"type"] for _, f in system().history(start_ms, end_ms, **more)}
    return sorted((len(i), i, d) for i, d in found.items())


def test_the_same_seed_publishes_the_same_bytes():
    again = CaseSystem(demo_district(), SEED)
    start = END_MS - DAY_MS // 2
    assert list(system().history(start, END_MS)) == list(again.history(start, END_MS))
    other = CaseSystem(demo_district(), SEED + 1)
    assert list(other.history(start, END_MS)) != list(again.history(start, END_MS))


@settings(max_examples=3, deadline=None)
@given(st.integers(1, DAY_MS - 1))
def test_a_run_split_at_any_moment_gives_the_same_events_as_one_run(after: int):
    start, end = END_MS - DAY_MS, END_MS
    split = start + after
    latest: dict[str, Case] = {}
    for entry_id, fields in system().history(start, split):
        event = parse(entry_id, fields, END_MS)
        assert isinstance(event, Event) and isinstance(event.body, Case)
        if event.body.case_id not in latest or latest[event.body.case_id].version < event.body.version:
            latest[event.body.case_id] = event.body
    left = [case for case in latest.values() if is_open(case)]
    halves = span(start, split) + span(split, end, open_cases=left)
    assert sorted(halves) == span(start, end)


def test_every_event_is_accepted_and_no_entry_id_comes_twice():
    assert month().refused == []
    assert len(month().ids) == month().entries
    assert set(month().flags) <= set()


def test_open_cases_come_first_and_versions_rise_by_one():
    versions: dict[str, list[int]] = {}
    closed_seen = False
    for _, fields in system().history(END_MS - DAY_MS, END_MS):
        case_id, _, version = fields[b"id"].decode().rpartition("-")
        versions.setdefault(case_id, []).append(int(version))
        closed_seen = closed_seen or fields[b"type"] == b"case.closed"
    for seen in versions.values():
        distinct = list(dict.fromkeys(seen))
        assert distinct == list(range(distinct[0], distinct[0] + len(distinct)))
    still_open = [v for v in month().cases.values() if is_open(v)]
    assert closed_seen and still_open


def test_a_known_case_goes_on_as_its_own_story_and_a_changed_one_goes_on_too():
    some = [c for c in month().cases.values() if is_open(c)][:60]
    for case in some:
        step = next(system().following(case), None)
        assert step is not None and step.case.version == case.version + 1 and step.time_ms >= END_MS
        changed = msgspec.structs.replace(case, version=case.version + 1, lead_unit="D001", level="district")
        following = list(system().following(changed, END_MS))
        assert following[0].case.version == changed.version + 1
        assert not is_open(following[-1].case)
        assert [s.time_ms for s in following] == sorted(s.time_ms for s in following)


def test_a_district_has_some_1500_cases_a_day_from_eleven_channels():
    by_day = Counter(c.case_id[:8] for c in month().cases.values())
    assert 42_000 < len(month().cases) < 50_000
    assert all(1000 <= n <= 3000 for day, n in by_day.items() if "20261026" <= day <= "20261123")
    assert len({c.channel for c in month().cases.values()}) == 11


def test_the_funnel_is_near_80_16_4():
    levels = Counter(c.highest_level for c in month().cases.values())
    total = sum(levels.values())
    assert 0.77 < (levels["grid"] + levels["community"]) / total < 0.83
    assert 0.13 < levels["street"] / total < 0.19
    assert 0.03 <= levels["district"] / total <= 0.05


def test_a_few_thousand_are_open_and_few_of_them_overdue_or_due_soon():
    now = datetime.fromtimestamp(END_MS / 1000, UTC)
    still_open = [c for c in month().cases.values() if is_open(c)]
    running = [(c, d) for c in still_open if c.status != "suspended" and (d := deadline(c)) is not None]
    overdue = sum(d < now for _, d in running)
    soon = sum(now <= d and (d - now) <= 0.25 * (d - (c.clocks[-1].started_at or now)) for c, d in running)
    assert 2_500 <= len(still_open) <= 4_000
    assert 0.01 <= overdue / len(still_open) <= 0.035
    assert 0.02 <= soon / len(still_open) <= 0.08


def test_good_streets_close_some_97_per_cent_on_time_and_bad_ones_some_83():
    now = datetime.fromtimestamp(END_MS / 1000, UTC)
    due: Counter[str] = Counter()
    good: Counter[str] = Counter()
    for case in month().cases.values():
        limit = deadline(case)
        if case.street is None or case.self_handled or limit is None:
            continue
        if min(limit, case.closed_at or limit) < now and case.status != "suspended":
            due[case.street] += 1
            good[case.street] += case.closed_at is not None and case.closed_at <= limit
    rates = sorted(good[s] / due[s] for s in due)
    assert len(rates) == 12
    assert 0.81 <= rates[0] <= 0.86 and 0.95 <= rates[-1] <= 0.985


def test_the_day_has_a_curve_and_the_week_too():
    hours = Counter((c.reported_at.hour + 8) % 24 for c in month().cases.values())
    assert hours[9] > 8 * hours[3] and hours[15] > hours[12]
    days = Counter(c.reported_at.astimezone(UTC).weekday() for c in month().cases.values())
    assert days[6] < days[0]


def test_storms_flood_the_day_with_drains_and_trees():
    storms = [s for day in range(20_400, 20_700) if (s := system().demand.storm_on(day)) is not None]
    assert 15 <= len(storms) <= 50
    storm = storms[0]
    minutes = range(storm.start_ms // 60_000, storm.start_ms // 60_000 + 360)
    found = Counter(s.case.category.name for m in minutes for s in system().arrivals(m) if s.case.category)
    assert found["道路积水"] + found["排水管道堵塞、破裂"] + found["行道树"] > 60


@pytest.mark.parametrize(
    "what",
    "returned reworked extended suspended resumed supervised urged whistled escalated voided merged reopened rated "
    "appealed corrected".split(),
)
def test_everything_that_happens_in_the_field_happens_here(what: str):
    assert month().types[f"case.{what}"] > 5


def test_positions_come_in_every_coordinate_system_and_one_case_in_a_hundred_has_none():
    systems = Counter(c.coord_sys for c in month().cases.values())
    assert set(systems) == {"WGS84", "CGCS2000", "GCJ02", "BD09", None}
    assert 0.005 < systems[None] / sum(systems.values()) < 0.015


def test_severe_cases_are_rare_and_go_to_the_district_at_once():
    severe = [c for c in month().cases.values() if c.severity <= 2 and c.dispatched_at is not None]
    assert 10 < len(severe) < 200
    assert all(c.highest_level == "district" for c in severe if c.escalations)
    assert sum(bool(c.escalations) for c in severe) > 0.95 * len(severe)


def test_some_cases_carry_a_limit_without_a_deadline_and_escalations_are_acknowledged():
    bare = [c for c in month().cases.values() if c.limit is not None and not c.clocks]
    assert 0.01 < len(bare) / len(month().cases) < 0.05
    passed = [c.escalations[-1] for c in month().cases.values() if c.escalations]
    assert sum(e.acknowledged_at is not None for e in passed) > 0.98 * len(passed)
    assert all(e.to in demo_district().units and e.deadline_at and e.at for e in passed)


@given(st.integers(1_700_000_000_000, 1_900_000_000_000), st.floats(0, 60), st.floats(0, 60))
def test_office_hours_add_up(start: int, first: float, second: float):
    once, twice = OFFICE.add(start, first + second), OFFICE.add(OFFICE.add(start, first), second)
    assert abs(once - twice) <= 2 or OFFICE.add(once, 0.01) - OFFICE.add(twice, 0.01) <= 2
    assert once >= OFFICE.add(start, first) >= start or first == 0


def test_office_hours_know_lunch_weekends_holidays_and_make_up_days():
    def at(text: str) -> int:
        return to_ms(datetime.fromisoformat(text + "+08:00"))

    assert OFFICE.add(at("2026-11-20T11:00"), 2) == at("2026-11-20T15:00")
    assert OFFICE.add(at("2026-11-20T17:00"), 2) == at("2026-11-23T09:00")
    assert OFFICE.add(at("2026-09-30T17:00"), 2) == at("2026-10-02T09:00")
    assert OFFICE.add(at("2026-10-09T17:00"), 2) == at("2026-10-10T09:00")
    assert OFFICE.deadline(at("2026-11-20T11:00"), 2, "UH") == at("2026-11-20T13:00")


@given(st.text(max_size=20))
def test_many_chances_at_once_are_those_that_come_one_by_one(key: str):
    dice = Dice(key)
    assert [dice.share() for _ in range(5)] == shares(5, key).tolist()


@given(st.text(max_size=20), st.integers(0, 200))
def test_many_things_are_shuffled_as_few_are(key: str, number: int):
    """However they are drawn: the order, and where the dice stand afterwards, are those of one chance after another."""
    dice, plain = Dice(key), Dice(key)
    expected = list(range(number))
    for last in range(number - 1, 0, -1):
        other = plain.whole(0, last)
        expected[last], expected[other] = expected[other], expected[last]
    assert dice.shuffled(range(number)) == expected
    assert dice.share() == plain.share()
