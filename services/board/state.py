"""The state that every screen of a web process shares: open cases, their lights, counters and roll-ups.

State before + delta = state after. Nothing here does I/O; ``now`` is an argument. Counters move with the cases, so that
a figure costs the same with 500 open cases and with 100,000.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from shapely.geometry.base import BaseGeometry as Geometry

from services.board.alarm import Alarm, decode_alarm
from services.board.coverage_feed import CoverageFeed
from services.cases.case import CaseRow, pauses_in, suspended_at
from services.cases.deadlines import LIGHTS, light, next_turn
from services.cases.escalation import Proposal, takeover
from services.contract.codes import LEVELS, SENSITIVE_DOMAINS
from services.coverage.seeing import Seeing
from services.district.package import District
from services.district.plane import plane_of
from services.indicators.case_counts import AT, booked_at
from services.indicators.cells import Cell
from services.projector.outbox.delta import Delta, ThingChange, TickerLine

NONE, DUE_SOON, OVERDUE, SUSPENDED = range(4)
assert LIGHTS == ("none", "due_soon", "overdue", "suspended")


# Of the ticker, and of answers that nobody has read yet.
HAPPENED_KEPT, ANSWERS_KEPT = 8, 10_000
_SOLVED = frozenset({AT["closed"], *(AT[f"solved_{level}"] for level in LEVELS)})


class Share(NamedTuple):
    """What one open case adds to its street's counters.

    ``booked`` is what today's roll-up already counts as due for it, ``due_now`` what of that has come; an exempt case
    is in time all the same (``…_exempt``).
    """

    open: int = 0
    due_soon: int = 0
    overdue: int = 0
    suspended: int = 0
    escalated: int = 0
    booked: int = 0
    booked_exempt: int = 0
    due_now: int = 0
    due_now_exempt: int = 0
    estimated: int = 0
    irregular: int = 0


def kept_from(district: District, day: int) -> dict[str, int]:
    """The first counting day that the board keeps of each cut: the funnel's month, else today and yesterday."""
    yesterday = district.day_after(day, -1)
    return {"source": min(district.month_start(day), yesterday), "class": yesterday, "hour": yesterday}


class Answers:
    """The commands that the case system has answered, the newest of them; each reader keeps its own place."""

    def __init__(self) -> None:
        self._newest: deque[ThingChange] = deque(maxlen=ANSWERS_KEPT)
        self._count = 0

    def add(self, thing: ThingChange) -> None:
        """One more answer."""
        self._newest.append(thing)
        self._count += 1

    def since(self, place: "Place | None") -> tuple[list[ThingChange], "Place"]:
        """What came behind a reader's place, and its place now; None, or one of another board: everything here."""
        read = place[1] if place is not None and place[0] is self else 0
        new = min(self._count - read, len(self._newest))
        return (list(self._newest)[-new:] if new else []), (self, self._count)


Place = tuple[Answers, int]


class Board:
    """One district's live board at ``revision``."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.rows: dict[str, CaseRow] = {}
        self.lights: dict[str, int] = {}
        self.counts: dict[tuple[int, str], dict[tuple[str, str, str], dict[int, int]]] = {}
        self.solved: dict[int, dict[int, int]] = {}
        self.proposals: dict[str, Proposal] = {}
        self.things: dict[tuple[str, str], ThingChange] = {}
        self.alarms: dict[str, Alarm] = {}
        self.alarms_told = 0  # how many changes of alarms have come
        self.coverage = CoverageFeed()
        self.tallies: dict[tuple[str, str], int] = {}
        self.happened: deque[TickerLine] = deque(maxlen=HAPPENED_KEPT)
        self.streets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(Share._fields))
        self.escalated: set[str] = set()
        self.revision = 0
        self.last_entry = "0-0"
        self.lost = 0
        self.lost_at: int | None = None
        self.emptied_at: int | None = None
        self.day = 0
        self._floors: dict[str, int] = {}
        self._since = 0
        self._shares: dict[str, tuple[str, Share]] = {}
        self._turns: list[tuple[int, str, int]] = []
        self._takeovers: list[tuple[int, str, int]] = []
        self._now = 0
        self.seeing = Seeing(plane_of(district))
        self.unseen: set[str] = set()
        self.answers = Answers()

    def load(self, rows: Iterable[CaseRow], counts: Iterable[tuple[Cell, dict[int, int]]], now: int) -> None:
        """Take over what was read from the store in one transaction."""
        self._turn_day(now)
        self._now = now
        for cell, measures in counts:
            self._count(cell, measures)
        for row in rows:
            self._put(row, now, look=False)
        self._look(*self._placed())

    def apply(self, revision: int, delta: Delta, now: int) -> set[str]:
        """Apply the delta of ``revision``; returns the ids of the cases that changed or left."""
        changed: set[str] = set()
        for case_id in delta.gone:
            if self._drop(case_id):
                changed.add(case_id)
        for row in delta.rows:
            self._put(row, now)
            changed.add(row.case_id)
        for cell, measures in delta.counts:
            self._count(cell, measures)
        for case_id in delta.withdrawn:
            self.proposals.pop(case_id, None)
        for proposal in delta.proposals:
            self.proposals[proposal.case_id] = proposal
        changed.update(delta.withdrawn, (p.case_id for p in delta.proposals))
        for kind, key in delta.things_gone:
            self.things.pop((kind, key), None)
            if kind == "alarm":
                self.alarms.pop(key, None)
                self.alarms_told += 1
        changed |= self._put_things(delta.things, revision)
        for what, source, n in delta.tallies:
            self.tallies[what, source] = self.tallies.get((what, source), 0) + n
        self.happened.extend(delta.happened)
        self.revision, self.last_entry = revision, delta.last_entry
        self.lost, self.lost_at, self.emptied_at = delta.lost, delta.lost_at, delta.emptied_at
        return changed

    def count_from(
        self, counts: Iterable[tuple[Cell, dict[int, int]]], solved: Mapping[int, Mapping[int, int]]
    ) -> None:
        """Take over counters that were kept as they stood (services.past): ``counts``, and ``solved`` by day."""
        self.counts = {}
        for cell, measures in counts:
            self.counts.setdefault((cell.day, cell.cut), {})[cell.street, cell.a, cell.b] = dict(measures)
        self.solved = {day: dict(sums) for day, sums in solved.items()}

    def load_things(self, things: Iterable[ThingChange], revision: int) -> None:
        """Take over the newest state of everything that is no case."""
        self.things, self.alarms = {}, {}
        self._put_things(things, revision)
        self.coverage.floor = revision

    def _put_things(self, things: Iterable[ThingChange], revision: int) -> set[str]:
        """The ids of the cases that are seen now and were not, or the other way round."""
        looked: list[Geometry] = []
        knew, was_dark = self.seeing.knows, self.seeing.is_night
        for thing in things:
            if thing.kind == "command":
                self.answers.add(thing)
                continue
            standing = self.things.get((thing.kind, thing.key))
            if standing is not None and (thing.version, -thing.entry) <= (standing.version, -standing.entry):
                continue
            self.things[thing.kind, thing.key] = thing
            self.coverage.put(revision, thing)
            if thing.kind == "alarm":
                self.alarms[thing.key] = decode_alarm(thing.body)
                self.alarms_told += 1
            elif thing.kind == "sight":
                looked += self.seeing.put(bytes(thing.body))
            elif thing.kind == "coverage":
                self.seeing.is_night = bool(thing_body(thing)["is_night"])
        # With the first camera that is known, and at dusk and dawn, it may be any of them.
        is_all_new = self.seeing.knows != knew or self.seeing.is_night != was_dark
        if not looked and not is_all_new:
            return set()
        ids, places = self._placed()
        if not is_all_new:
            within = self.seeing.inside(looked, places)
            ids, places = [ids[k] for k in within], [places[k] for k in within]
        return self._look(ids, places)

    def _placed(self) -> tuple[list[str], list[tuple[float, float]]]:
        """The cases that are marked when nobody sees them, and where they are."""
        found = [(i, _place(row)) for i, row in self.rows.items() if _is_looked_for(row)]
        return [i for i, _ in found], [place for _, place in found]

    def _look(self, ids: list[str], places: list[tuple[float, float]]) -> set[str]:
        """Mark which of these cases no working camera sees (盲区案件); those whose mark has changed."""
        unseen = {i for i, is_so in zip(ids, self.seeing.unseen(places), strict=True) if is_so}
        changed = unseen ^ (self.unseen & set(ids))
        self.unseen.difference_update(ids)
        self.unseen.update(unseen)
        return changed

    @property
    def now(self) -> int:
        """The district's moment of the last load or tick (Unix ms); 0 before."""
        return self._now

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
        self._floors = kept_from(self.district, self.day)
        self._since = self.district.day_after(self.day, -1)
        self.counts = {key: cells for key, cells in self.counts.items() if key[0] >= self._since}
        self.solved = {day: sums for day, sums in self.solved.items() if day >= self._floors["source"]}

    def upcoming(self, n: int) -> list[tuple[int, str, str]]:
        """The next ``n`` cases that the clock makes the district's, and are not proposed yet: (ms, case id, rule)."""
        found: list[tuple[int, str, str]] = []
        kept: list[tuple[int, str, int]] = []
        known: set[str] = set()
        policy = self.district.policy.escalation
        while self._takeovers and len(found) < n:
            item = heapq.heappop(self._takeovers)
            at, case_id, version = item
            row = self.rows.get(case_id)
            if row is None or row.version != version or case_id in known or at <= self._now:
                continue
            kept.append(item)
            known.add(case_id)
            if case_id not in self.proposals and (next_one := takeover(row, policy)) is not None:
                found.append((at, case_id, next_one[1]))
        for item in kept:
            heapq.heappush(self._takeovers, item)
        return found

    def of_day(self, day: int, cut: str) -> Iterable[tuple[tuple[str, str, str], dict[int, int]]]:
        """((street, a, b), measures) of one cut (indicators.cells) on one day."""
        return self.counts.get((day, cut), {}).items()

    def _count(self, cell: Cell, measures: dict[int, int]) -> None:
        floor = self._floors.get(cell.cut)
        if floor is None or cell.day < floor:
            return
        if cell.cut == "source":  # the funnel is asked for with every message: its month is kept as one sum a day
            _add(self.solved, cell.day, {m: n for m, n in measures.items() if m in _SOLVED})
        if cell.day >= self._since:
            _add(self.counts.setdefault((cell.day, cell.cut), {}), (cell.street, cell.a, cell.b), measures)

    def _put(self, row: CaseRow, now: int, *, look: bool = True) -> None:
        self.rows[row.case_id] = row
        is_suspended = bool(row.pauses) and suspended_at(row, None, now)
        word = light(row.is_open, is_suspended, row.soon_at, row.deadline_at, now)
        self.lights[row.case_id] = LIGHTS.index(word)
        if (turn := _next_turn(row, is_suspended, now)) is not None:
            heapq.heappush(self._turns, (turn, row.case_id, row.version))
        struck = takeover(row, self.district.policy.escalation)
        if struck is not None and struck[0] > now:
            heapq.heappush(self._takeovers, (struck[0], row.case_id, row.version))
        if row.level == "district":
            self.escalated.add(row.case_id)
        else:
            self.escalated.discard(row.case_id)
        self._share_again(row.case_id)
        if not _is_looked_for(row):
            self.unseen.discard(row.case_id)
        elif look:
            self._look([row.case_id], [_place(row)])

    def _drop(self, case_id: str) -> bool:
        row = self.rows.pop(case_id, None)
        if row is None:
            return False
        self._take_out(case_id)
        self.lights.pop(case_id)
        self.escalated.discard(case_id)
        self.unseen.discard(case_id)
        return True

    def _share_again(self, case_id: str) -> None:
        row, lit = self.rows[case_id], self.lights[case_id]
        at = booked_at(row)
        booked = at is not None and self.district.day_of(at) == self.day
        due_now = booked and lit == OVERDUE
        share = Share(
            open=1,
            due_soon=int(lit == DUE_SOON),
            overdue=int(lit == OVERDUE),
            suspended=int(lit == SUSPENDED),
            escalated=int(row.level == "district"),
            booked=int(booked),
            booked_exempt=int(booked and row.appeal_exempt),
            due_now=int(due_now),
            due_now_exempt=int(due_now and row.appeal_exempt),
            estimated=int(row.deadline_estimated),
            irregular=int(row.irregular > 0),
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


def _is_looked_for(row: CaseRow) -> bool:
    """A sensitive case stands at its grid's centre: whether a camera sees it would say more."""
    return row.lon is not None and row.domain not in SENSITIVE_DOMAINS


def _place(row: CaseRow) -> tuple[float, float]:
    assert row.lon is not None and row.lat is not None
    return row.lon, row.lat


def _next_turn(row: CaseRow, is_suspended: bool, now: int) -> int | None:
    """When the light turns by itself: while the case is suspended only the suspension's end can do that."""
    edges = (
        [edge for pause in pauses_in(row) for edge in pause if edge is not None and edge > now] if row.pauses else []
    )
    if not is_suspended and (turn := next_turn(row.soon_at, row.deadline_at, now)) is not None:
        edges.append(turn)
    return min(edges, default=None)


def _add(into: dict[Any, dict[int, int]], key: Any, measures: Mapping[int, int]) -> None:
    """Add measures under a key; what comes to nothing is not kept, as a fresh load has it."""
    found = into.setdefault(key, {})
    for measure, n in measures.items():
        if total := found.get(measure, 0) + n:
            found[measure] = total
        else:
            found.pop(measure, None)
    if not found:
        del into[key]


def thing_list(thing: ThingChange) -> list[dict[str, object]]:
    """The body of a thing that is a list."""
    found: list[dict[str, object]] = msgspec.json.decode(thing.body)
    return found


def thing_body(thing: ThingChange) -> dict[str, object]:
    """A thing's body as plain values."""
    found: dict[str, object] = msgspec.json.decode(thing.body)
    return found
