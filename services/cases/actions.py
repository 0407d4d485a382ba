"""Which commands make sense on a case as it stands: what a desk offers, and why not the others. Pure.

An offer, not a permission: the rights say who may, the case system what it takes (services.access.rights, CONTRACT.md).
"""

from typing import NamedTuple

from services.cases.case import CaseRow, calls_of, decode_escalation, suspended_at
from services.cases.deadlines import has_come

# In the order in which a desk shows them, with the key that presses each.
ORDER = (
    ("case.answer_whistle", "Q"), ("case.acknowledge", "R"), ("case.progress", "O"), ("case.handle", "H"),
    ("case.acknowledge_escalation", "A"), ("case.dispatch", "D"), ("case.urge", "U"), ("case.whistle", "W"),
    ("case.return", "B"), ("case.suspend", "G"), ("case.resume", "G"), ("case.extend", "X"), ("case.escalate", "E"),
    ("case.take_back", "T"), ("case.supervise", "S"), ("case.close", "C"), ("case.locate", "L"), ("case.merge", "M"),
    ("case.split", "P"), ("case.void", "V"),
)  # fmt: skip
# Reasons why one is not offered; each has its words.
WHY_NOT = ("overdue", "twice", "not_handled", "no_deadline")
_TO_ACKNOWLEDGE = frozenset({"dispatched", "rework"})
_AT_WORK = frozenset({"acknowledged", "handling"})
_BEFORE_HANDLED = frozenset({"reported", "pre_verify", "filed"})
_MOST_EXTENSIONS = 2


class Action(NamedTuple):
    """One button: the command, its key, and why it cannot be pressed ('' when it can)."""

    type: str
    key: str
    why_not: str = ""


def actions(row: CaseRow, now: int, unit: str = "") -> list[Action]:
    """What a desk shows for the case at ``now`` (Unix ms); nothing for a case that is not open.

    ``unit`` is the unit of whoever asks: a department answers for itself alone.
    """
    if not row.is_open:
        return []
    is_suspended = bool(row.pauses) and suspended_at(row, None, now)
    is_overdue = not is_suspended and has_come(row.deadline_at, now)
    escalation = decode_escalation(row.escalation) if row.escalation else None
    is_at_district = row.level == "district"
    awaited = [call for call in calls_of(row) if call.arrived_at is None and unit in {"", call.unit}]
    hidden = {
        "case.answer_whistle": not awaited,
        "case.acknowledge": row.status not in _TO_ACKNOWLEDGE,
        "case.progress": row.status not in _AT_WORK,
        "case.handle": row.status not in _TO_ACKNOWLEDGE | _AT_WORK,
        "case.acknowledge_escalation": escalation is None or escalation.acknowledged_at is not None,
        "case.escalate": is_at_district,
        "case.take_back": not is_at_district,
        "case.suspend": is_suspended,
        "case.resume": not is_suspended,
        "case.locate": row.lon is not None and "outside" not in row.flags,
    }
    why_not = {
        "case.suspend": "overdue" if is_overdue else "",
        "case.extend": "overdue"
        if is_overdue
        else "no_deadline"
        if row.deadline_at is None
        else "twice"
        if row.extensions >= _MOST_EXTENSIONS
        else "",
        "case.close": "not_handled" if row.status in _BEFORE_HANDLED else "",
    }
    return [Action(kind, key, why_not.get(kind, "")) for kind, key in ORDER if not hidden.get(kind)]
