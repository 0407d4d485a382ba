"""Make the handover sheet from what stands: lists, counts at both ends of the shift, what changed since the last. Pure.

Counts are by today's knowledge at both moments, so that open + reported − closed = open holds on every sheet. A case is
counted as the wall counts it: neither voided, merged nor not filed.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.board.watched_areas import Watch
from services.cases.case import CaseRow, decode_escalation, pauses_in, suspended_at
from services.cases.deadlines import light
from services.cases.escalation import Proposal
from services.contract.codes import SENSITIVE_DOMAINS
from services.contract.personal import mask_text
from services.duty.ahead import ahead
from services.duty.logbook import Entry, masked
from services.duty.passes import NO_PASSES, Passes, passes_of
from services.duty.reports import DueReport
from services.duty.roster import DutyShift
from services.duty.sheet import (
    AlarmLine,
    CaseLine,
    CaseList,
    CommandLine,
    Flow,
    HandoverNote,
    ListChange,
    ReportLine,
    Sheet,
    SheetCameras,
    SheetCounts,
    SourceLine,
)

# How many cases of a list are printed; of the severest all, within reason.
SHOWN, SHOWN_MAJOR = 20, 100
MAJOR, SERIOUS = 2, 3
CASE_LISTS = ("major", "serious", "overdue", "supervised", "untaken", "suspended", "proposed", "whistled")
OTHER_LISTS = ("reports", "alarms", "lost_view", "sources", "commands")
LISTS = (*CASE_LISTS, *OTHER_LISTS)
# Why a case has left a list: the screens have a word for each.
WHY_GONE = (
    "closed", "voided", "merged", "not_filed", "taken", "taken_back", "suspended", "done", "better",
    "moved", "told", "unknown",
)  # fmt: skip


class HandoverTurn(NamedTuple):
    """Whose handover it is: the duty that ends and the next one; ``since`` and ``at`` bound what the sheet counts."""

    district: str
    seat: str
    duty: DutyShift
    following: DutyShift
    since: int
    at: int


class SupervisionSince(NamedTuple):
    """督办 that stands: its kind and since when."""

    kind: str
    at: int | None


class HandoverSource(NamedTuple):
    """What a sheet is made from, all of it the seat's: ``rows`` open cases, ``ended`` those closed since ``since``.

    ``left`` are cases that stood on the last sheet and are not among ``rows``, wherever they are: they say why.
    ``passes`` are those of the cases whose row does not say all of them.
    """

    rows: Sequence[CaseRow]
    ended: Sequence[CaseRow] = ()
    left: Sequence[CaseRow] = ()
    passes: Passes = NO_PASSES
    proposals: Mapping[str, Proposal] = {}
    supervised: Mapping[str, SupervisionSince] = {}
    reports: Sequence[DueReport] = ()
    alarms: Sequence[AlarmLine] = ()
    cameras: SheetCameras | None = None
    sources: Sequence[SourceLine] = ()
    watched: Sequence[Watch] = ()
    commands: Sequence[CommandLine] = ()
    log: Sequence[Entry] = ()
    units: Mapping[str, str] = {}
    notes: Sequence[HandoverNote] = ()


def make_sheet(turn: HandoverTurn, found: HandoverSource, last: Sheet | None = None, last_id: str = "") -> Sheet:
    """The sheet of a turn; ``last`` is the seat's sheet before it."""
    chosen = {name: _chosen(name, turn, found) for name in CASE_LISTS}
    members = {name: sorted(line.case_id for line in lines) for name, lines in chosen.items()}
    members |= {
        "reports": sorted(f"{due.case_id}#{due.number}" for due in found.reports),
        "alarms": sorted(alarm.alarm for alarm in found.alarms),
        "lost_view": sorted(spot.id for spot in found.cameras.lost) if found.cameras else [],
        "sources": sorted(source.source for source in found.sources),
        "commands": sorted(command.command_id for command in found.commands),
    }
    counted = list(_by_id((*found.ended, *found.rows)).values())
    duty, following = turn.duty, turn.following
    coming = ahead(
        found.rows,
        members["untaken"],
        supervised=found.supervised,
        reports=found.reports,
        units=found.units,
        now=turn.at,
        until=following.until_ms,
    )
    return Sheet(
        district=turn.district, seat=turn.seat, shift=duty.shift, shift_from=duty.from_ms, shift_until=duty.until_ms,
        next_shift=following.shift, next_until=following.until_ms, since=turn.since, at=turn.at,
        handing=list(duty.officers), handing_leader=duty.leader, taking=list(following.officers),
        taking_leader=following.leader,
        begin=counts(counted, turn.since, turn.at, found.passes), end=counts(counted, turn.at, turn.at, found.passes),
        flow=flow(counted, turn, found.passes),
        lists={name: _shown(lines, SHOWN_MAJOR if name == "major" else SHOWN) for name, lines in chosen.items()},
        reports=[
            ReportLine(d.case_id, d.number, d.due_at, d.is_overdue(turn.at), d.severity, d.street)
            for d in found.reports
        ],
        alarms=list(found.alarms), cameras=found.cameras, sources=list(found.sources), watched=list(found.watched),
        commands=[msgspec.structs.replace(c, reason=mask_text(c.reason)) for c in found.commands],
        log=[masked(entry) for entry in found.log],
        members=members, changes=changes(members, last, found, turn.at) if last is not None else {}, before=last_id,
        ahead=coming.lines, ahead_n=coming.n, ordinary=coming.ordinary,
        notes=[msgspec.structs.replace(note, text=mask_text(note.text)) for note in found.notes],
    )  # fmt: skip


def counts(rows: Iterable[CaseRow], moment: int, now: int, told: Passes = NO_PASSES) -> SheetCounts:
    """What stood at ``moment``, by what is known at ``now``."""
    sums = {"none": 0, "due_soon": 0, "overdue": 0, "suspended": 0}
    at_district = untaken = 0
    for row in rows:
        if not _was_open(row, moment, now):
            continue
        sums[_light_at(row, moment)] += 1
        for one in passes_of(row, told):
            at_district += one.stood(moment)
            untaken += one.waited(moment)
    return SheetCounts(sum(sums.values()), sums["overdue"], sums["due_soon"], sums["suspended"], at_district, untaken)


def flow(rows: Iterable[CaseRow], turn: HandoverTurn, told: Passes = NO_PASSES) -> Flow:
    """What came and went after ``since`` and up to ``at``; what came back meanwhile has been at the district too."""
    reported = closed = escalated = taken = 0
    for row in rows:
        if not _is_counted(row):
            continue
        reported += turn.since < _reported_at(row, turn.at)
        closed += (ended := _ended_at(row, turn.at)) is not None and turn.since < ended
        for one in passes_of(row, told):
            escalated += one.at is not None and turn.since < one.at <= turn.at
            taken += one.taken_at is not None and turn.since < one.taken_at <= turn.at
    return Flow(reported, closed, escalated, taken)


def changes(members: Mapping[str, Sequence[str]], last: Sheet, found: HandoverSource, at: int) -> dict[str, ListChange]:
    """For each list that the last sheet has too: before + new − gone = now."""
    left, rows = _by_id((*found.ended, *found.left)), _by_id(found.rows)
    refused = {command.command_id for command in last.commands if command.state == "refused"}
    told = {}
    for name, ids in members.items():
        if name not in last.members:
            continue
        now, before = set(ids), set(last.members[name])
        gone: dict[str, list[str]] = {}
        for one in sorted(before - now):
            gone.setdefault(_why_gone(name, one, left, rows, at=at, told=refused), []).append(one)
        told[name] = ListChange(sorted(now - before), gone)
    return told


def _chosen(name: str, turn: HandoverTurn, found: HandoverSource) -> list[CaseLine]:
    """The cases of a list, the worst first."""
    picked = []
    for row in found.rows:
        if (reason := _reasons[name](row, turn, found)) is not None:
            picked.append((row, _line(row, turn.at, found, *reason)))
    by_what = _order[name]
    picked.sort(key=lambda item: (by_what(item[0], item[1]), item[1].case_id))
    return [line for _, line in picked]


Reason = tuple[str, int | None]


def _untaken(row: CaseRow, _turn: HandoverTurn, _found: HandoverSource) -> Reason | None:
    if row.level != "district":
        return None
    passed = decode_escalation(row.escalation) if row.escalation else None
    if passed is None:
        return "unknown", None
    return None if passed.acknowledged_at is not None else (passed.reason_code or "unknown", passed.at)


def _resuming(row: CaseRow, turn: HandoverTurn, _found: HandoverSource) -> Reason | None:
    """A suspension that ends before the next shift does."""
    if not row.pauses:
        return None
    for start, until in pauses_in(row):
        if start <= turn.at and until is not None and turn.at < until <= turn.following.until_ms:
            return "until", until
    return None


def _proposed(row: CaseRow, _turn: HandoverTurn, found: HandoverSource) -> Reason | None:
    proposal = found.proposals.get(row.case_id)
    if proposal is None or proposal.mode == "declined" or row.level == "district":
        return None
    return proposal.rule, proposal.at


def _watched_over(row: CaseRow, _turn: HandoverTurn, found: HandoverSource) -> Reason | None:
    kept = found.supervised.get(row.case_id)
    return None if kept is None else (kept.kind, kept.at)


def _overdue(row: CaseRow, turn: HandoverTurn, _found: HandoverSource) -> Reason | None:
    return ("", None) if _light_at(row, turn.at) == "overdue" else None


_reasons: dict[str, Callable[[CaseRow, HandoverTurn, HandoverSource], Reason | None]] = {
    "major": lambda row, turn, found: ("", None) if row.severity <= MAJOR else None,
    "serious": lambda row, turn, found: ("", None) if row.severity == SERIOUS else None,
    "overdue": _overdue,
    "supervised": _watched_over,
    "untaken": _untaken,
    "suspended": _resuming,
    "proposed": _proposed,
    "whistled": lambda row, turn, found: None if row.whistled_at is None else ("", row.whistled_at),
}


def _deadline_first(row: CaseRow, _line: CaseLine) -> tuple[int, ...]:
    return int(row.deadline_at is None), row.deadline_at or 0


def _severity_first(row: CaseRow, line: CaseLine) -> tuple[int, ...]:
    return row.severity, *_deadline_first(row, line)


def _oldest_first(_row: CaseRow, line: CaseLine) -> tuple[int, ...]:
    return int(line.at is None), line.at or 0


_order: dict[str, Callable[[CaseRow, CaseLine], tuple[int, ...]]] = {
    "major": _severity_first, "serious": _severity_first, "overdue": _deadline_first, "supervised": _severity_first,
    "untaken": _oldest_first, "suspended": _oldest_first, "proposed": _oldest_first, "whistled": _oldest_first,
}  # fmt: skip
assert _reasons.keys() == _order.keys() == {*CASE_LISTS}


def _line(row: CaseRow, at: int, found: HandoverSource, about: str, since: int | None) -> CaseLine:
    is_sensitive = row.domain in SENSITIVE_DOMAINS
    # A unit may be any text: of a sensitive case only one that the package knows leaves.
    unit = row.lead_unit if row.lead_unit in found.units else "" if is_sensitive else mask_text(row.lead_unit)
    return CaseLine(
        row.case_id, row.severity, row.domain, row.street, row.status, _light_at(row, at), row.reported_at,
        "" if is_sensitive else row.class_name, row.grid, unit, row.level, row.deadline_at, about, since,
    )  # fmt: skip


def _shown(lines: Sequence[CaseLine], most: int) -> CaseList:
    return CaseList(len(lines), list(lines[:most]), max(len(lines) - most, 0))


def _why_gone(
    name: str, one: str, left: Mapping[str, CaseRow], rows: Mapping[str, CaseRow], *, at: int, told: Container[str]
) -> str:
    """Why something has left a list: one of ``WHY_GONE``; ``told``: on the last sheet that was all there was to say."""
    if name not in (*CASE_LISTS, "reports"):
        return "told" if one in told else "done"
    case_id = one.rpartition("#")[0] if name == "reports" else one
    row = rows.get(case_id) or left.get(case_id)
    if row is None:
        return "unknown"
    if row.merged:
        return "merged"
    if row.status in {"voided", "not_filed"}:
        return row.status
    if not row.is_open:
        return "closed"
    if case_id not in rows:
        return "moved"
    if name == "reports":
        return "done"
    if name in {"untaken", "proposed"}:
        is_back = name == "untaken" and row.level != "district"
        return "taken_back" if is_back else "taken" if row.level == "district" else "done"
    return "suspended" if name == "overdue" and _light_at(row, at) == "suspended" else "better"


def _by_id(rows: Iterable[CaseRow]) -> dict[str, CaseRow]:
    return {row.case_id: row for row in rows}


def _is_counted(row: CaseRow) -> bool:
    return not row.merged and row.status not in {"voided", "not_filed"}


def _reported_at(row: CaseRow, now: int) -> int:
    """What is known at ``now`` was reported by then, whatever a publisher's clock says."""
    return min(row.reported_at, now)


def _ended_at(row: CaseRow, now: int) -> int | None:
    """When it was closed: not before it was reported, nor after ``now``."""
    return None if row.closed_at is None else max(min(row.closed_at, now), _reported_at(row, now))


def _was_open(row: CaseRow, moment: int, now: int) -> bool:
    if not _is_counted(row) or _reported_at(row, now) > moment:
        return False
    ended = _ended_at(row, now)
    return ended is None or ended > moment


def _light_at(row: CaseRow, moment: int) -> str:
    """The light that a case showed at a moment when it was open."""
    is_suspended = bool(row.pauses) and suspended_at(row, None, moment)
    return light(True, is_suspended, row.soon_at, row.deadline_at, moment)
