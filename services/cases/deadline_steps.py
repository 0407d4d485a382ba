"""How a deadline came about, step by step, with numbers that add up: what the case panel tells in its own words.

The start, and then ``ms`` of every step that takes time, is the computed deadline to the millisecond. Pure.
"""

from itertools import groupby
from typing import Literal, NamedTuple

from services.cases.deadlines import Reckoning, What, reckon
from services.contract.case import Case
from services.contract.pauses import pauses_of
from services.district.calendar import DayOff, WorkingCalendar

Kind = Literal[
    "started", "limit", "extended", "suspended", "weekend", "holiday", "workday", "off_hours", "year_missing",
    "computed", "published", "difference", "suspended_open",
]  # fmt: skip
# The steps whose ``ms`` lead from the start to the computed deadline.
TAKING_TIME: frozenset[str] = frozenset({"limit", "extended", "suspended", "weekend", "holiday", "off_hours"})


class DeadlineStep(NamedTuple):
    """One step. Moments are Unix milliseconds; ``note`` is a code that the kind explains.

    started         ``at``; ``note``: the field it was read from (started_at, dispatched_at, reported_at)
    limit           ``value`` ``unit``; ``ms`` of it, in working time for WH and WD
    extended        ``value`` times the limit more; ``ms`` together
    suspended       ``at`` – ``until``; ``ms``: what of it lies between the start and the deadline, day and night
    weekend,        ``at`` – ``until``, days that are not worked; ``ms`` of them between the start and the deadline,
    holiday         outside suspensions
    workday         ``at`` – ``until``, a day worked instead of another (调休); takes no time of its own
    off_hours       ``ms``: the nights and noon breaks between them
    year_missing    ``value``: a year whose holidays nobody has told us
    computed        ``at``: the deadline by the limit
    published       ``at``: the deadline that was published, and wins
    difference      ``ms``: published less computed; 0 when they agree
    suspended_open  ``at``: since when the clock stands; ``ms`` left then, in the limit's own time
    """

    kind: Kind
    at: int | None = None
    until: int | None = None
    ms: int = 0
    value: float = 0
    unit: str = ""
    note: str = ""


def explain(
    case: Case, calendar: WorkingCalendar, what: What = "close", at: int | None = None
) -> tuple[DeadlineStep, ...]:
    """The account of a case's deadline; empty when it has none. ``at``: when the event was told, in Unix ms.

    Where there is no close clock the handle clock accounts for the closing, as in ``due``.
    """
    pauses = pauses_of(case, at)
    found = reckon(case, what, calendar, pauses)
    if found is None and what == "close":
        found = reckon(case, "handle", calendar, pauses)
    if found is None:
        return ()
    steps = [DeadlineStep("started", found.start, note=found.start_from)]
    counted = found.counted()
    if counted is not None:
        steps += _counting(found, counted)
        steps.append(DeadlineStep("computed", counted))
    if found.published is not None:
        steps.append(DeadlineStep("published", found.published))
        if counted is not None:
            steps.append(DeadlineStep("difference", ms=found.published - counted))
    deadline = found.deadline()
    if pauses.open_at is not None and deadline is not None:
        left = found.running.between(pauses.open_at, deadline)
        steps.append(DeadlineStep("suspended_open", pauses.open_at, ms=left))
    return tuple(steps)


def _counting(found: Reckoning, counted: int) -> list[DeadlineStep]:
    """From the limit to the computed deadline."""
    assert found.limit is not None
    value, unit = found.limit.value, found.limit.unit
    steps = [DeadlineStep("limit", ms=found.limit_ms, value=value, unit=unit)]
    if found.extensions:
        more = found.limit_ms * found.extensions
        steps.append(DeadlineStep("extended", ms=more, value=found.extensions, unit=unit))
    for start, end in found.running.pauses:
        lasted = _overlap((start, end), found.start, counted)
        if lasted:
            steps.append(DeadlineStep("suspended", start, end, lasted))
    if found.running.is_office:
        skipped = _days_off(found, counted)
        rest = counted - found.start - sum(step.ms for step in (*steps, *skipped))
        steps += skipped
        if rest:
            steps.append(DeadlineStep("off_hours", ms=rest))
    return steps


def _days_off(found: Reckoning, counted: int) -> list[DeadlineStep]:
    """Runs of days of one kind that the clock jumped over, the days worked instead, and the years nobody knows."""
    calendar = found.running.calendar
    steps: list[DeadlineStep] = []
    number = 0
    days: list[tuple[int, DayOff]] = []
    for day in calendar.days_off(found.start, counted):
        if days and (days[-1][1].kind != day.kind or days[-1][1].end != day.start):
            number += 1
        days.append((number, day))
    for _, group in groupby(days, key=lambda pair: pair[0]):
        run = [day for _, day in group]
        span = (run[0].start, run[-1].end)
        lasted = _overlap(span, found.start, counted)
        if not lasted:
            continue
        paused = sum(
            _overlap(pause, max(span[0], found.start), min(span[1], counted)) for pause in found.running.pauses
        )
        if run[0].kind == "workday":
            steps.append(DeadlineStep("workday", *span))
        elif lasted > paused:
            steps.append(DeadlineStep("holiday" if run[0].kind == "holiday" else "weekend", *span, lasted - paused))
    years = calendar.missing_between(found.start, counted)
    return steps + [DeadlineStep("year_missing", value=year) for year in years]


def _overlap(span: tuple[int, int], start: int, end: int) -> int:
    return max(min(span[1], end) - max(span[0], start), 0)
