"""What a changed rule would have done to last week's cases. Pure.

It goes by the cases as they ended: deadlines with their extensions and suspensions, counts of returns and reworks.
What the case's row does not keep (how long a unit was missing, when a whistle was answered) cannot be run again.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.cases.case import CaseRow
from services.cases.escalation import strikes, takeover_moment
from services.district.policy import EscalationPolicy
from services.platform.clock import HOUR_MS

# Rules that can be run again on the rows of cases, in the order in which the policy asks them.
_RULES = ("severity", "ping_pong", "rework_limit", "asked", "level_deadline")
# The values of [escalation] that they go by.
RERUN = {
    "escalation.after_level_deadline_minutes",
    "escalation.returns",
    "escalation.reworks",
    "escalation.automatic_severity",
    *(f"escalation.modes.{rule}" for rule in _RULES),
}
# More than this share of all cases, or more an hour than a seat can answer, asks for a second look before it is saved.
MOST_SHARE = 0.5


class RuleStrike(NamedTuple):
    """A case that a policy would have proposed: by which rule, and when, where the clock decides (Unix ms)."""

    rule: str
    at: int | None


class MoreCase(NamedTuple):
    """A case that one policy proposes and the other does not; ``ended`` is closed, district or open."""

    row: CaseRow
    strike: RuleStrike
    ended: str


class RulePreview(NamedTuple):
    """Last week under both policies. ``streets``: code → (proposed now, then); ``days``: with cases, of seven."""

    days: int
    cases: int
    now: int
    then: int
    more: list[MoreCase]
    fewer: list[MoreCase]
    streets: dict[str, tuple[int, int]]
    hours: float

    @property
    def an_hour(self) -> tuple[float, float]:
        """Proposals an hour, now and then."""
        return self.now / self.hours, self.then / self.hours

    def is_too_much(self, most_per_hour: int) -> bool:
        """Whether nearly everything would be proposed, or more than a seat can answer."""
        if self.then <= self.now:
            return False
        return self.then > MOST_SHARE * self.cases or self.an_hour[1] > most_per_hour


def preview(
    rows: Iterable[CaseRow], now: EscalationPolicy, then: EscalationPolicy, span: tuple[int, int], days: int
) -> RulePreview:
    """Run both policies over the cases that were there between two moments (Unix ms)."""
    start, end = span
    streets: dict[str, list[int]] = {}
    more: list[MoreCase] = []
    fewer: list[MoreCase] = []
    totals, n = [0, 0], 0
    for row in rows:
        n += 1
        found = struck(row, now, start, end), struck(row, then, start, end)
        for place, strike in enumerate(found):
            if strike is not None:
                totals[place] += 1
                streets.setdefault(row.street, [0, 0])[place] += 1
        if found[0] is None and found[1] is not None:
            more.append(MoreCase(row, found[1], _ended(row)))
        elif found[0] is not None and found[1] is None:
            fewer.append(MoreCase(row, found[0], _ended(row)))
    by_street = {code: (both[0], both[1]) for code, both in streets.items()}
    hours = days * 24.0 if days else (end - start) / HOUR_MS
    return RulePreview(days, n, totals[0], totals[1], more, fewer, by_street, hours)


def struck(row: CaseRow, policy: EscalationPolicy, start: int, end: int) -> RuleStrike | None:
    """The first rule that would have made it the district's between the two moments."""
    for rule in _RULES:
        if policy.modes[rule] == "off":
            continue
        if rule == "level_deadline":
            at = takeover_moment(row, policy)
            # It was still with its street then: not closed, and in this week.
            if at is not None and start <= at < end and (row.closed_at is None or at < row.closed_at):
                return RuleStrike(rule, at)
        elif rule == "severity":
            if start <= row.reported_at < end and strikes(row, rule, end, policy):
                return RuleStrike(rule, row.reported_at)
        elif strikes(row, rule, end, policy):
            return RuleStrike(rule, None)
    return None


def _ended(row: CaseRow) -> str:
    if row.escalations:
        return "district"
    return "open" if row.is_open else "closed"


class TargetPreview(NamedTuple):
    """Last week's rates against both targets: code → (rate, n); streets that meet them; ``better`` up or down."""

    days: int
    now: int
    then: int
    rates: Mapping[str, tuple[float, int]]
    better: str


def against(rates: Mapping[str, tuple[float, int]], better: str, now: float, then: float, days: int) -> TargetPreview:
    """How many streets reach each of two targets."""

    def reached(target: float) -> int:
        return sum(rate <= target if better == "down" else rate >= target for rate, _n in rates.values())

    return TargetPreview(days, reached(now), reached(then), rates, better)
