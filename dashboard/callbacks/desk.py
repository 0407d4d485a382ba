"""What a desk's panel shows of a case: gathered from the readers, drawn by the layout."""

from collections.abc import Callable
from typing import Any

from dashboard.layouts.desk_panel import desk_panel
from services.camera_view import CameraReader
from services.case_view import CaseView
from services.district.package import District
from services.escalation.rules import takeover
from services.liveboard.board import Board
from services.rights import Person


class DeskPanel:
    """Draws the panel for a person who may see the case's texts."""

    def __init__(
        self, district: District, board_of: Callable[[], Board], cameras: CameraReader, now: Callable[[], int]
    ) -> None:
        self._district, self._board_of, self._cameras, self._now = district, board_of, cameras, now

    def draw(self, view: CaseView, words: dict[str, Any], person: Person) -> Any:
        """The panel's content."""
        row, board, now = view.row, self._board_of(), self._now()
        place = self._cameras.place(row) if row.is_open else None
        next_one = takeover(row, self._district.policy.escalation)
        return desk_panel(
            view, words, self._district.zone, now, person, place, board.proposals.get(row.case_id),
            next_one[0] if next_one else None,
        )  # fmt: skip
