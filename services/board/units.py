"""Units on the map: who is where, how old each position is, the brigades' lists, the nearest to a case. Pure.

A package need not have a table of units: what is known of one is what its positions say (CONTRACT.md, ``unit.moved``).
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from services.board.state import Board
from services.contract.kept import kept_decoder
from services.contract.others import UnitMoved
from services.district.roads import Position, Roads
from services.platform.clock import to_ms

Freshness = Literal["fresh", "fading", "stale"]
# Positions come every 3 to 10 s: three that were missed is a tunnel or a courtyard, 30 s is a question.
FRESH_S = 30.0
# In five minutes a car has gone two kilometres: nobody knows where it is.
FADING_S = 300.0
# km/h, with stops: a car in a town at day, an enforcement van that looks for its place, a walk, a walk not on duty.
SPEEDS_KMH = {"car": 25.0, "enforcement": 20.0, "foot": 5.0, "volunteer": 4.0}
# A unit that does not say its kind comes on foot: rather too late announced than too early.
UNKNOWN_KIND = "foot"
STATUSES = ("free", "assigned", "on_scene", "off")
_UNIT = kept_decoder(UnitMoved)


class Unit(msgspec.Struct, frozen=True):
    """One unit's newest position: ``at`` when it was taken, ``arrived_at`` when it came in by the machine's clock."""

    unit_id: str
    kind: str
    group: str
    street: str
    status: str
    case_id: str
    lon: float
    lat: float
    at: int
    arrived_at: int


class ClockReading(NamedTuple):
    """Now by the district's clock and by the machine's, and how fast the district's runs (0: it stands)."""

    now: int
    real_now: int
    rate: float = 1.0


class Near(msgspec.Struct, frozen=True):
    """A unit and its way to a case; not ``is_by_road``: 1.3 × the straight line. ``eta_s`` is a guess by its kind."""

    unit: Unit
    metres: float
    is_by_road: bool
    eta_s: float
    freshness: Freshness


class Brigade(msgspec.Struct, frozen=True):
    """A group with its list: ids by what each does, and when the last of them was heard."""

    street: str
    group: str
    members: list[Unit]
    free: list[str]
    assigned: list[str]
    on_scene: list[str]
    off: list[str]
    newest_at: int


def units_on(board: Board, street: str = "") -> list[Unit]:
    """The board's units in order of their ids; with ``street`` those of that street alone."""
    found = []
    for (kind, _), thing in board.things.items():
        if kind == "unit":
            moved = _UNIT(thing.body)
            if not street or moved.street == street:
                found.append(_unit(moved, thing.entry >> 20))
    return sorted(found, key=lambda unit: unit.unit_id)


def _unit(moved: UnitMoved, arrived_at: int) -> Unit:
    return Unit(
        moved.unit_id, moved.kind or "", moved.group or "", moved.street or "", moved.status or "free",
        moved.case_id or "", moved.lon, moved.lat, to_ms(moved.at), arrived_at,
    )  # fmt: skip


def age_s(unit: Unit, moment: ClockReading) -> float:
    """How old a position is in the machine's seconds: by when it was taken or by when it came, whichever is older.

    A demo's clock may run sixty times as fast while positions come every three seconds all the same: what its clock
    says is divided by its rate. A device whose clock is ahead is judged by the arrival, and so is every unit while the
    district's clock stands.
    """
    taken = (moment.now - unit.at) / moment.rate if moment.rate > 0 else 0.0
    return max(taken, moment.real_now - unit.arrived_at, 0) / 1000


def freshness(unit: Unit, moment: ClockReading) -> Freshness:
    """How far its position is to be believed."""
    age = age_s(unit, moment)
    return "fresh" if age < FRESH_S else "fading" if age < FADING_S else "stale"


def eta_s(kind: str, metres: float) -> float:
    """Seconds that a unit of this kind takes for a way."""
    return metres / (SPEEDS_KMH.get(kind, SPEEDS_KMH[UNKNOWN_KIND]) / 3.6)


def brigades(units: Iterable[Unit]) -> list[Brigade]:
    """The groups of each street with their lists; units without a group are one list of their street."""
    groups: dict[tuple[str, str], list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: unit.unit_id):
        groups.setdefault((unit.street, unit.group), []).append(unit)
    found = []
    for (street, group), members in sorted(groups.items()):
        free, assigned, on_scene, off = ([u.unit_id for u in members if u.status == status] for status in STATUSES)
        newest_at = max(unit.at for unit in members)
        found.append(Brigade(street, group, members, free, assigned, on_scene, off, newest_at))
    return found


def nearest_units(
    roads: Roads,
    position: Position,
    units: Sequence[Unit],
    moment: ClockReading,
    *,
    n: int = 5,
    only_free: bool = True,
    street: str = "",
) -> list[Near]:
    """The ``n`` units nearest to ``position`` (lon, lat) along the roads; those off duty are never among them.

    ``street`` is the desk that asks: a street sends its own units, the district ("") sends any. Whose position is stale
    comes behind all others, however near it was: nobody knows where it is now.
    """
    able = [unit for unit in units if unit.status == "free" or (unit.status != "off" and not only_free)]
    ours = [unit for unit in able if not street or unit.street == street]
    found: list[Near] = []
    words = [(unit, freshness(unit, moment)) for unit in ours]
    for is_stale in (False, True):
        asked = [(unit, word) for unit, word in words if (word == "stale") == is_stale]
        for way in roads.nearest(position, [(unit.lon, unit.lat) for unit, _ in asked], n - len(found)):
            unit, word = asked[way.which]
            found.append(Near(unit, way.metres, way.is_by_road, eta_s(unit.kind, way.metres), word))
    return found
