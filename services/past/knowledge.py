"""What was known at a past moment beside what is known of it now: entries that came late change it. Pure."""

from collections.abc import Sequence

import msgspec

from services.events.case import Case
from services.events.codes import SENSITIVE_DOMAINS
from services.liveboard.board import Board
from services.liveboard.figures import day_sum, street_rows
from services.past.room import Arrived, LookUp, PastRoom
from services.projector.rebuild import event_of
from services.store.read import Past

# More late entries than this are counted, not listed.
LISTED = 40


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
    """The two views of one moment; without anything late they are the same. ``n``: how many entries came late."""

    then: Figures
    now: Figures
    n: int
    late: list[Late]


def knowledge(room: PastRoom, late: Sequence[Past], look_up: LookUp) -> Knowledge:
    """Then, and now: ``late`` are the entries that had happened at the room's moment and came after it."""
    then = figures_of(room.board)
    if not late:
        return Knowledge(then, then, 0, [])
    later = room.copy()
    later.take(Arrived(late), room.at, look_up)
    return Knowledge(then, figures_of(later.board), len(late), [_told(past, later) for past in late[:LISTED]])


def figures_of(board: Board) -> Figures:
    """The counters that the wall shows, by the same definitions."""
    rows, total = street_rows(board), board.total()
    due, on_time = (sum(row[name] for row in rows) for name in ("should_close", "closed_on_time"))
    return Figures(
        total.open, total.overdue, total.due_soon, total.escalated, day_sum(board, board.day, "intake"),
        day_sum(board, board.day, "closed"), due, on_time / due if due else None,
    )  # fmt: skip


def _told(past: Past, later: PastRoom) -> Late:
    case = event_of(past).body
    assert isinstance(case, Case)
    row = later.board.rows.get(past.subject)
    domain = row.domain if row is not None else case.domain or "99"
    name = row.class_name if row is not None else (case.category.name if case.category else None) or ""
    return Late(
        past.subject, past.type, past.time, past.received_at, row.street if row is not None else case.street or "",
        "" if domain in SENSITIVE_DOMAINS else name[:60], domain,
    )  # fmt: skip
