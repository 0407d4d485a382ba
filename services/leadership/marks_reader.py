"""Read the marks and the repeats of a span: one range of an index each, however long the history. Plain SQL."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, and_, case, cast, distinct, func, select

from services.cases import tables as case_tables
from services.cases.case import CaseRow
from services.indicators import tables as indicator_tables
from services.platform.database import is_postgres

_M, _C = indicator_tables.case_marks.c, case_tables.cases.c
_CASE_COLUMNS = [_C[name] for name in CaseRow.__struct_fields__]


class MarkCount(NamedTuple):
    """Cases with one code and level: how many, and how many of them ended before the end asked for."""

    code: str
    level: int
    n: int
    ended: int


class Square(NamedTuple):
    """A square of the mesh with several cases of one class: which class (as ``of_class``), where, how many, how many
    of them open, the first of their ids.
    """

    key: str
    x: int
    y: int
    n: int
    open: int
    first: str


def in_span(connection: Connection, what: str, window: tuple[int, int], street: str, unit: str) -> list[MarkCount]:
    """The cases with a mark in [start, end), by code and level."""
    ended = case((_M.until < window[1], _M.case_id))
    query = select(_M.code, _M.level, func.count(distinct(_M.case_id)), func.count(distinct(ended)))
    where = [_M.what == what, _M.at >= window[0], _M.at < window[1], *_named(street, unit)]
    return [MarkCount(*row) for row in connection.execute(query.where(*where).group_by(_M.code, _M.level))]


def cases_in_span(connection: Connection, what: str, window: tuple[int, int], street: str, unit: str) -> int:
    """The cases with a mark in [start, end): of one with several only one."""
    where = [_M.what == what, _M.at >= window[0], _M.at < window[1], *_named(street, unit)]
    return int(connection.execute(select(func.count(distinct(_M.case_id))).where(*where)).scalar_one())


def standing_at(connection: Connection, what: str, moment: int, street: str, unit: str) -> list[MarkCount]:
    """The cases whose mark stood at ``moment``, by code and level; the last of the list is all of them."""
    where = [_M.what == what, _M.until >= moment, _M.at < moment, *_named(street, unit)]
    n = func.count(distinct(_M.case_id))
    rows = connection.execute(select(_M.code, _M.level, n).where(*where).group_by(_M.code, _M.level))
    found = [MarkCount(row[0], row[1], row[2], 0) for row in rows]
    return [*found, MarkCount("", 0, int(connection.execute(select(n).where(*where)).scalar_one()), 0)]


def is_told(connection: Connection, what: str) -> bool:
    """Whether any case ever had such a mark: else nobody tells us of it."""
    return connection.execute(select(_M.at).where(_M.what == what).limit(1)).first() is not None


def cases_marked(
    connection: Connection,
    what: str,
    window: tuple[int, int],
    street: str,
    unit: str,
    *,
    chosen: tuple[str, int] | None,
    limit: int,
) -> list[CaseRow]:
    """The cases with a mark in the span, of one code and level or of all, those that have not ended first."""
    where = [_M.what == what, _M.at >= window[0], _M.at < window[1], *_named(street, unit)]
    return _cases(connection, where, chosen, limit)


def cases_standing(
    connection: Connection,
    what: str,
    moment: int,
    street: str,
    unit: str,
    *,
    chosen: tuple[str, int] | None,
    limit: int,
) -> list[CaseRow]:
    """The cases whose mark stood at ``moment``, as ``cases_marked``."""
    where = [_M.what == what, _M.until >= moment, _M.at < moment, *_named(street, unit)]
    return _cases(connection, where, chosen, limit)


def _cases(
    connection: Connection, where: list[ColumnElement[bool]], chosen: tuple[str, int] | None, limit: int
) -> list[CaseRow]:
    where = where + ([] if chosen is None else [_M.code == chosen[0], _M.level == chosen[1]])
    ids = select(_M.case_id, func.max(_M.until).label("until"), func.max(_M.at).label("at")).where(*where)
    of = ids.group_by(_M.case_id).subquery()
    query = select(*_CASE_COLUMNS).join(of, of.c.case_id == _C.case_id)
    return [CaseRow(*row) for row in connection.execute(query.order_by(of.c.until.desc(), of.c.at.desc()).limit(limit))]


def squares(
    connection: Connection,
    window: tuple[int, int],
    street: str,
    unit: str,
    *,
    per_degree: tuple[float, float],
    least: int,
) -> list[Square]:
    """The squares with ``least`` cases of one class and more, reported in [start, end): counted by the database."""
    x, y = _square(connection, per_degree)
    key = of_class()
    n = func.count()
    # By the numbers first: they tell two cases apart sooner than a text does, and the sorting is most of the work.
    query = (
        select(key, x, y, n, func.sum(cast(_C.is_open, Integer)), func.min(_C.case_id))
        .where(*_placed(window, street, unit))
        .group_by(x, y, key)
        .having(n >= least)
    )
    return [Square(row[0], int(row[1]), int(row[2]), row[3], int(row[4]), row[5]) for row in connection.execute(query)]


def cases_of_squares(
    connection: Connection,
    window: tuple[int, int],
    street: str,
    unit: str,
    *,
    per_degree: tuple[float, float],
    key: str,
    chosen: Sequence[tuple[int, int]],
    limit: int,
) -> list[CaseRow]:
    """The cases of one class in these squares, the newest first."""
    x, y = _square(connection, per_degree)
    (x0, x1), (y0, y1) = ((min(v), max(v)) for v in zip(*chosen, strict=True))
    where = [*_placed(window, street, unit), of_class() == key, x.between(x0, x1), y.between(y0, y1)]
    query = select(*_CASE_COLUMNS, x, y).where(*where).order_by(_C.reported_at.desc(), _C.case_id)
    wanted = set(chosen)
    rows = (row for row in connection.execute(query) if (int(row[-2]), int(row[-1])) in wanted)
    return [CaseRow(*row[:-2]) for row, _ in zip(rows, range(limit), strict=False)]


def of_class() -> ColumnElement[str]:
    """What makes two cases the same matter: the minor class, else the unified one."""
    return case((_C.class_key == "", _C.domain), else_=_C.class_key)


def _square(connection: Connection, per_degree: tuple[float, float]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The square of the mesh of ``repeats.squares_per_degree``: moved above 0, where cutting off is rounding down."""
    moved = ((_C.lon + 360.0) * per_degree[0], (_C.lat + 360.0) * per_degree[1])
    down = func.floor if is_postgres(connection) else (lambda value: value)
    x, y = (cast(down(value), Integer) for value in moved)
    return x, y


def _placed(window: tuple[int, int], street: str, unit: str) -> list[ColumnElement[bool]]:
    named = [_C.street == street] if street else []
    named += [_C.lead_unit == unit] if unit else []
    is_counted = and_(_C.lon.is_not(None), _C.lat.is_not(None), ~_C.merged, _C.status != "voided")
    return [_C.reported_at >= window[0], _C.reported_at < window[1], is_counted, *named]


def _named(street: str, unit: str) -> list[ColumnElement[bool]]:
    found = [_M.street == street] if street else []
    return [*found, *([_M.unit == unit] if unit else [])]
