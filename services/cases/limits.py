"""Time limits: what a limit is in milliseconds, and which one a class is filed under. Pure.

`UH` and `UD` are continuous, `WH` and `WD` office time; a working day is the working time of one standard day
(DOMAIN.md §2).
"""

from collections.abc import Iterable

from services.contract.case import Limit
from services.contract.codes import LimitUnit
from services.district.calendar import WorkingCalendar
from services.district.package import FilingCondition
from services.platform.clock import DAY_MS, HOUR_MS

UNITS: tuple[LimitUnit, ...] = ("UH", "UD", "WH", "WD")
OFFICE_UNITS = frozenset({"WH", "WD"})


def unit_ms(unit: str, calendar: WorkingCalendar) -> int:
    """One of a unit in milliseconds of its own time: continuous for UH and UD, worked for WH and WD."""
    if unit == "WD":
        return calendar.day_ms
    return DAY_MS if unit == "UD" else HOUR_MS


def limit_ms(limit: Limit, calendar: WorkingCalendar) -> int:
    """A limit in milliseconds of its unit's own time."""
    return round(limit.value * unit_ms(limit.unit, calendar))


def limit_of_class(conditions: Iterable[FilingCondition], class_key: str) -> Limit | None:
    """The limit that a class is filed under; None where it has none, or several by its conditions.

    ``class_key`` is ``CaseRow.class_key``.
    """
    found = {
        (one.value, one.unit)
        for one in conditions
        if "|".join((one.scheme, one.kind, one.major, one.minor)) == class_key
    }
    if len(found) != 1:
        return None
    ((value, unit),) = found
    return next((Limit(value=value, unit=known) for known in UNITS if known == unit), None)
