"""Whether somebody who is about to sign a handover is on its roster, and what they are told before they do."""

from collections.abc import Sequence
from typing import Any

from services.access.rights import Person, may_seat, seat_of


def is_on_roster(asking: Person, seat: str, names: Sequence[str], district: str) -> bool:
    """Whether the person is one of ``names``; where the roster names nobody the seat's own people are."""
    return bool({asking.name, asking.user_id} & set(names)) if names else seat_of(asking, district) == seat


def warning(  # noqa: PLR0917  # who signs what
    asking: Person, seat: str, names: Sequence[str], district: str, side: str, words: dict[str, Any]
) -> str:
    """What one who may sign and is not on the roster is told, with the two ways out; empty for all others.

    ``side``: handing, taking.
    """
    names = [*filter(None, names)]
    if not may_seat(asking, "sign_handover", seat, district) or is_on_roster(asking, seat, names, district):
        return ""
    labels = words["handover"]
    on = str(words["unit"]["list"]).join(names) or labels["nobody"]
    return str(labels["about_to_sign"].format(side=labels[side], who=asking.name, names=on))
