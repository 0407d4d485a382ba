"""A case system of a few cases for the tests of the desks: it obeys commands as the demo's does."""

import threading
from collections.abc import Mapping
from typing import Any

import msgspec
import redis

from services.contract.case import Case
from services.contract.entry import encode_entry
from services.contract.others import CommandAnswer
from services.operations.simulator.office import OfficeHours
from services.operations.simulator.order import Desk, Order, RefusedOrder
from services.operations.simulator.orders import obey
from services.operations.simulator.record import is_open
from services.platform.clock import Clock
from tests.tiny import CODE

_CASE = msgspec.json.Decoder(Case)
_ORDER = msgspec.json.Decoder(Order)


class TinyCaseSystem:
    """Follows the ``commands`` stream in a thread of its own, or (``is_stepped``) when ``work`` is called.

    ``paused`` lets it read nothing for a while, ``silent`` publish nothing: what it does meanwhile comes later.
    """

    def __init__(  # one of each door
        self,
        client: redis.Redis,
        clock: Clock,
        office: OfficeHours,
        entries: list[dict[bytes, bytes]],
        code: str = CODE,
        *,
        units: Mapping[str, str] | None = None,
        is_stepped: bool = False,
    ) -> None:
        self._redis: Any = client
        self._commands, self._events = f"lianqin:{{{code}}}:commands", f"lianqin:{{{code}}}:events"
        self._clock, self._office = clock, office
        self.cases = {case.case_id: case for case in (_CASE.decode(fields[b"data"]) for fields in entries)}
        self.executed: list[str] = []
        self.seen: list[dict[bytes, bytes]] = []
        self._answers: dict[str, dict[bytes, bytes]] = {}
        self.paused, self.silent = threading.Event(), threading.Event()
        self._units = units or {}
        self.cameras: frozenset[str] = frozenset()
        self._held: list[tuple[Case | None, dict[bytes, bytes]]] = []
        self.told = dict(self.cases)  # as far as it has published them
        self._stop = threading.Event()
        self._after = "0-0"
        self._thread = threading.Thread(target=self._run, daemon=True)
        if not is_stepped:
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            try:
                self.work()
            except redis.RedisError:
                continue

    def work(self) -> None:
        """Take the commands that have come, and publish what was held back."""
        if not self.paused.is_set():
            for entry_id, fields in self._redis.xrange(self._commands, min=f"({self._after}", count=200):
                self._obey(fields)
                self._after = entry_id.decode()
        if not self.silent.is_set():
            held, self._held = self._held, []
            for case, fields in held:
                self._publish(case, fields)

    def put(self, kind: str, case: Case) -> None:
        """A case is so now, of its own accord."""
        self.cases[case.case_id] = case
        self._publish(case, encode_entry("/case-system", kind, case, self._clock.now_ms(), subject=case.case_id))

    def _publish(self, case: Case | None, fields: dict[bytes, bytes]) -> None:
        if self.silent.is_set():
            self._held.append((case, fields))
            return
        if case is not None:
            self.told[case.case_id] = case
        self._redis.xadd(self._events, fields)

    def _obey(self, fields: dict[bytes, bytes]) -> None:
        """One command, once: a repeat is answered as before."""
        self.seen.append(fields)
        command_id, kind, now = fields[b"id"].decode(), fields[b"type"].decode(), self._clock.now_ms()
        if command_id in self._answers:
            self._publish(None, self._answers[command_id])
            return
        order, reason, steps = _ORDER.decode(fields[b"data"]), None, []
        try:
            steps = obey(kind, command_id, order, Desk(now, self._office, self._open(), self.cameras, self._units))
            self.executed.append(command_id)
        except RefusedOrder as refused:
            reason = str(refused)
        said = CommandAnswer(command_id=command_id, case_id=order.case_id, reason=reason)
        answer = encode_entry(
            "/case-system",
            "command.rejected" if reason else "command.accepted",
            said,
            now,
            subject=order.case_id,
            event_id=f"answer-{command_id}",
        )
        self._answers[command_id] = answer
        for step in steps:
            self.cases[step.case.case_id] = step.case
            fields = encode_entry("/case-system", step.type, step.case, step.time_ms, subject=step.case.case_id)
            self._publish(step.case, fields)
        self._publish(None, answer)

    def _open(self) -> dict[str, Case]:
        return {case_id: case for case_id, case in self.cases.items() if is_open(case)}
