"""A case's course through time: how long it will take, and the moment at which each share of that is done."""

from services.events.case import CaseClock, Limit
from services.simulator.dice import Dice
from services.simulator.office import DAY_MS, HOUR_MS, OfficeHours
from services.simulator.step import utc

_CONTINUOUS = frozenset({"UH", "UD"})
_HOURS = {"UH": 1.0, "UD": 24.0, "WH": 1.0, "WD": 8.0}


class Course:
    """The way from ``start_ms`` to the closing, in office hours where the limit counts those, else in plain hours."""

    def __init__(self, office: OfficeHours, start_ms: int, limit: Limit) -> None:
        self._office = office
        self.limit = limit
        self.started_ms = self._base_ms = start_ms
        self._base_share = 0.0
        self.deadline_ms = office.deadline(start_ms, limit.value, limit.unit)
        self.hours = limit.value * _HOURS[limit.unit]

    @property
    def is_continuous(self) -> bool:
        """Whether nights and holidays count."""
        return self.limit.unit in _CONTINUOUS

    @property
    def estimate_ms(self) -> int:
        """The deadline as a reader without a calendar estimates it: WH as hours, WD as 24 hours."""
        plain = {"UH": HOUR_MS, "WH": HOUR_MS, "UD": DAY_MS, "WD": DAY_MS}[self.limit.unit]
        return self.started_ms + int(self.limit.value * plain)

    def take(self, limits: float, extra_hours: float = 0.0) -> None:
        """Let the whole course last ``limits`` times the limit and some hours more."""
        self.hours = self.limit.value * _HOURS[self.limit.unit] * limits + extra_hours

    def at(self, share: float) -> int:
        """The moment when a share of the course is done."""
        hours = max(0.0, share - self._base_share) * self.hours
        if self.is_continuous:
            return self._base_ms + int(hours * HOUR_MS)
        return self._office.add(self._base_ms, hours)

    def pause(self, share: float, from_ms: int, until_ms: int) -> None:
        """Stand still: the rest of the course and the deadline move on by the pause."""
        self._base_share, self._base_ms = share, until_ms
        moved = self.deadline_ms + until_ms - from_ms
        self.deadline_ms = moved if self.is_continuous else self._office.add(moved, 0.02)

    def rebase(self, share: float, now_ms: int) -> None:
        """Say that at ``now_ms`` just this share is done."""
        self._base_share, self._base_ms = share, now_ms

    def extend(self) -> None:
        """延期: the present deadline and one original limit."""
        self.deadline_ms = self._office.deadline(self.deadline_ms, self.limit.value, self.limit.unit)

    def clocks(self, level: str, handled_ms: int | None = None, closed_ms: int | None = None) -> list[CaseClock]:
        """Both clocks as published: handling has four fifths of the time that closing has."""
        started, grade = utc(self.started_ms), level if level in {"community", "street", "district"} else None
        handle_ms = self.started_ms + (self.deadline_ms - self.started_ms) * 4 // 5
        return [
            CaseClock(what="handle", level=grade, started_at=started, limit=self.limit, deadline_at=utc(handle_ms),
                      stopped_at=None if handled_ms is None else utc(handled_ms)),
            CaseClock(what="close", level=grade, started_at=started, limit=self.limit, deadline_at=utc(self.deadline_ms),
                      stopped_at=None if closed_ms is None else utc(closed_ms)),
        ]  # type: ignore[list-item]


def length_of(course: Course, late: float, dice: Dice) -> bool:
    """Draw how long a course lasts; returns whether it ends after its limit."""
    if dice.chance(late):
        course.take(1.0, 0.2 + dice.wait(5.5))
        return True
    course.take(0.06 + 0.84 * dice.share() ** 1.25)
    return False
