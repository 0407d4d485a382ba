"""The cells of the roll-ups: where a count stands, and how a change of a case moves them. Pure.

Five cuts through the same counts, each with the street in it: every screen of a street and of the district reads
one of them: place (community, grid), unit, source (channel, level: found against solved), class, and the hour of the
report. A street's figure is a sum over its cells in any of them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from services.indicators.case_counts import AT, CaseCounts, Where

# cut → the headings of its columns ``a`` and ``b``.
CUTS: dict[str, tuple[str, str]] = {
    "place": ("community", "grid"),
    "unit": ("unit", ""),
    "source": ("channel", "level"),
    "class": ("domain", ""),
    "hour": ("hour", ""),
}
# The live board keeps these; places and units are read when somebody asks.
LIVE_CUTS = frozenset({"source", "class", "hour"})
_INTAKE = AT["intake"]
_NEW = tuple.__new__


class Cell(NamedTuple):
    """One row of the roll-ups; ``day`` is yyyymmdd."""

    cut: str
    day: int
    street: str
    a: str
    b: str


Change = dict[Cell, dict[int, int]]
# (cell, measure, first day that sees it) → n
LaterChange = dict[tuple[Cell, int, int], int]


def cells(where: Where, day: int) -> list[Cell]:
    """The cells in which a case counts on ``day``, but for the hour of its report."""
    street, community, grid, unit, channel, domain, level, _ = where
    # Made as the tuples that they are: by name it costs twice as much, for every case four times.
    return [
        _NEW(Cell, ("place", day, street, community, grid)),
        _NEW(Cell, ("unit", day, street, unit, "")),
        _NEW(Cell, ("source", day, street, channel, level)),
        _NEW(Cell, ("class", day, street, domain, "")),
    ]


def move(old: CaseCounts | None, new: CaseCounts | None, change: Change, later: LaterChange) -> None:
    """Take ``old`` out of the cells and put ``new`` in."""
    if old is not None and new is not None and old.where == new.where:
        net: dict[tuple[int, int], int] = {}
        for day, measure, n in new.moves:
            net[day, measure] = net.get((day, measure), 0) + n
        for day, measure, n in old.moves:
            net[day, measure] = net.get((day, measure), 0) - n
        _add(new.where, [(day, measure, n) for (day, measure), n in net.items() if n], change)
        if old.later != new.later:
            _add_later(new.where, new.later, 1, later)
            _add_later(old.where, old.later, -1, later)
        return
    if new is not None:
        _add(new.where, new.moves, change)
        _add_later(new.where, new.later, 1, later)
    if old is not None:
        _add(old.where, [(day, measure, -n) for day, measure, n in old.moves], change)
        _add_later(old.where, old.later, -1, later)


def without_zeros(change: Change, later: LaterChange) -> tuple[Change, LaterChange]:
    """The same without what cancelled out."""
    kept: Change = {}
    for cell, of_cell in change.items():
        left = {m: n for m, n in of_cell.items() if n} if 0 in of_cell.values() else of_cell
        if left:
            kept[cell] = left
    return kept, {k: n for k, n in later.items() if n}


def _add(where: Where, moves: Iterable[tuple[int, int, int]], change: Change) -> None:
    of_day: dict[int, list[tuple[int, int]]] = {}
    for day, measure, n in moves:
        if (found := of_day.get(day)) is None:
            of_day[day] = [(measure, n)]
        else:
            found.append((measure, n))
        if measure == _INTAKE:
            of_cell = change.setdefault(Cell("hour", day, where.street, where.hour, ""), {})
            of_cell[measure] = of_cell.get(measure, 0) + n
    for day, found in of_day.items():
        for cell in cells(where, day):
            if (standing := change.get(cell)) is None:
                standing = change[cell] = {}
            for measure, n in found:
                standing[measure] = standing.get(measure, 0) + n


def _add_later(where: Where, moves: Iterable[tuple[int, int, int, int]], sign: int, later: LaterChange) -> None:
    for day, measure, first, n in moves:
        for cell in cells(where, day):
            key = cell, measure, first
            later[key] = later.get(key, 0) + sign * n
