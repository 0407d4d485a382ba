"""The table of rights: what follows from it for every person and place."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.rights import (
    DISTRICT,
    IDLE_MINUTES,
    LONGEST_MINUTES,
    RIGHTS,
    ROLES,
    Person,
    Reach,
    home,
    may,
    may_desk,
    may_seat,
    seat_of,
)
from services.contract.commands import COMMANDS

streets = st.sampled_from(["S1", "S2"])
communities = st.sampled_from(["", "C1", "C2"])
rights = st.sampled_from(sorted(RIGHTS))
places = st.tuples(st.sampled_from([None, DISTRICT, "S1", "S2", "s1", "S1/"]), st.sampled_from([None, "", "C1", "C2"]))


@st.composite
def people(draw: st.DrawFn) -> Person:
    role = draw(st.sampled_from(ROLES))
    if role == "department":
        return Person("p", "某人", role, unit=draw(st.sampled_from(["D1", "D2"])))
    if role == "grid_worker":
        return Person("p", "某人", role, grid=draw(st.sampled_from(["G00", "G10"])))
    if role != "street_staff":
        return Person("p", "某人", role)
    return Person("p", "某人", role, draw(streets), draw(communities))


@given(people(), places)
def test_a_right_that_the_table_does_not_know_is_nobodys(person: Person, place: tuple[str | None, str | None]) -> None:
    for right in ("", "nobody's", "public", "see", "SEE_CASE", "case.", "case.erase"):
        assert not may(person, right, *place)


@given(people(), rights, places)
def test_own_never_exceeds_all_and_never_leaves_the_street(
    person: Person, right: str, place: tuple[str | None, str | None]
) -> None:
    reach = RIGHTS[right].get(person.role)
    if may(person, right, *place):
        assert reach is not None
        assert may(person, right)
        if reach == "own":
            assert place[0] in {None, person.street}
    elif reach == "all":
        raise AssertionError((person, right, place))


@given(streets, communities, rights, places)
def test_a_workstation_has_nothing_that_its_street_has_not(
    street: str, community: str, right: str, place: tuple[str | None, str | None]
) -> None:
    wide, narrow = Person("p", "", "street_staff", street), Person("p", "", "street_staff", street, community)
    assert may(narrow, right, *place) <= may(wide, right, *place)
    if community and RIGHTS[right].get("street_staff") == "own":
        assert not may(narrow, right, street, "C9")
        assert not may(narrow, right, street, "")  # in the street, of no known community


@given(rights, places)
def test_street_staff_without_a_street_have_nothing_of_their_own(
    right: str, place: tuple[str | None, str | None]
) -> None:
    if RIGHTS[right].get("street_staff") == "own" and place[0] is not None:
        assert not may(Person("p", "", "street_staff"), right, *place)


@given(people(), rights)
def test_what_lies_in_no_street_is_not_a_streets(person: Person, right: str) -> None:
    assert may(person, right, DISTRICT) == (RIGHTS[right].get(person.role) == "all")


@given(people(), rights)
def test_the_centres_seat_is_the_district_and_a_streets_its_own(person: Person, right: str) -> None:
    assert may_seat(person, right, "D", "D") == may(person, right, DISTRICT)
    assert may_seat(person, right, "S1", "D") == may(person, right, "S1")
    assert seat_of(person, "D") == (person.street or person.unit or person.grid or "D")


def test_only_who_has_a_street_unit_or_grid_has_a_right_for_their_own_alone() -> None:
    for right, reach in RIGHTS.items():
        own = {role for role, how in reach.items() if how == "own"}
        assert own <= {"street_staff", "department", "grid_worker"}, right
        assert {role for role, how in reach.items() if how == "lead"} <= {"department"}, right
        assert set(reach.values()) <= set(get_args(Reach))
        assert set(reach) <= set(ROLES)


@pytest.mark.parametrize("right", ["manage_people", "manage_package", "see_system", "manage_system"])
def test_people_are_managed_by_security_alone_where_the_district_wants_them_apart(right: str) -> None:
    admin, security = Person("a", "", "admin"), Person("s", "", "security")
    assert may(admin, right)
    assert may(security, right) == (right == "manage_people")
    assert may(replace(admin, people_apart=True), right) == (right != "manage_people")
    assert may(replace(security, people_apart=True), right) == (right == "manage_people")


def test_who_looks_after_people_and_records_touches_no_case() -> None:
    """Separation of duties: the admin and the auditor neither see cases nor change them, a wall changes nothing."""
    for role in ("admin", "auditor", "security"):
        assert {right for right in RIGHTS if role in RIGHTS[right]} <= {
            "be_here",
            "keep_account",
            "change_factor",
            "see_metrics",
            "read_audit",
            "export_audit",
            "manage_people",
            "manage_package",
            "see_system",
            "manage_system",
        }
    changing = {right for right in RIGHTS if right.startswith(("case.", "camera.", "write_", "sign_", "take_"))}
    changing |= {
        "command",
        "reveal",
        "keep_views",
        "decide_proposal",
        "export_cases",
        "export_plan",
        "export_report",
        "see_texts",
    }
    assert not [right for right in changing if "wall" in RIGHTS[right]]
    assert {right for right in RIGHTS if "admin" in RIGHTS[right]} & {"read_audit", "export_audit"} == set()


def test_every_command_is_somebodys() -> None:
    assert all(RIGHTS[kind] for kind in COMMANDS)


def test_every_role_but_the_wall_runs_out_and_idles_out_before_that() -> None:
    assert IDLE_MINUTES.keys() == LONGEST_MINUTES.keys() == set(ROLES) - {"wall"}
    for role, idle in IDLE_MINUTES.items():
        assert 0 < idle < LONGEST_MINUTES[role] <= 13 * 60  # a shift of twelve hours and its handover


@given(people())
def test_everybodys_first_page_is_one_that_they_may_see(person: Person) -> None:
    right = {
        "/wall": "see_wall",
        "/leadership": "see_leadership",
        "/desk": "see_desk",
        "/audit": "read_audit",
        "/admin": "be_here",
        "/account": "be_here",
    }
    page = home(person)
    kind, _, code = page[1:].partition("/")
    if kind in {"street", "unit", "grid"}:
        assert may_desk(person, f"see_{kind}", kind, code)
    else:
        assert may(person, right[page])
