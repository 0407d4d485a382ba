"""Cameras that are lost together are one outage, not five hundred: a switch, a power cut, a platform. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.coverage.told import Outage
from services.platform.clock import HOUR_MS

# Losses nearer to each other than this belong together.
TOGETHER_MS = 15_000
# From so many cameras on it is an outage; fewer are single faults.
FROM_CAMERAS = 20
# How long one that is over stays on the list.
KEPT_MS = HOUR_MS


class Lost(NamedTuple):
    """A camera that was working and is not: since ``at`` (Unix milliseconds)."""

    camera_id: str
    at: int
    street: str


class Outages:
    """The outages of a district, told as they grow and as their cameras come back."""

    def __init__(self) -> None:
        self._waves: list[dict[str, Lost]] = []
        self._ends: list[int] = []

    def lose(self, lost: Iterable[Lost]) -> None:
        """These cameras are gone."""
        for one in sorted(lost, key=lambda lost: lost.at):
            for number in range(len(self._waves) - 1, -1, -1):
                first = min(other.at for other in self._waves[number].values()) if self._waves[number] else one.at
                if first - TOGETHER_MS <= one.at <= self._ends[number] + TOGETHER_MS:
                    self._waves[number][one.camera_id] = one
                    self._ends[number] = max(self._ends[number], one.at)
                    break
            else:
                self._waves.append({one.camera_id: one})
                self._ends.append(one.at)

    def told(self, still_lost: Mapping[str, int] | frozenset[str] | set[str], now: int) -> list[Outage]:
        """The outages at ``now``, the newest first; those that are over for an hour are forgotten.

        A camera that came back and is lost again is missing from its last outage only.
        """
        found, kept = [], []
        last: dict[str, int] = {}
        for wave in self._waves:
            for lost in wave.values():
                last[lost.camera_id] = max(lost.at, last.get(lost.camera_id, lost.at))
        for wave, end in zip(self._waves, self._ends, strict=True):
            still = sum(lost.camera_id in still_lost and lost.at == last[lost.camera_id] for lost in wave.values())
            if not still and now - end > KEPT_MS:
                continue
            kept.append((wave, end))
            if len(wave) >= FROM_CAMERAS:
                streets = sorted({lost.street for lost in wave.values() if lost.street})
                found.append(Outage(min(lost.at for lost in wave.values()), len(wave), still, streets))
        self._waves, self._ends = [wave for wave, _ in kept], [end for _, end in kept]
        return sorted(found, key=lambda outage: -outage.at)
