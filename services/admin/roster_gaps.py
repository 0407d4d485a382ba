"""Where a roster leaves a seat without anybody, or has two shifts at once. Pure."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from services.district.package import District
from services.platform.clock import DAY_MS, parse_ms

DAYS = 14


class RosterFault(NamedTuple):
    """A ``gap`` or an ``overlap`` of a seat ('' is the district's centre), in Unix milliseconds."""

    kind: Literal["gap", "overlap"]
    seat: str
    start: int
    end: int


def seat_names(district: District) -> dict[str, str]:
    """The seats that a roster may name beside the centre's: code → name; a street's code goes before a unit's."""
    return {**district.units, **{code: area.name for code, area in district.streets.items()}}


def roster_faults(rows: Iterable[Mapping[str, str]], now: int, centre: str) -> list[RosterFault]:
    """The gaps and overlaps of the next two weeks, of every seat that has a roster; ``centre`` is the district's code.

    Behind a seat's last shift there is no gap: the roster is not yet written so far.
    """
    until, read = now + DAYS * DAY_MS, dict[str, int]()
    spans: dict[str, set[tuple[int, int]]] = {}
    for row in rows:
        for text in (row["from"], row["until"]):
            if text not in read:
                read[text] = parse_ms(text)
        seat = row.get("seat", "")
        spans.setdefault("" if seat == centre else seat, set()).add((read[row["from"]], read[row["until"]]))
    found = []
    for seat, shifts in sorted(spans.items()):
        reached = None
        for start, end in sorted(shifts):
            if reached is not None and start > reached and start > now and reached < until:
                found.append(RosterFault("gap", seat, max(reached, now), start))
            elif reached is not None and start < reached and end > now and start < until:
                found.append(RosterFault("overlap", seat, start, min(reached, end)))
            reached = end if reached is None else max(reached, end)
    return found
