"""Joint enforcement (吹哨报到, 联合执法) as a panel tells it: who was called, who has answered, who is there. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from services.contract.case import Whistle, WhistledUnit
from services.district.policy import EscalationPolicy
from services.platform.clock import MINUTE_MS, to_ms

State = Literal["waiting", "late", "answered", "arrived", "absent"]


class Called(msgspec.Struct, frozen=True):
    """A department that was called.

    ``state``: ``waiting`` with ``minutes_left``, ``late`` (not answered in time, still awaited), ``answered`` or
    ``arrived``, ``absent`` (the whistle has ended without it). ``in_time`` is None while the answer may still be so.
    Minutes are whole ones: of a wait those begun, of what is past those full; None where they are not known.
    """

    unit: str
    state: State
    minutes_left: int | None
    answered_in: int | None
    arrived_in: int | None
    in_time: bool | None


class Joint(msgspec.Struct, frozen=True):
    """One whistle; times in Unix milliseconds."""

    at: int | None
    reason_code: str
    lead_unit: str
    units: list[Called]
    ended_at: int | None
    result: str


def joint(whistles: Sequence[Whistle], now: int, policy: EscalationPolicy, lead_unit: str = "") -> list[Joint]:
    """A case's whistles, the newest first. ``lead_unit`` is the case's: it leads what the others were called to."""
    found = []
    for whistle in whistles:
        at, ended = _ms(whistle.at), _ms(whistle.ended_at)
        units = [_called(unit, at, ended, now, policy) for unit in whistle.units]
        found.append(Joint(at, whistle.reason_code or "", lead_unit, units, ended, whistle.result or ""))
    return sorted(found, key=lambda one: one.at or 0, reverse=True)


def _called(unit: WhistledUnit, at: int | None, ended: int | None, now: int, policy: EscalationPolicy) -> Called:
    answered, arrived = _ms(unit.answered_at), _ms(unit.arrived_at)
    came = arrived if answered is None else answered  # who is there has answered
    due = None if at is None else at + int(policy.whistle_minutes * MINUTE_MS)
    until = now if ended is None else ended
    state: State
    if came is not None:
        state = "answered" if arrived is None else "arrived"
    elif ended is not None:
        state = "absent"
    else:
        state = "late" if due is not None and due <= until else "waiting"
    in_time = None if due is None else came <= due if came is not None else False if state != "waiting" else None
    left = -((until - due) // MINUTE_MS) if state == "waiting" and due is not None else None
    return Called(unit.unit, state, left, _since(at, came), _since(at, arrived), in_time)


def _since(at: int | None, then: int | None) -> int | None:
    return None if at is None or then is None else max(then - at, 0) // MINUTE_MS


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)
