"""The demo's video platform: what it publishes about the cameras, in time, and the repairs that it is asked for.

The package is the base; only what differs from it is published. After a restart the last days are gone through again
without a word, so that what was out then still comes back.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import msgspec

from services.contract.entry import encode_entry
from services.contract.others import CameraChanged, CameraRemoved, CameraStatus, CameraStatusChanged, Fault
from services.operations.simulator.dice import Dice
from services.operations.simulator.outages import LONG_MINUTES, CameraChances, CameraTurn, Removal, SimulatedOutage
from services.operations.simulator.step import utc
from services.platform.clock import MINUTE_MS

SOURCE = "/video-platform"
REPAIR_MINUTES = (2.0, 5.0)
LOOK_BACK_MS = round(6 * LONG_MINUTES) * MINUTE_MS
State = tuple[CameraStatus, Fault | None]
Fields = dict[bytes, bytes]
WELL: State = ("online", None)


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that is due: ``since_ms`` is what a status says it holds since."""

    kind: Literal["out", "back", "turn", "remove", "return", "repair"]
    camera_id: str
    since_ms: int
    what: SimulatedOutage | CameraTurn | None = None


class VideoPlatform:
    """Every camera as the platform knows it. ``begin`` first; then ``due`` says what to publish."""

    def __init__(self, cameras: Sequence[CameraChanged], seed: int) -> None:
        self._base, self._seed = {camera.camera_id: camera for camera in cameras}, seed
        self._chances = CameraChances(cameras, seed)
        self.begin(0, 0)

    def begin(self, from_ms: int, done_ms: int) -> None:
        """Take up the work: the cameras are the package's since ``from_ms``; up to ``done_ms`` all was published."""
        self._cameras = dict(self._base)
        self._removed: set[str] = set()
        self._causes: dict[str, dict[str, State]] = {}
        self._said: dict[str, State] = {}
        self._due: list[tuple[int, int, _Step]] = []
        self._order = count()
        self._minute = max(from_ms, done_ms - LOOK_BACK_MS) // MINUTE_MS
        self._from_ms, self._is_begun = from_ms, from_ms > 0
        if not self._is_begun:
            return
        for outage in self._chances.at_start(from_ms):
            self._plan(from_ms, _Step("out", outage.camera_id, outage.at_ms, outage))
            self._plan(outage.until_ms, _Step("back", outage.camera_id, outage.until_ms, outage))
        self._advance(done_ms)

    @property
    def out(self) -> dict[str, State]:
        """The cameras that do not work, and how."""
        return {camera_id: said for camera_id, said in self._said.items() if said != WELL}

    def repair(self, camera_id: str, now_ms: int) -> int:
        """Somebody is sent; returns when the camera will work again, for the next start to know it too."""
        low, high = REPAIR_MINUTES
        at_ms = now_ms + round(Dice(self._seed, "repair", camera_id, now_ms).between(low, high) * MINUTE_MS)
        self.repair_at(camera_id, at_ms)
        return at_ms

    def repair_at(self, camera_id: str, at_ms: int) -> None:
        """Plan the end of a repair."""
        self._plan(at_ms, _Step("repair", camera_id, at_ms))

    def due(self, now_ms: int, most: int) -> tuple[list[Fields], int]:
        """The entries to publish by now, at most about ``most``; and the moment up to which that is all."""
        return self._advance(now_ms, most) if self._is_begun else ([], now_ms)

    def _advance(self, now_ms: int, most: int | None = None) -> tuple[list[Fields], int]:
        found: list[Fields] = []
        while True:
            ends_ms = min(now_ms, self._minute * MINUTE_MS - 1)
            while self._due and self._due[0][0] <= ends_ms:
                if most is not None and len(found) >= most:
                    return found, self._due[0][0] - 1
                moment = self._due[0][0]
                while self._due and self._due[0][0] == moment:
                    found += self._done(moment, heapq.heappop(self._due)[2])
            if self._minute > now_ms // MINUTE_MS:
                return found, now_ms
            self._plan_minute()

    def _plan(self, at_ms: int, step: _Step) -> None:
        heapq.heappush(self._due, (at_ms, next(self._order), step))

    def _plan_minute(self) -> None:
        for what in self._chances.of_minute(self._minute):
            if what.at_ms < self._from_ms:
                continue
            if isinstance(what, SimulatedOutage):
                self._plan(what.at_ms, _Step("out", what.camera_id, what.at_ms, what))
                self._plan(what.until_ms, _Step("back", what.camera_id, what.until_ms, what))
            elif isinstance(what, Removal):
                self._plan(what.at_ms, _Step("remove", what.camera_id, what.at_ms))
                self._plan(what.until_ms, _Step("return", what.camera_id, what.until_ms))
            else:
                self._plan(what.at_ms, _Step("turn", what.camera_id, what.at_ms, what))
        self._minute += 1

    def _done(self, at_ms: int, step: _Step) -> list[Fields]:
        """Let a step happen; what is to be published about it."""
        camera_id, causes = step.camera_id, self._causes.setdefault(step.camera_id, {})
        if step.kind == "repair":
            causes.clear()
            self._said.pop(camera_id, None)
            return self._status(step, at_ms, is_asked=True)
        if isinstance(step.what, SimulatedOutage):
            if step.kind == "out":
                causes[step.what.cause] = (step.what.status, step.what.fault)
            elif causes.pop(step.what.cause, None) is None:
                return []  # repaired before its time
            return self._status(step, at_ms)
        if step.kind == "remove":
            self._removed.add(camera_id)
            return [_entry("camera.removed", camera_id, CameraRemoved(camera_id=camera_id, version=at_ms), at_ms)]
        if step.kind == "return":
            self._removed.discard(camera_id)
        elif isinstance(step.what, CameraTurn):
            self._cameras[camera_id] = msgspec.structs.replace(self._cameras[camera_id], **step.what.fields)
        return [] if camera_id in self._removed else [self._changed(camera_id, at_ms)]

    def _state(self, camera_id: str) -> State:
        """The worst of what is wrong with a camera: offline hides every other fault."""
        states = self._causes.get(camera_id, {}).values()
        return next((s for s in states if s[0] == "offline"), next(iter(states), WELL))

    def _status(self, step: _Step, at_ms: int, *, is_asked: bool = False) -> list[Fields]:
        camera_id, state = step.camera_id, self._state(step.camera_id)
        if camera_id in self._removed or (self._said.get(camera_id, WELL) == state and not is_asked):
            return []
        self._said[camera_id] = state
        body = CameraStatusChanged(camera_id=camera_id, at=utc(step.since_ms), status=state[0], fault=state[1])
        return [_entry("camera.status", camera_id, body, at_ms)]

    def _changed(self, camera_id: str, at_ms: int) -> Fields:
        status, fault = self._said[camera_id] = self._state(camera_id)
        camera = msgspec.structs.replace(self._cameras[camera_id], version=at_ms, status=status, fault=fault)
        return _entry("camera.changed", camera_id, camera, at_ms)


def _entry(kind: str, camera_id: str, body: object, at_ms: int) -> Fields:
    """The same thing has the same id, also when it is published again after a restart."""
    event_id = f"{camera_id}-{kind.rpartition('.')[2]}-{at_ms}"
    return encode_entry(SOURCE, kind, body, at_ms, subject=camera_id, event_id=event_id)
