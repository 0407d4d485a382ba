"""The state that every screen of a web process shares: open cases, their lights, counters and roll-ups.

State before + delta = state after. Nothing here does I/O; ``now`` is an argument. Counters move with the cases, so that
a figure costs the same with 500 open cases and with 100,000.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from services.cases import CaseRow
from services.deadlines import LIGHTS, light, next_turn
from services.district.package import District
from services.indicators import Contribution, is_due_basis
from services.projector.delta import Delta, Happened, ThingChange

NONE, DUE_SOON, OVERDUE, SUSPENDED = range(4)
assert LIGHTS == ("none", "due_soon", "overdue", "suspended")


class Share(NamedTuple):
    """What one open case adds to its street's counters."""

    open: int = 0
    due_soon: int = 0
    overdue: int = 0
    suspended: int = 0
    escalated: int = 0
    due_now: int = 0
    estimated: int = 0


class Board:
    """One district's live board at ``revision``."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.rows: dict[str, CaseRow] = {}
        self.lights: dict[str, int] = {}
        self.counts: dict[int, dict[tuple[str, str, str], int]] = {}
        self.things: dict[tuple[str, str], ThingChange] = {}
        self.tallies: dict[tuple[str, str], int] = {}
        self.happened: list[Happened] = []
        self.streets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(Share._fields))
        self.escalated: set[str] = set()
        self.revision = 0
        self.last_entry = "0-0"
        self.lost = 0
        self.lost_at: int | None = None
        self.emptied_at: int | None = None
        self.day = 0
        self.day_start = 0
        self._shares: dict[str, tuple[str, Share]] = {}
        self._turns: list[tuple[int, str, int]] = []
        self._now = 0

    def load(self, rows: Iterable[CaseRow], counts: dict[Contribution, int], now: int) -> None:
        """Take over what was read from the store in one transaction."""
        self._turn_day(now)
        for (day, *rest), n in counts.items():
            self._count(day, (rest[0], rest[1], rest[2]), n)
        for row in rows:
            self._put(row, now)

    def apply(self, revision: int, delta: Delta, now: int) -> set[str]:
        """Apply the delta of ``revision``; returns the ids of the cases that changed or left."""
        changed: set[str] = set()
        for case_id in delta.gone:
            if self._drop(case_id):
                changed.add(case_id)
        for row in delta.rows:
            self._put(row, now)
            changed.add(row.case_id)
        for (day, *rest), n in delta.counts:
            self._count(day, (rest[0], rest[1], rest[2]), n)
        for thing in delta.things:
            standing = self.things.get((thing.kind, thing.key))
            if standing is None or (thing.version, -thing.entry) > (standing.version, -standing.entry):
                self.things[thing.kind, thing.key] = thing
        for what, source, n in delta.tallies:
            self.tallies[what, source] = self.tallies.get((what, source), 0) + n
        self.happened.extend(delta.happened)
        self.revision, self.last_entry = revision, delta.last_entry
        self.lost, self.lost_at, self.emptied_at = delta.lost, delta.lost_at, delta.emptied_at
        return changed

    def tick(self, now: int) -> set[str]:
        """Let the clock work: lights that turn by themselves, and the day's cut. Returns the ids that changed.

        A clock that was set back (a replay that stands at an earlier moment) turns every light again.
        """
        changed: set[str] = set()
        was, self._now = self._now, now
        if now < was:
            self._turn_day(now)
            for every in list(self.rows.values()):
                self._put(every, now)
            return set(self.rows)
        if self.district.day_of(now) != self.day:
            self._turn_day(now)
            for case_id in self.rows:
                self._share_again(case_id)
        while self._turns and self._turns[0][0] <= now:
            _, case_id, version = heapq.heappop(self._turns)
            row = self.rows.get(case_id)
            if row is not None and row.version == version:
                self._put(row, now)
                changed.add(case_id)
        return changed

    def total(self) -> Share:
        """The district's counters."""
        sums = [sum(column) for column in zip(*self.streets.values(), strict=True)] if self.streets else []
        return Share(*sums)

    def _turn_day(self, now: int) -> None:
        self.day = self.district.day_of(now)
        self.day_start = self.district.day_start_ms(self.day)

    def _count(self, day: int, key: tuple[str, str, str], n: int) -> None:
        of_day = self.counts.setdefault(day, {})
        if total := of_day.get(key, 0) + n:
            of_day[key] = total
        else:
            of_day.pop(key, None)  # as a fresh load has it: a class that counts nothing is in no list

    def _put(self, row: CaseRow, now: int) -> None:
        self.rows[row.case_id] = row
        word = light(row.is_open, row.suspended, row.soon_at, row.deadline_at, now)
        self.lights[row.case_id] = LIGHTS.index(word)
        if not row.suspended and (turn := next_turn(row.soon_at, row.deadline_at, now)) is not None:
            heapq.heappush(self._turns, (turn, row.case_id, row.version))
        if row.level == "district":
            self.escalated.add(row.case_id)
        else:
            self.escalated.discard(row.case_id)
        self._share_again(row.case_id)

    def _drop(self, case_id: str) -> bool:
        row = self.rows.pop(case_id, None)
        if row is None:
            return False
        self._take_out(case_id)
        self.lights.pop(case_id)
        self.escalated.discard(case_id)
        return True

    def _share_again(self, case_id: str) -> None:
        row, lit = self.rows[case_id], self.lights[case_id]
        due_now = lit == OVERDUE and row.deadline_at is not None and row.deadline_at >= self.day_start
        share = Share(
            open=1,
            due_soon=int(lit == DUE_SOON),
            overdue=int(lit == OVERDUE),
            suspended=int(lit == SUSPENDED),
            escalated=int(row.level == "district"),
            due_now=int(due_now and is_due_basis(row)),
            estimated=int(row.deadline_estimated),
        )
        self._take_out(case_id)
        self._shares[case_id] = row.street, share
        counters = self.streets[row.street]
        for i, n in enumerate(share):
            counters[i] += n

    def _take_out(self, case_id: str) -> None:
        street, share = self._shares.pop(case_id, ("", Share()))
        counters = self.streets[street]
        for i, n in enumerate(share):
            counters[i] -= n


def thing_body(thing: ThingChange) -> dict[str, object]:
    """A thing's body as plain values."""
    found: dict[str, object] = msgspec.json.decode(thing.body)
    return found
