"""What a handover sheet is made from: one part from the live board, at once; the other from the store, off the loop."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from services.board.sources import source_rows
from services.board.state import Board
from services.board.watched_areas import CaseAt, WatchedAreas
from services.cases import reader
from services.cases.case import CaseRow
from services.cases.escalation import Proposal
from services.cases.whose import is_units
from services.district.package import District
from services.duty import store as duty
from services.duty.handover import CASE_LISTS, HandoverSource, HandoverTurn
from services.duty.logbook import Entry
from services.duty.reports import needs_reports, reports_due
from services.duty.seats import seat_kind
from services.duty.sheet import CommandLine, OutageLine, Sheet, SheetCameras, SourceLine, SpotLine
from services.platform.clock import DAY_MS

LOG_LINES = 500
# How far back an alarm may have been raised that still stands.
ALARMS_BACK_MS = 30 * DAY_MS
# How long a command without an answer goes on from sheet to sheet.
COMMANDS_BACK_MS = DAY_MS
LISTED = ("area", "road", "place")


class _Sight(msgspec.Struct, frozen=True):
    state: str
    street: str = ""


class _Spot(msgspec.Struct, frozen=True):
    id: str
    kind: str
    name: str
    street: str = ""
    size: float = 0.0
    planned: float | None = None
    live: float | None = None
    planned_night: float | None = None
    live_night: float | None = None


class _Outage(msgspec.Struct, frozen=True):
    at: int
    cameras: int
    still: int
    streets: list[str] = []


class _Coverage(msgspec.Struct, frozen=True):
    is_night: bool
    covered_share: float
    outages: list[_Outage] = []


_sight = msgspec.json.Decoder(_Sight).decode
_spot = msgspec.json.Decoder(_Spot).decode
_coverage = msgspec.json.Decoder(_Coverage).decode


class BoardPart(NamedTuple):
    """What the board knows of a seat, taken over in one go: nothing of it changes any more."""

    rows: Sequence[CaseRow]
    proposals: dict[str, Proposal]
    sights: Sequence[bytes]
    spots: Sequence[bytes]
    coverage: bytes | None
    sources: Sequence[SourceLine]


def street_of(district: District, seat: str) -> str | None:
    """The street whose cases a seat sees; None: cases of every street, all at the centre, at a unit its own."""
    return seat if seat in district.streets else None


def is_seats(district: District, seat: str, row: CaseRow) -> bool:
    """Whether a case is among those of the seat."""
    match seat_kind(district, seat):
        case "centre":
            return True
        case "unit":
            return is_units(seat, row)
        case _:
            return row.street == seat


def of_board(board: Board, seat: str, real_now_ms: int) -> BoardPart:
    """The board's part. ``real_now_ms``: by the machine's clock, against which heartbeats are held."""
    feed = board.coverage
    rows = [row for row in board.rows.values() if is_seats(board.district, seat, row)]
    proposals = {row.case_id: board.proposals[row.case_id] for row in rows if row.case_id in board.proposals}
    sources = [
        SourceLine(source, name, word, seen_at)
        for source, name, word, seen_at in source_rows(board, board.district.sources, real_now_ms)
        if word in {"late", "stopped"}
    ]
    return BoardPart(rows, proposals, feed.bodies("sight"), feed.bodies("spot"), feed.body("coverage", "all"), sources)


def gather(
    connection: Connection,
    district: District,
    turn: HandoverTurn,
    part: BoardPart,
    *,
    areas: WatchedAreas,
    last: Sheet | None,
) -> HandoverSource:
    """The whole of what a sheet is made from. A unit owes no reports and has no cameras: centre and street do."""
    street, now, is_unit = street_of(district, turn.seat), turn.at, seat_kind(district, turn.seat) == "unit"
    severe = [row for row in part.rows if not is_unit and needs_reports(row, district.policy.reports)]
    done = duty.reports_done(connection, [row.case_id for row in severe])
    watched = areas.watch([CaseAt(*row) for row in duty.placed_cases(connection, street, now - DAY_MS)], now)
    commands = duty.commands_to_hand_over(connection, turn.seat, turn.since, now - COMMANDS_BACK_MS)
    closed = duty.closed_since(connection, street, turn.since)
    ended = [row for row in closed if is_seats(district, turn.seat, row)]
    return HandoverSource(
        rows=part.rows,
        ended=ended,
        left=_left(connection, part.rows, last),
        passes=duty.passes(connection, (*part.rows, *ended)),
        proposals=part.proposals,
        supervised=duty.supervised(connection, street),
        reports=reports_due(severe, done, district.policy.reports),
        alarms=duty.standing_alarms(connection, turn.seat, now - ALARMS_BACK_MS),
        cameras=None if is_unit else cameras_of(part, street),
        sources=part.sources,
        watched=[
            area for area in watched if (area.watched_by == turn.seat if is_unit else street in {None, area.street})
        ],
        commands=[CommandLine(c.command_id, c.at, c.type, c.case_id, c.state, c.reason) for c in commands],
        log=_log(connection, turn, last),
        units=district.units,
    )


def cameras_of(part: BoardPart, street: str | None) -> SheetCameras | None:
    """The cameras of a street (None: of the district); None where nothing is known of any."""
    if part.coverage is None:
        return None
    whole = _coverage(part.coverage)
    sights = [sight for body in part.sights if _is_in(sight := _sight(body), street)]
    lost = [
        SpotLine(spot.id, spot.kind, spot.name, spot.street)
        for body in part.spots
        if _is_in(spot := _spot(body), street) and spot.kind in LISTED and has_lost_view(spot, whole)
    ]
    return SheetCameras(
        len(sights),
        sum(sight.state == "offline" for sight in sights),
        sum(sight.state == "degraded" for sight in sights),
        [OutageLine(o.at, o.cameras, o.still) for o in whole.outages if street is None or street in o.streets],
        sorted(lost, key=lambda spot: spot.id),
    )


def has_lost_view(spot: _Spot, whole: _Coverage) -> bool:
    """Whether all cameras together would cover it by the present light, and those that work do not."""
    planned, live = (spot.planned_night, spot.live_night) if whole.is_night else (spot.planned, spot.live)
    if planned is None or live is None or spot.size <= 0:
        return False
    return 1 - planned / spot.size >= whole.covered_share > 1 - live / spot.size


def _log(connection: Connection, turn: HandoverTurn, last: Sheet | None) -> list[Entry]:
    """The log since the last sheet, the oldest first, and what was written into the time before it meanwhile.

    An incident that is told late stands in the log at its own moment: without that it were on no sheet.
    """
    log = duty.entries(connection, turn.seat, turn.since, turn.at, LOG_LINES)[::-1]
    if last is None:
        return log
    behind = max((entry.id for entry in last.log), default=0)
    floor = min(last.since, turn.since) if not behind else last.since - DAY_MS
    return [
        *duty.late_entries(connection, turn.seat, since=floor, until=turn.since, behind=behind, limit=LOG_LINES),
        *log,
    ]


def _left(connection: Connection, rows: Sequence[CaseRow], last: Sheet | None) -> list[CaseRow]:
    """The cases of the last sheet that are not among the seat's open ones any more."""
    if last is None:
        return []
    stood = {case_id for name in CASE_LISTS for case_id in last.members.get(name, ())}
    stood |= {one.rpartition("#")[0] for one in last.members.get("reports", ())}
    return reader.cases_of(connection, sorted(stood - {row.case_id for row in rows}))


def _is_in(thing: _Sight | _Spot, street: str | None) -> bool:
    return street is None or thing.street == street
