"""The definition: what a case counts for in a window, as of now, to the millisecond (DOMAIN.md §4). Pure.

``value`` reads like the specification and is the yardstick for the roll-ups, which only make it fast.
"""

from collections.abc import Callable
from typing import NamedTuple

from services.cases.case import CaseRow, RatingGiven, decode_rating, is_filed, suspended_at
from services.indicators.case_counts import (
    closed_in_time,
    handle_count_at,
    handled_in_time,
    is_due_basis,
)


class Window(NamedTuple):
    """[start, end), as of ``now``; Unix milliseconds."""

    start: int
    end: int
    now: int

    @property
    def until(self) -> int:
        """Where counting ends, this millisecond not counted: at t1, else just behind ``now``.

        What a standing clock has reached counts, as it stands on the board.
        """
        return min(self.end, self.now + 1)

    @property
    def as_of(self) -> int:
        """The moment whose state counts, and which a figure names: min(t1, now)."""
        return min(self.end, self.now)

    def has(self, moment: int | None) -> bool:
        """Whether a moment counts in it."""
        # `until` without its property: this is asked some million times for one report.
        return moment is not None and self.start <= moment < self.end and moment <= self.now


def value(row: CaseRow, measure: str, window: Window) -> int:
    """How much the case adds to ``measure`` (indicators.measures) in the window."""
    if row.status == "voided" or row.merged:
        return 0
    if measure in _OF_CLOSE:
        return int(in_should_close(row, window) and _OF_CLOSE[measure](row, window.until))
    if measure in _OF_HANDLE:
        return int(in_should_handle(row, window) and _OF_HANDLE[measure](row, window.until))
    if measure in _OF_CLOSED:
        return int(window.has(row.closed_at) and _OF_CLOSED[measure](row))
    if measure in _OF_RATING:
        return int(_callback(row, measure, window))
    if measure == "intake":
        return int(window.has(row.reported_at))
    if measure in {"accepted", "filed"}:
        return int(_accepted(row, measure, window))
    if not window.has(row.dispatched_at):
        return 0
    return row.dispatches if measure == "dispatches" else min(row.wrong_dispatches, row.dispatches)


def values(row: CaseRow, window: Window) -> dict[str, int]:
    """``value`` for every measure at once, without those that are 0: each question about the case asked once."""
    if row.status == "voided" or row.merged:
        return {}
    found: dict[str, int] = {}
    if window.has(row.reported_at):
        found["intake"] = 1
    for measure in ("accepted", "filed"):
        if _accepted(row, measure, window):
            found[measure] = 1
    if window.has(row.dispatched_at) and row.dispatches:
        found["dispatches"] = row.dispatches
        if row.wrong_dispatches:
            found["wrong_dispatches"] = min(row.wrong_dispatches, row.dispatches)
    until = window.until
    if in_should_close(row, window):
        found |= {measure: 1 for measure, is_so in _OF_CLOSE.items() if is_so(row, until)}
    if in_should_handle(row, window):
        found |= {measure: 1 for measure, is_so in _OF_HANDLE.items() if is_so(row, until)}
    if window.has(row.closed_at):
        found |= {measure: 1 for measure, is_so in _OF_CLOSED.items() if is_so(row)}
    if row.rating:
        found |= {measure: 1 for measure in _OF_RATING if _callback(row, measure, window)}
    return found


def in_should_close(row: CaseRow, window: Window) -> bool:
    """Due to be closed in the window: t0 ≤ count_at < t1, count_at ≤ now, and not suspended at min(t1, now)."""
    return is_due_basis(row) and window.has(row.count_at) and not suspended_at(row, row.closed_at, window.as_of)


def in_should_handle(row: CaseRow, window: Window) -> bool:
    """The same by the handling clock."""
    return (
        is_due_basis(row) and window.has(handle_count_at(row)) and not suspended_at(row, row.handled_at, window.as_of)
    )


def _accepted(row: CaseRow, measure: str, window: Window) -> bool:
    filed = is_filed(row) and row.status != "not_filed"
    if not (filed or row.accepted_at is not None or row.status == "not_filed"):
        return False
    at = next(t for t in (row.accepted_at, row.filed_at, row.reported_at) if t is not None)
    return window.has(at) and (measure == "accepted" or filed)


def _callback(row: CaseRow, measure: str, window: Window) -> bool:
    if not row.rating or row.channel != "H12345":
        return False
    rating = decode_rating(row.rating)
    at = next(t for t in (rating.at, row.closed_at, row.reported_at) if t is not None)
    return rating.valid and window.has(at) and _OF_RATING[measure](rating)


_OF_CLOSE: dict[str, Callable[[CaseRow, int], bool]] = {
    "should_close": lambda row, end: True,
    "closed_of_due": lambda row, end: row.closed_at is not None and row.closed_at < end,
    "closed_on_time": lambda row, end: closed_in_time(row) or row.appeal_exempt,
    "exempted": lambda row, end: row.appeal_exempt and not closed_in_time(row),
    "reworked": lambda row, end: row.reworks > 0,
}
_OF_HANDLE: dict[str, Callable[[CaseRow, int], bool]] = {
    "should_handle": lambda row, end: True,
    "handled_of_due": lambda row, end: row.handled_at is not None and row.handled_at < end,
    "handled_on_time": lambda row, end: handled_in_time(row) or row.appeal_exempt,
    "extended": lambda row, end: row.extensions > 0,
}
_OF_CLOSED: dict[str, Callable[[CaseRow], bool]] = {
    "closed": lambda row: True,
    "forced_closed": lambda row: row.status == "forced_closed",
    "self_handled": lambda row: row.self_handled,
    "solved_grid": lambda row: row.highest_level == "grid",
    "solved_community": lambda row: row.highest_level == "community",
    "solved_street": lambda row: row.highest_level == "street",
    "solved_district": lambda row: row.highest_level == "district",
}
_OF_RATING: dict[str, Callable[[RatingGiven], bool]] = {
    "callbacks": lambda rating: True,
    "contacted": lambda rating: rating.contacted,
    "solved": lambda rating: rating.solved == "yes",
    "satisfied": lambda rating: rating.satisfied == "yes",
    "fairly_satisfied": lambda rating: rating.satisfied == "fairly",
}
