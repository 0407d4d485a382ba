r"""Tables as RFC 4180 has them, strictly: a quote that goes wrong is named, and never swallows what follows.

Lines end at CR, LF and CRLF alone: \v, \f, U+0085 and U+2028 are text. Within quotes a field may hold line breaks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from services.files.fault import FileFault, RowFault
from services.files.text import MARK

LINE_END = re.compile(r"\r\n|\r|\n")
# A quoted field longer than this is one whose quote was never closed.
MOST_FIELD = 131_072
MOST_FAULTS = 50
_UNREADABLE = re.compile(f"[\x00{MARK}]")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", "，": "Chinese commas", "；": "Chinese semicolons"}
_COMMAS = "Save it as CSV with commas between the fields"


class HeaderFault(FileFault):
    """The first line does not name the columns that are asked for."""


class TableRow(NamedTuple):
    """A row: its number as a spreadsheet counts (the header is 1), its first line, its cells by column.

    ``fault`` says why it cannot be used; the cells are then what could be read, or none.
    """

    number: int
    line: int
    cells: dict[str, str]
    fault: RowFault | None = None


class Table(NamedTuple):
    """The columns in order, without those that have no name, and the rows."""

    columns: tuple[str, ...]
    rows: list[TableRow]


def read_table(text: str, required: Iterable[str] = ()) -> Table:
    """The table of a text. Raises FileFault for what makes all of it doubtful: its quotes, its header, its separator.

    A row with too many or too few fields, or with bytes that cannot be read, has a ``fault``. Empty lines are no rows.
    """
    faults: list[RowFault] = []
    records = _records(text, faults)
    first = next(records, None)
    if first is None and not faults:
        names = f": it has no column {', '.join(required)}" if (required := tuple(required)) else ""
        raise HeaderFault(RowFault(1, "", f"is empty{names}", _columns_are(required)))
    header, at = ([], 1) if first is None else ([cell.strip() for cell in first[1]], first[0])
    rows = list(_rows(header, records, is_clean=_UNREADABLE.search(text) is None))
    if faults:
        named = header if faults[0].line > at else []  # else it is the header that is at fault
        raise FileFault(*(_by_name(fault, named) for fault in faults))
    _check_header(header, at, tuple(required))
    return Table(tuple(filter(None, header)), rows)


def _by_name(fault: RowFault, header: list[str]) -> RowFault:
    place = int(fault.column) - 1
    return replace(fault, column=header[place] if place < len(header) else fault.column)


def _check_header(header: list[str], line: int, required: tuple[str, ...]) -> None:
    if len(header) == 1:
        for mark, name in _SEPARATORS.items():
            if mark in header[0]:
                raise HeaderFault(RowFault(line, "", f"the fields are separated by {name}", _COMMAS))
    if header[0].lower().startswith("sep="):
        raise HeaderFault(
            RowFault(line, "", "is a note of Excel's, not the names of the columns", "Remove the line sep=")
        )
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise HeaderFault(
            RowFault(line, twice[0], f"column {', '.join(twice)} stands twice", "Leave one column of the name")
        )
    if missing := [name for name in required if name not in header]:
        raise HeaderFault(RowFault(line, missing[0], f"has no column {', '.join(missing)}", _columns_are(required)))


def _columns_are(required: tuple[str, ...]) -> str:
    names = f"Columns are {', '.join(required)}" if required else "Give a table"
    return f"{names}: the first line names them"


def _rows(header: list[str], records: Iterator[tuple[int, list[str]]], *, is_clean: bool) -> Iterator[TableRow]:
    width = len(header)
    is_named = all(header)
    for number, (line, cells) in enumerate(records, start=2):
        if len(cells) != width:
            remedy = f"It has {len(cells)}, the header {width}: put a text with commas into quotes"
            problem = (
                f"has {'more' if len(cells) > width else 'not as many'} cells {'than' if len(cells) > width else 'as'}"
            )
            yield TableRow(number, line, {}, RowFault(line, "", f"{problem} the header", remedy))
            continue
        row = dict(zip(header, cells, strict=True))
        if not is_named:
            row.pop("", None)
        fault = None
        if not is_clean and (
            bad := [name for name, cell in zip(header, cells, strict=True) if _UNREADABLE.search(cell)]
        ):
            remedy = "Write the text again and save the file as UTF-8"
            fault = RowFault(line, bad[0], f"{bad[0]} holds bytes that are no text", remedy)
        elif cells[0].strip() == header[0] and [cell.strip() for cell in cells] == header:
            fault = RowFault(line, "", "is the header once more", "Remove the line")
        yield TableRow(number, line, row, fault)


def _records(text: str, faults: list[RowFault]) -> Iterator[tuple[int, list[str]]]:
    """(first line, cells) of each record; a line whose quotes go wrong is a fault and no record."""
    lines = LINE_END.split(text)
    i = 0
    while i < len(lines):
        line, at = lines[i], i
        i += 1
        if not line:
            continue
        if '"' not in line:
            yield i, line.split(",")
            continue
        found = _quoted(lines, at)
        if isinstance(found, RowFault):
            faults.append(found)
            if len(faults) == MOST_FAULTS:
                return
        else:
            i = found[1]
            yield at + 1, found[0]


def _quoted(lines: list[str], at: int) -> tuple[list[str], int] | RowFault:
    """The cells of the record that begins in a line with quotes, and the index of the line behind it."""
    cells: list[str] = []
    line, i, pos = lines[at], at, 0
    while True:
        if line[pos : pos + 1] == '"':
            opened = i
            found = _field(lines, i, pos + 1)
            if found is None:
                return _wrong(opened, cells, "a quote opens here and never closes")
            cell, i, pos = found
            line = lines[i]
            if pos < len(line) and line[pos] != ",":
                if i > opened:
                    return _wrong(opened, cells, f"a quote opens here and does not close before line {i + 1}")
                return _wrong(opened, cells, "text stands behind a closing quote")
        else:
            end = line.find(",", pos)
            cell = line[pos:] if end < 0 else line[pos:end]
            if '"' in cell:
                return _wrong(i, cells, "a quote stands in the middle of a field")
            pos += len(cell)
        cells.append(cell)
        if pos == len(line):
            return cells, i + 1
        pos += 1


def _field(lines: list[str], i: int, pos: int) -> tuple[str, int, int] | None:
    """A quoted field from behind its opening quote: (text, line's index, place behind the closing quote)."""
    parts: list[str] = []
    size = 0
    while size <= MOST_FIELD:
        line = lines[i]
        end = line.find('"', pos)
        if end < 0:
            parts += (line[pos:], "\n")
            size += len(line) - pos + 1
            i, pos = i + 1, 0
            if i == len(lines):
                return None
        elif line[end + 1 : end + 2] == '"':
            parts.append(line[pos : end + 1])
            size += end + 1 - pos
            pos = end + 2
        else:
            parts.append(line[pos:end])
            return "".join(parts), i, end + 1
    return None


def _wrong(line: int, cells: list[str], problem: str) -> RowFault:
    remedy = 'Put the whole field into quotes and write a quote within it twice: "a ""b"" c"'
    return RowFault(line + 1, str(len(cells) + 1), problem, remedy)
