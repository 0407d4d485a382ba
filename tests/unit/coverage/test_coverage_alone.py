"""What one camera alone sees against closed forms; who sees a place; links and exports that can do no harm."""

import csv
import io
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dashboard.layouts.camera_panel import safe_link
from services.contract.others import Fault
from services.coverage.alone import alone, reach, shape_of, watchers
from services.coverage.geometry.aim import REASONS
from services.coverage.siting.exports import plan_csv, plan_geojson
from services.coverage.told import PlannedSite, Sight, SitePlan
from services.district.plane import Plane
from services.platform.text import safe
from tests.coverage_scene import fan, off, sight

PLANE = Plane(118.9, 31.9)
KX, KY = PLANE.metres_per_degree
TEXTS = Path(__file__).parents[3] / "dashboard/texts"
CHINESE = tomllib.loads((TEXTS / "zh-CN.toml").read_text("utf-8"))


def at(east: float, north: float) -> tuple[float, float]:
    return 118.9 + east / KX, 31.9 + north / KY


def box(name: str, east: float, north: float, width: float, height: float, **more: Any) -> Sight:
    """A camera at a place in metres whose polygon is a rectangle north-east of it."""
    w, h = round(10 * width), round(10 * height)
    return sight(name, *at(east, north), shapes=[[0, 0, w, 0, w, h, 0, h]], **more)


def test_a_camera_alone_keeps_what_no_working_neighbour_sees() -> None:
    one = box("a", 0, 0, 40, 30)
    half, blind = box("b", 20, 0, 40, 30), off(box("c", 0, 0, 40, 30))
    found = alone(one, [one, half, blind], PLANE, by_night=False)
    assert found.seen_m2 == pytest.approx(1200, rel=1e-6)
    assert found.alone_m2 == pytest.approx(600, rel=1e-6)
    assert alone(one, [one], PLANE, by_night=False).alone_m2 == pytest.approx(1200, rel=1e-6)


def test_by_night_only_those_that_see_by_night_count() -> None:
    one, day = box("a", 0, 0, 10, 10), box("b", 0, 0, 10, 10, sees_night=False)
    assert alone(one, [day], PLANE, by_night=True).alone_m2 == pytest.approx(100, rel=1e-6)
    assert alone(one, [day], PLANE, by_night=False).alone_m2 == pytest.approx(0, abs=1e-6)


def test_a_sector_has_the_area_of_its_triangles() -> None:
    found = shape_of([fan(90, 60, 50, steps=200)], 118.9, 31.9, PLANE).area
    assert found == pytest.approx(math.pi * 50**2 * 60 / 360, rel=2e-3)


def test_two_lenses_of_one_camera_count_once() -> None:
    one = sight("a", 118.9, 31.9, shapes=[fan(0, 80, 60), fan(0, 80, 60)])
    assert alone(one, [], PLANE, by_night=False).seen_m2 == pytest.approx(
        shapely.Polygon([(fan(0, 80, 60)[i] / 10, fan(0, 80, 60)[i + 1] / 10) for i in range(0, 32, 2)]).area, rel=1e-6
    )


@given(st.floats(0, 60), st.floats(0, 60))
def test_the_overlap_of_two_rectangles_is_their_product(east: float, north: float) -> None:
    east, north = round(east, 1), round(north, 1)
    one, other = box("a", 0, 0, 50, 50), box("b", east, north, 50, 50)
    overlap = max(0, 50 - east) * max(0, 50 - north)
    assert alone(one, [other], PLANE, by_night=False).alone_m2 == pytest.approx(2500 - overlap, abs=0.01)


def test_a_camera_without_a_direction_sees_nothing_alone() -> None:
    found = alone(sight("a", 118.9, 31.9, view="unknown", shapes=[]), [], PLANE, by_night=False)
    assert (found.seen_m2, found.alone_m2) == (0, 0)


def test_who_sees_a_place_the_nearest_first_else_the_nearest_that_does_not() -> None:
    cameras = [
        box("far", -40, 0, 60, 20),
        box("near", -5, 0, 30, 20),
        box("behind", 3, -5, 1, 1),
        off(box("off", 0, 0, 9, 9)),
    ]
    found = watchers(*at(1, 1), [(one, reach(one)) for one in cameras], PLANE, by_night=False)
    assert [(w.sight.id, w.sees) for w in found] == [("near", True), ("far", True)]
    (nearest,) = watchers(*at(1, 1), [(one, reach(one)) for one in cameras[2:]], PLANE, by_night=False)
    assert (nearest.sight.id, nearest.sees, round(nearest.metres, 1)) == ("off", False, 1.4)
    assert watchers(118.9, 31.9, [], PLANE, by_night=False) == []


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://video.local/c/1", True), ("http://10.0.0.1:8080/?id=1", True), ("rtsp://10.0.0.1/1", True),
        ("javascript:alert(1)", False), ("JavaScript:alert(1)", False), (" https://a/", False),
        ("data:text/html,x", False),
        ("java\tscript:alert(1)", False), ("//video.local/1", False), ("/c/1", False), ("https://", False), ("", False),
        ("http://[::1", False), ("vbscript:x", False), ("ht\ntps://a/", False),
    ],
)  # fmt: skip
def test_only_a_web_or_stream_address_becomes_a_link(url: str, is_safe: bool) -> None:
    assert safe_link(url) == (url if is_safe else "")


def test_every_code_that_the_engine_gives_has_its_words() -> None:
    for name in ("zh-CN.toml", "en.toml"):
        words = tomllib.loads((TEXTS / name).read_text("utf-8"))["camera"]
        assert set(words["reasons"]) == set(REASONS)
        assert set(words["faults"]) == set(Fault.__args__)
        assert set(words["kinds"]) == {"bullet", "dome", "ptz", "checkpoint", "lookout"}


def site(rank: int, name: str, gain: float, **more: Any) -> PlannedSite:
    usual = {
        "pole": "", "street": "", "lon": round(118.89 + rank / 100, 6),
        "lat": round(31.89 + rank / 100, 6), "model": "other", "azimuth": 0.0,
        "hfov": 0.0, "range_m": 0.0, "covered_m2": 0.0, "cases": 0, "cost": 1.0, "shape": [],
    }  # fmt: skip
    return PlannedSite(rank=rank, name=name, gain=gain, **(usual | more))


FIRST = site(
    1, "东街,\n1", 0.2, pole='=HYPERLINK("x")', street="S1", model="bullet", azimuth=30.0, hfov=80.0, range_m=60.0,
    covered_m2=3200.4, cases=7, shape=[0, 0, 1, 1, 2, 0],
)  # fmt: skip
PLAN = SitePlan(
    at=1, candidates=9, poles=3, pole_source="poles", sites=[FIRST, site(2, "-1+1", 0.15), site(3, "+b", 0.05)],
    curve=[0, 0.2, 0.35, 0.4], district=[0.5] * 4, areas=[1] * 4, roads=[1] * 4, places=[1] * 4,
)  # fmt: skip


def test_the_csv_opens_in_a_spreadsheet_as_text_with_chinese_headings() -> None:
    text = plan_csv(PLAN, 2, CHINESE["plan"], {"S1": "东街"})
    assert text.startswith("\ufeff")
    head, first, second = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert head[:4] == ["序号", "杆号", "位置", "街道"]
    assert len(first) == len(head)
    assert first[1:4] == ['\'=HYPERLINK("x")', "东街,\n1", "东街"]
    assert first[4:] == ["118.9000000", "31.9000000", "枪机", "30", "80", "60", "3200", "7", "20.00", "20.00"]
    assert second[2] == "'-1+1"
    assert second[-1] == "35.00"


@given(st.text())
def test_no_text_becomes_a_formula(text: str) -> None:
    assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert safe(text).endswith(text)


def test_the_geojson_is_the_first_n_sites_as_points() -> None:
    found = plan_geojson(PLAN, 2)
    assert found["type"] == "FeatureCollection"
    assert [f["properties"]["rank"] for f in found["features"]] == [1, 2]
    assert found["features"][0]["geometry"] == {"type": "Point", "coordinates": [118.9, 31.9]}
    assert found["features"][1]["properties"]["total"] == 0.35
    assert plan_geojson(PLAN, 99)["features"][-1]["properties"]["rank"] == 3
