"""Reads a span's report: the roll-ups give it in a few dozen sums, however many cases there have been."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from services.cases import tables as case_tables
from services.district.comparable import comparable, comparable_a_year_ago
from services.district.package import District
from services.indicators import tables as indicator_tables
from services.indicators.figure import Figure
from services.indicators.figures_reader import Days, NotKept, Scope, figures, window_of
from services.leadership.parts_reader import Marked, Places, cameras_now
from services.leadership.report import (
    FUNNEL,
    HEADLINES,
    ComparedFigure,
    Point,
    Ranked,
    Report,
    ReportPart,
    StandingCases,
    heat,
    ranked,
)
from services.leadership.spans import Span, around, as_date, before, number, year_ago

NAMES = tuple(dict.fromkeys((*HEADLINES, *FUNNEL, "solved_rate", "contact_rate", "forced_closed", "self_handled")))
SERIES_DAYS = 14
Groups = dict[str, ComparedFigure]


def gather(
    connection: Connection, district: District, span: Span, now: int, *, street: str = "", unit: str = ""
) -> Report:
    """The report of a span for the district, a street or a unit, as of ``now``. Raises what the database raises."""
    asked = _Asked(connection, district, span, now, Scope(street=street or None, unit=unit or None))
    targets = {
        name: getattr(district.policy, f"target_{short}")
        for name, short in (
            ("on_time_close_rate", "on_time"),
            ("grid_solved_rate", "grid"),
            ("street_solved_rate", "street"),
            ("district_share", "district"),
        )
    }
    window = window_of(district, asked.days, now)
    marked = Marked(connection, district, asked.days, others=asked.others, now=now, scope=asked.scope)
    return Report(
        district.code, street, unit, span.text, window.start, window.end, window.as_of,
        figures=asked.whole(NAMES), open_at_end=asked.standing(), levels=asked.levels(),
        streets=[] if street else asked.ranked("street"), units=[] if unit else asked.ranked("unit"),
        classes=asked.parts("domain"), channels=asked.parts("channel"), days=asked.series(), hours=asked.hours(),
        targets=targets, reasons=marked.reasons(), supervision=marked.supervision(),
        campaigns=marked.campaigns(row["code"] for row in district.tables.get("campaigns", ())),
        repeats=Places(connection, district, asked.days, now, asked.scope).repeats(), told=marked.told(),
        cameras=None if street or unit else cameras_now(connection), against=asked.against,
    )  # fmt: skip


def class_figures(
    connection: Connection, district: District, span: Span, *, now: int, street: str, domain: str
) -> dict[str, ComparedFigure]:
    """The page's figures of one class, in the district or a street: for a comparison, so beside no other span."""
    scope = Scope(street=street or None, domain=domain)
    found = figures(connection, district, NAMES, Days(*span.numbers), now, scope=scope)[()]
    return {figure.name: ComparedFigure(figure) for figure in found}


class _Asked:
    """One question: where, when, of whom."""

    def __init__(self, connection: Connection, district: District, span: Span, now: int, scope: Scope) -> None:
        self.connection, self.district, self.span, self.now, self.scope = connection, district, span, now, scope
        self.days = Days(*span.numbers)
        self.begun = self._begun()
        self.against = comparable(district, self.days.first) if span.kind == "day" else None
        self.others = tuple(self._comparable(other) for other in self._earlier())

    def _begun(self) -> int | None:
        """The first day that figures are whole of (yyyymmdd): a case was closed.

        What was reported on a day before stood open when the data began: of that day only what was not closed is known.
        """
        c = indicator_tables.rollups.c
        query = select(c.day).where(c.cut == "class", c.closed > 0).order_by(c.day).limit(1)
        found: int | None = self.connection.execute(query).scalar()
        return found

    def _earlier(self) -> tuple[Span | None, Span | None]:
        """The spans to compare with: before and a year ago; of a day the same weekday, where it is of the same kind."""
        if self.against is None:
            return before(self.span), year_ago(self.span)
        days = self.against.day, comparable_a_year_ago(self.district, self.days.first)
        last, ago = (around("day", as_date(day), self.span.month_day) if day else None for day in days)
        return last, ago

    def _comparable(self, other: Span | None) -> Days | None:
        """The other span, as long as this one has lasted; None where the history does not reach back to it whole.

        A day that is not over is compared with none: a whole one would be another thing.
        """
        if other is None:
            return None
        today = as_date(self.district.day_of(self.now))
        if (
            self.begun is None
            or other.first < as_date(self.begun)
            or (self.span.kind == "day" and today < self.span.end)
        ):
            return None
        lasted = (min(self.span.end, today + timedelta(days=1)) - self.span.first).days
        end = other.end if lasted >= self.span.days else min(other.end, other.first + timedelta(days=lasted))
        return Days(number(other.first), number(end))

    def figures(self, names: Sequence[str], days: Days, by: Sequence[str] = ()) -> dict[Any, list[Figure]]:
        return figures(self.connection, self.district, names, days, self.now, scope=self.scope, by=by)

    def whole(self, names: Sequence[str]) -> Groups:
        """The scope's figures beside the other spans'."""
        now = self.figures(names, self.days)[()]
        others = [self.figures(names, days)[()] if days else [None] * len(now) for days in self.others]
        return {figure.name: ComparedFigure(figure, *then) for figure, *then in zip(now, *others, strict=True)}

    def by(self, heading: str, name: str) -> Groups:
        """Code → the figure of its cases."""
        now = self.figures([name], self.days, [heading])
        others = [self.figures([name], days, [heading]) if days else {} for days in self.others]
        return {
            str(code): ComparedFigure(figure, *(found[code,][0] if (code,) in found else None for found in others))
            for (code,), (figure,) in now.items()
        }

    def ranked(self, heading: str) -> list[Ranked]:
        shares = self.by(heading, "on_time_close_rate")
        return ranked((code, share) for code, share in shares.items() if code and share.now.n)

    def parts(self, heading: str) -> list[ReportPart]:
        """Counts of reported cases, most first. Of a unit's the roll-ups hold none by class or channel."""
        try:
            counts = self.by(heading, "intake")
        except NotKept:
            return []
        found = [ReportPart(code, count) for code, count in counts.items() if count.now.n]
        return sorted(found, key=lambda part: (-part.count.now.n, part.code))

    def levels(self) -> dict[str, int]:
        """Where the closed cases were solved at the highest: level → how many."""
        try:
            found = self.figures(["closed"], self.days, ["level"])
        except NotKept:
            return {}
        return {str(level): figure.n for (level,), (figure,) in found.items() if figure.n}

    def series(self) -> list[Point]:
        """Day by day: of a day or a week the fortnight up to its end, else the span itself.

        A day before the data begin has no share: those that were closed then are not known.
        """
        first, end = self.days
        if self.span.kind in {"day", "week"}:
            first = self.district.day_after(end, -SERIES_DAYS)
        end = min(end, self.district.day_after(self.district.day_of(self.now)))
        found = self.figures(["intake", "closed", "on_time_close_rate"], Days(first, end), ["day"])
        points = []
        for day in self.district.days(first, end):
            intake, closed, rate = found.get((day,), [None, None, None])
            if self.begun is None or day < self.begun:
                rate = None
            points.append(
                Point(
                    day,
                    intake.n if intake else 0,
                    closed.n if closed else 0,
                    rate.value if rate else None,
                    rate.n if rate else 0,
                )
            )
        return points

    def hours(self) -> list[list[float | None]]:
        """Mean reported cases by weekday and hour, over the days that have begun."""
        try:
            found = self.figures(["intake"], self.days, ["day", "hour"])
        except NotKept:
            return []
        end = min(self.span.end, as_date(self.district.day_of(self.now)) + timedelta(days=1))
        weekdays = [0] * 7
        for ahead in range((end - self.span.first).days):
            weekdays[(self.span.first.weekday() + ahead) % 7] += 1
        return heat(((as_date(day).weekday(), int(hour), f.n) for (day, hour), (f,) in found.items()), weekdays)

    def standing(self) -> StandingCases:
        """Open cases at the ends: who is open now, less whom somebody reported since, and whom somebody ended since.

        A case that was not filed (不予立案) ends with its acceptance: it keeps no time of its own.
        """
        c, district = case_tables.cases.c, self.district
        named = [c.street == self.scope.street] if self.scope.street else []
        named += [c.lead_unit == self.scope.unit] if self.scope.unit else []
        query = select(c.accepted_at, c.filed_at, c.status).where(c.is_open, ~c.merged, *named)
        rows = self.connection.execute(query).all()
        unfiled = (row.accepted_at for row in rows if not row.filed_at)
        waiting = [district.day_of(accepted) for accepted in unfiled if accepted is not None]
        tomorrow = district.day_after(district.day_of(self.now))

        def at(end: int) -> int:
            if end >= tomorrow:
                return len(rows)
            intake, closed, filing = self.figures(["intake", "closed", "filing_rate"], Days(end, tomorrow))[()]
            accepted = round((filing.denominator or 0) - filing.numerator)
            turned_down = accepted - sum(day >= end for day in waiting)
            return len(rows) - intake.n + closed.n + turned_down

        return StandingCases(at(self.days.end), *(at(days.end) if days else None for days in self.others))
