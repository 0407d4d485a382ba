"""Reads cases: the open ones, the closed ones of a span, one with its columns."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from services.cases import tables as case_tables
from services.cases.case import CaseRow

_CASE_COLUMNS = [case_tables.cases.c[name] for name in CaseRow.__struct_fields__]


def open_cases(connection: Connection) -> Iterator[CaseRow]:
    """Every open case."""
    for row in connection.execute(select(*_CASE_COLUMNS).where(case_tables.cases.c.is_open)):
        yield CaseRow(*row)


def closed_since(connection: Connection, since: int) -> Iterator[CaseRow]:
    """Every case closed since then (Unix milliseconds)."""
    closed_at = case_tables.cases.c.closed_at
    for row in connection.execute(select(*_CASE_COLUMNS).where(closed_at >= since, ~case_tables.cases.c.merged)):
        yield CaseRow(*row)


Box = tuple[float, float, float, float]


def reported_between(connection: Connection, start: int, end: int, domain: str, box: Box) -> Iterator[CaseRow]:
    """The cases of a unified class reported from ``start`` to ``end`` (Unix milliseconds, both in) within a box.

    ``box`` is west, south, east, north in degrees.
    """
    c = case_tables.cases.c
    west, south, east, north = box
    where = (
        c.reported_at >= start,
        c.reported_at <= end,
        c.domain == domain,
        c.lon.between(west, east),
        c.lat.between(south, north),
    )
    for row in connection.execute(select(*_CASE_COLUMNS).where(*where)):
        yield CaseRow(*row)


def reported_since(connection: Connection, since: int) -> Iterator[CaseRow]:
    """The placed cases reported since then (Unix milliseconds)."""
    c = case_tables.cases.c
    for row in connection.execute(select(*_CASE_COLUMNS).where(c.reported_at >= since, c.lon.is_not(None))):
        yield CaseRow(*row)


def count_reported(connection: Connection, start: int, end: int) -> int:
    """How many cases were reported from ``start`` to before ``end`` (Unix ms)."""
    query = select(func.count()).select_from(case_tables.cases).where(*_reported(start, end))
    return int(connection.execute(query).scalar() or 0)


def reported_within(connection: Connection, start: int, end: int) -> Generator[CaseRow, None, None]:
    """Every case reported from ``start`` to before ``end`` (Unix ms), in the order of the reports.

    Close it where it is not read to its end.
    """
    c = case_tables.cases.c
    query = select(*_CASE_COLUMNS).where(*_reported(start, end)).order_by(c.reported_at, c.case_id)
    return _in_steps(connection, query)


def _in_steps(connection: Connection, query: Select[Any]) -> Generator[CaseRow, None, None]:
    """The rows of a query that is asked when the first of them is.

    Millions of them must not stand in the memory at once: the database hands them over by thousands, and holds a
    cursor until the last one, or until this is closed.
    """
    with connection.execution_options(yield_per=5_000).execute(query) as rows:
        for row in rows:
            yield CaseRow(*row)


def _reported(start: int, end: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    reported_at = case_tables.cases.c.reported_at
    return reported_at >= start, reported_at < end


def open_or_new(connection: Connection, since: int) -> list[tuple[float, float, int, bool]]:
    """(lon, lat, reported_at, is_open) of the placed cases that are open or were reported since then."""
    c = case_tables.cases.c
    where = and_(c.lon.is_not(None), c.status != "voided", ~c.merged, or_(c.is_open, c.reported_at >= since))
    rows = connection.execute(select(c.lon, c.lat, c.reported_at, c.is_open).where(where))
    return [(row[0], row[1], row[2], bool(row[3])) for row in rows]


def one_case(connection: Connection, case_id: str) -> CaseRow | None:
    """A case by its id, open or not."""
    row = connection.execute(select(*_CASE_COLUMNS).where(case_tables.cases.c.case_id == case_id)).first()
    return CaseRow(*row) if row else None


def cases_of(connection: Connection, case_ids: Sequence[str]) -> list[CaseRow]:
    """The cases of these ids, open or not."""
    found = []
    for first in range(0, len(case_ids), 500):
        where = case_tables.cases.c.case_id.in_(case_ids[first : first + 500])
        found += [CaseRow(*row) for row in connection.execute(select(*_CASE_COLUMNS).where(where))]
    return found


def counts_at(connection: Connection, start: int, moment: int) -> dict[str, Any]:
    """What the wall compares with: the figures of a past moment of a day that began at ``start``, by today's knowledge.

    What has come at ``moment`` itself is in, as it is on the board at that moment.

    Returns reported, closed, open, overdue (numbers) and channel, domain (dicts of numbers).
    """
    c = case_tables.cases.c
    counted = and_(c.status != "voided", ~c.merged)
    was_open = and_(
        c.reported_at <= moment, counted, c.status != "not_filed", or_(c.closed_at.is_(None), c.closed_at > moment)
    )
    open_n, overdue_n = connection.execute(
        select(
            func.count(),
            func.sum(case((and_(c.deadline_at <= moment, ~c.suspended), 1), else_=0)),
        ).where(was_open)
    ).one()
    closed_n = connection.execute(
        select(func.count()).where(c.closed_at >= start, c.closed_at <= moment, counted)
    ).scalar_one()
    found: dict[str, Any] = {"open": open_n, "overdue": int(overdue_n or 0), "closed": closed_n}
    reported = and_(c.reported_at >= start, c.reported_at <= moment, counted)
    for name in ("channel", "domain"):
        rows = connection.execute(select(c[name], func.count()).where(reported).group_by(c[name]))
        found[name] = {row[0]: row[1] for row in rows}
    found["reported"] = sum(found["channel"].values())
    return found


def touched(connection: Connection, start: int, end: int, street: str, unit: str) -> tuple[int, Iterator[CaseRow]]:
    """Cases reported or closed from ``start`` to before ``end`` (Unix ms), by their report: how many, and the rows.

    Of one street and one unit where these are named; without those merged away or void.
    """
    c = case_tables.cases.c
    named = [c.street == street] if street else []
    named += [c.lead_unit == unit] if unit else []
    within = or_(*(and_(at >= start, at < end) for at in (c.reported_at, c.closed_at)))
    where = [within, ~c.merged, c.status != "voided", *named]
    n = int(connection.execute(select(func.count()).select_from(case_tables.cases).where(*where)).scalar() or 0)
    query = select(*_CASE_COLUMNS).where(*where).order_by(c.reported_at, c.case_id)
    return n, _in_steps(connection, query)
