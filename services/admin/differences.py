"""What differs between two versions of a file of the package, for people: (what, before, after). Pure.

``what`` is a key of ``policy.toml``, else the key of a row or an area and, behind a bar, its column or property; a row
or an area as a whole has none. Empty: there was none, or there is none.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.admin.policy_fields import FIELDS, shown_value
from services.district.numbers import is_number
from services.district.package_tables import KEYS
from services.files.fault import FileFault
from services.files.tables import read_table

Difference = tuple[str, str, str]
MOST, LONGEST = 60, 120
EDGE = "edge"


def differences(file: str, before: bytes | None, after: bytes | None) -> list[Difference]:
    """The differences, a bounded number of them; one without a name where a file cannot be taken apart."""
    name, _, kind = file.rpartition(".")
    readers: dict[str, Callable[[str], Mapping[str, Any]]] = {
        "toml": _toml,
        "csv": lambda text: _table(name, text),
        "geojson": _areas,
    }
    take_apart = readers[kind]
    try:
        old, new = (take_apart("" if content is None else content.decode("utf-8-sig")) for content in (before, after))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, FileFault):
        return [("", _size(before), _size(after))]
    found = list(_compared(old, new))
    rest = len(found) - MOST
    return found if rest <= 0 else [*found[:MOST], ("…", "", str(rest))]


def _compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            for column in dict.fromkeys([*before, *after]):
                if before.get(column) != after.get(column):
                    yield f"{key}|{column}", _text(before.get(column, "")), _text(after.get(column, ""))
        else:
            yield key, _text(before), _text(after)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        value = " ".join(str(cell) for name, cell in value.items() if cell not in ("", None) and name != EDGE)
    if isinstance(value, tuple):  # an edge: how many corners, and where it begins
        return str(len(value))
    return str(value)[:LONGEST]


def _toml(text: str) -> dict[str, str]:
    found: dict[str, str] = {}

    def walk(values: Mapping[str, Any], path: tuple[str, ...]) -> None:
        for name, value in values.items():
            key = ".".join((*path, name))
            if isinstance(value, dict):
                walk(value, (*path, name))
            elif key in FIELDS and is_number(value):
                found[key] = shown_value(FIELDS[key], value)
            else:
                found[key] = str(value)

    walk(tomllib.loads(text), ())
    return found


def _table(name: str, text: str) -> dict[str, dict[str, str]]:
    if not text.strip():
        return {}
    rows = (row.cells for row in read_table(text).rows if row.fault is None)
    return {" ".join(filter(None, (cells.get(key, "").strip() for key in KEYS[name]))): cells for cells in rows}


def _areas(text: str) -> dict[str, dict[str, Any]]:
    found = {}
    for number, feature in enumerate(json.loads(text)["features"] if text.strip() else ()):
        properties = dict(feature.get("properties") or {})
        edge = (feature.get("geometry") or {}).get("coordinates") or ()
        found[str(properties.get("code") or number)] = {
            **{key: value for key, value in properties.items() if value is not None},
            EDGE: _points(edge),
        }
    return found


def _points(coordinates: Any) -> tuple[tuple[float, float], ...]:
    if coordinates and isinstance(coordinates[0], int | float):
        return ((float(coordinates[0]), float(coordinates[1])),)
    found = tuple(point for part in coordinates for point in _points(part))
    return found[:-1] if len(found) > 1 and found[0] == found[-1] else found  # a ring names its first point again


def _size(content: bytes | None) -> str:
    return "" if content is None else f"{len(content)} B"
