"""Whether somebody who is about to sign a handover is on its roster, and what they are told before they do."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.access.rights import Person, may_seat, seat_of
from services.district.package import District
from services.duty.seats import seat_kind
from services.duty.service import DutyDesk


def is_on_roster(asking: Person, seat: str, names: Sequence[str], district: str) -> bool:
    """Whether the person is one of ``names``; where the roster names nobody the seat's own people are."""
    return bool({asking.name, asking.user_id} & set(names)) if names else seat_of(asking, district) == seat


class BeforeSigning:
    """What one who may sign and is not on the roster is told, with who is; empty for all others."""

    def __init__(self, asking: Person, seat: str, district: District, words: dict[str, Any]) -> None:
        self._asking, self._seat, self._words = asking, seat, words
        self._district, self._kind = district.code, seat_kind(district, seat) or ""

    def out(self, names: Sequence[str]) -> str:
        """Before they sign for the shift that goes, which ``names`` have."""
        return self._told(names, "handing")

    def into(self, kept: Any, names: Sequence[str]) -> str:
        """Before they sign a kept handover for the shift that comes; empty where another must, or has."""
        me = f"{self._asking.user_id} {self._asking.name}"
        return "" if kept.in_by or kept.out_by == me else self._told(names, "taking")

    def all(self, desk: DutyDesk, now: int, found: Iterable[Any]) -> dict[str, str]:
        """«out», and the id of each handover that nobody has taken over → what is told."""
        open_ones = {kept.id: self.into(kept, desk.coming(self._seat, kept.id)) for kept in found if not kept.in_by}
        return {"out": self.out(desk.going(self._seat, now)), **open_ones}

    def _told(self, names: Sequence[str], side: str) -> str:
        names, labels = [*filter(None, names)], self._words["handover"]
        if not may_seat(self._asking, "sign_handover", self._seat, self._district, self._kind):
            return ""
        if is_on_roster(self._asking, self._seat, names, self._district):
            return ""
        on = str(self._words["unit"]["list"]).join(names) or labels["nobody"]
        return str(labels["about_to_sign"].format(side=labels[side], who=self._asking.name, names=on))
