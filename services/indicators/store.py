"""Read the roll-ups: sums of measures over days, by any heading that a cut holds. Plain SQL, plain rows."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from services.district.package import day_after
from services.indicators import tables as indicator_tables
from services.indicators.case_counts import NAMES
from services.indicators.cells import Cell
from services.indicators.scope import Scope, _cut


def totals(
    connection: Connection, scope: Scope, days: tuple[int, int], measures: Sequence[str], by: Sequence[str] = ()
) -> dict[tuple[object, ...], dict[str, int]]:
    """The measures' sums over the days from ``days[0]`` up to, not including, ``days[1]``, per group of ``by``.

    ``by`` names headings, and ``day`` for a series. Late closings that the window sees are in. Raises NotKept where no
    cut holds the headings together.
    """
    cut, column = _cut(scope, by)
    found: dict[tuple[object, ...], dict[str, int]] = {}
    t = indicator_tables.rollups
    groups = [t.c[column[name]] for name in by]
    sums = [func.sum(t.c[name]) for name in measures]
    for row in connection.execute(select(*groups, *sums).where(*_where(t, cut, scope, column, days)).group_by(*groups)):
        values = [int(n or 0) for n in row[len(by) :]]
        if any(values) or not by:
            found[tuple(row[: len(by)])] = dict(zip(measures, values, strict=True))
    t = indicator_tables.rollups_later
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


def live_cells(connection: Connection, cuts: Sequence[str], first: int) -> Iterable[tuple[Cell, dict[int, int]]]:
    """The cells of these cuts from the day ``first`` on; of a cell only the measures that are not 0."""
    t = indicator_tables.rollups
    for row in connection.execute(select(t).where(t.c.cut.in_(cuts), t.c.day >= first)):
        if measures := {measure: n for measure, n in enumerate(row[5:]) if n}:
            yield Cell(*row[:5]), measures


def _where(
    table: Table, cut: str, scope: Scope, column: dict[str, str], days: tuple[int, int]
) -> list[ColumnElement[bool]]:
    c = table.c
    named = [c[column[name]] == code for name, code in scope.named.items()]
    return [c.cut == cut, c.day >= days[0], c.day < days[1], *named]
