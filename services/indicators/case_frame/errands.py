"""``lianqin export cases``: the cases reported in some days as a file for analysis, always masked."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from services.cases.case import CaseRow
from services.cases.masking import for_file
from services.cases.reader import count_reported, reported_within
from services.district.doors import open_doors
from services.district.package import District
from services.indicators.case_frame.columns import Asked
from services.indicators.case_frame.frame import MOST_EXCEL_ROWS, Form, frames, write
from services.platform.clock import to_rfc3339
from services.platform.database import reading
from services.platform.errors import OperationError
from services.platform.settings import Settings
from services.platform.whole_file import whole_file

FORMAT = "lianqin-cases/1"


class CaseExport(msgspec.Struct, frozen=True):
    """What is wanted: days as 2026-11-23, both in; ``out`` None is a name of ours in the present folder."""

    first: str
    last: str
    form: Form = "csv"
    out: Path | None = None


def export_cases(settings: Settings, wanted: CaseExport) -> str:
    """Write the file; a line about it. Raises OperationError in words, or OSError where it cannot be written."""
    doors = open_doors(settings, migrate=False)
    try:
        return write_cases(doors.engine, doors.district, doors.clock.now_ms(), wanted)
    finally:
        doors.engine.dispose()
        doors.redis.close()


def write_cases(engine: Engine, district: District, now: int, wanted: CaseExport) -> str:
    """As ``export_cases``, from an open store; ``now`` is the district's clock (Unix ms)."""
    first, last = _day(wanted.first, "--from"), _day(wanted.last, "--to")
    if first > last:
        raise OperationError(f"--from {first} is after --to {last}: name the earlier day first")
    start = district.day_start_ms(_number(first))
    end = district.day_start_ms(district.day_after(_number(last)))
    if start > now:
        raise OperationError(f"--from {first} has not begun yet: nothing was reported then")
    path = wanted.out or Path(f"cases-{district.code}-{first}-{last}.{wanted.form}")
    if path.is_dir():
        raise OperationError(f"{path} is a folder: name a file")
    about = {
        "format": FORMAT,
        "district": district.code,
        "time_zone": district.zone.key,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "as_of": to_rfc3339(now),
    }
    with reading(engine) as connection:
        n = count_reported(connection, start, end)
        if wanted.form == "xlsx" and n > MOST_EXCEL_ROWS:
            raise OperationError(
                f"{n:,} cases are more than the {MOST_EXCEL_ROWS:,} rows of a sheet of Excel: "
                "choose fewer days, or --format parquet"
            )
        with (
            closing(reported_within(connection, start, end)) as rows,
            whole_file(path, is_private=True, is_flushed=True) as out,
        ):
            written = write(wanted.form, frames(_for_file(rows, district), Asked(district, now)), about, out)
    return f"{written:,} cases in {path}"


def _for_file(rows: Iterator[CaseRow], district: District) -> Iterator[CaseRow]:
    """As a file may have them that nobody in particular asks for: the machine's, so masked to the utmost."""
    return (told for row in rows if (told := for_file(row, None, district.units)) is not None)


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise OperationError(f"{option} {text!r} is no day: write for example 2026-11-23") from None
    if not 1900 < day.year < 2200:
        raise OperationError(f"{option} {day}: the contract knows days from 1901 to 2199")
    return day


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
