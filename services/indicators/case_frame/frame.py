"""Cases as frames of pandas, and frames as the bytes of a CSV, Parquet or Excel file. Pure: the file comes open.

The three hold the same cells. What is not known is nothing in each: an empty field, a null, an empty cell.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from typing import IO, Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from services.cases.case import CaseRow
from services.indicators.case_frame.columns import COLUMNS, Asked, Kind, Value, columns_of

Form = Literal["csv", "parquet", "xlsx"]
FORMS: tuple[Form, ...] = get_args(Form)
Frames = Iterable[pd.DataFrame]
# So many cases are in the memory at once; a row group of a Parquet file is as long.
ROWS_A_FRAME = 20_000
# What a sheet of Excel takes below its head.
MOST_EXCEL_ROWS = 1_048_575
# Before it Excel has a day that never was.
_EXCEL_BEGINS = datetime(1900, 3, 1)
_NO_TIME = np.iinfo(np.int64).min


def frames(rows: Iterable[CaseRow], asked: Asked) -> Iterator[pd.DataFrame]:
    """The cases in frames of ROWS_A_FRAME each; of no case one frame without rows."""
    left = iter(rows)
    part = list(islice(left, ROWS_A_FRAME))
    yield frame(part, asked)
    while part := list(islice(left, ROWS_A_FRAME)):
        yield frame(part, asked)


def frame(rows: Iterable[CaseRow], asked: Asked) -> pd.DataFrame:
    """The cases as one frame with the columns of COLUMNS, times in the district's zone."""
    cells = [columns_of(row, asked) for row in rows]
    columns = zip(*cells, strict=True) if cells else ([] for _ in COLUMNS)
    return pd.DataFrame(
        {
            column.name: _series(column.kind, list(values), asked)
            for column, values in zip(COLUMNS, columns, strict=True)
        }
    )


def write(form: Form, found: Frames, about: Mapping[str, str], out: IO[bytes]) -> int:
    """Write the frames into ``out``; ``about`` is what the file says of itself. Returns how many rows there are."""
    return _WRITERS[form](found, about, out)


def schema(zone: str) -> pa.Schema:
    """The types of the Parquet file."""
    types: dict[Kind, Any] = {
        "text": pa.string(),
        "time": pa.timestamp("ms", tz=zone),
        "day": pa.date32(),
        "flag": pa.bool_(),
        "count": pa.int64(),
        "number": pa.float64(),
    }
    return pa.schema([pa.field(column.name, types[column.kind]) for column in COLUMNS])


def _series(kind: Kind, values: list[Value], asked: Asked) -> "pd.Series[Any]":
    if kind == "time":
        whole = np.array([_NO_TIME if value is None else value for value in values], np.int64)
        return pd.Series(whole.view("datetime64[ms]")).dt.tz_localize("UTC").dt.tz_convert(asked.district.zone)
    types: dict[Kind, Any] = {"text": "str", "day": object, "flag": bool, "count": "int64", "number": "float64"}
    return pd.Series(values, dtype=types[kind])


def _write_csv(found: Frames, _about: Mapping[str, str], out: IO[bytes]) -> int:
    """UTF-8 with a byte order mark, so that Excel reads the Chinese; times as RFC 3339 with their offset."""
    out.write(b"\xef\xbb\xbf")
    n = 0
    for part in found:
        told = part.assign(
            **{
                column.name: part[column.name].map(_rfc3339, na_action="ignore")
                for column in COLUMNS
                if column.kind == "time"
            }
        )
        out.write(told.to_csv(index=False, header=not n, lineterminator="\n").encode())
        n += len(part)
    return n


def _rfc3339(moment: pd.Timestamp) -> str:
    return moment.isoformat(timespec="milliseconds")


def _write_parquet(found: Frames, about: Mapping[str, str], out: IO[bytes]) -> int:
    wanted = schema(about["time_zone"])
    n = 0
    with pq.ParquetWriter(out, wanted, compression="zstd") as writer:
        for part in found:
            writer.write_table(pa.Table.from_pandas(part, wanted, preserve_index=False))
            n += len(part)
        writer.add_key_value_metadata({f"lianqin.{name}": text for name, text in about.items()})
    return n


def _write_xlsx(found: Frames, about: Mapping[str, str], out: IO[bytes]) -> int:
    """Two sheets: the cases, and what the columns mean. Rows go to a file of their own while it is made."""
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        head = book.add_format({"bold": True, "bottom": 1})
        forms = {
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        sheet = book.add_worksheet("cases")
        for at, column in enumerate(COLUMNS):
            sheet.set_column(at, at, 20 if column.kind in {"time", "text"} else 12)
            sheet.write_string(0, at, column.name, head)
        n = 0
        for part in found:
            for row in part.itertuples(index=False, name=None):
                n += 1
                for at, (column, cell) in enumerate(zip(COLUMNS, row, strict=True)):
                    _write_cell(sheet, n, at, cell, forms.get(column.kind))
        sheet.autofilter(0, 0, n, len(COLUMNS) - 1)
        sheet.freeze_panes(1, 1)
        _write_columns(book.add_worksheet("columns"), head, about)
    finally:
        book.close()  # it writes the file; after an error it only gives back what it holds
    return n


def _write_columns(sheet: Any, head: Any, about: Mapping[str, str]) -> None:
    lines: list[tuple[str, ...]] = [("column", "kind", "unit", "中文", "English")]
    lines += [(column.name, column.kind, column.unit, column.zh, column.en) for column in COLUMNS]
    lines += [(), *about.items()]
    for row, line in enumerate(lines):
        for at, text in enumerate(line):
            sheet.write_string(row, at, text, head if not row else None)


def _write_cell(sheet: Any, row: int, at: int, cell: Any, form: Any) -> None:
    """Excel knows no zones: a time stands there by the district's own clock."""
    if pd.isna(cell):
        return
    if isinstance(cell, str):
        sheet.write_string(row, at, cell)
    elif isinstance(cell, datetime):
        plain = cell.replace(tzinfo=None)
        if plain < _EXCEL_BEGINS:
            sheet.write_string(row, at, cell.isoformat(timespec="milliseconds"))
        else:
            sheet.write_datetime(row, at, plain, form)
    elif isinstance(cell, date):
        sheet.write_datetime(row, at, datetime(cell.year, cell.month, cell.day), form)
    elif isinstance(cell, bool | np.bool_):
        sheet.write_boolean(row, at, bool(cell))
    else:
        sheet.write_number(row, at, cell)


_WRITERS: dict[Form, Callable[[Frames, Mapping[str, str], IO[bytes]], int]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
}
