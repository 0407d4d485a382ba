"""``[alarms]`` of ``policy.toml``: what is an alarm here, how grave it is, and the times of its life.

The terms are those of ISA-18.2 (DOMAIN.md §8): about 6 an hour for one operator are acceptable, 12 the most; more than
10 in 10 minutes are a flood.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from services.district.numbers import Complain, is_number, numbers

# Every kind of alarm with its severity, 1 the highest. Where all are grave none of them is (ISA-18.2).
KINDS = {
    "severe_incident": 1,
    "escalation_untaken": 2,
    "proposal_waits": 3,
    "takeover_near": 3,
    "overdue_severe": 2,
    "whistle_unanswered": 2,
    "unit_called": 2,
    "own_due": 3,
    "report_due": 1,
    "source_stopped": 1,
    "camera_outage": 2,
    "entries_lost": 1,
    "intake_late": 1,
}
SEVERITIES = (1, 2, 3)
# Those of a unit's or a grid worker's seat: nobody sits above it, so they climb to nobody.
OF_SMALL_SEATS = frozenset({"unit_called", "own_due"})
OFF = "off"


def _kinds() -> dict[str, int]:
    return dict(KINDS)


@dataclass(frozen=True, slots=True)
class AlarmPolicy:
    """The rules of the alarms. ``kinds`` has those that are on, with their severity."""

    acceptable_per_hour: int = 6
    most_per_hour: int = 12
    flood_alarms: int = 10
    flood_minutes: float = 10
    acknowledgement_minutes: float = 30
    climb_minutes: float = 3
    untaken_minutes: float = 10
    proposal_minutes: float = 15
    takeover_minutes: float = 15
    report_minutes: float = 10
    due_minutes: float = 15
    overdue_severity: int = 2
    rearm_minutes: float = 10
    shelve_most_hours: float = 12
    clear_kept_hours: float = 24
    kinds: dict[str, int] = field(default_factory=_kinds)


def read_alarm_policy(found: dict[str, Any], complain: Complain) -> AlarmPolicy:
    """The alarms' rules that the file's values say; what is bad is complained of, and the default stands."""
    given = numbers(AlarmPolicy, found, "alarms", complain)
    values = {}
    for name, value in given.items():
        if value <= 0:
            complain(f"alarms.{name}", f"is {value!r}", "Write a number above 0")
        elif name == "overdue_severity" and value > 4:
            complain(f"alarms.{name}", f"is {value!r}", "Write a case's severity, 1 to 4")
        else:
            values[name] = value
    policy = AlarmPolicy(**values, kinds=_read_kinds(found, complain))
    if policy.acceptable_per_hour > policy.most_per_hour:
        remedy = f"Write at most most_per_hour, which is {policy.most_per_hour}"
        complain("alarms.acceptable_per_hour", f"is {policy.acceptable_per_hour}", remedy)
    if policy.rearm_minutes > policy.clear_kept_hours * 60:
        remedy = f"Write at most clear_kept_hours, which is {policy.clear_kept_hours:g}, in minutes"
        complain("alarms.rearm_minutes", f"is {policy.rearm_minutes:g}", remedy)
    return policy


def _read_kinds(found: dict[str, Any], complain: Complain) -> dict[str, int]:
    """``[alarms.kinds]``: kind = "off", or its severity."""
    alarms = found.get("alarms")
    given = alarms.get("kinds", {}) if isinstance(alarms, dict) else {}
    kinds = _kinds()
    if not isinstance(given, dict):
        complain("alarms.kinds", "is no table", "Write [alarms.kinds] and its kinds below it")
        return kinds
    for kind, word in given.items():
        if kind not in KINDS or (word != OFF and not (is_number(word) and word in SEVERITIES)):
            remedy = f'Kinds are {", ".join(KINDS)}; write "off" or a severity, 1, 2 or 3'
            complain(f"alarms.kinds.{kind}", f"is {word!r}", remedy)
        elif word == OFF:
            del kinds[kind]
        else:
            kinds[kind] = int(word)
    return kinds


NUMBERS = tuple(item.name for item in fields(AlarmPolicy) if item.type in {int, float})
