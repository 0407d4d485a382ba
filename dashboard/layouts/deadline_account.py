"""How a deadline came about, in words: one line a step (services.cases.deadline_steps)."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.layouts.moments import second_text
from services.cases.deadline_steps import DeadlineStep

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
# A countdown names seconds below this, as the queue beside it does (modules/core/format.js).
SECONDS_BELOW_MS = 30 * MINUTE_MS


def deadline_lines(steps: Iterable[DeadlineStep], words: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """The account as lines of text; empty without a limit and a deadline."""
    labels = words["deadline"]
    found = []
    for step in steps:
        template = labels[step.kind]
        if step.kind == "difference":
            if step.ms == 0:
                template = labels["agrees"]
            elif step.ms < 0:
                template = labels["earlier"]
        found.append(
            template.format(
                at=second_text(step.at, zone), until=second_text(step.until, zone), ms=span_text(abs(step.ms), words),
                value=f"{step.value:g}", unit=labels["units"].get(step.unit, step.unit),
                note=labels["notes"].get(step.note, step.note), day=_day(step.at, zone),
                last=_day(None if step.until is None else step.until - 1, zone),
            )
        )  # fmt: skip
    return found


def span_text(ms: int, words: dict[str, Any], in_hours: bool = False) -> str:
    """A span as its two largest units: 2小时15分. ``in_hours``: no days, for office time."""
    unit, space = words["unit"], "" if words["unit"]["tight"] else " "
    days, rest = (0, ms) if in_hours else divmod(ms, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    parts = [
        f"{n}{space}{unit[name]}"
        for n, name in ((days, "day"), (hours, "hour"), (minutes, "minute"), (rest // 1000, "second"))
        if n
    ]
    return space.join(parts[:2]) or f"0{space}{unit['minute']}"


def countdown_text(ms: int, words: dict[str, Any], in_hours: bool = False) -> str:
    """What is left or over as ``span_text``, in whole minutes until the last half hour."""
    return span_text(ms if ms < SECONDS_BELOW_MS else ms - ms % MINUTE_MS, words, in_hours)


def _day(ms: int | None, zone: ZoneInfo) -> str:
    return second_text(ms, zone).split(" ")[0]
