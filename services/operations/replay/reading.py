"""What every format's reader shares: one cell, checked, with a reason that names the column and the value."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from services.contract.codes import Channel
from services.operations.replay.source import RowError, number_or_none
from services.operations.replay.times import parse_moment
from services.operations.replay.vocabulary import CHANNELS, OTHER_CHANNEL

Row = Mapping[str, str]


def key(row: Row, column: str) -> str:
    """The case's number. Raises RowError where there is none, or one that the contract cannot carry."""
    text = row[column].strip()
    if not text:
        raise RowError(f"{column} is empty: a case needs its number")
    if len(text) > 64 or not text.isprintable():
        raise RowError(f"{column} {text[:80]!r} is not printable text of at most 64 characters")
    return text


def opening(row: Row, column: str, zone: tzinfo) -> datetime:
    """When the case was reported. Raises RowError without it: the contract requires it."""
    if (moment := moment_or_none(row, column, zone)) is None:
        raise RowError(f"{column} is empty: nobody knows when the case was reported")
    return moment


def moment_or_none(row: Row, column: str, zone: tzinfo) -> datetime | None:
    """A time, or None where the cell is empty. Raises RowError for a cell that holds something else."""
    text = row[column].strip()
    if not text or text == "-":
        return None
    try:
        return parse_moment(text, zone)
    except ValueError as error:
        raise RowError(f"{column}: {error}") from None


def channel(word: str, remarks: list[str]) -> Channel:
    """The contract's channel for a source's word."""
    if (found := CHANNELS.get(word)) is None:
        remarks.append(f"channel {word!r} is not in the table: {OTHER_CHANNEL}")
        return OTHER_CHANNEL
    return found


def position(row: Row, lon: str, lat: str, remarks: list[str]) -> tuple[float | None, float | None]:
    """(lon, lat) as the file has it, also far outside; (None, None) where a half is missing."""
    x, y = number_or_none(row[lon]), number_or_none(row[lat])
    if x is None or y is None:
        if row[lon].strip() or row[lat].strip():
            remarks.append("position is not two numbers: left out")
        return None, None
    return x, y
