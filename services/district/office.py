"""When a district's offices work: ``[working_hours]`` of district.toml and ``holidays.csv``, each value checked."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from services.district.package_tables import TableLine

WORKING_HOURS = ((480, 720), (840, 1080))
WORKING_WEEK = frozenset({1, 2, 3, 4, 5})
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")

Fault = Callable[[str, object, str, str], None]


def working_hours(head: Mapping[str, object], fault: Fault) -> tuple[tuple[tuple[int, int], ...], frozenset[int]]:
    """The spans of a working day in minutes of the local day, and the ISO weekdays that are worked."""
    found = head.get("working_hours", {})
    if not isinstance(found, dict):
        fault("district.toml", "working_hours", "is not a table", "Write [working_hours] with morning, afternoon, week")
        return WORKING_HOURS, WORKING_WEEK
    spans = []
    for name in ("morning", "afternoon"):
        if name not in found:
            continue
        if (span := _span(found[name])) is None:
            remedy = 'Write two times of one day, the earlier first: ["08:00", "12:00"]'
            fault("district.toml", f"working_hours.{name}", f"is {found[name]!r}", remedy)
        else:
            spans.append(span)
    spans.sort()
    if any(first[1] > second[0] for first, second in pairwise(spans)):
        fault("district.toml", "working_hours", "morning and afternoon overlap", "Let one end before the other begins")
    week = found.get("week", sorted(WORKING_WEEK))
    days = week if isinstance(week, list) else []
    if not days or not all(type(day) is int and 1 <= day <= 7 for day in days):
        fault("district.toml", "working_hours.week", f"is {week!r}", "Write ISO weekdays, Monday = 1: [1, 2, 3, 4, 5]")
        days = sorted(WORKING_WEEK)
    return tuple(spans) or WORKING_HOURS, frozenset(days)


def holidays(lines: Sequence[TableLine], fault: Fault) -> dict[date, bool]:
    """Days unlike their weekday: whether each is worked."""
    found: dict[date, bool] = {}
    for line in lines:
        where, text, kind = line.where, line.cells["date"], line.cells["kind"]
        try:
            day = date.fromisoformat(text)
        except ValueError:
            fault("holidays.csv", where, f"date {text!r} is no day", "Write yyyy-mm-dd")
            continue
        if kind not in {"holiday", "workday"}:
            fault("holidays.csv", where, f"kind {kind!r} is unknown", "Write holiday or workday (调休)")
            continue
        if found.setdefault(day, kind == "workday") != (kind == "workday"):
            fault("holidays.csv", where, f"{text} is a holiday and a workday", "Keep one of the two lines")
    return found


def _span(value: object) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    minutes = []
    for text in value:
        clock = _CLOCK.fullmatch(text) if isinstance(text, str) else None
        if clock is None:
            return None
        minutes.append(int(clock[1]) * 60 + int(clock[2]))
    start, end = minutes
    return (start, end) if start < end <= 1440 else None
