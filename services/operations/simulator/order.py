"""What is asked of the demo's case system, by what it is judged, and why it is refused. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from services.contract.case import Case, Limit, Time
from services.contract.codes import CoordSys
from services.operations.simulator.office import OfficeHours
from services.platform.refusal import Refusal


class OrderActor(msgspec.Struct, frozen=True):
    """Who asks."""

    user: str = ""
    role: str = ""
    street: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A command's ``data``; fields that we do not know are left out."""

    expected_version: int
    case_id: str = ""
    actor: OrderActor = OrderActor()
    reason: str | None = None
    lead_unit: str | None = None
    co_units: list[str] = []
    limit: Limit | None = None
    to: str | None = None
    to_unit: str | None = None
    kind: str | None = None
    level: int | None = None
    reason_code: str | None = None
    units: list[str] = []
    unit_id: str | None = None
    until: Time | None = None
    result: str | None = None
    into: str | None = None
    camera_id: str | None = None
    fault: str | None = None
    lon: float | None = None
    lat: float | None = None
    coord_sys: CoordSys | None = None
    unit: str | None = None
    what: str | None = None
    attachments: list[str] = []
    acted_at: Time | None = None


# Why an order is refused. The ``reason`` of ``command.rejected`` is one of these, a colon and the detail for people who
# read logs: screens have their own words for the code.
REFUSALS = (
    "unknown_type", "stale", "closed", "missing", "bad_value", "overdue", "already", "not_at_district",
    "no_escalation", "no_clock", "no_whistle", "not_now", "not_suspended", "unit_unknown", "unit_off", "camera_unknown",
)  # fmt: skip


class RefusedOrder(Refusal):
    """The case system does not do it; the text is the ``reason`` of ``command.rejected``."""

    def __init__(self, code: str, detail: str) -> None:
        assert code in REFUSALS, code
        super().__init__(f"{code}: {detail}", code)


@dataclass(frozen=True, slots=True)
class Desk:
    """What an order is judged against: the time, the office hours, open cases, known cameras, what each unit does."""

    now_ms: int
    office: OfficeHours
    open_cases: Mapping[str, Case]
    cameras: frozenset[str] = frozenset()
    units: Mapping[str, str] = field(default_factory=dict)
