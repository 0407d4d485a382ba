"""The first sheet of an Excel workbook (.xlsx, ECMA-376) as a table of texts, read safely: no macro, link or entity.

A cell is what a person sees: dates as 2026-11-25 or 2026-11-25 18:00, whole numbers without a point, codes of a form
like 00 with their zeros. Formulas count by the value that was saved with them.
"""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from datetime import datetime, timedelta
from typing import NamedTuple

from services.files.fault import FileFault, RowFault, whole_file
from services.files.xml import documents, parse

MOST_UNPACKED = 16 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 100_000, 200
_PLACE = re.compile(r"([A-Z]{1,3})\d+")
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_ZEROS = re.compile("0+")
# The numbers of the built-in forms of dates; those from 18 to 22 and 45 to 47 have a time.
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_TIMES = {18, 19, 20, 21, 22, 32, 33, 34, 35, 36, 45, 46, 47, 55, 56}


class _Form(NamedTuple):
    """How a cell's number is shown."""

    is_date: bool = False
    has_time: bool = False
    zeros: int = 0


def is_workbook(data: bytes) -> bool:
    """Whether it is a workbook by what it holds, whatever it is named."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return "xl/workbook.xml" in packed.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def read_workbook(data: bytes) -> list[list[str]]:
    """The rows of the first sheet that is shown, each as long as the longest. Raises FileFault."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return _Workbook(packed).rows()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise _damaged(str(error)) from None
    except (LookupError, ValueError, TypeError, AttributeError, StopIteration) as error:  # Broken is a ValueError
        raise _damaged(str(error)) from None


class _Workbook:
    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed, self._left = packed, MOST_UNPACKED
        self._names = set(packed.namelist())

    def rows(self) -> list[list[str]]:
        book = self._tree("xl/workbook.xml")
        shared = self._shared()
        forms = self._forms()
        settings = book.find("workbookPr")
        is_1904 = settings is not None and settings.get("date1904") in {"1", "true"}
        begin = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # a sheet knows no zone
        found: list[list[str]] = []
        for row in self._tree(self._sheet(book)).iter("row"):
            cells: dict[int, str] = {}
            for cell in row.iter("c"):
                place = _column(cell.get("r", "")) if cell.get("r") else len(cells)
                if place >= MOST_COLUMNS:
                    raise whole_file(f"has more than {MOST_COLUMNS} columns", "Leave the table's own columns alone")
                cells[place] = _text(cell, shared, forms, begin)
            if any(text.strip() for text in cells.values()):
                found.append([cells.get(at, "") for at in range(max(cells) + 1)])
            if len(found) > MOST_ROWS:
                raise whole_file(f"has more than {MOST_ROWS:,} rows", "Cut it into parts")
        width = max(map(len, found), default=0)
        return [row + [""] * (width - len(row)) for row in found]

    def _tree(self, name: str) -> ET.Element:
        with self._packed.open(name) as file:
            raw = file.read(self._left + 1)
        self._left -= len(raw)
        if self._left < 0:
            raise whole_file(
                f"unpacks to more than {MOST_UNPACKED // 1024 // 1024} MB", "Leave one sheet with the table in it"
            )
        return parse(documents(raw)[0].text)

    def _sheet(self, book: ET.Element) -> str:
        shown = [one for one in book.iter("sheet") if one.get("state", "visible") == "visible"]
        if not shown:
            raise whole_file("has no sheet that is shown", "Put the table on the first sheet")
        links = {one.get("Id"): one.get("Target", "") for one in self._tree("xl/_rels/workbook.xml.rels")}
        target = links[next(value for name, value in shown[0].items() if name.endswith(":id"))]
        return target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    def _shared(self) -> list[str]:
        if "xl/sharedStrings.xml" not in self._names:
            return []
        return [_joined(one) for one in self._tree("xl/sharedStrings.xml") if one.tag == "si"]

    def _forms(self) -> list[_Form]:
        if "xl/styles.xml" not in self._names:
            return []
        styles = self._tree("xl/styles.xml")
        own = {one.get("numFmtId"): one.get("formatCode", "") for one in styles.iter("numFmt")}
        cells = styles.find("cellXfs")
        return [] if cells is None else [_form(one.get("numFmtId", "0"), own) for one in cells]


def _form(number: str, own: dict[str | None, str]) -> _Form:
    if number in own:
        code = own[number].split(";")[0]
        if _ZEROS.fullmatch(code):
            return _Form(zeros=len(code))
        plain = _QUOTED.sub("", code).lower()
        return _Form(any(letter in plain for letter in "ydh"), "h" in plain)
    return _Form(int(number) in _DATES, int(number) in _TIMES)


def _text(cell: ET.Element, shared: list[str], forms: list[_Form], begin: datetime) -> str:
    kind, value = cell.get("t", "n"), cell.findtext("v") or ""
    if kind == "s":
        return shared[int(value)] if value else ""
    if kind == "inlineStr":
        inside = cell.find("is")
        return "" if inside is None else _joined(inside)
    if kind == "e":
        raise FileFault(
            RowFault(
                int(re.sub(r"\D", "", cell.get("r", "")) or 0),
                "",
                f"holds the error {value[:20]!r} of a formula",
                "Mend the formula, or write the value itself",
            )
        )
    if kind != "n" or not value:
        return value
    form = forms[int(cell.get("s", "0"))] if forms else _Form()
    number = float(value)
    if form.is_date:
        try:
            at = begin + timedelta(seconds=round(number * 86_400))
        except OverflowError:
            return value
        return f"{at:%Y-%m-%d %H:%M}" if form.has_time or number % 1 else f"{at:%Y-%m-%d}"
    return f"{int(number):0{form.zeros}d}" if number == int(number) and abs(number) < 1e15 else f"{number:.15g}"


def _joined(element: ET.Element) -> str:
    """The text of a string and of its runs, without what it is read out as."""
    runs = [element, *(run for run in element if run.tag == "r")]
    return "".join(text.text or "" for run in runs for text in run if text.tag == "t")


def _column(place: str) -> int:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(f"a cell at {place[:20]!r}")
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _damaged(said: str) -> FileFault:
    return whole_file(
        f"is no Excel workbook that can be read ({said[:80]})", "Save it as .xlsx or CSV and give it again"
    )
