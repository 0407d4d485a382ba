"""Panels drawn ahead: the case that a hand is about to open is read and drawn before it is clicked.

A browser names the row that the mouse rests on, or that the keyboard comes to next; nothing is sent then. The click
asks as ever, is recorded as ever, and finds the panel drawn. What was drawn stands for the case's version and a few
seconds.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from services.board.state import Board
from services.cases.case import CaseRow

# The clocks of a panel show seconds in their last half hour: older than this it is drawn anew.
KEPT_S = 4.0
KEPT = 200


class DrawnPanel(NamedTuple):
    """A panel as HTML, and the case that it shows."""

    row: CaseRow
    text: str


class PanelsAhead:
    """The panels that this process has drawn ahead."""

    def __init__(self, board_of: Callable[[], Board], now_s: Callable[[], float] = time.monotonic) -> None:
        self._board_of, self._now_s = board_of, now_s
        self._kept: OrderedDict[Hashable, tuple[float, Hashable, DrawnPanel]] = OrderedDict()
        self._busy: set[Hashable] = set()

    def prepare(self, user_id: str, case_id: str, language: str, draw: Callable[[], DrawnPanel | None]) -> None:
        """Draw a panel for later, unless it stands; a person has one drawn at a time."""
        key = user_id, case_id, language
        if user_id in self._busy or self._fresh(key) is not None or (mark := self._mark_of(case_id)) is None:
            return
        self._busy.add(user_id)
        try:
            drawn = draw()
        finally:
            self._busy.discard(user_id)
        if drawn is None:
            return
        self._kept[key] = self._now_s(), mark, drawn
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def take(self, user_id: str, case_id: str, language: str) -> DrawnPanel | None:
        """The panel that was drawn ahead, if it still is what would be drawn now."""
        return self._fresh((user_id, case_id, language))

    def _mark_of(self, case_id: str) -> Hashable | None:
        """What changes with whatever a panel says of an open case; None: it is not open."""
        board = self._board_of()
        row = board.rows.get(case_id)
        if row is None:
            return None
        return row.order, board.lights[case_id], board.proposals.get(case_id), case_id in board.unseen

    def _fresh(self, key: tuple[str, str, str]) -> DrawnPanel | None:
        found = self._kept.get(key)
        if found is None:
            return None
        at, mark, drawn = found
        if self._now_s() - at <= KEPT_S and mark == self._mark_of(key[1]):
            return drawn
        del self._kept[key]
        return None
