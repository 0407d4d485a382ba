"""What a desk's panel shows of a case: gathered from the readers, drawn by the layout."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dash.development.base_component import Component
from sqlalchemy import Engine

from dashboard.layouts.desk_panel import desk_panel
from dashboard.layouts.joint_part import joint_part
from dashboard.layouts.personal import by_name, personal_part
from dashboard.layouts.photo_part import photo_part
from services.access.rights import Person
from services.board.readers.camera import CameraReader
from services.board.readers.case import CaseView
from services.board.state import Board
from services.cases.acts_reader import CaseAct, acts_of
from services.cases.escalation import takeover
from services.cases.limits import limit_of_class
from services.cases.whose import may_case, may_photos
from services.district.package import District
from services.platform.sealing import Sealer
from services.projector.sealed.service import PersonalField, personal_fields


class DeskFacts(NamedTuple):
    """The fields of a case that may be personal, masked, and what colleagues have asked about it."""

    fields: Sequence[PersonalField]
    acts: Sequence[CaseAct]


@dataclass(frozen=True, slots=True)
class DeskPanel:
    """The doors of the panel; draws it for a person who may see the case's texts. ``now`` in ms."""

    district: District
    engine: Engine
    board_of: Callable[[], Board]
    cameras: CameraReader
    sealer: Sealer
    now: Callable[[], int]

    def beside(self, case_id: str) -> DeskFacts:
        """What a desk says of a case beside its view. A read of the store, for a thread."""
        return DeskFacts(personal_fields(self.engine, self.sealer, case_id) or [], acts_of(self.engine, case_id))

    def draw(self, view: CaseView, beside: DeskFacts, words: dict[str, Any], person: Person) -> list[Component]:
        """The panel's content."""
        row, board, now = view.row, self.board_of(), self.now()
        place = self.cameras.place(row) if row.is_open else None
        next_one = takeover(row, self.district.policy.escalation)
        fields, acts = beside
        can_reveal = may_case(person, "reveal", row)
        units = self.district.units
        if words["language"] == "en":
            units = {**units, **self.district.units_en}
        return desk_panel(
            view, words, self.district.zone, now, person, place=place, proposal=board.proposals.get(row.case_id),
            takeover_at=next_one[0] if next_one else None, acts=acts,
            class_limit=limit_of_class(self.district.categories, row.class_key), more=[
                *joint_part(view.joint, words, self.district.zone, units),
                *photo_part(view, words, self.district.zone, can_see=may_photos(person, row)),
                *personal_part(by_name(fields, view.events, acts), words, can_reveal=can_reveal),
            ],
        )  # fmt: skip
