"""The figures of a screen, from the board: one definition for the wall and for ``/api/v1/board``. Pure."""

from collections.abc import Mapping
from typing import Any

from services.board.state import Board, Share
from services.board.tile_types import (
    AgainstDay,
    BeforeToday,
    BoardTiles,
    CountAgainst,
    FunnelTile,
    HoursTile,
    NextStep,
    NextTile,
    QueueTile,
    StreetRate,
    StreetsTile,
    TodayTile,
    UnknownTile,
    WholeRate,
)
from services.cases.case import decode_escalation
from services.contract.codes import CHANNELS, DOMAINS, LEVELS
from services.indicators.case_counts import AT
from services.indicators.figure import rate

QUEUE_ROWS = 10
NEXT_ROWS = 6
_INTAKE, _CLOSED, _SHOULD_CLOSE, _ON_TIME = AT["intake"], AT["closed"], AT["should_close"], AT["closed_on_time"]


def street_rows(board: Board) -> list[dict[str, Any]]:
    """Per street (属地), in the order of the package, then codes that it does not know, 未定位 last: DOMAIN.md §4.

    The rows add up to the district. Of what today's roll-ups count as due, open cases whose deadline is still ahead are
    taken out; closed are all the others.
    """
    rolled: dict[str, list[int]] = {}
    for (street, _, _), measures in board.of_day(board.day, "class"):
        found = rolled.setdefault(street, [0, 0])
        found[0] += measures.get(_SHOULD_CLOSE, 0)
        found[1] += measures.get(_ON_TIME, 0)
    rows = []
    unknown = {*rolled, *board.streets}
    for code in [*board.district.streets, *sorted(unknown - {""} - board.district.streets.keys()), ""]:
        area = board.district.streets.get(code)
        now = Share(*board.streets[code]) if code in board.streets else Share()
        booked, booked_on_time = rolled.get(code, (0, 0))
        closed = booked - now.booked
        should_close = closed + now.due_now
        on_time = booked_on_time - now.booked_exempt + now.due_now_exempt
        if area is None and not (now.open or should_close):
            continue
        rows.append(
            {
                "code": code, "name": area.name if area else code, "open": now.open, "overdue": now.overdue,
                "due_soon": now.due_soon, "should_close": should_close, "closed": closed, "closed_on_time": on_time,
                "close_rate": rate(closed, should_close), "on_time_close_rate": rate(on_time, should_close),
            }
        )  # fmt: skip
    return rows


def ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Streets by the unrounded rate, then by volume, then by code; those without a rate come last, by code."""
    return sorted(
        (row for row in rows if row["code"]),
        key=lambda r: (r["on_time_close_rate"] is None, -(r["on_time_close_rate"] or 0), -r["should_close"], r["code"]),
    )


def tiles(board: Board, before: Mapping[str, Any]) -> BoardTiles:
    """Every tile of the wall that the board feeds; ``before``: what today is compared with (``comparison_reader``)."""
    today = board.day
    return BoardTiles(
        today=_today(board, before),
        funnel=_funnel(board),
        hours=HoursTile(_hours(board, today), before.get("hours", [])),
        channels=_against(_intake_by(board, today, "source"), before.get("channel"), CHANNELS),
        domains=_against(_intake_by(board, today, "class"), before.get("domain"), DOMAINS),
        streets=_streets(board),
        queue=_queue(board),
        next=_next(board),
        unknown=_unknown(board),
    )


def _today(board: Board, before: Mapping[str, Any]) -> TodayTile:
    total, against = board.total(), before.get("against")
    return TodayTile(
        overdue=total.overdue, due_soon=total.due_soon, open=total.open, suspended=total.suspended,
        intake=day_sum(board, board.day, "intake"), closed=day_sum(board, board.day, "closed"),
        before=BeforeToday(**{name: before.get(name) for name in BeforeToday.__struct_fields__}),
        against=AgainstDay(*against) if against is not None else None,
    )  # fmt: skip


def _streets(board: Board) -> StreetsTile:
    rows = street_rows(board)
    due, on_time = (sum(row[name] for row in rows) for name in ("should_close", "closed_on_time"))
    return StreetsTile(
        rows=[
            StreetRate(r["code"], r["on_time_close_rate"], r["should_close"], r["open"], r["overdue"])
            for r in (*ranked(rows), *(r for r in rows if not r["code"]))
        ],
        all=WholeRate(rate(on_time, due), due),
        target=board.district.policy.target_on_time,
    )


def day_sum(board: Board, day: int, measure: str) -> int:
    """A measure's sum over the district on one counting day that the board keeps."""
    at = AT[measure]
    return sum(measures.get(at, 0) for _, measures in board.of_day(day, "class"))


def _intake_by(board: Board, day: int, cut: str) -> dict[str, int]:
    """The intake of a day by the cut's first heading."""
    found: dict[str, int] = {}
    for (_, a, _), measures in board.of_day(day, cut):
        if n := measures.get(_INTAKE, 0):
            found[a] = found.get(a, 0) + n
    return found


def _hours(board: Board, day: int) -> list[int]:
    by_hour = _intake_by(board, day, "hour")
    return [by_hour.get(f"{hour:02d}", 0) for hour in range(24)]


def _against(counts: dict[str, int], before: Any, order: tuple[str, ...]) -> list[CountAgainst]:
    """The largest first."""
    codes = sorted({*counts, *(before or {})}, key=lambda c: (-counts.get(c, 0), order.index(c) if c in order else 99))
    return [CountAgainst(code, counts.get(code, 0), None if before is None else before.get(code, 0)) for code in codes]


def _funnel(board: Board) -> FunnelTile:
    """Where this month's closed cases were solved, of those with a known level; the unknown ones stand beside."""
    first = board.district.month_start(board.day)
    closed, levels = 0, dict.fromkeys(LEVELS, 0)
    for day, measures in board.solved.items():
        if first <= day <= board.day:
            closed += measures.get(_CLOSED, 0)
            for level in LEVELS:
                levels[level] += measures.get(AT[f"solved_{level}"], 0)
    known = sum(levels.values())
    policy = board.district.policy
    return FunnelTile(
        n=known,
        unknown=closed - known,
        grid=levels["grid"] + levels["community"],
        street=levels["street"],
        district=levels["district"],
        targets=(policy.target_grid, policy.target_street, policy.target_district),
    )


def _queue(board: Board) -> QueueTile:
    """Cases that the district holds: those that nobody has taken first, then by what breaks next."""
    found = []
    for case_id in board.escalated:
        row = board.rows[case_id]
        ends, taken = row.deadline_at, False
        if row.escalation:
            escalation = decode_escalation(row.escalation)
            ends = escalation.deadline_at or row.deadline_at
            taken = escalation.acknowledged_at is not None
        found.append((taken, ends is None, ends or 0, case_id))
    found.sort()
    rest = found[QUEUE_ROWS:]
    return QueueTile(
        n=len(found),
        untaken=sum(not item[0] for item in found),
        rows=[item[3] for item in found[:QUEUE_ROWS]],
        rest_untaken=sum(not item[0] for item in rest),
        rest_ends=min((item[2] for item in rest if not item[1]), default=None),
    )


def _next(board: Board) -> NextTile:
    """What the district will hold next: proposals that wait for a person, the gravest first; what the clock brings."""
    waiting = sorted(
        (board.rows[p.case_id].severity, p.at, p.case_id, p.rule)
        for p in board.proposals.values()
        if p.mode != "declined" and p.case_id in board.rows and board.rows[p.case_id].level != "district"
    )
    return NextTile(
        proposed=len(waiting),
        rows=[NextStep(case_id, rule, at) for _, at, case_id, rule in waiting[:NEXT_ROWS]],
        coming=[NextStep(case_id, rule, at) for at, case_id, rule in board.upcoming(NEXT_ROWS)],
    )


def _unknown(board: Board) -> UnknownTile:
    """What the screen does not know, so that it can say so."""
    refused: dict[str, int] = {}
    skewed = 0
    for (what, _source), n in board.tallies.items():
        if what.startswith("refused:"):
            reason = what.removeprefix("refused:")
            refused[reason] = refused.get(reason, 0) + n
        elif what == "clock_skew":
            skewed += n
    total = board.total()
    return UnknownTile(
        refused=refused, clock_skew=skewed, irregular=total.irregular,
        unplaced=Share(*board.streets[""]).open if "" in board.streets else 0, estimated=total.estimated,
        lost=board.lost, lost_at=board.lost_at, emptied_at=board.emptied_at, absent=list(board.district.absent),
    )  # fmt: skip
