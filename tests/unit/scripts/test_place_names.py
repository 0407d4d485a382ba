"""Where names stand on a map of a part of the district, in Node: in the view, along the road, none over another."""

import json
import subprocess
from pathlib import Path
from typing import Any

NAMES = Path(__file__).parents[3] / "dashboard/assets/modules/map/place-names.js"
SCRIPT = """
  const {areaNames, roadNames} = await import(process.argv[1]);
  const {areas, roads, view} = JSON.parse(process.argv[2]);
  console.log(JSON.stringify([areaNames(areas, view), roadNames(roads, view, name => 12 * [...name].length)]));
"""


def test_a_street_is_named_where_it_is_in_view_and_a_road_along_itself() -> None:
    def square(x: int, y: int, size: int) -> list[list[int]]:
        return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]

    def road(name: str, *line: list[int], is_major: bool = False) -> dict[str, Any]:
        return {"name": name, "isMajor": is_major, "line": line}

    told = {
        "view": {"width": 400, "height": 300},
        "areas": [
            {"name": "西街", "rings": [square(-900, -900, 1100)]},  # its corner is in view, its middle is not
            {"name": "环街", "rings": [square(200, 0, 200), square(230, 30, 140)]},  # hollow in the middle
            {"name": "远街", "rings": [square(900, 900, 50)]},
            {"name": "边街", "rings": [square(0, 280, 40)]},
        ],
        "roads": [
            road("长源大道", [-5000, 200], [5000, 200], is_major=True),  # crosses the view between two far points
            road("长源大道", [0, 250], [400, 250], is_major=True),  # the same road's other carriageway: named once
            road("小路", [150, 204], [250, 204]),  # beneath the avenue's name
            road("竖街", [350, 290], [350, 10]),
            road("短巷", [20, 20], [50, 20]),
            road("曲径", [100, 40], [120, 60], [140, 40], [120, 20], [100, 40], [120, 60], [140, 40]),
            road("远路", [900, 10], [1900, 10]),
        ],
    }
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, str(NAMES), json.dumps(told)],
        text=True,
        capture_output=True,
        check=True,
    )
    areas, roads = json.loads(done.stdout)
    where = {one["name"]: (one["x"], one["y"]) for one in areas}
    assert where.keys() == {"西街", "环街"}
    assert 0 < where["西街"][0] < 200 and 0 < where["西街"][1] < 200
    x, y = where["环街"]
    assert 200 <= x <= 400 and 0 <= y <= 200 and not (230 < x < 370 and 30 < y < 170), "on the ring, not in its hole"
    assert [one["name"] for one in roads] == ["长源大道", "竖街"]
    (avenue, steep) = roads
    assert abs(avenue["x"] - 200) < 12 and (avenue["y"], avenue["angle"]) == (200, 0)
    assert round(abs(steep["angle"]), 3) == 1.571
