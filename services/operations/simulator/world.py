"""The demo's case system: a pure, seeded function from minutes and case states to events (issue 2, section 8).

History and live are the same code: ``history`` tells many lives at once, the live loop tells each as its time comes,
and a restart reads the open cases back and goes on.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from services.contract.case import Case, Limit
from services.contract.entry import encode_entry
from services.contract.set_apart import set_apart
from services.district.calendar import calendar_of
from services.district.coords import to_wgs84
from services.district.package import District
from services.operations.simulator import life
from services.operations.simulator.arrive import Arrival, Arrivals
from services.operations.simulator.demand import ExpectedArrivals
from services.operations.simulator.dice import Dice
from services.operations.simulator.office import OfficeHours
from services.operations.simulator.record import StoryRecord, is_open
from services.operations.simulator.rounds import Beats, read_beats
from services.operations.simulator.scene import read_scene
from services.operations.simulator.step import SOURCES, StoryStep, utc
from services.platform.clock import DAY_MS, MINUTE_MS

Entry = tuple[str, dict[bytes, bytes]]
Progress = Callable[[float], None]
_REOPEN_SHARE = 0.004
# On so many days a source's line to us is down for some time.
_LINE_DOWN_SHARE = 0.08


class CaseSystem:
    """Everything that the demo's case system will ever publish about cases."""

    def __init__(self, district: District, seed: int) -> None:
        self.district, self.seed = district, seed
        offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(district.zone).utcoffset() or timedelta()
        self._offset = int(offset.total_seconds() * 1000)
        self.office = OfficeHours(self._offset, calendar_of(district))
        self.scene = read_scene(district, seed)
        self.demand = ExpectedArrivals(seed, self.office, sorted(self.scene.by_street))
        self._down: dict[tuple[str, int], tuple[int, int]] = {}
        self._arrivals = Arrivals(self.scene, self.demand, self.office, seed, self._offset)

    @functools.cached_property
    def beats(self) -> Beats:
        """The patrols' rounds: a second's work, for whoever moves them."""
        return read_beats(self.district, self.seed, self._offset)

    # — the pure functions —

    def arrivals(self, minute: int) -> list[StoryStep]:
        """The steps that no open case leads to: what is reported, and what is reopened, in a minute since 1970."""
        found = [a.step for a in self._arrivals.of_minute(minute)]
        if (reopened := self._reopened(minute)) is not None:
            found.append(reopened)
        return found

    def is_own(self, case_id: str) -> bool:
        """Whether this system makes a case of that id: any other is somebody else's and none of our affair."""
        return self._arrival(case_id) is not None

    def following(self, case: Case, at_ms: int | None = None, until_ms: int | None = None) -> Iterator[StoryStep]:
        """All that follows for a case in this state.

        ``at_ms`` is the moment of its last event and ``until_ms`` the end of its open suspension, where known.

        A state that our own story leads to goes on as that story; any other (a command made it) begins a new one.
        """
        if (known := self._known(case)) is not None:
            return known
        return life.tell(self._taken_up(case, last_moment(case) if at_ms is None else at_ms, until_ms))

    # — history —

    def history(
        self, start_ms: int, end_ms: int, progress: Progress | None = None, *, open_cases: Iterable[Case] = ()
    ) -> Iterator[Entry]:
        """Every event from ``start_ms`` up to, not including, ``end_ms``: cases still open at the end come first.

        ``open_cases`` are those that an earlier run left behind. Entry ids follow the events' times. The minutes are
        gone through twice, first from the newest (where most open cases are), so that no event waits in memory.
        """
        number = _Numbering(end_ms)
        first, last = start_ms // MINUTE_MS, -(-end_ms // MINUTE_MS)
        ended: list[StoryRecord] = []
        for case in open_cases:
            yield from self._entries(_until(self.following(case), end_ms), number)
        for done, minute in enumerate(range(last - 1, first - 1, -1)):
            for record in self._records(minute):
                if start_ms <= record.now_ms < end_ms:
                    steps = self._told(record, end_ms)
                    if is_open(steps[-1].case):
                        yield from self._entries(steps, number)
                    else:
                        ended.append(record)
            if progress is not None and done % 500 == 0:
                progress(0.35 * done / (last - first))
        for done, record in enumerate(reversed(ended)):
            yield from self._entries(self._told(record, end_ms), number)
            if progress is not None and done % 500 == 0:
                progress(0.35 + 0.65 * done / len(ended))
        if progress is not None:
            progress(1.0)

    def _records(self, minute: int) -> list[StoryRecord]:
        """The stories that begin in a minute."""
        found = [self._arrived(a) for a in self._arrivals.of_minute(minute)]
        if (reopened := self._reopened(minute)) is not None:
            found.append(self._taken_up(reopened.case, reopened.time_ms))
        return found

    def _told(self, record: StoryRecord, end_ms: int) -> list[StoryStep]:
        """The events of a story that has not been told yet, its first one included; the record stays as it is."""
        kind = "case.reported" if record.case.version == 1 else "case.reopened"
        again = dataclasses.replace(record, dice=record.dice.again())
        return [StoryStep(record.now_ms, kind, record.case), *_until(life.tell(again), end_ms)]

    def _entries(self, steps: list[StoryStep], number: "_Numbering") -> Iterator[Entry]:
        for step in steps:
            fields = self.encode(step)
            late_ms, twice = self.disorder(step)
            late_ms = max(late_ms, self._line_down_ms(step))
            yield number.of(step.time_ms + late_ms), fields
            if twice:
                yield number.of(step.time_ms + late_ms + 1700), fields

    def encode(self, step: StoryStep) -> dict[bytes, bytes]:
        """The entry's fields; the event id is the case and its version, so that a repeat is known as one."""
        case = step.case
        return encode_entry(
            SOURCES[case.channel],
            step.type,
            case,
            step.time_ms,
            subject=case.case_id,
            event_id=f"{case.case_id}-{case.version}",
        )

    def disorder(self, step: StoryStep) -> tuple[int, bool]:
        """How late an event is published (milliseconds), and whether it is published twice."""
        mark = hash_of(step.case.case_id, step.case.version)
        late_ms = 30_000 + mark % 400_000 if mark % 397 == 0 else 20 + mark % 180
        return late_ms, mark % 331 == 0

    def _line_down_ms(self, step: StoryStep) -> int:
        """How long the source's line to us was still down: what it had to say came when the line was back (补传)."""
        source, day = SOURCES[step.case.channel], (step.time_ms + self._offset) // DAY_MS
        if (source, day) not in self._down:
            dice = Dice(self.seed, "line", source, day)
            begun = day * DAY_MS - self._offset + dice.whole(8 * 60, 20 * 60) * MINUTE_MS
            lasts = dice.whole(12, 70) * MINUTE_MS if dice.chance(_LINE_DOWN_SHARE) else 0
            self._down[source, day] = begun, begun + lasts
        begun, back = self._down[source, day]
        return back - step.time_ms + step.case.version % 20_000 if begun <= step.time_ms < back else 0

    def true_place(self, case: Case) -> tuple[float, float] | None:
        """Where a case is, in WGS-84; None where its publisher does not say."""
        if case.lon is None or case.lat is None or case.coord_sys is None:
            return None
        return to_wgs84(case.lon, case.lat, case.coord_sys)

    # — lives —

    def _arrived(self, arrival: Arrival) -> StoryRecord:
        case = arrival.step.case
        place = {}
        if arrival.at is None and arrival.spot.points:
            dice = Dice(self.seed, "found", case.case_id)
            lon, lat = dice.pick(arrival.spot.points)
            place = {"lon": lon, "lat": lat, "coord_sys": "WGS84"}
        return StoryRecord(case, arrival.step.time_ms, Dice(self.seed, "life", case.case_id), self.scene, self.office,
                    arrival.spot.street, arrival.case_class.domain, arrival.limit, arrival.twin, place)  # fmt: skip

    def _taken_up(self, case: Case, at_ms: int, until_ms: int | None = None) -> StoryRecord:
        """The life that begins with a state."""
        close = next((c.limit for c in case.clocks if c.what == "close" and c.limit is not None), None)
        street = case.street or next((s for s, unit in self.scene.brigades.items() if unit == case.lead_unit), "")
        return StoryRecord(case, at_ms, Dice(self.seed, "from", case.case_id, case.version), self.scene, self.office,
                           street,
                    case.domain or "99", close or case.limit or Limit(value=5, unit="WD"),
                           until_ms=until_ms)  # fmt: skip

    def _arrival(self, case_id: str) -> Arrival | None:
        begun = self._arrivals.minute_of(case_id)
        arrivals = self._arrivals.of_minute(begun) if begun is not None else []
        return next((a for a in arrivals if a.step.case.case_id == case_id), None)

    def _known(self, case: Case) -> Iterator[StoryStep] | None:
        """The rest of our own story of a case, when the story holds this very state."""
        if case.reopened_at is not None:
            minute = int(case.reopened_at.timestamp() * 1000) // MINUTE_MS
            reopened = self._reopened(minute)
            if reopened is None or reopened.case.case_id != case.case_id:
                return None
            first, rest = reopened, life.tell(self._taken_up(reopened.case, reopened.time_ms))
        else:
            arrival = self._arrival(case.case_id)
            if arrival is None:
                return None
            first, rest = arrival.step, life.tell(self._arrived(arrival))
        while first.case.version < case.version:
            following = next(rest, None)
            if following is None:
                return None
            first = following
        return rest if same_state(first.case, case) else None

    def _reopened(self, minute: int) -> StoryStep | None:
        """A closed case whose citizen was not content: reopened in this minute, one to four days after its report."""
        dice = Dice(self.seed, "reopen", minute)
        if not dice.chance(_REOPEN_SHARE * self.demand.usual(minute * MINUTE_MS)):
            return None
        time_ms = minute * MINUTE_MS + dice.whole(0, MINUTE_MS - 1)
        earlier = minute - dice.whole(1440, 4 * 1440)
        for arrival in self._arrivals.of_minute(earlier):
            steps = list(life.tell(self._arrived(arrival)))
            case = steps[-1].case if steps else arrival.step.case
            if case.status == "closed" and not case.self_handled and steps[-1].time_ms < time_ms - DAY_MS // 12:
                changed = msgspec.structs.replace(
                    case, version=case.version + 1, status="handling", closed_at=None, reopened_at=utc(time_ms),
                    reopens=case.reopens + 1, step=None,
                    clocks=[msgspec.structs.replace(c, stopped_at=None) for c in case.clocks],
                )  # fmt: skip
                return StoryStep(time_ms, "case.reopened", changed)
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


def _until(steps: Iterable[StoryStep], end_ms: int) -> list[StoryStep]:
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
    """Whether two cases are the same but for what a store hides, leaves out or fills in."""

    def bare(case: Case) -> Case:
        return msgspec.structs.replace(
            set_apart(case)[0], reporter=None, step=None, description=None, title=None, address=None, domain=None,
            street=None, community=None, grid=None,
        )  # fmt: skip

    return bare(ours) == bare(theirs)


def last_moment(case: Case) -> int:
    """The latest time that a case names as past, in Unix milliseconds."""
    times = [
        case.reported_at, case.accepted_at, case.filed_at, case.dispatched_at, case.acknowledged_at, case.handled_at,
        case.checked_at, case.reopened_at, *(s.from_ for s in case.suspensions), *(s.until for s in case.suspensions),
        *(e.at for e in case.escalations), *(e.acknowledged_at for e in case.escalations),
        *(s.at for s in case.supervisions), *(w.at for w in case.whistles),
        *(t for w in case.whistles for u in w.units for t in (u.answered_at, u.arrived_at)),
    ]  # fmt: skip
    return max(int(t.timestamp() * 1000) for t in times if t is not None)
