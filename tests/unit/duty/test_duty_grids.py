"""A street's grids and their people; cases near a border, to the metre."""

import dataclasses
import random
import time

import msgspec
import numpy as np
import pytest
import shapely

from services.board.state import DUE_SOON, NONE, OVERDUE
from services.cases.case import CaseRow
from services.district.borders import At, Borders, Neighbour
from services.district.package import District
from services.district.plane import plane_of
from services.duty.grids import ROLES, GridPatrols, GridPeople, grid_loads, masked_phone
from tests.tiny import NOON, SOUTH, STEP, WEST
from tests.unit.board.test_board import row

PEOPLE = (
    {"grid": "G00", "role": "mediator", "name": "王小磊", "phone": "13812345678"},
    {"grid": "G00", "role": "grid_leader", "name": "李娜", "phone": ""},
    {"grid": "G00", "role": "volunteer", "name": "赵", "phone": "12-34"},
)


def at(column: float, line: float, east_m: float = 0, north_m: float = 0, case_id: str = "A", **more: str) -> At:
    """A case some metres from a corner of the tiny district's squares."""
    lon, lat = WEST + STEP * column, SOUTH + STEP * line
    return At(
        case_id, lon + east_m / 94_600, lat + north_m / 110_900, more.get("street", "S1"), more.get("grid", "G00")
    )


def in_grid(case_id: str, grid: str, street: str = "S1") -> CaseRow:
    return msgspec.structs.replace(row(case_id), grid=grid, street=street)


def test_a_grids_load_is_its_open_cases_its_rate_and_its_patrol(tiny: District) -> None:
    rows = [in_grid("A", "G00"), in_grid("B", "G00"), in_grid("C", "G01"), in_grid("D", "G20", "S2"), in_grid("E", "")]
    lights = {"A": OVERDUE, "B": DUE_SOON, "C": NONE, "D": OVERDUE, "E": NONE}
    loads = grid_loads(
        tiny, "S1", rows, lights, month={"G00": (8, 6)}, people=GridPeople(tiny), patrolled={"G01": NOON}
    )
    found = {load.code: load for load in loads}
    assert [load.code for load in loads] == ["G00", "", "G01", "G10", "G11"], "the unplaced in their grid stand too"
    worst = found["G00"]
    assert (worst.open, worst.overdue, worst.due_soon, worst.on_the_spot, worst.reported) == (2, 1, 1, 0.75, 8)
    assert (worst.name, worst.community, worst.households) == ("网格00", "C1", 100)
    assert worst.absent == ["people", "patrol"] and found["G01"].patrolled_at == NOON
    assert found["G11"].on_the_spot is None, "nothing reported: no rate"


def test_people_are_masked_every_role_stands_and_who_is_missing_shows(tiny: District) -> None:
    people = GridPeople(dataclasses.replace(tiny, tables={"people": PEOPLE}))
    found = people.of("G00")
    assert [p.role for p in found] == [*ROLES, "volunteer"]
    assert (found[0].name, found[0].phone) == ("李*", "")
    assert (found[4].name, found[4].phone) == ("王**", "138****5678")
    assert found[1].name == "" and found[5].phone == "***34"
    assert people.of("G01") == []


@pytest.mark.parametrize("phone", ["13812345678", "0571-88881234", "12345", "+86 138 1234 5678", "1", "ext 77"])
def test_no_phone_leaves_whole_whatever_its_shape(phone: str) -> None:
    assert masked_phone(phone) != phone


def test_the_last_patrol_of_a_grid_is_the_latest_position_in_it_in_any_order(tiny: District) -> None:
    patrols = GridPatrols(tiny)
    inside = (WEST + STEP / 2, SOUTH + STEP / 2)
    patrols.take([(*inside, NOON + 5), (*inside, NOON), (0.0, 0.0, NOON)])
    patrols.take([(*inside, NOON - 5)])
    assert patrols.last == {"G00": NOON + 5}


def test_a_case_within_30_m_of_another_grid_or_street_has_that_neighbour(tiny: District) -> None:
    borders = Borders(tiny)
    assert borders.near([at(1, 0.5, -29)]) == {"A": Neighbour("G10", "")}
    assert borders.near([at(1, 0.5, -31)]) == {}
    assert borders.near([at(1, 0.5, -31)], 32) == {"A": Neighbour("G10", "")}
    assert borders.near([at(2, 0.5, -10, grid="G10")]) == {"A": Neighbour("G20", "S2")}
    assert borders.near([at(0.5, 0.5)]) == {} and borders.near([]) == {}
    assert borders.near([at(0, 0.5, 10)]) == {}, "the district's own edge has no neighbour"


def test_the_nearest_of_several_is_named_and_an_unplaced_case_is_its_own_neighbour_nowhere(tiny: District) -> None:
    borders = Borders(tiny)
    assert borders.near([at(1, 1, -20, -10)]) == {"A": Neighbour("G01", "")}
    assert borders.near([at(1, 1, -10, -20)]) == {"A": Neighbour("G10", "")}
    assert borders.near([at(0.5, 0.5, grid="", street="")]) == {}
    assert borders.near([at(1, 0.5, -10, grid="", street="")]) == {"A": Neighbour("G10", "")}


def test_a_case_counted_in_another_grid_than_it_stands_in_has_that_one_as_neighbour(tiny: District) -> None:
    assert Borders(tiny).near([at(1.5, 0.5)]) == {"A": Neighbour("G10", "")}


def test_a_package_without_outlines_has_no_borders(tiny: District) -> None:
    bare = dataclasses.replace(tiny, grids={}, streets={})
    assert Borders(bare).near([at(1, 0.5, -1)]) == {}


def test_it_agrees_with_measuring_each_case_to_each_grid(tiny: District) -> None:
    rng = random.Random(4)
    cases = [at(rng.uniform(0, 4), rng.uniform(0, 2), case_id=str(k), grid="", street="") for k in range(400)]
    plane = plane_of(tiny)
    shapes = {a.code: shapely.transform(a.geometry, plane.to_metres) for a in tiny.grids.values()}
    expected = set()
    for case in cases:
        point = shapely.points(plane.to_metres(np.array([(case.lon, case.lat)])))[0]
        away = sorted(float(shapely.distance(point, outline)) for outline in shapes.values())
        if away[1] <= 30:
            expected.add(case.case_id)
    found = {case_id for case_id, near in Borders(tiny).near(cases).items() if near.grid}
    assert found == expected and found


def test_ten_thousand_cases_take_less_than_a_fifth_of_a_second(tiny: District) -> None:
    rng = random.Random(5)
    borders = Borders(tiny)
    cases = [at(rng.uniform(0, 4), rng.uniform(0, 2), case_id=str(k)) for k in range(10_000)]
    best = min(_seconds(borders, cases) for _ in range(3))
    assert best < 0.2


def _seconds(borders: Borders, cases: list[At]) -> float:
    begun = time.perf_counter()
    borders.near(cases)
    return time.perf_counter() - begun
