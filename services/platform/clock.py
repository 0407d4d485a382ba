"""The one door to the time. Overdue, «today» and every age follow from it (ARCHITECTURE.md, decision 10).

Production reads the machine's clock. A demo and a replay run every process on one virtual clock, kept in the
Redis hash ``lianqin:{D}:clock``: it may be faster than the wall's, or stand at a moment of the past.
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol

import msgspec

_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_SHORT = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d)(:60(?:\.\d+)?)?(Z|z|[+-]\d\d:?\d\d)", re.ASCII)
_OFFSET = re.compile(r"\d(Z|z|[+-]\d\d:?\d\d)\Z", re.ASCII)


# A minute, an hour and a day in milliseconds.
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def machine_ms() -> int:
    """The machine's time in Unix milliseconds, as the audit, sessions and jobs have it: a demo's may be anywhere."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """Anything that tells the time."""

    def now_ms(self) -> int:
        """The present moment in Unix milliseconds."""
        ...

    def rate(self) -> float:
        """How many of its seconds pass in one of the machine's: 1, a demo's speed, or 0 when it stands."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """The machine's time in Unix milliseconds."""
        return machine_ms()

    def rate(self) -> float:
        """Always 1."""
        return 1.0


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """A clock that showed ``origin_ms`` when the machine's showed ``started_ms`` and runs ``speed`` times as fast.

    With ``stopped_at_ms`` it stands there.
    """

    origin_ms: int
    started_ms: int
    speed: float = 1.0
    stopped_at_ms: int | None = None

    def now_ms(self) -> int:
        """The virtual moment in Unix milliseconds."""
        if self.stopped_at_ms is not None:
            return self.stopped_at_ms
        real = machine_ms()
        return self.origin_ms + int((real - self.started_ms) * self.speed)

    def rate(self) -> float:
        """The speed; 0 while it stands."""
        return self.speed if self.stopped_at_ms is None else 0.0

    def to_hash(self) -> dict[str, str]:
        """The fields of the ``clock`` hash (CONTRACT.md): times in RFC 3339."""
        fields = {
            "origin": to_rfc3339(self.origin_ms),
            "started": to_rfc3339(self.started_ms),
            "speed": repr(self.speed),
        }
        if self.stopped_at_ms is not None:
            fields["stopped_at"] = to_rfc3339(self.stopped_at_ms)
        return fields


@dataclass(slots=True)
class SetClock:
    """A clock that a test sets by hand."""

    ms: int

    def now_ms(self) -> int:
        """The moment that was set."""
        return self.ms

    def rate(self) -> float:
        """It stands until it is set again."""
        return 0.0


class FollowedClock:
    """The clock that every process of a district shares: ``read`` is asked again every 2 s, in a thread of its own.

    While ``read`` fails the last answer stays: a Redis that is gone must not take the time with it.
    """

    def __init__(self, read: Callable[[], Clock]) -> None:
        self._read = read
        self._clock: Clock = SystemClock()
        self._ask()
        threading.Thread(target=self._follow, daemon=True, name="clock").start()

    def now_ms(self) -> int:
        """The shared moment in Unix milliseconds."""
        return self._clock.now_ms()

    def rate(self) -> float:
        """The shared clock's rate."""
        return self._clock.rate()

    def _ask(self) -> None:
        with contextlib.suppress(Exception):  # whatever is wrong with Redis, its own watchers say it; time goes on
            self._clock = self._read()

    def _follow(self) -> None:
        while True:
            time.sleep(2)
            self._ask()


def from_hash(fields: Mapping[bytes, bytes]) -> Clock:
    """The clock that a ``clock`` hash describes; the machine's when the hash is empty."""
    if not fields:
        return SystemClock()
    stopped = fields.get(b"stopped_at")
    return VirtualClock(
        origin_ms=parse_ms(fields[b"origin"].decode()),
        started_ms=parse_ms(fields[b"started"].decode()),
        speed=float(fields.get(b"speed", b"1")),
        stopped_at_ms=parse_ms(stopped.decode()) if stopped else None,
    )


def to_ms(moment: datetime) -> int:
    """Unix milliseconds of an aware datetime."""
    return round(moment.timestamp() * 1000)


def to_rfc3339(ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_ms(text: str) -> int:
    """Unix milliseconds of a time of the contract (``whole_time``). Raises ValueError, without an offset too."""
    try:
        return to_ms(msgspec.convert(text, _Time))
    except msgspec.ValidationError:
        if (whole := whole_time(text)) is not None:
            return to_ms(msgspec.convert(whole, _Time))
    has_offset = _OFFSET.search(text) is not None
    problem = "is no time" if has_offset else "has no offset, or is no time"
    raise ValueError(f"time {text[:60]!r} {problem}: write for example 2026-11-23T14:05:09+08:00")


def whole_time(text: str) -> str | None:
    """A time that msgspec does not read, as it reads it; None where it is no time of the contract.

    RFC 3339 with what publishers leave out or have: no seconds where they are 0 (Java's ``OffsetDateTime``), and the
    leap second ``23:59:60`` UTC, which counts as the second behind it. msgspec itself reads ``t`` and ``z``, a space
    for the ``T``, and ``+0800``. Hours alone (``+08``), 24:00, week and ordinal dates, and a comma are refused.
    """
    found = _SHORT.fullmatch(text)
    if found is None:
        return None
    minute, leap, offset = found.groups()
    if leap is None:
        return f"{minute}:00{offset}"
    try:
        before = msgspec.convert(f"{minute}:59{leap[3:]}{offset}", _Time).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None
    is_leap = (before.hour, before.minute) == (23, 59)
    return (before + timedelta(seconds=1)).isoformat() if is_leap else None
