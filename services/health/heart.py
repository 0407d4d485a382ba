"""A process's heart: twice a second it writes to Redis that the process lives, and when its loop turned last.

One hash a district, one field an instance; the moment is Redis' own. A thread of its own writes, so that it can also be
said that the loop stands: it is the loop that tells when it turned (``Pulse``), never this thread.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import redis

from services.health.beats import BEAT_EVERY_S, IDLE_LIMIT_MS, SILENCE_LIMIT_MS, ProcessBeat
from services.platform.clock import DAY_MS
from services.platform.errors import REDIS_ERRORS, fault_of, first_line
from services.platform.every import Every
from services.platform.metric import Metric, gauge
from services.platform.redis import Keys
from services.platform.version import our_version

log = logging.getLogger(__name__)

# One that was never seen again is forgotten after a day.
FORGOTTEN_MS = DAY_MS
FORGET_EVERY_S = 600.0
# Redis is full, read-only, without its disk or replicas: others cannot write either.
REFUSED = frozenset({"redis_full", "redis_read_only", "redis_disk", "redis_replicas", "redis_refuses", "redis_cluster"})
# KEYS: the hash. ARGV: field, beat. The moment stands before the beat; returns it.
_WRITE = """
local t = redis.call('TIME')
local at = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', at) .. ' ' .. ARGV[2])
return string.format('%.0f', at)
"""
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(ProcessBeat).decode


class Heart:
    """The pulse of one loop, written down for the others."""

    def __init__(
        self,
        client: redis.Redis,
        district: str,
        name: str,
        *,
        idle_limit_s: float = IDLE_LIMIT_MS / 1000,
        silence_limit_s: float = SILENCE_LIMIT_MS / 1000,
        package: str = "",
    ) -> None:
        self._client: Any = client
        self._write = client.register_script(_WRITE)
        self._hash = hash_key(district)
        self._usual_limit_s = self._idle_limit_s = idle_limit_s
        self._silence_limit_s = silence_limit_s
        self._beat = ProcessBeat(name, socket.gethostname(), os.getpid(), 0, 0, 0, our_version(), package=package)
        self._role = self._waits_for = self._doing = ""
        self._turned_s = time.monotonic()
        self._forget_every = Every(FORGET_EVERY_S)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._said = ""
        self.refused_s: float | None = None

    def start(self) -> None:
        """Begin to beat."""
        self._turned_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"heart {self._beat.name}")
        self._thread.start()

    def stop(self, *, is_over: bool) -> None:
        """Beat no more; ``is_over`` says good-bye: it was meant to end."""
        self._ended.set()
        if is_over and self._thread is not None:
            self._thread.join(2 * BEAT_EVERY_S)
            self._tell(is_over=True)

    def turn(self, role: str = "") -> None:
        """As ``Pulse``. After a stand that others may have seen it is said at once: they need not wait for a beat."""
        stood = time.monotonic() - self._turned_s > self._idle_limit_s
        self._turned_s, self._role, self._waits_for = time.monotonic(), role, ""
        if stood:
            self._say()

    def follows(self, package: str) -> None:
        """As ``Pulse``."""
        with self._lock:
            self._beat = msgspec.structs.replace(self._beat, package=package)

    def waits(self, for_what: str) -> None:
        """As ``Pulse``."""
        self._turned_s, self._waits_for = time.monotonic(), for_what

    @contextmanager
    def busy(self, doing: str, limit_s: float) -> Iterator[None]:
        """As ``Pulse``. It goes on beating: whoever dies in a long step is as silent as any other."""
        self._turned_s, self._doing = time.monotonic(), doing
        self._idle_limit_s = max(limit_s, self._usual_limit_s)
        self._say()
        try:
            yield
        finally:
            self._turned_s, self._doing, self._idle_limit_s = time.monotonic(), "", self._usual_limit_s
            self._say()

    def figures(self) -> list[Metric]:
        """For Prometheus: whether the loop turns, waits, leads. ``loop``: a process may have two."""
        loop = self._beat.name
        idle_s = time.monotonic() - self._turned_s
        return [
            gauge("lianqin_loop_idle_seconds", "since the loop turned last", idle_s, "seconds", loop=loop),
            gauge(
                "lianqin_loop_idle_limit_seconds", "how long it may stand now", self._idle_limit_s, "seconds", loop=loop
            ),
            gauge("lianqin_loop_waits", "1: what it needs is away", int(bool(self._waits_for)), loop=loop),
            gauge("lianqin_loop_leads", "1: of several it leads", int(self._role == "leader"), loop=loop),
        ]

    def _say(self) -> None:
        """A beat between two beats, where the heart beats at all."""
        if self._thread is not None:
            self._tell()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._tell()
            self._forget()
            self._ended.wait(BEAT_EVERY_S)

    def _tell(self, *, is_over: bool = False) -> None:
        """Write one beat; what Redis says to that is kept for whoever asks, and logged when it changes."""
        with self._lock:
            beat = msgspec.structs.replace(
                self._beat, n=self._beat.n + 1, role=self._role, waits_for=self._waits_for, doing=self._doing,
                idle_ms=int((time.monotonic() - self._turned_s) * 1000), is_over=is_over,
                idle_limit_ms=int(self._idle_limit_s * 1000), silence_limit_ms=int(self._silence_limit_s * 1000),
            )  # fmt: skip
            try:
                at = int(self._write(keys=[self._hash], args=[beat.key, _encode(beat)]))
            except REDIS_ERRORS as error:
                fault = fault_of(error)
                if fault.code in REFUSED and self.refused_s is None:
                    self.refused_s = time.monotonic()
                if self._said != fault.code:
                    self._said = fault.code
                    log.warning("the %s cannot say that it lives: %s: %s", beat.name, fault.words, first_line(error))
                return
            self._said, self.refused_s = "", None
            self._beat = msgspec.structs.replace(beat, at=at, started_at=beat.started_at or at)

    def _forget(self) -> None:
        """Now and then: instances of which nothing was heard for a day."""
        if not self._forget_every.take():
            return
        try:
            old = [b.key for b in read_beats(self._client, self._hash) if self._beat.at - b.at > FORGOTTEN_MS]
            if old:
                self._client.hdel(self._hash, *old)
        except REDIS_ERRORS as error:  # the next beat says it
            log.debug("old beats stay: %s", first_line(error))


def hash_key(district: str) -> str:
    """Where the beats of a district are."""
    return Keys(district).processes


def read_beats(client: Any, key: str) -> list[ProcessBeat]:
    """Every beat that is kept; what is none is left out, for another version may have written it."""
    found = []
    for value in client.hgetall(key).values():
        at, _, body = value.partition(b" ")
        try:
            beat = _decode(body)
            found.append(msgspec.structs.replace(beat, at=int(at), started_at=beat.started_at or int(at)))
        except (ValueError, msgspec.MsgspecError):
            log.debug("no beat: %r", value[:80])
    return found
