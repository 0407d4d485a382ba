"""Whose a case is: a department's, a grid worker's, a street's; and what nobody of them may of another's."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.rights import RIGHTS, ROLES, Person, may
from services.cases.case import CaseRow, UnitCalled
from services.cases.whose import is_units, may_case
from services.contract.codes import SENSITIVE_DOMAINS
from tests.coverage_districts import a_case

UNITS, GRIDS, STREETS = ["D1", "D2", "D3"], ["G1", "G2"], ["S1", "S2"]
DEPT, WORKER = Person("d", "某人", "department", unit="D1"), Person("g", "某人", "grid_worker", grid="G1")
rights = st.sampled_from(sorted(RIGHTS))


def row(**more: Any) -> CaseRow:
    """An open case; ``co_units`` and ``called`` as lists of units."""
    texts = {"co_units": lambda units: units, "called": lambda units: [UnitCalled(u, 1, None, None) for u in units]}
    packed = {
        name: msgspec.json.encode(make(more[name])).decode() if more.get(name) else "" for name, make in texts.items()
    }
    return a_case("A", None, None, **{"street": "S1", "grid": "G1", "lead_unit": "D1", **more, **packed})


@st.composite
def cases(draw: st.DrawFn) -> CaseRow:
    return row(
        street=draw(st.sampled_from([*STREETS, ""])),
        grid=draw(st.sampled_from([*GRIDS, ""])),
        domain=draw(st.sampled_from(["01", "08", "09", "10"])),
        level=draw(st.sampled_from(["", "grid", "district"])),
        lead_unit=draw(st.sampled_from([*UNITS, ""])),
        co_units=draw(st.lists(st.sampled_from(UNITS), max_size=2)),
        called=draw(st.lists(st.sampled_from(UNITS), max_size=2)),
    )


@given(cases(), rights, st.sampled_from(UNITS))
def test_a_department_has_nothing_of_a_case_that_does_not_concern_its_unit(
    case: CaseRow, right: str, unit: str
) -> None:
    person = Person("d", "", "department", unit=unit)
    if may_case(person, right, case) and RIGHTS[right]["department"] != "all":
        assert is_units(unit, case)
        if RIGHTS[right]["department"] == "lead":
            assert case.lead_unit == unit
        if case.domain in SENSITIVE_DOMAINS and case.lead_unit != unit:
            assert right in {"see_case", "case.answer_whistle"}


@given(cases(), rights, st.sampled_from(GRIDS))
def test_a_grid_worker_has_nothing_of_another_grid_or_of_a_sensitive_case(case: CaseRow, right: str, grid: str) -> None:
    person = Person("g", "", "grid_worker", grid=grid)
    if may_case(person, right, case) and RIGHTS[right]["grid_worker"] != "all":
        assert case.grid == grid
        assert case.domain not in SENSITIVE_DOMAINS
        if right.startswith("case."):
            assert case.level != "district"


@given(cases(), rights, st.sampled_from(ROLES))
def test_without_a_place_a_person_has_nothing_of_their_own(case: CaseRow, right: str, role: Any) -> None:
    assert may_case(Person("p", "", role), right, case) == (RIGHTS[right].get(role) == "all")


@given(cases(), rights, st.sampled_from(STREETS))
def test_a_streets_staff_have_what_the_table_gives_their_street(case: CaseRow, right: str, street: str) -> None:
    person = Person("s", "", "street_staff", street)
    assert may_case(person, right, case) == may(person, right, case.street)


@pytest.mark.parametrize(
    ("more", "right", "can"),
    [
        ({}, "case.acknowledge", True),
        ({"lead_unit": "D2", "co_units": ["D1"]}, "case.acknowledge", False),
        ({"lead_unit": "D2", "co_units": ["D1"]}, "see_texts", True),
        ({"lead_unit": "D2", "called": ["D1"]}, "case.answer_whistle", True),
        ({"lead_unit": "D2", "co_units": ["D1"], "domain": "09"}, "see_texts", False),
        ({"lead_unit": "D2", "co_units": ["D1"], "domain": "09"}, "see_case", True),
        ({"domain": "09"}, "see_sensitive", True),
        ({"lead_unit": "D2"}, "see_case", False),
    ],
)
def test_a_department_leads_works_beside_or_is_called(more: dict[str, Any], right: str, can: bool) -> None:
    assert may_case(DEPT, right, row(**more)) is can


@pytest.mark.parametrize(
    ("more", "right", "can"),
    [
        ({"level": "grid"}, "case.acknowledge", True),
        ({"level": "street"}, "case.acknowledge", False),
        ({"level": "street"}, "see_texts", True),
        ({"grid": "G2"}, "see_case", False),
        ({"domain": "10"}, "see_case", False),
        ({"level": "grid"}, "reveal", False),
    ],
)
def test_a_grid_worker_acts_on_what_the_grid_or_the_community_holds(
    more: dict[str, Any], right: str, can: bool
) -> None:
    assert may_case(WORKER, right, row(**more)) is can
