"""What calls for a person now, from the board and the clock. Pure.

A condition is there or it is not; when it is announced, who has taken it and when it ends is its alarm's life
(``services.duty.alarms.life``). Every kind is one function; the package says which are on (``[alarms.kinds]``).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from services.board.alarm import Subject, WhatToDo, alarm_id
from services.board.sources import source_rows
from services.board.state import Board
from services.cases.case import CaseRow, called_units, decode_escalation, waits_since
from services.cases.deadlines import LIGHTS, has_come
from services.cases.escalation import holder
from services.cases.whose import is_in_grid_hands
from services.contract.codes import SENSITIVE_DOMAINS
from services.coverage.outages import FROM_CAMERAS
from services.coverage.told import Outage
from services.district.alarm_policy import AlarmPolicy
from services.duty.seats import SeatKind, seat_kind
from services.platform.clock import MINUTE_MS

# Cases up to this severity are incidents: 特别重大, 重大.
INCIDENT_SEVERITY = 2
# Nobody can undo a gap: it is an alarm for this long.
LOST_KEPT_MS = 60 * MINUTE_MS
# An entry that has waited so long for the projector.
INTAKE_LATE_MS = MINUTE_MS
# What the same quarter of an hour brings calls once.
QUARTER_MS = 15 * MINUTE_MS
_OVERDUE, _SUSPENDED = LIGHTS.index("overdue"), LIGHTS.index("suspended")
# Somebody works on it, or should: what is handled, returned or checked lies with others.
_IN_HAND = frozenset({"dispatched", "acknowledged", "handling", "rework"})


class AlarmCondition(msgspec.Struct, frozen=True, dict=True):
    """One thing that calls for a person at one seat. ``moved_at`` is when its subject last showed a sign of life.

    ``occasion`` tells one time from the next where both are about one subject; the rest is as in ``Alarm``. With
    ``cases`` it is about several: which of them is the first may change, and it stays the same alarm.
    """

    kind: str
    seat: str
    severity: int
    subject: Subject
    what_to_do: WhatToDo
    occasion: str = ""
    class_name: str = ""
    domain: str = ""
    number: int = 0
    cases: tuple[str, ...] = ()
    due_at: int | None = None
    moved_at: int = 0

    @cached_property
    def id(self) -> str:
        """The id of its alarm."""
        return alarm_id(self.kind, self.seat, Subject() if self.cases else self.subject, self.occasion)


class ReportDue(msgspec.Struct, frozen=True):
    """A report of a severe incident that somebody must make: ``number`` 0 by phone, 1 in writing, 2 … follow-ups."""

    case_id: str
    seat: str
    number: int
    due_at: int


class _Outages(msgspec.Struct):
    outages: list[Outage]


class AlarmInputs(NamedTuple):
    """Everything that the conditions are a function of.

    ``now`` is the district's clock, ``real_now`` the machine's, by which heartbeats arrive; ``waiting_since`` is when
    the oldest entry came that the store has not taken in (the machine's clock), None where there is none. ``seated``
    are the units and grids for which somebody can log in (None: all): an alarm of another would be seen by nobody.
    """

    board: Board
    now: int
    real_now: int
    reports: Sequence[ReportDue] = ()
    waiting_since: int | None = None
    seated: Collection[str] | None = None

    def has_seat(self, kind: SeatKind, code: str) -> bool:
        """Whether ``code`` is a seat of this kind at which somebody can sit."""
        return seat_kind(self.board.district, code) == kind and (self.seated is None or code in self.seated)

    @property
    def policy(self) -> AlarmPolicy:
        """The district's rules of the alarms."""
        return self.board.district.policy.alarms


_outages = msgspec.json.Decoder(_Outages).decode


def conditions(scene: AlarmInputs) -> list[AlarmCondition]:
    """Everything that calls for a person, each once; kinds that are off are not there."""
    found: dict[str, AlarmCondition] = {}
    finders = (_of_cases, _of_small_seats, _untaken, _waiting, _near, _due, _stopped, _outage, _lost)
    for finder in finders:
        for condition in finder(scene):
            found.setdefault(condition.id, condition)
    found.update({condition.id: condition for condition in intake(scene)})
    return list(found.values())


def intake(scene: AlarmInputs) -> list[AlarmCondition]:
    """Entries wait: the board is of the past, and what it says of now is not so."""
    since, severity = scene.waiting_since, scene.policy.kinds.get("intake_late")
    if severity is None or since is None or scene.real_now - since < INTAKE_LATE_MS:
        return []
    return [AlarmCondition("intake_late", scene.board.district.code, severity, Subject(), "check_source")]


def _of_cases(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """In one pass over the open cases: incidents, severe ones that are overdue, whistles that nobody answers.

    Whistles that should have been answered in the same quarter of an hour are one alarm of their seat.
    """
    board, policy = scene.board, scene.policy
    severe, late, whistled = (
        policy.kinds.get(kind) for kind in ("severe_incident", "overdue_severe", "whistle_unanswered")
    )
    looked_at = max(INCIDENT_SEVERITY if severe else 0, policy.overdue_severity if late else 0)
    wait, together = int(board.district.policy.escalation.whistle_minutes * MINUTE_MS), _Together()
    for row in board.rows.values():
        if row.severity <= looked_at:
            if severe and row.severity <= INCIDENT_SEVERITY:
                yield _case(
                    "severe_incident", board.district.code, severe, row, "open_case", occasion=str(row.severity)
                )
                if row.street in board.district.streets:
                    yield _case("severe_incident", row.street, severe, row, "open_case", occasion=str(row.severity))
            if late and row.severity <= policy.overdue_severity and board.lights[row.case_id] == _OVERDUE:
                yield _case("overdue_severe", _seat(board, row), late, row, "open_case")
        if row.whistled_at is not None and not _waits_to_be_signed_for(row):
            due_at = row.whistled_at + wait
            if due_at <= scene.now:
                together[_seat(board, row), due_at // QUARTER_MS].append((due_at, row.case_id))
    if whistled:
        yield from _as_one(board, "whistle_unanswered", whistled, together, "open_case")


def _waits_to_be_signed_for(row: CaseRow) -> bool:
    """Whether the case went to the district and nobody has signed for it: that is asked first, and alarms by itself."""
    return bool(row.escalation) and decode_escalation(row.escalation).acknowledged_at is None


def _of_small_seats(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """What a unit and a grid worker must act on: a whistle that waits for the unit, a case about to be due."""
    board, policy = scene.board, scene.policy
    called, due = policy.kinds.get("unit_called"), policy.kinds.get("own_due")
    horizon = scene.now + int(policy.due_minutes * MINUTE_MS)
    whistle_ms = int(board.district.policy.escalation.whistle_minutes * MINUTE_MS)
    for row in board.rows.values():
        for unit in sorted(called_units(row)) if called and row.called else ():
            since = waits_since(row, unit)
            if called and since is not None and scene.has_seat("unit", unit):
                waits = _case("unit_called", unit, called, row, "open_case", occasion=str(since))
                # Only the unit's answer ends it: other steps of the case are no sign that it comes.
                yield msgspec.structs.replace(waits, due_at=since + whistle_ms, moved_at=0)
        due_at = row.handle_deadline_at if row.handle_deadline_at is not None else row.deadline_at
        if not due or due_at is None or has_come(due_at, scene.now) or due_at > horizon or row.status not in _IN_HAND:
            continue
        if board.lights[row.case_id] != _SUSPENDED:
            hands: tuple[tuple[SeatKind, str], ...] = (
                ("unit", row.lead_unit),
                ("grid", row.grid if is_in_grid_hands(row) else ""),
            )
            for seat in (code for kind, code in hands if scene.has_seat(kind, code)):
                own = _case("own_due", seat, due, row, "open_case", occasion=str(due_at))
                yield msgspec.structs.replace(own, due_at=due_at)


def _untaken(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """Cases that went to the district and that nobody there has acknowledged for some minutes.

    At once they stand first in the queue: most are taken by then, and an alarm for each were more than a seat answers.
    Those of the same quarter of an hour are one alarm. A severe one alarms by itself from its first moment until it is
    over: two alarms of one case call nobody better.
    """
    board, severity = scene.board, scene.policy.kinds.get("escalation_untaken")
    wait, together = int(scene.policy.untaken_minutes * MINUTE_MS), _Together()
    for case_id in board.escalated if severity else ():
        row = board.rows[case_id]
        is_severe = row.severity <= INCIDENT_SEVERITY and "severe_incident" in scene.policy.kinds
        if not row.escalation or is_severe:
            continue
        passed = decode_escalation(row.escalation)
        since = (passed.at or 0) + wait
        if passed.acknowledged_at is None and since <= scene.now:
            together[board.district.code, since // QUARTER_MS].append((since, case_id))
    if severity:
        yield from _as_one(board, "escalation_untaken", severity, together, "acknowledge_escalation")


def _waiting(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """Proposals of the escalation policy without an answer, and commands that the case system does not carry out.

    However many proposals wait, they are one alarm with their number: one person answers them in one list.
    """
    board, severity = scene.board, scene.policy.kinds.get("proposal_waits")
    before, n = scene.now - int(scene.policy.proposal_minutes * MINUTE_MS), 0
    for proposal in board.proposals.values() if severity else ():
        row = board.rows.get(proposal.case_id)
        if not severity or row is None or proposal.at > before or proposal.mode == "declined":
            continue
        if proposal.mode == "confirm":
            n += 1
        else:
            occasion = f"{proposal.rule}|{proposal.occasion}"
            alone = _case("proposal_waits", board.district.code, severity, row, "open_case", occasion=occasion)
            yield msgspec.structs.replace(alone, number=1)
    if severity and n:
        yield AlarmCondition("proposal_waits", board.district.code, severity, Subject(), "confirm_proposal", number=n)


def _near(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """Cases that the clock is about to take from their street, those of the same stretch of time in one alarm.

    Deadlines lie close together (the end of the office hours, an hour after a shower): one person looks through them
    in one go, and a call for each were more than a seat answers. What is announced is at least ``takeover_minutes``
    away, and at most twice that.
    """
    board, severity = scene.board, scene.policy.kinds.get("takeover_near")
    if not severity:
        return
    stretch, n = int(scene.policy.takeover_minutes * MINUTE_MS), 64
    last = (scene.now + stretch) // stretch
    while len(found := board.upcoming(n)) == n and found[-1][0] // stretch <= last:
        n *= 4
    together, moments = _Together(), {case_id: at for at, case_id, _ in found}
    for at, case_id, _ in found:
        if scene.now < at and at // stretch <= last:
            together[_seat(board, board.rows[case_id]), at // stretch].append((at, case_id))
    for condition in _as_one(board, "takeover_near", severity, together, "open_case"):
        yield msgspec.structs.replace(condition, due_at=moments[condition.cases[0]])


def _due(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """Reports of severe incidents."""
    board, severity = scene.board, scene.policy.kinds.get("report_due")
    ahead = int(scene.policy.report_minutes * MINUTE_MS)
    for report in scene.reports if severity else ():
        if severity and has_come(report.due_at - ahead, scene.now):
            row = board.rows.get(report.case_id)
            plain = (
                AlarmCondition("report_due", report.seat, severity, Subject(case_id=report.case_id), "write_report")
                if row is None
                else _case("report_due", report.seat, severity, row, "write_report")
            )
            # Only a report ends it: other steps of the case are no sign that somebody writes.
            yield msgspec.structs.replace(
                plain, occasion=str(report.number), number=report.number, due_at=report.due_at, moved_at=0
            )


def _stopped(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """Sources whose word on the truth bar is 停."""
    severity = scene.policy.kinds.get("source_stopped")
    rows = source_rows(scene.board, scene.board.district.sources, scene.real_now) if severity else ()
    for source, _, word, _ in rows:
        if severity and word == "stopped":
            code = scene.board.district.code
            yield AlarmCondition("source_stopped", code, severity, Subject(source=source), "check_source")


def _outage(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """Cameras that were lost together, as long as they are more than single faults: one alarm, not so many."""
    severity, thing = scene.policy.kinds.get("camera_outage"), scene.board.things.get(("coverage", "all"))
    if not severity or thing is None:
        return
    for outage in _outages(thing.body).outages:
        if outage.still >= FROM_CAMERAS:
            street = outage.streets[0] if len(outage.streets) == 1 else ""
            yield AlarmCondition(
                "camera_outage",
                scene.board.district.code,
                severity,
                Subject(street=street),
                "open_camera",
                str(outage.at),
                number=outage.still,
            )


def _lost(scene: AlarmInputs) -> Iterator[AlarmCondition]:
    """A gap in the stream that was measured a short while ago."""
    board, severity = scene.board, scene.policy.kinds.get("entries_lost")
    if severity and board.lost and board.lost_at is not None and scene.now - board.lost_at < LOST_KEPT_MS:
        yield AlarmCondition(
            "entries_lost",
            board.district.code,
            severity,
            Subject(),
            "check_source",
            str(board.lost_at),
            number=board.lost,
        )


def _case(kind: str, seat: str, severity: int, row: CaseRow, todo: WhatToDo, *, occasion: str = "") -> AlarmCondition:
    """A condition about a case; the name of a sensitive class would say more than the wall does."""
    name = "" if row.domain in SENSITIVE_DOMAINS else row.class_name
    subject = Subject(case_id=row.case_id, street=row.street)
    return AlarmCondition(kind, seat, severity, subject, todo, occasion, name, row.domain, moved_at=row.event_at)


class _Together(defaultdict[tuple[str, int], list[tuple[int, str]]]):
    """(seat, stretch of time) → its cases: when, and the id."""

    def __init__(self) -> None:
        super().__init__(list)


def _as_one(board: Board, kind: str, severity: int, together: _Together, todo: WhatToDo) -> Iterator[AlarmCondition]:
    """Each stretch's cases as one condition: its subject is the first of them.

    Only what ends it for all of them ends it: a step of one says nothing of the others.
    """
    for (seat, stretch), cases in together.items():
        ids = tuple(case_id for _, case_id in sorted(cases))
        one = _case(kind, seat, severity, board.rows[ids[0]], todo, occasion=str(stretch))
        yield msgspec.structs.replace(one, number=len(ids), cases=ids, moved_at=0)


def _seat(board: Board, row: CaseRow) -> str:
    """Who must act: the street that holds the case; a code that the package does not know has no seat of its own."""
    is_theirs = holder(row).level != "district" and row.street in board.district.streets
    return row.street if is_theirs else board.district.code
