"""What a case's suspensions stop, and which of its times cannot be meant: applied where they can be, and flagged.

The flags go the way of every flag of an event: kept with it, counted by source, shown on the case. Pure.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.contract.case import Case
from services.contract.codes import CLOSED_STATUSES
from services.platform.clock import DAY_MS, to_ms

Span = tuple[int, int]
_YEAR_MS = 366 * DAY_MS
# «A day ahead»: an hour less, so that an event told a little later than the time was stamped still shows it.
_AHEAD = timedelta(hours=23)
_FORGIVEN = timedelta(minutes=5)


class Pauses(NamedTuple):
    """Ended suspensions as disjoint spans of Unix ms in order; the open one's beginning; what was odd about them."""

    spans: tuple[Span, ...] = ()
    open_at: int | None = None
    flags: tuple[str, ...] = ()


NO_PAUSES = Pauses()


def pauses_of(case: Case, at: int | None = None) -> Pauses:
    """The suspensions of a case, in whatever order they came; ``at`` is when the event was told, in Unix ms.

    One that ends before it begins stops nothing. One that never ends (open in a case that is not suspended, or for
    more than a year) is flagged and stops nothing; longer than a year but ended, it is flagged and counts. What was
    open when the case was closed ended there.
    """
    if not case.suspensions:
        return NO_PAUSES
    spans: list[Span] = []
    opened: list[int] = []
    flags = set()
    for suspension in case.suspensions:
        start = to_ms(suspension.from_)
        if suspension.until is None:
            if case.status in CLOSED_STATUSES and case.closed_at is not None and to_ms(case.closed_at) >= start:
                spans.append((start, to_ms(case.closed_at)))
            elif case.status != "suspended" or (at is not None and at - start > _YEAR_MS):
                flags.add("suspension_endless")
            else:
                opened.append(start)
            continue
        end = to_ms(suspension.until)
        if end < start:
            flags.add("suspension_bad")
            continue
        if end - start > _YEAR_MS:
            flags.add("suspension_endless")
        spans.append((start, end))
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            if start < merged[-1][1]:
                flags.add("suspension_overlap")
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    open_at = min(opened, default=None)
    if len(opened) > 1 or (open_at is not None and merged and open_at < merged[-1][1]):
        flags.add("suspension_overlap")
    return Pauses(tuple(span for span in merged if span[0] < span[1]), open_at, tuple(sorted(flags)))


def odd_times(case: Case, at: int, pauses: Pauses | None = None) -> tuple[str, ...]:
    """What is odd about a case's times in an event told at ``at`` (Unix ms), as flags in a fixed order.

    ``suspension_bad``, ``suspension_endless``, ``suspension_overlap``: see ``pauses_of`` (``pauses``, where they are
    known). ``deadline_before_start``: a published deadline lies before its clock's start or, while the clock runs,
    before the filing. ``clock_ahead``: something has happened after the event that tells it (5 minutes are forgiven),
    or a clock starts a day after. ``closed_before_reported``: as it says.
    """
    flags = (pauses_of(case, at) if pauses is None else pauses).flags
    if _has_early_deadline(case):
        flags = (*flags, "deadline_before_start")
    if _is_ahead(case, datetime.fromtimestamp(at / 1000, UTC)):
        flags = (*flags, "clock_ahead")
    if case.closed_at is not None and case.closed_at < case.reported_at:
        flags = (*flags, "closed_before_reported")
    return flags


def _has_early_deadline(case: Case) -> bool:
    """Whether a published deadline lies before a moment that it must not lie before."""
    start, filed = case.dispatched_at or case.reported_at, case.filed_at
    for clock in case.clocks:
        deadline = clock.deadline_at
        if deadline is None:
            continue
        if deadline < (clock.started_at or start):
            return True
        if filed is not None and clock.stopped_at is None and deadline < filed:
            return True
    deadline = case.deadline_at
    return deadline is not None and (deadline < start or (filed is not None and deadline < filed))


def _is_ahead(case: Case, told: datetime) -> bool:
    latest = told + _FORGIVEN
    for moment in (case.reported_at, case.filed_at, case.dispatched_at, case.handled_at, case.closed_at):
        if moment is not None and moment > latest:
            return True
    latest = told + _AHEAD
    return any(clock.started_at is not None and clock.started_at >= latest for clock in case.clocks)
