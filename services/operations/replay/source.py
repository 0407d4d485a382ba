"""A row of a case file as a neutral case, and what is said about a row that cannot be one."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from services.contract.codes import Channel, Status
from services.files import tables
from services.files.fault import FileFault
from services.files.raw import read_file
from services.files.text import decode
from services.platform.refusal import Refusal

FAULTS_SHOWN = 5


class ReplayError(Refusal):
    """A case file that cannot be replayed: the message says which and why."""


class RowError(Exception):
    """A row that cannot be used: the message is the reason that is counted and shown."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A row left out. ``row`` counts as a spreadsheet does: the header is row 1."""

    row: int
    reason: str


class SourceCase(msgspec.Struct, frozen=True, kw_only=True):
    """What a file tells of one case, in the contract's vocabularies; times in UTC.

    ``ended``: the file says that it is closed, with ``closed_at`` where it says when. ``word`` is the source's own
    status and ``state`` what an unclosed case stands at when the file was written. ``unit``, ``street`` and
    ``community`` are codes of the district package, with the file's names beside them; an empty street with a position
    is placed by the position.
    """

    row: int
    case_id: str
    reported_at: datetime
    channel: Channel
    state: Status
    word: str
    ended: bool
    closed_at: datetime | None = None
    deadline_at: datetime | None = None
    on_time: bool | None = None
    undispatched: bool = False
    unit: str = ""
    unit_name: str = ""
    street: str = ""
    street_name: str = ""
    community: str = ""
    community_name: str = ""
    lon: float | None = None
    lat: float | None = None
    title: str = ""
    domain: str = "99"
    major: str = ""
    minor: str = ""
    address: str = ""
    remarks: tuple[str, ...] = ()


class CaseFile(NamedTuple):
    """A table of cases: its columns, its rows, and what there is to say of its encoding ('' where it is UTF-8)."""

    columns: tuple[str, ...]
    rows: list[tables.TableRow]
    note: str


def open_case_file(path: Path) -> CaseFile:
    """Read a CSV file, gzip or plain. Raises ReplayError where it is none, with the lines that make it doubtful."""
    try:
        text = decode(read_file(path))
        table = tables.read_table(text.text)
    except FileFault as error:
        shown = "; ".join(map(str, error.faults[:FAULTS_SHOWN]))
        more = f"; and {n:,} more" if (n := len(error.faults) - FAULTS_SHOWN) > 0 else ""
        raise ReplayError(f"{path.name}: cannot be read as CSV: {shown}{more}") from error
    return CaseFile(table.columns, table.rows, text.note)


def number_or_none(text: str) -> float | None:
    """A finite number, or None where the cell holds none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None  # NaN and infinities fail the comparison
