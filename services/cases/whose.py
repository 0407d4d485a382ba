"""Whose a case is: what ``own`` and ``lead`` of the table of rights mean for a case. Pure.

A street's staff have the cases of their street, a department's account those that its unit leads, works on beside or is
called to, a grid worker those of their grid. Whatever asks for a right over one case asks here.
"""

from services.access.rights import DISTRICT, Person, may, reach_of
from services.cases.case import CaseRow, called_units, co_units_of
from services.contract.codes import SENSITIVE_DOMAINS

# Of a sensitive case (classes 09 and 10) that another unit leads: see that it is there, answer the whistle.
_BESIDE_A_SENSITIVE_ONE = frozenset({"see_case", "case.answer_whistle"})
# Where a grid worker may act: what the street or the district has taken is theirs.
_LEVELS_OF_A_GRID = frozenset({"", "grid", "community"})


def may_case(person: Person, right: str, row: CaseRow) -> bool:
    """Whether the person has the right over this case."""
    reach = reach_of(person, right)
    if reach is None or reach == "all":
        return reach is not None
    if person.role == "department":
        return _is_departments(person.unit, right, row, leads_alone=reach == "lead")
    if person.role == "grid_worker":
        return _is_grid_workers(person.grid, right, row)
    return may(person, right, row.street or DISTRICT, row.community)


def may_photos(person: Person, row: CaseRow) -> bool:
    """Whether the person may see the case's photos: its texts, and of a sensitive case what is sensitive.

    A photo cannot be masked: it shows a home, a face, a number plate.
    """
    is_sensitive = row.domain in SENSITIVE_DOMAINS
    return may_case(person, "see_texts", row) and (not is_sensitive or may_case(person, "see_sensitive", row))


def is_units(unit: str, row: CaseRow) -> bool:
    """Whether the case concerns the unit: it leads, works on it beside another, or an open whistle calls it."""
    return unit == row.lead_unit or unit in co_units_of(row) or unit in called_units(row)


def _is_departments(unit: str, right: str, row: CaseRow, *, leads_alone: bool) -> bool:
    if not unit or not is_units(unit, row):
        return False
    if unit == row.lead_unit:
        return True
    return not leads_alone and (row.domain not in SENSITIVE_DOMAINS or right in _BESIDE_A_SENSITIVE_ONE)


def is_in_grid_hands(row: CaseRow) -> bool:
    """Whether the grid's worker may act on it: neither sensitive nor taken by the street or the district."""
    return row.domain not in SENSITIVE_DOMAINS and row.level in _LEVELS_OF_A_GRID


def _is_grid_workers(grid: str, right: str, row: CaseRow) -> bool:
    if not grid or row.grid != grid or row.domain in SENSITIVE_DOMAINS:
        return False
    return not right.startswith("case.") or is_in_grid_hands(row)
