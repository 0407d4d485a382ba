"""What a case counts for, by DOMAIN.md §4: the definition, the day of every count, and the words of every indicator."""

import dataclasses
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.case import CasePlace, CaseRow, settle
from services.contract.parse import Event, parse
from services.district.package import District
from services.indicators.case_counts import MEASURES, NAMES, CaseCounts, Where, count, counted_text, decode_counted
from services.indicators.cells import CUTS, Cell, Change, LaterChange, move, without_zeros
from services.indicators.definitions import INDICATORS, STANDING
from services.indicators.figure import figure, rate
from services.indicators.reasons import judge
from services.indicators.window import Window, value, values
from services.platform.clock import parse_ms, to_rfc3339
from tests.reference import totals_of
from tests.tiny import NOON, OFFICE, case, entry

HOUR, DAY = 3_600_000, 86_400_000
TODAY, YESTERDAY, BEFORE = 20261123, 20261122, 20261121
MIDNIGHT = NOON - 12 * HOUR
THIS_DAY = Window(MIDNIGHT, MIDNIGHT + DAY, NOON)


def row_of(*, street: str = "S1", **more: Any) -> CaseRow:
    event = parse(f"{NOON}-0", entry(case(**more)), NOON)
    assert isinstance(event, Event), event
    return settle(event, NOON << 20, CasePlace(street=street), "04", OFFICE)


def at(hours: float) -> str:
    return to_rfc3339(NOON + round(hours * HOUR))


def closed(hours: float = -1, deadline: float | None = 1, **more: Any) -> CaseRow:
    limit = {} if deadline is None else {"deadline_at": at(deadline)}
    return row_of(**{"status": "closed", "filed_at": at(-72), "closed_at": at(hours), **limit, **more})


def counted(row: CaseRow, district: District) -> dict[str, int]:
    """measure → day; every measure stands at most once."""
    found = count(row, district)
    assert found is not None
    names = [NAMES[measure] for _, measure, _ in found.moves]
    assert len(set(names)) == len(names)
    return {NAMES[measure]: day for day, measure, _ in found.moves}


def test_a_report_counts_on_its_day(tiny: District) -> None:
    row = row_of(reported_at="2026-11-22T23:59:59.999+08:00")
    assert counted(row, tiny) == {"intake": YESTERDAY}
    where = count(row, tiny).where
    assert (where.channel, where.domain, where.hour) == ("GRID", "04", "23")


def test_an_unplaced_case_counts_under_no_street(tiny: District) -> None:
    assert count(closed(street=""), tiny).where.street == ""


@pytest.mark.parametrize("more", [{"status": "voided"}, {"merged_into": "B"}])
def test_a_voided_and_a_merged_case_count_for_nothing(tiny: District, more: dict[str, Any]) -> None:
    assert count(closed(**more), tiny) is None
    assert not any(value(closed(**more), measure, THIS_DAY) for measure in MEASURES)


def test_a_case_closed_in_time_is_due_on_the_day_of_its_closing(tiny: District) -> None:
    found = counted(closed(-24, deadline=48), tiny)
    assert (found["closed"], found["should_close"], found["closed_on_time"]) == (YESTERDAY,) * 3


def test_a_case_closed_late_is_due_on_the_day_of_its_deadline_and_seen_closed_from_the_day_after(
    tiny: District,
) -> None:
    row = closed(0, deadline=-48)
    found = counted(row, tiny)
    assert (found["closed"], found["should_close"]) == (TODAY, BEFORE)
    assert "closed_on_time" not in found
    assert "closed_of_due" not in found
    assert [(day, NAMES[m], seen, n) for day, m, seen, n in count(row, tiny).later] == [
        (BEFORE, "closed_of_due", 20261124, 1)
    ]


def test_a_late_closing_counts_towards_the_earlier_days_case_in_a_window_that_holds_both() -> None:
    row = closed(-1, deadline=-48)
    day_before = Window(MIDNIGHT - 2 * DAY, MIDNIGHT - DAY, NOON)
    both = Window(MIDNIGHT - 2 * DAY, MIDNIGHT + DAY, NOON)
    assert [value(row, "closed_of_due", w) for w in (day_before, both)] == [0, 1]
    assert [value(row, "should_close", w) for w in (day_before, both)] == [1, 1]


def test_the_morning_does_not_count_the_evenings_deadlines() -> None:
    row = row_of(status="handling", filed_at=at(-5), deadline_at=at(6))
    assert value(row, "should_close", THIS_DAY) == 0
    assert value(row, "should_close", THIS_DAY._replace(now=NOON + 7 * HOUR)) == 1


def test_what_is_suspended_at_the_windows_end_is_not_due() -> None:
    paused = row_of(status="suspended", filed_at=at(-90), deadline_at=at(-1), suspensions=[{"from": at(-30)}])
    assert value(paused, "should_close", THIS_DAY) == 0
    ended = {"from": at(-30), "until": at(-25)}
    resumed = row_of(status="handling", filed_at=at(-90), deadline_at=at(-1), suspensions=[ended])
    assert value(resumed, "should_close", THIS_DAY) == 1


def test_the_deadlines_own_moment_is_in_time() -> None:
    assert value(closed(-1, deadline=-1), "closed_on_time", THIS_DAY)
    assert not value(closed(closed_at=to_rfc3339(NOON - HOUR + 1), deadline=-1), "closed_on_time", THIS_DAY)


def test_an_exempt_case_is_in_time_and_its_overdue_fact_stays_visible(tiny: District) -> None:
    row = closed(0, deadline=-48, appeal_exempt=True)
    assert {"closed_on_time", "exempted"} <= counted(row, tiny).keys()
    assert row.closed_at > row.deadline_at


@pytest.mark.parametrize("verdict", [True, False])
def test_the_publishers_verdict_counts_only_without_a_deadline(tiny: District, verdict: bool) -> None:
    assert ("closed_on_time" in counted(closed(deadline=None, on_time=verdict), tiny)) == verdict
    assert "closed_on_time" in counted(closed(0, deadline=1, on_time=False), tiny)
    assert "closed_on_time" not in counted(closed(0, deadline=-1, on_time=True), tiny)


def test_without_deadline_and_verdict_a_closed_case_is_in_no_rate(tiny: District) -> None:
    assert "should_close" not in counted(closed(deadline=None), tiny)


def test_a_case_solved_on_the_spot_is_closed_but_never_due(tiny: District) -> None:
    found = counted(closed(self_handled=True), tiny)
    assert {"closed", "self_handled"} <= found.keys()
    assert "should_close" not in found


def test_handling_and_closing_run_on_two_clocks(tiny: District) -> None:
    clocks = [
        {"what": "handle", "started_at": at(-40), "deadline_at": at(-30)},
        {"what": "close", "started_at": at(-40), "deadline_at": at(2)},
    ]
    found = counted(closed(-1, deadline=None, clocks=clocks, handled_at=at(-20)), tiny)
    assert (found["should_handle"], found["should_close"]) == (YESTERDAY, TODAY)
    assert "handled_on_time" not in found
    assert "closed_on_time" in found


def test_the_funnel_counts_the_highest_level_on_the_day_of_closing(tiny: District) -> None:
    assert counted(closed(level="grid", highest_level="street"), tiny)["solved_street"] == TODAY
    assert not [name for name in counted(closed(), tiny) if name.startswith("solved_")]


@pytest.mark.parametrize(
    ("rating", "measures"),
    [
        (
            {"valid": True, "contacted": True, "solved": "yes", "satisfied": "fairly"},
            {"callbacks", "contacted", "solved", "fairly_satisfied"},
        ),
        ({"valid": True, "contacted": True, "solved": "no", "satisfied": "no"}, {"callbacks", "contacted"}),
        ({"valid": False, "contacted": False}, set()),
    ],
)
def test_the_hotlines_call_backs(tiny: District, rating: dict[str, Any], measures: set[str]) -> None:
    names = {"callbacks", "contacted", "solved", "satisfied", "fairly_satisfied"}
    assert counted(closed(channel="H12345", rating=rating), tiny).keys() & names == measures
    assert not counted(closed(channel="APP", rating=rating), tiny).keys() & names


def test_a_dispatch_that_came_back_as_wrong_is_no_accurate_one() -> None:
    row = row_of(status="dispatched", dispatched_at=at(-1), dispatches=3, wrong_dispatches=1, lead_unit="D1")
    totals = totals_of([row], ["dispatches", "wrong_dispatches"], THIS_DAY)
    assert figure(INDICATORS["dispatch_accuracy"], totals, THIS_DAY).value == pytest.approx(2 / 3)


def test_the_published_sheet_of_a_city_is_reproduced() -> None:
    """996 filed, 972 due, 911 closed = 93.72 %, 737 on time = 75.82 % (DOMAIN.md §4)."""
    rows = [closed(-2, deadline=-1) for _ in range(737)]
    rows += [closed(-1, deadline=-2) for _ in range(911 - 737)]
    rows += [row_of(status="handling", filed_at=at(-4), deadline_at=at(-3)) for _ in range(972 - 911)]
    rows += [row_of(status="handling", filed_at=at(-4), deadline_at=at(30)) for _ in range(996 - 972)]
    rows = [dataclasses_replace(row, i) for i, row in enumerate(rows)]
    names = ("should_close", "closed_of_due", "closed_on_time")
    totals = totals_of(rows, names, THIS_DAY)
    assert len(rows) == 996
    assert (totals["should_close"], totals["closed_of_due"], totals["closed_on_time"]) == (972, 911, 737)
    shown = {
        n: f"{100 * (figure(INDICATORS[n], totals, THIS_DAY).value or 0):.2f}"
        for n in ("close_rate", "on_time_close_rate")
    }
    assert shown == {"close_rate": "93.72", "on_time_close_rate": "75.82"}


def dataclasses_replace(row: CaseRow, number: int) -> CaseRow:
    import msgspec

    return msgspec.structs.replace(row, case_id=f"P{number}")


def test_a_counting_day_begins_at_the_districts_cut(tiny: District) -> None:
    six = dataclasses.replace(tiny, day_cut_hour=6)
    row = row_of(reported_at="2026-11-23T05:59:59+08:00")
    assert counted(row, six)["intake"] == YESTERDAY
    assert count(row, six).where.hour == "05"
    assert six.day_start_ms(TODAY) == parse_ms("2026-11-23T06:00:00+08:00")
    assert six.cut_from(six.day_start_ms(TODAY)) == TODAY
    assert six.cut_from(six.day_start_ms(TODAY) + 1) == 20261124


@given(ms=st.integers(parse_ms("1980-01-01T00:00:00Z"), parse_ms("2100-01-01T00:00:00Z")), cut=st.integers(0, 23))
def test_every_moment_lies_in_its_day(tiny: District, ms: int, cut: int) -> None:
    district = dataclasses.replace(tiny, day_cut_hour=cut)
    start = district.day_start_ms(district.day_of(ms))
    assert start <= ms < start + 25 * HOUR
    assert district.day_of(start - 1) < district.day_of(start) == district.day_of(ms)


WHERE = st.builds(
    Where, street=st.sampled_from(["S1", ""]), community=st.just("C"), grid=st.sampled_from("GH"), unit=st.just("U"),
    channel=st.just("APP"), domain=st.just("04"), level=st.sampled_from(["", "street"]), hour=st.just("09"),
)  # fmt: skip
DAYS = st.integers(20261121, 20261123)
COUNTED = st.none() | st.builds(
    CaseCounts,
    where=WHERE,
    moves=st.lists(st.tuples(DAYS, st.integers(0, 3), st.integers(1, 2)), max_size=5).map(tuple),
    later=st.lists(st.tuples(DAYS, st.integers(0, 1), DAYS, st.sampled_from([1, -1])), max_size=3).map(tuple),
)


@given(old=COUNTED, new=COUNTED)
def test_a_move_takes_the_old_count_to_the_new_one(old: CaseCounts | None, new: CaseCounts | None) -> None:
    def alone(counted: CaseCounts | None) -> tuple[Change, LaterChange]:
        change: Change = {}
        later: LaterChange = {}
        move(None, counted, change, later)
        return without_zeros(change, later)

    change, later = alone(old)
    change = {cell: dict(of_cell) for cell, of_cell in change.items()}
    move(old, new, change, later)
    assert without_zeros(change, later) == alone(new)


@given(counted=COUNTED.filter(bool))
def test_a_count_survives_its_text(counted: CaseCounts) -> None:
    assert decode_counted(counted_text(counted)) == counted


def test_a_case_stands_in_every_cut_once(tiny: District) -> None:
    change: Change = {}
    move(None, count(closed(), tiny), change, {})
    intake = Counter(cell.cut for cell, of_cell in change.items() if NAMES.index("intake") in of_cell)
    assert intake == dict.fromkeys(CUTS, 1)
    assert all(isinstance(cell, Cell) for cell in change)


def test_nothing_divided_by_nothing_is_no_rate() -> None:
    assert (rate(0, 0), rate(0, 5), rate(5, 5)) == (None, 0, 1)
    assert figure(INDICATORS["close_rate"], {}, THIS_DAY).value is None


def test_every_measure_serves_an_indicator_and_every_indicator_has_its_words() -> None:
    used = {name for indicator in INDICATORS.values() for name in indicator.measures}
    assert used == set(MEASURES)
    for indicator in INDICATORS.values():
        texts = [indicator.zh, indicator.en, indicator.numerator_zh, indicator.numerator_en, indicator.day_zh]
        assert all(texts)
        assert bool(indicator.over) == bool(indicator.denominator_zh) == bool(indicator.denominator_en)
    assert not INDICATORS.keys() & STANDING.keys()


def test_a_closing_in_the_citizens_word_is_not_called_solved() -> None:
    assert "解决率" not in INDICATORS["close_rate"].zh
    assert "解决率" in INDICATORS["solved_rate"].zh


@pytest.mark.parametrize(
    ("row", "why", "above", "below"),
    [
        (closed(-2, deadline=-1), "closed_in_time", 1, 1),
        (closed(-1, deadline=-2), "closed_late", 0, 1),
        (closed(-1, deadline=-2, appeal_exempt=True), "exempt", 1, 1),
        (closed(deadline=None, on_time=True), "verdict_in_time", 1, 1),
        (closed(deadline=None, on_time=False), "verdict_late", 0, 1),
        (closed(deadline=None), "no_deadline", 0, 0),
        (closed(self_handled=True), "self_handled", 0, 0),
        (closed(status="voided"), "voided", 0, 0),
        (closed(merged_into="B"), "merged", 0, 0),
        (closed(-30, deadline=-1), "other_day", 0, 0),
        (row_of(status="handling", filed_at=at(-4), deadline_at=at(-3)), "open_overdue", 0, 1),
        (row_of(status="handling", filed_at=at(-4), deadline_at=at(3)), "ahead", 0, 0),
        (row_of(status="reported", deadline_at=at(-3)), "not_filed", 0, 0),
        (row_of(status="suspended", filed_at=at(-90), deadline_at=at(-1), suspensions=[{"from": at(-30)}]),
         "suspended", 0, 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_case_says_why_it_counts_or_does_not(row: CaseRow, why: str, above: int, below: int) -> None:
    assert judge(row, INDICATORS["on_time_close_rate"], THIS_DAY) == (below, above, why)


def test_all_values_at_once_are_the_single_ones() -> None:
    rows = [closed(), closed(-1, deadline=-1), closed(appeal_exempt=True, reworks=1, extensions=1, wrong_dispatches=9)]
    for row in rows:
        for window in (THIS_DAY, THIS_DAY._replace(now=NOON + 7 * HOUR)):
            single = {name: value(row, name, window) for name in MEASURES}
            assert values(row, window) == {name: n for name, n in single.items() if n}
