"""The handover sheet (交接班单): what one shift leaves to the next. Kept for ever, so it has a version.

There is no description, address or person of a case in it, and of a sensitive case (domains 09 and 10) no text at all.
What the two people sign is its digest.
"""

import hashlib

import msgspec

from services.board.watched_areas import Watch
from services.duty.logbook import Entry

VERSION = 1


class CaseLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case in a list. ``about`` is a code: why it stands there (a rule, a reason, a kind of supervision); ``at``:
    since when, or until when it is suspended.
    """

    case_id: str
    severity: int
    domain: str
    street: str
    status: str
    light: str
    reported_at: int
    class_name: str = ""
    grid: str = ""
    unit: str = ""
    level: str = ""
    deadline_at: int | None = None
    about: str = ""
    at: int | None = None


class CaseList(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first of ``n`` cases; ``rest``: how many more there are."""

    n: int = 0
    lines: list[CaseLine] = []
    rest: int = 0


class SheetCounts(msgspec.Struct, frozen=True):
    """What stands at a moment."""

    open: int = 0
    overdue: int = 0
    due_soon: int = 0
    suspended: int = 0
    at_district: int = 0
    untaken: int = 0


class Flow(msgspec.Struct, frozen=True):
    """What came and went between two moments."""

    reported: int = 0
    closed: int = 0
    escalated: int = 0
    taken: int = 0


class ReportLine(msgspec.Struct, frozen=True):
    """A report that is owed; ``number`` 0 by phone, 1 in writing, 2 … follow-ups."""

    case_id: str
    number: int
    due_at: int
    is_overdue: bool
    severity: int
    street: str


class AlarmLine(msgspec.Struct, frozen=True):
    """An alarm that stands: ``state`` unacknowledged, acknowledged, shelved; raised at ``at``, so since ``since``."""

    alarm: str
    kind: str
    state: str
    at: int
    since: int
    who: str = ""


class OutageLine(msgspec.Struct, frozen=True):
    """Cameras lost together, ``still`` of them not back."""

    at: int
    cameras: int
    still: int


class SpotLine(msgspec.Struct, frozen=True):
    """A key area, road section or place that its cameras would cover, and do not now."""

    id: str
    kind: str
    name: str
    street: str


class SheetCameras(msgspec.Struct, frozen=True):
    """Cameras of the seat: how many, how many off line or faulty; outages; key spots that lost their view."""

    cameras: int
    offline: int
    degraded: int
    outages: list[OutageLine]
    lost: list[SpotLine]


class SourceLine(msgspec.Struct, frozen=True):
    """A source that is not live; ``word`` as on the truth bar, ``since`` its last sign of life."""

    source: str
    name: str
    word: str
    since: int | None


class CommandLine(msgspec.Struct, frozen=True):
    """A command of the shift that was refused, not sent, or has no answer."""

    command_id: str
    at: int
    type: str
    case_id: str
    state: str
    reason: str = ""


class HandoverNote(msgspec.Struct, frozen=True):
    """What a person leaves to the next shift in words of their own; an addition was written after both had signed."""

    handover: str
    at: int
    who: str
    text: str
    is_addition: bool = False


class AheadLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What breaks next, at ``at``: ``kind`` is one of ``duty.ahead.KINDS``, ``about`` a code or a report's number."""

    at: int
    kind: str
    case_id: str
    street: str = ""
    domain: str = ""
    class_name: str = ""
    unit: str = ""
    severity: int = 4
    about: str = ""


class ListChange(msgspec.Struct, frozen=True):
    """What is on a list now and was not on the last sheet's, and what is gone from it: why → ids."""

    new: list[str]
    gone: dict[str, list[str]]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The whole sheet as of ``at``; ``since``: when the last one was made, else when the shift began (Unix ms).

    ``cameras`` is None where nothing is known of any. ``members`` are all the ids of each list, for the next sheet to
    compare with; ``before`` is the id of the handover that this one was compared with. ``ahead``: the first of the
    ``ahead_n`` things that break until the next shift ends; besides them ``ordinary`` cases come due. ``notes``: those
    that stood when it was made.
    """

    version: int = VERSION
    district: str
    seat: str
    shift: str
    shift_from: int
    shift_until: int
    next_shift: str
    next_until: int
    since: int
    at: int
    handing: list[str]
    handing_leader: str
    taking: list[str]
    taking_leader: str
    begin: SheetCounts
    end: SheetCounts
    flow: Flow
    lists: dict[str, CaseList]
    reports: list[ReportLine]
    alarms: list[AlarmLine]
    cameras: SheetCameras | None
    sources: list[SourceLine]
    watched: list[Watch]
    commands: list[CommandLine]
    log: list[Entry]
    members: dict[str, list[str]]
    changes: dict[str, ListChange]
    before: str = ""
    ahead: list[AheadLine] = []
    ahead_n: int = 0
    ordinary: int = 0
    notes: list[HandoverNote] = []


def encode(sheet: Sheet) -> bytes:
    """The sheet as canonical JSON: one sheet, one text."""
    return msgspec.json.encode(sheet, order="sorted")


decode = msgspec.json.Decoder(Sheet).decode


def digest(sheet: Sheet) -> str:
    """What the two people sign: SHA-256 over the canonical JSON, in hexadecimal."""
    return digest_of(encode(sheet))


def digest_of(text: bytes) -> str:
    """The same of a sheet as it is kept: an older version's is not made again."""
    return hashlib.sha256(text).hexdigest()
