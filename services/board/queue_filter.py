"""What the desk's queue lets through, judged on the server: the export has the rows that the screen shows. Pure.

The same rules as in the browser: ``assets/modules/desk/queue-filters.js`` and ``queue-match.js``.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.board.state import Board
from services.cases.case import CaseRow, decode_escalation
from services.cases.deadlines import LIGHTS

Comparison = Literal["contains", "notContains", "equals", "startsWith", "endsWith"]
Box = tuple[float, float, float, float]
# Column → what it says of a case, in the language of whoever asks.
TextOf = Mapping[str, Callable[[CaseRow], str]]
# What the box of the queue looks through.
SEARCHED = ("domain", "street", "case", "grid", "unit", "status", "channel")

_COMPARE: dict[Comparison, Callable[[str, str], bool]] = {
    "contains": lambda text, wanted: wanted in text,
    "notContains": lambda text, wanted: wanted not in text,
    "equals": lambda text, wanted: text == wanted,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


class Condition(msgspec.Struct, frozen=True):
    """One condition of a column's filter, as the table's menu makes it."""

    type: Comparison
    filter: Annotated[str, Meta(max_length=200)] = ""


class ColumnFilter(msgspec.Struct, frozen=True):
    """A column's filter: a single condition, or several joined by ``operator``."""

    type: Comparison = "contains"
    filter: Annotated[str, Meta(max_length=200)] = ""
    operator: Literal["AND", "OR"] = "AND"
    conditions: Annotated[list[Condition], Meta(max_length=4)] = []

    def holds(self, text: str) -> bool:
        """Whether a text passes; capitals and small letters are one."""
        found = [_holds(one.type, one.filter, text) for one in self.conditions or [Condition(self.type, self.filter)]]
        return any(found) if self.operator == "OR" else all(found)


class QueueFilter(msgspec.Struct, frozen=True):
    """What is asked for: chips, the words of the box, the map's box (west, south, east, north), column filters."""

    only: tuple[str, ...] = ()
    text: str = ""
    box: Box | None = None
    columns: Mapping[str, ColumnFilter] = {}

    def __bool__(self) -> bool:
        return bool(self.only or self.text or self.box or self.columns)

    def passes(self, row: CaseRow, board: Board, texts: TextOf, neighbour: Callable[[CaseRow], str]) -> bool:
        """Whether the queue shows the case under this filter."""
        if self.box is not None and not _lies_in(row, self.box):
            return False
        if not all(_belongs(name, row, board, neighbour) for name in self.only):
            return False
        if not all(one.holds(texts[name](row).lower()) for name, one in self.columns.items() if name in texts):
            return False
        return not self.text or self.text.lower() in " ".join(texts[name](row) for name in SEARCHED).lower()


def is_untaken(row: CaseRow) -> bool:
    """Whether the district holds a case and nobody there has taken it."""
    if row.level != "district":
        return False
    return not row.escalation or decode_escalation(row.escalation).acknowledged_at is None


def _belongs(name: str, row: CaseRow, board: Board, neighbour: Callable[[CaseRow], str]) -> bool:
    """Whether a case is one of a chip's."""
    if name in _LIGHT:
        return board.lights.get(row.case_id) == _LIGHT[name]
    if name == "proposed":
        proposal = board.proposals.get(row.case_id)
        return proposal is not None and proposal.mode != "declined"
    if name == "border":
        return bool(neighbour(row))
    return {
        "untaken": is_untaken(row),
        "district": row.level == "district",
        "unplaced": row.lon is None,
        "unseen": row.case_id in board.unseen,
    }[name]


_LIGHT = {"soon": LIGHTS.index("due_soon"), "overdue": LIGHTS.index("overdue"), "suspended": LIGHTS.index("suspended")}
CHIPS = frozenset({*_LIGHT, "untaken", "district", "proposed", "unplaced", "border", "unseen"})


def _holds(kind: Comparison, wanted: str, text: str) -> bool:
    return not wanted or _COMPARE[kind](text, wanted.lower())


def _lies_in(row: CaseRow, box: Box) -> bool:
    if row.lon is None or row.lat is None:
        return False
    west, south, east, north = box
    return west <= row.lon <= east and south <= row.lat <= north
