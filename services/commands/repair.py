"""A person asks for the repair of a camera: judged by right and reason, one command a click. Pure."""

from typing import Any

import msgspec

from services.access.rights import Person, may, seat_of
from services.commands.judge import REASON_LEAST, REASON_MOST, Reason, Sent, command_id
from services.contract.case import Code
from services.contract.commands import CameraRepair
from services.district.package import District

TYPE = "camera.repair"


class RepairWish(msgspec.Struct, frozen=True):
    """One click (``batch``): what is wrong with the camera (a code of the contract, or empty), for which case, why."""

    batch: Code
    fault: Code = ""
    case_id: Code = ""
    reason: Reason = ""


def judge_repair(
    wish: RepairWish, camera_id: str, version: int | None, person: Person, *, district: District, now: int
) -> tuple[Sent | None, str]:
    """(the command to send, ''), or (None, why not: a code of ``judge.REFUSALS``).

    ``version`` is the camera's, 0 for one of the package that nobody has told of; None: there is no such camera.
    """
    if not may(person, TYPE):
        return None, "forbidden"
    if version is None:
        return None, "no_camera"
    reason = wish.reason.strip()
    if len(reason) < REASON_LEAST:
        return None, "no_reason"
    if len(reason) > REASON_MOST:
        return None, "long_reason"
    actor = {"user": person.user_id, "role": person.role, **({"street": person.street} if person.street else {})}
    told: dict[str, Any] = {"camera_id": camera_id, "expected_version": version, "actor": actor, "reason": reason}
    told |= {name: text for name, text in (("fault", wish.fault), ("case_id", wish.case_id)) if text}
    try:
        made = msgspec.convert(told, CameraRepair)
    except msgspec.ValidationError:
        return None, "bad_value"
    ours = command_id(district.code, person.user_id, wish.batch, f"camera|{camera_id}")
    return Sent(
        ours, wish.batch, now, person.user_id, person.role, seat_of(person, district.code), TYPE, wish.case_id,
        version, msgspec.json.encode(made),
    ), ""  # fmt: skip
