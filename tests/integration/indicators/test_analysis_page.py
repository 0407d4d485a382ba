"""docs/analysis.md: every snippet is run as it stands, on files that `lianqin export cases` has made."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from sqlalchemy import Engine

from services.district.package import District
from services.indicators.case_frame.columns import COLUMNS
from services.indicators.case_frame.errands import CaseExport, write_cases
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.tiny import NOON, case, entry, middle, numbered

PAGE = (Path(__file__).parents[3] / "docs/analysis.md").read_text("utf-8")
HOUR, DAY = 3_600_000, 86_400_000
NOW = NOON + 20 * DAY


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def a_month(engine: Engine, district: District) -> None:
    """Forty cases in two streets over two weeks; every third closes late, some come again at one place."""
    entries = []
    for i in range(40):
        at = NOON - 20 * DAY + i % 14 * DAY
        times = {"reported_at": at, "filed_at": at + HOUR, "deadline_at": at + DAY}
        if i % 4:
            times["closed_at"] = at + (2 * DAY if i % 3 == 0 else 8 * HOUR)
        entries.append(
            entry(
                case(
                    f"A{i}",
                    3,
                    "closed" if i % 4 else "filed",
                    domain=("04", "09")[i % 10 == 9],
                    category={"name": "井盖"},
                    **{name: to_rfc3339(moment) for name, moment in times.items()},
                    **middle(i % 3, i % 2),
                ),
                "case.corrected",
                NOON,
            )
        )
    Ingest(engine, district, Sealer("")).apply(numbered(entries, NOW), NOW)


@pytest.fixture
def folder(sqlite_engine: Engine, tiny: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    a_month(sqlite_engine, tiny)
    for form in ("csv", "parquet"):
        wanted = CaseExport("2026-11-01", "2026-11-30", form, tmp_path / f"november.{form}")
        write_cases(sqlite_engine, tiny, NOW, wanted)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*parts: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for part in parts:
        exec(part, names)
    return names


def test_the_csv_is_read_as_the_page_says_and_holds_what_the_parquet_file_holds(folder: Path) -> None:
    read = run(snippets("python")[0])["cases"]
    kept = pd.read_parquet(folder / "november.parquet")
    assert list(read.columns) == [column.name for column in COLUMNS]
    for column in COLUMNS:
        told, wanted = read[column.name], kept[column.name]
        if column.kind == "day":
            wanted = pd.to_datetime(wanted)
        if column.kind in {"time", "day"}:
            assert str(told.dtype).partition(",")[2] == str(wanted.dtype).partition(",")[2]
            wanted = wanted.astype(told.dtype)
        pd.testing.assert_series_equal(told, wanted, check_dtype=column.kind in {"flag", "count"})


def test_pandas_and_duckdb_find_the_same_as_the_page_says(folder: Path) -> None:
    _, *parts = snippets("python")
    found = run(*parts)
    rates, again = snippets("sql")
    with duckdb.connect() as db:
        by_week = db.execute(rates).fetchall()
        by_place = db.execute(again).fetchall()
    on_time = found["on_time"].sort_values(["street_name", "week"])
    assert by_week == [tuple(row) for row in on_time.itertuples(index=False)]
    assert sum(row[2] for row in by_week) == 40
    assert {row[0] for row in by_week} == {"东街", "西街"}
    assert 0 < sum(row[3] for row in by_week) < 40
    assert sorted(row[:5] for row in by_place) == sorted(
        tuple(row)[:5] for row in found["again"].itertuples(index=False)
    )
    assert len(by_place) == 6
    assert found["hours"].loc[0.5, "minutes_to_file"] == 1.0
