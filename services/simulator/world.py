"""The demo's case system: a pure, seeded function from minutes and case states to events (issue 2, section 8).

History and live are the same code: ``history`` tells many lives at once, the live loop tells each as its time comes,
and a restart reads the open cases back and goes on.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from services.district.package import District
from services.events.case import Case, Limit
from services.events.entry import encode_entry
from services.simulator.arrive import MINUTE_MS, Arrival, Arrivals
from services.simulator.demand import Demand
from services.simulator.dice import Dice
from services.simulator.life import Life
from services.simulator.office import DAY_MS, OfficeHours
from services.simulator.scene import read_scene
from services.simulator.step import SOURCES, Step, utc

Entry = tuple[str, dict[bytes, bytes]]
Progress = Callable[[float], None]
_REOPEN_SHARE = 0.004


class CaseSystem:
    """Everything that the demo's case system will ever publish about cases."""

    def __init__(self, district: District, seed: int) -> None:
        self.district, self.seed = district, seed
        offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(district.zone).utcoffset() or timedelta()
        self._offset = int(offset.total_seconds() * 1000)
        self.office = OfficeHours(self._offset, district.tables.get("holidays", ()))
        self.scene = read_scene(district, seed)
        self.demand = Demand(seed, self.office, sorted(self.scene.by_street))
        self._arrivals = Arrivals(self.scene, self.demand, self.office, seed, self._offset)

    # — the pure functions —

    def arrivals(self, minute: int) -> list[Step]:
        """The steps that no open case leads to: what is reported, and what is reopened, in a minute since 1970."""
        found = [a.step for a in self._arrivals.of_minute(minute)]
        if (reopened := self._reopened(minute)) is not None:
            found.append(reopened)
        return found

    def next_step(self, case: Case) -> Step | None:
        """What happens next to a case in this state, or None when its story is over."""
        return next(self.following(case), None)

    def following(self, case: Case, at_ms: int | None = None) -> Iterator[Step]:
        """All that follows for a case in this state; ``at_ms`` is the moment of its last event, where known.

        A state that our own story leads to goes on as that story; any other (a command made it) begins a new one.
        """
        if (known := self._known(case)) is not None:
            return known
        return self._life_from(case, last_moment(case) if at_ms is None else at_ms).tell()

    # — history —

    def history(
        self, start_ms: int, end_ms: int, progress: Progress | None = None, open_cases: Iterable[Case] = ()
    ) -> Iterator[Entry]:
        """Every event from ``start_ms`` up to, not including, ``end_ms``: cases still open at the end come first.

        ``open_cases`` are those that an earlier run left behind. Entry ids follow the events' times.
        """
        ended: list[list[Step]] = []
        number = _Numbering(end_ms)
        first, last = start_ms // MINUTE_MS, -(-end_ms // MINUTE_MS)
        for steps in self._lives(open_cases, first, last, start_ms, end_ms, progress):
            if is_open(steps[-1].case):
                yield from self._entries(steps, number)
            else:
                ended.append(steps)
        for steps in ended:
            yield from self._entries(steps, number)
        if progress is not None:
            progress(1.0)

    def _lives(
        self, open_cases: Iterable[Case], first: int, last: int, start_ms: int, end_ms: int, progress: Progress | None
    ) -> Iterator[list[Step]]:
        for case in open_cases:
            if steps := _until(self.following(case), end_ms):
                yield steps
        for minute in range(first, last):
            if progress is not None and minute % 360 == 0:
                progress((minute - first) / (last - first))
            for arrival in self._arrivals.of_minute(minute):
                if start_ms <= arrival.step.time_ms < end_ms:
                    yield [arrival.step, *_until(self._life(arrival).tell(), end_ms)]
            reopened = self._reopened(minute)
            if reopened is not None and start_ms <= reopened.time_ms < end_ms:
                yield [reopened, *_until(self._life_from(reopened.case, reopened.time_ms).tell(), end_ms)]

    def _entries(self, steps: list[Step], number: "_Numbering") -> Iterator[Entry]:
        for step in steps:
            fields = self.encode(step)
            late_ms, twice = self.disorder(step)
            yield number.of(step.time_ms + late_ms), fields
            if twice:
                yield number.of(step.time_ms + late_ms + 1700), fields

    def encode(self, step: Step) -> dict[bytes, bytes]:
        """The entry's fields; the event id is the case and its version, so that a repeat is known as one."""
        case = step.case
        return encode_entry(SOURCES[case.channel], step.type, case, step.time_ms, subject=case.case_id,
                            event_id=f"{case.case_id}-{case.version}")  # fmt: skip

    def disorder(self, step: Step) -> tuple[int, bool]:
        """How late an event is published (milliseconds), and whether it is published twice."""
        mark = hash_of(step.case.case_id, step.case.version)
        late_ms = 30_000 + mark % 400_000 if mark % 397 == 0 else 20 + mark % 180
        return late_ms, mark % 331 == 0

    # — lives —

    def _life(self, arrival: Arrival) -> Life:
        case = arrival.step.case
        place = {}
        if arrival.at is None and arrival.spot.points:
            dice = Dice(self.seed, "found", case.case_id)
            lon, lat = dice.pick(arrival.spot.points)
            place = {"lon": lon, "lat": lat, "coord_sys": "WGS84"}
        return Life(case, arrival.step.time_ms, Dice(self.seed, "life", case.case_id), self.scene, self.office,
                    arrival.spot.street, arrival.case_class.domain, arrival.limit, arrival.twin, place)  # fmt: skip

    def _life_from(self, case: Case, at_ms: int) -> Life:
        """The life that begins with a state."""
        close = next((c.limit for c in case.clocks if c.what == "close" and c.limit is not None), None)
        street = case.street or next((s for s, unit in self.scene.brigades.items() if unit == case.lead_unit), "")
        return Life(case, at_ms, Dice(self.seed, "from", case.case_id, case.version), self.scene, self.office, street,
                    case.domain or "99", close or case.limit or Limit(value=5, unit="WD"))  # fmt: skip

    def _known(self, case: Case) -> Iterator[Step] | None:
        """The rest of our own story of a case, when the story holds this very state."""
        if case.reopened_at is not None:
            minute = int(case.reopened_at.timestamp() * 1000) // MINUTE_MS
            reopened = self._reopened(minute)
            if reopened is None or reopened.case.case_id != case.case_id:
                return None
            first, rest = reopened, self._life_from(reopened.case, reopened.time_ms).tell()
        else:
            begun = self._arrivals.minute_of(case.case_id)
            arrivals = self._arrivals.of_minute(begun) if begun is not None else []
            arrival = next((a for a in arrivals if a.step.case.case_id == case.case_id), None)
            if arrival is None:
                return None
            first, rest = arrival.step, self._life(arrival).tell()
        while first.case.version < case.version:
            following = next(rest, None)
            if following is None:
                return None
            first = following
        return rest if same_state(first.case, case) else None

    def _reopened(self, minute: int) -> Step | None:
        """A closed case whose citizen was not content: reopened in this minute, one to four days after its report."""
        dice = Dice(self.seed, "reopen", minute)
        if not dice.chance(_REOPEN_SHARE * self.demand.usual(minute * MINUTE_MS)):
            return None
        time_ms = minute * MINUTE_MS + dice.whole(0, MINUTE_MS - 1)
        earlier = minute - dice.whole(1440, 4 * 1440)
        for arrival in self._arrivals.of_minute(earlier):
            steps = list(self._life(arrival).tell())
            case = steps[-1].case if steps else arrival.step.case
            if case.status == "closed" and not case.self_handled and steps[-1].time_ms < time_ms - DAY_MS // 12:
                changed = msgspec.structs.replace(
                    case, version=case.version + 1, status="handling", closed_at=None, reopened_at=utc(time_ms),
                    reopens=case.reopens + 1, step=None,
                    clocks=[msgspec.structs.replace(c, stopped_at=None) for c in case.clocks],
                )  # fmt: skip
                return Step(time_ms, "case.reopened", changed)
        return None


class _Numbering:
    """Stream ids that follow the events' times and never come twice."""

    def __init__(self, end_ms: int) -> None:
        self._end_ms = end_ms
        self._used: dict[int, int] = {}

    def of(self, ms: int) -> str:
        ms = min(ms, self._end_ms - 1)
        seq = self._used.get(ms, 0)
        self._used[ms] = seq + 1
        return f"{ms}-{seq}"


def is_open(case: Case) -> bool:
    """Whether a case still is somebody's work (DOMAIN.md §2)."""
    return case.merged_into is None and case.status not in {"not_filed", "closed", "forced_closed", "voided"}


def _until(steps: Iterable[Step], end_ms: int) -> list[Step]:
    found = []
    for step in steps:
        if step.time_ms >= end_ms:
            break
        found.append(step)
    return found


def hash_of(case_id: str, version: int) -> int:
    """A number that looks random and is the same everywhere (FNV-1a, 32 bits)."""
    found = 2166136261 ^ version
    for byte in case_id.encode():
        found = ((found ^ byte) * 16777619) & 0xFFFFFFFF
    return found


def same_state(ours: Case, theirs: Case) -> bool:
    """Whether two cases are the same but for what a store leaves out (the reporter, the step)."""
    def bare(case: Case) -> Case:
        return msgspec.structs.replace(case, reporter=None, step=None, description=None)

    return bare(ours) == bare(theirs)


def last_moment(case: Case) -> int:
    """The latest time that a case names as past, in Unix milliseconds."""
    times = [
        case.reported_at, case.accepted_at, case.filed_at, case.dispatched_at, case.acknowledged_at, case.handled_at,
        case.checked_at, case.reopened_at, *(s.from_ for s in case.suspensions), *(s.until for s in case.suspensions),
        *(e.at for e in case.escalations), *(e.acknowledged_at for e in case.escalations),
        *(s.at for s in case.supervisions), *(w.at for w in case.whistles),
    ]  # fmt: skip
    return max(int(t.timestamp() * 1000) for t in times if t is not None)


