"""The read side: plain SQL, plain rows. Nothing here writes."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from services.cases import tables as case_tables
from services.cases.escalation import Proposal
from services.contract.others import DistrictLoaded
from services.projector.store import tables as schema


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
    query = select(schema.history.c.data).join(case_tables.cases, case_tables.cases.c.entry == schema.history.c.entry)
    for row in connection.execute(query.where(case_tables.cases.c.is_open)):
        yield row[0]


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


def loaded_last(connection: Connection, code: str) -> str:
    """The digest of the package that the history was told of last (``district.loaded``); empty for none."""
    h = schema.history.c
    query = select(h.data).where(h.subject == code, h.type == "district.loaded").order_by(h.entry.desc()).limit(1)
    found = connection.execute(query).scalar()
    return "" if found is None else msgspec.json.decode(found, type=DistrictLoaded).digest


def dead_entries(connection: Connection, limit: int = 100) -> list[dict[str, Any]]:
    """The newest refused entries."""
    c = schema.dead.c
    rows = connection.execute(
        select(c.entry, c.at, c.reason, c.source, c.type, c.detail, c.masked).order_by(c.entry.desc()).limit(limit)
    )
    return [dict(row._mapping) for row in rows]
