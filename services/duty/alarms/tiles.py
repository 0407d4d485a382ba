"""A seat's alarms as plain values for its screen: the list, the meter of its budget, the flood that folds. Pure."""

from typing import Any

import msgspec

from services.board.alarm import Alarm
from services.board.state import Board
from services.contract.personal import mask_text
from services.duty.alarms.budget import budget, flood
from services.platform.clock import MINUTE_MS

# At most so many cards on a wall; the others are counted (PRODUCT.md).
WALL_CARDS = 3
# What has cleared stays in sight so long.
CLEARED_SHOWN_MS = 10 * MINUTE_MS


def alarm_tiles(board: Board, seat: str, now: int, community: str = "") -> dict[str, Any]:
    """The alarms of one seat (a street's code, or the district's): those that stand, and what cleared just now.

    A workstation's seat has its ``community``: it hears of that community's open cases alone.

    ``alarms`` are dicts with the fields of ``alarms.told.Alarm``, the gravest first, of these the newest; those that
    are shelved or over come last. ``sound`` is the gravest severity that nobody has taken (0: silence): it repeats
    until somebody does. ``level`` is the highest that any of them has climbed to. ``budget`` and ``flood`` are
    ``alarms.budget``'s.
    """
    policy = board.district.policy.alarms
    known = [alarm for alarm in board.alarms.values() if not community or community in _communities(board, alarm)]
    shown = [alarm for alarm in known if alarm.seat == seat and _is_shown(alarm, now)]
    waiting = [alarm for alarm in shown if alarm.state == "unacknowledged"]
    return {
        "alarms": [_plain(alarm) for alarm in sorted(shown, key=_order)],
        "sound": min((alarm.severity for alarm in waiting), default=0),
        "level": max((alarm.level for alarm in waiting), default=0),
        "budget": msgspec.to_builtins(budget(known, seat, now, policy)),
        "flood": msgspec.to_builtins(flood(known, seat, now, policy)),
    }


def for_visitors(found: dict[str, Any]) -> dict[str, Any]:
    """A seat's alarms as a wall shows them: without who took them and what they said of it."""
    hidden = {"acked_by": "", "shelved_by": "", "comment": ""}
    standing = [alarm for alarm in found["alarms"] if alarm["state"] in {"unacknowledged", "acknowledged"}]
    cards = [{**alarm, **hidden} for alarm in standing[:WALL_CARDS]]
    untaken = sum(alarm["state"] == "unacknowledged" for alarm in standing)
    return {**found, "alarms": cards, "n": len(standing), "untaken": untaken}


def _communities(board: Board, alarm: Alarm) -> set[str]:
    return {row.community for case_id in alarm.case_ids if (row := board.rows.get(case_id)) is not None}


def _is_shown(alarm: Alarm, now: int) -> bool:
    return alarm.cleared_at is None or now - alarm.cleared_at < CLEARED_SHOWN_MS


def _order(alarm: Alarm) -> tuple[int, int, int, str]:
    rank = {"shelved": 1, "cleared": 2}.get(alarm.state, 0)
    return rank, alarm.severity, -alarm.raised_at, alarm.id


def _plain(alarm: Alarm) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(alarm, name) for name in Alarm.__struct_fields__ if name != "earlier"}
    return {**found, "subject": msgspec.structs.asdict(alarm.subject), "comment": mask_text(alarm.comment)}
