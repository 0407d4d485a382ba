"""Change one value of a TOML text and leave every other byte as it is: comments, order, line ends. Pure."""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

_TABLE = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?")
_VALUE = re.compile(
    r"""(\s*(?P<key>"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=\s*)("[^"\\]*"|'[^']*'|[^#\s"'\[{][^#\s]*)(.*)"""
)


class EditImpossible(ValueError):
    """The file is written in a form that one value cannot be changed in by itself."""


def set_value(text: str, path: Sequence[str], value: float | str) -> str:
    """The text with the value at ``path`` (tables, then the key) set; a key or a table that is not there is added.

    Raises EditImpossible where the text would not come to say exactly that.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    first, last = _table(lines, path[:-1])
    if first is None:
        found = text if not text or text.endswith("\n") else text + end
        made = f"{found}{end if found else ''}[{'.'.join(path[:-1])}]{end}{path[-1]} = {_literal(value)}{end}"
    else:
        made = "\n".join(_with_value(lines, (first, last), path[-1], _literal(value), end))
    _check(text, made, path, value)
    return made


def value_at(values: Any, path: Sequence[str]) -> Any:
    """The value at a path of parsed TOML; None where there is none."""
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return values


def _table(lines: Sequence[str], table: Sequence[str]) -> tuple[int | None, int]:
    """(first line of a table's body, the line behind it); of the top level all before the first table."""
    heads = [(i, m.group(1)) for i, line in enumerate(lines) if (m := _TABLE.fullmatch(line.rstrip("\r")))]
    if not table:
        return 0, next((i for i, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    for place, (i, name) in enumerate(heads):
        if [part.strip().strip("\"'") for part in name.split(".")] == [*table]:
            return i + 1, heads[place + 1][0] if place + 1 < len(heads) else len(lines)
    return None, 0


def _with_value(lines: Sequence[str], span: tuple[int, int], key: str, literal: str, end: str) -> list[str]:
    first, last = span
    for i in range(first, last):
        found = _VALUE.fullmatch(lines[i].rstrip("\r"))
        if found and found.group("key").strip("\"'") == key:
            tail = "\r" if lines[i].endswith("\r") else ""
            return [*lines[:i], found.group(1) + literal + found.group(4) + tail, *lines[i + 1 :]]
    while last > first and not lines[last - 1].strip():
        last -= 1
    added = f"{key} = {literal}" + end.removesuffix("\n")
    rest = list(lines[last:])
    if not rest:  # the text's last line has no end: it gets one
        rest = [""]
        return [*lines[: last - 1], *([lines[last - 1] + end.removesuffix("\n")] if last else []), added, *rest]
    return [*lines[:last], added, *rest]


def _literal(value: float | str) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value) if isinstance(value, int) else f"{value:.12g}"


def _check(before: str, after: str, path: Sequence[str], value: float | str) -> None:
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise EditImpossible(f"{'.'.join(path)}: {error}") from None
    place = old
    for key in path[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise EditImpossible(f"{'.'.join(path)}: {key} is no table")
    place[path[-1]] = value
    if old != new:
        raise EditImpossible(f"{'.'.join(path)} is written in a form that cannot be changed by itself")
