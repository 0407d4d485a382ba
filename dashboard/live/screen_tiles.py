"""All that a zone shows beside its cases, by kind of screen. The scripts' types and the schema are made from these.

``tests/integration/board/test_screen_tiles.py`` reads what the zones really send as these and allows no other field.
"""

from typing import Literal

import msgspec

from services.board.alarm import State as AlarmState
from services.board.alarm import WhatToDo
from services.board.sources import Word
from services.board.tile_types import BoardTiles, DeskFigures, ShownFigures
from services.contract.others import UnitMoved
from services.coverage.told import Coverage, Gap, Outage
from services.duty.alarms.budget import Budget, Flood
from services.health.beats import State as ProcessState
from services.projector.outbox.delta import TickerLine


class SourceRow(msgspec.Struct, frozen=True, array_like=True):
    """One source on the truth bar; ``at`` is its last sign of life (Unix ms)."""

    source: str
    name: str
    word: Word
    at: int | None


class FeedSince(msgspec.Struct, frozen=True, array_like=True):
    """Since when (Unix ms) Redis is cut, the store is cut, entries wait, Redis refuses writing."""

    redis: int | None
    store: int | None
    behind: int | None
    refuses: int | None


class WrongProcess(msgspec.Struct, frozen=True, array_like=True):
    """A process with which something is wrong; ``at`` is its last beat (Unix ms)."""

    name: str
    state: ProcessState
    at: int | None


class AroundStreams(msgspec.Struct, frozen=True, array_like=True):
    """What is wrong around the streams and stops nothing yet; ``about`` is the group's name, or the key's."""

    kind: Literal["forgotten_group", "ignored_clock"]
    about: str


class ShownSubject(msgspec.Struct, frozen=True):
    """What an alarm is about; the fields that do not fit are empty."""

    case_id: str
    camera_id: str
    source: str
    street: str


class ShownAlarm(msgspec.Struct, frozen=True):
    """An alarm of ``services.board.alarm`` with all its fields but the earlier raises."""

    id: str
    seat: str
    kind: str
    severity: int
    what_to_do: WhatToDo
    raised_at: int
    waits_since: int
    state: AlarmState
    subject: ShownSubject
    class_name: str
    domain: str
    number: int
    cases: list[str]
    due_at: int | None
    level: int
    n: int
    acked_at: int | None
    acked_by: str
    comment: str
    lapses_at: int | None
    climbed_at: int | None
    shelved_until: int | None
    shelved_by: str
    cleared_at: int | None


class AlarmsTile(msgspec.Struct, frozen=True):
    """A seat's alarms: ``sound`` the gravest severity that nobody has taken (0: silence), ``level`` the highest."""

    alarms: list[ShownAlarm]
    sound: int
    level: int
    budget: Budget
    flood: Flood


class WallAlarmsTile(AlarmsTile, frozen=True):
    """The centre's alarms on a wall: the first cards, how many stand, how many of them nobody has taken."""

    n: int
    untaken: int


class TopSpot(msgspec.Struct, frozen=True):
    """One of the three spots in most need, by its letter on the map; ``street`` is the name, ``code`` the street's."""

    id: str
    letter: Literal["A", "B", "C"]
    name: str
    street: str
    code: str
    gap: Gap
    unseen: int
    cases: int
    need: float


class CoverageTile(Coverage, frozen=True, kw_only=True):
    """The coverage's figures, the spots in most need, and how many have a gap in this light."""

    top: list[TopSpot]
    gaps: int


class PastCoverage(msgspec.Struct, frozen=True):
    """What is known of the coverage at a past moment; where it was kept (``kept_at``, Unix ms) all figures."""

    is_night: bool
    cameras: int
    online: int
    outages: list[Outage]
    notes: list[str]
    target_online: float
    top: list[TopSpot]
    gaps: int
    kept_at: int | msgspec.UnsetType = msgspec.UNSET


class Watching(msgspec.Struct, frozen=True, array_like=True):
    """How many areas are watched, and how many spots of repeats offer themselves."""

    areas: int
    spots: int


class Colleague(msgspec.Struct, frozen=True, array_like=True):
    """Who has a case open."""

    account: str
    name: str


class RoomTiles(BoardTiles, frozen=True):
    """What a wall and a past room have in common."""

    sources: list[SourceRow]
    feed: FeedSince
    shift: str
    ticker: list[TickerLine]
    units: list[UnitMoved]
    alarms: WallAlarmsTile


class PastNames(msgspec.Struct, frozen=True):
    """What had another name at a past moment: code → the name then, and as an English page has it."""

    streets: dict[str, tuple[str, str]]
    units: dict[str, tuple[str, str]]


class PastTiles(RoomTiles, frozen=True):
    """A past room's."""

    coverage: PastCoverage
    names: PastNames


class WallTiles(RoomTiles, frozen=True):
    """A wall's. ``filling`` is the share of a history that is being taken in; None: it is whole."""

    processes: list[WrongProcess]
    around: list[AroundStreams]
    filling: float | None
    watch: Watching
    coverage: CoverageTile | None


class SmallDeskTiles(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's and a grid's desk's, with alarms where it has a seat. ``present`` is by case id."""

    sources: list[SourceRow]
    feed: FeedSince
    shift: str
    processes: list[WrongProcess]
    around: list[AroundStreams]
    filling: float | None
    present: dict[str, list[Colleague]]
    figures: ShownFigures
    alarms: AlarmsTile | msgspec.UnsetType = msgspec.UNSET


class DeskTiles(SmallDeskTiles, frozen=True, kw_only=True):
    """The centre's and a street's desk's."""

    figures: DeskFigures
    units: list[UnitMoved]
    alarms: AlarmsTile
    refused: int
