"""A street's grids and their people (一长四员): what each has open, what it solves by itself, its last patrol. Pure.

Names and phones are masked here: whoever must read them asks with a reason, elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.board.state import DUE_SOON, OVERDUE
from services.cases.case import CaseRow
from services.contract.personal import mask_name, mask_text
from services.district.package import Area, District
from services.district.place import Placer
from services.indicators.figure import rate

ROLES = ("grid_leader", "policy_officer", "information_officer", "aid_officer", "mediator")


class GridPerson(msgspec.Struct, frozen=True):
    """One of a grid's people, masked; ``name`` is empty where nobody holds the role, ``phone`` where none is known.

    ``number`` counts those that the package names for the grid from 0; None where nobody holds the role.
    """

    role: str
    name: str
    phone: str
    number: int | None = None


class GridLoad(msgspec.Struct, frozen=True):
    """A grid: ``on_the_spot`` = ``self_handled`` / ``reported`` of this month, None where nothing was reported.

    ``absent`` says what is not known: ``households`` ``people`` (the package names none), ``patrol`` (no position in
    it was seen). ``people`` has every role of 一长四员 in its order, then what else the package names.
    """

    code: str
    name: str
    community: str
    open: int
    overdue: int
    due_soon: int
    reported: int
    self_handled: int
    on_the_spot: float | None
    households: int
    patrolled_at: int | None
    people: list[GridPerson]
    absent: list[str]


class GridPatrols:
    """When a patrol was last seen in each grid."""

    def __init__(self, district: District) -> None:
        self._placer = Placer(district)
        self.last: dict[str, int] = {}
        self.after = 0  # the entry of the history up to which positions were taken in

    def take(self, seen: Iterable[tuple[float, float, int]]) -> None:
        """Take in positions of patrols as (lon, lat, Unix ms), in any order."""
        self.merge(self.passed(seen))

    def passed(self, seen: Iterable[tuple[float, float, int]]) -> dict[str, int]:
        """Grid → when a patrol was last there, by these positions alone: it changes nothing, any thread may ask."""
        places = list(seen)
        codes = self._placer.find([(lon, lat) for lon, lat, _ in places])
        found: dict[str, int] = {}
        for (_, _, at), (_, _, grid) in zip(places, codes, strict=True):
            if grid:
                found[grid] = max(at, found.get(grid, at))
        return found

    def merge(self, passed: Mapping[str, int]) -> None:
        """Take in what ``passed`` has found."""
        for grid, at in passed.items():
            self.last[grid] = max(at, self.last.get(grid, at))


class GridPeople:
    """The people of every grid, masked; made once per package."""

    def __init__(self, district: District) -> None:
        self._of: dict[str, list[GridPerson]] = {}
        for row in district.tables.get("people", ()):
            of_grid = self._of.setdefault(row["grid"], [])
            phone = masked_phone(row.get("phone", ""))
            of_grid.append(GridPerson(row["role"], mask_name(row["name"]), phone, len(of_grid)))

    def of(self, grid: str) -> list[GridPerson]:
        """Everyone named for a grid, 一长四员 first; a role that nobody holds stands there without a name."""
        found = self._of.get(grid, [])
        if not found:
            return []
        held = {person.role for person in found}
        empty = [GridPerson(role, "", "") for role in ROLES if role not in held]
        return sorted((*found, *empty), key=lambda p: ROLES.index(p.role) if p.role in ROLES else len(ROLES))


def masked_phone(phone: str) -> str:
    """A phone with its middle hidden; one of no shape that ``mask_text`` knows keeps its last two at the most."""
    masked = mask_text(phone)
    if masked != phone:
        return masked
    shown = phone[-2:] if len(phone) > 4 else ""
    return "*" * (len(phone) - len(shown)) + shown


def grid_loads(
    district: District,
    street: str,
    rows: Iterable[CaseRow],
    lights: Mapping[str, int],
    *,
    month: Mapping[str, tuple[int, int]],
    people: GridPeople,
    patrolled: Mapping[str, int],
) -> list[GridLoad]:
    """The street's grids, those with most overdue, then most open, first.

    ``rows`` are open cases, ``lights`` theirs (indices in deadlines.LIGHTS), ``month`` grid → (reported, solved on the
    spot) of the statistical month. A grid that the package does not know, or none (''), stands there too if it has
    open cases.
    """
    sums: dict[str, list[int]] = {grid.code: [0, 0, 0] for grid in grids_of(district, street)}
    for row in rows:
        if row.street != street:
            continue
        found = sums.setdefault(row.grid, [0, 0, 0])
        lit = lights.get(row.case_id, 0)
        found[0] += 1
        found[1] += lit == OVERDUE
        found[2] += lit == DUE_SOON
    loads = [
        _load(
            district,
            code,
            sums[code],
            month=month.get(code, (0, 0)),
            people=people.of(code),
            patrolled_at=patrolled.get(code),
        )
        for code in sums
    ]
    return sorted(loads, key=lambda load: (-load.overdue, -load.open, load.code))


def grids_of(district: District, street: str) -> list[Area]:
    """The grids of a street's communities."""
    communities = {area.code for area in district.communities.values() if area.parent == street}
    return [grid for grid in district.grids.values() if grid.parent in communities]


def _load(
    district: District,
    code: str,
    sums: Sequence[int],
    *,
    month: tuple[int, int],
    people: list[GridPerson],
    patrolled_at: int | None,
) -> GridLoad:
    area = district.grids.get(code)
    reported, self_handled = month
    households = area.households if area else 0
    lacks = {"households": not households, "people": not people, "patrol": patrolled_at is None}
    opened, overdue, due_soon = sums
    return GridLoad(
        code, area.name if area else code, area.parent if area else "", opened, overdue, due_soon, reported,
        self_handled, rate(self_handled, reported), households, patrolled_at, people,
        [name for name, is_so in lacks.items() if is_so],
    )  # fmt: skip
