"""Makes the papers of a span: gathers once, writes each file whole."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine

from dashboard.papers.made import Made, put
from dashboard.papers.paper import as_pdf, paper_html
from dashboard.papers.table import csv_table
from dashboard.papers.workbook import MOST_CASES, Workbook
from dashboard.texts import texts
from services.access.rights import Person
from services.cases.case import CaseRow
from services.cases.masking import for_file
from services.cases.reader import touched
from services.district.doors import open_doors
from services.district.package import District
from services.indicators.figures_reader import Days, window_of
from services.leadership import spans
from services.leadership.figure_rows import figure_rows
from services.leadership.reader import gather
from services.leadership.report import Report
from services.leadership.spans import Span, SpanRefused, as_date, latest, parse
from services.leadership.words import Words
from services.platform.errors import OperationError
from services.platform.settings import Settings

KINDS = ("pdf", "xlsx", "csv")


class PaperWish(msgspec.Struct, frozen=True):
    """Which papers: ``text`` a span as ``spans.parse`` reads it, «yesterday», «today», or empty for the ``last``.

    ``cameras``: whether their reader may see what cameras cover.
    """

    text: str = ""
    last: str = "day"
    street: str = ""
    unit: str = ""
    kinds: tuple[str, ...] = KINDS
    with_cases: bool = False
    language: str = "zh-CN"
    cameras: bool = True


def write_papers(settings: Settings, wanted: PaperWish, folder: Path, by: str) -> Iterator[Path]:
    """Write them into ``folder``, each whole or not at all; yields their paths. Raises as ``papers``."""
    doors = open_doors(settings, migrate=False)
    for name, data in papers(doors.engine, doors.district, doors.clock.now_ms(), wanted, by=by):
        put(folder / name, data)
        yield folder / name


def papers(
    engine: Engine, district: District, now: int, wanted: PaperWish, *, by: str, asking: Person | None = None
) -> Iterator[tuple[str, bytes]]:
    """The papers' names and bytes, one after the other. ``asking`` sees their own cases; None: this machine's, all.

    Raises OperationError in words for a span, street or unit that is none, and for too many cases.
    """
    for code, known, what in ((wanted.street, district.streets, "street"), (wanted.unit, district.units, "unit")):
        if code and code not in known:
            raise OperationError(f"there is no {what} {code!r} in the package")
    span = _span(wanted, district, now)
    made, words = Made(by, now), texts(wanted.language)
    stem = "-".join(filter(None, ("report", wanted.street or wanted.unit or district.code, span.text)))
    with engine.connect() as connection, connection.begin():
        report = gather(connection, district, span, now, street=wanted.street, unit=wanted.unit)
        for kind in wanted.kinds:
            if kind == "pdf":
                yield f"{stem}.pdf", as_pdf(paper_html(report, span, words, district, made, cameras=wanted.cameras))
                continue
            if kind == "csv":
                said = Words(report, span, words, district)
                yield f"{stem}.csv", csv_table(said, figure_rows(said, cameras=wanted.cameras), made).encode()
                continue
            book = Workbook(report, span, words, district, made, cameras=wanted.cameras)
            try:
                if wanted.with_cases:
                    book.add_cases(_cases(connection, district, span, report, asking))
            except BaseException:
                book.drop()
                raise
            yield f"{stem}.xlsx", book.finish()


def _span(wanted: PaperWish, district: District, now: int) -> Span:
    today, month_day = as_date(district.day_of(now)), district.month_first_day
    named = {"yesterday": today - timedelta(days=1), "today": today}
    try:
        if wanted.text:
            return parse(named[wanted.text].isoformat() if wanted.text in named else wanted.text, today, month_day)
        return latest(next(kind for kind in spans.KINDS if kind == wanted.last), today, month_day)
    except SpanRefused as error:
        raise OperationError(str(error)) from None


def _cases(
    connection: Connection, district: District, span: Span, report: Report, asking: Person | None
) -> Iterator[CaseRow]:
    """Cases reported or closed in the span, by their report, as ``asking`` may have them in a file.

    Raises OperationError where there are too many.
    """
    window = window_of(district, Days(*span.numbers), report.as_of)
    n, rows = touched(connection, window.start, window.end, report.street, report.unit)
    if n > MOST_CASES:
        raise OperationError(f"{n:,} cases are more than {MOST_CASES:,}: choose a shorter span or a street")
    for row in rows:
        if (told := for_file(row, asking, district.units)) is not None:
            yield told
