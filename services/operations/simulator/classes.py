"""The classes of the demo: 190 of city management and 40 of joint duty's own, with limits and the unified domain."""

import csv
from dataclasses import dataclass
from pathlib import Path

from services.contract.codes import LimitUnit

_UNITS: dict[str, LimitUnit] = {"UH": "UH", "UD": "UD", "WH": "WH", "WD": "WD"}
_TABLE = Path(__file__).with_name("classes.csv")
_COMPONENT = ("缺失或危及安全", "破损影响通行", "松动异响", "老化锈蚀", "需整体更换")
_EVENT = ("紧急", "一般", "较难", "疑难", "需多部门")


@dataclass(frozen=True, slots=True)
class ClassLimit:
    """One filing condition of a class and the time it leaves."""

    condition: str
    value: float
    unit: LimitUnit


@dataclass(frozen=True, slots=True)
class CaseClass:
    """One minor class; ``weight`` is its share of the district's cases."""

    scheme: str
    kind: str
    major: str
    minor: str
    name: str
    domain: str
    weight: float
    limits: tuple[ClassLimit, ...]


def read_classes() -> list[CaseClass]:
    """Every class of ``classes.csv``, in the table's order."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return [_read(row) for row in csv.DictReader(file)]


def _read(row: dict[str, str]) -> CaseClass:
    conditions = _COMPONENT if row["kind"] == "component" else _EVENT
    limits = tuple(
        ClassLimit(condition, float(text[:-2]), _UNITS[text[-2:]])
        for condition, text in zip(conditions, row["limits"].split("/"), strict=False)
    )
    return CaseClass(
        row["scheme"], row["kind"], row["major"], row["minor"], row["name"], row["domain"], float(row["weight"]), limits
    )
