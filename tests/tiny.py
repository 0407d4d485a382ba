"""A district small enough to reckon in the head, and cases to go with it."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from services.contract.entry import encode_entry
from services.district.calendar import calendar_of
from services.district.package import District
from services.platform.clock import parse_ms, to_rfc3339

CODE = "990001"
OFFICE = calendar_of(District(code=CODE, name="小试区", zone=ZoneInfo("Asia/Shanghai")))
NOON = parse_ms("2026-11-23T12:00:00+08:00")
WEST, SOUTH, STEP = 118.90, 31.90, 0.01


def square(column: float, row: float, width: float = 1, height: float = 1) -> dict[str, Any]:
    x0, y0 = round(WEST + STEP * column, 6), round(SOUTH + STEP * row, 6)
    x1, y1 = round(x0 + STEP * width, 6), round(y0 + STEP * height, 6)
    return {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]}


def features(*rows: tuple[str, str, str, dict[str, Any]]) -> str:
    found = [
        {"type": "Feature", "properties": {"code": c, "name": n, "parent": p, "households": 100}, "geometry": g}
        for c, n, p, g in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": found}, ensure_ascii=False)


def write_tiny_district(folder: Path) -> None:
    """Two streets of 2×2 communities side by side; each community is two grids, one above the other."""
    head = f'code = "{CODE}"\nname = "小试区"\nname_en = "Tiny"\ntime_zone = "Asia/Shanghai"\n'
    (folder / "district.toml").write_text(head, "utf-8")
    (folder / "streets.geojson").write_text(
        features(("S1", "东街", CODE, square(0, 0, 2, 2)), ("S2", "西街", CODE, square(2, 0, 2, 2))), "utf-8"
    )
    communities = [(f"C{i + 1}", f"社区{i + 1}", f"S{i // 2 + 1}", square(i, 0, 1, 2)) for i in range(4)]
    (folder / "communities.geojson").write_text(features(*communities), "utf-8")
    grids = [(f"G{i}{j}", f"网格{i}{j}", f"C{i + 1}", square(i, j)) for i in range(4) for j in range(2)]
    (folder / "grids.geojson").write_text(features(*grids), "utf-8")
    (folder / "departments.csv").write_text("code,name,name_en\nD1,市政中心,Works\nD2,城管局,Management\n", "utf-8")


def middle(column: float, row: float) -> dict[str, Any]:
    """A position in the middle of a grid."""
    return {"lon": WEST + STEP * (column + 0.5), "lat": SOUTH + STEP * (row + 0.5), "coord_sys": "WGS84"}


def case(case_id: str = "A1", version: int = 1, status: str = "reported", **more: Any) -> dict[str, Any]:
    """The data of a case event."""
    found = {
        "case_id": case_id, "version": version, "status": status, "channel": "GRID",
        "reported_at": to_rfc3339(NOON), "domain": "04", **middle(0, 0), **more,
    }  # fmt: skip
    return {k: v for k, v in found.items() if v is not ...}


def entry(data: dict[str, Any], kind: str = "case.reported", at: int = NOON, **more: Any) -> dict[bytes, bytes]:
    """The fields of one entry."""
    return encode_entry(more.pop("source", "/case-system"), kind, data, at, **more)


def numbered(entries: list[dict[bytes, bytes]], start: int = NOON) -> list[tuple[str, dict[bytes, bytes]]]:
    """Entries with stream ids, one a millisecond."""
    return [(f"{start + i}-0", fields) for i, fields in enumerate(entries)]
