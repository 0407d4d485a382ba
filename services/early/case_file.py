"""Cases and places of a scan as two tables: who else's data are looked through. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.early.scan import MOST_CASES, MOST_PLACES
from services.files.fault import FileFault, RowFault
from services.files.tables import MOST_FAULTS, Table, TableRow, read_table
from services.files.text import decode

# What the columns may be called: ours first.
_NAMES = {
    "place": ("place", "zip"),
    "cases": ("cases",),
    "date": ("date",),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "long", "longitude"),
}
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]+)?")
_DATE = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})")


class PlaceTable(NamedTuple):
    """Ids in the order of the file, and their positions in WGS 84 degrees."""

    ids: list[str]
    lat: list[float]
    lon: list[float]


class DayCases(NamedTuple):
    """So many cases of one place and day; ``line`` counts from 1."""

    line: int
    place: str
    n: int
    day: date


def read_places(data: bytes) -> PlaceTable:
    """The places of a table with the columns place, lat, lon. Raises FileFault with every line that is wrong."""
    table, column = _table(data, "place", "lat", "lon")
    found, faults = PlaceTable([], [], []), []
    seen: dict[str, int] = {}
    for row in table.rows:
        try:
            name = _text(row, column["place"])
            if name in seen:
                raise _Wrong(column["place"], f"{name!r} stands in line {seen[name]} as well", "Leave one of them")
            lat, lon = (_degrees(row, column[axis], most) for axis, most in (("lat", 90), ("lon", 180)))
        except _Wrong as wrong:
            faults.append(wrong.at(row.line))
            continue
        seen[name] = row.line
        found.ids.append(name)
        found.lat.append(lat)
        found.lon.append(lon)
    if len(found.ids) > MOST_PLACES:
        faults.append(RowFault(0, "", f"has more than {MOST_PLACES:,} places", "Join them to larger ones"))
    _refuse(faults)
    return found


def read_cases(data: bytes) -> list[DayCases]:
    """The rows of a table with the columns place, cases, date. Raises FileFault with every line that is wrong."""
    table, column = _table(data, "place", "cases", "date")
    found: list[DayCases] = []
    faults: list[RowFault] = []
    total = 0
    for row in table.rows:
        try:
            name, text = _text(row, column["place"]), _text(row, column["cases"])
            if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_CASES))):
                raise _Wrong(column["cases"], f"{text[:40]!r} is no number of cases", "Write a whole number, 0 or more")
            day = day_of(written := _text(row, column["date"]))
            if day is None:
                raise _Wrong(column["date"], f"{written[:40]!r} is no day", "Write it as 2026-11-30")
        except _Wrong as wrong:
            faults.append(wrong.at(row.line))
            continue
        total += int(text)
        found.append(DayCases(row.line, name, int(text), day))
    if total > MOST_CASES:
        faults.append(RowFault(0, "", f"has more than {MOST_CASES:,} cases", "Give a shorter time"))
    _refuse(faults)
    return found


def day_of(text: str) -> date | None:
    """The day that a text says, as 2026-11-30 or 2026/11/30; None where it says none."""
    found = _DATE.fullmatch(text.strip())
    try:
        return date(int(found[1]), int(found[3]), int(found[4])) if found is not None else None
    except ValueError:
        return None


class _Wrong(Exception):
    def __init__(self, column: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self._said = column, problem, remedy

    def at(self, line: int) -> RowFault:
        return RowFault(line, *self._said)


def _table(data: bytes, *wanted: str) -> tuple[Table, dict[str, str]]:
    """The table, and what it calls the columns that are wanted."""
    table = read_table(decode(data).text)
    column: dict[str, str] = {}
    for name in wanted:
        there = [known for known in _NAMES[name] if known in table.columns]
        if not there:
            remedy = f"Columns are {', '.join(wanted)}: the first line names them"
            raise FileFault(RowFault(1, name, f"has no column {name}", remedy))
        column[name] = there[0]
    _refuse([row.fault for row in table.rows if row.fault is not None])
    return table, column


def _refuse(faults: Iterable[RowFault]) -> None:
    if found := list(faults):
        raise FileFault(*found[:MOST_FAULTS])


def _text(row: TableRow, column: str) -> str:
    if not (text := row.cells[column].strip()):
        raise _Wrong(column, "is empty", "Fill it in, or remove the line")
    return text


def _degrees(row: TableRow, column: str, most: int) -> float:
    text = _text(row, column)
    if not _DEGREES.fullmatch(text) or abs(found := float(text)) > most:
        raise _Wrong(column, f"{text[:40]!r} is no angle from -{most} to {most}", "Write degrees of WGS 84")
    return found
