"""Why a case is in a count, or out of it: the answer to «why?» for any figure (issue: explain). Pure."""

from typing import NamedTuple

from services.cases.case import CaseRow, decode_rating, is_filed, suspended_at
from services.indicators.case_counts import BY_CLOSING, closed_in_time, handle_count_at, handled_in_time
from services.indicators.definitions import Indicator
from services.indicators.window import Window, value


class CountVerdict(NamedTuple):
    """What a case adds below and above the line, and why; ``why`` is a key of the screens' texts."""

    denominator: float
    numerator: float
    why: str

    @property
    def counts(self) -> bool:
        """Whether it is in the figure at all."""
        return bool(self.denominator or self.numerator)


def judge(row: CaseRow, indicator: Indicator, window: Window) -> CountVerdict:
    """The case's part in the indicator in the window."""
    above = sum(weight * value(row, name, window) for name, weight in indicator.parts)
    below = sum(weight * value(row, name, window) for name, weight in indicator.over) if indicator.over else above
    return CountVerdict(below, above, _why(row, indicator, window, bool(above), bool(below)))


def _why(row: CaseRow, indicator: Indicator, window: Window, is_above: bool, is_below: bool) -> str:
    if row.status == "voided":
        return "voided"
    if row.merged:
        return "merged"
    clock = _clock(indicator)
    if not is_below:
        return _why_out_of_due(row, clock, window) if clock else _why_out(row, indicator, window)
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


def _why_out_of_due(row: CaseRow, clock: str, window: Window) -> str:
    """Out of should_close or should_handle: the first reason that holds."""
    if not is_filed(row) or row.status == "not_filed":
        return "not_filed"
    if row.self_handled:
        return "self_handled"
    at, ended_at = (row.count_at, row.closed_at) if clock == "close" else (handle_count_at(row), row.handled_at)
    if at is None:
        return "no_deadline"
    if window.has(at) and suspended_at(row, ended_at, window.as_of):
        return "suspended"
    if window.start <= at < window.end:
        return "ahead"
    return "other_day"


def _why_out(row: CaseRow, indicator: Indicator, window: Window) -> str:
    """Out of a count that goes by no deadline."""
    names = set(indicator.measures)
    if "callbacks" in names:
        if row.channel != "H12345":
            return "not_12345"
        return "other_day" if row.rating and decode_rating(row.rating).valid else "no_callback"
    if "accepted" in names and not (row.accepted_at or row.filed_at or row.status == "not_filed"):
        return "not_accepted"
    if "dispatches" in names and not row.dispatches:
        return "not_dispatched"
    if names <= BY_CLOSING:
        return _why_not_closed(row, names, window)
    return "other_day"


def _why_not_closed(row: CaseRow, names: set[str], window: Window) -> str:
    if row.closed_at is None:
        return "still_open" if row.is_open else "not_filed"
    if not window.has(row.closed_at):
        return "other_day"
    return "other_level" if row.highest_level or "closed" in names else "no_level"


# Each reason in words; the screens have the same codes in their tables.
WHY: dict[str, tuple[str, str]] = {
    "closed_in_time": ("按期结案", "closed by its deadline"),
    "closed_late": ("逾期结案", "closed after its deadline"),
    "open_overdue": ("截止时间已到，尚未结案", "its deadline has come and it is open"),
    "exempt": ("申诉成立，按期计", "exempt on appeal: counted as on time"),
    "verdict_in_time": ("无截止时间，按来源认定为按期", "no deadline: on time in the publisher's word"),
    "verdict_late": ("无截止时间，按来源认定为逾期", "no deadline: late in the publisher's word"),
    "handled_in_time": ("按期反馈", "handled by its deadline"),
    "handled_late": ("逾期反馈", "handled after its deadline"),
    "unhandled_overdue": ("处置截止时间已到，尚未反馈", "its handling deadline has come and it is not handled"),
    "in": ("计入分子", "in the count"),
    "in_denominator": ("只计入分母", "below the line only"),
    "voided": ("已作废", "voided"),
    "merged": ("已合并到另一案件", "merged into another case"),
    "not_filed": ("未立案", "not filed"),
    "self_handled": ("自行处置，另列", "solved on the spot: counted apart"),
    "no_deadline": ("没有期限，也没有来源认定", "neither a deadline nor a publisher's verdict"),
    "suspended": ("统计期末挂账", "suspended at the end of the window"),
    "ahead": ("截止时间未到", "its deadline is still ahead"),
    "not_12345": ("不是 12345 来件", "not from the 12345 hotline"),
    "no_callback": ("没有有效回访", "no valid call-back"),
    "not_accepted": ("未受理", "not accepted"),
    "not_dispatched": ("未派遣", "not dispatched"),
    "still_open": ("尚未结案", "still open"),
    "no_level": ("层级未知", "its level is not known"),
    "other_level": ("属于另一类", "of another kind"),
    "other_day": ("计入别的日子", "counts on another day"),
}
