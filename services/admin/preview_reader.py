"""Last week's cases and rates, on which a changed rule or target is tried."""

from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection

from services.admin.policy_preview import RulePreview, TargetPreview, against, preview
from services.cases import reader as cases
from services.cases.case import CaseRow
from services.district.package import District
from services.district.policy import Policy
from services.indicators.definitions import INDICATORS
from services.indicators.figures_reader import Days, figures

WEEK = 7
# The targets that an indicator of streets is held against.
TARGETS = frozenset(one.target for one in INDICATORS.values() if one.target)


class Week(NamedTuple):
    """The seven whole counting days before today: ``days`` of them have cases; Unix milliseconds."""

    first: int
    end_day: int
    start: int
    end: int
    days: int


def last_week(connection: Connection, district: District, now: int) -> Week:
    """The week before today, and on how many of its days anything was reported."""
    today = district.day_of(now)
    first = district.day_after(today, -WEEK)
    days = district.days(first, today)
    starts = [district.day_start_ms(day) for day in (*days, today)]
    full = sum(cases.count_reported(connection, start, end) > 0 for start, end in pairwise(starts))
    return Week(first, today, starts[0], starts[-1], full)


def rule_preview(connection: Connection, week: Week, now: Policy, then: Policy) -> RulePreview:
    """The cases that were open at any time in the week, under both policies."""
    rows = [row for row in _rows(connection, week) if row.status != "voided" and not row.merged]
    return preview(rows, now.escalation, then.escalation, (week.start, week.end), week.days)


def _rows(connection: Connection, week: Week) -> list[CaseRow]:
    found = {row.case_id: row for row in cases.closed_since(connection, week.start)}
    found |= {row.case_id: row for row in cases.open_cases(connection)}
    return [row for row in found.values() if row.reported_at < week.end and row.street and row.level]


def target_preview(
    connection: Connection, district: District, week: Week, key: str, targets: tuple[float, float]
) -> TargetPreview:
    """The streets' rates of the week against both targets. ``key`` names the policy's value."""
    indicator = next(one for one in INDICATORS.values() if one.target == key)
    found = figures(connection, district, [indicator.name], Days(week.first, week.end_day), week.end, by=("street",))
    rates = {
        str(group[0]): (one.value, one.n)
        for group, (one,) in found.items()
        if one.value is not None and group[0] in district.streets
    }
    return against(rates, indicator.better, *targets, week.days)
