"""``lianqin rebuild``: the read model again from the history. What comes out is identical (a test holds it).

Where months were taken out into the archive, it is folded from the archive and the store together, or not at all.
"""

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine

from services.contract.case import Case
from services.contract.parse import Event
from services.district.calendar import calendar_of
from services.platform.database import writing
from services.platform.refusal import Refusal
from services.projector.archive import store as archives
from services.projector.collector import rare_collections
from services.projector.fold import change_cases, settle_all, tallies_of, things_of, winners
from services.projector.ingest import Ingest
from services.projector.outbox.delta import Delta, encode_delta
from services.projector.refold import event_of, placed_again
from services.projector.regular import irregular_of
from services.projector.store import read
from services.projector.store.write import MODEL, Writer, new_epoch, read_feed

CHUNK = 5000


class HistoryArchived(Refusal):
    """The store holds less than the whole history; the text says which months are in the archive, and what to do."""


def rebuild(
    engine: Engine, ingest: Ingest, now_ms: int, say: Callable[[str], None], archive: Path | None = None
) -> int:
    """Empty the read model and fold the whole history into it, in one transaction. Returns the entries folded.

    The projector waits for the feed's lock meanwhile; web processes are told to read everything again. ``archive`` is
    the folder of the months that are no longer in the store: their rows stand in the history for the length of the
    transaction. Raises HistoryArchived without it, ArchiveError when a file is missing or spoilt: nothing has changed.
    """
    done, after = 0, -1
    with engine.connect() as connection:
        gone = archives.gone(connection)
    bring = _bringing(engine, gone, archive, ingest.district.code) if gone else None
    with rare_collections(), writing(engine) as connection:
        writer = Writer(connection)
        feed = writer.lock()
        if archives.gone(connection) != gone:
            raise HistoryArchived("months were archived or put back meanwhile: call it again")
        brought = bring(connection, say) if bring is not None else []
        writer.clear_read_model()
        while past := read.history_from(connection, after, CHUNK):
            after = past[-1].entry
            _fold(writer, ingest, [(p.entry, event_of(p)) for p in past])
            done += len(past)
            if done % (CHUNK * 10) == 0:
                say(f"rebuild: {done:,} entries")
        for entries in brought:
            archives.delete_entries(connection, entries)
        revision = feed.revision + 1
        writer.publish(revision, now_ms, encode_delta(Delta(last_entry=feed.last_entry, reload=True)))
        writer.move_feed(msgspec.structs.replace(feed, revision=revision, model=MODEL, epoch=new_epoch()))
    return done


def rebuild_if_old(engine: Engine, ingest: Ingest, now_ms: int, say: Callable[[str], None]) -> None:
    """Make the read model again where an earlier version of the program has made it. Raises HistoryArchived."""
    with engine.connect() as connection:
        feed = read_feed(connection)
    if feed is not None and feed.model != MODEL:
        say("the read model is of an earlier version: it is made again from the history")
        rebuild(engine, ingest, now_ms, say)


Bring = Callable[[Connection, Callable[[str], None]], list[Sequence[int]]]


def _bringing(engine: Engine, gone: list[archives.Archive], folder: Path | None, district: str) -> Bring:
    """What puts the rows of the archive into the history, once every file has been looked through."""
    if folder is None:
        months = ", ".join(found.month for found in gone)
        raise HistoryArchived(
            f"the history of {months} is in the archive: without it cases would be lost. "
            "Call `lianqin rebuild --archive DIR` with the archive's folder, or put the months back first "
            "(`lianqin archive restore --month …`); nothing was changed"
        )
    from services.projector.archive.service import checked

    files = [checked(engine, found, folder, district) for found in gone]
    gone[:] = [archive for archive, _ in files]

    def bring(connection: Connection, say: Callable[[str], None]) -> list[Sequence[int]]:
        found: list[Sequence[int]] = []
        for archive, file in files:
            for rows in file.batches():
                if entries := archives.put_back(connection, rows):
                    found.append(array("q", entries))
            say(f"rebuild: {archive.month} read from {file.path}")
        return found

    return bring


def _fold(writer: Writer, ingest: Ingest, events: list[tuple[int, Event]]) -> None:
    cases = [(key, event) for key, event in events if isinstance(event.body, Case)]
    placed = list(placed_again(cases, ingest.locate([event for _, event in cases])))
    best = winners(placed)
    old = writer.old_cases(list(best))
    first = events[0][0]  # the history holds what is still to come: it is not known yet
    calendar = calendar_of(ingest.district)
    irregular, broken = irregular_of(placed, old, lambda ids: writer.past_of(ids, first), calendar)
    changes = change_cases(best, old, irregular, settle_all(best.values(), ingest.district))
    writer.cases(changes.rows)
    moved = {row.case_id for row, _ in changes.rows}
    writer.irregular({case_id: n for case_id, n in irregular.items() if case_id not in moved})
    writer.rollups(changes.counts, changes.later)
    writer.marks(changes.marks.gone, changes.marks.rows)
    writer.things([(t.kind, t.key, t.version, t.entry, bytes(t.body)) for t in things_of(events)])
    tallies = tallies_of(event for _, event in events)
    for key, n in broken.items():
        tallies[key] = tallies.get(key, 0) + n
    writer.tallies(tallies)
