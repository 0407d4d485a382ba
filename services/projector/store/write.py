"""The write path: what happens inside the projector's one transaction (ARCHITECTURE.md, decision 2).

The feed row is locked first, so that commits have one order, revisions are dense, and two projectors that meet a new
case at once cannot both count it.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, insert, select, text, update

from services.cases import tables as case_tables
from services.cases.case import CaseRow
from services.cases.escalation import Proposal
from services.cases.reader import one_case
from services.contract.entry import entry_order
from services.indicators import tables as indicator_tables
from services.indicators.case_counts import NAMES, CaseCounts, decode_counted
from services.indicators.cells import Change, LaterChange
from services.platform.database import is_postgres
from services.platform.errors import NOT_BEGUN, Waiting, WrongDistrict
from services.projector.store import tables as schema
from services.projector.store.beats import SourceBeat, keep_beats
from services.projector.store.upsert import (
    add_rollups,
    add_rollups_later,
    add_tallies,
    append_due,
    append_history,
    drop_marks,
    put_marks,
    upsert_cases,
    upsert_things,
)

OUTBOX_KEPT = 20_000
# The shape of the read model: a store with a lower one is made again from its history (projector.rebuild).
MODEL = 4

_ENCODE = msgspec.json.Encoder().encode


class Feed(msgspec.Struct, frozen=True):
    """The feed row: where we are in the stream and how much we have taken in."""

    district: str
    revision: int
    position: str
    last_entry: str
    processed: int
    lost: int
    lost_at: int | None
    emptied_at: int | None
    model: int = 0
    epoch: str = ""
    segments: int = 0


class OldCase(msgspec.Struct, frozen=True, gc=False):
    """What the write path must know of a case that is there already."""

    version: int
    entry: int
    is_open: bool
    counted_text: str
    status: str
    level: str
    deadline_at: int | None
    irregular: int

    @property
    def counted(self) -> CaseCounts | None:
        """What it counts for: read only when that has changed."""
        return decode_counted(self.counted_text) if self.counted_text else None

    @property
    def order(self) -> tuple[int, int]:
        """As ``CaseRow.order``."""
        return self.version, -self.entry


_FEED = [schema.feed.c[name] for name in Feed.__struct_fields__]
# What every commit says is written out: to put these three together by SQLAlchemy takes longer than to run them.
_LOCK = f"UPDATE feed SET revision = revision RETURNING {', '.join(Feed.__struct_fields__)}"
_MOVED = [name for name in Feed.__struct_fields__ if name != "district"]
_MOVE = f"UPDATE feed SET {', '.join(f'{name} = ?' for name in _MOVED)}"
_PUBLISH = "INSERT INTO outbox (revision, at, payload, token) VALUES (?, ?, ?, ?)"


def read_feed(connection: Connection) -> Feed | None:
    """The feed row, or None in a new store."""
    row = connection.execute(select(*_FEED)).first()
    return Feed(*row) if row else None


def new_epoch() -> str:
    """A name for a store that is not the one that its readers know: they read everything anew."""
    return secrets.token_hex(8)


def renew_epoch(connection: Connection) -> str:
    """Give the store another epoch, in the caller's write transaction; returns it. The store must have its feed."""
    feed = Writer(connection).lock()
    after = msgspec.structs.replace(feed, epoch=new_epoch())
    Writer(connection).move_feed(after)
    return after.epoch


def open_feed(connection: Connection, district: str) -> Feed:
    """The feed row, made when the store is new. Raises WrongDistrict when the store is another district's."""
    feed = read_feed(connection)
    if feed is None:
        new = Feed(district, 0, "0-0", "0-0", 0, 0, None, None, MODEL, new_epoch())
        connection.execute(insert(schema.feed).values(id=1, **msgspec.structs.asdict(new)))
        return new
    if feed.district != district:
        raise WrongDistrict(
            f"the store holds district {feed.district!r}, the package is {district!r}: "
            "give each district a database of its own (LIANQIN_DATABASE_URL or --data-dir)"
        )
    return feed


class Writer:
    """The statements of one transaction, in the order in which the projector needs them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def lock(self) -> Feed:
        """Lock the feed row until the commit, and read it. Raises Waiting where no projector has begun yet."""
        if (row := self.connection.exec_driver_sql(_LOCK).one_or_none()) is None:
            raise Waiting(NOT_BEGUN)
        return Feed(*row)

    def known(self, keys: Sequence[int]) -> set[int]:
        """Which of the entries (a batch's, sorted or not) are in the store or among the dead already."""
        if not keys:
            return set()
        among_dead = "SELECT entry FROM dead WHERE entry"
        return {row[0] for row in self._of_many("SELECT entry FROM history WHERE entry", keys, among_dead)}

    def old_cases(self, case_ids: Sequence[str]) -> dict[str, OldCase]:
        """The cases of a batch as they stand; the locked feed row keeps them so until the commit."""
        if not case_ids:
            return {}
        columns = "case_id, version, entry, is_open, counted, status, level, deadline_at, irregular"
        rows = self._of_many(f"SELECT {columns} FROM cases WHERE case_id", case_ids)
        return {row[0]: OldCase(row[1], row[2], bool(row[3]), *row[4:]) for row in rows}

    def past_of(self, case_ids: Sequence[str], below: int | None) -> Iterable[Sequence[Any]]:
        """(subject, entry, time, type, source, data) of the case events kept so far, of entries below ``below``."""
        if not case_ids:
            return []
        limit = "" if below is None else f"entry < {int(below)} AND "
        columns = "subject, entry, time, type, source, data"
        return self._of_many(f"SELECT {columns} FROM history WHERE {limit}type LIKE 'case.%%' AND subject", case_ids)

    def _of_many(self, select_where: str, values: Sequence[object], also: str = "") -> Iterable[Sequence[Any]]:
        """Rows whose last-named column is one of ``values``: one parameter, not one a value, which costs ten times.

        ``also``: another SELECT of the same columns whose last-named column is.
        """
        parts = [part for part in (select_where, also) if part]
        if is_postgres(self.connection):
            union = " UNION ALL ".join(f"{part} = ANY(%s)" for part in parts)
            return self.connection.exec_driver_sql(union, (list(values),) * len(parts))
        union = " UNION ALL ".join(f"{part} IN (SELECT value FROM json_each(?))" for part in parts)
        return self.connection.exec_driver_sql(union, (_ENCODE(values).decode(),) * len(parts))

    def cases(self, rows: Iterable[tuple[CaseRow, str]]) -> None:
        """Upsert changed cases with what they count for; the search takes them up later (services.search)."""
        changed = [(*msgspec.structs.astuple(row), counted) for row, counted in rows]
        upsert_cases(self.connection, changed)
        append_due(self.connection, [row[0] for row in changed])

    def irregular(self, counts: dict[str, int]) -> list[CaseRow]:
        """Set the number of irregular steps of cases that change in nothing else; returns their rows."""
        found = []
        for case_id, n in counts.items():
            is_it = case_tables.cases.c.case_id == case_id
            self.connection.execute(update(case_tables.cases).where(is_it).values(irregular=n))
            if (row := one_case(self.connection, case_id)) is not None:
                found.append(row)
        return found

    def history(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Append accepted entries, in the order of the columns of ``history``."""
        append_history(self.connection, rows)

    def things(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Upsert things, in the order of the columns of ``things``."""
        upsert_things(self.connection, sorted(rows, key=lambda row: (row[0], row[1])))

    def drop_things(self, keys: Iterable[tuple[str, str]]) -> None:
        """Forget things of our own, by (kind, key)."""
        for kind, key in keys:
            c = schema.things.c
            self.connection.execute(delete(schema.things).where(c.kind == kind, c.key == key))

    def rollups(self, change: Change, later: LaterChange) -> None:
        """Move the roll-ups."""
        moved = sorted({measure for of_cell in change.values() for measure in of_cell})
        rows = []
        for cell in sorted(change):
            of_cell = change[cell]
            rows.append((*cell, *[of_cell.get(measure, 0) for measure in moved]))
        add_rollups(self.connection, [NAMES[measure] for measure in moved], rows)
        add_rollups_later(
            self.connection, [(*cell, measure, seen, n) for (cell, measure, seen), n in sorted(later.items())]
        )

    def marks(self, gone: Sequence[Sequence[object]], rows: Sequence[Sequence[object]]) -> None:
        """Forget marks by their keys, then write these, in the order of the columns of ``case_marks``."""
        drop_marks(self.connection, gone)
        put_marks(self.connection, rows)

    def beats(self, beats: Sequence[SourceBeat]) -> None:
        """Keep when sources were heard."""
        keep_beats(self.connection, beats)

    def tallies(self, change: dict[tuple[str, str], int]) -> None:
        """Add to the tallies of refusals and flags."""
        add_tallies(self.connection, [(*key, n) for key, n in sorted(change.items())])

    def dead(self, rows: Sequence[dict[str, object]]) -> None:
        """Keep refused entries."""
        if rows:
            self.connection.execute(insert(schema.dead), list(rows))

    def proposals(self, rows: Sequence[Proposal], withdrawn: Sequence[str]) -> None:
        """Keep what the policy proposes, and forget what it takes back."""
        taken_back = [*withdrawn, *(row.case_id for row in rows)]
        if taken_back:
            self.connection.execute(delete(schema.proposals).where(schema.proposals.c.case_id.in_(taken_back)))
        if rows:
            self.connection.execute(insert(schema.proposals), [msgspec.structs.asdict(row) for row in rows])

    def publish(self, revision: int, at: int, payload: bytes) -> str:
        """Put one delta into the outbox; now and then drop what no web process can still need. Returns its token."""
        token = secrets.token_hex(8)
        self._run(_PUBLISH, (revision, at, payload, token))
        if revision % 500 == 0:
            self.connection.execute(delete(schema.outbox).where(schema.outbox.c.revision < revision - OUTBOX_KEPT))
        return token

    def move_feed(self, feed: Feed) -> None:
        """Store the revision, the position and the counts."""
        self._run(_MOVE, tuple(getattr(feed, name) for name in _MOVED))

    def _run(self, statement: str, values: tuple[object, ...]) -> None:
        """One statement at the driver's speed; its marks are SQLite's."""
        driver = statement.replace("?", "%s") if is_postgres(self.connection) else statement
        self.connection.exec_driver_sql(driver, values)

    def clear_read_model(self) -> None:
        """Empty what ``rebuild`` makes again: everything but history, dead, packages and the feed."""
        # What the escalator gathers, the surveyor tells and the alarms are comes from no entry: it stays.
        # Nor are heartbeats in the history: the newest sign of life of each source stays, the fold may only move it on.
        things = schema.things.c
        is_folded = and_(things.entry != 0, things.kind.not_in(("heartbeat", "source")))
        self.connection.execute(delete(schema.things).where(is_folded))
        for table in (
            case_tables.cases,
            indicator_tables.rollups,
            indicator_tables.rollups_later,
            indicator_tables.case_marks,
            schema.outbox,
        ):
            self.connection.execute(delete(table))
        self.connection.execute(text("DELETE FROM tallies WHERE what NOT LIKE 'refused:%'"))


def later(one: str, other: str) -> str:
    """The later of two stream ids."""
    return one if entry_order(one) >= entry_order(other) else other
