"""What may come between the dispatch and the closing: return, suspension, whistle, escalation, rating."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from services.contract.case import CaseClock, Escalation, Rating, Supervision, Suspension, Whistle, WhistledUnit
from services.contract.case import Step as Act
from services.operations.simulator import names
from services.operations.simulator.course import Course
from services.operations.simulator.record import StoryRecord
from services.operations.simulator.step import StoryStep, utc
from services.platform.clock import DAY_MS, HOUR_MS, MINUTE_MS

_replace = msgspec.structs.replace


def acknowledged(record: StoryRecord, at: int) -> StoryStep:
    """签收: the unit takes it."""
    name = record.case.handler or names.person(record.dice)[0]
    return record.event(
        "case.acknowledged",
        at,
        Act(actor=name, unit=record.case.lead_unit),
        status="acknowledged",
        acknowledged_at=utc(record.not_before(at)),
        handler=name,
    )


def dispatched_again(record: StoryRecord, at: int) -> StoryStep:
    """Another unit gets it; no clock starts again."""
    before, unit = record.case.lead_unit, record.department()
    if unit == before:
        unit = record.department("01") or unit
    return record.event(
        "case.dispatched",
        at,
        Act(actor="派遣员", unit=unit, from_unit=before),
        status="dispatched",
        lead_unit=unit or None,
        dispatches=record.case.dispatches + 1,
        handler=None,
    )


def returned(record: StoryRecord, at: int) -> Iterator[StoryStep]:
    """退回: the unit says it is not its own."""
    case, is_wrong = record.case, record.dice.chance(0.8)
    act = Act(unit=case.lead_unit, reason_code="wrong_unit" if is_wrong else "beyond_power", reason="不属于本单位职责")
    yield record.event(
        "case.returned",
        at,
        act,
        status="returned",
        returns=case.returns + 1,
        wrong_dispatches=case.wrong_dispatches + int(is_wrong),
    )
    yield dispatched_again(record, record.after(22))
    yield acknowledged(record, record.after(18))


def suspended(record: StoryRecord, course: Course, share: float) -> Iterator[StoryStep]:
    """挂账, and its end by itself."""
    at = record.not_before(course.at(share))
    until = record.office.awake(at + int(record.dice.between(4, 45) * DAY_MS))
    past = [*record.case.suspensions, Suspension(from_=utc(at))]
    yield record.event("case.suspended", at, Act(reason="需专项资金"), status="suspended", suspensions=past)
    yield resumed(record, course, share, until)


def resumed(record: StoryRecord, course: Course, share: float, until_ms: int) -> StoryStep:
    """The handling goes on; the deadlines have moved by the pause."""
    case, until_ms = record.case, record.not_before(until_ms)
    from_ms = round(case.suspensions[-1].from_.timestamp() * 1000)
    course.pause(share, from_ms, until_ms)
    past = [*case.suspensions[:-1], _replace(case.suspensions[-1], until=utc(until_ms))]
    clocks = course.clocks(case.level or "street") if case.clocks else []
    return record.event(
        "case.resumed", until_ms, Act(note="挂账期满"), status="handling", suspensions=past, clocks=clocks
    )


def whistled(record: StoryRecord, at: int) -> Iterator[StoryStep]:
    """吹哨报到: departments are called, where there are any; what they do is told by
    services.operations.simulator.whistles.
    """
    units = [u for u in dict.fromkeys(record.department(d) for d in (record.domain, "02", "06")) if u][:3]
    if units:
        at = record.not_before(at)
        called = Whistle(at=utc(at), reason_code="needs_departments", units=[WhistledUnit(unit=u) for u in units])
        before = record.case.whistles
        yield record.event("case.whistled", at, Act(unit=record.brigade), whistles=[*before, called], co_units=units)


def escalated(record: StoryRecord, course: Course, reason: str, at: int) -> Iterator[StoryStep]:
    """升级: the district centre takes it, acknowledges it, and works quickly from then on."""
    at, dice, to = record.not_before(at), record.dice, record.department()
    hours = dice.between(1, 3) if reason == "severity" else dice.between(2, 9)
    left = (course.deadline_ms - at) / HOUR_MS
    if left > 0.5 and dice.chance(0.8):
        hours = min(hours, left)
    passed = Escalation(
        from_=record.brigade or None, to=to, reason_code=reason, at=utc(at), deadline_at=utc(at + int(hours * HOUR_MS))
    )
    yield record.event(
        "case.escalated",
        at,
        Act(unit=to, from_unit=record.brigade, reason_code=reason),
        level="district",
        highest_level="district",
        lead_unit=to or None,
        escalations=[*record.case.escalations, passed],
    )
    slow = dice.chance(0.08)
    yield taken(record, record.now_ms + int((dice.between(25, 150) if slow else 1 + dice.wait(4)) * MINUTE_MS))
    course.hurry(record.now_ms, hours * (dice.between(1.05, 1.6) if dice.chance(0.12) else dice.between(0.4, 0.92)))


def taken(record: StoryRecord, at: int) -> StoryStep:
    """Someone at the district acknowledges the escalation."""
    who, passed = names.person(record.dice)[0], record.case.escalations
    seen = _replace(passed[-1], acknowledged_at=utc(record.not_before(at)), acknowledged_by=who)
    return record.event("case.acknowledged", at, Act(actor=who, unit=seen.to), escalations=[*passed[:-1], seen])


def supervised(record: StoryRecord, at: int, is_late: bool) -> StoryStep:
    """督办."""
    at, dice = record.not_before(at), record.dice
    other: Literal["leader", "important"] = "leader" if dice.chance(0.5) else "important"
    seen = Supervision(kind="overdue" if is_late else other, level=dice.whole(1, 3), at=utc(at))
    return record.event("case.supervised", at, Act(actor="值班长"), supervisions=[*record.case.supervisions, seen])


def rated(record: StoryRecord, at: int) -> StoryStep:
    """The call-back: before the closing, as 回访 is done."""
    dice, at = record.dice, record.not_before(at)
    if dice.chance(0.12):
        answer = Rating(valid=False, contacted=False, at=utc(at))
    elif dice.chance(0.05 + record.late):
        answer = Rating(
            valid=True, contacted=True, solved="no", at=utc(at), satisfied="fairly" if dice.chance(0.3) else "no"
        )
    else:
        answer = Rating(
            valid=True, contacted=True, solved="yes", at=utc(at), satisfied="fairly" if dice.chance(0.2) else "yes"
        )
    return record.event("case.rated", at, Act(actor="回访员"), rating=answer)


def stopped(clocks: list[CaseClock], what: Literal["handle", "close"], at: int) -> list[CaseClock]:
    """The clocks with one of them stopped."""
    return [_replace(c, stopped_at=utc(at)) if c.what == what else c for c in clocks]
