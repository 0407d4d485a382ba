"""What was known at a past moment beside what is known of it now: entries that came late change it. Pure."""

from collections.abc import Sequence

import msgspec

from services.board.state import Board
from services.board.tiles import day_sum, street_rows
from services.cases.case import CaseRow
from services.contract.codes import SENSITIVE_DOMAINS
from services.past.room import Arrived, LookUp, PastRoom
from services.projector.store.read import Past

# More late entries than this are counted, not listed.
LISTED = 40
# And more than these are counted, not read.
MOST_LATE = 10_000


class Figures(msgspec.Struct, frozen=True):
    """The district's counters at the moment: numbers of cases; ``rate`` is closed on time of those due, or None."""

    open: int
    overdue: int
    due_soon: int
    at_district: int
    intake: int
    closed: int
    due: int
    rate: float | None


class Late(msgspec.Struct, frozen=True):
    """An entry that had happened and was not known: its case, what, when it happened and came (Unix ms)."""

    case_id: str
    type: str
    at: int
    received_at: int
    street: str
    class_name: str
    domain: str


class Knowledge(msgspec.Struct, frozen=True):
    """The two views of one moment; without anything late they are the same. ``n``: how many entries came late.

    ``now`` is None where so many came late that they were not all read.
    """

    then: Figures
    now: Figures | None
    n: int
    late: list[Late]


def knowledge(room: PastRoom, late: tuple[int, Sequence[Past]], look_up: LookUp) -> Knowledge:
    """Then, and now: ``late`` are the entries that had happened at the room's moment and came after it.

    It is how many there are, and those that were read: the oldest, or all.
    """
    then, (n, pasts) = figures_of(room.board), late
    if not pasts:
        return Knowledge(then, then, 0, [])
    later = room.copy()
    later.take(Arrived(pasts), room.at, look_up)
    ids = list(dict.fromkeys(past.subject for past in pasts[:LISTED]))
    ended = [case_id for case_id in ids if case_id not in later.board.rows]
    rows = later.board.rows | later.rows_of(ended, [*look_up(ended, room.at), *pasts])
    told = [_told(past, rows[past.subject]) for past in pasts[:LISTED]]
    return Knowledge(then, figures_of(later.board) if n == len(pasts) else None, n, told)


def figures_of(board: Board) -> Figures:
    """The counters that the wall shows, by the same definitions."""
    rows, total = street_rows(board), board.total()
    due, on_time = (sum(row[name] for row in rows) for name in ("should_close", "closed_on_time"))
    return Figures(
        total.open, total.overdue, total.due_soon, total.escalated, day_sum(board, board.day, "intake"),
        day_sum(board, board.day, "closed"), due, on_time / due if due else None,
    )  # fmt: skip


def _told(past: Past, row: CaseRow) -> Late:
    """An entry, with the case's street and class as they are known: of a sensitive class no name."""
    name = "" if row.domain in SENSITIVE_DOMAINS else row.class_name
    return Late(past.subject, past.type, past.time, past.received_at, row.street, name, row.domain)
