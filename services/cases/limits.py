"""Time limits: what a limit is in milliseconds, and how city standards write it (2紧急工作时, 5个工作日, 4小时). Pure.

`UH` and `UD` are continuous, `WH` and `WD` office time; a working day is the working time of one standard day
(DOMAIN.md §2). A standard that tells 紧急工作时 apart writes 小时 and 天 for the other two.
"""

import re
import unicodedata
from collections.abc import Iterable

from services.contract.case import Limit
from services.contract.codes import LimitUnit
from services.district.calendar import WorkingCalendar
from services.district.package import FilingCondition
from services.platform.clock import DAY_MS, HOUR_MS

UNITS: tuple[LimitUnit, ...] = ("UH", "UD", "WH", "WD")
OFFICE_UNITS = frozenset({"WH", "WD"})

_NUMERALS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "半": 0.5}
_WRITTEN: dict[str, LimitUnit] = {
    "紧急工作时": "UH", "紧急工作小时": "UH", "紧急小时": "UH", "UH": "UH",
    "紧急工作日": "UD", "紧急工作天": "UD", "自然日": "UD", "日历日": "UD", "UD": "UD",
    "工作时": "WH", "工作小时": "WH", "小时": "WH", "WH": "WH",
    "工作日": "WD", "工作天": "WD", "天": "WD", "日": "WD", "WD": "WD",
}  # fmt: skip
# What must happen within the limit, or «within» itself, may follow: 1紧急工作时制止.
_LIMIT = re.compile(
    rf"(?P<number>\d+(?:\.\d+)?|[{''.join(_NUMERALS)}十]+)个?(?P<unit>{'|'.join(sorted(_WRITTEN, key=len)[::-1])})"
    r"(?:之内|以内|内|完成|制止|处置|处理|修复|恢复|清除)*"
)


def unit_ms(unit: str, calendar: WorkingCalendar) -> int:
    """One of a unit in milliseconds of its own time: continuous for UH and UD, worked for WH and WD."""
    if unit == "WD":
        return calendar.day_ms
    return DAY_MS if unit == "UD" else HOUR_MS


def limit_ms(limit: Limit, calendar: WorkingCalendar) -> int:
    """A limit in milliseconds of its unit's own time."""
    return round(limit.value * unit_ms(limit.unit, calendar))


def parse_limit(text: str) -> Limit | None:
    """A limit as a standard writes it; None where it cannot be told. 小时 and 天 count in office time."""
    found = _LIMIT.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper())
    if found is None or (value := _number(found["number"])) is None or not 0 < value <= 100_000:
        return None
    return Limit(value=value, unit=_WRITTEN[found["unit"]])


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


def _number(text: str) -> float | None:
    """A number in digits or, up to 99, in Chinese numerals."""
    if text[0].isdigit():
        return float(text)
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or (ten and "半" in tens + ones):
        return None
    head = float(_NUMERALS.get(tens, 1)) * 10 if ten else 0.0
    return head + float(_NUMERALS.get(ones, 0))
