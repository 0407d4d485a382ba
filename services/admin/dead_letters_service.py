"""Refused entries: listed, looked at, published again (CONTRACT.md, «Bad input»). Page and command line call the same.

What is published again keeps its event id, so that an entry that came through meanwhile is not counted twice. Its row
stays as a record. It cannot be taken back: whoever reads the stream has read it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import redis
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, Engine, func, select

from services.audit import Deed, Who
from services.audit.log_service import AuditLog, AuditQuery, newest
from services.contract.entry import entry_order
from services.contract.parse import Refused
from services.district.package import District
from services.platform.clock import machine_ms
from services.platform.errors import OperationError
from services.platform.redis import Keys
from services.platform.sealing import Sealer
from services.projector.publish_service import add, check_entry
from services.projector.store import read
from services.projector.store import tables as schema
from services.projector.store.numbers import read_numbering

Fields = dict[bytes, bytes]
_SET_ASIDE = b"broken: "  # what projector.loop puts before an entry that broke it
# So many of one kind are published again by one click; the rest by the next.
MOST_AT_ONCE = 200
RETRIES_KNOWN = 500


class DeadLetterError(OperationError):
    """It cannot be published again: why, and what to do."""

    texts = "admin.dead_refused."


class DeadLetter(NamedTuple):
    """A refused entry; ``entry`` is its id on the stream, ``masked`` its data without what is personal."""

    entry: str
    at: int
    reason: str
    source: str
    type: str
    detail: str
    masked: str
    retried_at: int = 0
    retried_by: str = ""


class Retried(NamedTuple):
    """What came of publishing many again: how many went out, and why the others did not."""

    published: int
    refused: int
    without_original: int
    left: int


class StreamOut(NamedTuple):
    """Where entries are published. ``now``: the district's clock, in Unix ms."""

    client: redis.Redis
    district: District
    now: Callable[[], int]


class DeadLetters:
    """The refused entries of a store."""

    def __init__(self, engine: Engine, data_key: str) -> None:
        self._engine, self._data_key = engine, data_key

    def newest(self, limit: int) -> list[DeadLetter]:
        """The newest ones, with who has published them again."""
        with self._engine.connect() as connection:
            rows = read.dead_entries(connection, limit)
            numbering = read_numbering(connection)
            tried = {
                row.object: row for row in newest(connection, AuditQuery(actions=("dead_retried",)), RETRIES_KNOWN)
            }
        found = []
        for row in rows:
            ms, seq = numbering.id(row["entry"])
            name = f"{ms}-{seq}"
            again = tried.get(name)
            found.append(DeadLetter(
                name, row["at"], row["reason"], row["source"], row["type"], row["detail"], str(row["masked"]),
                again.at if again else 0, again.who if again else "",
            ))  # fmt: skip
        return found

    def kinds(self) -> list[tuple[str, int]]:
        """How many there are of each reason, the most first."""
        d = schema.dead.c
        query = select(d.reason, func.count()).group_by(d.reason).order_by(func.count().desc(), d.reason)
        with self._engine.connect() as connection:
            return [(reason, int(n)) for reason, n in connection.execute(query)]

    def one(self, entry: str) -> dict[str, Any]:
        """A refused entry as it is kept. Raises DeadLetterError."""
        with self._engine.connect() as connection:
            return _row(connection, entry)

    def original(self, sealed: bytes | None) -> tuple[Fields | None, str]:
        """The fields of the original, or None and why not."""
        return unsealed(self._data_key, sealed)

    def retry(self, stream: StreamOut, entry: str) -> str:
        """Publish the original again; the new entry's id. Raises DeadLetterError: nothing is published then.

        It is looked at first: what would be refused again is not published.
        """
        row = self.one(entry)
        original, why_not = self.original(row["sealed"])
        if original is None:
            known: Any = stream.client.xrange(Keys(stream.district.code).events, entry, entry)
            if not known:
                raise DeadLetterError(
                    f"the original of {entry} cannot be had: {why_not}; and the stream has trimmed it. "
                    f"Ask {row['source']} to publish its newest state again: an event carries the whole case",
                    "no_original",
                    entry=entry,
                    source=row["source"],
                )
            original = dict(known[0][1])
        if original.get(b"specversion", b"").startswith(_SET_ASIDE):
            original = {**original, b"specversion": b"1.0"}
        checked = check_entry(entry, original, stream.now(), stream.district)
        if isinstance(checked, Refused):
            raise DeadLetterError(
                f"{entry} would be refused again, so nothing was published: {checked.reason}: {checked.detail}. "
                "Mend what it names (the publisher, or the district package), then have it published anew",
                "refused_again",
                entry=entry,
                reason=checked.reason,
                detail=checked.detail,
            )
        return add(stream.client, stream.district.code, original)

    def retry_written_down(self, stream: StreamOut, log: AuditLog, who: Who, entry: str) -> str:
        """``retry`` with its row on the audit first: what cannot be written down is not published."""
        row = self.one(entry)
        log.append_many(machine_ms(), who, [Deed("dead_retried", entry, {"reason": row["reason"]})])
        return self.retry(stream, entry)

    def retry_kind(self, stream: StreamOut, log: AuditLog, who: Who, reason: str) -> Retried:
        """Publish all of a reason again that were not yet, the oldest first, ``MOST_AT_ONCE`` at most."""
        waiting = [one for one in self.newest(10_000)[::-1] if one.reason == reason and not one.retried_at]
        some = waiting[:MOST_AT_ONCE]
        if not some:
            raise DeadLetterError(f"there is none of {reason} that was not tried", "none_of_kind")
        log.append_many(machine_ms(), who, [Deed("dead_retried", one.entry, {"reason": reason}) for one in some])
        return self._retry_many(stream, some, len(waiting) - len(some))

    def _retry_many(self, stream: StreamOut, some: Sequence[DeadLetter], left: int) -> Retried:
        counts = {"published": 0, "refused_again": 0, "no_original": 0}
        for one in some:
            try:
                self.retry(stream, one.entry)
                counts["published"] += 1
            except DeadLetterError as error:
                counts[error.code] += 1
        return Retried(counts["published"], counts["refused_again"], counts["no_original"], left)


def unsealed(data_key: str, sealed: bytes | None) -> tuple[Fields | None, str]:
    """The original's fields, or None and why not."""
    if sealed is None:
        return None, "not kept: LIANQIN_DATA_KEY was not set when it came"
    if not data_key:
        return None, "kept encrypted: set LIANQIN_DATA_KEY to read it"
    try:
        return msgspec.msgpack.decode(Sealer(data_key).open(sealed), type=Fields), ""
    except InvalidToken:
        return None, "kept encrypted with another LIANQIN_DATA_KEY than the present one"


def _row(connection: Connection, entry: str) -> dict[str, Any]:
    try:
        key = read_numbering(connection).key(entry_order(entry))
    except ValueError:
        raise DeadLetterError(
            f"{entry!r} is no entry id: it looks like 1763877909120-0 (`lianqin dead list`)", "no_letter", entry=entry
        ) from None
    row = connection.execute(select(schema.dead).where(schema.dead.c.entry == key)).first()
    if row is None:
        raise DeadLetterError(f"no refused entry {entry}: see `lianqin dead list`", "no_letter", entry=entry)
    return dict(row._mapping)
