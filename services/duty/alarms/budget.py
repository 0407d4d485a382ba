"""How many alarms a seat gets: the meter of its budget, and the flood that folds into one card. Pure.

ISA-18.2: about 6 an hour for one operator are acceptable, 12 the most that can be managed; a flood begins with more
than 10 in 10 minutes and ends when fewer than 5 came in 10 minutes. All of it follows from the raises alone, so every
process says the same of the same alarms.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from services.board.alarm import Alarm
from services.district.alarm_policy import AlarmPolicy
from services.platform.clock import HOUR_MS, MINUTE_MS

# In a flood so many of the gravest stay beside the card, the newest first.
SHOWN_IN_A_FLOOD = 3
Word = Literal["good", "many", "too_many"]


class Budget(msgspec.Struct, frozen=True):
    """One seat's last hour. ``word``: good up to ``acceptable``, many up to ``most``, too_many beyond."""

    seat: str
    raised: int
    acceptable: int
    most: int
    word: Word


class Flood(msgspec.Struct, frozen=True):
    """A seat's flood: since when (None: there is none), how many alarms it brought, which ids fold into its card."""

    since: int | None = None
    n: int = 0
    folded: list[str] = []


def raises(alarms: Iterable[Alarm], seat: str) -> list[int]:
    """When this seat's alarms were announced, in order."""
    return sorted(at for alarm in alarms if alarm.seat == seat for at in (*alarm.earlier, alarm.raised_at))


def budget(alarms: Iterable[Alarm], seat: str, now: int, policy: AlarmPolicy) -> Budget:
    """What the seat was given in the hour before ``now``."""
    n = sum(now - HOUR_MS < at <= now for at in raises(alarms, seat))
    word: Word = "good" if n <= policy.acceptable_per_hour else "many" if n <= policy.most_per_hour else "too_many"
    return Budget(seat, n, policy.acceptable_per_hour, policy.most_per_hour, word)


def flood(alarms: Iterable[Alarm], seat: str, now: int, policy: AlarmPolicy) -> Flood:
    """The flood that the seat is in at ``now``. Nothing of it is dropped: the folded ones are behind the card."""
    known = [alarm for alarm in alarms if alarm.seat == seat]
    moments = [at for at in raises(known, seat) if at <= now]
    since = flooded_since(moments, now, policy)
    if since is None:
        return Flood()
    brought = sorted((a for a in known if since <= a.raised_at <= now), key=lambda a: (-a.raised_at, a.id))
    grave = [alarm.id for alarm in brought if alarm.severity == 1 and alarm.state != "cleared"][:SHOWN_IN_A_FLOOD]
    return Flood(since, sum(at >= since for at in moments), [a.id for a in brought if a.id not in grave])


def flooded_since(moments: list[int], now: int, policy: AlarmPolicy) -> int | None:
    """The first raise of the flood that lasts at ``now``, or None. ``moments`` are raises in order, up to ``now``."""
    span, ends_below = int(policy.flood_minutes * MINUTE_MS), policy.flood_alarms / 2
    # A raise counts for ``span``; where one ends as another comes, it ends first.
    edges = sorted([(at + span, 0) for at in moments if at + span <= now] + [(at, 1) for at in moments])
    since: int | None = None
    counted: list[int] = []
    for at, comes in edges:
        if comes:
            counted.append(at)
            if since is None and len(counted) > policy.flood_alarms:
                since = counted[0]
        else:
            counted.pop(0)
            if since is not None and len(counted) < ends_below:
                since = None
    return since
