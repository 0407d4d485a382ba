"""`lianqin export cases`: what is in the file, in three forms, on two databases; whom and what it never names."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine

from dashboard.cli.main import main
from services.audit import log_service
from services.district.package import District
from services.indicators.case_frame import errands
from services.indicators.case_frame import frame as framing
from services.indicators.case_frame.columns import COLUMNS
from services.indicators.case_frame.errands import CaseExport, write_cases
from services.indicators.figures_reader import Days, figures
from services.platform.clock import parse_ms, to_rfc3339
from services.platform.errors import OperationError
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.tiny import NOON, case, entry, middle, numbered

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = NOON + 2 * DAY
DAY_OF_NOON, MIDNIGHT = "2026-11-23", parse_ms("2026-11-23T00:00:00+08:00")
FORMS = ("csv", "parquet", "xlsx")
SECRETS = ("王小明", "13812345678", "家庭矛盾", "纠纷地点")


def at(ms: int) -> str:
    return to_rfc3339(ms)


def fill(engine: Engine, district: District) -> None:
    """Five cases of the day, one of the day before and one of the day after."""
    person = {"reporter": {"name": "王小明", "phone": "13812345678"}, "title": "王小明 13812345678 说井盖坏了"}
    closed = {
        "accepted_at": at(NOON + 3 * MINUTE), "filed_at": at(NOON + 10 * MINUTE), "dispatched_at": at(NOON + HOUR),
        "handled_at": at(NOON + 5 * HOUR), "dispatches": 2, "wrong_dispatches": 1, "lead_unit": "D1", "severity": 2,
    }  # fmt: skip
    bodies = [
        case("IN-TIME", 5, "closed", **closed, **person, closed_at=at(NOON + 6 * HOUR), deadline_at=at(NOON + DAY),
             category={"name": "井盖 联系人王小明13812345678"}),
        case("LATE", 5, "closed", **closed, closed_at=at(NOON + DAY), deadline_at=at(NOON + 6 * HOUR)),
        case("OPEN", 2, "filed", filed_at=at(NOON), deadline_at=at(NOON + HOUR), reported_at=at(NOON), **middle(2, 0)),
        case("=1+1", reported_at=at(MIDNIGHT), lon=..., lat=..., coord_sys=...),
        case("DISPUTE", 1, "reported", domain="09", lead_unit="纠纷地点", category={"name": "家庭矛盾"}),
        case("BEFORE", reported_at=at(MIDNIGHT - 1)),
        case("AFTER", reported_at=at(MIDNIGHT + DAY)),
    ]  # fmt: skip
    entries = [entry(body, "case.corrected", NOON + DAY + HOUR) for body in bodies]
    Ingest(engine, district, Sealer("")).apply(numbered(entries, NOW), NOW)


def made(engine: Engine, district: District, folder: Path, form: Any) -> Path:
    path = folder / f"cases.{form}"
    write_cases(engine, district, NOW, CaseExport(DAY_OF_NOON, DAY_OF_NOON, form, path))
    return path


def read(path: Path) -> list[list[Any]]:
    """The cells of a file in one way: None, text, truth, number, day, moment in Unix ms."""
    zone = dt.timezone(dt.timedelta(hours=8))
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        rows = list(book["cases"].iter_rows(values_only=True))
        assert rows[0] == tuple(column.name for column in COLUMNS)
        cells = [list(row) for row in rows[1:]]
    elif path.suffix == ".parquet":
        table = pq.read_table(path)
        assert table.column_names == [column.name for column in COLUMNS]
        cells = [list(row.values()) for row in table.to_pylist()]
    else:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert list(frame.columns) == [column.name for column in COLUMNS]
        cells = [[cell or None for cell in row] for row in frame.itertuples(index=False)]

    def plain(kind: str, cell: Any) -> Any:
        if cell is None:
            return None
        if kind == "time":
            moment = dt.datetime.fromisoformat(cell) if isinstance(cell, str) else cell
            return round((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)
        if kind == "day":
            found = dt.date.fromisoformat(cell) if isinstance(cell, str) else cell
            return found.date() if isinstance(found, dt.datetime) else found
        if kind == "flag":
            return {"True": True, "False": False}[cell] if isinstance(cell, str) else cell
        return cell if kind == "text" else float(cell)

    return [[plain(column.kind, cell) for column, cell in zip(COLUMNS, row, strict=True)] for row in cells]


def by_id(rows: list[list[Any]]) -> dict[str, dict[str, Any]]:
    names = [column.name for column in COLUMNS]
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def test_the_three_files_hold_the_same_cells_and_these(engine: Engine, tiny: District, tmp_path: Path) -> None:
    fill(engine, tiny)
    csv, parquet, xlsx = (read(made(engine, tiny, tmp_path, form)) for form in FORMS)
    assert csv == parquet == xlsx
    found = by_id(csv)
    assert list(found) == ["'=1+1", "DISPUTE", "IN-TIME", "LATE", "OPEN"]
    assert {name: found["IN-TIME"][name] for name in (
        "reported_day", "reported_at", "closed_at", "status", "is_open", "is_closed", "should_close", "closed_on_time",
        "due_day", "channel", "domain", "severity", "street", "street_name", "community", "grid", "cell_lon",
        "cell_lat", "lead_unit", "lead_unit_name", "minutes_to_accept", "minutes_to_file", "minutes_to_dispatch",
        "minutes_to_handle", "minutes_to_close", "minutes_late", "minutes_suspended", "dispatches", "wrong_dispatches",
    )} == {
        "reported_day": dt.date(2026, 11, 23), "reported_at": NOON, "closed_at": NOON + 6 * HOUR, "status": "closed",
        "is_open": False, "is_closed": True, "should_close": True, "closed_on_time": True,
        "due_day": dt.date(2026, 11, 23), "channel": "GRID", "domain": "04", "severity": 2.0, "street": "S1",
        "street_name": "东街", "community": "C1", "grid": "G00", "cell_lon": 118.905, "cell_lat": 31.905,
        "lead_unit": "D1", "lead_unit_name": "市政中心", "minutes_to_accept": 3.0, "minutes_to_file": 10.0,
        "minutes_to_dispatch": 60.0, "minutes_to_handle": 300.0, "minutes_to_close": 360.0, "minutes_late": -1080.0,
        "minutes_suspended": 0.0, "dispatches": 2.0, "wrong_dispatches": 1.0,
    }  # fmt: skip
    late, waiting, unplaced = found["LATE"], found["OPEN"], found["'=1+1"]
    assert (late["should_close"], late["closed_on_time"], late["minutes_late"]) == (True, False, 1080.0)
    assert (waiting["is_overdue"], waiting["should_close"], waiting["closed_at"]) == (True, True, None)
    assert (waiting["minutes_late"], waiting["street"]) == (2 * 24 * 60 - 60, "S2")
    assert (unplaced["cell_lon"], unplaced["street"], unplaced["should_close"]) == (None, None, False)


def test_the_files_rate_is_the_indicators(engine: Engine, tiny: District, tmp_path: Path) -> None:
    fill(engine, tiny)
    frame = pd.read_parquet(made(engine, tiny, tmp_path, "parquet"))
    with engine.connect() as connection:
        (figure,) = figures(connection, tiny, ["on_time_close_rate"], Days(20261123, 20261126), NOW)[()]
    assert (frame["closed_on_time"].sum(), frame["should_close"].sum()) == (figure.numerator, figure.denominator)
    assert figure.denominator == 3


def test_no_file_names_a_person_and_a_dispute_has_no_place(engine: Engine, tiny: District, tmp_path: Path) -> None:
    fill(engine, tiny)
    for form in FORMS:
        rows = read(made(engine, tiny, tmp_path, form))
        text = json.dumps(rows, ensure_ascii=False, default=str)
        assert not [secret for secret in SECRETS if secret in text], form
        assert "138****5678" in text
        dispute = by_id(rows)["DISPUTE"]
        placed = ("class_name", "community", "grid", "cell_lon", "cell_lat", "lead_unit", "lead_unit_name")
        assert [dispute[name] for name in placed] == [None] * len(placed)
        assert (dispute["domain"], dispute["street"]) == ("09", "S1")


def test_every_column_is_named_once_and_said_in_both_languages() -> None:
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert all(column.zh and column.en for column in COLUMNS)


@pytest.mark.parametrize("form", FORMS)
def test_many_cases_come_in_steps_and_a_span_without_cases_is_a_file_without_rows(
    sqlite_engine: Engine, tiny: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Any
) -> None:
    path = tmp_path / f"empty.{form}"
    said = write_cases(sqlite_engine, tiny, NOW, CaseExport(DAY_OF_NOON, DAY_OF_NOON, form, path))
    assert said == f"0 cases in {path}"
    assert read(path) == []
    fill(sqlite_engine, tiny)
    whole = read(made(sqlite_engine, tiny, tmp_path, form))
    monkeypatch.setattr(framing, "ROWS_A_FRAME", 2)
    assert read(made(sqlite_engine, tiny, tmp_path, form)) == whole
    assert path.stat().st_mode & 0o077 == 0


def test_the_parquet_file_has_types_and_says_what_it_is(sqlite_engine: Engine, tiny: District, tmp_path: Path) -> None:
    fill(sqlite_engine, tiny)
    path = made(sqlite_engine, tiny, tmp_path, "parquet")
    assert pq.read_schema(path).remove_metadata() == framing.schema("Asia/Shanghai")
    said = {k.decode(): v.decode() for k, v in pq.read_metadata(path).metadata.items() if k.startswith(b"lianqin.")}
    assert said == {
        "lianqin.format": "lianqin-cases/1",
        "lianqin.district": "990001",
        "lianqin.time_zone": "Asia/Shanghai",
        "lianqin.from": DAY_OF_NOON,
        "lianqin.to": DAY_OF_NOON,
        "lianqin.as_of": to_rfc3339(NOW),
    }
    frame = pd.read_parquet(path)
    assert str(frame["reported_at"].dtype) == "datetime64[ms, Asia/Shanghai]"
    assert frame["severity"].dtype == np.int64


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("2026-11-24", "2026-11-23"), "--from 2026-11-24 is after --to 2026-11-23: name the earlier day first"),
        (("2026-13-01", "2026-11-23"), "--from '2026-13-01' is no day: write for example 2026-11-23"),
        (("2026-11-23", "yesterday"), "--to 'yesterday' is no day: write for example 2026-11-23"),
        (("2026-11-26", "2026-11-27"), "--from 2026-11-26 has not begun yet: nothing was reported then"),
        (("0001-01-01", "2026-11-23"), "--from 0001-01-01: the contract knows days from 1901 to 2199"),
    ],
)
def test_a_wrong_span_is_refused_in_words_and_leaves_nothing(
    sqlite_engine: Engine, tiny: District, tmp_path: Path, days: tuple[str, str], said: str
) -> None:
    with pytest.raises(OperationError) as refused:
        write_cases(sqlite_engine, tiny, NOW, CaseExport(*days, "csv", tmp_path / "x.csv"))
    assert str(refused.value) == said
    assert not (tmp_path / "x.csv").exists()


def test_a_disk_that_is_full_leaves_the_old_file_and_no_other(
    engine: Engine, tiny: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, tiny)
    path = made(engine, tiny, tmp_path, "csv")
    before = path.read_bytes()
    monkeypatch.setattr(framing, "ROWS_A_FRAME", 2)

    def full(_frames: Any, _about: Any, out: Any) -> int:
        out.write(b"half")
        next(iter(_frames))
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(framing._WRITERS, "csv", full)
    with pytest.raises(OSError, match="No space left"):
        made(engine, tiny, tmp_path, "csv")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if "cases" in p.name] == ["cases.csv"]


def test_more_cases_than_a_sheet_has_rows_and_a_folder_are_refused_in_words(
    engine: Engine, tiny: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, tiny)
    monkeypatch.setattr(errands, "MOST_EXCEL_ROWS", 4)
    with pytest.raises(OperationError, match="5 cases are more than the 4 rows of a sheet of Excel"):
        made(engine, tiny, tmp_path, "xlsx")
    with pytest.raises(OperationError, match="is a folder: name a file"):
        write_cases(engine, tiny, NOW, CaseExport(DAY_OF_NOON, DAY_OF_NOON, "csv", tmp_path))
    assert not list(tmp_path.glob("*cases*"))


@pytest.fixture
def here(sqlite_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path, monkeypatch: Any) -> Engine:
    """A store as the environment names it; Redis is not asked, for the machine's clock rules."""
    fill(sqlite_engine, tiny)
    for name, value in {
        "LIANQIN_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}",
        "LIANQIN_DISTRICT": str(tiny_folder),
        "LIANQIN_DATA_DIR": str(tmp_path),
        "LIANQIN_REDIS_URL": "redis://127.0.0.1:1/0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return sqlite_engine


def test_the_command_writes_the_file_and_its_row_on_the_audit(
    here: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"cases-990001-{DAY_OF_NOON}-{DAY_OF_NOON}.csv"
    assert main(["export", "cases", "--from", DAY_OF_NOON, "--to", DAY_OF_NOON]) == 0
    assert capsys.readouterr().out == f"5 cases in {name}\n"
    assert len(read(tmp_path / name)) == 5
    with here.connect() as connection:
        (row,) = log_service.records(connection, 1)
    assert (row.action, row.object) == ("export", "lianqin export cases")
    assert json.loads(row.detail)["asked"] == {"first": DAY_OF_NOON, "last": DAY_OF_NOON}
    named = ("export", "cases", "--from", DAY_OF_NOON, "--to", DAY_OF_NOON, "--out", "named.parquet")
    assert main(list(named)) == 0
    assert [row[:9] for row in read(tmp_path / "named.parquet")] == [row[:9] for row in read(tmp_path / name)]
    assert main([*named, "--format", "csv"]) == 0
    assert (tmp_path / "named.parquet").read_bytes().startswith(b"\xef\xbb\xbfcase_id,")
    capsys.readouterr()
    assert main(["export", "cases", "--from", "2026-11-24", "--to", DAY_OF_NOON]) == 1
    assert "name the earlier day first" in capsys.readouterr().err
