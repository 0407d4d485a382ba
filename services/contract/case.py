"""``case.*``: every event carries the whole case and a version (CONTRACT.md)."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.contract.codes import Channel, CoordSys, Level, LimitUnit, Status

Time = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset")]
Key = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
# Every text and list has a length. An index of PostgreSQL takes 2,704 bytes a key, and a character has up to four: the
# longest key that is put together of codes (a roll-up's street, community and grid) stays below 800.
Code = Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(max_length=100)]
Note = Annotated[str, Meta(max_length=4000)]
Url = Annotated[str, Meta(max_length=2000)]
MOST_PARTS = 500
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Version = Annotated[int, Meta(ge=1, le=2**53)]  # a browser's numbers are exact up to there


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A piece of an event: unknown fields are refused here, then left out and counted by the parser."""


class Category(Part, frozen=True):
    """The city-management class: the key is (scheme, kind, major, minor)."""

    scheme: Code | None = None
    kind: Literal["component", "event"] | None = None
    major: Code | None = None
    minor: Code | None = None
    name: Name | None = None
    condition: Note | None = None


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

    from_: Code | None = msgspec.field(name="from", default=None)
    to: Code | None = None
    reason_code: Code | None = None
    reason: Note | None = None
    at: Time | None = None
    deadline_at: Time | None = None
    acknowledged_at: Time | None = None
    acknowledged_by: Name | None = None
    returned_at: Time | None = None


class WhistledUnit(Part, frozen=True):
    """A department called by a whistle."""

    unit: Code
    answered_at: Time | None = None
    arrived_at: Time | None = None


class Whistle(Part, frozen=True):
    """吹哨: the street calls departments together."""

    at: Time | None = None
    reason_code: Code | None = None
    units: Annotated[list[WhistledUnit], Meta(max_length=MOST_PARTS)] = []
    ended_at: Time | None = None
    result: Note | None = None


class Rating(Part, frozen=True):
    """The citizen's answer on the call-back."""

    valid: bool | None = None
    contacted: bool | None = None
    solved: Literal["yes", "no"] | None = None
    satisfied: Literal["yes", "fairly", "no"] | None = None
    at: Time | None = None


class Reporter(Part, frozen=True):
    """Who reported it: personal, encrypted wherever it is kept."""

    name: Name | None = None
    phone: Name | None = None


class Step(Part, frozen=True):
    """What this event did: the only part that is not state."""

    actor: Name | None = None
    unit: Code | None = None
    from_unit: Code | None = None
    reason_code: Code | None = None
    reason: Note | None = None
    note: Note | None = None
    command_id: Code | None = None


class Case(Part, frozen=True):
    """The case as it stands after the event."""

    case_id: Key
    version: Version
    status: Status
    channel: Channel
    reported_at: Time
    title: str | None = None  # these three: TEXT_LIMITS
    description: str | None = None
    address: str | None = None
    domain: Code | None = None
    category: Category | None = None
    severity: Annotated[int, Meta(ge=1, le=4)] = 4
    level: Level | None = None
    highest_level: Level | None = None
    self_handled: bool = False
    lon: float | None = None
    lat: float | None = None
    coord_sys: CoordSys | None = None
    street: Code | None = None
    community: Code | None = None
    grid: Code | None = None
    lead_unit: Code | None = None
    co_units: Annotated[list[Code], Meta(max_length=MOST_PARTS)] = []
    handler: Name | None = None
    accepted_at: Time | None = None
    filed_at: Time | None = None
    dispatched_at: Time | None = None
    acknowledged_at: Time | None = None
    handled_at: Time | None = None
    checked_at: Time | None = None
    closed_at: Time | None = None
    voided_at: Time | None = None
    reopened_at: Time | None = None
    clocks: Annotated[list[CaseClock], Meta(max_length=MOST_PARTS)] = []
    limit: Limit | None = None
    deadline_at: Time | None = None
    on_time: bool | None = None
    dispatches: Count = 0
    wrong_dispatches: Count = 0
    extensions: Count = 0
    returns: Count = 0
    reworks: Count = 0
    reopens: Count = 0
    suspensions: Annotated[list[Suspension], Meta(max_length=MOST_PARTS)] = []
    supervisions: Annotated[list[Supervision], Meta(max_length=MOST_PARTS)] = []
    escalations: Annotated[list[Escalation], Meta(max_length=MOST_PARTS)] = []
    whistles: Annotated[list[Whistle], Meta(max_length=MOST_PARTS)] = []
    appeal_exempt: bool = False
    merged_into: Code | None = None
    rating: Rating | None = None
    reporter: Reporter | None = None
    campaign: Code | None = None
    attachments: Annotated[list[Url], Meta(max_length=MOST_PARTS)] = []
    step: Step | None = None
