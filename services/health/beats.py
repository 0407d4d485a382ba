"""What a process says of itself, and what its silence means. Pure: what was read and the moments are arguments.

A process is dead when it has beaten and stopped without saying good-bye, stuck when it beats and its loop does not
turn. Silence is only what we have witnessed: the time in which we could not look counts for nobody, and no clock but
our own monotonic one is asked.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

from services.platform.settings import NAMES

# Without one of these the page stands still: their state changes the word.
FEEDS_THE_PAGE = "projector"

State = Literal["alive", "waits", "stuck", "stopped", "dead", "missing"]
# The better one first: a name is as well as the best of its instances.
_ORDER: tuple[State, ...] = ("alive", "waits", "stuck", "dead", "stopped")
# What calls for somebody.
WRONG = frozenset({"stuck", "dead", "stopped", "missing"})

BEAT_EVERY_S = 0.5
# Counted from the look that saw the last beat, half a second after it at most, in looks half a second apart: the
# word is there within 4 s of the last beat, and within 5 s of the fault also where looks and answers are slow.
SILENCE_LIMIT_MS, IDLE_LIMIT_MS = 3_000, 5_000
# An expected process that has never beaten is missed after so long.
MISSING_AFTER_MS = 5_000
# More than this between two looks was no look: we were held up ourselves.
LOOK_COUNTS_MS = 1_500


class ProcessBeat(msgspec.Struct, frozen=True, omit_defaults=True):
    """One instance of a process. Moments are Unix ms by Redis' clock, ``at`` of the beat itself.

    ``n`` rises with every beat. ``idle_ms`` is how long ago its loop turned last, ``idle_limit_ms`` and
    ``silence_limit_ms`` how long it may be without a turn and without a beat. ``package``: the digest of the district's
    package that it works with.
    """

    name: str
    host: str
    pid: int
    n: int
    at: int
    started_at: int
    version: str = ""
    role: str = ""
    waits_for: str = ""
    doing: str = ""
    idle_ms: int = 0
    idle_limit_ms: int = IDLE_LIMIT_MS
    silence_limit_ms: int = SILENCE_LIMIT_MS
    is_over: bool = False
    package: str = ""

    @property
    def key(self) -> str:
        """What tells the instances apart."""
        return f"{self.name}|{self.host}|{self.pid}"


class Process(msgspec.Struct, frozen=True, omit_defaults=True):
    """How it is with all instances of one name. ``at`` is the last beat (Unix ms), None where there was none."""

    name: str
    state: State
    at: int | None = None
    detail: str = ""
    role: str = ""
    alive: int = 0
    dead: int = 0
    version: str = ""


class Witness:
    """How long we have seen each instance silent, and each expected name absent, in ms."""

    def __init__(self) -> None:
        self.silent_ms: dict[str, int] = {}
        self.absent_ms: dict[str, int] = {}
        self._beats: dict[str, tuple[int, int]] = {}
        self._looked_s: float | None = None

    def see(self, beats: Iterable[ProcessBeat], expected: Collection[str], now_s: float) -> None:
        """One look: ``beats`` are all that are kept, ``now_s`` a monotonic clock in seconds."""
        passed = 0 if self._looked_s is None else min(round((now_s - self._looked_s) * 1000), LOOK_COUNTS_MS)
        self._looked_s = now_s
        found = {beat.key: beat for beat in beats}
        self.silent_ms = {
            key: self.silent_ms.get(key, 0) + passed if self._beats.get(key) == (beat.started_at, beat.n) else 0
            for key, beat in found.items()
        }
        self._beats = {key: (beat.started_at, beat.n) for key, beat in found.items()}
        there = {beat.name for beat in found.values()}
        self.absent_ms = {name: self.absent_ms.get(name, 0) + passed for name in expected if name not in there}

    def blind(self) -> None:
        """We could not look: the time until the next look is not counted."""
        self._looked_s = None


def processes(
    beats: Iterable[ProcessBeat], silent_ms: Mapping[str, int], absent_ms: Mapping[str, int], expected: Collection[str]
) -> list[Process]:
    """Every name of which something is known or expected, in the order of ``NAMES``.

    One that has ended with a good-bye and that nobody expects is not there, nor is one that nobody expects and that
    never beat. A dead instance in whose place another was started on its machine is forgotten.
    """
    by_name: dict[str, list[tuple[State, ProcessBeat]]] = {}
    kept = list(beats)
    for beat in kept:
        by_name.setdefault(beat.name, []).append((state_of(beat, silent_ms.get(beat.key, 0)), beat))
    names = [*NAMES, *sorted((by_name.keys() | set(expected)) - set(NAMES))]
    found = (_of_name(n, by_name.get(n, []), absent_ms.get(n, 0), is_expected=n in expected) for n in names)
    return [process for process in found if process is not None]


def state_of(beat: ProcessBeat, silent_ms: int) -> State:
    """The state of one instance."""
    if beat.is_over:
        return "stopped"
    if silent_ms > beat.silence_limit_ms:
        return "dead"
    if beat.idle_ms > beat.idle_limit_ms:
        return "stuck"
    return "waits" if beat.waits_for else "alive"


def _of_name(
    name: str, instances: list[tuple[State, ProcessBeat]], absent_ms: int, *, is_expected: bool
) -> Process | None:
    live = [beat for state, beat in instances if state not in {"dead", "stopped"}]
    standing = [
        (state, beat)
        for state, beat in instances
        if state not in {"dead", "stopped"}
        or not any(other.host == beat.host and other.started_at >= beat.at for other in live)
    ]
    if not is_expected or live:
        standing = [(state, beat) for state, beat in standing if state != "stopped"]
    if not standing:
        return Process(name, "missing") if is_expected and absent_ms > MISSING_AFTER_MS else None
    state, best = min(standing, key=lambda one: (_ORDER.index(one[0]), one[1].role != "leader", -one[1].at))
    return Process(
        name, state, best.at, best.waits_for or best.doing, best.role,
        alive=len(live), dead=sum(one == "dead" for one, _ in standing), version=best.version,
    )  # fmt: skip


def to_name(found: Iterable[Process]) -> list[Process]:
    """What a screen says: the processes with which something is wrong."""
    return [process for process in found if process.state in WRONG]
