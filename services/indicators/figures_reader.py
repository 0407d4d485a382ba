"""Figures for every screen but the live wall: indicators of any group and span of days, and the cases behind them.

The roll-ups give the sums. What they count for deadlines that are still ahead, and for cases that are suspended at this
moment, is put right from the rows concerned, by the pure definition: few, and only where the span reaches today.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, Connection, and_, or_, select, union

from services.cases import tables as case_tables
from services.cases.case import CaseRow
from services.district.comparable import ComparableDay, comparable, comparable_a_year_ago
from services.district.package import District
from services.indicators import tables as indicator_tables
from services.indicators.case_counts import BY_CLOSING, NAMES, CaseCounts, decode_counted
from services.indicators.definitions import INDICATORS, Indicator
from services.indicators.figure import Figure, all_figures
from services.indicators.reasons import CountVerdict, judge
from services.indicators.scope import EVERYTHING, NotKept, Scope
from services.indicators.store import totals
from services.indicators.window import Window, values

__all__ = ["HEADINGS", "Days", "EarlierSpans", "NotKept", "Scope", "cases_behind", "earlier", "figures", "window_of"]

_COLUMNS = [case_tables.cases.c[name] for name in CaseRow.__struct_fields__]
# Heading → the column of a case row that holds its code.
HEADINGS = {
    "street": "street",
    "community": "community",
    "grid": "grid",
    "unit": "lead_unit",
    "channel": "channel",
    "level": "highest_level",
    "domain": "domain",
}


_C = case_tables.cases.c
# Every moment of a case that a count goes by, but for its call-back's.
_MOMENTS: tuple[ColumnElement[Any], ...] = (
    _C.count_at, _C.closed_at, _C.reported_at, _C.filed_at, _C.accepted_at, _C.dispatched_at, _C.handled_at,
    _C.handle_deadline_at, _C.deadline_at, _C.event_at,
)  # fmt: skip
_IS_LATE = or_(_C.closed_at.is_(None), _C.closed_at > _C.deadline_at)
# Which cases a short list shows first: those that spoil the rate, or that make it up.
_FIRST: dict[str, Any] = {
    "on_time_close_rate": _IS_LATE.desc(), "close_rate": _C.closed_at.is_(None).desc(),
    "on_time_handle_rate": or_(_C.handled_at.is_(None), _C.handled_at > _C.handle_deadline_at).desc(),
    "handle_rate": _C.handled_at.is_(None).desc(), "rework_rate": (_C.reworks > 0).desc(),
    "extension_rate": (_C.extensions > 0).desc(), "district_share": (_C.highest_level == "district").desc(),
    "street_solved_rate": (_C.highest_level == "district").desc(),
    "grid_solved_rate": _C.highest_level.in_(("street", "district")).desc(),
    "dispatch_accuracy": (_C.wrong_dispatches > 0).desc(), "self_handled": _C.self_handled.desc(),
    "forced_closed": (_C.status == "forced_closed").desc(), "exempted": _C.appeal_exempt.desc(),
}  # fmt: skip


class Days(NamedTuple):
    """Counting days from ``first`` up to, not including, ``end``; yyyymmdd."""

    first: int
    end: int


class EarlierSpans(NamedTuple):
    """What a span is compared with: ``before`` (环比) and ``year_ago`` (同比), None where with nothing.

    ``against`` is of a single day: which day that is, or why there is none.
    """

    before: Days | None
    year_ago: Days | None
    against: ComparableDay | None = None

    def named(self) -> dict[str, Days | None]:
        """Both by their names."""
        return {"before": self.before, "year_ago": self.year_ago}


def earlier(district: District, days: Days) -> EarlierSpans:
    """The spans to compare with: as many days just before, and the same dates of a year ago.

    A single day is compared with the same weekday, of the same kind, as on the wall and the leader's page.
    """
    length = len(district.days(*days))
    if length == 1:
        against = comparable(district, days.first)
        return EarlierSpans(
            _one(district, against.day), _one(district, comparable_a_year_ago(district, days.first)), against
        )
    first = days.first - 10_000
    if first % 10_000 == 229:  # a 29 February has no year ago: the 28th stands for it
        first -= 1
    return EarlierSpans(
        Days(district.day_after(days.first, -length), days.first), Days(first, district.day_after(first, length))
    )


def _one(district: District, day: int) -> Days | None:
    return Days(day, district.day_after(day)) if day else None


def window_of(district: District, days: Days, now: int) -> Window:
    """The moments that the days stand for."""
    return Window(district.day_start_ms(days.first), district.day_start_ms(days.end), now)


def figures(
    connection: Connection,
    district: District,
    names: Sequence[str],
    days: Days,
    now: int,
    *,
    scope: Scope = EVERYTHING,
    by: Sequence[str] = (),
) -> dict[tuple[object, ...], list[Figure]]:
    """The indicators' figures per group of ``by`` (headings, and ``day`` for a series: each day its own window).

    Raises KeyError for an unknown indicator, NotKept where the roll-ups do not hold the headings together.
    """
    wanted = [INDICATORS[name] for name in names]
    measures = list(dict.fromkeys(m for indicator in wanted for m in indicator.measures))
    today = district.day_of(now)
    edge = district.day_after(today)
    rolled = Days(days.first, min(days.end, edge))
    found = totals(connection, scope, rolled, measures, by)
    if days.first <= today < days.end:
        _put_right(connection, district, found, measures, rolled=rolled, now=now, scope=scope, by=by)
    answer = {}
    for group, sums in found.items():
        own = Days(group[by.index("day")], 0) if "day" in by else days  # type: ignore[arg-type]  # a day is an int
        window = window_of(district, own if own.end else Days(own.first, district.day_after(own.first)), now)
        answer[group] = all_figures(wanted, sums, window)
    return answer


def can_be_told_at(indicator: Indicator) -> bool:
    """Whether ``figures_at`` knows it: a call-back's time has no column, and no index leads to it."""
    return "callbacks" not in indicator.measures


def figures_at(
    connection: Connection, district: District, name: str, day: int, moment: int, *, scope: Scope = EVERYTHING
) -> Figure:
    """The indicator's figure of an earlier ``day`` as of one of its moments, from its cases by the definition.

    The roll-ups hold whole days. By today's knowledge, as they are. Raises KeyError for an unknown indicator.
    """
    indicator = INDICATORS[name]
    window = window_of(district, Days(day, district.day_after(day)), moment)
    query = select(*_COLUMNS).where(*_named(scope), _touches(window, _counting_moments(indicator)))
    sums = dict.fromkeys(indicator.measures, 0)
    for row in connection.execute(query):
        for measure, n in values(CaseRow(*row), window).items():
            if measure in sums:
                sums[measure] += n
    return all_figures([indicator], sums, window)[0]


def cases_behind(
    connection: Connection, district: District, name: str, window: Window, *, scope: Scope = EVERYTHING, limit: int = 0
) -> Iterator[tuple[CaseRow, CountVerdict]]:
    """The cases that touch the window with what each counts for in the indicator and why, newest event first.

    ``limit`` 0: all of them.
    """
    indicator = INDICATORS[name]
    first = [_FIRST[name]] if limit and name in _FIRST else []
    order = [*first, case_tables.cases.c.event_at.desc()]
    touches = _touches(window, _counting_moments(indicator) if limit else _MOMENTS)
    if "callbacks" in indicator.measures:  # the call-back's time has no column
        touches = or_(touches, _C.rating != "")
    query = select(*_COLUMNS).where(*_named(scope), touches).order_by(*order)
    given = 0
    for row in connection.execute(query):
        case = CaseRow(*row)
        verdict = judge(case, indicator, window)
        if limit and not verdict.counts:
            continue
        yield case, verdict
        given += 1
        if given == limit:
            return


def _put_right(
    connection: Connection,
    district: District,
    found: dict[tuple[object, ...], dict[str, int]],
    measures: Sequence[str],
    *,
    rolled: Days,
    now: int,
    scope: Scope,
    by: Sequence[str],
) -> None:
    today = district.day_of(now)
    span = Days(today, rolled.end) if "day" in by else rolled
    window = window_of(district, span, now)
    c, wanted = case_tables.cases.c, frozenset(measures)
    for columns in connection.execute(
        select(*_COLUMNS, c.counted).where(c.case_id.in_(_ahead(scope, now, window.end)))
    ):
        counted = decode_counted(columns[-1]) if columns[-1] else None
        if counted is None:
            continue
        group = tuple(today if name == "day" else getattr(counted.where, name) for name in by)
        sums = found.get(group)
        if sums is None:
            sums = found[group] = dict.fromkeys(measures, 0)
        for measure, n in values(CaseRow(*columns[:-1]), window).items():
            if measure in wanted:
                sums[measure] += n
        for measure, n in _rolled(counted, span):
            if measure in wanted:
                sums[measure] -= n


def _ahead(scope: Scope, now: int, end: int) -> CompoundSelect[tuple[str]]:
    """The cases whose moments the clock still decides: due after now and before ``end``, and those suspended now.

    Three questions of one index each: as one question a database may walk through all of the cases.
    """
    c = case_tables.cases.c
    conditions = (
        and_(c.count_at > now, c.count_at < end),
        and_(c.is_open, c.handle_deadline_at > now, c.handle_deadline_at < end),
        and_(c.is_open, c.suspended),
    )
    return union(*(select(c.case_id).where(*_named(scope), condition) for condition in conditions))


def _rolled(counted: CaseCounts, days: Days) -> Iterator[tuple[str, int]]:
    """What the roll-ups hold for a case over the days, piece by piece."""
    first, end = days
    for day, measure, n in counted.moves:
        if first <= day < end:
            yield NAMES[measure], n
    for day, measure, seen, n in counted.later:
        if first <= day < end and seen <= end:
            yield NAMES[measure], n


def _named(scope: Scope) -> list[ColumnElement[bool]]:
    return [case_tables.cases.c[HEADINGS[name]] == code for name, code in scope.named.items()]


def _counting_moments(indicator: Indicator) -> Sequence[ColumnElement[Any]]:
    """The moments that alone can bring a case into the indicator: one of them, with an index, where there is one."""
    names = set(indicator.measures)
    if "should_close" in names or "exempted" in names:
        return (_C.count_at,)
    if "should_handle" in names:
        return (_C.handle_deadline_at, _C.handled_at)
    if names <= BY_CLOSING:
        return (_C.closed_at,)
    return (_C.reported_at,) if names == {"intake"} else _MOMENTS


def _touches(window: Window, moments: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    """Any of these moments in the window, come or not."""
    return or_(*(and_(moment >= window.start, moment < window.end) for moment in moments))


def has_been(connection: Connection, street: str) -> bool:
    """Whether figures are kept of a street, also of one that the package no longer has."""
    r = indicator_tables.rollups.c
    return connection.execute(select(r.day).where(r.cut == "class", r.street == street).limit(1)).first() is not None
