"""Why a case is in a count, or out of it: the answer to «why?» for any figure (issue: explain). Pure."""

from typing import NamedTuple

from services.cases import CaseRow, is_filed
from services.indicators.definitions import Indicator
from services.indicators.measures import closed_in_time, handle_count_at, handled_in_time
from services.indicators.window import Window, suspended_at, value


class Verdict(NamedTuple):
    """What a case adds below and above the line, and why; ``why`` is a key of the screens' texts."""

    denominator: float
    numerator: float
    why: str

    @property
    def counts(self) -> bool:
        """Whether it is in the figure at all."""
        return bool(self.denominator or self.numerator)


def judge(row: CaseRow, indicator: Indicator, window: Window) -> Verdict:
    """The case's part in the indicator in the window."""
    above = sum(weight * value(row, name, window) for name, weight in indicator.parts)
    below = sum(weight * value(row, name, window) for name, weight in indicator.over) if indicator.over else above
    return Verdict(below, above, _why(row, indicator, window, bool(above), bool(below)))


def _why(row: CaseRow, indicator: Indicator, window: Window, is_above: bool, is_below: bool) -> str:
    if row.status == "voided":
        return "voided"
    if row.merged:
        return "merged"
    clock = _clock(indicator)
    if not is_below:
        return _why_out(row, clock, window)
    if clock == "close" and indicator.name == "on_time_close_rate":
        return _why_close(row, is_above)
    if clock == "handle" and indicator.name == "on_time_handle_rate":
        if is_above:
            return "handled_in_time" if handled_in_time(row) else "exempt"
        return "handled_late" if row.handled_at is not None else "unhandled_overdue"
    return "in" if is_above else "in_denominator"


def _clock(indicator: Indicator) -> str:
    names = {name for name, _ in (*indicator.parts, *indicator.over)}
    return "close" if "should_close" in names else "handle" if "should_handle" in names else ""


def _why_close(row: CaseRow, is_above: bool) -> str:
    if is_above:
        if not closed_in_time(row):
            return "exempt"
        return "verdict_in_time" if row.on_time is not None else "closed_in_time"
    if row.closed_at is None:
        return "open_overdue"
    return "verdict_late" if row.on_time is not None else "closed_late"


def _why_out(row: CaseRow, clock: str, window: Window) -> str:
    """Out of the count: the first reason that holds."""
    if not clock:
        return "other_day"
    if not is_filed(row) or row.status == "not_filed":
        return "not_filed"
    if row.self_handled:
        return "self_handled"
    at, ended_at = (row.count_at, row.closed_at) if clock == "close" else (handle_count_at(row), row.handled_at)
    if at is None:
        return "no_deadline"
    if window.has(at) and suspended_at(row, ended_at, window.until):
        return "suspended"
    if window.start <= at < window.end:
        return "ahead"
    return "other_day"
