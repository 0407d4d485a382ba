"""Near in place and time: repeats, the same matter, hot spots, watched areas; held against a search of all pairs."""

import dataclasses
import random

from hypothesis import given
from hypothesis import strategies as st

from services.board.watched_areas import CaseAt, WatchedAreas
from services.cases.repeats import (
    ComparedCase,
    Neighbours,
    earlier_closed,
    gathered,
    hot_spots,
    metres,
    same_matter,
    squares_per_degree,
)
from services.district.package import District
from services.district.policy import EscalationPolicy, MergingPolicy
from tests.reference import square_of
from tests.tiny import NOON, square
from tests.unit.cases.test_escalation import row

HOUR, DAY = 3_600_000, 86_400_000
LON, LAT = 118.905, 31.905
METRE = 1 / 111_320


def at(
    case_id: str,
    east_m: float = 0,
    north_m: float = 0,
    *,
    ago: int = 0,
    closed: int | None = None,
    domain: str = "04",
    minor: str = "a|b|01|02",
) -> ComparedCase:
    return ComparedCase(
        case_id,
        LON + east_m * METRE / 0.8489,
        LAT + north_m * METRE,
        minor,
        domain,
        NOON - ago,
        None if closed is None else NOON - closed,
    )


@given(st.lists(st.tuples(st.floats(-400, 400), st.floats(-400, 400)), max_size=40), st.floats(1, 120))
def test_the_cells_find_what_a_search_of_all_finds(places: list[tuple[float, float]], radius_m: float) -> None:
    rows = [at(f"C{i}", x, y) for i, (x, y) in enumerate(places)]
    found = {r.case_id: d for r, d in Neighbours(radius_m, rows).near(LON, LAT)}
    whole = {r.case_id: metres((LON, LAT), (r.lon, r.lat)) for r in rows}
    assert found == {case_id: d for case_id, d in whole.items() if d <= radius_m}


def test_a_moved_and_a_dropped_neighbour_leave_their_cell() -> None:
    near = Neighbours(30, [at("A"), at("B", 5)])
    near.put(at("A", 300))
    near.drop("B")
    assert (list(near.near(LON, LAT)), len(near)) == ([], 1)


def test_earlier_ones_count_when_closed_before_the_report_and_within_the_days() -> None:
    policy = EscalationPolicy()
    category = {"scheme": "a", "kind": "component", "major": "01", "minor": "02"}
    now = row("new", category=category)
    minor = now.class_key
    near = Neighbours(
        30,
        [
            at("closed", 10, closed=5 * DAY, minor=minor),
            at("too-long-ago", 10, closed=31 * DAY, minor=minor),
            at("open", 10, minor=minor),
            at("after", 10, closed=-HOUR, minor=minor),
            at("far", 31, closed=5 * DAY, minor=minor),
            at("other", 10, closed=5 * DAY, minor="x"),
        ],
    )
    assert earlier_closed(now, near, policy) == 1
    assert earlier_closed(row("bare"), near, policy) == 0


def test_the_same_matter_is_near_in_place_and_time_and_of_one_class_whatever_its_channel() -> None:
    policy = MergingPolicy()
    asked = row("new")
    others = [
        at("near", 20, ago=HOUR),
        at("nearer", 5, ago=23 * HOUR),
        at("far", 51),
        at("late", 5, ago=25 * HOUR),
        at("other-class", 5, domain="01"),
        at("closed-before", 5, ago=2 * HOUR, closed=HOUR),
        at("new"),
    ]
    assert [(o.case_id, round(d)) for o, d in same_matter(asked, others, policy)] == [("nearer", 5), ("near", 20)]


def test_a_hot_spot_is_a_disc_and_no_case_stands_in_two() -> None:
    rng = random.Random(3)
    spots = [(0, 0, 9), (500, 0, 6), (0, 500, 3)]
    rows = [
        at(f"S{x}-{y}-{i}", x + rng.uniform(-10, 10), y + rng.uniform(-10, 10)) for x, y, n in spots for i in range(n)
    ]
    rows += [at(f"X{i}", 20 * i, -800) for i in range(30)]  # a long row of small steps
    found = hot_spots(rows, MergingPolicy())
    assert [len(s.case_ids) for s in found[:2]] == [9, 6]
    assert all(metres((s.lon, s.lat), (r.lon, r.lat)) <= 60 for s in found for r in rows if r.case_id in s.case_ids)
    named = [case_id for s in found for case_id in s.case_ids]
    assert len(named) == len(set(named))
    assert not [s for s in found if any(i.startswith("S0-500") for i in s.case_ids)]
    assert hot_spots(reversed(rows), MergingPolicy()) == found


def test_a_watched_area_counts_what_lies_in_it(tiny: District) -> None:
    feature = {
        "type": "Feature",
        "geometry": square(0, 0),
        "properties": {"code": "W1", "name": "南片", "street": "S1", "watched_by": "D1"},
    }
    bare = {"type": "Feature", "geometry": square(3, 1), "properties": None}
    district = dataclasses.replace(tiny, layers={"watch_areas": {"features": [feature, bare]}})
    areas = WatchedAreas(district)
    cases = [
        CaseAt(118.905, 31.905, NOON - HOUR, True),
        CaseAt(118.906, 31.905, NOON - 25 * HOUR, True),
        CaseAt(118.905, 31.906, NOON - HOUR, False),
        CaseAt(118.915, 31.905, NOON, True),
    ]
    areas.patrols([(118.905, 31.905, NOON - 60_000), (118.905, 31.905, NOON - 90_000), (118.95, 31.95, NOON)])
    watched, nothing = areas.watch(cases, NOON)
    assert (watched.code, watched.open, watched.new, watched.unseen) == ("W1", 2, 2, None)
    assert (watched.watched_by, watched.patrolled_at) == ("D1", NOON - 60_000)
    assert (nothing.open, nothing.patrolled_at) == (0, None)
    assert WatchedAreas(tiny).watch(cases, NOON) == []


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 9), st.integers(2, 9)), max_size=60))
def test_no_square_stands_in_two_places_and_each_place_has_enough(found: list[tuple[str, int, int, int]]) -> None:
    squares = list({square[:3]: square for square in found}.values())
    places = gathered(squares, 6, 1000)
    taken = [i for place in places for i in place]
    assert len(taken) == len(set(taken))
    sizes = [sum(squares[i][3] for i in place) for place in places]
    assert sizes == sorted(sizes, reverse=True)
    assert all(n >= 6 for n in sizes)
    for place in places:
        key, x, y, n = squares[place[0]]
        assert all(squares[i][0] == key and abs(squares[i][1] - x) <= 1 and abs(squares[i][2] - y) <= 1 for i in place)
        assert n == max(squares[i][3] for i in place)
    alone = {i for i, square in enumerate(squares) if square[3] >= 6} - set(taken)
    assert not alone  # a square that is enough by itself is never left out
    assert gathered(squares, 6, 3) == places[:3]


def test_a_row_of_squares_is_several_places_and_another_class_is_another_matter() -> None:
    row_of_ten = [("a", x, 0, 4) for x in range(10)]
    places = gathered(row_of_ten, 4, 99)
    assert sorted(i for place in places for i in place) == list(range(10))
    assert max(len(place) for place in places) <= 3
    assert gathered([("a", 0, 0, 3), ("b", 0, 0, 3)], 4, 9) == []
    assert gathered([("a", 0, 0, 2), ("a", 1, 1, 3)], 4, 9) == [(1, 0)]


@given(st.floats(-60, 60), st.floats(-179, 179), st.floats(10, 200))
def test_a_square_is_as_wide_as_asked(lat: float, lon: float, wide_m: float) -> None:
    per_degree = squares_per_degree(wide_m, lat)
    x, y = square_of(lon, lat, per_degree)
    east, north = (lon + 1.001 / per_degree[0], lat), (lon, lat + 1.001 / per_degree[1])
    assert x < square_of(*east, per_degree)[0] <= x + 2
    assert y < square_of(*north, per_degree)[1] <= y + 2
    assert abs(metres((lon, lat), (lon, lat + 1 / per_degree[1])) - wide_m) < 0.01 * wide_m
