"""A case arrives: from which channel, about what, where, who reports it: a function of seed and minute."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from services.contract.case import Case, Category, Limit, Reporter
from services.contract.codes import Channel, CoordSys
from services.district.coords import wgs84_to_bd09, wgs84_to_gcj02
from services.operations.simulator import names
from services.operations.simulator.classes import CaseClass
from services.operations.simulator.demand import ExpectedArrivals
from services.operations.simulator.dice import Dice, Weighted
from services.operations.simulator.office import OfficeHours
from services.operations.simulator.paths import photo_path
from services.operations.simulator.scene import GridSpot, Position, Scene
from services.operations.simulator.step import StoryStep, utc
from services.platform.clock import MINUTE_MS

CHANNEL_SHARES: list[tuple[Channel, float]] = [
    ("GRID", 0.50), ("H12345", 0.175), ("SZCG", 0.115), ("APP", 0.075), ("ZZ", 0.045), ("VIDEO", 0.028),
    ("PATROL", 0.03), ("DEPT", 0.011), ("LEADER", 0.004), ("MEDIA", 0.005), ("IOT", 0.012),
]  # fmt: skip
_CHANNELS = Weighted(CHANNEL_SHARES)
_STORM_CHANNELS = Weighted[Channel]([("H12345", 0.4), ("GRID", 0.3), ("APP", 0.15), ("SZCG", 0.08), ("IOT", 0.07)])
_CITIZEN = frozenset({"H12345", "APP", "MEDIA"})
SELF_HANDLED = {"GRID": 0.64, "PATROL": 0.45}
_TWIN, _HOT, _UNPLACED = 0.02, 0.05, 0.034
_TEXTS = (
    "{where}发现{what}，影响周边居民通行，请尽快处理。",
    "巡查至{where}时发现{what}，已拍照上传，现场无人员受伤。",
    "市民反映{where}存在{what}问题，持续时间较长，希望有关部门到场核实并予以解决。",
    "{where}{what}，附近有学校和公交站，早晚高峰人流较大。",
    "来电人{who}（{phone}）反映{where}{what}，此前已反映过一次，要求回复处理结果。",
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new case and what the case system keeps to itself: the true place, the earlier report of the same thing."""

    step: StoryStep
    spot: GridSpot
    at: Position | None
    case_class: CaseClass
    limit: Limit
    twin: str | None = None


class Arrivals:
    """Makes the cases of any minute."""

    def __init__(self, scene: Scene, demand: ExpectedArrivals, office: OfficeHours, seed: int, offset_ms: int) -> None:
        self._scene, self._demand, self._office, self._seed, self._offset = scene, demand, office, seed, offset_ms

    def of_minute(self, minute: int) -> list[Arrival]:
        """The cases that arrive in a minute (counted from 1970), in order of time."""
        start = minute * MINUTE_MS
        dice = Dice(self._seed, "minute", minute)
        storm, stormy = self._demand.storm_at(start)
        count = min(99, dice.count(self._demand.usual(start)))
        moments = sorted(dice.whole(0, MINUTE_MS - 1) for _ in range(count))
        found = [self._arrival(minute, k, start + m, None) for k, m in enumerate(moments)]
        if storm is not None:
            wet = min(99 - count, dice.count(stormy))
            more = sorted(dice.whole(0, MINUTE_MS - 1) for _ in range(wet))
            found += [self._arrival(minute, count + k, start + m, storm.streets) for k, m in enumerate(more)]
            found.sort(key=lambda arrival: arrival.step.time_ms)
        return found

    def case_id(self, minute: int, number: int) -> str:
        """A number as case systems give it: the day, then digits."""
        local = datetime.fromtimestamp((minute * MINUTE_MS + self._offset) / 1000, UTC)
        return f"{local:%Y%m%d-%H%M}{number:02d}"

    def minute_of(self, case_id: str) -> int | None:
        """The minute in which one of our own cases arrived, or None for a case that is not ours."""
        if len(case_id) != 15 or case_id[8] != "-" or not (case_id[:8] + case_id[9:]).isdecimal():
            return None
        try:
            local = datetime.strptime(case_id[:13], "%Y%m%d-%H%M").replace(tzinfo=UTC)
        except ValueError:
            return None
        return (int(local.timestamp() * 1000) - self._offset) // MINUTE_MS

    def _arrival(self, minute: int, number: int, time_ms: int, storm: tuple[str, ...] | None) -> Arrival:
        case_id = self.case_id(minute, number)
        dice = Dice(self._seed, "case", case_id)
        channel = (_STORM_CHANNELS if storm else _CHANNELS).pick(dice)
        twin = self._twin(minute, dice) if storm is None and channel != "GRID" and dice.chance(_TWIN * 2) else None
        if twin is not None:
            case, limit = self._report(
                case_id, channel, time_ms, dice, spot=twin.spot, at=twin.at, what=twin.case_class
            )
            step = StoryStep(time_ms, "case.reported", case)
            return Arrival(step, twin.spot, twin.at, twin.case_class, limit, twin.step.case.case_id)
        if storm is None and dice.chance(_HOT) and self._scene.hot:
            hot = dice.pick(self._scene.hot)
            spot, case_class = hot.spot, hot.case_class
            near = (hot.at[0] + dice.between(-6e-5, 6e-5), hot.at[1] + dice.between(-5e-5, 5e-5))
            at: Position | None = near if len(spot.points) > 1 and dice.chance(0.85) else hot.at
        else:
            hit = self._scene.by_street.get(dice.pick(storm)) if storm and dice.chance(0.7) else None
            spot = (hit or self._scene.spots).pick(dice)
            case_class = self._scene.classes["STORM" if storm else channel].pick(dice)
            at = dice.pick(spot.points) if spot.points else None
        if dice.chance(_UNPLACED) and channel != "GRID":
            at = None
        case, limit = self._report(case_id, channel, time_ms, dice, spot=spot, at=at, what=case_class)
        return Arrival(StoryStep(time_ms, "case.reported", case), spot, at, case_class, limit)

    def _twin(self, minute: int, dice: Dice) -> Arrival | None:
        """An earlier report of the same thing, minutes to hours before, that is neither merged nor done on the spot."""
        earlier = minute - dice.whole(4, 150)
        for k in range(12):
            start = (earlier - k) * MINUTE_MS
            if Dice(self._seed, "minute", earlier - k).count(self._demand.usual(start)):
                found = self._first(earlier - k)
                usable = found.twin is None and not found.step.case.self_handled and found.at is not None
                return found if usable else None
        return None

    def _first(self, minute: int) -> Arrival:
        """The first case of a minute, as if it were nobody's twin: only its id, its place and its class count."""
        return self.of_minute(minute)[0]

    def _report(
        self,
        case_id: str,
        channel: Channel,
        time_ms: int,
        dice: Dice,
        *,
        spot: GridSpot,
        at: Position | None,
        what: CaseClass,
    ) -> tuple[Case, Limit]:
        limit = what.limits[min(len(what.limits) - 1, int(dice.share() ** 0.5 * len(what.limits)))]
        value, unit = limit.value, limit.unit
        if channel in {"H12345", "APP", "MEDIA", "DEPT"} and (unit == "WH" or (unit == "WD" and value < 5)):
            value, unit = float(dice.pick((3, 5, 5, 5, 7))), "WD"
        is_citizen = channel in _CITIZEN
        who = names.person(dice)[0] if is_citizen else ""
        phone = names.phone(dice) if is_citizen else ""
        road = dice.pick(spot.roads) if spot.roads else spot.place_name
        address = f"{spot.place_name}{road}{dice.whole(1, 299)}号"
        text = dice.pick(_TEXTS if is_citizen else _TEXTS[:4])
        severity = _severity(what.domain, dice)
        lon, lat, coord_sys = _published(at, channel, dice)
        coded = at is not None and channel not in {"APP", "MEDIA", "IOT"} and dice.chance(0.93)
        self_handled = severity == 4 and dice.chance(SELF_HANDLED.get(channel, 0.0))
        case = Case(
            case_id=case_id, version=1, status="reported", channel=channel, reported_at=utc(time_ms),
            title=f"{spot.place_name}{what.name}", address=address if at is not None else None,
            description=text.format(where=address, what=what.name, who=who[:1] + "先生", phone=phone),
            domain=None if channel == "SZCG" and dice.chance(0.5) else what.domain,
            category=_category(what, limit.condition),
            severity=severity, level="grid", highest_level="grid",
            self_handled=self_handled, lon=lon, lat=lat, coord_sys=coord_sys,
            street=(spot.street or None) if coded else None, community=(spot.community or None) if coded else None,
            grid=(spot.grid or None) if coded else None, handler=spot.worker if channel == "GRID" else None,
            reporter=Reporter(name=who, phone=phone) if is_citizen else None,
            attachments=[photo_path(case_id, 1)] if channel in {"GRID", "APP", "VIDEO"} else [],
        )  # fmt: skip
        return case, Limit(value=value, unit=unit)


def _severity(domain: str, dice: Dice) -> int:
    chance = dice.share()
    if domain == "16":
        return 1 if chance < 0.0015 else 2 if chance < 0.015 else 3 if chance < 0.3 else 4
    return 1 if chance < 0.00008 else 2 if chance < 0.0010 else 3 if chance < 0.045 else 4


def _published(at: Position | None, channel: str, dice: Dice) -> tuple[float | None, float | None, CoordSys | None]:
    """The position as the channel's own devices give it: most WGS-84 or CGCS2000, phones GCJ-02, some BD-09."""
    if at is None:
        return None, None, None
    if channel == "APP":
        lon, lat = wgs84_to_gcj02(*at)
        return round(lon, 6), round(lat, 6), "GCJ02"
    if channel in {"H12345", "MEDIA"} and dice.chance(0.12):
        lon, lat = wgs84_to_bd09(*at)
        return round(lon, 6), round(lat, 6), "BD09"
    return round(at[0], 6), round(at[1], 6), "CGCS2000" if channel in {"SZCG", "ZZ"} else "WGS84"


def _category(what: CaseClass, condition: str) -> Category:
    kind: Literal["component", "event"] = "component" if what.kind == "component" else "event"
    return Category(
        scheme=what.scheme, kind=kind, major=what.major, minor=what.minor, name=what.name, condition=condition
    )
