"""When a case must be closed, when it is due soon, and which light it shows. Pure; ``now`` is an argument.

In this version WH counts as hours and WD as 24 hours wherever no deadline was published, and such a deadline is marked
estimated (估算). The working calendar takes this module's place for those two units.
"""

from typing import Literal, NamedTuple

from services.clock import to_ms
from services.events.case import Case, CaseClock, Limit

Light = Literal["none", "due_soon", "overdue", "suspended"]
LIGHTS: tuple[Light, ...] = ("none", "due_soon", "overdue", "suspended")

_UNIT_MS = {"UH": 3_600_000, "WH": 3_600_000, "UD": 86_400_000, "WD": 86_400_000}


class Due(NamedTuple):
    """The effective deadline of a case, in Unix milliseconds, and how it came about."""

    deadline_at: int | None
    soon_at: int | None
    computed: bool
    handle_deadline_at: int | None = None
    flags: tuple[str, ...] = ()


NO_DEADLINE = Due(None, None, False)


def due(case: Case, calendar: object, due_soon_share: float = 0.25) -> Due:
    """The effective deadline of the close clock (else of the handle clock), and the moment its last quarter begins."""
    clock = _ruling_clock(case)
    if clock is None:
        return NO_DEADLINE
    started = clock.started_at or case.dispatched_at or case.reported_at
    start = to_ms(started)
    if clock.deadline_at is not None:
        deadline, estimated = to_ms(clock.deadline_at), False
    elif clock.limit is not None:
        deadline, estimated = start + limit_ms(clock.limit) + _suspended_ms(case, start), True
    else:
        return NO_DEADLINE
    soon = deadline - int(max(deadline - start, 0) * due_soon_share)
    return Due(deadline, soon, estimated)


def limit_ms(limit: Limit) -> int:
    """A limit as continuous milliseconds: exact for UH and UD, an estimate for WH and WD."""
    return int(limit.value * _UNIT_MS[limit.unit])


def light(is_open: bool, suspended: bool, soon_at: int | None, deadline_at: int | None, now: int) -> Light:
    """The light of a case at ``now``: a moment that has come counts (``deadline_at <= now`` is overdue)."""
    if not is_open:
        return "none"
    if suspended:
        return "suspended"
    if deadline_at is not None and now >= deadline_at:
        return "overdue"
    if soon_at is not None and now >= soon_at:
        return "due_soon"
    return "none"


def next_turn(soon_at: int | None, deadline_at: int | None, now: int) -> int | None:
    """The next moment at which the light of an open case turns by itself."""
    return min((t for t in (soon_at, deadline_at) if t is not None and t > now), default=None)


def _ruling_clock(case: Case) -> CaseClock | None:
    for what in ("close", "handle"):
        clocks = [c for c in case.clocks if c.what == what]
        running = [c for c in clocks if c.stopped_at is None]
        if clocks:
            return (running or clocks)[-1]
    if case.deadline_at is not None or case.limit is not None:
        return CaseClock(what="close", limit=case.limit, deadline_at=case.deadline_at)
    return None


def _suspended_ms(case: Case, start: int) -> int:
    total = 0
    for suspension in case.suspensions:
        if suspension.until is not None:
            total += max(to_ms(suspension.until) - max(to_ms(suspension.from_), start), 0)
    return total
