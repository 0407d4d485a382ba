"""When a case must be handled and closed, when it is due soon, and which light it shows. Pure; ``now`` is an argument.

A published deadline wins. Where only a limit is known it counts from the clock's start in the limit's own time
(office time for WH and WD), stands while the case is suspended, and is as many limits longer as it was extended
(DOMAIN.md §2). A new dispatch restarts nothing.
"""

from typing import Literal, NamedTuple

from services.cases.limits import OFFICE_UNITS, limit_ms
from services.contract.case import Case, CaseClock, Limit
from services.contract.codes import CLOSED_STATUSES
from services.contract.pauses import Pauses, odd_times, pauses_of
from services.district.calendar import EARLIEST_MS, LATEST_MS, WorkingCalendar
from services.platform.clock import to_ms

Light = Literal["none", "due_soon", "overdue", "suspended"]
LIGHTS: tuple[Light, ...] = ("none", "due_soon", "overdue", "suspended")
What = Literal["handle", "close"]

_HANDLED_STATUSES = CLOSED_STATUSES | {"handled", "post_check"}


class CaseDue(NamedTuple):
    """When a case is due, in Unix milliseconds.

    ``deadline_at`` is when it must be closed; ``computed`` says that we counted it from a limit, so nobody published
    it. ``left_at_suspension`` is the time that was left when the clock stopped, in the limit's own time.
    """

    deadline_at: int | None = None
    soon_at: int | None = None
    computed: bool = False
    handle_deadline_at: int | None = None
    handled_at: int | None = None
    left_at_suspension: int | None = None
    flags: tuple[str, ...] = ()


NO_DEADLINE = CaseDue()


class Running(NamedTuple):
    """The time that a clock counts: all of it or office time only, and none of the pauses."""

    calendar: WorkingCalendar
    is_office: bool
    pauses: tuple[tuple[int, int], ...]

    def between(self, start: int, end: int) -> int:
        """The counted milliseconds between two moments; negative when ``end`` is the earlier."""
        if end < start:
            return -self.between(end, start)
        paused = sum(self._passed(max(f, start), min(u, end)) for f, u in self.pauses if f < end and u > start)
        return self._passed(start, end) - paused

    def after(self, start: int, ms: int) -> int:
        """The earliest moment by which ``ms`` have been counted since ``start``."""
        at = start
        for paused_at, until in self.pauses:
            if until <= at:
                continue
            passed = self._passed(at, max(paused_at, at))
            if ms <= passed:
                break
            ms, at = ms - passed, until
        return self.calendar.add(at, ms) if self.is_office else min(at + ms, LATEST_MS)

    def before(self, end: int, ms: int) -> int:
        """The latest moment after which ``ms`` are counted until ``end``."""
        at = end
        for paused_at, until in reversed(self.pauses):
            if paused_at >= at:
                continue
            passed = self._passed(min(until, at), at)
            if ms <= passed:
                break
            ms, at = ms - passed, paused_at
        return self.calendar.back(at, ms) if self.is_office else max(at - ms, EARLIEST_MS)

    def _passed(self, start: int, end: int) -> int:
        return self.calendar.between(start, end) if self.is_office else end - start


class Reckoning(NamedTuple):
    """What one clock's deadline follows from. ``start_from`` names the time that ``start`` was read from."""

    start: int
    start_from: str
    limit: Limit | None
    limit_ms: int
    extensions: int
    published: int | None
    running: Running

    @property
    def whole_ms(self) -> int:
        """The limit with its extensions, in its own time."""
        return self.limit_ms * (1 + self.extensions)

    def counted(self) -> int | None:
        """The deadline by the limit, published or not."""
        return self.running.after(self.start, self.whole_ms) if self.limit is not None else None

    def deadline(self) -> int | None:
        """The effective deadline."""
        return self.published if self.published is not None else self.counted()


def due(
    case: Case,
    calendar: WorkingCalendar,
    due_soon_share: float = 0.25,
    at: int | None = None,
    *,
    is_judged: bool = False,
) -> CaseDue:
    """When a case is due, and the moment from which no more than ``due_soon_share`` of its limit is left.

    ``at`` is when the event was told, in Unix milliseconds: what is odd about the times is judged by it, unless the
    parser has (``is_judged``).
    """
    pauses = pauses_of(case, at)
    flags = odd_times(case, at, pauses) if at is not None and not is_judged else ()
    handle = reckon(case, "handle", calendar, pauses)
    close = reckon(case, "close", calendar, pauses) or handle
    if close is None or (deadline := close.deadline()) is None:
        return CaseDue(handled_at=_handled_at(case, at), flags=flags)
    whole = close.whole_ms if close.limit is not None else max(close.running.between(close.start, deadline), 0)
    stopped = _stopped_at(case, pauses)
    return CaseDue(
        deadline_at=deadline,
        soon_at=close.running.before(deadline, int(whole * due_soon_share)),
        computed=close.published is None,
        handle_deadline_at=handle.deadline() if handle is not None else None,
        handled_at=_handled_at(case, at),
        left_at_suspension=close.running.between(stopped, deadline) if stopped is not None else None,
        flags=flags,
    )


def reckon(case: Case, what: What, calendar: WorkingCalendar, pauses: Pauses) -> Reckoning | None:
    """What the deadline of one of a case's two clocks follows from; None when it has no such clock."""
    clock = _clock(case, what)
    if clock is None:
        return None
    limit = clock.limit
    start, start_from = case.reported_at, "reported_at"
    if clock.started_at is not None:
        start, start_from = clock.started_at, "started_at"
    elif case.dispatched_at is not None:
        start, start_from = case.dispatched_at, "dispatched_at"
    return Reckoning(
        to_ms(start),
        start_from,
        limit,
        limit_ms(limit, calendar) if limit is not None else 0,
        case.extensions,
        to_ms(clock.deadline_at) if clock.deadline_at is not None else None,
        Running(calendar, limit is not None and limit.unit in OFFICE_UNITS, pauses.spans),
    )


def time_left(deadline: int, now: int, unit: str, calendar: WorkingCalendar) -> int:
    """How much time is left at ``now``, in ms of the unit's own time; negative when overdue."""
    return calendar.between(now, deadline) if unit in OFFICE_UNITS else deadline - now


def has_come(deadline_at: int | None, now: int) -> bool:
    """Whether a deadline has come: the very moment of it counts. The one rule for every screen, count and command."""
    return deadline_at is not None and deadline_at <= now


def light(is_open: bool, suspended: bool, soon_at: int | None, deadline_at: int | None, now: int) -> Light:
    """The light of a case at ``now``: a moment that has come counts (``deadline_at <= now`` is overdue)."""
    if not is_open:
        return "none"
    if suspended:
        return "suspended"
    if has_come(deadline_at, now):
        return "overdue"
    if has_come(soon_at, now):
        return "due_soon"
    return "none"


def next_turn(soon_at: int | None, deadline_at: int | None, now: int) -> int | None:
    """The next moment at which the light of an open case turns by itself."""
    return min((t for t in (soon_at, deadline_at) if t is not None and t > now), default=None)


def _clock(case: Case, what: What) -> CaseClock | None:
    """The clock that rules: one that runs before one that was stopped, then the last. The short form is a close clock.

    Without a limit and a deadline a close clock takes those of the short form; a clock still without both is none.
    """
    found = None
    for clock in case.clocks:
        if clock.what == what and (found is None or clock.stopped_at is None or found.stopped_at is not None):
            found = clock
    if what == "close" and (found is None or (found.limit is None and found.deadline_at is None)):
        started = found.started_at if found is not None else None
        found = CaseClock(what="close", started_at=started, limit=case.limit, deadline_at=case.deadline_at)
    return found if found is not None and (found.limit is not None or found.deadline_at is not None) else None


def _stopped_at(case: Case, pauses: Pauses) -> int | None:
    """Since when the case is suspended; None when it is not."""
    if pauses.open_at is not None:
        return pauses.open_at
    return pauses.spans[-1][0] if case.status == "suspended" and pauses.spans else None


def _handled_at(case: Case, at: int | None) -> int | None:
    """When the handling was done: a case sent back for rework is not handled, whatever its last time says.

    A case closed without a feedback was handled when it was closed.
    """
    if case.status not in _HANDLED_STATUSES:
        return None
    stops = [c.stopped_at for c in case.clocks if c.what == "handle" and c.stopped_at is not None]
    if stops or case.handled_at is not None:
        return to_ms(stops[-1] if stops else case.handled_at)  # type: ignore[arg-type]  # one of the two is there
    if case.status in CLOSED_STATUSES and case.closed_at is not None:
        return to_ms(case.closed_at)
    return at if case.status == "handled" else None
