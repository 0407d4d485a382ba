"""The counting day's line under a replay: how much came in, and what nobody would miss. A read of a few ms."""

from typing import Literal

import msgspec
from sqlalchemy import Connection, and_, func, or_, select

from services.cases import tables as case_tables
from services.contract.codes import SENSITIVE_DOMAINS
from services.district.package import District
from services.duty.tables import alarm_lives, log_book
from services.past import store as past
from services.platform.clock import DAY_MS, MINUTE_MS
from services.projector.store import tables as schema

STEP_MS = 10 * MINUTE_MS
# Of the contract's severities the two that are «major» (DOMAIN.md): a report is due for each.
MAJOR = 2
MOST_MARKS = 200
What = Literal["case", "alarm", "feed", "signed"]


class DayMark(msgspec.Struct, frozen=True):
    """One mark: when (Unix ms), what kind, how grave (1 the gravest), whose case or which alarm, in which street."""

    at: int
    what: What
    severity: int
    case_id: str = ""
    kind: str = ""
    street: str = ""
    domain: str = ""
    class_name: str = ""


class DayLine(msgspec.Struct, frozen=True):
    """A counting day, ``start`` to ``end``; ``rhythm``: entries of cases received in each ``step`` ms.

    ``first`` is where the history begins (None: there is none), ``now`` the present moment. Unix ms.
    """

    start: int
    end: int
    step: int
    first: int | None
    now: int
    rhythm: list[int]
    marks: list[DayMark]


def day_line(connection: Connection, district: District, day: int, now: int) -> DayLine:
    """The line of a counting day (yyyymmdd)."""
    start, end = district.day_start_ms(day), district.day_start_ms(district.day_after(day))
    found = marks(connection, district, start, min(end, now + 1))
    return DayLine(
        start, end, STEP_MS, past.first_received(connection), now, past.rhythm(connection, start, end, STEP_MS), found
    )


def marks(connection: Connection, district: District, start: int, end: int) -> list[DayMark]:
    """The major events from ``start`` up to, not including, ``end`` (Unix ms), in their order; the gravest if many."""
    c, h, a, log = case_tables.cases.c, schema.history.c, alarm_lives.c, log_book.c
    found: list[DayMark] = []
    # A case stands where it was first known, as the room goes: what was told late may be of the day before.
    where = and_(
        c.reported_at >= start - DAY_MS, c.reported_at < end, c.severity <= MAJOR, ~c.merged, c.status != "voided"
    )
    first = select(func.min(h.received_at)).where(h.subject == c.case_id).scalar_subquery()
    query = select(first, c.severity, c.case_id, c.street, c.domain, c.class_name).where(where)
    for at, severity, case_id, street, domain, name in connection.execute(query):
        if at is None or not start <= at < end:
            continue
        shown = "" if domain in SENSITIVE_DOMAINS else name
        found.append(DayMark(at, "case", severity, case_id, "", street, domain, shown))
    raised = select(a.at, a.kind).where(a.at >= start, a.at < end, a.what == "raised", a.seat == district.code)
    found += [DayMark(at, "alarm", 2, kind=kind) for at, kind in connection.execute(raised)]
    kept = select(log.at, log.kind).where(
        log.seat == district.code, log.at >= start, log.at < end, or_(log.kind == "feed", log.kind == "handover")
    )
    found += [DayMark(at, "feed" if kind == "feed" else "signed", 3) for at, kind in connection.execute(kept)]
    gravest = sorted(found, key=lambda mark: (mark.severity, mark.at))[:MOST_MARKS]
    return sorted(gravest, key=lambda mark: mark.at)
