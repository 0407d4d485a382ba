"""The report as an Excel workbook: typed cells, filters, a sheet of definitions; its cases too, when asked for."""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from dashboard.papers.made import Made
from dashboard.papers.table import section_name
from services.cases.case import CaseRow
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.leadership.figure_rows import part_rows
from services.leadership.part_words import PartWords
from services.leadership.report import Ranked, Report
from services.leadership.spans import Span, as_date
from services.leadership.words import Words

MOST_CASES = 100_000
# Sheet → the sections of rows (leadership.figure_rows) that stand on it.
PART_SHEETS = (
    ("reasons", ("reasons",)),
    ("repeats", ("repeats", "repeats_open")),
    ("supervision", ("supervision", "standing")),
    ("satisfaction", ("satisfaction",)),
    ("campaigns", ("campaigns",)),
    ("cameras", ("cameras",)),
)
FIRST_DAY = datetime(1899, 12, 30)  # Excel's day 0
Cell = Any


class Workbook:
    """One workbook in the making; ``finish`` gives its bytes. The same data give the same bytes but for ``made``."""

    def __init__(  # of what, for whom
        self, report: Report, span: Span, words: dict[str, Any], district: District, made: Made, *, cameras: bool = True
    ) -> None:
        self.report, self.words, self.district = report, words, district
        self.said, self.labels = Words(report, span, words, district), words["leadership"]["book"]
        self.out = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.book.set_properties({"title": self.said.whose, "created": datetime(2000, 1, 1, tzinfo=UTC)})
        self.head = self.book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.shares = self.book.add_format({"num_format": "0.0%"})
        self.counts = self.book.add_format({"num_format": "#,##0"})
        self.moments = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.dates = self.book.add_format({"num_format": "yyyy-mm-dd"})
        line = made.line(words["leadership"]["paper"]["made"], report.as_of, district.zone)
        self._figures(f"{self.said.whose} {self.said.span_name(span)}", line)
        if report.streets:
            self._ranking(self.labels["streets"], report.streets, self.said.street)
        if report.units:
            self._ranking(self.labels["units"], report.units, self.said.unit)
        for title, parts, name in (
            (self.labels["classes"], report.classes, self.said.domain),
            (self.labels["channels"], report.channels, self.said.channel),
        ):
            if parts:
                self._sheet(
                    title,
                    self.labels["part_columns"],
                    (
                        [
                            name(p.code),
                            p.count.now.n,
                            _n(p.count.before),
                            p.count.change,
                            _n(p.count.year_ago),
                            p.count.year_change,
                        ]
                        for p in parts
                    ),
                    [24, 12, 12, 12, 12, 12],
                    {3: self.shares, 5: self.shares},
                )
        self._parts(PartWords(self.said, cameras=cameras))
        self._sheet(
            self.labels["days"],
            self.labels["day_columns"],
            ([_day(p.day), p.intake, p.closed, p.on_time, p.n] for p in report.days),
            [14, 12, 12, 14, 12],
            {0: self.dates, 3: self.shares},
        )
        if report.hours:
            self._sheet(
                self.labels["hours"],
                [self.labels["weekday"], *range(24)],
                ([words["leadership"]["weekdays"][day], *row] for day, row in enumerate(report.hours)),
                [10, *[7] * 24],
                {},
            )

    def add_cases(self, rows: Iterable[CaseRow]) -> None:
        """A sheet of cases, in their order; nothing personal is in them."""
        said, words, zone = self.said, self.words, self.district.zone
        grids, communities = self.district.grids, self.district.communities
        self._sheet(
            self.labels["cases"], self.labels["case_columns"],
            (
                [row.case_id, said.domain(row.domain), row.class_name, words["word"]["severity"][row.severity],
                 words["status"].get(row.status, row.status), said.street(row.street),
                 communities[row.community].name if row.community in communities else row.community,
                 grids[row.grid].name if row.grid in grids else row.grid, said.unit(row.lead_unit),
                 said.channel(row.channel), _moment(row.reported_at, zone), _moment(row.deadline_at, zone),
                 _moment(row.closed_at, zone), row.returns, row.reworks]
                for row in rows
            ),
            [24, 14, 20, 8, 10, 14, 16, 20, 24, 12, 17, 17, 17, 8, 8],
            {10: self.moments, 11: self.moments, 12: self.moments},
        )  # fmt: skip

    def finish(self) -> bytes:
        """The definitions last; then the file."""
        english = self.words["language"] == "en"
        self._sheet(
            self.labels["definitions"],
            self.labels["definition_columns"],
            (
                [i.en, i.numerator_en, i.denominator_en, i.day_en]
                if english
                else [i.zh, i.numerator_zh, i.denominator_zh, i.day_zh]
                for i in INDICATORS.values()
            ),
            [20, 60, 60, 60],
            {},
        )
        self.drop()
        return self.out.getvalue()

    def drop(self) -> None:
        """Give up what it holds open: the rows are kept in files while it is made."""
        self.book.close()

    def _figures(self, title: str, line: str) -> None:
        sheet = self.book.add_worksheet(self.labels["figures"])
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 9, 14)
        sheet.write_string(0, 0, title, self.head)
        sheet.write_string(1, 0, line)
        at = 2
        for at, sentence in enumerate(self.said.sentences(), 2):
            sheet.write_string(at, 0, sentence)
        top = at + 2
        self._row(sheet, top, self.labels["figure_columns"], {}, self.head)
        english = self.words["language"] == "en"
        rows: list[list[Cell]] = []
        for name, compared in self.report.figures.items():
            now = compared.now
            is_share = now.denominator is not None
            label = INDICATORS[name].en if english else INDICATORS[name].zh
            rows.append([
                label, now.value, now.numerator if is_share else None, now.denominator, now.n, _value(compared.before),
                compared.change, _value(compared.year_ago), compared.year_change, self.report.targets.get(name),
            ])  # fmt: skip
            share, count = self.shares, self.counts
            forms = {
                1: share if is_share else count,
                5: share if is_share else count,
                6: share,
                7: share if is_share else count,
                8: share,
                9: share,
            }
            self._row(sheet, top + len(rows), rows[-1], forms)
        standing = self.report.open_at_end
        self._row(
            sheet, top + len(rows) + 1,
            [self.words["leadership"]["open_at_end"], standing.now, None, None, standing.now, standing.before, None,
             standing.year_ago], {},
        )  # fmt: skip
        sheet.autofilter(top, 0, top + len(rows) + 1, len(self.labels["figure_columns"]) - 1)
        sheet.freeze_panes(top + 1, 1)

    def _parts(self, parts: PartWords) -> None:
        """A sheet for each section beside the figures that has a row; shares in per cent, counts as they are."""
        found = list(part_rows(parts))
        columns = self.words["leadership"]["parts"]["csv"][2:]
        for title, sections in PART_SHEETS:
            rows = [row for row in found if row.section in sections]
            if not rows:
                continue
            sheet = self.book.add_worksheet(self.labels[title])
            for column, width in enumerate([40, *[12] * 6]):
                sheet.set_column(column, column, width)
            self._row(sheet, 0, columns, {}, self.head)
            for at, row in enumerate(rows, 1):
                form = self.counts if row.denominator is None else self.shares
                name = (
                    row.name if row.section == sections[0] else f"{row.name} · {section_name(self.said, row.section)}"
                )
                self._row(sheet, at, [name, *row[3:]], {1: form, 2: self.counts, 5: form, 6: form})
            sheet.autofilter(0, 0, len(rows), len(columns) - 1)
            sheet.freeze_panes(1, 1)

    def _ranking(self, title: str, rows: Sequence[Ranked], name: Any) -> None:
        self._sheet(
            title, self.labels["rank_columns"],
            (
                [row.rank, name(row.code), row.share.now.value, row.share.now.numerator, row.share.now.n, row.low,
                 row.high, _value(row.share.before), row.share.change]
                for row in rows
            ),
            [8, 24, 12, 12, 12, 12, 12, 12, 12],
            dict.fromkeys((2, 5, 6, 7, 8), self.shares),
        )  # fmt: skip

    def _sheet(
        self, title: str, columns: Sequence[Any], rows: Iterable[Sequence[Cell]], widths: Sequence[int], forms: Any
    ) -> None:
        sheet = self.book.add_worksheet(title)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        self._row(sheet, 0, columns, {}, self.head)
        last = 0
        for last, row in enumerate(rows, 1):
            self._row(sheet, last, row, forms)
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.freeze_panes(1, 0)

    @staticmethod
    def _row(sheet: Worksheet, at: int, cells: Sequence[Cell], forms: Any, usual: Any = None) -> None:
        for column, cell in enumerate(cells):
            form = forms.get(column, usual)
            if cell is None:
                continue
            if isinstance(cell, str):
                sheet.write_string(at, column, cell, form)
            else:
                sheet.write_number(at, column, cell, form)


def _value(figure: Any) -> float | None:
    return None if figure is None else figure.value


def _n(figure: Any) -> int | None:
    return None if figure is None else figure.n


def _day(day: int) -> int:
    """A day yyyymmdd as Excel's number of days."""
    return (as_date(day) - FIRST_DAY.date()).days


def _moment(ms: int | None, zone: ZoneInfo) -> float | None:
    """A moment as Excel's number of days: it knows no zones, so by the district's own clock."""
    if ms is None:
        return None
    return (datetime.fromtimestamp(ms // 1000, zone).replace(tzinfo=None) - FIRST_DAY) / timedelta(days=1)
