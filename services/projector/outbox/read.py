"""Read the outbox behind a commit that was seen: its deltas, or that the store is no longer the one that was seen."""

from typing import NamedTuple

import msgspec
from sqlalchemy import BigInteger, Connection, bindparam, case, null, select

from services.projector.store import tables as schema

# So many deltas are read at once.
MOST = 1000


class SeenCommit(NamedTuple):
    """A commit that was seen. ``token`` is empty where the outbox does not hold it (a new store)."""

    epoch: str
    revision: int
    token: str


class Message(NamedTuple):
    """One delta of the outbox."""

    revision: int
    token: str
    payload: bytes


class CommitsSince(msgspec.Struct, frozen=True):
    """What lies behind a mark; ``is_same`` False: the store went back, began anew, or its outbox was cut."""

    is_same: bool
    messages: list[Message] = []


NOTHING = SeenCommit("", 0, "")
_f, _o = schema.feed.c, schema.outbox.c
_MARK = bindparam("mark", type_=BigInteger)
# Written out once: to put a statement together takes longer than to run it.
_NEWEST = (
    select(_f.epoch, _f.revision, _o.token)
    .select_from(schema.feed.outerjoin(schema.outbox, _o.revision == _f.revision))
    .where(_f.id == 1)
)
_AT_MARK = (
    select(_f.epoch, _f.revision, _o.token)
    .select_from(schema.feed.outerjoin(schema.outbox, _o.revision == _MARK))
    .where(_f.id == 1)
)
_BEHIND = (
    select(_f.epoch, _f.revision, _o.revision, _o.token, case((_o.revision == _MARK, null()), else_=_o.payload))
    .select_from(schema.feed.outerjoin(schema.outbox, _o.revision >= _MARK))
    .where(_f.id == 1)
    .order_by(_o.revision)
    .limit(MOST + 1)
)


def read_mark(connection: Connection) -> SeenCommit:
    """The newest commit of the store; ``NOTHING`` where there is no feed yet."""
    row = connection.execute(_NEWEST).first()
    return NOTHING if row is None else SeenCommit(row[0], row[1], row[2] or "")


def is_same(connection: Connection, mark: SeenCommit) -> bool:
    """Whether the store is still the one in which ``mark`` was the newest commit, or has gone on from it."""
    row = connection.execute(_AT_MARK, {"mark": mark.revision}).first()
    if row is None:
        return mark == NOTHING
    return row[0] == mark.epoch and row[1] >= mark.revision and (row[2] or "") == mark.token


def behind(connection: Connection, mark: SeenCommit) -> CommitsSince:
    """The next deltas behind ``mark``, at most ``MOST``, in order; one statement for both questions.

    The store is the same if its epoch is, and if the outbox holds the marked revision with its token: a store that has
    gone back and since passed that revision holds another commit there.
    """
    rows = connection.execute(_BEHIND, {"mark": mark.revision}).all()
    if not rows:
        return CommitsSince(mark == NOTHING)
    if rows[0][0] != mark.epoch:
        return CommitsSince(False)
    found = [Message(revision, token, body) for _, _, revision, token, body in rows if revision is not None]
    if not found:
        return CommitsSince(not mark.token and rows[0][1] == mark.revision)
    if mark.token:
        if (found[0].revision, found[0].token) != (mark.revision, mark.token):
            return CommitsSince(False)
        found = found[1:]
    elif found[0].revision == mark.revision:
        found = found[1:]  # of before there were tokens
    if found and found[0].revision != mark.revision + 1:
        return CommitsSince(False)
    return CommitsSince(True, found[:MOST])
