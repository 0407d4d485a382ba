"""How many cases arrive in a minute: the day's and the week's curve, and the storms (1,000–3,000 a day)."""

import math
from dataclasses import dataclass

from services.operations.simulator.dice import Dice
from services.operations.simulator.office import OfficeHours
from services.platform.clock import HOUR_MS

CASES_A_DAY = 1500.0
_HOURS = [
    0.14, 0.09, 0.06, 0.05, 0.07, 0.18, 0.5, 1.05, 1.85, 2.15, 2.05, 1.55, 0.95, 1.1, 1.75, 1.95, 1.85, 1.5, 1.1, 0.9,
    0.75, 0.58, 0.4, 0.24,
]  # fmt: skip
_HOURS_SUM = sum(_HOURS)
_WEEK = (1.12, 1.08, 1.06, 1.05, 1.03, 0.87, 0.79)
_STORM_CHANCE = 1 / 10


@dataclass(frozen=True, slots=True)
class Storm:
    """A storm day: when it breaks, how many reports it brings beyond the usual, and the streets that it hits."""

    start_ms: int
    reports: int
    streets: tuple[str, ...]

    def rate(self, ms: int) -> float:
        """Reports a minute: a steep rise while it rains, a long tail of fallen trees and full drains."""
        hours = (ms - self.start_ms) / HOUR_MS
        if not 0 <= hours < 16:
            return 0.0
        return self.reports / 60.0 * hours / 4.0 * math.exp(-hours / 2.0)


class ExpectedArrivals:
    """Expected arrivals, minute by minute: a function of the seed and the minute alone."""

    def __init__(self, seed: int, office: OfficeHours, streets: list[str]) -> None:
        self._seed, self._office, self._streets = seed, office, streets
        self._storms: dict[int, Storm | None] = {}
        self._days: dict[int, float] = {}

    def storm_on(self, day: int) -> Storm | None:
        """The storm that breaks on a local day, if one does."""
        if day not in self._storms:
            dice = Dice(self._seed, "storm", day)
            storm = None
            if dice.chance(_STORM_CHANCE):
                start = self._office.day_start(day) + int(dice.between(6.5, 18.5) * HOUR_MS)
                hit = tuple(dice.shuffled(self._streets)[: max(1, len(self._streets) // 3)])
                storm = Storm(start, dice.whole(220, 620), hit)
            self._storms[day] = storm
        return self._storms[day]

    def storm_at(self, ms: int) -> tuple[Storm | None, float]:
        """The storm whose reports come in at a moment, and how many a minute."""
        day = self._office.local_day(ms)
        for storm in (self.storm_on(day), self.storm_on(day - 1)):
            if storm is not None and (rate := storm.rate(ms)) > 0.001:
                return storm, rate
        return None, 0.0

    def usual(self, ms: int) -> float:
        """Arrivals a minute on an ordinary day."""
        hour = self._office.local_hour(ms) - 0.5
        low = math.floor(hour)
        curve = _HOURS[low % 24] + (_HOURS[(low + 1) % 24] - _HOURS[low % 24]) * (hour - low)
        return CASES_A_DAY * self._day_factor(self._office.local_day(ms)) * curve / _HOURS_SUM / 60.0

    def _day_factor(self, day: int) -> float:
        if day not in self._days:
            weekday = (day + 3) % 7
            holiday = weekday < 5 and not self._office.is_working_day(day)
            self._days[day] = (0.72 if holiday else _WEEK[weekday]) * Dice(self._seed, "day", day).between(0.92, 1.08)
        return self._days[day]
