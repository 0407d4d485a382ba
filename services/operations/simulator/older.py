"""The demo's years before its days: cases and roll-ups without events, made from the recent weeks, set by set.

Every case that has ended in the last twelve whole weeks is told again twelve weeks earlier, and again, as far back as
is wanted: the same weekdays and hours, fewer of some classes and streets, so that a year ago is another year. No events
are kept of them: a figure, a quarter and a comparison have them, a replay and a rebuild do not.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Engine, select

from services.cases import tables as case_tables
from services.cases.case import CaseRow, decode_pauses
from services.cases.marks import STANDS, CaseMark
from services.district.package import District
from services.indicators.case_counts import count, counted_text, decode_counted
from services.indicators.cells import Change, LaterChange, move, without_zeros
from services.operations.simulator.dice import Dice
from services.platform.clock import DAY_MS
from services.platform.database import writing
from services.projector.fold import mark_rows
from services.projector.store.write import Writer

WEEK_MS = 7 * DAY_MS
CHUNK = 4000
_COLUMNS = [case_tables.cases.c[name] for name in CaseRow.__struct_fields__]
_MOMENTS = (
    "event_at", "reported_at", "filed_at", "closed_at", "deadline_at", "soon_at", "accepted_at", "dispatched_at",
    "handled_at", "handle_deadline_at", "count_at",
)  # fmt: skip
# A case that has ended, and what it bears.
Ended = tuple[CaseRow, tuple[CaseMark, ...]]
_ENCODE = msgspec.json.Encoder().encode
_RATING = msgspec.json.Decoder(list[Any]).decode


def write_older(
    engine: Engine,
    district: District,
    end_ms: int,
    *,
    days: int,
    event_days: int,
    progress: Callable[[float], None],
    stop: Callable[[], bool],
) -> int | None:
    """Write the cases from ``days`` to ``event_days`` before ``end_ms``; returns how many, None when stopped.

    Told again from the start it changes nothing: what is there is left as it is.
    """
    weeks = max((event_days - 6) // 7, 1)
    span = weeks * WEEK_MS
    last = end_ms - event_days * DAY_MS + span
    first, written = end_ms - days * DAY_MS, 0
    turns = -(-(days - event_days) * DAY_MS // span)
    for turn in range(1, turns + 1):
        for chunk in _chunks(engine, last - span, last):
            if stop():
                return None
            told = [one for one in _told_again(chunk, district, turn, span) if one[0].reported_at >= first]
            written += _keep(engine, district, told)
        progress(turn / turns)
    return written


def _chunks(engine: Engine, start: int, end: int) -> Iterator[list[Ended]]:
    """The ended cases that were reported in a span, so many at a time, by their ids."""
    c, after = case_tables.cases.c, ""
    while True:
        where = (c.reported_at >= start, c.reported_at < end, ~c.is_open, ~c.merged, c.case_id > after)
        with engine.connect() as connection:
            query = select(*_COLUMNS, c.counted).where(*where).order_by(c.case_id).limit(CHUNK)
            found = [
                (CaseRow(*row[:-1]), decode_counted(row[-1]).marks if row[-1] else ())
                for row in connection.execute(query)
            ]
        if not found:
            return
        after = found[-1][0].case_id
        yield found


def _told_again(ended: list[Ended], district: District, turn: int, span: int) -> Iterator[Ended]:
    """The same cases ``turn`` spans earlier: about nine in ten of them, by class, street and whether in time."""
    back = turn * span
    for row, marks in ended:
        of_class = Dice("older", turn, row.domain, row.street).between(0.86, 1.0)
        is_late = row.closed_at is not None and row.deadline_at is not None and row.closed_at > row.deadline_at
        kept = of_class * (1.0 if is_late else 0.985) ** turn
        if Dice("older", turn, row.case_id).share() > kept:
            continue
        moments = {name: at - back for name in _MOMENTS if (at := getattr(row, name)) is not None}
        day = district.day_of(row.reported_at - back)
        told = msgspec.structs.replace(
            row, **moments, case_id=f"{day}-{turn}{row.case_id.rpartition('-')[2]}", entry=row.entry - (back << 20),
            escalation="", whistled_at=None, pauses=_pauses(row.pauses, back), rating=_rating(row.rating, back),
        )  # fmt: skip
        yield (
            told,
            tuple(
                mark._replace(at=mark.at - back, until=mark.until if mark.until == STANDS else mark.until - back)
                for mark in marks
            ),
        )


def _pauses(pauses: str, back: int) -> str:
    if not pauses:
        return ""
    return _ENCODE([(a - back, None if b is None else b - back) for a, b in decode_pauses(pauses)]).decode()


def _rating(rating: str, back: int) -> str:
    if not rating:
        return ""
    *given, at = _RATING(rating)
    return _ENCODE([*given, None if at is None else at - back]).decode()


def _keep(engine: Engine, district: District, ended: list[Ended]) -> int:
    """One transaction: those rows that are not there yet, with what they count for."""
    if not ended:
        return 0
    change: Change = {}
    later: LaterChange = {}
    with writing(engine) as connection:
        writer = Writer(connection)
        writer.lock()
        known = writer.old_cases([row.case_id for row, _ in ended])
        fresh = {row.case_id: (row, marks) for row, marks in ended if row.case_id not in known}
        kept: list[tuple[CaseRow, str]] = []
        lines: list[tuple[object, ...]] = []
        for row, marks in fresh.values():
            if (counted := count(row, district)) is not None and marks:
                counted = msgspec.structs.replace(counted, marks=marks)
            move(None, counted, change, later)
            lines += mark_rows(row.case_id, counted).values()
            kept.append((row, counted_text(counted)))
        writer.cases(kept)
        writer.rollups(*without_zeros(change, later))
        writer.marks([], lines)
    return len(fresh)
