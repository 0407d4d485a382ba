"""Every figure of a report as a row: what the CSV holds, and the workbook's sheets of the parts. Pure.

Unrounded; None where there is nothing. Counts have neither numerator nor denominator; ``n`` is of how many.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from services.indicators.definitions import INDICATORS
from services.indicators.figure import Figure
from services.leadership.part_words import PartWords
from services.leadership.report import ComparedFigure, StandingCases
from services.leadership.spans import as_date
from services.leadership.words import Words


class FigureRow(NamedTuple):
    """One figure; ``section`` is a code of texts ``leadership.parts.sections`` or of a part."""

    section: str
    code: str
    name: str
    value: float | None
    n: int | None
    numerator: float | None = None
    denominator: float | None = None
    before: float | None = None
    year_ago: float | None = None


def figure_rows(said: Words, *, cameras: bool = True) -> list[FigureRow]:
    """All of them, in the order of the page; ``cameras``: whether the reader may see what cameras cover."""
    return [*_figures(said), *part_rows(PartWords(said, cameras=cameras)), *_days(said), *_hours(said)]


def part_rows(parts: PartWords) -> Iterator[FigureRow]:
    """Those of the sections beside the figures."""
    report, whole = parts.report, str(parts.words["whole"])
    for of in report.reasons:
        yield _compared("reasons", of.code, parts.reason(of.code), of.count)
    if report.repeats is not None:
        for place in report.repeats.rows:
            name = f"{parts.place(place)} {parts.matter(place)}"
            yield FigureRow("repeats", place.case_id, name, place.n, place.n)
            yield FigureRow("repeats_open", place.case_id, name, place.open, place.n)
    if report.supervision is not None:
        rows = report.supervision.rows
        named = [(f"{row.kind}.{row.level}", parts.supervised(row.kind, row.level), row) for row in rows]
        for code, name, row in named:
            yield _compared("supervision", code, name, row.begun)
        yield _compared("supervision", "", whole, report.supervision.begun)
        for code, name, row in named:
            yield FigureRow("standing", code, name, row.standing, row.standing)
        yield FigureRow("standing", "", whole, report.supervision.standing, report.supervision.standing)
    for name in ("contact_rate", "solved_rate", "satisfaction_rate"):
        yield _compared("satisfaction", name, str(parts.words["call_backs"][name]), report.figures[name])
    for of in report.campaigns:
        yield _compared("campaigns", of.code, parts.campaign(of.code), of.count)
    now = report.cameras
    if not parts.shows_cameras or now is None:
        return
    yield _share("cameras", "online", str(parts.words["online"]), now.online, now.cameras)
    for spots in now.spots:
        yield _share(
            "cameras", spots.kind, str(parts.words["spots"][spots.kind]), spots.covered, spots.n - spots.unknown
        )
    for spot in now.worst:
        yield _share("cameras", spot.id, f"{spot.name} {parts.blind}", spot.unseen, spot.cases)


def _figures(said: Words) -> Iterator[FigureRow]:
    report = said.report
    for name, compared in report.figures.items():
        label = INDICATORS[name].en if said.is_english else INDICATORS[name].zh
        yield _compared("figures", name, label, compared)
    yield _standing("open", str(said.words["open_at_end"]), report.open_at_end)
    counts = said.solved_at()
    known = sum(counts.values())
    for level, n in counts.items():
        if known:
            yield _share("levels", level, str(said.words["levels"][level]), n, known)
    for section, ranked, name_of in (("streets", report.streets, said.street), ("units", report.units, said.unit)):
        yield from (_compared(section, row.code, name_of(row.code), row.share) for row in ranked)
    for section, parts, name_of in (
        ("classes", report.classes, said.domain),
        ("channels", report.channels, said.channel),
    ):
        yield from (_compared(section, part.code, name_of(part.code), part.count) for part in parts)


def _days(said: Words) -> Iterator[FigureRow]:
    for section in ("days_intake", "days_closed", "days_on_time"):
        for point in said.report.days:
            day = as_date(point.day).isoformat()
            if section == "days_on_time":
                above = None if point.on_time is None else round(point.on_time * point.n)
                yield FigureRow(section, day, day, point.on_time, point.n, above, point.n)
            else:
                n = point.intake if section == "days_intake" else point.closed
                yield FigureRow(section, day, day, n, n)


def _hours(said: Words) -> Iterator[FigureRow]:
    """Means; n is how many such weekdays there were."""
    report, district = said.report, said.district
    last = as_date(district.day_of(max(report.as_of - 1, report.first)))
    first = said.span.first
    days = Counter((first + timedelta(days=ahead)).weekday() for ahead in range((last - first).days + 1))
    for weekday, row in enumerate(report.hours):
        for hour, mean in enumerate(row):
            name = f"{said.words['weekdays'][weekday]} {hour:02}:00"
            yield FigureRow("hours", f"w{weekday + 1}h{hour:02}", name, mean, days[weekday])


def _compared(section: str, code: str, name: str, of: ComparedFigure) -> FigureRow:
    now = of.now
    is_share = now.denominator is not None
    return FigureRow(
        section, code, name, now.value, now.n, now.numerator if is_share else None, now.denominator, _value(of.before),
        _value(of.year_ago),
    )  # fmt: skip


def _standing(code: str, name: str, of: StandingCases) -> FigureRow:
    return FigureRow("open", code, name, of.now, of.now, None, None, of.before, of.year_ago)


def _share(section: str, code: str, name: str, above: int, below: int) -> FigureRow:
    return FigureRow(section, code, name, above / below if below else None, below, above, below)


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value
