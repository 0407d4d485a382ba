"""When a case must be closed and which light it shows: which clock rules, how a limit counts, and the exact moment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.case import CasePlace, settle
from services.cases.deadline_steps import TAKING_TIME, DeadlineStep, explain
from services.cases.deadlines import NO_DEADLINE, CaseDue, due, light, next_turn, reckon, time_left
from services.cases.limits import UNITS
from services.contract.case import Case
from services.contract.parse import Event, parse
from services.contract.pauses import pauses_of
from services.platform.clock import parse_ms, to_rfc3339
from tests.tiny import NOON, OFFICE, case, entry

HOUR = 3_600_000


def at(hours: float) -> str:
    return to_rfc3339(NOON + int(hours * HOUR))


def case_of(**more: Any) -> Case:
    event = parse("1-0", entry(case(**more)), NOON)
    assert isinstance(event, Event), event
    assert isinstance(event.body, Case)
    return event.body


def hours_of(**more: Any) -> tuple[float | None, bool]:
    """The deadline in hours after noon, and whether we counted it."""
    found = due(case_of(**more), OFFICE)
    return (None if found.deadline_at is None else (found.deadline_at - NOON) / HOUR, found.computed)


def clock(what: str = "close", **more: Any) -> dict[str, Any]:
    return {"what": what, "started_at": at(0), **more}


def test_a_case_without_clock_and_limit_has_no_deadline() -> None:
    assert due(case_of(), OFFICE) == NO_DEADLINE
    assert due(case_of(clocks=[clock()]), OFFICE) == NO_DEADLINE


def test_a_published_deadline_wins_over_the_limit_beside_it() -> None:
    both = clock(deadline_at=at(5), limit={"value": 2, "unit": "UH"})
    assert hours_of(clocks=[both]) == (5, False)


@pytest.mark.parametrize(("unit", "hours"), [("UH", 2), ("WH", 4), ("UD", 48), ("WD", 48)])
def test_a_limit_counts_from_the_start_in_its_own_time(unit: str, hours: int) -> None:
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


@pytest.mark.parametrize("more", [{"lead_unit": "D2", "dispatches": 3, "returns": 2}, {"status": "returned"}])
def test_a_new_dispatch_and_a_return_restart_no_clock(more: dict[str, Any]) -> None:
    """Bouncing must not buy time (DOMAIN.md §2)."""
    first = {"limit": {"value": 2, "unit": "WH"}, "dispatched_at": at(2), "status": "dispatched", "lead_unit": "D1"}
    assert hours_of(**{**first, **more}) == hours_of(**first)
    both = [clock("handle", limit={"value": 1, "unit": "WH"}), clock(limit={"value": 2, "unit": "WD"})]
    bounced, straight = (case_of(clocks=both, **extra) for extra in (more, {}))
    assert due(bounced, OFFICE)[:4] == due(straight, OFFICE)[:4]


def test_ended_suspensions_lengthen_a_counted_limit_and_not_a_published_deadline() -> None:
    pauses = [{"from": at(-5), "until": at(1)}, {"from": at(1.5), "until": at(2)}, {"from": at(3)}]
    assert hours_of(clocks=[clock(limit={"value": 4, "unit": "UH"})], suspensions=pauses) == (5.5, True)
    assert hours_of(clocks=[clock(deadline_at=at(4))], suspensions=pauses) == (4, False)


def test_a_case_is_due_soon_in_the_last_quarter() -> None:
    found = due(case_of(clocks=[clock(deadline_at=at(4))]), OFFICE)
    assert found.soon_at == NOON + 3 * HOUR
    assert due(case_of(clocks=[clock(deadline_at=at(4))]), OFFICE, 0.5).soon_at == NOON + 2 * HOUR


def test_a_deadline_before_its_start_is_due_soon_at_once() -> None:
    assert due(case_of(clocks=[clock(deadline_at=at(-1))]), OFFICE).soon_at == NOON - HOUR


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


def when(text: str) -> str:
    return f"2026-{text}+08:00"


def deadline(**more: Any) -> str:
    found = due(case_of(**more), OFFICE).deadline_at
    assert found is not None
    return to_rfc3339(found)


def moment(text: str) -> str:
    return to_rfc3339(parse_ms(when(text)))


def limited(value: float, unit: str, start: str) -> list[dict[str, Any]]:
    return [{"what": "close", "started_at": when(start), "limit": {"value": value, "unit": unit}}]


def test_the_close_clock_takes_the_short_limit_where_it_has_none_and_the_short_one_rules_before_the_handle_clock() -> (
    None
):
    short = {"value": 2, "unit": "UH"}
    assert hours_of(clocks=[clock()], limit=short, dispatched_at=at(3)) == (2, True)
    assert hours_of(clocks=[clock("handle", deadline_at=at(1))], limit=short) == (2, True)


def test_a_limit_over_a_suspension_and_an_extension_adds_up() -> None:
    clocks = limited(4, "WH", "11-24T14:05:00")
    pause = {"from": when("11-24T15:00:00"), "until": when("11-24T17:15:00")}
    assert deadline(clocks=clocks) == moment("11-25T08:05:00")
    assert deadline(clocks=clocks, suspensions=[pause]) == moment("11-25T10:20:00")
    assert deadline(clocks=clocks, suspensions=[pause], extensions=1) == moment("11-25T16:20:00")


@pytest.mark.parametrize(
    ("pause", "end"),
    [
        (("11-24T18:00:00", "11-25T08:00:00"), "11-25T10:00:00"),  # wholly outside working hours: nothing is lost
        (("11-24T12:00:00", "11-24T14:00:00"), "11-25T10:00:00"),
        (("11-24T20:00:00", "11-25T09:30:00"), "11-25T11:30:00"),  # begins outside
        (("11-24T17:00:00", "11-25T03:00:00"), "11-25T11:00:00"),  # ends outside
        (("11-25T10:00:00", "11-26T10:00:00"), "11-25T10:00:00"),  # begins as the limit runs out
        (("11-20T10:00:00", "11-24T11:00:00"), "11-25T11:00:00"),  # began before the clock
        (("11-24T10:30:00", "11-30T08:00:00"), "11-30T17:30:00"),  # over a weekend
    ],
)
def test_a_suspension_costs_the_working_time_within_it(pause: tuple[str, str], end: str) -> None:
    suspensions = [{"from": when(pause[0]), "until": when(pause[1])}]
    assert deadline(clocks=limited(1, "WD", "11-24T10:00:00"), suspensions=suspensions) == moment(end)


def test_a_limit_in_office_time_is_due_soon_in_its_last_quarter_of_office_time() -> None:
    found = due(case_of(clocks=limited(1, "WD", "11-27T16:00:00")), OFFICE)
    assert found.deadline_at == parse_ms(when("11-30T16:00:00"))
    assert found.soon_at == parse_ms(when("11-30T14:00:00"))
    published = [{**limited(1, "WD", "11-27T16:00:00")[0], "deadline_at": when("11-30T09:00:00")}]
    assert due(case_of(clocks=published), OFFICE).soon_at == parse_ms(when("11-27T17:00:00"))


def test_on_time_handling_and_closing_run_on_two_clocks() -> None:
    clocks = [clock("handle", deadline_at=at(3), stopped_at=at(2)), clock(limit={"value": 9, "unit": "UH"})]
    found = due(case_of(clocks=clocks, status="post_check", handled_at=at(2.5)), OFFICE)
    assert (found.deadline_at, found.computed) == (NOON + 9 * HOUR, True)
    assert (found.handle_deadline_at, found.handled_at) == (NOON + 3 * HOUR, NOON + 2 * HOUR)
    assert due(case_of(clocks=clocks[1:], status="handled", handled_at=at(2.5)), OFFICE)[3:5] == (
        None,
        NOON + 2.5 * HOUR,
    )
    assert due(case_of(clocks=clocks, status="rework", handled_at=at(2.5)), OFFICE).handled_at is None
    assert due(case_of(status="handled"), OFFICE, at=NOON + HOUR).handled_at == NOON + HOUR


def test_an_open_suspension_keeps_what_was_left() -> None:
    more = {"status": "suspended", "suspensions": [{"from": when("11-24T15:00:00")}]}
    found = due(case_of(clocks=limited(4, "WH", "11-24T14:00:00"), **more), OFFICE)
    assert (found.left_at_suspension, found.flags) == (3 * HOUR, ())
    planned = {"status": "suspended", "suspensions": [{"from": at(1), "until": at(99)}]}
    assert (
        due(case_of(clocks=[clock(limit={"value": 4, "unit": "UH"})], **planned), OFFICE).left_at_suspension == 3 * HOUR
    )
    assert due(case_of(clocks=limited(4, "WH", "11-24T14:00:00")), OFFICE).left_at_suspension is None


FLAGS: dict[str, tuple[dict[str, Any], str]] = {
    "a deadline before the start": ({"clocks": [clock(deadline_at=at(-1))]}, "deadline_before_start"),
    "a deadline before the filing": (
        {"clocks": [clock(deadline_at=at(-1), started_at=at(-2))], "filed_at": at(0)}, "deadline_before_start",
    ),
    "a short deadline before the report": ({"deadline_at": at(-1)}, "deadline_before_start"),
    "a clock a day ahead": ({"clocks": [clock(started_at=at(24), deadline_at=at(30))]}, "clock_ahead"),
    "a report a day ahead": ({"reported_at": at(24)}, "clock_ahead"),
    "a suspension that runs backwards": ({"suspensions": [{"from": at(2), "until": at(1)}]}, "suspension_bad"),
    "suspensions that overlap": (
        {"suspensions": [{"from": at(2), "until": at(4)}, {"from": at(1), "until": at(3)}]}, "suspension_overlap",
    ),
    "two that are open": ({"status": "suspended", "suspensions": [{"from": at(1)}] * 2}, "suspension_overlap"),
    "an open one before an ended one": (
        {"status": "suspended", "suspensions": [{"from": at(1)}, {"from": at(2), "until": at(3)}]},
        "suspension_overlap",
    ),
    "an open one in a case that goes on": (
        {"status": "handling", "suspensions": [{"from": at(-1)}]}, "suspension_endless",
    ),
    "an open one for two years": (
        {"status": "suspended", "suspensions": [{"from": at(-17_520)}]}, "suspension_endless",
    ),
    "one of two years": ({"suspensions": [{"from": at(0), "until": at(17_520)}]}, "suspension_endless"),
    "a limit without a unit": ({"limit": {"value": 4}}, "limit_no_unit"),
    "a clock's limit whose unit is null": ({"clocks": [clock(limit={"value": 4, "unit": None})]}, "limit_no_unit"),
    "an empty unit, beside an unknown field": ({"limit": {"value": 4, "unit": ""}, "x": 1}, "limit_no_unit"),
}  # fmt: skip


@pytest.mark.parametrize("name", FLAGS)
def test_what_cannot_be_meant_is_applied_where_it_can_be_and_flagged_once(name: str) -> None:
    more, flag = FLAGS[name]
    event = parse("1-0", entry(case(**more)), NOON)
    assert isinstance(event, Event), event
    assert event.flags == (flag,)  # kept with the event and counted by source
    assert isinstance(event.body, Case)
    found = due(event.body, OFFICE, at=event.time_ms)
    assert found.flags == ((flag,) if flag != "limit_no_unit" else ())
    row = settle(event, 1, CasePlace(), "04", OFFICE)
    assert row.flags.split() == [flag]


def test_a_limit_without_a_unit_leaves_the_deadline_beside_it() -> None:
    assert hours_of(clocks=[clock(deadline_at=at(5), limit={"value": 4})]) == (5, False)
    assert hours_of(clocks=[clock(limit={"value": 4})]) == (None, False)


@pytest.mark.parametrize("unit", [7, [], {}, "XX"])
def test_a_unit_that_is_none_of_the_four_is_refused_as_before(unit: object) -> None:
    assert not isinstance(parse("1-0", entry(case(limit={"value": 4, "unit": unit})), NOON), Event)


def test_overlapping_suspensions_count_once() -> None:
    pauses = [{"from": at(2), "until": at(4)}, {"from": at(1), "until": at(3)}, {"from": at(1), "until": at(0)}]
    assert hours_of(clocks=[clock(limit={"value": 4, "unit": "UH"})], suspensions=pauses) == (7, True)


HOURS = st.integers(-200, 800).map(lambda quarter: quarter / 4)
LIMITS = st.tuples(st.sampled_from([0.5, 1, 4, 7.25, 15]), st.sampled_from(UNITS))
SUSPENSIONS = st.lists(st.tuples(HOURS, HOURS), max_size=5)


@given(LIMITS, SUSPENSIONS, st.integers(0, 2), st.randoms(use_true_random=False))
def test_suspensions_in_any_order_give_one_deadline_and_the_limit_is_what_ran(
    limit: tuple[float, Any], spans: list[tuple[float, float]], extensions: int, random: Any
) -> None:
    pauses = [{"from": at(a), "until": at(b)} for a, b in spans]
    clocks = [clock(limit={"value": limit[0], "unit": limit[1]})]
    found = case_of(clocks=clocks, suspensions=pauses, extensions=extensions)
    random.shuffle(pauses)
    shuffled = case_of(clocks=clocks, suspensions=pauses, extensions=extensions)
    assert due(found, OFFICE) == due(shuffled, OFFICE)
    assert explain(found, OFFICE) == explain(shuffled, OFFICE)
    reckoned = reckon(found, "close", OFFICE, pauses_of(found))
    assert reckoned is not None
    counted = reckoned.counted()
    assert counted is not None
    assert reckoned.running.between(NOON, counted) == reckoned.whole_ms
    assert reckoned.running.between(NOON, counted - 1) == reckoned.whole_ms - 1  # the earliest such moment
    soon = due(found, OFFICE).soon_at
    assert soon is not None
    assert reckoned.running.between(soon, counted) == reckoned.whole_ms // 4
    assert reckoned.running.between(soon + 1, counted) == reckoned.whole_ms // 4 - 1  # the latest such moment


@given(LIMITS, SUSPENSIONS, st.integers(0, 2), HOURS | st.none())
def test_the_account_adds_up_to_the_millisecond(
    limit: tuple[float, Any], spans: list[tuple[float, float]], extensions: int, published: float | None
) -> None:
    more = {} if published is None else {"deadline_at": at(published)}
    found = case_of(
        clocks=[clock(limit={"value": limit[0], "unit": limit[1]}, **more)],
        extensions=extensions,
        suspensions=[{"from": at(a), "until": at(b)} for a, b in spans],
    )
    steps = explain(found, OFFICE)
    by_kind = {step.kind: step for step in steps}
    taken = [step.ms for step in steps if step.kind in TAKING_TIME]
    assert all(ms > 0 for ms in taken)
    assert NOON + sum(taken) == by_kind["computed"].at
    effective = due(found, OFFICE).deadline_at
    if published is None:
        assert effective == by_kind["computed"].at
    else:
        assert effective == by_kind["published"].at == NOON + sum(taken) + by_kind["difference"].ms


def test_the_account_of_a_deadline_over_national_day() -> None:
    clocks = [{**limited(3, "WD", "09-30T16:00:00")[0], "deadline_at": when("10-12T16:00:00")}]
    pause = {"from": when("10-08T09:00:00"), "until": when("10-08T11:15:00")}
    steps = explain(case_of(clocks=clocks, suspensions=[pause], extensions=0), OFFICE)
    day = 24 * HOUR

    def ms(text: str) -> int:
        return parse_ms(when(text))

    assert steps == (
        DeadlineStep("started", ms("09-30T16:00:00"), note="started_at"),
        DeadlineStep("limit", ms=24 * HOUR, value=3, unit="WD"),
        DeadlineStep("suspended", ms("10-08T09:00:00"), ms("10-08T11:15:00"), int(2.25 * HOUR)),
        DeadlineStep("holiday", ms("10-01T00:00:00"), ms("10-08T00:00:00"), 7 * day),
        DeadlineStep("workday", ms("10-10T00:00:00"), ms("10-11T00:00:00")),
        DeadlineStep("weekend", ms("10-11T00:00:00"), ms("10-12T00:00:00"), day),
        DeadlineStep(
            "off_hours", ms=ms("10-12T08:15:00") - ms("09-30T16:00:00") - 24 * HOUR - int(2.25 * HOUR) - 8 * day
        ),
        DeadlineStep("computed", ms("10-12T08:15:00")),
        DeadlineStep("published", ms("10-12T16:00:00")),
        DeadlineStep("difference", ms=int(7.75 * HOUR)),
    )


def test_the_account_tells_what_it_does_not_know_and_what_stands() -> None:
    more = {"status": "suspended", "suspensions": [{"from": when("12-31T15:00:00")}]}
    steps = explain(case_of(clocks=limited(1, "WD", "12-31T14:00:00"), **more), OFFICE)
    assert [step.value for step in steps if step.kind == "year_missing"] == [2027]
    assert steps[-1] == DeadlineStep("suspended_open", parse_ms(when("12-31T15:00:00")), ms=7 * HOUR)
    assert explain(case_of(), OFFICE) == ()
    assert [s.kind for s in explain(case_of(clocks=[clock("handle", deadline_at=at(4))]), OFFICE)] == [
        "started",
        "published",
    ]


def test_the_time_that_is_left_is_of_the_limits_own_kind() -> None:
    end, now = parse_ms(when("11-30T09:00:00")), parse_ms(when("11-27T17:00:00"))
    assert time_left(end, now, "WH", OFFICE) == time_left(end, now, "WD", OFFICE) == 2 * HOUR
    assert time_left(end, now, "UH", OFFICE) == 64 * HOUR
    assert time_left(now, end, "WH", OFFICE) == -2 * HOUR


def test_the_longest_limit_extended_a_million_times_still_has_a_deadline() -> None:
    for unit in UNITS:
        found = due(case_of(clocks=[clock(limit={"value": 100_000, "unit": unit})], extensions=1_000_000), OFFICE)
        assert found.deadline_at is not None
        assert to_rfc3339(found.deadline_at)[:4] == "9999"
        assert explain(case_of(clocks=[clock(limit={"value": 100_000, "unit": unit})]), OFFICE)


def test_nothing_is_due_where_nothing_is_known() -> None:
    assert due(case_of(status="handled", handled_at=at(1)), OFFICE) == CaseDue(handled_at=NOON + HOUR)
