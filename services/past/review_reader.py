"""What an after-action review (复盘) tells of a span: the rooms at its beginning, middle and end, and what happened."""

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from services.board.alarm import Alarm, decode_alarm
from services.board.state import Board
from services.cases import tables as case_tables
from services.contract.codes import SENSITIVE_DOMAINS
from services.district.package import District
from services.duty.tables import alarm_lives
from services.past import store as past
from services.past.day_line_reader import MAJOR
from services.past.knowledge import MOST_LATE, Knowledge, Late, knowledge
from services.past.reader import PastReader, looks_up
from services.platform.clock import MINUTE_MS
from services.projector.store import read
from services.projector.store import tables as schema

MOST_LINES = 400


class ReviewLine(NamedTuple):
    """One line of the time line: when it happened, when it was known (Unix ms), what, and of what."""

    at: int
    known_at: int
    kind: Literal["case", "alarm"]
    what: str
    case_id: str = ""
    street: str = ""
    domain: str = ""
    class_name: str = ""
    severity: int = 0
    alarm: Alarm | None = None

    @property
    def is_late(self) -> bool:
        """Whether it was known more than a minute after it had happened."""
        return self.known_at - self.at > MINUTE_MS


class Room(NamedTuple):
    """The room at one moment (Unix ms)."""

    at: int
    board: Board
    known: Knowledge


class Review(NamedTuple):
    """The whole: three rooms, the time line, how many lines it would have had, what came late at the end."""

    start: int
    end: int
    rooms: list[Room]
    lines: list[ReviewLine]
    n: int
    late: list[Late]


def review(connection: Connection, district: District, start: int, end: int) -> Review:
    """The review of ``start`` to ``end`` (Unix ms). Raises NothingThen, NotYet, Archived (services.past.reader)."""
    reader = PastReader(district)
    moments = sorted({start, (start + end) // 2, end})
    rooms = []
    for at in moments:
        room = reader.room_at(connection, at)
        late = past.late_at(connection, at, MOST_LATE)
        rooms.append(Room(at, room.board, knowledge(room, late, looks_up(connection))))
    later = {one.subject for one in past.late_at(connection, end, MOST_LATE)[1]}
    found = [*_of_cases(connection, start, end, later), *_of_alarms(connection, district, start, end)]
    gravest = sorted(found, key=lambda line: line.severity)[:MOST_LINES]
    lines = sorted(gravest, key=lambda line: (line.at, line.known_at, line.case_id))
    return Review(start, end, rooms, lines, len(found), rooms[-1].known.late)


def _of_cases(connection: Connection, start: int, end: int, later: Collection[str]) -> Iterator[ReviewLine]:
    """Every event of the major cases that happened in the span or was known in it.

    ``later``: cases of which something was told after it.
    """
    c, h = case_tables.cases.c, schema.history.c
    touched = select(h.subject).where(h.received_at >= start, h.received_at <= end, h.type.like("case.%"))
    where = and_(c.severity <= MAJOR, or_(c.case_id.in_(touched), c.case_id.in_(later)))
    cases = {
        row.case_id: row
        for row in connection.execute(select(c.case_id, c.street, c.domain, c.class_name, c.severity).where(where))
    }
    for case_id, row in cases.items():
        name = "" if row.domain in SENSITIVE_DOMAINS else row.class_name
        for event in read.history_of(connection, case_id):
            if start <= event.time <= end or start <= event.received_at <= end:
                yield ReviewLine(
                    event.time, event.received_at, "case", event.type, case_id, row.street, row.domain, name,
                    row.severity,
                )  # fmt: skip


def _of_alarms(connection: Connection, district: District, start: int, end: int) -> Iterator[ReviewLine]:
    """What became of the centre's alarms in the span."""
    a = alarm_lives.c
    query = select(a.at, a.what, a.body).where(a.at >= start, a.at <= end, a.seat == district.code).order_by(a.id)
    for at, what, body in connection.execute(query):
        alarm = decode_alarm(body)
        yield ReviewLine(at, at, "alarm", what, alarm.subject.case_id, alarm.subject.street, alarm.domain,
                         alarm.class_name, alarm.severity, alarm)  # fmt: skip
