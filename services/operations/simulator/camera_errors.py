"""The errors of a real catalogue, sown into the demo's: the import and the coverage must live with each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from services.contract.others import CameraChanged
from services.district.coords import wgs84_to_gcj02
from services.operations.simulator import terrain
from services.operations.simulator.cameras import MountedCamera
from services.operations.simulator.dice import Dice
from services.operations.simulator.stands import degrees_of

# Positions in GCJ-02 that say WGS84, some where nobody can tell; inside a house by a few metres; impossible figures.
SHIFTED_AT_BORDER, SHIFTED_INSIDE, INSIDE_A_HOUSE, TOO_FAR, TURNED_TWICE, ELSEWHERE = 6, 9, 40, 5, 3, 2
_replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class _Sower:
    cameras: list[CameraChanged]
    left: list[int]

    def take(self, count: int) -> list[int]:
        """The next cameras that have no error yet."""
        found = self.left[:count]
        del self.left[:count]
        return found


def with_errors(placed: Sequence[MountedCamera], seed: int) -> list[CameraChanged]:
    """The cameras as the catalogue has them: no camera has two errors."""
    dice = Dice(seed, "camera-errors")
    cameras = [p.camera for p in placed]
    eastmost = sorted(range(len(cameras)), key=lambda k: -_eastern(placed[k]))[: SHIFTED_AT_BORDER * 4]
    at_border = dice.shuffled(eastmost)[:SHIFTED_AT_BORDER]
    on_walls = [k for k, p in enumerate(placed) if p.stand.inward is not None and p.camera.mount == "wall"]
    inside = dice.shuffled([k for k in on_walls if k not in set(at_border)])[:INSIDE_A_HOUSE]
    for k in inside:
        stand, metres = placed[k].stand, dice.between(1.4, 6.0)
        assert stand.inward is not None
        ((lon, lat),) = degrees_of([(stand.x + stand.inward[0] * metres, stand.y + stand.inward[1] * metres)])
        cameras[k] = _replace(cameras[k], lon=lon, lat=lat)
    taken = {*at_border, *inside}
    fixed = [k for k, p in enumerate(placed) if p.camera.azimuth and k not in taken and p.camera.mount == "pole"]
    sower = _Sower(cameras, dice.shuffled(fixed))
    for k in (*at_border, *sower.take(SHIFTED_INSIDE)):
        lon, lat = wgs84_to_gcj02(cameras[k].lon, cameras[k].lat)
        cameras[k] = _replace(cameras[k], lon=round(lon, 6), lat=round(lat, 6))
    for k in sower.take(TOO_FAR):
        cameras[k] = _replace(cameras[k], range_m=5_000.0)
    for k in sower.take(TURNED_TWICE):
        cameras[k] = _replace(cameras[k], azimuth=720.0)
    for number, k in enumerate(sower.take(ELSEWHERE)):
        # One in the next district's village, one at the vendor's office.
        cameras[k] = _replace(cameras[k], lon=terrain.CENTRE_LON - 0.11 - 0.6 * number, lat=terrain.CENTRE_LAT)
    return cameras


def _eastern(placed: MountedCamera) -> float:
    """How near the eastern border a camera stands, where a shift to the east leaves the district."""
    return placed.stand.x
