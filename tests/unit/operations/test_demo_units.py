"""The demo's patrols: a brigade in every street, on its roads, at their pace, and nobody who leaps."""

import dataclasses
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import shapely

from services.contract.others import UnitMoved
from services.district.package import District
from services.district.roads import Position
from services.operations.simulator.patrol import Patrols
from services.operations.simulator.rounds import Beats, read_beats
from tests.unit.operations.test_demo_district import demo_district
from tests.unit.operations.test_simulator_live import HOUR_MS, START_MS
from tests.unit.operations.test_simulator_world import SEED, system


def beats() -> Beats:
    return system().beats


def everybody(patrols: Patrols, now_ms: int) -> dict[str, UnitMoved]:
    """Where all are: a minute of beats, at one moment."""
    return {moved.unit_id: moved for _ in range(20) for moved in patrols.due(now_ms)}


def one(patrols: Patrols, unit_id: str, now_ms: int) -> UnitMoved:
    """Where a car is: it says so at every beat."""
    (moved,) = (moved for moved in patrols.due(now_ms) if moved.unit_id == unit_id)
    return moved


def metres(a: UnitMoved | Position, b: UnitMoved | Position) -> float:
    places = [(p.lon, p.lat) if isinstance(p, UnitMoved) else p for p in (a, b)]
    return math.dist(*beats().roads.plane.to_metres(np.array(places)))


def test_every_street_has_a_brigade_of_its_own_and_volunteers():
    rounds = beats().rounds
    assert 60 <= len(rounds) <= 80 and len({r.unit_id for r in rounds}) == len(rounds)
    for code in demo_district().streets:
        groups = Counter(r.group for r in rounds if r.street == code)
        kinds = Counter(r.kind for r in rounds if r.street == code)
        (brigade,) = [name for name, n in groups.items() if n == 5]
        assert brigade in demo_district().units.values() and brigade.endswith("联勤大队")
        assert kinds == {"car": 1, "enforcement": 2, "foot": 2, "volunteer": 1}


def test_the_rounds_are_the_same_for_the_same_seed_and_on_roads_of_their_street():
    again = read_beats(demo_district(), SEED, 8 * HOUR_MS)
    assert again.rounds == beats().rounds
    assert read_beats(demo_district(), SEED + 1, 8 * HOUR_MS).rounds != beats().rounds
    moved = list(everybody(Patrols(beats()), START_MS).values())
    assert max(beats().roads.snap([(m.lon, m.lat) for m in moved]).off.tolist()) < 0.2  # six digits of a degree
    spots = shapely.points([(m.lon, m.lat) for m in moved])
    streets = [demo_district().streets[m.street or ""].geometry for m in moved]
    within = shapely.distance(np.array(streets, dtype=object), spots) < 0.01  # about a kilometre: ways lead round
    assert within.mean() > 0.9


def test_at_night_some_are_off_duty_and_by_day_nobody():
    patrols = Patrols(beats())
    by_day, by_night = (Counter(patrols.statuses(START_MS + h * HOUR_MS).values()) for h in (0, 16))
    assert by_day == {"free": 72}
    assert by_night["off"] >= 36 and by_night["free"] >= 12


@pytest.mark.parametrize("hour", [3, 8, 10, 11, 12, 20, 21, 22])
def test_nobody_leaps_when_a_shift_begins_or_ends(hour: int):
    patrols, edge = Patrols(beats()), START_MS + hour * HOUR_MS
    first, second = (everybody(patrols, edge + s * 1000) for s in (-2, 2))
    assert all(metres(first[u], second[u]) < 30 for u in first)
    assert any(first[u].status != second[u].status for u in first) == (hour != 3)


def test_one_that_is_sent_goes_by_road_at_its_pace_arrives_and_returns_without_a_leap():
    patrols = Patrols(beats())
    car = beats().rounds[0]
    goal = beats().roads.plane.to_degrees(beats().roads.nodes[:1] + 20)[0]
    here = one(patrols, car.unit_id, START_MS)
    patrols.send(car.unit_id, "A1", (float(goal[0]), float(goal[1])), START_MS)
    told = [one(patrols, car.unit_id, START_MS + s * 10_000) for s in range(400)]
    assert metres(here, told[0]) < 0.2
    assert told[0].status == "assigned"
    assert told[-1].status == "on_scene" and metres(told[-1], (float(goal[0]), float(goal[1]))) < 0.2
    assert {m.case_id for m in told} == {"A1"}
    later = START_MS + 4_000_000
    patrols.release("A1", later)
    back = [one(patrols, car.unit_id, later + s * 10_000) for s in range(400)]
    assert {(m.status, m.case_id) for m in back} == {("free", None)}
    steps = [metres(a, b) for a, b in pairwise([*told, *back])]
    assert max(steps) < car.speed * 10 + 1
    last = shapely.Point(beats().roads.plane.to_metres(np.array([(back[-1].lon, back[-1].lat)]))[0])
    assert car.loop.distance(last) < 1
    assert patrols.statuses(later)[car.unit_id] == "free"


def test_one_sent_to_a_case_without_a_place_stays_where_it_is_and_strangers_are_nobody():
    patrols = Patrols(beats())
    here = everybody(patrols, START_MS)["XF-01"]
    patrols.send("XF-01", "A1", None, START_MS)
    patrols.send("stranger", "A1", None, START_MS)
    there = everybody(patrols, START_MS + 60_000)["XF-01"]
    assert (there.lon, there.lat, there.status) == (here.lon, here.lat, "on_scene")


def test_walkers_tell_their_place_at_every_third_beat_and_a_new_status_at_once():
    patrols = Patrols(beats())
    kinds = [Counter(m.kind for m in patrols.due(START_MS + 3000 * k)) for k in range(4)]
    assert kinds[0].total() == 72
    assert all(k == {"car": 12, "enforcement": 24, "foot": 8, "volunteer": 4} for k in kinds[1:])
    walker = next(r.unit_id for r in beats().rounds if r.kind == "foot")
    for _ in range(3):  # whosever turn it is
        patrols.send(walker, "A1", None, START_MS)
        assert walker in {m.unit_id for m in patrols.due(START_MS)}
        patrols.release("A1", START_MS)
        assert walker in {m.unit_id for m in patrols.due(START_MS)}


def test_without_roads_they_go_round_the_communities_and_without_shapes_there_are_none(tiny: District):
    found = read_beats(tiny, SEED, 0)
    assert len(found.rounds) == 12 and {r.street for r in found.rounds} == {"S1", "S2"}
    assert all(r.loop.is_ring for r in found.rounds)
    moved = everybody(Patrols(found), START_MS)
    assert len(moved) == 12
    assert {r.group for r in found.rounds} == {"东街联勤大队", "西街联勤大队", "志愿者"}
    bare = {code: dataclasses.replace(a, geometry=None) for code, a in tiny.communities.items()}
    assert read_beats(dataclasses.replace(tiny, communities=bare, streets={}), SEED, 0).rounds == ()
