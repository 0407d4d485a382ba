"""The case system, live: publishes each step when its time comes and obeys the command stream (CONTRACT.md «Commands»).

What must survive a restart lies in Redis, written in one MULTI with what it speaks of: the answers given
(``sim:commands``), how far commands and arrivals have come (``sim:position``), cases that a command has touched
(``sim:touched``) and when a commanded suspension ends (``sim:until``). The cases themselves the caller reads from the
store; what was published after that is read from the stream's tail. A case of somebody else's stays as its publisher
left it until a command touches it. Of the cameras: since when the package holds and how far their changes have come
(``sim:position``), and the repairs promised (``sim:repairs``).
"""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

import msgspec
import redis

from services.contract.case import Case
from services.contract.entry import encode_entry
from services.contract.others import CommandAnswer, Heartbeat
from services.district.package import District
from services.operations.simulator import video
from services.operations.simulator.generate import SEED
from services.operations.simulator.order import Desk, Order, RefusedOrder
from services.operations.simulator.orders import obey
from services.operations.simulator.patrol import Patrols
from services.operations.simulator.record import is_open
from services.operations.simulator.rubbish import rubbish
from services.operations.simulator.step import SOURCES, StoryStep, utc
from services.operations.simulator.world import CaseSystem
from services.platform.clock import MINUTE_MS, Clock, to_ms
from services.platform.every import Every
from services.platform.kept_entries import KeptEntries
from services.platform.redis import Keys

UNITS = "/units"
HEARTBEAT_SOURCES = (*dict.fromkeys(SOURCES.values()), UNITS, video.SOURCE)
LOOK_EVERY_S = 1.0
HEARTBEAT_S, PATROL_S, RUBBISH_S = 10.0, 3.0, 600.0
LONGEST_SLEEP_S = 0.05
BATCH = 400
TAIL = 4000
Fields = dict[bytes, bytes]
_CASE = msgspec.json.Decoder(Case)
_ORDER = msgspec.json.Decoder(Order)


class LiveCaseSystem:
    """One district's case system at work. ``tick`` does all that is due; ``run`` does so until it is told to stop."""

    def __init__(
        self,
        client: "redis.Redis",
        clock: Clock,
        system: CaseSystem,
        open_cases: Iterable[Case],
        *,
        since_ms: int | None = None,
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis, self._clock, self._system, self._real = client, clock, system, real
        self._since_ms = since_ms
        keys = Keys(system.district.code)
        self._events, self._commands = keys.events, keys.commands
        self._answers, self._position = keys.simulated("commands"), keys.simulated("position")
        self._touched, self._until = keys.simulated("touched"), keys.simulated("until")
        self.cases = {case.case_id: case for case in open_cases if is_open(case)}
        self._patrols = Patrols(system.beats)
        self._units = frozenset(r.unit_id for r in system.beats.rounds)
        self._cameras = frozenset(c.camera_id for c in system.district.cameras)
        self._video = video.VideoPlatform(system.district.cameras, system.seed)
        self._repairs = keys.simulated("repairs")
        self._due: list[tuple[int, int, StoryStep, Iterator[StoryStep]]] = []
        self._late: list[tuple[int, int, Fields]] = []
        self._unsent: list[Fields] = []
        self._order = count()
        self._numbers = count()
        self._next = {"heartbeat": 0.0, "patrol": 0.0, "rubbish": real() + 45.0}
        self._arrived_ms = self._minute = self._cameras_from = 0
        self._promised: dict[str, int] = {}
        self._is_ready = False
        # What changes a case or answers a command; heartbeats and positions are followed by newer ones.
        self._kept, self._look_every = KeptEntries(client, system.district.code), Every(LOOK_EVERY_S)

    def run(self, stop: Callable[[], bool]) -> None:
        """Work until ``stop()``; a Redis that is away is waited for."""
        while not stop():
            try:
                worked = self.tick()
            except (redis.ConnectionError, redis.TimeoutError):
                self._is_ready, worked = False, False
                time.sleep(0.5)  # Redis is away or starts; nothing is lost, the cases are in memory
            if not worked:
                time.sleep(self._pause_s())

    def tick(self) -> bool:
        """Do what is due now; returns whether anything was left for the next tick."""
        if not self._is_ready:
            self._kept.look()
            self._take_up()
        elif self._look_every.take():
            self._kept.look()
        now_ms = self._clock.now_ms()
        self._obey_commands(now_ms)
        more = self._publish_due(now_ms) | self._publish_cameras(now_ms)
        self._beat(now_ms)
        return more

    # — starting, and starting again —

    def _take_up(self) -> None:
        """Read where we stood, and plan what follows for every open case that is ours."""
        self._read_tail()
        members: Any = self._redis.smembers(self._touched)
        touched = {name.decode() for name in members}
        ours = [c for c in self.cases.values() if c.case_id in touched or self._system.is_own(c.case_id)]
        kept: Any = self._redis.hgetall(self._position)
        now_ms = self._clock.now_ms()
        latest = max((to_ms(c.reported_at) for c in ours), default=now_ms)
        since_ms = self._since_ms if self._since_ms is not None else min(latest, now_ms)
        self._arrived_ms = max(self._arrived_ms, int(kept.get(b"arrived_ms") or since_ms))
        self._command_id = (kept.get(b"command") or b"0-0").decode()
        self._minute = self._arrived_ms // MINUTE_MS
        ends: Any = self._redis.hgetall(self._until)
        until = {k.decode(): int(v) for k, v in ends.items()}
        self._take_up_cameras(kept)
        for case in self.cases.values():  # who was on its way before a restart sets out again from its round
            if case.handler in self._units:
                self._patrols.send(case.handler, case.case_id, self._system.true_place(case), now_ms)
        self._due.clear()
        for case in ours:
            self._plan(self._system.following(case, self._arrived_ms, until.get(case.case_id)))
        self._is_ready = True

    def _take_up_cameras(self, kept: Any) -> None:
        """The cameras are the package's from the first start on; repairs promised before a restart are kept."""
        from_ms = int(kept.get(b"cameras_from") or self._arrived_ms)
        self._video.begin(from_ms, int(kept.get(b"cameras_ms") or from_ms - 1))
        self._cameras_from = from_ms
        promised: Any = self._redis.hgetall(self._repairs)
        self._promised = {camera_id.decode(): int(at_ms) for camera_id, at_ms in promised.items()}
        for camera_id, at_ms in self._promised.items():
            self._video.repair_at(camera_id, at_ms)

    def _read_tail(self, only: str = "") -> None:
        """Bring the cases (or one of them) up to what the stream says: the store may be behind it."""
        newest = {case_id: case.version for case_id, case in self.cases.items()}
        tail: Any = self._redis.xrevrange(self._events, count=TAIL)
        for _, fields in reversed(tail):
            if fields.get(b"type", b"").startswith(b"case."):
                try:
                    case = _CASE.decode(fields[b"data"])
                except (msgspec.DecodeError, KeyError):
                    continue  # somebody's rubbish, perhaps our own: the projector names it
                if newest.get(case.case_id, 0) < case.version and only in {"", case.case_id}:
                    newest[case.case_id] = case.version
                    self._keep(case)

    def _keep(self, case: Case) -> None:
        if is_open(case):
            self.cases[case.case_id] = case
        else:
            self.cases.pop(case.case_id, None)
        if not is_open(case) or case.handler not in self._units:
            self._patrols.release(case.case_id, self._clock.now_ms())

    def _plan(self, story: Iterator[StoryStep]) -> None:
        if (step := next(story, None)) is not None:
            heapq.heappush(self._due, (step.time_ms, next(self._order), step, story))

    # — what happens by itself —

    def _publish_due(self, now_ms: int) -> bool:
        self._plan_arrivals(now_ms)
        while self._due and self._due[0][0] <= now_ms and len(self._unsent) < BATCH:
            _, _, step, story = heapq.heappop(self._due)
            if not self._is_next(step):
                continue
            self._keep(step.case)
            self._plan(story)
            late_ms, twice = self._system.disorder(step)
            fields = self._system.encode(step)
            if late_ms > 30_000:
                heapq.heappush(self._late, (step.time_ms + late_ms, next(self._order), fields))
            else:
                self._unsent += [fields] * (2 if twice else 1)
        while self._late and self._late[0][0] <= now_ms:
            self._unsent.append(heapq.heappop(self._late)[2])
        is_behind = bool(self._due) and self._due[0][0] <= now_ms
        reached = self._due[0][0] - 1 if is_behind else now_ms
        if self._unsent:
            with self._redis.pipeline(transaction=True) as pipe:
                for fields in self._unsent:
                    pipe.xadd(self._events, fields)  # type: ignore[arg-type]  # bytes are what XADD takes
                pipe.hset(self._position, "arrived_ms", str(reached))
                sent = pipe.execute()
            self._kept.keep(sent[: len(self._unsent)], self._unsent)
            self._unsent = []
        self._arrived_ms = max(self._arrived_ms, reached)
        return is_behind

    def _publish_cameras(self, now_ms: int) -> bool:
        found, reached = self._video.due(now_ms, BATCH)
        if found:
            ready = [f for f, at in self._promised.items() if at <= reached]
            with self._redis.pipeline(transaction=True) as pipe:
                for fields in found:
                    pipe.xadd(self._events, fields)  # type: ignore[arg-type]  # bytes are what XADD takes
                pipe.hset(self._position, mapping={"cameras_from": self._cameras_from, "cameras_ms": reached})
                if ready:
                    pipe.hdel(self._repairs, *ready)
                self._kept.keep(pipe.execute()[: len(found)], found)
            for camera_id in ready:
                del self._promised[camera_id]
        return reached < now_ms

    def _is_next(self, step: StoryStep) -> bool:
        """Whether a planned step still follows from the case as it is: a command may have changed it since."""
        known = self.cases.get(step.case.case_id)
        if known is not None:
            return step.case.version == known.version + 1
        if step.type == "case.reopened":
            return not self._redis.sismember(self._touched, step.case.case_id)
        return step.case.version == 1

    def _plan_arrivals(self, now_ms: int) -> None:
        """Plan the minutes that have begun; at most an hour at a time, so that a long absence is caught up in steps."""
        for minute in range(self._minute, min(now_ms // MINUTE_MS + 1, self._minute + 60)):
            for step in self._system.arrivals(minute):
                if step.time_ms > self._arrived_ms:
                    story = self._system.following(step.case, step.time_ms)
                    heapq.heappush(self._due, (step.time_ms, next(self._order), step, story))
            self._minute = minute + 1

    # — what is asked —

    def _obey_commands(self, now_ms: int) -> None:
        found: Any = self._redis.xread({self._commands: self._command_id}, count=50)
        for _, entries in found.items() if isinstance(found, dict) else found:
            for entry_id, fields in _flat(entries):
                self._obey(entry_id.decode(), fields, now_ms)

    def _obey(self, entry_id: str, fields: Fields, now_ms: int) -> None:
        """Carry out one command, once; a repeat is answered as before."""
        command_id = fields.get(b"id", b"").decode("utf-8", "replace")[:64]
        kind = fields.get(b"type", b"").decode("utf-8", "replace")
        if not command_id:
            self._redis.hset(self._position, "command", entry_id)  # nobody could recognise the answer
            self._command_id = entry_id
            return
        before: Any = self._redis.hget(self._answers, command_id)
        steps: list[StoryStep] = []
        order: Order | None = None
        if before is not None:
            answer = msgspec.json.decode(before, type=dict[str, str])
        else:
            answer = {"type": "command.accepted", "case_id": "", "reason": ""}
            try:
                order = _ORDER.decode(fields.get(b"data", b""))
                answer["case_id"] = order.case_id
                if order.case_id not in self.cases:
                    self._read_tail(order.case_id)  # somebody else's case, perhaps, published since we began
                units = self._patrols.statuses(now_ms) if kind == "case.assign_unit" else {}
                desk = Desk(now_ms, self._system.office, self.cases, self._cameras, units)
                steps = obey(kind, command_id, order, desk)
            except RefusedOrder as refusal:
                answer |= {"type": "command.rejected", "reason": str(refusal)}
            except msgspec.DecodeError as error:
                answer |= {"type": "command.rejected", "reason": f"bad_value: data: {error}"}
        said = CommandAnswer(command_id=command_id, case_id=answer["case_id"] or None, reason=answer["reason"] or None)
        entry = encode_entry(
            "/case-system", answer["type"], said, now_ms, subject=answer["case_id"], event_id=f"answer-{command_id}"
        )
        told = [*map(self._system.encode, steps), entry]
        with self._redis.pipeline(transaction=True) as pipe:
            for one in told:
                pipe.xadd(self._events, one)  # type: ignore[arg-type]  # bytes are what XADD takes
            for step in steps:
                pipe.sadd(self._touched, step.case.case_id)
            if order is not None and kind == "camera.repair" and answer["type"] == "command.accepted":
                camera_id = order.camera_id or ""
                self._promised[camera_id] = self._video.repair(camera_id, now_ms)
                pipe.hset(self._repairs, camera_id, str(self._promised[camera_id]))
            if order is not None and order.until is not None and steps:
                pipe.hset(self._until, order.case_id, str(to_ms(order.until)))
            pipe.hset(self._answers, command_id, msgspec.json.encode(answer))
            pipe.hset(self._position, "command", entry_id)
            self._kept.keep(pipe.execute()[: len(told)], told)
        self._command_id = entry_id
        self._follow(steps, order, kind, now_ms)

    def _follow(self, steps: list[StoryStep], order: Order | None, kind: str, now_ms: int) -> None:
        """Let the cases that a command changed go on from their new state."""
        for step in steps:
            self._keep(step.case)
        if order is None or not steps:
            return
        if kind == "case.assign_unit" and order.unit_id:
            case = steps[0].case
            goal = self._system.true_place(case)
            self._patrols.send(order.unit_id, case.case_id, goal, now_ms)
        for case_id in {s.case.case_id for s in steps} & self.cases.keys():
            until_ms = to_ms(order.until) if order.until is not None else None
            self._plan(self._system.following(self.cases[case_id], now_ms, until_ms))

    # — what comes by the real clock —

    def _beat(self, now_ms: int) -> None:
        """Heartbeats, patrol positions and rubbish."""
        speed = self._clock.rate() or 1.0
        found: list[Fields] = []
        if self._is_due("heartbeat", HEARTBEAT_S):
            interval = min(86_400.0, max(0.5, HEARTBEAT_S * speed))
            body = Heartbeat(at=utc(now_ms), interval_s=interval, backlog=len(self._unsent))
            found += [encode_entry(source, "source.heartbeat", body, now_ms) for source in HEARTBEAT_SOURCES]
        if self._is_due("patrol", PATROL_S):
            found += [
                encode_entry(UNITS, "unit.moved", u, now_ms, subject=u.unit_id) for u in self._patrols.due(now_ms)
            ]
        if self._is_due("rubbish", RUBBISH_S):
            found.append(rubbish(next(self._numbers), now_ms))
        if found:
            with self._redis.pipeline(transaction=False) as pipe:
                for fields in found:
                    pipe.xadd(self._events, fields)  # type: ignore[arg-type]  # bytes are what XADD takes
                pipe.execute()

    def _is_due(self, what: str, every_s: float) -> bool:
        now = self._real()
        if now < self._next[what]:
            return False
        self._next[what] = now + every_s
        return True

    def _pause_s(self) -> float:
        """How long nothing is due: at most 50 ms, so that a command is obeyed at once."""
        if not self._due:
            return LONGEST_SLEEP_S
        speed = self._clock.rate() or 1.0
        return min(LONGEST_SLEEP_S, max(0.001, (self._due[0][0] - self._clock.now_ms()) / 1000 / speed))


def run(
    client: "redis.Redis",
    clock: Clock,
    district: District,
    open_cases: Iterable[Case],
    stop: Callable[[], bool],
    *,
    seed: int = SEED,
    since_ms: int | None = None,
) -> None:
    """Run the demo's case system for one district until ``stop()`` is true.

    ``open_cases`` are the store's; ``since_ms`` is where the history ended, for the very first start.
    """
    LiveCaseSystem(client, clock, CaseSystem(district, seed), open_cases, since_ms=since_ms).run(stop)


def _flat(entries: Any) -> Iterator[tuple[bytes, Fields]]:
    """The entries of one stream: RESP3 puts them in one list more than RESP2."""
    for entry in entries:
        if entry and isinstance(entry[0], bytes):
            yield entry[0], entry[1]
        else:
            yield from _flat(entry)
