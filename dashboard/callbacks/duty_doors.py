"""What the addresses of the duty need from outside."""

from dataclasses import dataclass

from dashboard.door.access import Access
from dashboard.door.recording import Recorder
from dashboard.live.room import LiveRoom
from services.audit import Signer
from services.district.package import District
from services.platform.clock import Clock
from services.platform.offload import Offload
from services.platform.wakeups import Wakeups
from services.projector.sealed.case_people import CasePeople


@dataclass(frozen=True, slots=True)
class DutyDoors:
    """What the addresses of the duty need from outside."""

    access: Access
    district: District
    room: LiveRoom
    clock: Clock
    offload: Offload
    record: Recorder
    wakeups: Wakeups
    signer: Signer
    people: CasePeople
