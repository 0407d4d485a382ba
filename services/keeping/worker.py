"""The keeper: a thread of the projector's process with connections of its own. Its troubles are nobody else's.

It runs where the store is written, so it is there whenever anything can grow; beside two projectors there are two, and
each takes away what the other has left.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import redis
from sqlalchemy import Engine

from services.district.doors import OpenDoors
from services.keeping.retention_store import Rule, rules_of, take_away
from services.platform.clock import DAY_MS, Clock, machine_ms
from services.platform.database import open_engine
from services.platform.errors import AWAY, fault_of, first_line
from services.platform.redis import Keys, connect
from services.platform.settings import Settings
from services.projector.archive.partitions_store import coming_months, make_months
from services.projector.store.purge import STEP, in_steps, purge

log = logging.getLogger(__name__)

EVERY_S, FIRST_AFTER_S = 600.0, 20.0


class RetentionKeeper:
    """Takes away what is older than the settings say. ``machine_ms``: sessions and jobs go by the machine's clock."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        client: redis.Redis,
        district: str,
        clock: Clock,
        *,
        machine_ms: Callable[[], int] = machine_ms,
        zone: ZoneInfo | None = None,
    ) -> None:
        """``zone``: of whose months the history's partitions are made; None: nobody makes any."""
        self._engine, self._client, self._keys = engine, client, Keys(district)
        self._clock, self._machine_ms = clock, machine_ms
        self._zone = zone
        self._rules, self._stream_days = rules_of(settings), settings.keep_command_stream_days

    def run(self, stop: threading.Event) -> None:
        """Every ten minutes until ``stop``; what fails is said and tried again the next time."""
        pause = FIRST_AFTER_S
        while not stop.wait(pause):
            pause = EVERY_S
            try:
                self.once(lambda: not stop.is_set())
            except AWAY as error:
                log.warning("what is old stays for now: %s: %s", fault_of(error).words, first_line(error))
            except Exception:  # the projector's process must not end by it
                log.exception("what is old stays for now")

    def once(self, goes_on: Callable[[], bool] = lambda: True) -> dict[str, int]:
        """One round; returns how many rows of each went."""
        self.make_months()
        gone = {"history": purge(self._engine, self._clock.now_ms(), goes_on=goes_on)}
        for rule in self._rules:
            gone[rule.name] = self._take_away(rule, goes_on) if rule.days else 0
        gone["command stream"] = self._trim_commands()
        return gone

    def make_months(self) -> None:
        """See that the history has partitions for this month and the coming ones."""
        if self._zone is not None:
            make_months(self._engine, self._zone, coming_months(self._zone, self._clock.now_ms()))

    def _take_away(self, rule: Rule, goes_on: Callable[[], bool]) -> int:
        now = self._machine_ms() if rule.on_machine else self._clock.now_ms()
        before = now - rule.days * DAY_MS
        return in_steps(self._engine, lambda connection: take_away(connection, rule, before, STEP), STEP, goes_on)

    def _trim_commands(self) -> int:
        """Commands that nobody has read for so long are stale: the case system would refuse their versions."""
        if not self._stream_days:
            return 0
        client: Any = self._client
        seconds, _ = client.time()
        before = (int(seconds) - self._stream_days * 86_400) * 1000
        return int(client.xtrim(self._keys.commands, minid=f"{max(before, 0)}-0", approximate=False))


def make_keeper(doors: OpenDoors) -> RetentionKeeper:
    """What takes away what is old, with connections of its own."""
    settings = doors.settings
    engine = open_engine(settings.database, pool_size=1)
    district = doors.district
    client = connect(settings.redis_url, district.code)
    return RetentionKeeper(settings, engine, client, district.code, doors.clock, zone=district.zone)
