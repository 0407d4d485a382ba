"""Look at the hearts of a district's processes: again and again (a web process), or once (the doctor)."""

import time
from collections.abc import Collection
from typing import Any

import redis

from services.health.beats import Process, ProcessBeat, Witness, processes
from services.health.heart import hash_key, read_beats

# Of one look alone the age by Redis' clock would have to be believed: a second look tells who beats.
SECOND_LOOK_S = 1.5


class ProcessWatch:
    """Everything that is known of the district's processes. ``found`` is as of the last look."""

    def __init__(self, client: redis.Redis, district: str, expected: Collection[str]) -> None:
        self._client: Any = client
        self._key, self._expected = hash_key(district), tuple(expected)
        self._witness = Witness()
        self.found: list[Process] = []

    def look(self) -> list[Process]:
        """Look now. Raises what Redis raises: the time until the next look counts for nobody then."""
        try:
            beats = read_beats(self._client, self._key)
        except Exception:
            self._witness.blind()
            raise
        self._witness.see(beats, self._expected, time.monotonic())
        self.found = processes(beats, self._witness.silent_ms, self._witness.absent_ms, self._expected)
        return self.found

    def blind(self) -> None:
        """Nobody can beat now, Redis refuses: silence counts for nobody."""
        self._witness.blind()


def look_once(client: Any, district: str, expected: Collection[str]) -> list[Process]:
    """As of now, for a process that has watched nothing before. Raises what Redis raises."""
    key = hash_key(district)
    beats = read_beats(client, key)
    silent_ms: dict[str, int] = {}
    if any(_seems_silent(beat, _redis_ms(client)) for beat in beats):
        known = {beat.key: beat.n for beat in beats}
        time.sleep(SECOND_LOOK_S)
        beats, now = read_beats(client, key), _redis_ms(client)
        # Whoever has not beaten meanwhile is as silent as its last beat is old.
        silent_ms = {
            b.key: max(now - b.at, b.silence_limit_ms + 1)
            for b in beats
            if known.get(b.key) == b.n and _seems_silent(b, now)
        }
    absent_ms = dict.fromkeys(set(expected) - {beat.name for beat in beats}, 1 << 30)
    return processes(beats, silent_ms, absent_ms, expected)


def _seems_silent(beat: ProcessBeat, redis_ms: int) -> bool:
    return not beat.is_over and not 0 <= redis_ms - beat.at <= beat.silence_limit_ms


def _redis_ms(client: Any) -> int:
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000
