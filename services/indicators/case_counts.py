"""What a case counts for (DOMAIN.md §4): measures, each on its counting day. Pure: it depends on the case alone.

A case is counted where it is now known to be, under the unit that has it now: when that changes its past moves with it.
Two things the clock decides are not here: a deadline that lies ahead counts once it has come (``rolled`` and the live
board take what is still ahead out again), and what closes after its counting day stands in ``later``, by the first
cut that sees it, because 结案率 does not add up over days.
"""

from typing import NamedTuple

import msgspec

from services.cases.case import CaseRow, decode_rating, is_filed, pauses_in
from services.cases.marks import CaseMark
from services.district.package import District

# Every measure with the moment that decides its day. The order is the order of the columns of ``rollups``.
MEASURES: dict[str, str] = {
    "intake": "reported_at",
    "accepted": "accepted_at, else filed_at, else reported_at",
    "filed": "as accepted",
    "dispatches": "dispatched_at",
    "wrong_dispatches": "dispatched_at",
    "should_handle": "the earlier of the handling deadline and handled_at",
    "handled_on_time": "as should_handle",
    "handled_of_due": "as should_handle",
    "extended": "as should_handle",
    "should_close": "count_at: the earlier of the effective deadline and closed_at",
    "closed_on_time": "as should_close",
    "closed_of_due": "as should_close",
    "exempted": "as should_close",
    "reworked": "as should_close",
    "closed": "closed_at",
    "forced_closed": "closed_at",
    "self_handled": "closed_at",
    "solved_grid": "closed_at",
    "solved_community": "closed_at",
    "solved_street": "closed_at",
    "solved_district": "closed_at",
    "callbacks": "the call-back's time, else closed_at, else reported_at",
    "contacted": "as callbacks",
    "solved": "as callbacks",
    "satisfied": "as callbacks",
    "fairly_satisfied": "as callbacks",
}
NAMES = tuple(MEASURES)
AT = {name: i for i, name in enumerate(NAMES)}
BY_CLOSING = frozenset(name for name, moment in MEASURES.items() if moment == "closed_at")
Moves = list[tuple[int, int, int]]
Later = list[tuple[int, int, int, int]]
_INTAKE, _ACCEPTED, _FILED = AT["intake"], AT["accepted"], AT["filed"]
_HOURS = tuple(f"{hour:02d}" for hour in range(24))
_SOLVED = {level: AT[f"solved_{level}"] for level in ("grid", "community", "street", "district")}


class Where(NamedTuple):
    """Under which headings a case counts; '' = unknown (未定位, no unit, 未知)."""

    street: str
    community: str
    grid: str
    unit: str
    channel: str
    domain: str
    level: str
    hour: str


class CaseCounts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything that one case counts for: ``(day, measure, n)``, and ``(day, measure, from, n)`` for what only
    windows see that end at or behind the cut of day ``from``. Days are yyyymmdd, a measure its place in ``MEASURES``.
    ``marks`` are beside the roll-ups, in a table of their own (services.cases.marks).
    """

    where: Where
    moves: tuple[tuple[int, int, int], ...] = ()
    later: tuple[tuple[int, int, int, int], ...] = ()
    marks: tuple[CaseMark, ...] = ()


decode_counted = msgspec.json.Decoder(CaseCounts).decode
_ENCODE = msgspec.json.Encoder().encode


def counted_text(counted: CaseCounts | None) -> str:
    """How the store writes what a case counts for: equal texts are equal counts."""
    return "" if counted is None else _ENCODE(counted).decode()


def count(row: CaseRow, district: District) -> CaseCounts | None:
    """What the case counts for now; a voided or merged case counts for nothing."""
    status = row.status
    if status == "voided" or row.merged:
        return None
    day_of = district.day_of
    reported_day = day_of(row.reported_at)
    moves: Moves = [(reported_day, _INTAKE, 1)]
    later: Later = []
    filed = is_filed(row) and status != "not_filed"
    if filed or row.accepted_at is not None or status == "not_filed":
        at = _first(row.accepted_at, row.filed_at, row.reported_at)
        day = reported_day if at == row.reported_at else day_of(at)
        moves.append((day, _ACCEPTED, 1))
        if filed:
            moves.append((day, _FILED, 1))
    if row.dispatches and row.dispatched_at is not None:
        day = day_of(row.dispatched_at)
        moves.append((day, AT["dispatches"], row.dispatches))
        if row.wrong_dispatches:
            moves.append((day, AT["wrong_dispatches"], min(row.wrong_dispatches, row.dispatches)))
    if filed and not row.self_handled:
        _handling(row, district, moves, later)
        _closing(row, district, moves, later)
    if row.closed_at is not None:
        _closed(row, day_of(row.closed_at), moves)
    if row.rating and row.channel == "H12345":
        _rated(row, district, moves)
    where = Where(
        row.street, row.community, row.grid, row.lead_unit, row.channel, row.domain, row.highest_level,
        _HOURS[district.hour_of(row.reported_at)],
    )  # fmt: skip
    return CaseCounts(where, tuple(moves), tuple(later))


def is_due_basis(row: CaseRow) -> bool:
    """Whether the case belongs to should_close at all: filed, neither voided nor merged, not solved on the spot."""
    return is_filed(row) and row.status not in {"voided", "not_filed"} and not row.merged and not row.self_handled


def closed_in_time(row: CaseRow) -> bool:
    """Closed by the effective deadline; the publisher's verdict counts only where one of the two times is missing."""
    if row.closed_at is None:
        return False
    if row.on_time is not None:
        return row.on_time
    return row.deadline_at is not None and row.closed_at <= row.deadline_at


def handled_in_time(row: CaseRow) -> bool:
    """Handled (反馈) by the handling deadline."""
    return (
        row.handled_at is not None and row.handle_deadline_at is not None and row.handled_at <= row.handle_deadline_at
    )


def handle_count_at(row: CaseRow) -> int | None:
    """The same for the handling clock, which runs on its own."""
    if row.handle_deadline_at is None:
        return None
    return row.handle_deadline_at if row.handled_at is None else min(row.handle_deadline_at, row.handled_at)


def _handling(row: CaseRow, district: District, moves: Moves, later: Later) -> None:
    at = handle_count_at(row)
    if at is None:
        return
    found = [AT["should_handle"]]
    if row.appeal_exempt or handled_in_time(row):
        found.append(AT["handled_on_time"])
    if row.extensions:
        found.append(AT["extended"])
    _due(row, district, at, row.handled_at, found=found, ended=AT["handled_of_due"], moves=moves, later=later)


def _closing(row: CaseRow, district: District, moves: Moves, later: Later) -> None:
    at = row.count_at
    if at is None:
        return
    found = [AT["should_close"]]
    in_time = closed_in_time(row)
    if in_time or row.appeal_exempt:
        found.append(AT["closed_on_time"])
        if not in_time:
            found.append(AT["exempted"])
    if row.reworks:
        found.append(AT["reworked"])
    _due(row, district, at, row.closed_at, found=found, ended=AT["closed_of_due"], moves=moves, later=later)


def _due(
    row: CaseRow,
    district: District,
    at: int,
    ended_at: int | None,
    *,
    found: list[int],
    ended: int,
    moves: Moves,
    later: Later,
) -> None:
    """Count at ``at``; a later end is seen from its own day on, and a suspension takes all of it out while it lasts."""
    standing = standing_pauses(row, ended_at) if row.pauses else []
    if standing and is_held(standing, at):
        return
    day = district.day_of(at)
    if ended_at is not None:
        end_day = district.day_of(ended_at)
        if end_day <= day:
            found.append(ended)
        else:
            later.append((day, ended, district.day_after(end_day), 1))
    moves.extend([(day, measure, 1) for measure in found])
    for start, until in standing:
        first = max(district.cut_from(start), district.day_after(day))
        last = None if until is None else district.cut_from(until)
        if last is None or first < last:
            later.extend((day, measure, first, -1) for measure in found)
            if last is not None:
                later.extend((day, measure, last, 1) for measure in found)


def is_held(standing: list[tuple[int, int | None]], at: int) -> bool:
    """Suspended before its moment came, and still so: it is due at no time that we know."""
    return any(start <= at and until is None for start, until in standing)


def booked_at(row: CaseRow) -> int | None:
    """The moment for which the roll-ups count the case as due to be closed, come or not."""
    if row.count_at is None or not is_due_basis(row) or is_held(standing_pauses(row, row.closed_at), row.count_at):
        return None
    return row.count_at


def standing_pauses(row: CaseRow, ended_at: int | None) -> list[tuple[int, int | None]]:
    """The suspensions, cut off where the case ended: what is closed is no longer suspended."""
    if ended_at is None:
        return pauses_in(row)
    return [(a, ended_at if b is None else min(b, ended_at)) for a, b in pauses_in(row) if a < ended_at]


def _closed(row: CaseRow, day: int, moves: Moves) -> None:
    moves.append((day, AT["closed"], 1))
    if row.status == "forced_closed":
        moves.append((day, AT["forced_closed"], 1))
    if row.self_handled:
        moves.append((day, AT["self_handled"], 1))
    if (solved := _SOLVED.get(row.highest_level)) is not None:
        moves.append((day, solved, 1))


def _rated(row: CaseRow, district: District, moves: Moves) -> None:
    """A valid call-back (回访)."""
    rating = decode_rating(row.rating)
    if not rating.valid:
        return
    day = district.day_of(_first(rating.at, row.closed_at, row.reported_at))
    moves.append((day, AT["callbacks"], 1))
    for name, is_so in (
        ("contacted", rating.contacted),
        ("solved", rating.solved == "yes"),
        ("satisfied", rating.satisfied == "yes"),
        ("fairly_satisfied", rating.satisfied == "fairly"),
    ):
        if is_so:
            moves.append((day, AT[name], 1))


def _first(*moments: int | None) -> int:
    return next(moment for moment in moments if moment is not None)
