"""One figure for a panel: its definition, its parts, its window, its cases and why each counts. Reads only."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Engine

from services.board.state import DUE_SOON, OVERDUE, SUSPENDED, Board
from services.cases.case import CaseRow
from services.district.comparable import ComparableDay, same_moment
from services.district.package import District
from services.indicators.definitions import INDICATORS, STANDING, Indicator, StandingCount
from services.indicators.figure import Figure
from services.indicators.figures_reader import (
    HEADINGS,
    Days,
    Scope,
    can_be_told_at,
    cases_behind,
    earlier,
    figures,
    figures_at,
    window_of,
)
from services.indicators.reasons import CountVerdict
from services.indicators.window import Window

T = TypeVar("T")
CASES_SHOWN = 60
BESIDE = ("forced_closed", "self_handled", "exempted")
FUNNEL = frozenset({"grid_solved_rate", "street_solved_rate", "district_share"})


class FigureView(NamedTuple):
    """What «why?» is answered with. ``window`` and ``figure`` are None for a count of this very moment.

    ``found_solved`` comes with the figures of the funnel: (channel, highest level) → closed cases. ``beside``: counts
    that stand beside a closing rate. ``before``: the same of the span before (环比) and of a year ago (同比), None
    where with nothing; ``against``: of one day, which day is the one before. The spans are whole, but where
    ``is_same_moment``: a day that is not over stands beside as much of the other days as has passed of it, as on the
    wall. ``cases`` are at most ``CASES_SHOWN``, first those that spoil a rate or make it up; ``n`` is their number.
    """

    name: str
    definition: Indicator | StandingCount
    scope: Scope
    figure: Figure | None
    window: Window | None
    now: int
    n: int
    cases: tuple[tuple[CaseRow, CountVerdict | None], ...]
    found_solved: dict[tuple[str, str], int] | None = None
    beside: dict[str, int] | None = None
    before: dict[str, Figure | None] | None = None
    against: ComparableDay | None = None
    is_same_moment: bool = False


class FigureReader:
    """Answers for one district; ``offload`` runs what blocks where it harms nobody."""

    def __init__(
        self,
        engine: Engine,
        district: District,
        board: Callable[[], Board],
        offload: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._engine, self._district, self._board, self._offload = engine, district, board, offload

    def view(self, name: str, scope: Scope, now: int, span: str = "today") -> FigureView:
        """The figure ``name`` of the wall: of today, or of the statistical month (``span`` = month).

        Raises KeyError for an unknown name, NotKept for headings that the roll-ups do not hold together.
        """
        if name in STANDING:
            return self._standing(STANDING[name], scope, now)
        district, indicator = self._district, INDICATORS[name]
        today = district.day_of(now)
        first = district.month_start(today) if span == "month" else today
        found: FigureView = self._offload(
            lambda: self._indicator(indicator, scope, Days(first, district.day_after(today)), now)
        )
        return found

    def _indicator(self, indicator: Indicator, scope: Scope, days: Days, now: int) -> FigureView:
        district = self._district
        window = window_of(district, days, now)
        with self._engine.connect() as connection, connection.begin():
            found = figures(connection, district, [indicator.name], days, now, scope=scope)
            figure = found[()][0]
            beside = None
            if "should_close" in indicator.measures:
                counts = figures(connection, district, BESIDE, days, now, scope=scope)[()]
                beside = {f.name: f.n for f in counts}
            others = earlier(district, days)
            is_same = others.against is not None and now < window.end and can_be_told_at(indicator)

            def then(other: Days) -> Figure:
                if is_same:
                    moment = same_moment(district, other.first, now)
                    return figures_at(connection, district, indicator.name, other.first, moment, scope=scope)
                return figures(connection, district, [indicator.name], other, now, scope=scope)[()][0]

            before = {name: then(other) if other else None for name, other in others.named().items()}
            matrix = None
            if indicator.name in FUNNEL:
                table = figures(connection, district, ["closed"], days, now, scope=scope, by=["channel", "level"])
                matrix = {(str(channel), str(level)): f.n for (channel, level), (f,) in table.items() if f.n}
            cases = list(cases_behind(connection, district, indicator.name, window, scope=scope, limit=CASES_SHOWN * 5))
        if indicator.over:  # those that somebody asks for first: what spoils a rate, or what makes it up
            cases.sort(key=lambda item: bool(item[1].numerator) == (indicator.better == "up"))
        return FigureView(
            indicator.name,
            indicator,
            scope,
            figure,
            window,
            now,
            figure.n,
            tuple(cases[:CASES_SHOWN]),
            matrix,
            beside,
            before,
            others.against,
            is_same,
        )

    def _standing(self, standing: StandingCount, scope: Scope, now: int) -> FigureView:
        board = self._board()
        rows = [row for row in board.rows.values() if _stands(row, standing.name, board) and _is_in(row, scope)]
        rows.sort(key=lambda row: (row.deadline_at is None, row.deadline_at or 0, row.case_id))
        shown = tuple((row, None) for row in rows[:CASES_SHOWN])
        return FigureView(standing.name, standing, scope, None, None, now, len(rows), shown)


def _stands(row: CaseRow, name: str, board: Board) -> bool:
    light = board.lights[row.case_id]
    return {
        "open": True, "overdue": light == OVERDUE, "due_soon": light == DUE_SOON, "suspended": light == SUSPENDED,
        "at_district": row.level == "district", "unplaced": not row.street,
        "proposed": row.case_id in board.proposals and row.level != "district", "irregular": row.irregular > 0,
        "computed": row.deadline_estimated,
    }[name]  # fmt: skip


def _is_in(row: CaseRow, scope: Scope) -> bool:
    return all(getattr(row, HEADINGS[name]) == code for name, code in scope.named.items())
