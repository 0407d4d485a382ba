"""What a case counts for, by DOMAIN.md §4; and that a change of the roll-ups is the difference of two counts."""

import dataclasses
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases import CaseRow, Place, settle
from services.clock import parse_ms, to_rfc3339
from services.district.package import District
from services.events.parse import Event, parse
from services.indicators import MEASURES, Contribution, closed_on_time, contributions, moved, rate
from tests.tiny import NOON, OFFICE, case, entry

HOUR, DAY = 3_600_000, 86_400_000
TODAY, YESTERDAY, BEFORE = 20261123, 20261122, 20261121


def row_of(*, street: str = "S1", **more: Any) -> CaseRow:
    event = parse(f"{NOON}-0", entry(case(**more)), NOON)
    assert isinstance(event, Event), event
    return settle(event, NOON << 20, Place(street=street), "04", OFFICE)


def at(hours: float) -> str:
    return to_rfc3339(NOON + round(hours * HOUR))


def closed(hours: float = 0, deadline: float | None = 1, **more: Any) -> CaseRow:
    limit = {} if deadline is None else {"deadline_at": at(deadline)}
    return row_of(**{"status": "closed", "filed_at": at(-72), "closed_at": at(hours), **limit, **more})


def counted(row: CaseRow, district: District) -> dict[str, tuple[int, str]]:
    """measure → (day, key); every measure stands at most once."""
    found = contributions(row, district)
    assert len({c.measure for c in found}) == len(found)
    assert {c.measure for c in found} <= MEASURES.keys()
    return {c.measure: (c.day, c.key) for c in found}


def test_a_report_counts_on_its_day_by_channel_class_and_hour(tiny: District) -> None:
    assert counted(row_of(reported_at="2026-11-22T23:59:59.999+08:00"), tiny) == {
        "intake": (YESTERDAY, ""), "intake_channel": (YESTERDAY, "GRID"), "intake_domain": (YESTERDAY, "04"),
        "intake_hour": (YESTERDAY, "23"),
    }  # fmt: skip


def test_an_unplaced_case_counts_in_a_row_of_its_own(tiny: District) -> None:
    assert {c.street for c in contributions(closed(street=""), tiny)} == {""}


@pytest.mark.parametrize("more", [{"status": "voided"}, {"merged_into": "B"}])
def test_a_voided_and_a_merged_case_count_for_nothing(tiny: District, more: dict[str, Any]) -> None:
    assert contributions(closed(**more), tiny) == ()


def test_a_case_closed_in_time_is_due_on_the_day_of_its_closing(tiny: District) -> None:
    found = counted(closed(-24, deadline=48), tiny)
    assert (found["closed"], found["due"], found["due_on_time"]) == ((YESTERDAY, ""),) * 3


def test_a_case_closed_late_is_due_on_the_day_of_its_deadline(tiny: District) -> None:
    found = counted(closed(0, deadline=-48), tiny)
    assert (found["closed"], found["due"]) == ((TODAY, ""), (BEFORE, ""))
    assert "due_on_time" not in found


def test_the_deadlines_own_moment_is_in_time(tiny: District) -> None:
    assert closed_on_time(closed(1, deadline=1))
    assert not closed_on_time(closed(closed_at=to_rfc3339(NOON + HOUR + 1), deadline=1))


def test_an_exempt_case_is_in_time(tiny: District) -> None:
    assert "due_on_time" in counted(closed(0, deadline=-48, appeal_exempt=True), tiny)


@pytest.mark.parametrize(("verdict", "on_time"), [(True, True), (False, False)])
def test_the_publishers_verdict_counts_only_without_a_deadline(tiny: District, verdict: bool, on_time: bool) -> None:
    assert ("due_on_time" in counted(closed(deadline=None, on_time=verdict), tiny)) == on_time
    assert "due_on_time" in counted(closed(0, deadline=1, on_time=False), tiny)
    assert "due_on_time" not in counted(closed(0, deadline=-1, on_time=True), tiny)


def test_without_deadline_and_verdict_a_closed_case_is_in_no_rate(tiny: District) -> None:
    assert "due" not in counted(closed(deadline=None), tiny)


def test_a_case_solved_on_the_spot_is_closed_but_never_due(tiny: District) -> None:
    found = counted(closed(self_handled=True), tiny)
    assert "closed" in found
    assert "due" not in found


def test_the_funnel_counts_the_highest_level_on_the_day_of_closing(tiny: District) -> None:
    assert counted(closed(level="grid", highest_level="street"), tiny)["funnel"] == (TODAY, "street")
    assert counted(closed(), tiny)["funnel"] == (TODAY, "")


def test_a_counting_day_begins_at_the_districts_cut(tiny: District) -> None:
    six = dataclasses.replace(tiny, day_cut_hour=6)
    row = row_of(reported_at="2026-11-23T05:59:59+08:00")
    assert counted(row, six)["intake"] == (YESTERDAY, "")
    assert counted(row, six)["intake_hour"] == (YESTERDAY, "05")
    assert six.day_of(parse_ms("2026-11-23T06:00:00+08:00")) == TODAY
    assert six.day_start_ms(TODAY) == parse_ms("2026-11-23T06:00:00+08:00")


@given(ms=st.integers(parse_ms("1980-01-01T00:00:00Z"), parse_ms("2100-01-01T00:00:00Z")), cut=st.integers(0, 23))
def test_every_moment_lies_in_its_day(tiny: District, ms: int, cut: int) -> None:
    district = dataclasses.replace(tiny, day_cut_hour=cut)
    start = district.day_start_ms(district.day_of(ms))
    assert start <= ms < start + 25 * HOUR
    assert district.day_of(start - 1) < district.day_of(start) == district.day_of(ms)


CONTRIBUTIONS = st.lists(
    st.builds(Contribution, st.integers(1, 2), st.sampled_from("AB"), st.just("m"), st.just("")), max_size=6
)


@given(old=CONTRIBUTIONS, new=CONTRIBUTIONS)
def test_a_move_takes_the_old_count_to_the_new_one(old: list[Contribution], new: list[Contribution]) -> None:
    counts: Counter[Contribution] = Counter(old)
    change = moved(old, new)
    counts.update(change)
    assert {c: n for c, n in counts.items() if n} == Counter(new)
    assert 0 not in change.values()


def test_nothing_divided_by_nothing_is_no_rate() -> None:
    assert (rate(0, 0), rate(0, 5), rate(5, 5)) == (None, 0, 1)
