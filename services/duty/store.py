"""The store's side of duty: the log book, handovers, reports of incidents, and what a sheet asks of the rest.

``street`` None means the whole district; a street's questions touch only that street's cases.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, LargeBinary, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.board.alarm import decode_alarm
from services.cases import tables as case_tables
from services.cases.case import CaseRow
from services.contract.case import Escalation, Supervision
from services.duty import tables as duty_tables
from services.duty.handover import SupervisionSince
from services.duty.logbook import AlarmStep, CommandState, Entry
from services.duty.passes import DistrictPass, needs_telling
from services.duty.reports import Done
from services.duty.sheet import AlarmLine, HandoverNote
from services.platform.clock import to_ms
from services.platform.database import is_postgres
from services.projector.store import tables as schema

_CASE_COLUMNS = [case_tables.cases.c[name] for name in CaseRow.__struct_fields__]
_ENTRY_COLUMNS = [duty_tables.log_book.c[name] for name in Entry.__struct_fields__]
_STEP_COLUMNS = [duty_tables.alarm_lives.c[name] for name in AlarmStep._fields]
_STATES = {
    "raised": "unacknowledged",
    "lapsed": "unacknowledged",
    "climbed": "unacknowledged",
    "unshelved": "unacknowledged",
    "acknowledged": "acknowledged",
    "shelved": "shelved",
}
_RETURNED = {"acknowledged": "acknowledged", "shelved": "shelved"}
_SUPERVISIONS = b'"supervisions"'


class _Watched(msgspec.Struct, frozen=True):
    """Of a published case only who watches it."""

    case_id: str
    supervisions: list[Supervision] = []


class _Passed(msgspec.Struct, frozen=True):
    """Of a published case only when it went to the district."""

    case_id: str
    escalations: list[Escalation] = []


_decode_passed = msgspec.json.Decoder(_Passed).decode
_decode_watched = msgspec.json.Decoder(_Watched).decode


class KeptHandover(NamedTuple):
    """A handover as it is kept; ``sheet`` is the sheet's JSON, empty where only the list was asked for."""

    id: str
    seat: str
    shift: str
    shift_from: int
    shift_until: int
    made_at: int
    digest: str
    out_by: str
    out_at: int | None
    in_by: str
    in_at: int | None
    out_reason: str = ""
    in_reason: str = ""
    accepted_by: str = ""
    accepted_at: int | None = None
    sheet: bytes = b""

    @property
    def waits_for_leader(self) -> bool:
        """Whether somebody who is not on the roster has signed and no leader has accepted that yet."""
        return bool(self.out_reason or self.in_reason) and not self.accepted_by

    @property
    def is_over(self) -> bool:
        """Whether the shift has been handed over: signed by both, strangers accepted."""
        return bool(self.in_by) and not self.waits_for_leader


_KEPT_COLUMNS = [duty_tables.handovers.c[name] for name in KeptHandover._fields if name != "sheet"]


def write_entries(connection: Connection, entries: Iterable[Entry]) -> int:
    """Write entries whose mark is not there yet; returns how many."""
    statement = _insert(connection, duty_tables.log_book).on_conflict_do_nothing().returning(duty_tables.log_book.c.id)
    written = 0
    for entry in entries:
        row = {name: value for name, value in msgspec.structs.asdict(entry).items() if name != "id"}
        written += connection.execute(statement, row).first() is not None
    return written


def known_marks(connection: Connection, marks: Sequence[str]) -> set[str]:
    """Which of these marks are in the log already."""
    found: set[str] = set()
    mark = duty_tables.log_book.c.mark
    for first in range(0, len(marks), 500):
        found.update(connection.scalars(select(mark).where(mark.in_(marks[first : first + 500]))))
    return found


def entry_of(connection: Connection, mark: str) -> Entry:
    """The entry with a mark."""
    return Entry(*connection.execute(select(*_ENTRY_COLUMNS).where(duty_tables.log_book.c.mark == mark)).one())


def entries(connection: Connection, seat: str, since: int, until: int, limit: int) -> list[Entry]:
    """The seat's entries from ``since`` up to ``until`` (both in), the newest first."""
    c = duty_tables.log_book.c
    query = select(*_ENTRY_COLUMNS).where(c.seat == seat, c.at >= since, c.at <= until)
    return [Entry(*row) for row in connection.execute(query.order_by(c.at.desc(), c.id.desc()).limit(limit))]


def late_entries(connection: Connection, seat: str, *, since: int, until: int, behind: int, limit: int) -> list[Entry]:
    """Entries of a time from ``since`` to before ``until`` that were written behind the one with the id ``behind``."""
    c = duty_tables.log_book.c
    query = select(*_ENTRY_COLUMNS).where(c.seat == seat, c.at >= since, c.at < until, c.id > behind)
    return [Entry(*row) for row in connection.execute(query.order_by(c.at, c.id).limit(limit))]


def feed_entries(connection: Connection, seat: str, since: int) -> list[Entry]:
    """What the log says of feeds, the oldest first."""
    c = duty_tables.log_book.c
    query = select(*_ENTRY_COLUMNS).where(c.seat == seat, c.at >= since, c.kind == "feed").order_by(c.id)
    return [Entry(*row) for row in connection.execute(query)]


def severe_cases(connection: Connection, street: str | None, severity: int) -> list[CaseRow]:
    """Open cases of severity 1 up to ``severity``."""
    c = case_tables.cases.c
    query = select(*_CASE_COLUMNS).where(c.is_open, c.severity <= severity, *_in(street))
    return [CaseRow(*row) for row in connection.execute(query)]


def closed_since(connection: Connection, street: str | None, since: int) -> list[CaseRow]:
    """The cases closed since then (Unix milliseconds)."""
    c = case_tables.cases.c
    query = select(*_CASE_COLUMNS).where(c.closed_at >= since, ~c.merged, *_in(street))
    return [CaseRow(*row) for row in connection.execute(query)]


def ended_to_tell(connection: Connection, since: int, severity: int) -> list[CaseRow]:
    """The cases closed since then of which the log tells: severe ones, and those that went to the district."""
    c = case_tables.cases.c
    told = (c.severity <= severity) | (c.escalations > 0)
    query = select(*_CASE_COLUMNS).where(c.closed_at >= since, ~c.merged, told)
    return [CaseRow(*row) for row in connection.execute(query)]


def passes(connection: Connection, rows: Iterable[CaseRow]) -> dict[str, list[DistrictPass]]:
    """All the times at the district of those of these cases whose row does not say so, from what is published."""
    h = schema.history.c
    wanted = {row.entry: row for row in rows if needs_telling(row)}
    entries = sorted(wanted)
    found: dict[str, list[DistrictPass]] = {}
    for first in range(0, len(entries), 500):
        query = select(h.entry, h.data).where(h.entry.in_(entries[first : first + 500]))
        for entry, data in connection.execute(query):
            found[wanted[entry].case_id] = [
                DistrictPass(number, _ms(e.at), _ms(e.acknowledged_at), _ms(e.returned_at), e.reason_code or "")
                for number, e in enumerate(_decode_passed(data).escalations, 1)
            ]
    return found


def placed_cases(connection: Connection, street: str | None, since: int) -> list[tuple[float, float, int, bool]]:
    """(lon, lat, reported_at, is_open) of the placed cases that are open or were reported since then."""
    c = case_tables.cases.c
    where = (c.lon.is_not(None), c.status != "voided", ~c.merged, c.is_open | (c.reported_at >= since), *_in(street))
    rows = connection.execute(select(c.lon, c.lat, c.reported_at, c.is_open).where(*where))
    return [(row[0], row[1], row[2], bool(row[3])) for row in rows]


def supervised(connection: Connection, street: str | None) -> dict[str, SupervisionSince]:
    """The open cases that somebody senior watches (督办), by the newest supervision that stands.

    No column says so. The published case does, and leaves an empty list out: the database sends only the bodies that
    have one.
    """
    h, c = schema.history.c, case_tables.cases.c
    if is_postgres(connection):
        has_some: ColumnElement[bool] = h.data.op("LIKE")(literal(b"%" + _SUPERVISIONS + b"%", LargeBinary))
    else:
        has_some = func.instr(h.data, literal(_SUPERVISIONS, LargeBinary)) > 0
    query = select(h.data).join(case_tables.cases, c.entry == h.entry).where(c.is_open, *_in(street), has_some)
    found = {}
    for (data,) in connection.execute(query):
        body = _decode_watched(data)
        standing = [s for s in body.supervisions if s.ended_at is None]
        if standing:
            last = standing[-1]
            found[body.case_id] = SupervisionSince(last.kind, None if last.at is None else to_ms(last.at))
    return found


def reports_done(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[Done]]:
    """The reports that went out for these cases, by number."""
    t = duty_tables.incident_reports
    columns = [t.c[name] for name in Done.__struct_fields__]
    found: dict[str, list[Done]] = {}
    for first in range(0, len(case_ids), 500):
        where = t.c.case_id.in_(case_ids[first : first + 500])
        for row in connection.execute(select(*columns).where(where).order_by(t.c.case_id, t.c.number)):
            found.setdefault(row[0], []).append(Done(row[0], row[1], row[2], row[3], row[4], bool(row[5])))
    return found


def add_report(connection: Connection, done: Done) -> bool:
    """Keep a report; False when its number is there already."""
    table = duty_tables.incident_reports
    statement = _insert(connection, table).on_conflict_do_nothing().returning(table.c.number)
    return connection.execute(statement, msgspec.structs.asdict(done)).first() is not None


def alarm_steps(connection: Connection, since: int) -> list[AlarmStep]:
    """What happened to alarms since then, the oldest first."""
    c = duty_tables.alarm_lives.c
    return [AlarmStep(*row) for row in connection.execute(select(*_STEP_COLUMNS).where(c.at >= since).order_by(c.id))]


def standing_alarms(connection: Connection, seat: str, since: int) -> list[AlarmLine]:
    """The alarms of a seat that have not been cleared, those that nobody has acknowledged first.

    An alarm that climbed stands at both seats. Looked back to ``since``.
    """
    c = duty_tables.alarm_lives.c
    of_seat = select(c.alarm).where(c.seat == seat, c.at >= since)
    query = select(*_STEP_COLUMNS).where(c.alarm.in_(of_seat), c.at >= since).order_by(c.id)
    raised: dict[str, int] = {}
    newest: dict[str, AlarmStep] = {}
    for row in connection.execute(query):
        step = AlarmStep(*row)
        if step.what == "raised" or step.alarm not in raised:
            raised[step.alarm] = step.at
        if step.what == "returned":  # as it was before it went away: still taken, on the shelf, or waiting
            back = decode_alarm(step.body)
            newest[step.alarm] = step._replace(what=_RETURNED.get(back.state, "raised"), who=back.acked_by)
        elif step.what in _STATES:
            newest[step.alarm] = step
        else:
            newest.pop(step.alarm, None)
    lines = [AlarmLine(s.alarm, s.kind, _STATES[s.what], raised[s.alarm], s.at, s.who) for s in newest.values()]
    order = {"unacknowledged": 0, "acknowledged": 1, "shelved": 2}
    return sorted(lines, key=lambda line: (order[line.state], line.at, line.alarm))


def commands_of(connection: Connection, since: int, states: Sequence[str]) -> list[CommandState]:
    """The commands of every seat since then in one of these states, the oldest first."""
    c = case_tables.commands.c
    columns = [c[name] for name in CommandState._fields]
    query = select(*columns).where(c.at >= since, c.state.in_(states))
    return [CommandState(*row) for row in connection.execute(query.order_by(c.at))]


def commands_of_seat(connection: Connection, seat: str, since: int, until: int, limit: int) -> list[CommandState]:
    """The seat's commands from ``since`` up to ``until`` (both in), the newest first."""
    c = case_tables.commands.c
    columns = [c[name] for name in CommandState._fields]
    query = select(*columns).where(c.seat == seat, c.at >= since, c.at <= until)
    return [CommandState(*row) for row in connection.execute(query.order_by(c.at.desc()).limit(limit))]


def commands_to_hand_over(connection: Connection, seat: str, since: int, waiting_since: int) -> list[CommandState]:
    """The seat's commands that the next shift must know of, the oldest first.

    Those refused since ``since``, whenever they were sent; and those that nobody has answered since ``waiting_since``.
    """
    c = case_tables.commands.c
    refused = (c.state == "refused") & ((c.at >= since) | (c.answered_at >= since))
    waiting = c.state.in_(("sent", "unsent")) & ((c.at >= since) | (c.at >= waiting_since))
    columns = [c[name] for name in CommandState._fields]
    query = select(*columns).where(c.seat == seat, refused | waiting, c.at >= min(since, waiting_since))
    return [CommandState(*row) for row in connection.execute(query.order_by(c.at))]


def keep_handover(connection: Connection, kept: KeptHandover) -> bool:
    """Keep a sheet signed by those who go, in place of an earlier one; False: it has been signed by both."""
    values = kept._asdict()
    statement = _insert(connection, duty_tables.handovers).values(**values)
    statement = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={k: v for k, v in values.items() if k != "id"},
        where=duty_tables.handovers.c.in_by == "",
    )
    return connection.execute(statement.returning(duty_tables.handovers.c.id)).first() is not None


def sign_in(connection: Connection, handover_id: str, who: str, *, digest: str, at: int, reason: str = "") -> bool:
    """The second signature; False when it cannot be set (any more). ``reason``: why a stranger signs."""
    c = duty_tables.handovers.c
    where = (c.id == handover_id, c.in_by == "", c.digest == digest, c.out_by != who, c.out_by != "")
    signed = update(duty_tables.handovers).where(*where).values(in_by=who, in_at=at, in_reason=reason)
    return connection.execute(signed).rowcount == 1


def accept(connection: Connection, handover_id: str, who: str, at: int) -> bool:
    """A leader accepts the strangers who signed; False where there is nothing to accept (any more)."""
    c = duty_tables.handovers.c
    where = (c.id == handover_id, c.accepted_by == "", (c.out_reason != "") | (c.in_reason != ""))
    changed = update(duty_tables.handovers).where(*where).values(accepted_by=who, accepted_at=at)
    return connection.execute(changed).rowcount == 1


def add_note(connection: Connection, note: HandoverNote, seat: str) -> None:
    """Keep a note of a handover."""
    connection.execute(duty_tables.handover_notes.insert().values(seat=seat, **msgspec.structs.asdict(note)))


def notes(connection: Connection, handover_id: str) -> list[HandoverNote]:
    """The notes of a handover, in the order of writing."""
    c = duty_tables.handover_notes.c
    query = select(c.handover, c.at, c.who, c.text, c.is_addition).where(c.handover == handover_id).order_by(c.id)
    return [HandoverNote(*row) for row in connection.execute(query)]


def handover(connection: Connection, handover_id: str) -> KeptHandover | None:
    """One handover with its sheet."""
    where = duty_tables.handovers.c.id == handover_id
    row = connection.execute(select(*_KEPT_COLUMNS, duty_tables.handovers.c.sheet).where(where)).first()
    return KeptHandover(*row) if row else None


def handovers(connection: Connection, seat: str, limit: int, before: int | None = None) -> list[KeptHandover]:
    """The seat's handovers, the newest shift first, without their sheets; ``before``: of shifts that began earlier."""
    c = duty_tables.handovers.c
    where = [c.seat == seat] if before is None else [c.seat == seat, c.shift_from < before]
    query = select(*_KEPT_COLUMNS).where(*where).order_by(c.shift_from.desc()).limit(limit)
    return [KeptHandover(*row) for row in connection.execute(query)]


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _in(street: str | None) -> list[ColumnElement[bool]]:
    return [] if street is None else [case_tables.cases.c.street == street]


def _insert(connection: Connection, table: Any) -> Any:
    return postgresql.insert(table) if is_postgres(connection) else sqlite.insert(table)
