"""A row of a case file as a neutral case, and what is said about a row that cannot be one."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from services.events.codes import Channel, Status


class ReplayError(Exception):
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


def open_case_file(path: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """The columns of a CSV file (gzip or plain, UTF-8), and its rows with their spreadsheet row numbers.

    A row that has not as many cells as the header comes as an empty dict. Raises ReplayError when it is no such file.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ReplayError(f"{path}: cannot be read as CSV in UTF-8, plain or gzip: {error}") from error
    lines = csv.reader(io.StringIO(text, newline=""))
    header = next(lines, None)
    if not header:
        raise ReplayError(f"{path}: is empty: give a CSV file with a header row")

    def rows() -> Iterator[tuple[int, dict[str, str]]]:
        for number, cells in enumerate(lines, start=2):
            yield number, dict(zip(header, cells, strict=True)) if len(cells) == len(header) else {}

    return header, rows()


def number_or_none(text: str) -> float | None:
    """A finite number, or None where the cell holds none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None  # NaN and infinities fail the comparison
