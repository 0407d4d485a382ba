"""The tiles that the board makes, by name and shape. Pure.

What goes out in thousands or beside its like is an array over the wire (``array_like``), in the order of its fields.
The whole of what a zone shows is in ``dashboard.live.screen_tiles``; the scripts' types and the schema come from there.
"""

import msgspec


class AgainstDay(msgspec.Struct, frozen=True, array_like=True):
    """With what today is compared: ``day`` (yyyymmdd) ``weeks`` before; 0 where there is none, and ``why``."""

    day: int
    weeks: int
    why: str


class BeforeToday(msgspec.Struct, frozen=True):
    """The figures of the same minute of the comparable day; None where nothing is known of it."""

    overdue: int | None = None
    due_soon: int | None = None
    open: int | None = None
    reported: int | None = None
    closed: int | None = None


class TodayTile(msgspec.Struct, frozen=True):
    """The district today."""

    overdue: int
    due_soon: int
    open: int
    suspended: int
    intake: int
    closed: int
    before: BeforeToday
    against: AgainstDay | None


class FunnelTile(msgspec.Struct, frozen=True):
    """Where this month's closed cases were solved: ``n`` of a known level; ``targets`` of grid, street, district."""

    n: int
    unknown: int
    grid: int
    street: int
    district: int
    targets: tuple[float, float, float]


class HoursTile(msgspec.Struct, frozen=True):
    """The intake by the hour: 24 numbers of today, and of the comparable day or none."""

    today: list[int]
    before: list[int]


class CountAgainst(msgspec.Struct, frozen=True, array_like=True):
    """One channel or class: how many today, and at the same minute of the comparable day."""

    code: str
    n: int
    before: int | None


class StreetRate(msgspec.Struct, frozen=True, array_like=True):
    """One street's rate of cases closed on time, of ``due`` cases; what is open and overdue in it."""

    code: str
    rate: float | None
    due: int
    open: int
    overdue: int


class WholeRate(msgspec.Struct, frozen=True, array_like=True):
    """The district's rate of cases closed on time, of ``due`` cases."""

    rate: float | None
    due: int


class StreetsTile(msgspec.Struct, frozen=True):
    """The streets in their order, cases without a street last."""

    rows: list[StreetRate]
    all: WholeRate
    target: float


class QueueTile(msgspec.Struct, frozen=True):
    """The cases at the district: ``rows`` the ids of the first, ``rest_ends`` when the next of the others breaks."""

    n: int
    untaken: int
    rows: list[str]
    rest_untaken: int
    rest_ends: int | None


class NextStep(msgspec.Struct, frozen=True, array_like=True):
    """A case that the district will hold by a rule: since when it is proposed, or when the clock brings it."""

    case_id: str
    rule: str
    at: int


class NextTile(msgspec.Struct, frozen=True):
    """What comes to the district: ``proposed`` is how many proposals wait, ``rows`` the first of them."""

    proposed: int
    rows: list[NextStep]
    coming: list[NextStep]


class UnknownTile(msgspec.Struct, frozen=True):
    """What the screen does not know; ``refused`` by reason, ``absent`` the package's files that are not there."""

    refused: dict[str, int]
    clock_skew: int
    irregular: int
    unplaced: int
    estimated: int
    lost: int
    lost_at: int | None
    emptied_at: int | None
    absent: list[str]


class BoardTiles(msgspec.Struct, frozen=True):
    """The wall's tiles of cases and roll-ups."""

    today: TodayTile
    funnel: FunnelTile
    hours: HoursTile
    channels: list[CountAgainst]
    domains: list[CountAgainst]
    streets: StreetsTile
    queue: QueueTile
    next: NextTile
    unknown: UnknownTile


class ShownFigures(msgspec.Struct, frozen=True):
    """The strip of figures above a unit's or a grid's desk: of the cases that it shows. No rate is kept of those."""

    open: int
    overdue: int
    due_soon: int
    suspended: int
    escalated: int
    rate: float | None
    target: float


class DeskFigures(ShownFigures, frozen=True):
    """The strip of figures above a desk: ``rank`` of ``ranked`` streets, ``rate_of`` whose rate it has."""

    should_close: int
    closed: int
    on_time: int
    rank: int | None
    ranked: int
    rate_of: str
