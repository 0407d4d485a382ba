"""What a desk's panel shows of a case: gathered from the readers, drawn by the layout."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from dashboard.layouts.desk_panel import desk_panel
from dashboard.layouts.joint_part import joint_part
from dashboard.layouts.personal import by_name, personal_part
from services.access.rights import Person
from services.board.readers.camera import CameraReader
from services.board.readers.case import CaseView
from services.board.state import Board
from services.cases.acts_reader import acts_of
from services.cases.escalation import takeover
from services.cases.limits import limit_of_class
from services.cases.whose import may_case
from services.district.package import District
from services.platform.sealing import Sealer
from services.projector.sealed.service import personal_fields


class DeskPanel:
    """Draws the panel for a person who may see the case's texts."""

    def __init__(  # noqa: PLR0917  # one of each door
        self,
        district: District,
        engine: Engine,
        board_of: Callable[[], Board],
        cameras: CameraReader,
        sealer: Sealer,
        now: Callable[[], int],
        offload: Callable[[Any], Any],
    ) -> None:
        self._district, self._engine, self._board_of = district, engine, board_of
        self._cameras, self._sealer, self._now, self._offload = cameras, sealer, now, offload

    def draw(self, view: CaseView, words: dict[str, Any], person: Person) -> Any:
        """The panel's content."""
        row, board, now = view.row, self._board_of(), self._now()
        place = self._cameras.place(row) if row.is_open else None
        next_one = takeover(row, self._district.policy.escalation)
        fields, acts = self._offload(
            lambda: (
                personal_fields(self._engine, self._sealer, row.case_id) or [], acts_of(self._engine, row.case_id)
            )
        )  # fmt: skip
        can_reveal = may_case(person, "reveal", row)
        units = self._district.units
        if words["language"] == "en":
            units = {**units, **self._district.units_en}
        return desk_panel(
            view, words, self._district.zone, now, person, place, board.proposals.get(row.case_id),
            next_one[0] if next_one else None, limit_of_class(self._district.categories, row.class_key), acts, [
                *joint_part(view.joint, words, self._district.zone, units),
                *personal_part(by_name(fields, view.events, acts), words, can_reveal=can_reveal),
            ],
        )  # fmt: skip
