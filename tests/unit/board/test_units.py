"""Units as a panel tells them: how old a position is, the brigades' lists, who is nearest and may be sent."""

import json
from typing import Any

import msgspec
import pytest
from shapely import LineString

from services.board.readers.units import UnitReader
from services.board.state import Board
from services.board.units import (
    FADING_S,
    FRESH_S,
    ClockReading,
    Unit,
    age_s,
    brigades,
    eta_s,
    freshness,
    nearest_units,
    units_on,
)
from services.cases.case import CasePlace, CaseRow, settle
from services.contract.parse import Event, parse
from services.district.package import District
from services.district.plane import plane_of
from services.district.roads import Roads
from services.projector.outbox.delta import ThingChange
from tests.tiny import NOON, OFFICE, SOUTH, STEP, WEST, case, entry

REAL = NOON + 5_000_000
NOW = ClockReading(NOON, REAL)


def unit(unit_id: str = "U1", column: float = 0.5, **changes: Any) -> Unit:
    """A free unit of the east street on the road that runs along the middle of the district."""
    fresh = Unit(unit_id, "car", "东街大队", "S1", "free", "", WEST + STEP * column, SOUTH + STEP, NOON, REAL)
    return msgspec.structs.replace(fresh, **changes)


def thing(body: dict[str, Any], entry: int = REAL << 20) -> ThingChange:
    return ThingChange("unit", body["unit_id"], NOON, entry, msgspec.Raw(json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("seconds", "word"),
    [(0, "fresh"), (FRESH_S - 1, "fresh"), (FRESH_S, "fading"), (FADING_S - 1, "fading"), (FADING_S, "stale")],
)
def test_a_position_fades_and_goes_stale_by_when_it_was_taken(seconds: float, word: str):
    assert freshness(unit(at=NOON - int(seconds * 1000)), NOW) == word


def test_a_position_that_came_in_long_ago_is_old_even_if_the_device_says_otherwise():
    assert freshness(unit(at=NOON + 3_600_000, arrived_at=REAL - 400_000), NOW) == "stale"


def test_under_a_clock_sixty_times_as_fast_three_real_seconds_are_no_age():
    moment = ClockReading(NOON, REAL, 60)
    assert age_s(unit(at=NOON - 180_000, arrived_at=REAL - 3000), moment) == 3
    assert freshness(unit(at=NOON - 60 * 31_000, arrived_at=REAL - 31_000), moment) == "fading"


def test_while_the_districts_clock_stands_the_arrival_alone_says_how_old_it_is():
    assert age_s(unit(at=NOON - 9_000_000, arrived_at=REAL - 2000), ClockReading(NOON, REAL, 0)) == 2


def test_a_brigade_has_its_list_by_what_each_does_and_when_the_last_was_heard():
    found = brigades(
        [
            unit("U3", status="off", at=NOON - 9),
            unit("U1"),
            unit("U2", status="assigned", case_id="A1", at=NOON + 4),
            unit("V1", group="志愿者", status="on_scene"),
            unit("W1", street="S2", group=""),
        ]
    )
    assert [(b.street, b.group) for b in found] == [("S1", "东街大队"), ("S1", "志愿者"), ("S2", "")]
    first = found[0]
    assert [u.unit_id for u in first.members] == ["U1", "U2", "U3"]
    assert (first.free, first.assigned, first.on_scene, first.off) == (["U1"], ["U2"], [], ["U3"])
    assert first.newest_at == NOON + 4


def road(district: District) -> Roads:
    """One road from west to east through the middle."""
    plane = plane_of(district)
    ends = [(WEST, SOUTH + STEP), (WEST + 4 * STEP, SOUTH + STEP)]
    return Roads([LineString(plane.to_metres(ends))], plane)


def ids(district: District, units: list[Unit], **more: Any) -> list[str]:
    found = nearest_units(road(district), (WEST, SOUTH + STEP), units, NOW, **more)
    return [near.unit.unit_id for near in found]


def test_the_nearest_free_ones_come_first_and_nobody_off_duty_ever(tiny: District):
    units = [unit("far", 3), unit("busy", 0.2, status="assigned"), unit("off", 0.1, status="off"), unit("near", 1)]
    assert ids(tiny, units) == ["near", "far"]
    assert ids(tiny, units, only_free=False) == ["busy", "near", "far"]
    assert ids(tiny, units, n=1) == ["near"]


def test_whose_position_is_stale_comes_behind_all_others(tiny: District):
    units = [unit("gone", 0.1, at=NOON - 400_000), unit("far", 3), unit("near", 1, at=NOON - 60_000)]
    assert ids(tiny, units) == ["near", "far", "gone"]
    assert ids(tiny, units, n=2) == ["near", "far"]


def test_a_street_sends_its_own_and_the_district_any(tiny: District):
    units = [unit("theirs", 0.1, street="S2"), unit("ours", 1)]
    assert ids(tiny, units, street="S1") == ["ours"]
    assert ids(tiny, units) == ["theirs", "ours"]


def test_a_way_takes_as_long_as_the_kind_is_fast():
    assert eta_s("car", 25_000) == eta_s("foot", 5_000) == eta_s("volunteer", 4_000) == eta_s("enforcement", 20_000)
    assert eta_s("car", 25_000) == pytest.approx(3600)
    assert eta_s("", 1000) == eta_s("foot", 1000)


def row(*place: Any) -> CaseRow:
    event = parse(f"{NOON}-0", entry(case("A1", status="handling")), NOON)
    assert isinstance(event, Event)
    return settle(event, NOON << 20, CasePlace(*place), "04", OFFICE)


HERE = (WEST + STEP / 2, SOUTH + STEP / 2, "S1", "C1", "G00")


class Standing:
    """A clock that stands at noon and says it runs."""

    def now_ms(self) -> int:
        return NOON

    def rate(self) -> float:
        return 1.0


def reader(district: District, *place: Any) -> UnitReader:
    board = Board(district)
    board.load([row(*(place or HERE))], [], NOON)
    at = {"at": "2026-11-23T04:00:00Z", "coord_sys": "WGS84"}
    board.load_things(
        [
            thing({"unit_id": "U2", "lon": WEST + STEP, "lat": SOUTH + STEP, "street": "S1", "group": "城管局", **at}),
            thing({"unit_id": "U1", "lon": WEST + 3 * STEP, "lat": SOUTH + STEP, "street": "S2", "kind": "car", **at}),
        ],
        1,
    )
    assert [u.unit_id for u in units_on(board)] == ["U1", "U2"]
    return UnitReader(district, lambda: board, Standing(), real_now=lambda: REAL)


def test_a_panel_is_told_who_is_near_in_plain_values(tiny: District):
    first, second = reader(tiny).near("A1")
    assert (first["unit_id"], second["unit_id"]) == ("U2", "U1")
    assert json.loads(json.dumps(first)) == first
    assert first["is_by_road"] is False and first["freshness"] == "fresh" and first["is_from_area"] is False
    assert 0 < first["metres"] < second["metres"] and first["eta_s"] > 0


def test_a_street_hears_of_its_own_cases_and_units_only(tiny: District):
    assert [u["unit_id"] for u in reader(tiny).near("A1", "S1")] == ["U2"]
    assert reader(tiny).near("A1", "S2") == []
    assert [u["unit_id"] for u in reader(tiny).units("S2")] == ["U1"]
    assert [b["street"] for b in reader(tiny).brigades("S2")] == ["S2"]


def test_a_case_without_a_place_is_reckoned_from_the_middle_of_its_area_and_says_so(tiny: District):
    assert reader(tiny, None, None, "S1", "C1", "").near("A1")[0]["is_from_area"] is True
    assert reader(tiny, None, None, "", "", "").near("A1") == []
    assert reader(tiny).near("nobody") == []


def test_a_group_that_is_a_department_has_its_english_name(tiny: District):
    (s1, s2) = reader(tiny).brigades()
    assert (s1["group"], s1["group_en"], s1["free"]) == ("城管局", "Management", ["U2"])
    assert (s2["group"], s2["group_en"]) == ("", "")
