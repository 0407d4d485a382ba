"""When a case must be closed and which light it shows: which clock rules, what an estimate is, and the exact moment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import to_rfc3339
from services.deadlines import NO_DEADLINE, due, light, next_turn
from services.events.case import Case
from services.events.parse import Event, parse
from tests.tiny import NOON, case, entry

HOUR = 3_600_000


def at(hours: float) -> str:
    return to_rfc3339(NOON + int(hours * HOUR))


def case_of(**more: Any) -> Case:
    event = parse("1-0", entry(case(**more)), NOON)
    assert isinstance(event, Event), event
    assert isinstance(event.body, Case)
    return event.body


def hours_of(**more: Any) -> tuple[float | None, bool]:
    """The deadline in hours after noon, and whether it is an estimate."""
    found = due(case_of(**more))
    return (None if found.deadline_at is None else (found.deadline_at - NOON) / HOUR, found.estimated)


def clock(what: str = "close", **more: Any) -> dict[str, Any]:
    return {"what": what, "started_at": at(0), **more}


def test_a_case_without_clock_and_limit_has_no_deadline() -> None:
    assert due(case_of()) == NO_DEADLINE
    assert due(case_of(clocks=[clock()])) == NO_DEADLINE


def test_a_published_deadline_wins_over_the_limit_beside_it() -> None:
    both = clock(deadline_at=at(5), limit={"value": 2, "unit": "UH"})
    assert hours_of(clocks=[both]) == (5, False)


@pytest.mark.parametrize(("unit", "hours"), [("UH", 2), ("WH", 2), ("UD", 48), ("WD", 48)])
def test_a_limit_counts_from_the_start_and_is_an_estimate(unit: str, hours: int) -> None:
    assert hours_of(clocks=[clock(limit={"value": 2, "unit": unit})]) == (hours, True)


def test_the_close_clock_rules_before_the_handle_clock_in_any_order() -> None:
    clocks = [clock("close", deadline_at=at(9)), clock("handle", deadline_at=at(2))]
    assert hours_of(clocks=clocks) == (9, False)
    assert hours_of(clocks=clocks[::-1]) == (9, False)
    assert hours_of(clocks=clocks[1:]) == (2, False)


def test_a_clock_that_runs_rules_before_one_that_was_stopped() -> None:
    stopped = clock(deadline_at=at(1), stopped_at=at(0.5))
    assert hours_of(clocks=[clock(deadline_at=at(7)), stopped]) == (7, False)
    assert hours_of(clocks=[stopped]) == (1, False)


def test_a_short_limit_counts_from_the_dispatch_else_from_the_report() -> None:
    limit = {"value": 2, "unit": "UH"}
    assert hours_of(limit=limit, dispatched_at=at(3)) == (5, True)
    assert hours_of(limit=limit) == (2, True)
    assert hours_of(limit=limit, deadline_at=at(1), dispatched_at=at(3)) == (1, False)


def test_ended_suspensions_lengthen_a_counted_limit_and_not_a_published_deadline() -> None:
    pauses = [{"from": at(-5), "until": at(1)}, {"from": at(1.5), "until": at(2)}, {"from": at(3)}]
    assert hours_of(clocks=[clock(limit={"value": 4, "unit": "UH"})], suspensions=pauses) == (5.5, True)
    assert hours_of(clocks=[clock(deadline_at=at(4))], suspensions=pauses) == (4, False)


def test_a_case_is_due_soon_in_the_last_quarter() -> None:
    found = due(case_of(clocks=[clock(deadline_at=at(4))]))
    assert found.soon_at == NOON + 3 * HOUR
    assert due(case_of(clocks=[clock(deadline_at=at(4))]), 0.5).soon_at == NOON + 2 * HOUR


def test_a_deadline_before_its_start_is_due_soon_at_once() -> None:
    assert due(case_of(clocks=[clock(deadline_at=at(-1))])).soon_at == NOON - HOUR


def test_the_moment_itself_counts() -> None:
    assert light(True, False, 10, 20, 9) == "none"
    assert light(True, False, 10, 20, 10) == "due_soon"
    assert light(True, False, 10, 20, 19) == "due_soon"
    assert light(True, False, 10, 20, 20) == "overdue"


def test_a_closed_case_has_no_light_and_a_suspended_one_its_own() -> None:
    assert light(False, False, 10, 20, 99) == "none"
    assert light(True, True, 10, 20, 99) == "suspended"


MOMENT = st.none() | st.integers(0, 100)


@given(soon=MOMENT, deadline=MOMENT, now=st.integers(0, 100), later=st.integers(0, 100))
def test_no_light_turns_before_the_moment_that_next_turn_names(
    soon: int | None, deadline: int | None, now: int, later: int
) -> None:
    turn = next_turn(soon, deadline, now)
    if later >= now and (turn is None or later < turn):
        assert light(True, False, soon, deadline, later) == light(True, False, soon, deadline, now)
