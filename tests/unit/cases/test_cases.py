"""A case as we keep it: the row that an event settles into, and which of two events stands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.case import CasePlace, CaseRow, decode_escalation, is_filed, settle, suspended_at
from services.contract.codes import STATUSES
from services.contract.parse import Event, parse
from services.district.package import District
from services.platform.clock import to_rfc3339
from services.projector.fold import unified_domain, winners
from tests.tiny import NOON, OFFICE, case, entry

HOUR = 3_600_000


def event_of(number: int = 0, *, at: int = NOON, **more: Any) -> Event:
    event = parse(f"{NOON + number}-0", entry(case(**more), at=at), NOON)
    assert isinstance(event, Event), event
    return event


def row_of(**more: Any) -> CaseRow:
    return settle(event_of(**more), NOON << 20, CasePlace(), "04", OFFICE)


@pytest.mark.parametrize("status", STATUSES)
def test_a_case_is_open_until_it_is_closed_voided_or_not_filed(status: str) -> None:
    assert row_of(status=status).is_open == (status not in {"closed", "forced_closed", "voided", "not_filed"})


def test_a_merged_case_is_not_open() -> None:
    row = row_of(merged_into="B")
    assert (row.is_open, row.merged) == (False, True)


def test_a_closed_case_without_its_time_takes_the_events_flagged() -> None:
    row = row_of(status="closed", at=NOON - HOUR)
    assert row.closed_at == NOON - HOUR
    assert "no_closed_at" in row.flags.split()


def test_a_filed_case_without_its_time_takes_the_events_flagged() -> None:
    row = row_of(status="filed", at=NOON - HOUR, reported_at=to_rfc3339(NOON - HOUR))
    assert row.filed_at == NOON - HOUR
    assert row.flags == "no_filed_at"


def test_a_time_that_is_there_is_taken_and_nothing_flagged() -> None:
    row = row_of(status="closed", closed_at=to_rfc3339(NOON - HOUR), reported_at=to_rfc3339(NOON - 2 * HOUR))
    assert (row.closed_at, row.flags) == (NOON - HOUR, "")


def test_a_reopened_case_is_not_closed_even_if_the_old_time_is_still_there() -> None:
    row = row_of(status="handling", closed_at=to_rfc3339(NOON), reopened_at=to_rfc3339(NOON))
    assert (row.is_open, row.closed_at) == (True, None)


def test_a_dispatched_case_without_its_time_counts_its_limit_from_the_event() -> None:
    row = row_of(status="dispatched", limit={"value": 2, "unit": "UH"}, at=NOON + HOUR)
    assert row.deadline_at == NOON + 3 * HOUR
    assert "no_dispatched_at" in row.flags.split()


def test_an_open_suspension_suspends_and_an_ended_one_does_not() -> None:
    assert row_of(status="suspended", suspensions=[{"from": to_rfc3339(NOON)}]).suspended
    assert row_of(status="suspended").suspended
    assert not row_of(suspensions=[{"from": to_rfc3339(NOON - HOUR), "until": to_rfc3339(NOON)}]).suspended


def test_a_suspension_that_somebody_forgot_suspends_nothing_and_is_flagged() -> None:
    forgotten = row_of(status="handling", suspensions=[{"from": to_rfc3339(NOON)}])
    assert (forgotten.suspended, forgotten.pauses, forgotten.flags) == (False, "", "suspension_endless")
    old = row_of(status="suspended", suspensions=[{"from": to_rfc3339(NOON - 500 * 24 * HOUR)}])
    assert (old.suspended, old.flags) == (False, "suspension_endless")


def test_a_suspension_resumes_by_itself_at_its_end() -> None:
    row = row_of(status="suspended", suspensions=[{"from": to_rfc3339(NOON), "until": to_rfc3339(NOON + HOUR)}])
    assert row.suspended
    assert [suspended_at(row, None, NOON + ms) for ms in (-1, 0, HOUR - 1, HOUR)] == [False, True, True, False]
    told_late = row_of(
        status="suspended",
        at=NOON + 2 * HOUR,
        suspensions=[{"from": to_rfc3339(NOON), "until": to_rfc3339(NOON + HOUR)}],
    )
    assert not suspended_at(told_late, None, NOON + 3 * HOUR)


def test_what_is_closed_while_suspended_was_suspended_until_then() -> None:
    begun = NOON - HOUR
    row = row_of(
        status="closed",
        reported_at=to_rfc3339(begun),
        closed_at=to_rfc3339(NOON),
        suspensions=[{"from": to_rfc3339(begun)}],
    )
    assert (row.pauses, row.flags) == (f"[[{begun},{NOON}]]", "")


def test_nothing_has_happened_after_the_event_that_tells_it() -> None:
    ahead = to_rfc3339(NOON + HOUR)
    row = row_of(status="closed", closed_at=ahead, handled_at=ahead, filed_at=ahead)
    assert (row.closed_at, row.handled_at, row.filed_at, row.flags) == (NOON, NOON, NOON, "clock_ahead")


def test_a_case_merged_into_itself_is_not_merged() -> None:
    row = row_of(merged_into="A1")
    assert (row.merged, row.is_open, row.flags) == (False, True, "merged_into_itself")


def test_a_case_closed_without_a_feedback_was_handled_when_it_was_closed() -> None:
    assert row_of(status="forced_closed", closed_at=to_rfc3339(NOON)).handled_at == NOON


def test_the_last_escalation_is_the_present_one_unless_it_was_returned() -> None:
    first, second = {"to": "D1", "reason": "私人"}, {"to": "D2", "acknowledged_by": "王小明", "at": to_rfc3339(NOON)}
    row = row_of(escalations=[first, second])
    assert decode_escalation(row.escalation).to == "D2"
    assert "王小明" not in row.escalation
    assert row_of(escalations=[first, {**second, "returned_at": to_rfc3339(NOON)}]).escalation == ""


def test_the_highest_level_is_the_present_one_where_none_was_published() -> None:
    assert row_of(level="street").highest_level == "street"
    assert row_of(level="street", highest_level="district").highest_level == "district"
    assert row_of().highest_level == ""


def test_no_nul_comes_into_a_column() -> None:
    row = row_of(lead_unit="D\x001", category={"name": "井\x00盖"}, escalations=[{"to": "D\x002"}])
    assert "\x00" not in repr(row).replace("\\x00", "\x00")
    assert (row.lead_unit, row.class_name) == ("D1", "井盖")


@pytest.mark.parametrize("status", STATUSES)
def test_a_case_is_filed_by_its_time_or_by_a_status_that_only_a_filed_one_has(status: str) -> None:
    assert is_filed(row_of(status=status)) == (status not in {"reported", "pre_verify", "not_filed", "voided"})
    assert is_filed(row_of(status=status, filed_at=to_rfc3339(NOON)))


def test_the_class_is_the_published_one_else_by_the_map_of_the_source_else_by_the_general_map(tiny: District) -> None:
    import dataclasses

    key = ("城管", "event", "01", "02")
    mapped = dataclasses.replace(tiny, class_map={("/a", *key): "05", ("", *key): "06"})
    category = dict(zip(("scheme", "kind", "major", "minor"), key, strict=True))

    def found(source: str, **more: Any) -> str:
        event = event_of(**{"category": category, "domain": ..., **more})
        return unified_domain(event.body, source, mapped)

    assert found("/a", domain="07") == "07"
    assert found("/a") == "05"
    assert found("/b") == "06"
    assert found("/b", category={**category, "minor": "03"}) == "99"
    assert found("/b", domain="42") == "06"


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=8, unique_by=lambda pair: pair[1]),
    st.randoms(use_true_random=False),
)
def test_the_higher_version_stands_then_the_earlier_entry_in_any_order(pairs: list[tuple[int, int]], rng: Any) -> None:
    items = [(key, event_of(version=version), CasePlace()) for version, key in pairs]
    expected = max(items, key=lambda item: (item[1].body.version, -item[0]))
    shuffled = [*items, *items]
    rng.shuffle(shuffled)
    assert winners(shuffled) == {"A1": expected}


def test_the_later_time_of_a_lower_version_does_not_win() -> None:
    old, new = event_of(version=1, at=NOON + HOUR), event_of(version=2, at=NOON - HOUR)
    assert winners([(1, new, CasePlace()), (2, old, CasePlace())])["A1"][1] is new
