"""Who is on duty (``roster.csv``): two round the clock and a leader (DOMAIN.md §5), at the centre and in each street.

A seat is where a shift sits: a street's code, or the district's. A street with no rows of its own keeps the centre's
hours, without names. The wall says the shift, never the names: visitors read it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from services.district.package import District
from services.platform.clock import HOUR_MS, parse_ms

LEADER = "leader"
# A shift that has just begun leaves so much time to hand over the one before.
LATE_MS = 2 * HOUR_MS


class DutyShift(msgspec.Struct, frozen=True):
    """A shift from ``from_ms`` up to, not including, ``until_ms`` (Unix milliseconds) and who has it.

    ``shift`` is empty where the roster has none: a counting day stands for it.
    """

    shift: str
    from_ms: int
    until_ms: int
    officers: tuple[str, ...] = ()
    leader: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody on it; empty where the roster names nobody."""
        return tuple(filter(None, (*self.officers, self.leader)))


class Roster:
    """The duties of every seat in their order; made once per package."""

    def __init__(self, district: District) -> None:
        self._district = district
        by_seat: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
        for row in district.tables.get("roster", ()):
            by_seat[row.get("seat") or district.code].append(row)
        self._duties = {seat: _duties(rows) for seat, rows in by_seat.items()}
        self._nameless = [_nameless(duty) for duty in self._duties.get(district.code, ())]
        self._starts = {seat: [d.from_ms for d in found] for seat, found in self._duties.items()}
        self._centre_starts = [duty.from_ms for duty in self._nameless]

    def shift_at(self, now: int) -> str:
        """The name of the centre's shift at ``now`` (Unix milliseconds); empty when the roster has none."""
        duty = self.listed(self._district.code, now)
        return duty.shift if duty is not None else ""

    def listed(self, seat: str, now: int) -> DutyShift | None:
        """The duty that the roster has for a seat at ``now``."""
        duties, starts = self._of(seat)
        i = bisect_right(starts, now) - 1
        return duties[i] if i >= 0 and now < duties[i].until_ms else None

    def at(self, seat: str, now: int) -> DutyShift:
        """The duty of a seat at ``now``; where the roster has none, the counting day without names."""
        found = self.listed(seat, now)
        return found if found is not None else self._unlisted(seat, now)

    def after(self, seat: str, duty: DutyShift) -> DutyShift:
        """The next duty of the seat, beyond a gap in the roster too."""
        duties, starts = self._of(seat)
        i = bisect_right(starts, max(duty.from_ms, duty.until_ms - 1))
        if duty.shift and i < len(duties):
            return duties[i]
        return self.at(seat, duty.until_ms)

    def before(self, seat: str, duty: DutyShift) -> DutyShift:
        """The duty before it."""
        return self.at(seat, duty.from_ms - 1)

    def ending(self, seat: str, now: int, kept: Sequence[int] = ()) -> DutyShift:
        """The duty that a handover at ``now`` ends: the present one, or for two hours the one before it.

        ``kept``: when those began whose handover has been signed by both already.
        """
        present = self.at(seat, now)
        if now - present.from_ms >= LATE_MS:
            return present
        before = self.before(seat, present)
        is_next = bool(before.shift) == bool(present.shift)  # where a roster begins or ends nobody hands over
        return before if is_next and before.from_ms not in kept else present

    def _of(self, seat: str) -> tuple[list[DutyShift], list[int]]:
        if seat in self._duties:
            return self._duties[seat], self._starts[seat]
        return self._nameless, self._centre_starts

    def _unlisted(self, seat: str, now: int) -> DutyShift:
        """What the roster leaves free of the counting day at ``now``."""
        district, day = self._district, self._district.day_of(now)
        duties, starts = self._of(seat)
        i = bisect_right(starts, now)
        start, end = district.day_start_ms(day), district.day_start_ms(district.day_after(day))
        if i:
            start = max(start, duties[i - 1].until_ms)
        return DutyShift("", start, min(end, starts[i]) if i < len(starts) else end)


def _duties(rows: Sequence[Mapping[str, str]]) -> list[DutyShift]:
    officers: dict[tuple[int, int, str], list[str]] = {}
    leaders: dict[tuple[int, int, str], str] = {}
    read: dict[str, int] = {}  # a roster repeats its moments, and to parse them is most of the work
    for row in rows:
        for text in (row["from"], row["until"]):
            if text not in read:
                read[text] = parse_ms(text)
        span = read[row["from"]], read[row["until"]], row["shift"]
        names = officers.setdefault(span, [])
        if row.get("role") == LEADER:
            leaders[span] = row["name"]
        elif row["name"] and row["name"] not in names:
            names.append(row["name"])
    return [
        DutyShift(shift, start, end, tuple(names), leaders.get((start, end, shift), ""))
        for (start, end, shift), names in sorted(officers.items())
    ]


def _nameless(duty: DutyShift) -> DutyShift:
    return msgspec.structs.replace(duty, officers=(), leader="")
