"""The demo's 5,000 cameras: mixed, mounted and described as a district's catalogue describes them, gaps included."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from shapely import Point

from services.contract.others import CameraChanged
from services.operations.simulator import lenses
from services.operations.simulator.dice import Dice
from services.operations.simulator.layers import Layers
from services.operations.simulator.sections import Layer
from services.operations.simulator.stands import Stand, Stands, degrees_of
from services.operations.simulator.survey import CODE, Survey

CAMERAS, POLES = 5_000, 2_000
# kind → (how many, shares by where). A lookout stands on a roof or on a mast by a road.
MIX: dict[str, tuple[int, dict[str, float]]] = {
    "bullet": (3_100, {"road": 0.46, "crossing": 0.34, "place": 0.08, "wall": 0.12}),
    "dome": (900, {"road": 0.24, "crossing": 0.16, "place": 0.18, "wall": 0.42}),
    "ptz": (600, {"road": 0.35, "crossing": 0.65}),
    "checkpoint": (300, {"road": 0.75, "crossing": 0.25}),
    "lookout": (100, {"roof": 0.8, "road": 0.2}),
}
# What a catalogue knows of a fixed camera's direction; the rest is measured degrees.
ONLY_EIGHT_POINTS, NO_DIRECTION, NOUGHT, SEVERAL = 0.30, 0.04, 0.02, 0.012
EIGHT_POINTS = (3, 6, 1, 5, 4, 7, 2, 8)  # N NE E SE S SW W NW in the numbers of GB/T 28181
OUT_AT_START = 0.018
Chosen = tuple[str, Stand, float]


@dataclasses.dataclass(frozen=True, slots=True)
class MountedCamera:
    """A camera and the stand that it has."""

    camera: CameraChanged
    stand: Stand


def place(found: Survey, drawn: Layers, seed: int) -> tuple[list[MountedCamera], Layer]:
    """The cameras, and poles along the roads: most of those that carry none, a few that do."""
    stands, dice = Stands(found, drawn, seed), Dice(seed, "cameras")
    chosen = list(_choose(stands, dice))
    at = degrees_of([(stand.x, stand.y) for _, stand, _ in chosen])
    cameras = [
        MountedCamera(_camera(number, one, spot, Dice(seed, "camera", number)), one[1])
        for number, (one, spot) in enumerate(zip(chosen, at, strict=True), start=1)
    ]
    carrying = {id(stand) for _, stand, _ in chosen}
    free = [s for s in (*stands.roads, *stands.crossings) if id(s) not in carrying]
    used = [s for s in stands.roads if id(s) in carrying]
    poles = [*dice.shuffled([s for s in free if s.is_town or s.is_major])[: POLES - 60], *dice.shuffled(used)[:60]]
    poles.sort(key=lambda stand: (stand.street, stand.name, stand.x))
    return cameras, [
        (
            Point(s.x, s.y),
            {"code": f"PL{number:04d}", "name": s.name, "kind": "traffic" if s.where == "crossing" else "light"},
        )
        for number, s in enumerate(poles, start=1)
    ]


def _choose(stands: Stands, dice: Dice) -> Iterator[Chosen]:
    """Kind, stand and heading of each camera; the likelier stands first, some with several cameras."""
    by_where = {
        where: _drawn(these, dice)
        for where, these in (
            ("road", stands.roads),
            ("crossing", stands.crossings),
            ("wall", stands.walls),
            ("place", stands.places),
            ("roof", stands.roofs),
        )
    }
    for kind, (count, shares) in MIX.items():
        left = count
        for where, share in shares.items():
            some = min(left, round(count * share)) if where != list(shares)[-1] else left
            left -= some
            yield from ((kind, stand, heading) for stand, heading in _taken(kind, by_where[where], some, dice))


def _drawn(stands: Sequence[Stand], dice: Dice) -> list[Stand]:
    """The stands in an order in which a likelier one tends to come first (Efraimidis and Spirakis)."""
    keyed = [(dice.share() ** (1 / max(stand.weight, 1e-3)), k) for k, stand in enumerate(stands)]
    return [stands[k] for _, k in sorted(keyed, reverse=True)]


def _taken(kind: str, order: list[Stand], count: int, dice: Dice) -> Iterator[tuple[Stand, float]]:
    """So many cameras from the front of the order; a stand with one for each of its headings leaves it."""
    number = 0
    while count > 0:
        if kind in {"ptz", "checkpoint", "lookout", "dome"}:
            # On stands of their own but for crossings, where they share the pole with the fixed ones.
            stand = order[number] if order[0].where == "crossing" else order.pop(0)
            number += 1
            if kind == "checkpoint" and not stand.is_major and dice.chance(0.85) and len(order) > 3 * count:
                continue
            yield stand, dice.pick(stand.headings)
            count -= 1
            continue
        stand = order.pop(0)
        together = min(
            count, len(stand.headings), dice.whole(2, 3) if stand.where == "crossing" else 1 + dice.chance(0.14)
        )
        for heading in dice.shuffled(stand.headings)[:together]:
            yield stand, heading
        count -= together


def _camera(number: int, chosen: Chosen, at: tuple[float, float], dice: Dice) -> CameraChanged:
    kind, stand, heading = chosen
    kind_code = 132 if dice.chance(0.85) else 131
    camera_id = f"{stand.street[:6]}{stand.street[-2:]}00{kind_code}0{number:06d}"
    assert len(camera_id) == 20 and camera_id.startswith(CODE)
    word = {"bullet": "枪机", "dome": "半球", "ptz": "球机", "checkpoint": "卡口", "lookout": "瞭望"}[kind]
    found: dict[str, Any] = {
        "camera_id": camera_id, "version": 1, "lon": at[0], "lat": at[1], "coord_sys": "WGS84",
        "name": f"{stand.name}{word}", "kind": kind, "stream_url": f"https://video.example/{camera_id}",
        "point_class": 1 if stand.is_key or stand.place_type else 2 if stand.is_major or stand.is_town else 3,
        "source_quality": "surveyed" if dice.chance(0.55) else "catalogue" if dice.chance(0.8) else "estimated",
    }  # fmt: skip
    found |= _mount(kind, stand, dice)
    found |= _direction(kind, stand, (heading + dice.between(-8, 8)) % 360, dice)
    found |= lenses.lens(kind, dice) | lenses.by_night(kind, stand, dice)
    found |= _state(dice)
    return CameraChanged(**found)


def _mount(kind: str, stand: Stand, dice: Dice) -> dict[str, Any]:
    if stand.where == "roof":
        return {"mount": "roof", "mount_height_m": stand.height_m + 2}
    if kind == "dome" and stand.place_type in {"station", "mall", "hospital"} and dice.chance(0.3):
        return {"mount": "indoor", "mount_height_m": 3.2}
    found: dict[str, Any] = {"mount": "wall" if stand.inward is not None else "pole"}
    if kind == "lookout":
        found["mount_height_m"] = 35.0
    elif dice.chance(0.72):
        low, high = (6.2, 7.0) if kind == "checkpoint" else (3.5, 5.5) if stand.inward is not None else (4.5, 7.5)
        found["mount_height_m"] = round(dice.between(low, high), 1)
    return found


def _direction(kind: str, stand: Stand, heading: float, dice: Dice) -> dict[str, Any]:
    if kind == "ptz":
        found: dict[str, Any] = {"ptz_type": 4}
        if dice.chance(0.4):
            found |= {"pan_now": float(round(heading)), "hfov_now": round(dice.between(4, 58), 1)}
        return found
    if kind == "dome":
        return {"ptz_type": dice.pick((2, 2, 2, 2, 5, 5))} if stand.where != "wall" else {"ptz_type": 2}
    if kind == "lookout":
        return {"ptz_type": 1} if dice.chance(0.7) else {}
    chance = dice.share()
    if chance < ONLY_EIGHT_POINTS:
        return {"direction_type": EIGHT_POINTS[round(heading / 45) % 8], "source_quality": "catalogue", "ptz_type": 3}
    if chance < ONLY_EIGHT_POINTS + NO_DIRECTION:
        return {"ptz_type": 3, "source_quality": "catalogue"}
    if chance < ONLY_EIGHT_POINTS + NO_DIRECTION + NOUGHT:
        return {"azimuth": 0.0, "ptz_type": 3, "source_quality": "catalogue"}
    if chance > 1 - SEVERAL and kind == "bullet":
        return {"directions": [float(round(h)) for h in (heading, (heading + 180) % 360)], "ptz_type": 7}
    return {"azimuth": float(max(1, round(heading)))}


def _state(dice: Dice) -> dict[str, Any]:
    if not dice.chance(OUT_AT_START):
        return {"status": "online"}
    if dice.chance(0.6):
        return {"status": "offline"} | ({"fault": "video_lost"} if dice.chance(0.3) else {})
    return {"status": "degraded", "fault": dice.pick(("video_lost", "blurred", "blocked", "blocked", "dark", "moved"))}
