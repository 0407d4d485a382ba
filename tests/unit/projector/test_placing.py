"""A case without a place is a case: the rules of CONTRACT.md for codes and positions, one by one."""

import dataclasses
from typing import Any

import pytest

from services.cases.case import CasePlace
from services.contract.parse import Event, Refused, parse
from services.district.coords import wgs84_to_bd09, wgs84_to_gcj02
from services.district.package import District
from services.projector import placing
from services.projector.placing import Locator
from tests.tiny import NOON, SOUTH, STEP, WEST, case, entry, middle

NOWHERE = {"lon": ..., "lat": ..., "coord_sys": ...}
PLACED = ("S1", "C1", "G00")


def locate(district: District, *cases: dict[str, Any]) -> list[CasePlace | Refused]:
    events = []
    for data in cases:
        event = parse("1-0", entry(data), NOON)
        assert isinstance(event, Event), event
        events.append(event)
    return Locator(district).locate(events)


def place_of(district: District, **more: Any) -> CasePlace:
    (found,) = locate(district, case(**more))
    assert isinstance(found, CasePlace), found
    return found


def refusal_of(district: District, **more: Any) -> Refused:
    (found,) = locate(district, case(**more))
    assert isinstance(found, Refused), found
    return found


def codes(place: CasePlace) -> tuple[str, str, str]:
    return place.street, place.community, place.grid


def test_a_position_names_grid_community_and_street(tiny: District) -> None:
    place = place_of(tiny, **middle(3, 1))
    assert (codes(place), place.flags) == (("S2", "C4", "G31"), ())


def test_a_case_without_a_place_is_unplaced_and_not_odd(tiny: District) -> None:
    place = place_of(tiny, **NOWHERE)
    assert place == CasePlace()


def test_a_code_without_a_position_names_what_holds_it(tiny: District) -> None:
    assert codes(place_of(tiny, **NOWHERE, grid="G21")) == ("S2", "C3", "G21")
    assert codes(place_of(tiny, **NOWHERE, community="C2")) == ("S1", "C2", "")
    assert codes(place_of(tiny, **NOWHERE, street="S2")) == ("S2", "", "")


def test_a_street_code_and_a_position_that_agrees_give_the_finer_levels(tiny: District) -> None:
    place = place_of(tiny, street="S1")
    assert (codes(place), place.flags) == (PLACED, ())


def test_where_code_and_position_disagree_the_code_wins_flagged(tiny: District) -> None:
    place = place_of(tiny, **middle(3, 1), street="S1")
    assert (codes(place), place.flags) == (("S1", "", ""), ("place_disagrees",))
    assert place.lon is not None


def test_an_unknown_code_without_a_position_is_kept_as_text_and_flagged(tiny: District) -> None:
    place = place_of(tiny, **NOWHERE, street="S9", grid="G\x009")
    assert (codes(place), place.flags) == (("S9", "", "G9"), ("unknown_code",))


def test_an_unknown_code_beside_a_known_one_is_kept_as_text_and_flagged(tiny: District) -> None:
    place = place_of(tiny, **NOWHERE, street="S1", community="C9")
    assert (codes(place), place.flags) == (("S1", "C9", ""), ("unknown_code",))


def test_an_unknown_code_beside_a_good_position_is_flagged_and_the_position_places(tiny: District) -> None:
    place = place_of(tiny, street="S9")
    assert (codes(place), place.flags) == (PLACED, ("unknown_code",))


def test_the_finest_known_code_wins_over_a_coarser_one_that_contradicts_it(tiny: District) -> None:
    place = place_of(tiny, **NOWHERE, street="S1", grid="G31")
    assert (codes(place), place.flags) == (("S2", "C4", "G31"), ("unknown_code",))


BAD_POSITIONS = {
    "latitude 999": {"lat": 999},
    "longitude -181": {"lon": -181},
    "no coord_sys": {"coord_sys": ...},
    "no latitude": {"lat": ...},
    "another continent": {"lon": -71.0, "lat": 42.3},
    "zero": {"lon": 0, "lat": 0},
}


@pytest.mark.parametrize("bad", BAD_POSITIONS.values(), ids=BAD_POSITIONS.keys())
def test_a_bad_position_beside_a_known_code_is_dropped_and_flagged(tiny: District, bad: dict[str, Any]) -> None:
    place = place_of(tiny, **bad, grid="G00")
    assert (codes(place), place.flags) == (PLACED, ("bad_position",))
    assert (place.lon, place.lat) == (None, None)


@pytest.mark.parametrize(
    ("bad", "reason", "names"),
    [
        ({"lat": 999}, "bad_value", "lat=999"),
        ({"coord_sys": ...}, "missing_field", "coord_sys"),
        ({"lat": ...}, "missing_field", "lon or lat"),
        ({"lon": -71.0, "lat": 42.3}, "outside_district", "lon=-71.0 lat=42.3 (WGS84)"),
        ({"lon": -71.0, "lat": 42.3, "street": "S9"}, "outside_district", "most often coord_sys is wrong"),
    ],
)
def test_a_bad_position_without_a_known_code_is_refused(
    tiny: District, bad: dict[str, Any], reason: str, names: str
) -> None:
    found = refusal_of(tiny, **bad)
    assert found.reason == reason
    assert names in found.detail


def test_five_kilometres_outside_are_taken_and_more_are_not(tiny: District) -> None:
    degree = 111_320.0
    place = place_of(tiny, lat=SOUTH - 4_990 / degree)
    assert (codes(place), place.flags) == (("", "", ""), ())
    assert place.lat is not None
    assert refusal_of(tiny, lat=SOUTH - 5_010 / degree).reason == "outside_district"


def test_one_bad_case_of_a_batch_leaves_the_others_their_places(tiny: District) -> None:
    found = locate(
        tiny,
        case(**middle(0, 0)),
        case(lat=999),
        case(**NOWHERE),
        case(**middle(1, 1)),
        case(lon=0.0, lat=0.0),
        case(lon=0.0, lat=0.0, street="S2"),
    )
    kinds = [codes(p) if isinstance(p, CasePlace) else p.reason for p in found]
    assert kinds == [PLACED, "bad_value", ("", "", ""), ("S1", "C2", "G11"), "outside_district", ("S2", "", "")]


def test_a_point_on_a_shared_edge_is_always_in_the_first_area_by_code(tiny: District) -> None:
    found = {codes(place_of(tiny, lon=round(WEST + STEP, 6), lat=SOUTH + STEP / 2)) for _ in range(3)}
    assert found == {PLACED}


@pytest.mark.parametrize(("system", "shift"), [("GCJ02", wgs84_to_gcj02), ("BD09", wgs84_to_bd09)])
def test_a_position_of_another_system_is_converted_once(tiny: District, system: str, shift: Any) -> None:
    there = middle(2, 0)
    lon, lat = shift(there["lon"], there["lat"])
    place = place_of(tiny, lon=lon, lat=lat, coord_sys=system)
    assert codes(place) == ("S2", "C3", "G20")
    assert (place.lon, place.lat) == (pytest.approx(there["lon"], abs=1e-6), pytest.approx(there["lat"], abs=1e-6))


def test_a_district_without_outlines_takes_every_position_and_code(tiny: District) -> None:
    streets = {code: dataclasses.replace(a, geometry=None) for code, a in tiny.streets.items()}
    blank = dataclasses.replace(tiny, streets=streets, communities={}, grids={})
    assert codes(place_of(blank, lon=2.0, lat=48.0)) == ("", "", "")
    assert codes(place_of(blank, lon=2.0, lat=48.0, street="S1")) == ("S1", "", "")


def test_without_grids_the_coarser_levels_are_asked(tiny: District) -> None:
    assert codes(place_of(dataclasses.replace(tiny, grids={}))) == ("S1", "C1", "")
    assert codes(place_of(dataclasses.replace(tiny, grids={}, communities={}))) == ("S1", "", "")


def test_a_remembered_position_is_placed_as_a_new_one(tiny: District, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "SEEN_MOST", 3)  # so that it is forgotten in between too
    far = {"lon": 120.9, "lat": 35.0, "coord_sys": "WGS84"}
    bodies = [
        case(f"A{n}", **place) for n, place in enumerate([*(middle(x, y) for x in range(4) for y in (0, 1)), far])
    ]
    known = Locator(tiny)
    for body in [*bodies, *reversed(bodies), *bodies]:
        event = parse("1-0", entry(body), NOON)
        assert isinstance(event, Event)
        assert known.locate([event]) == Locator(tiny).locate([event])
    events = [event for event in (parse("1-0", entry(body), NOON) for body in bodies) if isinstance(event, Event)]
    assert known.locate(events + events) == Locator(tiny).locate(events) * 2
