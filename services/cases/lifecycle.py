"""The life of a case as a table (DOMAIN.md §2): what may follow what, who does it, what it needs. Pure.

The case system is the authority: an event that breaks the table is applied all the same, and flagged. Whether a step is
regular is judged against the step with the next lower version that we know, so that it does not depend on the order of
arrival: ``review`` of a set of events gives the same in any order.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.cases.deadlines import has_come
from services.contract.case import Case
from services.platform.clock import DAY_MS

_ENDED = frozenset({"not_filed", "closed", "forced_closed", "voided"})
_WITH_UNIT = frozenset({"dispatched", "acknowledged", "handling", "rework"})
_OPEN = frozenset({"reported", "pre_verify", "filed", "returned", "suspended", "handled", "post_check"} | _WITH_UNIT)
_ANY = _OPEN | _ENDED
_YEAR_MS = 366 * DAY_MS
MOST_EXTENSIONS = 2
_WHO_ACTS = "unit grid_worker street_staff"

# Why a step is irregular, in the order in which a panel says it.
IRREGULARITIES = (
    "order", "status", "no_reason", "no_time", "no_unit", "once_overdue", "too_many_extensions", "too_long", "level",
)  # fmt: skip


class Transition(NamedTuple):
    """One row: ``after`` these statuses, it leaves one of ``leaves`` (empty: the status stays), done by ``who``."""

    after: frozenset[str]
    leaves: frozenset[str]
    who: tuple[str, ...]
    needs: tuple[str, ...] = ()


def _row(after: Iterable[str], leaves: str, who: str, needs: str = "") -> Transition:
    return Transition(frozenset(after), frozenset(leaves.split()), tuple(who.split()), tuple(needs.split()))


TRANSITIONS: dict[str, Transition] = {
    "case.reported": _row((), "reported pre_verify", "grid_worker citizen channel"),
    "case.accepted": _row({"reported", "pre_verify"}, "reported pre_verify not_filed filed", "intake"),
    "case.filed": _row({"reported", "pre_verify"}, "filed", "intake duty_officer", "time"),
    "case.dispatched": _row(
        {"filed", "returned", "suspended"} | _WITH_UNIT,
        "dispatched",
        "dispatcher duty_officer street_staff",
        "unit time",
    ),
    "case.acknowledged": _row({"dispatched", "rework"}, "acknowledged", _WHO_ACTS),
    "case.handling": _row({"dispatched", "acknowledged", "handling", "rework"}, "handling", _WHO_ACTS),
    "case.handled": _row({"reported", "pre_verify", "filed"} | _WITH_UNIT, "handled", _WHO_ACTS, "time"),
    "case.checked": _row({"reported", "pre_verify", "handled", "post_check"}, "pre_verify post_check", "checker"),
    "case.closed": _row(_OPEN, "closed forced_closed", "duty_officer grid_worker", "time"),
    "case.reopened": _row({"closed", "forced_closed", "not_filed"}, " ".join(_OPEN), "duty_officer citizen"),
    "case.returned": _row(_WITH_UNIT, "returned filed", _WHO_ACTS, "reason"),
    "case.reworked": _row({"handled", "post_check"}, "rework", "checker", "reason"),
    "case.extended": _row(_WITH_UNIT, "", "unit duty_officer", "reason"),
    "case.suspended": _row(_WITH_UNIT, "suspended", "unit duty_officer", "reason"),
    "case.resumed": _row({"suspended"}, " ".join(_WITH_UNIT), "system duty_officer"),
    "case.escalated": _row(_OPEN, "", "street_staff duty_officer system", "reason"),
    "case.taken_back": _row(_OPEN, "", "duty_officer street_staff"),
    "case.supervised": _row(_OPEN, "", "duty_officer leader"),
    "case.urged": _row(_OPEN, "", "duty_officer street_staff leader"),
    "case.whistled": _row(_OPEN, "", "street_staff"),
    "case.appealed": _row(_ANY, "", "unit"),
    "case.rated": _row(_ANY, "", "citizen caller"),
    "case.voided": _row(_OPEN, "voided", "duty_officer", "reason time"),
    "case.merged": _row(_OPEN, "", "duty_officer intake"),
    "case.split": _row(_ANY, "", "duty_officer intake"),
    "case.corrected": _row(_ANY, "", "channel duty_officer"),
}
_OWN_TIME = {
    "filed": "filed_at",
    "dispatched": "dispatched_at",
    "handled": "handled_at",
    "closed": "closed_at",
    "forced_closed": "closed_at",
    "voided": "voided_at",
}
# A case solved on the spot goes the short way; anything else is handled before it is closed, unless by force.
_CLOSED_AFTER = frozenset({"handled", "post_check"})
# An escalation is acknowledged by the district without the status moving.
_MAY_STAY = frozenset({"case.acknowledged", "case.checked", "case.handling"})
_MOVE_LEVEL = frozenset({"case.dispatched", "case.escalated", "case.taken_back", "case.returned", "case.reopened"})


class CaseEvent(NamedTuple):
    """One event of a case's history; ``key`` decides between two of one version: the earlier stands."""

    key: int
    version: int
    type: str
    source: str
    time_ms: int
    case: Case
    deadline_at: int | None


class Before(NamedTuple):
    """What the step before left."""

    status: str
    level: str
    deadline_at: int | None


def irregularities(before: Before | None, told: CaseEvent) -> tuple[str, ...]:
    """Why this step breaks the table, in the order of ``IRREGULARITIES``; () when it does not.

    Without a step before (a reader may begin anywhere) only what the event says of itself is judged.
    """
    row = TRANSITIONS.get(told.type)
    if row is None:
        return ()
    case, found = told.case, set()
    stays = before is not None and case.status == before.status
    if before is not None:
        is_in_order = before.status in row.after or (stays and told.type in _MAY_STAY and before.status in _OPEN)
        if told.type == "case.closed" and case.status == "closed" and not case.self_handled:
            is_in_order = before.status in _CLOSED_AFTER
        if not is_in_order:
            found.add("order")
        if not row.leaves and not stays:
            found.add("status")
        if before.level and case.level and before.level != case.level and told.type not in _MOVE_LEVEL:
            found.add("level")
        if told.type in {"case.extended", "case.suspended"} and has_come(before.deadline_at, told.time_ms):
            found.add("once_overdue")
    if row.leaves and case.status not in row.leaves and not (stays and told.type in _MAY_STAY):
        found.add("status")
    for what in row.needs:
        if not _has(what, case):
            found.add(f"no_{what}")
    if case.extensions > MOST_EXTENSIONS and told.type == "case.extended":
        found.add("too_many_extensions")
    if told.type == "case.suspended" and case.suspensions:
        last = case.suspensions[-1]
        if last.until is not None and (last.until - last.from_).total_seconds() * 1000 > _YEAR_MS:
            found.add("too_long")
    return tuple(code for code in IRREGULARITIES if code in found) if found else ()


def review(events: Iterable[CaseEvent], before: Before | None = None) -> list[tuple[CaseEvent, tuple[str, ...]]]:
    """Each standing step of a case with its irregularities, by version; of one version only the earliest stands."""
    found = []
    last_version = 0
    for told in sorted(events, key=lambda t: (t.version, t.key)):
        if told.version == last_version:
            continue
        last_version = told.version
        found.append((told, irregularities(before, told)))
        before = Before(told.case.status, told.case.level or "", told.deadline_at)
    return found


def tally(steps: Sequence[tuple[CaseEvent, tuple[str, ...]]]) -> dict[tuple[str, str], int]:
    """(``irregular:<code>``, source) → how many."""
    counts: dict[tuple[str, str], int] = {}
    for told, codes in steps:
        for code in codes:
            key = f"irregular:{code}", told.source
            counts[key] = counts.get(key, 0) + 1
    return counts


def _has(what: str, case: Case) -> bool:
    if what == "unit":
        return bool(case.lead_unit)
    if what == "reason":
        return case.step is not None and bool(case.step.reason or case.step.reason_code)
    # Its own time; a reopened case, say, keeps its earlier ones.
    return getattr(case, _OWN_TIME.get(case.status, "reported_at")) is not None
