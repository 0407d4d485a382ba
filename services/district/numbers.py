"""The numbers of a package's tables, read and checked by the dataclass that holds them."""

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

# Hears of each bad value: its key, what is wrong, a remedy.
Complain = Callable[[str, str, str], None]


def is_number(value: object) -> bool:
    """Whether it is a finite number; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def numbers(kind: type[Any], found: dict[str, Any], table: str, complain: Complain) -> dict[str, Any]:
    """The values of ``[table]`` for the fields of ``kind`` that are numbers: from 0 on, whole where the field is."""
    given = found.get(table, {})
    if not isinstance(given, dict):
        complain(table, "is no table", f"Write [{table}] and its values below it")
        return {}
    values = {}
    for item in fields(kind):
        if item.type not in {int, float} or item.name not in given:
            continue
        value, whole = given[item.name], item.type is int
        if not is_number(value) or value < 0 or (whole and value != int(value)):
            remedy = "Write a whole number from 0 on" if whole else "Write a number from 0 on"
            complain(f"{table}.{item.name}", f"is {value!r}", remedy)
        else:
            values[item.name] = int(value) if whole else float(value)
    return values
