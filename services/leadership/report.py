"""What a leader's page says of a span of days: figures beside those before and a year ago, and tables of them. Pure.

Every figure is an indicator's by its definition (docs/indicators.md); what is made of them here is small: changes, the
interval of a share, who is ranked and who is not, the mean of an hour.
"""

from collections.abc import Iterable, Sequence
from math import sqrt

import msgspec

from services.district.comparable import ComparableDay
from services.indicators.figure import Figure

# Rates of fewer cases than this are shown, not ranked: one case would move them by more than three points.
RANKED_N = 30
# Of the normal distribution, two-sided 95 %.
_Z = 1.959964
HEADLINES = ("on_time_close_rate", "intake", "closed", "satisfaction_rate", "rework_rate", "district_share")
FUNNEL = ("grid_solved_rate", "street_solved_rate", "district_share")
CALL_BACKS = ("contact_rate", "solved_rate", "satisfaction_rate")


class ComparedFigure(msgspec.Struct, frozen=True):
    """A figure beside the one of the span before (环比) and of a year ago (同比); None where there was nothing."""

    now: Figure
    before: Figure | None = None
    year_ago: Figure | None = None

    @property
    def change(self) -> float | None:
        """Against the span before: a share's in points of 1, a count's as a share of the earlier."""
        return change(self.now, self.before)

    @property
    def year_change(self) -> float | None:
        """Against a year ago, in the same way."""
        return change(self.now, self.year_ago)


class StandingCases(msgspec.Struct, frozen=True):
    """Open cases at the end of the span, and at the ends of those it is compared with."""

    now: int
    before: int | None = None
    year_ago: int | None = None


class Ranked(msgspec.Struct, frozen=True):
    """A street's or a unit's share. ``low`` and ``high``: where it lies with 95 %; ``rank`` None: too few, or none."""

    code: str
    share: ComparedFigure
    low: float | None
    high: float | None
    rank: int | None


class ReportPart(msgspec.Struct, frozen=True):
    """A class's, a channel's or a reason's count; a campaign's share."""

    code: str
    count: ComparedFigure


class Point(msgspec.Struct, frozen=True):
    """One day: yyyymmdd, cases reported and closed, the share closed on time with its n."""

    day: int
    intake: int
    closed: int
    on_time: float | None
    n: int


class SupervisionRow(msgspec.Struct, frozen=True):
    """Cases supervised (督办) by kind and level, 0 where it was not told: begun in the span; under it at its end."""

    kind: str
    level: int
    begun: ComparedFigure
    standing: int


class SupervisionTotals(msgspec.Struct, frozen=True):
    """The same of all kinds. A case with several kinds stands in several rows, here once."""

    rows: list[SupervisionRow]
    begun: ComparedFigure
    standing: int


class Repeat(msgspec.Struct, frozen=True):
    """Where one class comes again. ``case_id`` is one of its cases; ``class_name`` of a sensitive class ''."""

    case_id: str
    domain: str
    class_name: str
    street: str
    community: str
    grid: str
    n: int
    open: int


class Repeats(msgspec.Struct, frozen=True):
    """The fullest places of the days from ``first`` up to ``end`` (yyyymmdd): of squares ``metres`` wide with those
    around them, ``least`` cases and more.
    """

    first: int
    end: int
    metres: float
    least: int
    rows: list[Repeat]


class KeySpots(msgspec.Struct, frozen=True):
    """The listed spots of a kind (area, road, place): ``n``, of them covered by cameras that work, and not known."""

    kind: str
    n: int
    covered: int
    unknown: int


class BlindSpot(msgspec.Struct, frozen=True):
    """A listed spot of which something is blind; ``cases`` and ``unseen`` of the last 30 days."""

    id: str
    kind: str
    name: str
    street: str
    gap: str
    cases: int
    unseen: int


class ReportCameras(msgspec.Struct, frozen=True):
    """Cameras and key spots as they are at ``at`` (Unix ms), whatever the span."""

    at: int
    is_night: bool
    cameras: int
    online: int
    state_unknown: int
    target_online: float
    spots: list[KeySpots]
    worst: list[BlindSpot]


class Report(msgspec.Struct, frozen=True):
    """The whole page's data. ``street`` and ``unit``: whose it is, empty for the district's; times in Unix ms.

    ``hours``: for Monday to Sunday 24 means of reported cases an hour, None where the span has no such day.
    ``reasons``: why the closed cases that the district had went there, '' where it was not told: they add up to the
    district's of ``levels``. ``campaigns``: closed by the end of those found in the span. ``told``: of which of
    supervision and campaign the case system has ever told. ``cameras``: the district's own report alone, as of now.
    ``against``: of a single day, with which day it is compared, or why with none.
    """

    district: str
    street: str
    unit: str
    span: str
    first: int
    end: int
    as_of: int
    figures: dict[str, ComparedFigure]
    open_at_end: StandingCases
    levels: dict[str, int]
    streets: list[Ranked]
    units: list[Ranked]
    classes: list[ReportPart]
    channels: list[ReportPart]
    days: list[Point]
    hours: list[list[float | None]]
    targets: dict[str, float]
    reasons: list[ReportPart] = []
    supervision: SupervisionTotals | None = None
    campaigns: list[ReportPart] = []
    repeats: Repeats | None = None
    cameras: ReportCameras | None = None
    told: frozenset[str] = frozenset()
    against: ComparableDay | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in the span."""
        return not any(figure.now.n for figure in self.figures.values())


def change(now: Figure, then: Figure | None) -> float | None:
    """Now against then: in points of 1 for shares, as a share of then for counts; None where there is none."""
    if then is None or now.value is None or then.value is None:
        return None
    if now.denominator is not None:
        return now.value - then.value
    return now.value / then.value - 1 if then.value else None


def interval(share: float | None, n: int) -> tuple[float | None, float | None]:
    """Where a share of n lies with 95 % (Wilson 1927): it stays between 0 and 1, of few cases too."""
    if share is None or n <= 0:
        return None, None
    middle, below = share + _Z**2 / (2 * n), 1 + _Z**2 / n
    reach = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    return max((middle - reach) / below, 0.0), min((middle + reach) / below, 1.0)


def ranked(shares: Iterable[tuple[str, ComparedFigure]]) -> list[Ranked]:
    """Best first by the unrounded value, then by volume, then by code; then those of too few cases, then of none.

    Equal values share a rank, and the next is counted on (1, 2, 2, 4).
    """

    def order(item: tuple[str, ComparedFigure]) -> tuple[bool, bool, float, int, str]:
        code, share = item
        value = share.now.value
        return value is None, share.now.n < RANKED_N, -(value or 0.0), -share.now.n, code

    found: list[Ranked] = []
    rank, last = 0, None
    for place, (code, share) in enumerate(sorted(shares, key=order), 1):
        is_ranked = share.now.value is not None and share.now.n >= RANKED_N
        if is_ranked and share.now.value != last:
            rank, last = place, share.now.value
        low, high = interval(share.now.value, share.now.n)
        found.append(Ranked(code, share, low, high, rank if is_ranked else None))
    return found


def heat(counts: Iterable[tuple[int, int, int]], weekdays: Sequence[int]) -> list[list[float | None]]:
    """Weekday × hour means from (weekday 0–6, hour 0–23, n); ``weekdays``: how many of each the span has."""
    sums = [[0] * 24 for _ in range(7)]
    for weekday, hour, n in counts:
        sums[weekday][hour] += n
    return [[n / days if days else None for n in row] for row, days in zip(sums, weekdays, strict=True)]
