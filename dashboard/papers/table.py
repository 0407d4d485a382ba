"""The report as CSV: every figure of the page, a row each; Excel opens it with its Chinese, and finds no formula."""

import csv
import io
from collections.abc import Iterable, Mapping

from dashboard.papers.made import Made
from services.leadership.figure_rows import FigureRow
from services.leadership.words import Words
from services.platform.text import safe


def csv_table(said: Words, rows: Iterable[FigureRow], made: Made) -> str:
    """A line that says who, when and of what; the heads; the rows, unrounded, empty where nothing is known."""
    words, district = said.words["parts"], said.district
    out = io.StringIO()
    out.write("\ufeff")
    table = csv.writer(out)
    line = made.line(said.words["paper"]["made"], said.report.as_of, district.zone)
    table.writerow([safe(words["made"].format(line=line, span=f"{said.whose} {said.span_name(said.span)}"))])
    table.writerow(words["csv"])
    for row in rows:
        table.writerow(
            [safe(section_name(said, row.section)), safe(row.code), safe(row.name), *(_cell(v) for v in row[3:])]
        )
    return out.getvalue()


def cases_table(said: Words, reason: str, lines: Iterable[Mapping[str, str]]) -> str:
    """The cases of a figure as CSV, a row each: what the page shows of them."""
    words, sheet = said.words, said.all["handover"]
    out = io.StringIO()
    out.write("\ufeff")
    table = csv.writer(out)
    table.writerow(
        [words["case"], sheet["class"], sheet["place"], sheet["unit"], words["reported"], words["ended"], reason]
    )
    for line in lines:
        table.writerow([safe(line[name]) for name in ("id", "class", "street", "unit", "reported", "closed", "why")])
    return out.getvalue()


def section_name(said: Words, section: str) -> str:
    """What a section of rows is called."""
    words = said.words["parts"]
    return str(words["sections"][section] if section in words["sections"] else words[section]["title"])


def _cell(value: float | None) -> str:
    """A number as it is: 0.9312, 1719, nothing."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(float(value))
