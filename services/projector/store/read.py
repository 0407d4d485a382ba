"""The read side: plain SQL, plain rows. Nothing here writes."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, and_, case, func, or_, select

from services.cases.case import CaseRow
from services.cases.escalation import Proposal
from services.projector.store import tables as schema

_CASE_COLUMNS = [schema.cases.c[name] for name in CaseRow.__struct_fields__]


class Thing(NamedTuple):
    """The newest state of a camera, unit, notice, source or command."""

    kind: str
    key: str
    version: int
    entry: int
    body: bytes


class Past(NamedTuple):
    """One entry of the history."""

    entry: int
    received_at: int
    time: int
    type: str
    source: str
    event_id: str
    subject: str
    flags: str
    data: bytes


def open_cases(connection: Connection) -> Iterator[CaseRow]:
    """Every open case."""
    for row in connection.execute(select(*_CASE_COLUMNS).where(schema.cases.c.is_open)):
        yield CaseRow(*row)


def closed_since(connection: Connection, since: int) -> Iterator[CaseRow]:
    """Every case closed since then (Unix milliseconds)."""
    closed_at = schema.cases.c.closed_at
    for row in connection.execute(select(*_CASE_COLUMNS).where(closed_at >= since, ~schema.cases.c.merged)):
        yield CaseRow(*row)


def reported_between(connection: Connection, start: int, end: int, domain: str) -> Iterator[CaseRow]:
    """The cases of a unified class reported from ``start`` to ``end`` (Unix milliseconds, both in)."""
    c = schema.cases.c
    where = (c.reported_at >= start, c.reported_at <= end, c.domain == domain, c.lon.is_not(None))
    for row in connection.execute(select(*_CASE_COLUMNS).where(*where)):
        yield CaseRow(*row)


def reported_since(connection: Connection, since: int) -> Iterator[CaseRow]:
    """The placed cases reported since then (Unix milliseconds)."""
    c = schema.cases.c
    for row in connection.execute(select(*_CASE_COLUMNS).where(c.reported_at >= since, c.lon.is_not(None))):
        yield CaseRow(*row)


def open_or_new(connection: Connection, since: int) -> list[tuple[float, float, int, bool]]:
    """(lon, lat, reported_at, is_open) of the placed cases that are open or were reported since then."""
    c = schema.cases.c
    where = and_(c.lon.is_not(None), c.status != "voided", ~c.merged, or_(c.is_open, c.reported_at >= since))
    rows = connection.execute(select(c.lon, c.lat, c.reported_at, c.is_open).where(where))
    return [(row[0], row[1], row[2], bool(row[3])) for row in rows]


def positions_from(connection: Connection, after: int) -> list[tuple[int, bytes]]:
    """(entry, data) of the patrols' kept positions behind the entry ``after``."""
    c = schema.history.c
    query = select(c.entry, c.data).where(c.entry > after, c.type == "unit.moved").order_by(c.entry)
    return [(row[0], row[1]) for row in connection.execute(query)]


def refused_commands(connection: Connection, command_ids: Sequence[str]) -> set[str]:
    """Which of these commands the case system has rejected."""
    c = schema.things.c
    rows = connection.execute(select(c.key, c.body).where(c.kind == "command", c.key.in_(command_ids)))
    return {key for key, body in rows if not msgspec.json.decode(body)["accepted"]}


def open_case_bodies(connection: Connection) -> Iterator[bytes]:
    """The published state of every open case, as the history has it (JSON): what a case system goes on from."""
    query = select(schema.history.c.data).join(schema.cases, schema.cases.c.entry == schema.history.c.entry)
    for row in connection.execute(query.where(schema.cases.c.is_open)):
        yield row[0]


def one_case(connection: Connection, case_id: str) -> CaseRow | None:
    """A case by its id, open or not."""
    row = connection.execute(select(*_CASE_COLUMNS).where(schema.cases.c.case_id == case_id)).first()
    return CaseRow(*row) if row else None


def cases_of(connection: Connection, case_ids: Sequence[str]) -> list[CaseRow]:
    """The cases of these ids, open or not."""
    found = []
    for first in range(0, len(case_ids), 500):
        where = schema.cases.c.case_id.in_(case_ids[first : first + 500])
        found += [CaseRow(*row) for row in connection.execute(select(*_CASE_COLUMNS).where(where))]
    return found


def all_things(connection: Connection, kinds: Sequence[str]) -> list[Thing]:
    """The newest state of everything of the given kinds."""
    c = schema.things.c
    rows = connection.execute(select(c.kind, c.key, c.version, c.entry, c.body).where(c.kind.in_(kinds)))
    return [Thing(*row) for row in rows]


def all_proposals(connection: Connection) -> list[Proposal]:
    """What the escalation policy proposes, or has commanded and not seen done."""
    c = schema.proposals.c
    return [Proposal(*row) for row in connection.execute(select(*(c[name] for name in Proposal.__struct_fields__)))]


def all_tallies(connection: Connection) -> dict[tuple[str, str], int]:
    """(what, source) → n."""
    c = schema.tallies.c
    return {(row[0], row[1]): row[2] for row in connection.execute(select(c.what, c.source, c.n))}


def outbox_after(connection: Connection, revision: int, limit: int = 1000) -> list[tuple[int, bytes]]:
    """The deltas with a revision above ``revision``, in order."""
    c = schema.outbox.c
    rows = connection.execute(
        select(c.revision, c.payload).where(c.revision > revision).order_by(c.revision).limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def history_of(connection: Connection, case_id: str) -> list[Past]:
    """The events of one case, in the order of the stream; an event published twice stands once."""
    c = schema.history.c
    columns = [c[name] for name in Past._fields]
    rows = connection.execute(select(*columns).where(c.subject == case_id, c.type.like("case.%")).order_by(c.entry))
    seen: dict[tuple[str, str], Past] = {}
    for row in rows:
        past = Past(*row)
        seen.setdefault((past.source, past.event_id), past)
    return list(seen.values())


def history_from(connection: Connection, after: int, limit: int) -> list[Past]:
    """The next entries of the history behind ``after``, in the order of the stream."""
    c = schema.history.c
    columns = [c[name] for name in Past._fields]
    return [
        Past(*row) for row in connection.execute(select(*columns).where(c.entry > after).order_by(c.entry).limit(limit))
    ]


def counts_at(connection: Connection, start: int, moment: int) -> dict[str, Any]:
    """What the wall compares with: the figures of a past moment of a day that began at ``start``, by today's knowledge.

    Returns reported, closed, open, overdue (numbers) and channel, domain (dicts of numbers).
    """
    c = schema.cases.c
    counted = and_(c.status != "voided", ~c.merged)
    was_open = and_(
        c.reported_at < moment, counted, c.status != "not_filed", or_(c.closed_at.is_(None), c.closed_at >= moment)
    )
    open_n, overdue_n = connection.execute(
        select(
            func.count(),
            func.sum(case((and_(c.deadline_at <= moment, ~c.suspended), 1), else_=0)),
        ).where(was_open)
    ).one()
    closed_n = connection.execute(
        select(func.count()).where(c.closed_at >= start, c.closed_at < moment, counted)
    ).scalar_one()
    found: dict[str, Any] = {"open": open_n, "overdue": int(overdue_n or 0), "closed": closed_n}
    reported = and_(c.reported_at >= start, c.reported_at < moment, counted)
    for name in ("channel", "domain"):
        rows = connection.execute(select(c[name], func.count()).where(reported).group_by(c[name]))
        found[name] = {row[0]: row[1] for row in rows}
    found["reported"] = sum(found["channel"].values())
    return found


def dead_entries(connection: Connection, limit: int = 100) -> list[dict[str, Any]]:
    """The newest refused entries."""
    c = schema.dead.c
    rows = connection.execute(
        select(c.entry, c.at, c.reason, c.source, c.type, c.detail, c.masked).order_by(c.entry.desc()).limit(limit)
    )
    return [dict(row._mapping) for row in rows]
