"""One row of a CSV file of the package set, added or ended; every other byte stays as it is. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.district.package_tables import TABLES
from services.files.fault import FileFault
from services.files.tables import read_table

# Columns that a table may have beside those that it must, in the order of a new file.
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "roster": ("role", "seat"),
    "campaigns": ("name_en", "domain"),
    "departments": ("name_en",),
    "class_map": (),
    "categories": ("aliases",),
}
MARK = b"\xef\xbb\xbf"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_TO_QUOTE = re.compile(r"""[",\r\n]|^\s|\s$""")


class TableRecord(NamedTuple):
    """A row: its place among the file's records (the header is 0), and its cells by column."""

    place: int
    cells: dict[str, str]


def columns_of(name: str, content: bytes | None) -> tuple[str, ...]:
    """The columns of a file; of one that is not there those that a new one gets."""
    text = _text(content)
    if not text.strip():
        return (*TABLES[name], *OPTIONAL[name])
    return read_table(text, TABLES[name]).columns


def rows_of(name: str, content: bytes | None) -> list[TableRecord]:
    """The rows of a file that was checked already."""
    text = _text(content)
    if not text.strip():
        return []
    return [
        TableRecord(row.number - 1, {column: cell.strip() for column, cell in row.cells.items()})
        for row in read_table(text, TABLES[name]).rows
    ]


def with_row(name: str, content: bytes | None, place: int, cells: Mapping[str, str]) -> bytes:
    """The file with the record at ``place`` set; 0: one more at its end. A column that is not given stays."""
    columns = columns_of(name, content)
    if not _text(content).strip():
        content = (",".join(columns) + "\n").encode()
    records, end = _records(_text(content)), _end(_text(content))
    known: Mapping[str, str] = {}
    if place:
        known = next(row.cells for row in rows_of(name, content) if row.place == place)
    line = ",".join(_cell(cells.get(column, known.get(column, ""))) for column in columns)
    if place:
        old = records[place]
        records[place] = line + old[len(old.rstrip("\r\n")) :]
    else:
        if not records[-1].endswith(("\r", "\n")):
            records[-1] += end
        records.append(line + end)
    return _bytes(content, records)


def without_row(content: bytes | None, place: int) -> bytes:
    """The file without the record at ``place``."""
    records = _records(_text(content))
    return _bytes(content, [*records[:place], *records[place + 1 :]])


def with_more(name: str, content: bytes | None, pasted: str) -> bytes:
    """The file with the rows of a pasted table behind its own; its columns may stand in another order.

    Raises FileFault where it is no table, or a row of it cannot be read.
    """
    found = content
    for row in read_table(pasted, TABLES[name]).rows:
        if row.fault is not None:
            raise FileFault(row.fault)
        found = with_row(name, found, 0, row.cells)
    return found or b""


def _records(text: str) -> list[str]:
    """The records with their line ends, empty lines with the one before: put together they are the text."""
    found: list[str] = []
    is_open = False
    for line in _LINE.findall(text):
        if not line:
            continue
        if found and (is_open or not line.strip("\r\n")):
            found[-1] += line
        else:
            found.append(line)
        is_open ^= line.count('"') % 2 == 1
    return found


def _end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8-sig")


def _bytes(content: bytes | None, records: Sequence[str]) -> bytes:
    mark = MARK if content is not None and content.startswith(MARK) else b""
    return mark + "".join(records).encode()
