"""What befalls the demo's cameras in any minute: a function of seed and minute, as everything in the demo is."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.contract.others import CameraChanged, CameraStatus, Fault
from services.operations.simulator.dice import Dice, Weighted
from services.platform.clock import MINUTE_MS

# In a district of 5,000: about one fault a minute and one repair, 1.5–2 % out at any time.
FAULTS_A_MINUTE, MEAN_MINUTES = 1.1, 40.0
LONG_SHARE, LONG_MINUTES = 0.075, 600.0
FLAPPING, TURNED = 1 / 25, 1 / 35
SWITCH_EVERY, REMOVAL_EVERY = 25, 45
SWITCH_SIZE, SWITCH_MINUTES, SWITCH_SPREAD_MS = (60, 300), (4.0, 10.0), 3_000
ROVING, ROVES = 5, 0.3
_WAYS = Weighted[tuple[CameraStatus, Fault | None]](
    [
        (("offline", None), 0.45),
        (("offline", "video_lost"), 0.1),
        (("degraded", "video_lost"), 0.1),
        (("degraded", "blurred"), 0.1),
        (("degraded", "blocked"), 0.12),
        (("degraded", "dark"), 0.07),
        (("degraded", "moved"), 0.06),
    ]
)


@dataclass(frozen=True, slots=True)
class SimulatedOutage:
    """A camera that is out from ``at_ms`` to ``until_ms``; ``cause`` tells it from another one of the same camera."""

    at_ms: int
    until_ms: int
    camera_id: str
    cause: str
    status: CameraStatus
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class CameraTurn:
    """A camera that is turned: these fields of it are others from now on."""

    at_ms: int
    camera_id: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Removal:
    """A camera that is taken off the platform, and put on it again."""

    at_ms: int
    until_ms: int
    camera_id: str


class CameraChances:
    """The happenings of any minute."""

    def __init__(self, cameras: Sequence[CameraChanged], seed: int) -> None:
        self._cameras, self._seed = list(cameras), seed
        stretch = math.cos(math.radians(cameras[0].lat)) if cameras else 1.0
        self._at = np.asarray([(c.lon * stretch, c.lat) for c in cameras])
        self._scale = len(self._cameras) / 5_000
        self._fixed = [c for c in self._cameras if c.kind == "bullet" and c.azimuth is not None]
        ptz = [c for c in self._cameras if c.kind == "ptz"]
        self._roving = Dice(seed, "roving").shuffled(ptz)[:ROVING]

    def of_minute(self, minute: int) -> list[SimulatedOutage | CameraTurn | Removal]:
        """What begins in a minute since 1970."""
        return list(self._of_minute(minute)) if self._cameras else []

    def at_start(self, from_ms: int) -> list[SimulatedOutage]:
        """The cameras that the package says are out, since some time before ``from_ms``; half of them for long."""
        found = []
        for camera in self._cameras:
            if camera.status in {"offline", "degraded"}:
                dice = Dice(self._seed, "at start", camera.camera_id)
                mean = MEAN_MINUTES if dice.chance(0.5) else LONG_MINUTES
                since, until = (
                    from_ms - round(dice.wait(mean) * MINUTE_MS),
                    from_ms + round(dice.wait(mean) * MINUTE_MS),
                )
                found.append(SimulatedOutage(since, until, camera.camera_id, "package", camera.status, camera.fault))
        return found

    def _of_minute(self, minute: int) -> Iterator[SimulatedOutage | CameraTurn | Removal]:
        dice, start = Dice(self._seed, "cameras", minute), minute * MINUTE_MS
        for number in range(dice.count(FAULTS_A_MINUTE * self._scale)):
            status, fault = _WAYS.pick(dice)
            at_ms = start + dice.whole(0, MINUTE_MS - 1)
            mean = LONG_MINUTES if dice.chance(LONG_SHARE) else MEAN_MINUTES
            until_ms = at_ms + MINUTE_MS + round(dice.wait(mean) * MINUTE_MS)
            yield SimulatedOutage(
                at_ms, until_ms, dice.pick(self._cameras).camera_id, f"{minute}-{number}", status, fault
            )
        if dice.chance(FLAPPING * self._scale):
            yield from self._flapping(dice.pick(self._cameras).camera_id, minute, dice)
        if self._fixed and dice.chance(TURNED * self._scale):
            turned = {"azimuth": float(dice.whole(1, 359))}
            yield CameraTurn(start + dice.whole(0, MINUTE_MS - 1), dice.pick(self._fixed).camera_id, turned)
        for camera in self._roving:
            if dice.chance(ROVES):
                look = {"pan_now": float(dice.whole(0, 359)), "hfov_now": round(dice.between(3, 58), 1)}
                yield CameraTurn(start + dice.whole(0, MINUTE_MS - 1), camera.camera_id, look)
        if self._is_moment("switch", minute, SWITCH_EVERY):
            yield from self._switch(minute, dice)
        if self._is_moment("removal", minute, REMOVAL_EVERY):
            at_ms = start + dice.whole(0, MINUTE_MS - 1)
            yield Removal(at_ms, at_ms + dice.whole(8, 20) * MINUTE_MS, dice.pick(self._cameras).camera_id)

    def _is_moment(self, what: str, minute: int, every: int) -> bool:
        """Whether this is the one minute of its ``every`` minutes in which it happens."""
        return Dice(self._seed, what, minute // every).whole(0, every - 1) == minute % every

    def _flapping(self, camera_id: str, minute: int, dice: Dice) -> Iterator[SimulatedOutage]:
        """Four times off and on within the minute."""
        at_ms = minute * MINUTE_MS + dice.whole(0, 2_000)
        for number in range(4):
            back_ms = at_ms + dice.whole(4_000, 7_000)
            yield SimulatedOutage(at_ms, back_ms, camera_id, f"{minute}-flap-{number}", "offline", None)
            at_ms = back_ms + dice.whole(4_000, 7_000)

    def _switch(self, minute: int, dice: Dice) -> Iterator[SimulatedOutage]:
        """A switch that fails takes the neighbourhood with it, and gives it back within seconds too."""
        at_ms = minute * MINUTE_MS + dice.whole(0, MINUTE_MS - 1)
        back_ms = at_ms + round(dice.between(*SWITCH_MINUTES) * MINUTE_MS)
        middle = self._at[dice.whole(0, len(self._at) - 1)]
        size = min(len(self._at), max(1, round(dice.whole(*SWITCH_SIZE) * min(1.0, self._scale))))
        nearest = np.argsort(np.hypot(*(self._at - middle).T), kind="stable")[:size]
        for k in nearest.tolist():
            off, on = dice.whole(0, SWITCH_SPREAD_MS - 1), dice.whole(0, 3 * SWITCH_SPREAD_MS)
            yield SimulatedOutage(
                at_ms + off, back_ms + on, self._cameras[k].camera_id, f"{minute}-switch", "offline", None
            )
