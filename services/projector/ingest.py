"""One batch, one transaction: rows, history, roll-ups, position and delta commit together (decision 2).

The projector, the demo's history, ``dead retry`` and the benches all come through ``Ingest.apply``.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, Engine

from services.contract.case import Case
from services.contract.entry import entry_order
from services.contract.numbering import Numbering
from services.contract.others import Heartbeat, UnitMoved
from services.contract.parse import Event, Refused, parse
from services.contract.personal import mask_refused
from services.contract.set_apart import encode_personal
from services.district.calendar import calendar_of
from services.district.package import District
from services.indicators.cells import LIVE_CUTS
from services.platform.clock import to_ms
from services.platform.database import writing
from services.platform.errors import Fault, Waiting
from services.platform.sealing import Sealer
from services.platform.wakeups import Wake
from services.projector.batch import NOTHING_NEW, Batch, CommitOutcome, Entry
from services.projector.fold import all_tallies, change_cases, settle_all, things_of, ticker, winners
from services.projector.gap import Gap
from services.projector.outbox.delta import Delta, encode_delta
from services.projector.own_people_reader import OwnPeople
from services.projector.placing import Locator
from services.projector.regular import irregular_of
from services.projector.store.beats import SourceBeat
from services.projector.store.numbers import keep_passed, number, passed_among, read_numbering
from services.projector.store.upsert import FEW, together
from services.projector.store.write import Feed, Writer, later, new_epoch, open_feed

UNIT_KEPT_EVERY_MS = 10_000
WENT_BACK = Fault(
    "store_went_back", "the database is another one than before (a restore, a promotion): what it lacks is read"
)


class Ingest:
    """The way into one district's store."""

    def __init__(self, engine: Engine, district: District, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer
        self._people = OwnPeople(sealer)
        self._unit_kept: dict[str, int] = {}
        self._seen: tuple[str, int] | None = None
        self._told = NOTHING_NEW
        self._went_back = False
        self.use(district)
        with writing(engine) as connection:
            open_feed(connection, district.code)
            self._numbering = read_numbering(connection)

    def _lock(self, writer: Writer) -> Feed:
        """Lock the feed. Raises Waiting when the store is not the one that we wrote to last: it has gone back.

        Its position lies before what we have acknowledged: the projector then reads that again (``loop``), and gives
        the store another epoch, so that everybody else reads it anew too.
        """
        feed = writer.lock()
        if self._seen is not None and (feed.epoch != self._seen[0] or feed.revision < self._seen[1]):
            self._went_back, self._seen = feed.epoch == self._seen[0], None
            self._numbering = Numbering()  # read again where the store has segments
            raise Waiting(WENT_BACK)
        return msgspec.structs.replace(feed, epoch=new_epoch()) if self._went_back else feed

    def _committed(self, epoch: str, revision: int) -> None:
        self._seen, self._went_back = (epoch, revision), False

    def use(self, district: District) -> None:
        """Place with this package from now on."""
        self.district = district
        self.locate = Locator(district).locate

    def apply(
        self,
        entries: Sequence[Entry],
        now_ms: int,
        position: str | None = None,
        *,
        received: Mapping[str, int] | None = None,
    ) -> CommitOutcome:
        """Take in ``entries``: ``read``, then ``commit``."""
        return self.commit(self.read(entries, now_ms), now_ms, position, received=received)

    def commit(
        self,
        batch: Batch,
        now_ms: int,
        position: str | None = None,
        *,
        received: Mapping[str, int] | None = None,
    ) -> CommitOutcome:
        """One transaction. ``position``: all entries up to it are then in the store; None leaves it (bulk history).

        ``received`` gives moments other than ``now_ms`` by entry id. Refused entries are told also when they were
        known: whoever refused them first may have been killed before it could tell.
        Raises what the database raises: nothing is committed then.
        """
        thinned = dict[str, int]()
        with writing(self._engine) as connection:
            writer = Writer(connection)
            feed = self._lock(writer)
            if not batch.is_numbered or batch.numbering.count != feed.segments:
                batch = self._number(connection, batch, feed)
                feed = msgspec.structs.replace(feed, segments=batch.numbering.count)
            told = batch.refused
            fresh = _fresh(writer, feed, batch, position)
            if not fresh:
                if position is not None and later(position, feed.position) != feed.position:
                    writer.move_feed(msgspec.structs.replace(feed, position=position))
                return CommitOutcome(NOTHING_NEW, 0, told)
            _keep(batch, fresh)
            lasting = [item for item in batch.events if self._is_kept(item[1], thinned)]
            wake = self._commit(writer, feed, batch, lasting, now_ms=now_ms, position=position, received=received or {})
        self._committed(feed.epoch, wake.revision)
        self._told = wake
        self._unit_kept.update(thinned)
        self._numbering = batch.numbering
        return CommitOutcome(wake, len(batch.events), told)

    def known_ids(self, ids: Sequence[str]) -> set[str]:
        """Which of these entries are in the store, or among the dead."""
        with self._engine.connect() as connection:
            numbering = read_numbering(connection)
            keys = {entry: numbering.key(entry_order(entry)) for entry in ids}
            known = Writer(connection).known([key for key in keys.values() if key is not None])
        return {entry for entry, key in keys.items() if key in known}

    def _number(self, connection: Connection, batch: Batch, feed: Feed) -> Batch:
        """The same batch read again, with a number for every id."""
        numbering = number(connection, read_numbering(connection), [i for i, _ in batch.entries], feed.last_entry)
        return self._read(batch.entries, batch.now_ms, numbering)

    def rehearse(self, batches: Sequence[Sequence[Entry]], now_ms: int) -> None:
        """Take in ``batches`` in one transaction and roll it back. Raises what the database raises."""
        options = {"lianqin_write": True}
        with self._engine.connect().execution_options(**options) as connection, connection.begin() as transaction:
            writer = Writer(connection)
            for entries in batches:
                batch = self.read(entries, now_ms)
                if not batch.is_numbered:
                    batch = self._read(entries, now_ms, Numbering())
                self._commit(writer, writer.lock(), batch, batch.events, now_ms=now_ms, position=None, received={})
            transaction.rollback()

    def advance(self, position: str) -> None:
        """Everything up to ``position`` is known to be in the store: another projector held the rest of it."""
        with writing(self._engine) as connection:
            writer = Writer(connection)
            feed = self._lock(writer)
            if later(position, feed.position) != feed.position:
                writer.move_feed(msgspec.structs.replace(feed, position=position))

    def note_gap(self, gap: Gap, at_revision: int, now_ms: int) -> int:
        """Write a measured gap down, unless something was committed since. Returns the new revision, or 0."""
        with writing(self._engine) as connection:
            writer = Writer(connection)
            feed = self._lock(writer)
            if feed.revision != at_revision:
                return 0
            after = msgspec.structs.replace(
                feed,
                revision=feed.revision + 1,
                position=gap.position,
                processed=gap.processed,
                lost=feed.lost + gap.lost,
                lost_at=now_ms if gap.lost else feed.lost_at,
                emptied_at=now_ms if gap.emptied else feed.emptied_at,
            )
            delta = Delta(
                last_entry=feed.last_entry, lost=after.lost, lost_at=after.lost_at, emptied_at=after.emptied_at
            )
            writer.publish(after.revision, now_ms, encode_delta(delta))
            writer.move_feed(after)
        self._committed(after.epoch, after.revision)
        return after.revision

    def _commit(
        self,
        writer: Writer,
        feed: Feed,
        batch: Batch,
        lasting: list[tuple[int, Event]],
        *,
        now_ms: int,
        position: str | None,
        received: Mapping[str, int],
    ) -> Wake:
        kept = [item for item in lasting if not isinstance(item[1].body, Heartbeat)]
        best = winners(batch.cases)
        old = writer.old_cases(list(best))
        calendar = calendar_of(self.district)
        irregular, broken = irregular_of(batch.cases, old, lambda ids: writer.past_of(ids, None), calendar)
        # Of a case that was known in part another event may stand than when the batch was read.
        missing = [item for item in best.values() if item[0] not in batch.settled]
        settled = batch.settled | settle_all(missing, self.district) if missing else batch.settled
        changes = change_cases(best, old, irregular, settled)
        moved = {row.case_id for row, _ in changes.rows}
        judged = writer.irregular({case_id: n for case_id, n in irregular.items() if case_id not in moved})
        apart = self._people.apart(writer.connection, kept)
        shown = dict(apart)
        events = [(key, shown.get(key, event)) for key, event in batch.events]
        lasting = [(key, shown.get(key, event)) for key, event in lasting]
        things = things_of(events)
        kept_things = things_of(lasting) if len(lasting) != len(events) else things
        tallies = all_tallies((event for _, event in kept), (refusal for _, refusal in batch.refused), broken)
        is_stream = position is not None
        after = _moved_on(feed, batch, position)
        delta = Delta(
            last_entry=after.last_entry,
            rows=[row for row in (*(row for row, _ in changes.rows), *judged) if row.is_open],
            gone=changes.gone,
            counts=[item for item in changes.counts.items() if item[0].cut in LIVE_CUTS],
            things=things,
            tallies=[(*key, n) for key, n in tallies.items()],
            happened=ticker(best, changes) if is_stream else [],
            lost=after.lost,
            lost_at=after.lost_at,
            emptied_at=after.emptied_at,
        )
        writer.beats(_beats(events, received, now_ms))
        if is_stream and len(kept) != len(events):
            rowless = {event.entry_id for _, event in events} - {event.entry_id for _, event in kept}
            keep_passed(writer.connection, rowless, later(feed.position, position or "0-0"))
        with together(writer.connection, is_small=len(batch.raw) <= FEW):
            writer.cases(changes.rows)
            writer.rollups(changes.counts, changes.later)
            writer.marks(changes.marks.gone, changes.marks.rows)
            writer.history([self._history_row(key, event, received, now_ms, batch.raw) for key, event in apart])
            writer.things([(t.kind, t.key, t.version, t.entry, bytes(t.body)) for t in kept_things])
            writer.tallies(tallies)
            writer.dead([self._dead_row(key, refusal, batch.raw[key], now_ms) for key, refusal in batch.refused])
            return self._publish(writer, feed, after, now_ms, delta)

    def _publish(self, writer: Writer, before: Feed, after: Feed, now_ms: int, delta: Delta) -> Wake:
        payload, told = encode_delta(delta), self._told
        token = writer.publish(after.revision, now_ms, payload)
        writer.move_feed(after)
        if (told.epoch, told.revision) != (before.epoch, before.revision):
            return Wake(after.revision, after.epoch, "", token)  # the one before is somebody's whose token we know not
        return Wake(after.revision, after.epoch, told.token, token, payload)

    def read(self, entries: Sequence[Entry], now_ms: int) -> Batch:
        """Parse, check, place and settle: no I/O, so that the next batch can be read while this one is written."""
        return self._read(entries, now_ms, self._numbering)

    def _read(self, entries: Sequence[Entry], now_ms: int, numbering: Numbering) -> Batch:
        batch = Batch(entries=entries, now_ms=now_ms, numbering=numbering)
        keys = [numbering.key(entry_order(name)) for name, _ in entries]
        batch.is_numbered = None not in keys
        if not batch.is_numbered:
            return batch
        cases: list[tuple[int, Event]] = []
        for key, (name, fields) in zip(keys, entries, strict=True):
            if key is None or key in batch.raw:
                continue
            batch.raw[key] = fields
            batch.ids[key] = name
            event = parse(name, fields, now_ms)
            if isinstance(event, Refused):
                batch.refused.append((key, event))
            elif isinstance(event.body, Case):
                cases.append((key, event))
            else:
                batch.others.append((key, event))
        for (key, event), place in zip(cases, self.locate([e for _, e in cases]), strict=True):
            if isinstance(place, Refused):
                batch.refused.append((key, place))
            else:
                batch.cases.append((key, event, place))
        batch.settled = settle_all(winners(batch.cases).values(), self.district)
        return batch

    def _is_kept(self, event: Event, thinned: dict[str, int]) -> bool:
        """Unit positions are thinned to one per 10 s (and kept 7 days, store.purge).

        ``thinned`` takes down what is kept here: it counts once it is committed, or a second try would keep nothing.
        """
        if not isinstance(event.body, UnitMoved):
            return True
        unit, at = event.body.unit_id, to_ms(event.body.at)
        last = thinned.get(unit, self._unit_kept.get(unit))
        if last is not None and 0 <= at - last < UNIT_KEPT_EVERY_MS:
            return False
        thinned[unit] = at
        return True

    def _history_row(
        self,
        key: int,
        event: Event,
        received: Mapping[str, int],
        now_ms: int,
        raw: Mapping[int, Mapping[bytes, bytes]],
    ) -> tuple[object, ...]:
        case = event.body if isinstance(event.body, Case) else None
        sealed = None if event.personal is None else self._sealer.seal(encode_personal(event.personal))
        flags = " ".join((*event.flags, *((f"unknown_fields:{event.unknown_fields}",) if event.unknown_fields else ())))
        return (
            key, received.get(event.entry_id, now_ms), event.time_ms, event.type, event.source, event.id,
            case.case_id if case is not None else event.subject.replace("\x00", ""), flags, event.data, sealed,
        )  # fmt: skip

    def _dead_row(self, key: int, refusal: Refused, fields: Mapping[bytes, bytes], now_ms: int) -> dict[str, object]:
        original = msgspec.msgpack.encode(dict(fields))
        return {
            "entry": key, "at": now_ms, "reason": refusal.reason, "source": _clean(refusal.source),
            "type": _clean(refusal.type), "detail": _clean(refusal.detail),
            "masked": _clean(mask_refused(fields.get(b"data", b""))), "sealed": self._sealer.seal(original),
        }  # fmt: skip


def _fresh(writer: Writer, feed: Feed, batch: Batch, position: str | None) -> set[int]:
    """The keys of the entries that were not taken in yet."""
    known = writer.known([*batch.raw])
    if position is None:
        return {key for key in batch.raw if key not in known}
    floor = entry_order(feed.position)
    fresh = {key for key in batch.raw if key not in known and entry_order(batch.ids[key]) > floor}
    rowless = [e.entry_id for key, e in batch.others if key in fresh and isinstance(e.body, UnitMoved | Heartbeat)]
    if rowless and (passed := passed_among(writer.connection, rowless)):
        fresh = {key for key in fresh if batch.ids[key] not in passed}
    return fresh


def _moved_on(feed: Feed, batch: Batch, position: str | None) -> Feed:
    """The feed after this batch; without a ``position`` (bulk history) it stays where it is in the stream."""
    is_stream = position is not None
    return msgspec.structs.replace(
        feed,
        revision=feed.revision + 1,
        position=later(feed.position, position) if position is not None else feed.position,
        last_entry=max([feed.last_entry, *batch.ids.values()], key=entry_order),
        processed=feed.processed + (len(batch.raw) if is_stream else 0),
    )


def _beats(events: Sequence[tuple[int, Event]], received: Mapping[str, int], now_ms: int) -> list[SourceBeat]:
    """The heartbeats of a batch, in the order of the stream."""
    return [
        SourceBeat(event.source, received.get(event.entry_id, now_ms), event.body.interval_s)
        for _, event in sorted(events, key=lambda item: item[0])
        if isinstance(event.body, Heartbeat)
    ]


def _keep(batch: Batch, fresh: set[int]) -> None:
    batch.cases = [item for item in batch.cases if item[0] in fresh]
    batch.others = [item for item in batch.others if item[0] in fresh]
    batch.refused = [item for item in batch.refused if item[0] in fresh]
    batch.raw = {key: fields for key, fields in batch.raw.items() if key in fresh}
    batch.ids = {key: name for key, name in batch.ids.items() if key in fresh}


def _clean(text: str) -> str:
    return text.replace("\x00", "")
