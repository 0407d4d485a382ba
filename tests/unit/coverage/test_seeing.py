"""The web process's side: which cameras see a place, by what was told; it agrees with the engine to the decimetre."""

import msgspec
import numpy as np
import pytest
import shapely
from numpy.random import default_rng

from services.coverage.cameras import lit
from services.coverage.condition import Reported
from services.coverage.seeing import Seeing
from services.coverage.telling import tell_sight
from services.district.plane import plane_of
from tests.coverage_districts import NOON, PLANE, at, filled

encode = msgspec.json.Encoder().encode


@pytest.mark.parametrize("seed", range(4))
def test_what_is_unseen_is_what_the_engine_calls_unseen(seed: int) -> None:
    model = filled(seed, cases=0)
    for i in range(0, 60, 3):
        model.report(f"K{i:03d}", Reported(NOON, "offline", ""), NOON)
    seeing = Seeing(plane_of(model.district))
    for placed in model.cameras.values():
        seeing.put(encode(tell_sight(model, placed, NOON)))
    places = [at(x, y) for x, y in default_rng(seed).uniform(-190, 190, (400, 2))]
    xy = model.plane.to_metres(np.array(places))
    working = [p.seen for p in model.cameras.values() if lit(p)[0]]
    exact = ~np.any([shapely.contains_xy(shape, xy) for shape in working], axis=0)
    edges = shapely.union_all([shape.boundary for shape in working])
    sure = shapely.distance(edges, shapely.points(xy)) > 0.2  # the told polygons are rounded
    got = np.array(seeing.unseen(places))
    assert (got == exact)[sure].all()
    assert 0.01 < exact.mean() < 0.99


def test_without_a_camera_nothing_can_be_called_unseen() -> None:
    seeing = Seeing(PLANE)
    assert not seeing.knows
    assert seeing.unseen([at(0, 0)]) == [False]


def test_a_change_names_the_polygons_in_which_it_matters() -> None:
    seeing = Seeing(PLANE)
    lon, lat = at(0, 0)
    square = [-100, -100, 100, -100, 100, 100, -100, 100]
    body = {"id": "k", "lon": lon, "lat": lat, "sees_day": True, "shapes": [square]}
    (fresh,) = seeing.put(encode(body))
    assert fresh.area == pytest.approx(400)
    assert seeing.put(encode(body)) == []
    assert seeing.put(encode(body | {"name": "x", "state": "online"})) == []
    assert len(seeing.put(encode(body | {"sees_day": False}))) == 1
    assert len(seeing.put(encode(body | {"shapes": [square[:6]]}))) == 2
    assert seeing.unseen([at(5, -5)]) == [False]
    assert len(seeing.put(encode({"id": "k", "removed": True}))) == 1
    assert not seeing.knows
    assert seeing.put(encode({"id": "k", "removed": True})) == []


def test_by_night_only_what_sees_by_night_counts() -> None:
    seeing = Seeing(PLANE)
    lon, lat = at(0, 0)
    square = [-100, -100, 100, -100, 100, 100, -100, 100]
    seeing.put(encode({"id": "k", "lon": lon, "lat": lat, "sees_day": True, "shapes": [square]}))
    assert seeing.unseen([at(1, 1), at(50, 50)]) == [False, True]
    seeing.is_night = True
    assert seeing.unseen([at(1, 1)]) == [True]


def test_which_points_lie_in_changed_polygons() -> None:
    seeing = Seeing(PLANE)
    assert seeing.inside([shapely.box(0, 0, 10, 10)], [at(5, 5), at(20, 20), at(1, 9)]) == [0, 2]
    assert seeing.inside([shapely.box(0, 0, 10, 10)], []) == []
