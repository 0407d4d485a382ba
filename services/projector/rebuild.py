"""``lianqin rebuild``: the read model again from the history. What comes out is identical (a test holds it)."""

from collections.abc import Callable, Iterable

import msgspec
from sqlalchemy import Engine

from services.cases import Place
from services.events.case import Case
from services.events.entry import entry_id
from services.events.others import BODIES
from services.events.parse import Event, Refused
from services.projector.collector import rare_collections
from services.projector.delta import Delta, encode_delta
from services.projector.fold import change_cases, settle_all, tallies_of, things_of, winners
from services.projector.ingest import Ingest
from services.projector.regular import irregular_of
from services.store import read
from services.store.engine import writing
from services.store.write import MODEL, Writer, read_feed
from services.working_calendar import calendar_of

CHUNK = 5000

_CASE = msgspec.json.Decoder(Case).decode
_BODY = {name: msgspec.json.Decoder(kind).decode for name, kind in BODIES.items()}


def rebuild(engine: Engine, ingest: Ingest, now_ms: int, say: Callable[[str], None]) -> int:
    """Empty the read model and fold the whole history into it, in one transaction. Returns the entries folded.

    The projector waits for the feed's lock meanwhile; web processes are told to read everything again.
    """
    done, after = 0, -1
    with rare_collections(), writing(engine) as connection:
        writer = Writer(connection)
        feed = writer.lock()
        writer.clear_read_model()
        while past := read.history_from(connection, after, CHUNK):
            after = past[-1].entry
            _fold(writer, ingest, [(p.entry, _event(p)) for p in past])
            done += len(past)
            if done % (CHUNK * 10) == 0:
                say(f"rebuild: {done:,} entries")
        revision = feed.revision + 1
        writer.publish(revision, now_ms, encode_delta(Delta(last_entry=feed.last_entry, reload=True)))
        writer.move_feed(msgspec.structs.replace(feed, revision=revision, model=MODEL))
    return done


def rebuild_if_old(engine: Engine, ingest: Ingest, now_ms: int, say: Callable[[str], None]) -> None:
    """Make the read model again where an earlier version of the program has made it."""
    with engine.connect() as connection:
        feed = read_feed(connection)
    if feed is not None and feed.model != MODEL:
        say("the read model is of an earlier version: it is made again from the history")
        rebuild(engine, ingest, now_ms, say)


def _event(past: read.Past) -> Event:
    decode = _CASE if past.type.startswith("case.") else _BODY[past.type]
    flags = past.flags.split()
    unknown = sum(int(flag.partition(":")[2]) for flag in flags if flag.startswith("unknown_fields:"))
    kept = tuple(flag for flag in flags if not flag.startswith("unknown_fields:"))
    return Event(
        entry_id(past.entry), past.source, past.event_id, past.type, past.subject, past.time, past.data,
        decode(past.data), kept, unknown,
    )  # fmt: skip


def _fold(writer: Writer, ingest: Ingest, events: list[tuple[int, Event]]) -> None:
    cases = [(key, event) for key, event in events if isinstance(event.body, Case)]
    placed = list(_placed(cases, ingest.locate([event for _, event in cases])))
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


def _placed(cases: list[tuple[int, Event]], places: Iterable[Place | Refused]) -> Iterable[tuple[int, Event, Place]]:
    """A package that has changed since may find an old position outside: then the case stands without it."""
    for (key, event), place in zip(cases, places, strict=True):
        yield key, event, place if isinstance(place, Place) else Place(flags=("bad_position",))
