"""How many cameras showed a picture: the registry of the package, and what the platform told of it since. Pure."""

from collections.abc import Iterable, Iterator

import msgspec

from services.contract.others import CameraChanged, CameraRemoved, CameraStatusChanged
from services.contract.parse import Event
from services.coverage.condition import CameraCondition, Reported, reported_by, reported_in
from services.district.package import District
from services.platform.clock import to_ms

_ONLINE = frozenset({"online", "degraded"})


class CameraKept(msgspec.Struct, frozen=True, array_like=True):
    """A camera of which something was told: its version, its last report, until when it counts as unsteady (Unix ms).

    ``version`` -1: it is gone.
    """

    id: str
    version: int
    at: int
    status: str
    fault: str
    unsteady_until: int


class PastCameras:
    """The cameras' states, moved by events."""

    def __init__(self, district: District, kept: Iterable[CameraKept] = ()) -> None:
        self._states: dict[str, tuple[int, CameraCondition]] = {
            camera.camera_id: (camera.version, CameraCondition(reported_in(camera))) for camera in district.cameras
        }
        self._told: set[str] = set()
        for one in kept:
            self._told.add(one.id)
            if one.version < 0:
                self._states.pop(one.id, None)
                continue
            condition = CameraCondition(Reported(one.at, one.status, one.fault))  # type: ignore[arg-type]  # as it was told
            condition.unsteady_until = one.unsteady_until
            self._states[one.id] = one.version, condition

    def take(self, events: Iterable[Event]) -> None:
        """What these events say of cameras."""
        for event in events:
            body = event.body
            if isinstance(body, CameraStatusChanged):
                found = self._states.get(body.camera_id)
                if found is not None:
                    found[1].report(reported_by(body, to_ms(body.at)))
                    self._told.add(body.camera_id)
            elif isinstance(body, CameraChanged):
                self._change(body)
            elif isinstance(body, CameraRemoved):
                self._states.pop(body.camera_id, None)
                self._told.add(body.camera_id)

    def _change(self, camera: CameraChanged) -> None:
        version, condition = self._states.get(camera.camera_id, (-1, None))
        if camera.version <= version:
            return
        self._told.add(camera.camera_id)
        if condition is None:
            condition = CameraCondition(reported_in(camera))
        else:
            condition.report(reported_in(camera))
        self._states[camera.camera_id] = camera.version, condition

    def count(self, now: int) -> tuple[int, int]:
        """(cameras that are known, those of them that show a picture)."""
        online = sum(condition.state(now) in _ONLINE for _, condition in self._states.values())
        return len(self._states), online

    def kept(self) -> Iterator[CameraKept]:
        """Those that differ from the package's registry."""
        for camera_id in sorted(self._told):
            found = self._states.get(camera_id)
            if found is None:
                yield CameraKept(camera_id, -1, 0, "", "", 0)
                continue
            version, condition = found
            reported = condition.reported
            yield CameraKept(camera_id, version, reported.at, reported.status, reported.fault, condition.unsteady_until)
