"""The policy as functions of a case and the clock: who holds it, which rule strikes, when the next one will. Pure.

Level 1 is the street with its communities and grids, level 2 the district. A case with a known place and level is held
at exactly that level; without one of them it is the district's, so that no case is held by nobody.
"""

import hashlib
from typing import NamedTuple

import msgspec

from services.cases.case import CaseRow, pauses_in
from services.cases.deadlines import has_come
from services.district.policy import RULES, EscalationPolicy
from services.platform.clock import MINUTE_MS

# What the case system writes down for each rule (CONTRACT.md, reason codes).
REASONS = {
    "severity": "severity",
    "ping_pong": "ping_pong",
    "unheld": "other",
    "rework_limit": "rework_limit",
    "whistle": "whistle",
    "repeat": "repeat",
    "level_deadline": "level_deadline",
}
assert {*REASONS, "asked"} == {*RULES}
# The rules that ask the clock. They alone may ask again once somebody has given a case back to its street: what they
# see has happened since; a count or a severity is what that person has already weighed.
_BY_CLOCK = ("level_deadline", "unheld", "whistle")
DECLINED = "declined"  # the mode of a proposal that somebody has answered with no
ALWAYS, NEVER = -(1 << 62), 1 << 62
# Work that a unit must have: with one of these statuses and no unit nobody acts.
_NEEDS_UNIT = frozenset({"filed", "returned", "dispatched", "acknowledged", "handling", "rework"})


class Holder(NamedTuple):
    """Who holds a case: a level, and the unit there ('' when none is named)."""

    level: str
    unit: str


class DeclinedProposal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who has answered a proposal with no: the account's name, when (Unix ms), and why, masked."""

    by: str
    at: int
    why: str


class Proposal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the policy asks for a case. ``mode``: ``confirm`` waits for a person, ``auto`` is commanded, ``declined``.

    ``occasion`` numbers the times that the case could go to the district; ``command_id`` is empty until one is sent.
    ``declined`` is a ``DeclinedProposal`` as JSON; empty until somebody has declined it.
    """

    case_id: str
    version: int
    rule: str
    reason_code: str
    mode: str
    at: int
    occasion: int = 0
    command_id: str = ""
    declined: str = ""

    @property
    def decision(self) -> str:
        """What makes it one decision: asked again by another process it is the same one."""
        return f"{self.case_id}|{self.rule}|{self.occasion}"


def holder(row: CaseRow) -> Holder:
    """Who holds an open case."""
    if not row.street or not row.level:
        return Holder("district", row.lead_unit)
    return Holder(row.level, row.lead_unit)


decode_declined = msgspec.json.Decoder(DeclinedProposal).decode
encode_declined = msgspec.json.Encoder().encode


def declined_of(proposal: Proposal | None) -> DeclinedProposal | None:
    """Who has declined it; None: nobody has."""
    return decode_declined(proposal.declined) if proposal is not None and proposal.declined else None


def is_unheld(row: CaseRow) -> bool:
    """Whether no unit has it though one must: filed and not dispatched, returned and not dispatched again."""
    return row.status in _NEEDS_UNIT and (not row.lead_unit or row.status in {"filed", "returned"})


def strikes(row: CaseRow, rule: str, now: int, policy: EscalationPolicy, earlier: int = 0) -> bool:
    """Whether a rule says that the case is the district's. ``earlier``: closed repeats nearby
    (services.cases.repeats).
    """
    if rule == "severity":
        return row.severity <= policy.automatic_severity
    if rule == "ping_pong":
        return row.returns >= policy.returns
    if rule == "rework_limit":
        return row.reworks >= policy.reworks
    if rule == "asked":
        return bool(row.asked)
    if rule == "repeat":
        return earlier >= policy.repeat_earlier
    at = _strikes_at(row, rule, policy)
    return has_come(at, now)


def _strikes_at(row: CaseRow, rule: str, policy: EscalationPolicy) -> int | None:
    """When a rule of the clock strikes."""
    if rule == "level_deadline":
        if row.deadline_at is None:
            return None
        at = row.deadline_at + int(policy.after_level_deadline_minutes * MINUTE_MS)
        for start, until in sorted(pauses_in(row)) if row.pauses else ():
            if start <= at:
                if until is None:
                    return None  # while it is suspended nobody is late
                at = max(at, until)
        return at
    if rule == "unheld":
        return row.event_at + int(policy.unheld_minutes * MINUTE_MS) if is_unheld(row) else None
    return None if row.whistled_at is None else row.whistled_at + int(policy.whistle_minutes * MINUTE_MS)


def takeover_moment(row: CaseRow, policy: EscalationPolicy) -> int | None:
    """When the clock of level 1's deadline makes a case the district's, by its deadline as it stands; None: never."""
    return _strikes_at(row, "level_deadline", policy)


def decide(row: CaseRow, now: int, policy: EscalationPolicy, earlier: int = 0) -> Proposal | None:
    """The first rule that strikes, or None: an open case at level 1 that stays there.

    After somebody has given the case back nothing is commanded any more, only proposed.
    """
    if not row.is_open or row.level == "district":
        return None
    modes = policy.modes
    for rule in RULES:
        mode = modes[rule]
        if mode == "off" or (row.escalations and rule not in _BY_CLOCK):
            continue
        if strikes(row, rule, now, policy, earlier):
            return Proposal(
                row.case_id,
                row.version,
                rule,
                row.asked if rule == "asked" else REASONS[rule],
                "confirm" if row.escalations else mode,
                now,
                row.escalations,
            )
    return None


def waits_until(row: CaseRow, policy: EscalationPolicy, earlier: int = 0) -> tuple[int, int]:
    """The moments from which any rule strikes, and any that commands: until then ``decide`` says None, or no command.

    ``ALWAYS`` when the clock is not asked, ``NEVER`` where none will.
    """
    anything = commanding = NEVER
    for rule, mode in policy.modes.items():
        if mode == "off" or (row.escalations and rule not in _BY_CLOCK):
            continue
        at = _strikes_at(row, rule, policy) if rule in _BY_CLOCK else ALWAYS
        if at is None or (at == ALWAYS and not strikes(row, rule, 0, policy, earlier)):
            continue
        anything = min(anything, at)
        if mode == "auto" and not row.escalations:
            commanding = min(commanding, at)
    return anything, commanding


def takeover(row: CaseRow, policy: EscalationPolicy) -> tuple[int, str] | None:
    """When the clock alone makes the case the district's, and by which rule; None: never as it stands, or it is now."""
    if not row.is_open or holder(row).level == "district":
        return None
    found = [
        (at, rule)
        for rule in _BY_CLOCK
        if policy.modes[rule] != "off" and (at := _strikes_at(row, rule, policy)) is not None
    ]
    return min(found, default=None)


def command_id(district: str, decision: str, attempt: str) -> str:
    """The id of the command that carries out a decision: the same for whoever makes it, another after a refusal."""
    return "esc-" + hashlib.sha256(f"{district}|{decision}|{attempt}".encode()).hexdigest()[:40]
