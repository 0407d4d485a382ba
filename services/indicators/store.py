"""Read the roll-ups: sums of measures over days, by any heading that a cut holds. Plain SQL, plain rows."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from services.district.package import day_after
from services.indicators.cells import CUTS, Cell
from services.indicators.measures import NAMES
from services.projector.store import tables as schema

_COLUMN = {"day": "day", "street": "street"}


class Scope(NamedTuple):
    """Which cases: a code under a heading (street, community, grid, unit, channel, level, domain); None is all."""

    street: str | None = None
    community: str | None = None
    grid: str | None = None
    unit: str | None = None
    channel: str | None = None
    level: str | None = None
    domain: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """The headings that are narrowed."""
        return {name: code for name, code in self._asdict().items() if code is not None}


EVERYTHING = Scope()


class NotKept(ValueError):
    """No cut of the roll-ups holds these headings together."""


def totals(
    connection: Connection, scope: Scope, days: tuple[int, int], measures: Sequence[str], by: Sequence[str] = ()
) -> dict[tuple[object, ...], dict[str, int]]:
    """The measures' sums over the days from ``days[0]`` up to, not including, ``days[1]``, per group of ``by``.

    ``by`` names headings, and ``day`` for a series. Late closings that the window sees are in. Raises NotKept where no
    cut holds the headings together.
    """
    cut, column = _cut(scope, by)
    found: dict[tuple[object, ...], dict[str, int]] = {}
    t = schema.rollups
    groups = [t.c[column[name]] for name in by]
    sums = [func.sum(t.c[name]) for name in measures]
    for row in connection.execute(select(*groups, *sums).where(*_where(t, cut, scope, column, days)).group_by(*groups)):
        values = [int(n or 0) for n in row[len(by) :]]
        if any(values) or not by:
            found[tuple(row[: len(by)])] = dict(zip(measures, values, strict=True))
    t = schema.rollups_later
    groups = [t.c[column[name]] for name in by]
    wanted = [NAMES.index(name) for name in measures]
    where = [*_where(t, cut, scope, column, days), t.c.seen <= days[1], t.c.measure.in_(wanted)]
    # Each day of a series is a window of its own, and sees only what is seen at its own end.
    seen = [t.c.day, t.c.seen] if "day" in by else []
    if seen:  # the next day is the next number, but at the end of a month; the exact answer is given below
        where.append(or_(t.c.seen == t.c.day + 1, t.c.seen % 100 == 1))
    query = select(*groups, *seen, t.c.measure, func.sum(t.c.n)).where(*where).group_by(*groups, *seen, t.c.measure)
    for *head, measure, n in connection.execute(query):
        group = head[: len(by)]
        if seen and head[-1] > day_after(head[-2]):
            continue
        of_group = found.setdefault(tuple(group), dict.fromkeys(measures, 0))
        of_group[NAMES[measure]] += int(n)
    return found


def check_kept(scope: Scope, by: Sequence[str]) -> None:
    """Raise NotKept where no cut holds these headings together."""
    _cut(scope, by)


def live_cells(connection: Connection, cuts: Sequence[str], first: int) -> Iterable[tuple[Cell, dict[int, int]]]:
    """The cells of these cuts from the day ``first`` on; of a cell only the measures that are not 0."""
    t = schema.rollups
    for row in connection.execute(select(t).where(t.c.cut.in_(cuts), t.c.day >= first)):
        if measures := {measure: n for measure, n in enumerate(row[5:]) if n}:
            yield Cell(*row[:5]), measures


def _cut(scope: Scope, by: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The cut that holds every heading named, and heading → column."""
    needed = {*scope.named, *by} - {"day", "street"}
    for cut in ("class", "source", "unit", "place", "hour"):
        headings = {name: column for name, column in zip(CUTS[cut], ("a", "b"), strict=True) if name}
        if needed <= headings.keys():
            return cut, {**_COLUMN, **headings}
    raise NotKept(
        f"the roll-ups do not hold {', '.join(sorted(needed))} together: ask by one of "
        + "; ".join(f"street, {', '.join(filter(None, names))}" for names in CUTS.values())
    )


def _where(
    table: Table, cut: str, scope: Scope, column: dict[str, str], days: tuple[int, int]
) -> list[ColumnElement[bool]]:
    c = table.c
    named = [c[column[name]] == code for name, code in scope.named.items()]
    return [c.cut == cut, c.day >= days[0], c.day < days[1], *named]
