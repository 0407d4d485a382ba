"""The scan against a published example, against the definition taken literally, and under chance alone."""

import math
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.early.case_file import read_cases, read_places
from services.early.scan import Cluster, Scan, ScanZones, zones

NYC = Path(__file__).parents[4] / "shared/data/early"
LATEST = 24  # of November 2001


def scan(lat: list[float], lon: list[float], cases: list[tuple[int, int]], **more: float) -> Scan:
    """``cases`` are (place, age in days)."""
    around = zones(np.array(lat), np.array(lon), more.get("radius_km", 1.0))
    place, age = (np.array([case[i] for case in cases], np.int64) for i in (0, 1))
    return Scan(around, place, age, window=int(more.get("window", 7)), min_cases=int(more.get("min_cases", 2)))


@pytest.fixture(scope="module")
def published() -> tuple[Scan, list[str]]:
    """New York's fever sample: 192 places, 194 cases, windows up to 7 days, zones up to 3 km, at least 2 cases."""
    where = read_places((NYC / "nyc_fever_places.csv").read_bytes())
    index = {name: i for i, name in enumerate(where.ids)}
    rows = read_cases((NYC / "nyc_fever_cases.csv").read_bytes())
    cases = [(index[row.place], LATEST - row.day.day) for row in rows for _ in range(row.n)]
    return scan(where.lat, where.lon, cases, radius_km=3.0), where.ids


def test_the_published_example_has_its_clusters(published: tuple[Scan, list[str]]) -> None:
    found, ids = published
    clusters = found.clusters(999, seed=1)
    first = clusters[0]
    assert (ids[first.places[0]], len(first.places), first.days, first.observed) == ("11418", 9, 3, 4)
    assert (round(first.llr, 6), round(first.expected, 2)) == (3.845418, 0.67)
    assert [round(one.llr, 3) for one in clusters[1:3]] == [3.164, 2.137]
    chances = [one.p for one in clusters]
    assert all(p is not None and p > 0.05 for p in chances)
    assert first.p == pytest.approx(0.21, abs=0.05)
    assert clusters == found.clusters(999, seed=1), "the same seed, the same answer"
    assert [one.p for one in found.clusters(0, seed=1)] == [None] * len(clusters)
    of_all = [place for one in clusters for place in one.places]
    assert len(of_all) == len(set(of_all)), "no place is in two clusters"


def literal(around: ScanZones, cases: list[tuple[int, int]], window: int, least: int) -> float:
    """The highest score by the definition, in fractions as far as they reach."""
    best, total = 0.0, len(cases)
    for centre, days in product(range(len(around.starts) - 1), range(1, window + 1)):
        largest = around.largest(centre).tolist()
        for size in range(1, len(largest) + 1):
            zone = set(largest[:size])
            c = sum(place in zone and age < days for place, age in cases)
            mu = Fraction(sum(p in zone for p, _ in cases) * sum(a < days for _, a in cases), max(total, 1))
            if c < least or c <= mu:
                continue
            rest = (total - c) * math.log((total - c) / (total - mu)) if c < total else 0.0
            best = max(best, c * math.log(c / mu) + rest)
    return best


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=25),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_the_best_score_is_the_definitions(
    points: list[tuple[int, int]], cases: list[tuple[int, int]], window: int, least: int
) -> None:
    lat, lon = ([31.9 + axis[i] / 1000 for axis in points] for i in (0, 1))
    cases = [(place % len(points), age) for place, age in cases]
    found = scan(lat, lon, cases, radius_km=2.0, window=window, min_cases=least)
    around = zones(np.array(lat), np.array(lon), 2.0)
    expected = literal(around, cases, window, least)
    clusters = found.clusters(0, 0)
    assert (clusters[0].llr if clusters else 0.0) == pytest.approx(expected, abs=1e-9)


def test_a_place_alone_has_nothing_to_be_held_against() -> None:
    assert scan([31.9], [118.9], [(0, age) for age in range(5)]).clusters(9, 1) == []
    assert scan([], [], []).clusters(9, 1) == []
    assert scan([31.9, 31.9], [118.9, 119.9], []).clusters(9, 1) == []


def test_a_rise_everywhere_at_once_is_no_cluster() -> None:
    days = [0] * 5 + list(range(5))
    everywhere = [(place, age) for place in range(4) for age in days]
    assert scan([31.9] * 4, [118.9, 118.95, 119.0, 119.05], everywhere).clusters(0, 1) == []


def test_planted_cases_are_found_where_and_since_when_they_were_planted() -> None:
    dice = np.random.default_rng(5)
    lat, lon = (31.9 + dice.random(100) * 0.2).tolist(), (118.9 + dice.random(100) * 0.2).tolist()
    plain = [(int(dice.integers(100)), int(dice.integers(30))) for _ in range(900)]
    (first, *_) = scan(lat, lon, [*plain, *[(17, 0), (17, 1), (17, 1)] * 3], radius_km=1.5).clusters(199, 1)
    assert 17 in first.places and first.days == 2 and first.p == 1 / 200
    assert isinstance(first, Cluster) and first.observed >= 9 > 3 * first.expected


def test_equally_near_places_stand_in_the_order_of_the_file_and_the_centre_first() -> None:
    around = zones(np.array([31.9, 31.9, 31.9]), np.array([118.9, 118.9, 118.9]), 0.0)
    assert [around.largest(i).tolist() for i in range(3)] == [[0, 1, 2], [1, 0, 2], [2, 0, 1]]


def test_too_much_for_one_scan_is_refused_before_it_begins() -> None:
    many = np.full(2_300, 31.9)
    with pytest.raises(ValueError, match="smaller radius"):
        zones(many, many, 1.0)
    around = zones(many[:600], many[:600], 1.0)
    nothing = np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="shorter window"):
        Scan(around, nothing, nothing, window=366, min_cases=2)
    whole = Scan(around, nothing, nothing, window=7, min_cases=2)
    with pytest.raises(ValueError, match="give fewer"):
        whole.clusters(99_999, seed=1)


def test_chance_alone_gives_small_p_no_more_often_than_it_says() -> None:
    """200 days without any sign, week-end and busy places kept: p ≤ 0.05 lies within the binomial's 99 %."""
    dice = np.random.default_rng(20_261_123)
    lat, lon = (31.9 + dice.random(60) * 0.1).tolist(), (118.9 + dice.random(60) * 0.1).tolist()
    around = zones(np.array(lat), np.array(lon), 1.0)
    busy = dice.dirichlet(np.full(60, 0.7))
    days = np.array([1.0, 1, 1, 1, 1, 1.8, 1.6] * 5)[:30]
    small = 0
    for day in range(200):
        n = int(dice.poisson(90))
        place, age = dice.choice(60, n, p=busy), dice.choice(30, n, p=days / days.sum())
        best = Scan(around, place, age, window=7, min_cases=2).clusters(99, seed=day)
        small += bool(best) and best[0].p is not None and best[0].p <= 0.05
    assert 3 <= small <= 19, small  # Binomial(200, 0.05) lies outside with less than 0.5 % on each side
