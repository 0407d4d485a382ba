"""A package's tables: which columns each has, its keys, and what its codes, names, times and numbers must be. Pure.

A row with a fault stands in no table: the package with it is not loaded at all.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from services.contract.codes import DOMAINS
from services.files.fault import FileFault
from services.files.tables import HeaderFault, read_table
from services.platform.clock import parse_ms

TABLES = {
    "departments": ("code", "name"),
    "people": ("grid", "role", "name"),
    "roster": ("from", "until", "shift", "name"),
    "campaigns": ("code", "name"),
    "categories": ("scheme", "kind", "major", "minor", "name", "condition", "value", "unit", "domain"),
    "class_map": ("source", "scheme", "kind", "major", "minor", "domain"),
    "holidays": ("date", "kind"),
    "cameras": ("camera_id", "lon", "lat", "coord_sys"),
}
# What tells one row from another.
KEYS = {
    "departments": ("code",),
    "campaigns": ("code",),
    "holidays": ("date",),
    "people": ("grid", "role", "name"),
    "roster": ("from", "until", "shift", "name", "role", "seat"),
    "categories": ("scheme", "kind", "major", "minor", "condition", "value", "unit"),
    "class_map": ("source", "scheme", "kind", "major", "minor"),
}
# Codes: what events and screens refer to. Names: what people read.
CODES = {
    "departments": ("code",),
    "campaigns": ("code",),
    "people": ("grid", "role"),
    "roster": ("shift",),
    "categories": ("scheme", "major", "minor"),
}
NAMES = dict.fromkeys(("departments", "people", "roster", "campaigns", "categories"), ("name",))
LONGEST_CODE, LONGEST_NAME, LONGEST_CELL = 64, 200, 2_000
# Other words for a class: how many, how long.
MOST_ALIASES, LONGEST_ALIAS = 30, 30
_UNITS = {"UH", "UD", "WH", "WD"}
_KINDS = {"component", "event"}
_NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?")
# Line breaks of word processors: text, which a screen shows as a space.
_SOFT = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_ALIAS_END = re.compile("[;；、]")
_CONTROL = re.compile("[\x00-\x1f\x7f]")

Complain = Callable[[str, object, str, str], None]
Faults = Iterator[tuple[str, str]]


class Known(NamedTuple):
    """What a table may refer to; None: the package says nothing of it, so nothing can be checked against it."""

    seats: frozenset[str]
    grids: frozenset[str] | None


class TableLine(NamedTuple):
    """A row of a table: its line in the file, and its cells without the white space around them."""

    number: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        """How a fault names it."""
        return f"line {self.number}"


def read_lines(name: str, text: str, complain: Complain) -> list[TableLine]:
    """The rows of a table; what is wrong with its quotes, header, fields and characters is complained of."""
    file = f"{name}.csv"
    try:
        table = read_table(text, TABLES[name])
    except HeaderFault as error:
        for fault in error.faults:
            complain(file, "header", fault.problem, fault.remedy)
        return []
    except FileFault as error:
        for fault in error.faults:
            at = f"column {fault.column}: " if fault.column else ""
            complain(file, f"line {fault.line}" if fault.line else "", at + fault.problem, fault.remedy)
        return []
    found, one_of = [], dict[str, str]()  # a roster says the same few words in every line: one of each is kept
    must = [c for c in table.columns if c == "name" or c in CODES.get(name, ())]
    for row in table.rows:
        if row.fault is not None:
            complain(file, f"line {row.line}", row.fault.problem, row.fault.remedy)
            continue
        if _is_plain(row.cells, must):
            stripped = {column: cell.strip() for column, cell in row.cells.items()}
            found.append(TableLine(row.line, {c: one_of.setdefault(cell, cell) for c, cell in stripped.items()}))
            continue
        cells = {column: _SOFT.sub(" ", cell).strip() for column, cell in row.cells.items()}
        bad = list(_bad_cells(name, row.cells, cells)) if any(cells.values()) else []
        for problem, remedy in bad:
            complain(file, f"line {row.line}", problem, remedy)
        if any(cells.values()) and not bad:
            found.append(TableLine(row.line, cells))
    return found


def _is_plain(cells: Mapping[str, str], must: Sequence[str]) -> bool:
    """Whether nothing can be wrong with a row's characters: nearly every row, found out by one look at all its cells.

    What is printable holds no control character and no white space but blanks. Longer cells are looked at one by one.
    """
    text = "".join(cells.values())
    is_short = len(text) <= LONGEST_CODE or max(map(len, cells.values())) <= LONGEST_CODE
    return is_short and text.isprintable() and bool(text.strip()) and all(cells[column].strip() for column in must)


def _bad_cells(name: str, raw: Mapping[str, str], cells: Mapping[str, str]) -> Faults:
    """What a cell cannot be in its column: (problem, remedy) of each."""
    for column, cell in cells.items():
        if column in CODES.get(name, ()):
            code = raw[column].strip()
            if not code:
                yield f"{column} is empty", f"Give each row its {column}"
            elif not code.isprintable() or len(code) > LONGEST_CODE:
                problem = f"{column} {code[:70]!r} is not printable text of at most {LONGEST_CODE} characters"
                yield problem, "Write a short code in one line"
        elif column in NAMES.get(name, ()) or column == "name_en":
            if not cell and column == "name":
                yield "name is empty", "Give each row its name"
            elif _CONTROL.search(cell) or len(cell) > LONGEST_NAME:
                problem = f"{column} {cell[:40]!r} is not text in one line of at most {LONGEST_NAME} characters"
                yield problem, "Write it in one line, without control characters"
        elif _CONTROL.search(cell.replace("\n", "").replace("\t", "")) or len(cell) > LONGEST_CELL:
            problem = f"{column} {cell[:40]!r} is not text of at most {LONGEST_CELL:,} characters"
            yield problem, "Write it shorter, without control characters"


def bad_area(properties: Mapping[str, object]) -> Faults:
    """What the code, name and parent of a feature cannot be: (problem, remedy) of each."""
    for key in ("code", "name", "parent"):
        value = properties.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            continue
        if not isinstance(value, str):
            yield f"{key} is {str(value)[:40]}", f'Write {key} as a text: "…"'
        elif key == "name" and (_CONTROL.search(value) or len(value) > LONGEST_NAME):
            problem = f"name {value[:40]!r} is not text in one line of at most {LONGEST_NAME} characters"
            yield problem, "Write it in one line, without control characters"
        elif key != "name" and (not value.isprintable() or value != value.strip() or len(value) > LONGEST_CODE):
            problem = f"{key} {value[:70]!r} is not printable text of at most {LONGEST_CODE} characters"
            yield problem, "Write a short code in one line, without white space around it"


def check_table(name: str, lines: Sequence[TableLine], known: Known, complain: Complain) -> None:
    """Complain of keys that stand twice, and of what each row cannot mean."""
    file, key = f"{name}.csv", KEYS[name]
    seen: dict[tuple[str, ...], int] = {}
    for line in lines:
        values = tuple(line.cells.get(column, "") for column in key)
        first = seen.setdefault(values, line.number)
        if first != line.number:
            shown = ", ".join(filter(None, values))
            complain(file, line.where, f"{' '.join(key)} {shown} stands twice: first in line {first}", "Keep one line")
        for problem, remedy in _CHECKS[name](line.cells, known):
            complain(file, line.where, problem, remedy)


def _check_nothing(_row: Mapping[str, str], _known: Known) -> Faults:
    yield from ()


def _check_people(row: Mapping[str, str], known: Known) -> Faults:
    if known.grids is not None and row["grid"] not in known.grids:
        yield f"grid {row['grid']!r} is unknown", "Name the code of a grid of grids.geojson"


def _check_roster(row: Mapping[str, str], known: Known) -> Faults:
    if (seat := row.get("seat", "")) not in known.seats:
        yield (
            f"seat {seat!r} is unknown",
            "Write a street's or a unit's code, or leave it empty for the district's centre",
        )
    if not _is_span(row["from"], row["until"]):
        yield f"{row['from'] + ' – ' + row['until']!r} is no span", "Write two times with an offset"


@lru_cache(maxsize=1024)  # a roster has few shifts, and each of them for every grid
def _is_span(start: str, end: str) -> bool:
    try:
        return parse_ms(start) < parse_ms(end)
    except (ValueError, OverflowError):
        return False


def _check_campaign(row: Mapping[str, str], _known: Known) -> Faults:
    if row.get("domain") and row["domain"] not in DOMAINS:
        yield f"domain {row['domain']!r}", "Write 01 … 16 or 99, or leave it empty"


def _check_category(row: Mapping[str, str], known: Known) -> Faults:
    if not 0 < decimal(row["value"]) < 100_000 or row["unit"] not in _UNITS:
        yield f"limit {row['value'] + ' ' + row['unit']!r}", "Write a number > 0 and UH UD WH WD"
    aliases = aliases_in(row.get("aliases", ""))
    if len(aliases) > MOST_ALIASES or any(not 2 <= len(alias) <= LONGEST_ALIAS for alias in aliases):
        yield (
            f"aliases {row['aliases'][:40]!r}",
            f"Write at most {MOST_ALIASES} words of 2 to {LONGEST_ALIAS} characters, with semicolons between them",
        )
    if row["kind"] not in _KINDS:
        yield f"kind {row['kind']!r} is unknown", "Write component or event"
    yield from _check_class(row, known)


def _check_class(row: Mapping[str, str], _known: Known) -> Faults:
    if row["domain"] not in DOMAINS:
        yield f"domain {row['domain']!r}", "Write 01 … 16 or 99"


_CHECKS: dict[str, Callable[[Mapping[str, str], Known], Faults]] = {
    "departments": _check_nothing,
    "people": _check_people,
    "roster": _check_roster,
    "campaigns": _check_campaign,
    "categories": _check_category,
    "class_map": _check_class,
    "holidays": _check_nothing,
}


def aliases_in(cell: str) -> tuple[str, ...]:
    """The other words for a class that a cell names, with semicolons or «、» between them."""
    return tuple(filter(None, (word.strip() for word in _ALIAS_END.split(cell))))


def decimal(text: str) -> float:
    """A plain decimal number; NaN for anything else, and for what no number holds."""
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else math.nan
