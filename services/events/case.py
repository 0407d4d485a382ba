"""``case.*``: every event carries the whole case and a version (CONTRACT.md)."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.events.codes import Channel, CoordSys, Level, LimitUnit, Status

Time = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset")]
Key = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Version = Annotated[int, Meta(ge=1, le=2**53)]  # a browser's numbers are exact up to there


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A piece of an event: unknown fields are refused here, then left out and counted by the parser."""


class Category(Part, frozen=True):
    """The city-management class: the key is (scheme, kind, major, minor)."""

    scheme: str | None = None
    kind: Literal["component", "event"] | None = None
    major: str | None = None
    minor: str | None = None
    name: str | None = None
    condition: str | None = None


class Limit(Part, frozen=True):
    """A time limit: UH and UD run on through nights, WH and WD in office hours only."""

    value: Annotated[float, Meta(gt=0, le=100_000)]
    unit: LimitUnit


class CaseClock(Part, frozen=True):
    """One of a case's clocks. A published ``deadline_at`` has extensions and ended suspensions in it."""

    what: Literal["handle", "close"]
    level: Level | None = None
    started_at: Time | None = None
    limit: Limit | None = None
    deadline_at: Time | None = None
    stopped_at: Time | None = None


class Suspension(Part, frozen=True):
    """挂账: the clock stands; an open one has no ``until``."""

    from_: Time = msgspec.field(name="from")
    until: Time | None = None


class Supervision(Part, frozen=True):
    """督办: someone senior watches."""

    kind: Literal["overdue", "leader", "important"]
    level: Annotated[int, Meta(ge=1, le=3)] | None = None
    at: Time | None = None
    ended_at: Time | None = None


class Escalation(Part, frozen=True):
    """升级: the level changes; the last of the list is the present one."""

    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    at: Time | None = None
    deadline_at: Time | None = None
    acknowledged_at: Time | None = None
    acknowledged_by: str | None = None
    returned_at: Time | None = None


class WhistledUnit(Part, frozen=True):
    """A department called by a whistle."""

    unit: str
    answered_at: Time | None = None
    arrived_at: Time | None = None


class Whistle(Part, frozen=True):
    """吹哨: the street calls departments together."""

    at: Time | None = None
    reason_code: str | None = None
    units: list[WhistledUnit] = []
    ended_at: Time | None = None
    result: str | None = None


class Rating(Part, frozen=True):
    """The citizen's answer on the call-back."""

    valid: bool | None = None
    contacted: bool | None = None
    solved: Literal["yes", "no"] | None = None
    satisfied: Literal["yes", "fairly", "no"] | None = None
    at: Time | None = None


class Reporter(Part, frozen=True):
    """Who reported it: personal, encrypted wherever it is kept."""

    name: str | None = None
    phone: str | None = None


class Step(Part, frozen=True):
    """What this event did: the only part that is not state."""

    actor: str | None = None
    unit: str | None = None
    from_unit: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    note: str | None = None
    command_id: str | None = None


class Case(Part, frozen=True):
    """The case as it stands after the event."""

    case_id: Key
    version: Version
    status: Status
    channel: Channel
    reported_at: Time
    title: str | None = None
    description: str | None = None
    address: str | None = None
    domain: str | None = None
    category: Category | None = None
    severity: Annotated[int, Meta(ge=1, le=4)] = 4
    level: Level | None = None
    highest_level: Level | None = None
    self_handled: bool = False
    lon: float | None = None
    lat: float | None = None
    coord_sys: CoordSys | None = None
    street: str | None = None
    community: str | None = None
    grid: str | None = None
    lead_unit: str | None = None
    co_units: list[str] = []
    handler: str | None = None
    accepted_at: Time | None = None
    filed_at: Time | None = None
    dispatched_at: Time | None = None
    acknowledged_at: Time | None = None
    handled_at: Time | None = None
    checked_at: Time | None = None
    closed_at: Time | None = None
    voided_at: Time | None = None
    reopened_at: Time | None = None
    clocks: list[CaseClock] = []
    limit: Limit | None = None
    deadline_at: Time | None = None
    on_time: bool | None = None
    dispatches: Count = 0
    wrong_dispatches: Count = 0
    extensions: Count = 0
    returns: Count = 0
    reworks: Count = 0
    reopens: Count = 0
    suspensions: list[Suspension] = []
    supervisions: list[Supervision] = []
    escalations: list[Escalation] = []
    whistles: list[Whistle] = []
    appeal_exempt: bool = False
    merged_into: str | None = None
    rating: Rating | None = None
    reporter: Reporter | None = None
    campaign: str | None = None
    attachments: list[str] = []
    step: Step | None = None


# Longer texts are cut and flagged, not refused (CONTRACT.md).
TEXT_LIMITS = {"title": 200, "description": 4000, "address": 200}
