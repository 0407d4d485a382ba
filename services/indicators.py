"""What a case counts for (DOMAIN.md §4), as pure functions: the definition that the roll-ups only make fast.

A contribution is ``(day, street, measure, key)`` and counts one. It depends on the case alone, never on the clock: the
part of «due» that only the clock decides (open cases whose deadline has come) is added by the live board.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from services.cases import CaseRow, is_filed
from services.district.package import District

_ENCODE = msgspec.json.Encoder().encode


class Contribution(NamedTuple):
    """One count of a case: the counting day as yyyymmdd, the street's code ('' = 未定位), the measure and its key."""

    day: int
    street: str
    measure: str
    key: str


MEASURES = {
    "intake": "cases reported, by the day of the report",
    "intake_channel": "the same, by channel",
    "intake_domain": "the same, by unified class",
    "intake_hour": "the same, by hour of the local clock",
    "closed": "cases closed or forced closed, by the day of closing",
    "due": "closed cases whose count_at (the earlier of deadline and closing) lies in the day",
    "due_on_time": "of these, closed by the deadline or exempt on appeal",
    "funnel": "closed cases by the highest level that ever held them, by the day of closing",
}


def contributions(row: CaseRow, district: District) -> tuple[Contribution, ...]:
    """Everything that the case counts for now. A voided or merged case counts for nothing."""
    if row.status == "voided" or row.merged:
        return ()
    street = row.street
    day = district.day_of(row.reported_at)
    found = [
        Contribution(day, street, "intake", ""),
        Contribution(day, street, "intake_channel", row.channel),
        Contribution(day, street, "intake_domain", row.domain),
        Contribution(day, street, "intake_hour", f"{district.hour_of(row.reported_at):02d}"),
    ]
    if row.closed_at is None:
        return tuple(found)
    day = district.day_of(row.closed_at)
    found.append(Contribution(day, street, "closed", ""))
    found.append(Contribution(day, street, "funnel", row.highest_level))
    if is_due_basis(row) and (row.deadline_at is not None or row.on_time is not None):
        count_at = row.closed_at if row.deadline_at is None else min(row.deadline_at, row.closed_at)
        day = district.day_of(count_at)
        found.append(Contribution(day, street, "due", ""))
        if closed_on_time(row):
            found.append(Contribution(day, street, "due_on_time", ""))
    return tuple(found)


def counted_text(counted: tuple[Contribution, ...]) -> str:
    """How the store writes what a case counts for: equal texts are equal contributions."""
    return _ENCODE(counted).decode()


def is_due_basis(row: CaseRow) -> bool:
    """Whether the case belongs to should_close at all: filed, neither voided nor merged, not solved on the spot."""
    return is_filed(row) and row.status not in {"voided", "not_filed"} and not row.merged and not row.self_handled


def closed_on_time(row: CaseRow) -> bool:
    """On time by the deadline; the publisher's verdict counts only where there is no deadline."""
    if row.appeal_exempt:
        return True
    if row.deadline_at is None or row.closed_at is None:
        return bool(row.on_time)
    return row.closed_at <= row.deadline_at


def moved(old: Iterable[Contribution], new: Iterable[Contribution]) -> dict[Contribution, int]:
    """The change that takes ``old`` out and puts ``new`` in."""
    change: dict[Contribution, int] = {}
    for contribution in old:
        change[contribution] = change.get(contribution, 0) - 1
    for contribution in new:
        change[contribution] = change.get(contribution, 0) + 1
    return {contribution: n for contribution, n in change.items() if n}


def rate(numerator: int, denominator: int) -> float | None:
    """A share, or None where there is nothing to divide by: it shows «—», never 0 % or 100 %."""
    return numerator / denominator if denominator else None
