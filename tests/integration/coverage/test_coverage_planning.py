"""``lianqin coverage plan``: the list that goes to the engineer."""

import csv
import json
from pathlib import Path

import pytest
import shapely
from shapely.geometry import mapping

from dashboard.cli.main import main
from tests.stores import fresh_sqlite
from tests.tiny import SOUTH, WEST, write_tiny_district

pytestmark = pytest.mark.redis


@pytest.fixture
def town(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "district"
    folder.mkdir()
    write_tiny_district(folder)
    url = fresh_sqlite(tmp_path / "lianqin.db")
    for name, value in (("REDIS_URL", redis_url), ("DATABASE_URL", url), ("DISTRICT", folder), ("DATA_DIR", tmp_path)):
        monkeypatch.setenv(f"LIANQIN_{name}", str(value))
    return folder


def with_cameras(folder: Path) -> None:
    rows = ["camera_id,name,lon,lat,coord_sys,kind,range_m,status"]
    rows += [f"K{i},机{i},{WEST + 0.002 * i},{SOUTH + 0.01},WGS84,dome,60,online" for i in range(5)]
    (folder / "cameras.csv").write_text("\n".join(rows) + "\n", "utf-8")


def with_poles(folder: Path) -> None:
    points = [shapely.Point(WEST + 0.001 * i, SOUTH + 0.005) for i in range(12)]
    features = [
        {"type": "Feature", "geometry": mapping(p), "properties": {"code": f"P{i}", "name": "=cmd|路灯"}}
        for i, p in enumerate(points)
    ]
    (folder / "poles.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")


def test_the_planner_gets_a_table_a_csv_and_a_geojson(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_cameras(town)
    with_poles(town)
    table, points = town / "sites.csv", town / "sites.geojson"
    assert main(["coverage", "plan", "--n", "4", "--csv", str(table), "--geojson", str(points)]) == 0
    said = capsys.readouterr().out
    assert "12 places (poles)" in said
    assert "outdoor ground seen" in said
    rows = list(csv.reader(table.read_text("utf-8-sig").splitlines()))
    assert len(rows) == 5
    assert all(not cell.startswith("=") for row in rows for cell in row)
    found = json.loads(points.read_text("utf-8"))["features"]
    assert [feature["properties"]["rank"] for feature in found] == [1, 2, 3, 4]
    gains = [feature["properties"]["gain"] for feature in found]
    assert gains == sorted(gains, reverse=True)
    assert not list(town.glob("*.partial"))


def test_a_budget_is_kept(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_cameras(town)
    with_poles(town)
    assert main(["coverage", "plan", "--n", "9", "--budget", "2"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.lstrip()[:1].isdigit() and "°" in line]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("prepare", "arguments", "said"),
    [
        ((), [], "no cameras are known"),
        ((with_cameras,), [], "nowhere to put a camera"),
        ((with_cameras,), ["--n", "0"], "give a number from 1 to 200"),
    ],
)
def test_what_cannot_be_planned_is_said(
    town: Path, capsys: pytest.CaptureFixture[str], prepare: tuple[object, ...], arguments: list[str], said: str
) -> None:
    for one in prepare:
        one(town)
    assert main(["coverage", "plan", *arguments]) == 1
    assert said in capsys.readouterr().err
