"""A case's course through time: how long it will take, and the moment at which each share of that is done."""

from services.contract.case import CaseClock, Limit
from services.contract.codes import Level
from services.operations.simulator.dice import Dice
from services.operations.simulator.office import OfficeHours
from services.operations.simulator.step import utc
from services.platform.clock import HOUR_MS

_CONTINUOUS = frozenset({"UH", "UD"})
_HOURS = {"UH": 1.0, "UD": 24.0, "WH": 1.0, "WD": 8.0}


class Course:
    """The way from ``start_ms`` to the closing, in office hours where the limit counts those, else in plain hours."""

    def __init__(self, office: OfficeHours, start_ms: int, limit: Limit) -> None:
        self._office = office
        self.limit = limit
        self.started_ms = self._base_ms = start_ms
        self._base_share = 0.0
        self.is_continuous = limit.unit in _CONTINUOUS
        self.deadline_ms = office.deadline(start_ms, limit.value, limit.unit)
        self.hours = limit.value * _HOURS[limit.unit]

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
        self.deadline_ms = self._office.after_pause(self.deadline_ms, from_ms, until_ms, self.limit.unit)

    def rebase(self, share: float, now_ms: int) -> None:
        """Say that at ``now_ms`` just this share is done."""
        self._base_share, self._base_ms = share, now_ms

    def hurry(self, now_ms: int, hours: float) -> None:
        """Start anew at ``now_ms`` and take so many plain hours, day or night: the district's way. No limit moves."""
        self.rebase(0.0, now_ms)
        self.hours, self.is_continuous = hours, True

    def extend(self) -> None:
        """延期: the present deadline and one original limit."""
        self.deadline_ms = self._office.deadline(self.deadline_ms, self.limit.value, self.limit.unit)

    def clocks(self, level: Level) -> list[CaseClock]:
        """Both clocks as published: handling has four fifths of the time that closing has."""
        started = utc(self.started_ms)
        handle_ms = self.started_ms + (self.deadline_ms - self.started_ms) * 4 // 5
        return [
            CaseClock(what="handle", level=level, started_at=started, limit=self.limit, deadline_at=utc(handle_ms)),
            CaseClock(
                what="close", level=level, started_at=started, limit=self.limit, deadline_at=utc(self.deadline_ms)
            ),
        ]


def draw_length(course: Course, late: float, dice: Dice) -> bool:
    """Draw how long a course lasts; returns whether it ends after its limit.

    What must be done within hours is late more often than what has days; few run into their last quarter.
    """
    urgency = 1.75 if course.is_continuous or course.limit.unit == "WH" else 1.15 if course.hours <= 16 else 0.55
    if dice.chance(late * urgency):
        course.take(1.0, 0.2 + dice.wait(5.0))
        return True
    course.take(dice.between(0.72, 0.93) if dice.chance(0.03) else 0.09 + 0.63 * dice.share() ** 0.85)
    return False
