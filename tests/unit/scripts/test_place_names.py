"""Where names stand on a map of a part of the district, in Node: in the view, along the road, none over another."""

import json
import math
import subprocess
from pathlib import Path
from typing import Any

from tests.unit.operations.test_demo_district import demo_district, demo_folder

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
            road("曲径通幽", [100, 40], [120, 60], [140, 40], [120, 20], [100, 40], [120, 60], [140, 40]),
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


ON_THE_DEMO = """
  const {readFileSync} = await import("node:fs");
  const modules = process.argv[1];
  const {roadNames} = await import(`${modules}/place-names.js`);
  const {drawLabels, SIGN} = await import(`${modules}/case-places.js`);
  const {project} = await import(`${modules}/project.js`);
  const {roads, signs, streets, zooms, centre} = JSON.parse(readFileSync(0));
  const view = {width: 900, height: 700};
  console.log(JSON.stringify(zooms.map(zoom => {
    const scale = 256 * 2 ** zoom, middle = project(...centre);
    const at = ([lon, lat]) => {
      const {x, y} = project(lon, lat);
      return [(x - middle.x) * scale + 450, (y - middle.y) * scale + 350];
    };
    const there = signs.map(at).map(([x, y]) => ({x, y, r: SIGN}));
    const near = roads.map(road => ({...road, line: road.line.map(at)}));
    const widthOf = name => 16 * [...name].length;
    const names = wanted => roadNames(near, view, widthOf, {signs: wanted, height: 16});
    const labels = streets.map(({text, at: place}) => ({text, place: at(place)}));
    const drawn = {groups: [], labels: []};
    const layer = {labels: labels.map(({text, place: [x, y]}) => ({text, x, y})), signs: {name: () => {}}};
    drawLabels(layer, null, 1, (x, y) => [x, y], drawn, there);
    return {there, without: names([]), names: names(there), labels: drawn.labels};
  })));
"""


def test_on_the_demos_map_no_name_covers_an_overdue_sign_and_roads_have_names_at_four_zooms() -> None:
    def features(name: str) -> Any:
        return json.loads((demo_folder() / name).read_text())["features"]

    # An overdue sign at every sixtieth pole: poles stand along the roads, where the names want to be.
    signs = [one["geometry"]["coordinates"] for one in features("poles.geojson")[::60]]
    streets = [
        {"text": area.name, "at": [area.geometry.centroid.x, area.geometry.centroid.y]}
        for area in demo_district().streets.values()
        if area.geometry is not None
    ]
    told = {
        "roads": [
            {"name": p["name"], "isMajor": p["class"] == "major", "line": geometry["coordinates"]}
            for p, geometry in ((one["properties"], one["geometry"]) for one in features("roads.geojson"))
            if p["name"] and geometry["type"] == "LineString"
        ],
        "signs": signs,
        "streets": streets,
        "zooms": [13.5, 14.5, 15.5, 16.5],
        "centre": streets[0]["at"],
    }
    done = subprocess.run(
        ["node", "--input-type=module", "-e", ON_THE_DEMO, str(NAMES.parent)],
        input=json.dumps(told),
        text=True,
        capture_output=True,
        check=True,
    )
    covered_without = 0
    for zoom in json.loads(done.stdout):
        assert len(zoom["names"]) >= 3, "the roads have names here"
        assert len(zoom["names"]) >= 0.6 * len(zoom["without"]), "a name gives way and does not go"
        assert not [(n["name"], s) for n in zoom["names"] for s in zoom["there"] if _covers(n, s)]
        assert not [
            (label, s)
            for label in zoom["labels"]
            for s in zoom["there"]
            if abs(s["x"] - label["x"]) < label["w"] and abs(s["y"] - label["y"]) < label["h"]
        ]
        for i, one in enumerate(zoom["names"]):
            for other in zoom["names"][:i]:
                assert math.hypot(one["x"] - other["x"], one["y"] - other["y"]) > (one["length"] + other["length"]) / 2
        covered_without += sum(_covers(n, s) for n in zoom["without"] for s in zoom["there"])
    assert covered_without > 0, "where nobody looks at the signs, names cover some"
    assert max(len(zoom["labels"]) for zoom in json.loads(done.stdout)) >= 10, "most of the 12 streets have their name"


def _covers(name: dict[str, Any], sign: dict[str, float]) -> bool:
    """Whether a point of the name, a band of 16 px, lies within the sign's circle."""
    cos, sin = math.cos(name["angle"]), math.sin(name["angle"])
    return any(
        math.hypot(
            name["x"] + along * cos - across * sin - sign["x"], name["y"] + along * sin + across * cos - sign["y"]
        )
        < sign["r"]
        for along in ((k / 40 - 0.5) * name["length"] for k in range(41))
        for across in (-8, 0, 8)
    )
