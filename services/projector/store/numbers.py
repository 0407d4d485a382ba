"""The store's segments of entry numbers (events.numbering), and what was taken in without a row."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from services.contract.entry import entry_order
from services.contract.numbering import Numbering, Segment
from services.projector.store import tables as schema

_S = schema.entry_segments.c


def read_numbering(connection: Connection) -> Numbering:
    """The numbering as it stands."""
    rows = connection.execute(select(_S.first_id, _S.key, _S.is_stray))
    return Numbering(Segment(*entry_order(first), key, bool(is_stray)) for first, key, is_stray in rows)


def number(connection: Connection, numbering: Numbering, ids: Iterable[str], last_entry: str) -> Numbering:
    """Give every one of ``ids`` a number, under the feed's lock; adds the segments that it takes.

    ``last_entry``: the newest entry that was ever taken in. Not all of them left a row.
    """
    given = [] if (last := numbering.key(entry_order(last_entry))) is None else [last]
    for entry in sorted(map(entry_order, ids)):
        key = numbering.key(entry)
        if key is None:
            limit = numbering.limit(entry)
            highest = max([_highest(connection, limit), *(k for k in given if k < limit)])
            segment = numbering.segment_for(entry, highest)
            connection.execute(
                insert(schema.entry_segments).values(
                    first_id=f"{segment.ms}-{segment.seq}", key=segment.key, is_stray=segment.is_stray
                )
            )
            numbering, key = numbering.and_segment(segment), segment.key
        given.append(key)
    return numbering


def _highest(connection: Connection, limit: int) -> int:
    found = [
        connection.execute(select(func.max(table.c.entry)).where(table.c.entry < limit)).scalar() or 0
        for table in (schema.history, schema.dead)
    ]
    return max(found)


def passed_among(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Which of ``ids`` were taken in and left no row in the history."""
    c = schema.passed.c
    return set(connection.execute(select(c.entry_id).where(c.entry_id.in_(ids))).scalars())


def keep_passed(connection: Connection, ids: Iterable[str], position: str) -> None:
    """Remember which entries above ``position`` were taken in without a row; forget what lies below it.

    Only where two projectors read by turns is there anything above the position.
    """
    floor = entry_order(position)
    if above := [entry for entry in ids if entry_order(entry) > floor]:
        connection.execute(insert(schema.passed), [{"entry_id": entry} for entry in above])
    kept = connection.execute(select(schema.passed.c.entry_id)).scalars()
    if gone := [entry for entry in kept if entry_order(entry) <= floor]:
        connection.execute(delete(schema.passed).where(schema.passed.c.entry_id.in_(gone)))
