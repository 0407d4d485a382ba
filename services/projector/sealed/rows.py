"""The events of one case as far as they hold something personal: the newest first."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from services.cases.tables import cases
from services.projector.store.tables import history

CHUNK = 500


class SealedEvent(NamedTuple):
    """One event: its kept body (JSON), and what is sealed beside it."""

    entry: int
    data: bytes
    sealed: bytes | None


def standing(connection: Connection, case_id: str) -> SealedEvent | None:
    """The event that the case's row stands for, or None when there is no such case."""
    h = history.c
    query = select(h.entry, h.data, h.sealed).join(cases, cases.c.entry == h.entry).where(cases.c.case_id == case_id)
    row = connection.execute(query).first()
    return _told(row[0], row[1], row[2]) if row is not None else None


def sealed_of(connection: Connection, case_id: str) -> Iterator[SealedEvent]:
    """The case's events that hold something sealed, the newest first."""
    h = history.c
    where = (h.subject == case_id, h.type.like("case.%"), h.sealed.is_not(None))
    for row in connection.execute(select(h.entry, h.data, h.sealed).where(*where).order_by(h.entry.desc())):
        yield _told(row[0], row[1], row[2])


def sealed_of_many(connection: Connection, case_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """What is sealed of these cases, with the case's id: the oldest first."""
    h = history.c
    for at in range(0, len(case_ids), CHUNK):
        where = (h.subject.in_(case_ids[at : at + CHUNK]), h.type.like("case.%"), h.sealed.is_not(None))
        for row in connection.execute(select(h.subject, h.sealed).where(*where).order_by(h.entry)):
            yield str(row[0]), bytes(row[1])


def _told(entry: int, data: bytes, sealed: bytes | None) -> SealedEvent:
    return SealedEvent(entry, bytes(data), None if sealed is None else bytes(sealed))
