"""Commands: what our screens and the escalation policy ask of the case system (CONTRACT.md, «Commands»).

The CloudEvent's ``id`` is the ``command_id``. The case system executes an id once, refuses a stale
``expected_version``, and repeats the id in the ``step.command_id`` of the event with the effect.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.contract.case import MOST_PARTS, Code, Key, Limit, Part, Time, Url, Version
from services.contract.codes import CoordSys
from services.contract.others import Fault

ReasonCode = Literal[
    "wrong_unit", "beyond_power", "needs_departments", "level_deadline", "ping_pong", "rework_limit", "repeat",
    "severity", "whistle", "other",
]  # fmt: skip
Reason = Annotated[str, Meta(max_length=500)]


def _key_of(what: str) -> Meta:
    """Say what a key names: a form asks for it with the list of those (services.contract.command_forms)."""
    return Meta(extra={"names": what})


Unit = Annotated[Key, _key_of("unit")]
Units = Annotated[list[Unit], Meta(min_length=1, max_length=MOST_PARTS)]
CaseKey = Annotated[Key, _key_of("case")]
Patrol = Annotated[Key, _key_of("patrol")]
CameraKey = Annotated[Key, _key_of("camera")]


class Actor(Part, frozen=True):
    """Who asks."""

    user: Key
    role: Key
    street: Code | None = None


class Command(Part, frozen=True, kw_only=True):
    """What every command says of a case."""

    case_id: Key
    expected_version: Version
    actor: Actor
    reason: Reason | None = None


class FieldAct(Command, frozen=True, kw_only=True):
    """What somebody did in the field. ``acted_at``: when, where it is told later (a phone without a network).

    With it the case system judges whether the act is still possible, not ``expected_version``; at most 24 h back, never
    ahead.
    """

    acted_at: Time | None = None


class Dispatch(Command, frozen=True):
    """``case.dispatch``: give it to a unit."""

    lead_unit: Unit
    co_units: Annotated[list[Unit], Meta(max_length=MOST_PARTS)] = []
    limit: Limit | None = None


class Return(FieldAct, frozen=True):
    """``case.return``: send it back, or on to another unit."""

    to_unit: Unit | None = None
    reason_code: ReasonCode = "wrong_unit"


class Urge(Command, frozen=True):
    """``case.urge``: ask whoever has it, or ``to``, to hurry."""

    to: Unit | None = None


class Extend(Command, frozen=True):
    """``case.extend``."""


class Supervise(Command, frozen=True):
    """``case.supervise``: someone senior watches."""

    kind: Literal["overdue", "leader", "important"]
    level: Annotated[int, Meta(ge=1, le=3)] | None = None


class Suspend(Command, frozen=True):
    """``case.suspend``: the clock stands until then."""

    until: Time


class Escalate(Command, frozen=True):
    """``case.escalate``: to the next level."""

    to: Unit
    reason_code: ReasonCode = "other"


class Resume(Command, frozen=True):
    """``case.resume``."""


class AcknowledgeEscalation(Command, frozen=True):
    """``case.acknowledge_escalation``: the district has taken it."""


class Close(Command, frozen=True):
    """``case.close``."""

    result: Reason | None = None


class TakeBack(Command, frozen=True):
    """``case.take_back``: the street has it again."""


class Void(Command, frozen=True):
    """``case.void``."""


class Blow(Command, frozen=True):
    """``case.whistle``: call departments together; the case's own unit goes on to lead."""

    units: Units
    reason_code: ReasonCode = "whistle"


class Merge(Command, frozen=True):
    """``case.merge``: it duplicates ``into``."""

    into: CaseKey


class AssignUnit(Command, frozen=True):
    """``case.assign_unit``: send a patrol."""

    unit_id: Patrol


class Acknowledge(FieldAct, frozen=True):
    """``case.acknowledge``: whoever has it has seen it and takes it on."""


class Progress(FieldAct, frozen=True):
    """``case.progress``: on the way, or there."""

    what: Literal["departed", "arrived"]


class Handle(FieldAct, frozen=True):
    """``case.handle``: done, by whoever acts (办结). The case is closed by ``case.close``."""

    result: Reason
    attachments: Annotated[list[Url], Meta(max_length=MOST_PARTS)] = []


class AnswerWhistle(FieldAct, frozen=True):
    """``case.answer_whistle``: a unit that was called answers, or is there."""

    unit: Unit
    what: Literal["answered", "arrived"]


class Split(Command, frozen=True):
    """``case.split``."""


class Locate(Command, frozen=True):
    """``case.locate``: say where it is."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    coord_sys: CoordSys


class CameraRepair(Part, frozen=True):
    """``camera.repair``: ``expected_version`` is the camera's, 0 of one that no event has told of; no case need be."""

    camera_id: CameraKey
    expected_version: Annotated[int, Meta(ge=0, le=2**53)]
    actor: Actor
    fault: Fault | None = None
    case_id: CaseKey | None = None
    reason: Reason | None = None


COMMANDS: dict[str, type[msgspec.Struct]] = {
    "case.dispatch": Dispatch,
    "case.return": Return,
    "case.urge": Urge,
    "case.extend": Extend,
    "case.supervise": Supervise,
    "case.suspend": Suspend,
    "case.escalate": Escalate,
    "case.resume": Resume,
    "case.acknowledge_escalation": AcknowledgeEscalation,
    "case.close": Close,
    "case.take_back": TakeBack,
    "case.void": Void,
    "case.whistle": Blow,
    "case.merge": Merge,
    "case.assign_unit": AssignUnit,
    "case.split": Split,
    "case.locate": Locate,
    "case.acknowledge": Acknowledge,
    "case.progress": Progress,
    "case.handle": Handle,
    "case.answer_whistle": AnswerWhistle,
    "camera.repair": CameraRepair,
}

# To sign for something is to have read it; what is done in the field says enough by itself.
NEED_NO_REASON = frozenset(
    {"case.acknowledge_escalation", "case.acknowledge", "case.progress", "case.handle", "case.answer_whistle"}
)
