"""How a camera is: what its platform says of it, steadied. Pure.

A status counts at once. One that changes again and again (a loose plug) counts as unsteady: it sees nothing until it
has been quiet for a while, so that figures and cases do not flap with it.
"""

from collections import deque
from typing import NamedTuple

from services.contract.others import CameraChanged, CameraStatusChanged
from services.coverage.told import State

FLAPS = 4
WITHIN_MS = 120_000
# A version that is a moment (Unix milliseconds) says when the status in a whole camera was true.
_FIRST_MOMENT = 1_000_000_000_000


class Reported(NamedTuple):
    """A status as it was told: Unix milliseconds, 0 = nobody knows since when."""

    at: int
    status: State
    fault: str


def reported_in(camera: CameraChanged) -> Reported:
    """The status that a whole camera brings along. One without a status says nothing: any notice counts more."""
    at = camera.version if camera.version >= _FIRST_MOMENT and camera.status else 0
    return Reported(at, camera.status or "unknown", camera.fault or "")


def reported_by(change: CameraStatusChanged, at: int) -> Reported:
    """The status that a notice brings, ``at`` Unix milliseconds."""
    return Reported(at, change.status, change.fault or "")


class CameraCondition:
    """One camera's state over time; the later report wins, whatever the order of arrival."""

    __slots__ = ("_changes", "reported", "unsteady_until")

    def __init__(self, reported: Reported) -> None:
        self.reported = reported
        self.unsteady_until = 0
        self._changes: deque[int] = deque(maxlen=FLAPS)

    def report(self, reported: Reported) -> bool:
        """Take in a report; whether it says anything new."""
        if reported.at < self.reported.at or reported == self.reported:
            return False
        self.become(reported)
        return True

    def become(self, reported: Reported) -> None:
        """Take this for the latest report."""
        flips = _usable(reported) != _usable(self.reported)
        self.reported = reported
        if flips and reported.at:
            self._changes.append(reported.at)
            if len(self._changes) == FLAPS and reported.at - self._changes[0] <= WITHIN_MS:
                self.unsteady_until = reported.at + WITHIN_MS

    def state(self, now: int) -> State:
        """The state at ``now`` (Unix milliseconds)."""
        return "unstable" if now < self.unsteady_until else self.reported.status

    def sees(self, now: int) -> tuple[bool, bool]:
        """Whether it shows a picture that can be used: (by day, by night as far as its own light goes)."""
        return (False, False) if now < self.unsteady_until else _usable(self.reported)


def _usable(reported: Reported) -> tuple[bool, bool]:
    works = reported.status in {"online", "degraded"}
    return works and reported.fault in {"", "dark"}, works and not reported.fault
