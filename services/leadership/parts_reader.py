"""Reads what a report says beside its figures: reasons, supervisions, campaigns, repeats, cameras.

Marks and repeats are one range of an index each (services.leadership.marks_reader): they cost what the span holds, not
what the store holds. Cameras and key spots are what the surveyor last told.
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from services.board.coverage_tiles import ranked_spots
from services.cases import reader
from services.cases.repeats import gathered, squares_per_degree
from services.contract.codes import SENSITIVE_DOMAINS
from services.coverage.told import Coverage
from services.district.package import District
from services.indicators.figure import Figure, rate
from services.indicators.figures_reader import Days, Scope, window_of
from services.leadership import marks_reader as marks
from services.leadership.report import (
    BlindSpot,
    ComparedFigure,
    KeySpots,
    Repeat,
    Repeats,
    ReportCameras,
    ReportPart,
    SupervisionRow,
    SupervisionTotals,
)
from services.projector.store import read

# Repeats are looked for in at most so many days up to the span's end, and in no fewer than the policy's: one day says
# nothing of what comes again, and a year's would be a walk through a year's cases.
MOST_REPEAT_DAYS = 31
REPEATS_SHOWN = 10
BLIND_SHOWN = 5
# A square of one case is no repeat.
_LEAST_IN_SQUARE = 2
_REMOVED = b'"removed":'
_decode_coverage = msgspec.json.Decoder(Coverage).decode


class Marked:
    """The marks of a span beside those of the spans that it is compared with."""

    def __init__(
        self,
        connection: Connection,
        district: District,
        days: Days,
        *,
        others: Sequence[Days | None],
        now: int,
        scope: Scope,
    ) -> None:
        self.connection, self.now = connection, now
        self.where = scope.street or "", scope.unit or ""
        self.window = window_of(district, days, now)
        self.windows = [self.window, *(None if other is None else window_of(district, other, now) for other in others)]

    def _found(self, what: str) -> list[dict[tuple[str, int], marks.MarkCount] | None]:
        found: list[dict[tuple[str, int], marks.MarkCount] | None] = []
        for window in self.windows:
            rows = (
                ()
                if window is None
                else marks.in_span(self.connection, what, (window.start, window.until), *self.where)
            )
            found.append(None if window is None else {(row.code, row.level): row for row in rows})
        return found

    def _count(self, name: str, counts: Iterable[int | None]) -> ComparedFigure:
        """Counts of the span and of the others (None: there is no such span)."""
        figures = [
            None if n is None or window is None else Figure(name, n, n, None, n, window.start, window.end, window.as_of)
            for n, window in zip(counts, self.windows, strict=True)
        ]
        assert figures[0] is not None
        return ComparedFigure(figures[0], *figures[1:])

    def reasons(self) -> list[ReportPart]:
        """Why closed cases went to the district, most first."""
        now, *others = self._found("district")
        assert now is not None
        parts = [
            ReportPart(code, self._count("district_reason", [of.n, *(_n(other, (code, 0)) for other in others)]))
            for (code, _), of in now.items()
        ]
        return sorted(parts, key=lambda part: (-part.count.now.n, part.code))

    def supervision(self) -> SupervisionTotals:
        """Begun in the span, and standing at its end."""
        now, *others = self._found("supervision")
        assert now is not None
        *rows, whole = marks.standing_at(self.connection, "supervision", self.window.until, *self.where)
        standing = {(row.code, row.level): row.n for row in rows}
        found = [
            SupervisionRow(
                *key,
                self._count("supervised", [_n(now, key) or 0, *(_n(other, key) for other in others)]),
                standing.get(key, 0),
            )
            for key in now.keys() | standing.keys()
        ]
        begun = [
            None
            if window is None
            else marks.cases_in_span(self.connection, "supervision", (window.start, window.until), *self.where)
            for window in self.windows
        ]
        order = {"overdue": 0, "leader": 1, "important": 2}
        found.sort(key=lambda row: (order.get(row.kind, 3), row.kind, row.level or 9))
        return SupervisionTotals(found, self._count("supervised", begun), whole.n)

    def campaigns(self, known: Iterable[str]) -> list[ReportPart]:
        """The share rectified of each campaign, the package's first in its order, then what else was told."""
        all_found = self._found("campaign")
        assert all_found[0] is not None
        codes = list(dict.fromkeys([*known, *sorted(code for code, _ in all_found[0])]))
        parts = []
        for code in codes:
            figures: list[Figure | None] = []
            for of, window in zip(all_found, self.windows, strict=True):
                if of is None or window is None:
                    figures.append(None)
                    continue
                row = of.get((code, 0), marks.MarkCount(code, 0, 0, 0))
                figures.append(
                    Figure("rectified_rate", rate(row.ended, row.n), row.ended, row.n, row.n, window.start, window.end,
                           window.as_of)
                )  # fmt: skip
            assert figures[0] is not None
            parts.append(ReportPart(code, ComparedFigure(figures[0], *figures[1:])))
        return parts

    def told(self) -> frozenset[str]:
        """Which marks the case system has ever told of."""
        return frozenset(what for what in ("supervision", "campaign") if marks.is_told(self.connection, what))


class Places:
    """Where the cases of a span's last days came again."""

    def __init__(self, connection: Connection, district: District, days: Days, now: int, scope: Scope) -> None:
        policy = district.policy.merging
        self.connection, self.policy = connection, policy
        self.where = scope.street or "", scope.unit or ""
        end = min(days.end, district.day_after(district.day_of(now)))
        span = len(district.days(max(days.first, district.day_after(end, -MOST_REPEAT_DAYS)), end))
        back = min(max(span, round(policy.hot_spot_days)), MOST_REPEAT_DAYS)
        self.days = Days(district.day_after(end, -back), end)
        window = window_of(district, self.days, now)
        self.window = window.start, window.until
        self.per_degree = squares_per_degree(policy.hot_spot_metres, _latitude(district))

    def all(self) -> list[list[marks.Square]]:
        """The places, each as its squares, the fullest first."""
        squares = marks.squares(
            self.connection, self.window, *self.where, per_degree=self.per_degree, least=_LEAST_IN_SQUARE
        )
        found = gathered([square[:4] for square in squares], self.policy.hot_spot_cases, REPEATS_SHOWN)
        return [[squares[i] for i in members] for members in found]

    def repeats(self) -> Repeats:
        """The fullest places. Of a sensitive class neither its name nor a place below the grid is told."""
        places = self.all()
        first = {row.case_id: row for row in reader.cases_of(self.connection, [place[0].first for place in places])}
        rows = []
        for place in places:
            row = first[place[0].first]
            rows.append(
                Repeat(
                    row.case_id, row.domain, "" if row.domain in SENSITIVE_DOMAINS else row.class_name, row.street,
                    row.community, row.grid, sum(square.n for square in place), sum(square.open for square in place),
                )
            )  # fmt: skip
        return Repeats(*self.days, self.policy.hot_spot_metres, self.policy.hot_spot_cases, rows)


def cameras_now(connection: Connection) -> ReportCameras | None:
    """What the surveyor last told; None where it has told nothing."""
    told = [thing.body for thing in read.all_things(connection, ("coverage",)) if thing.key == "all"]
    if not told:
        return None
    found = _decode_coverage(told[0])
    spots = [msgspec.Raw(thing.body) for thing in read.all_things(connection, ("spot",)) if _REMOVED not in thing.body]
    worst = [
        BlindSpot(head.id, head.kind, head.name, head.street, head.gap, head.cases, head.unseen)
        for head, _ in ranked_spots(spots)[:BLIND_SHOWN]
    ]
    listed = (("area", found.areas), ("road", found.roads), ("place", found.places))
    return ReportCameras(
        found.at, found.is_night, found.cameras, found.online, found.state_unknown, found.target_online,
        [KeySpots(kind, of.n, of.live, of.unknown) for kind, of in listed if of.n], worst,
    )  # fmt: skip


def _n(found: dict[tuple[str, int], marks.MarkCount] | None, key: tuple[str, int]) -> int | None:
    if found is None:
        return None
    return found[key].n if key in found else 0


def _latitude(district: District) -> float:
    """The middle of the district, to a tenth of a degree: the mesh must not move with an outline that is mended."""
    centres = [centre for area in district.streets.values() if (centre := area.centre) is not None]
    return round(sum(lat for _, lat in centres) / len(centres), 1) if centres else 0.0
