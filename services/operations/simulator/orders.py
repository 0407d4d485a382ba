"""Commands, decided: a case and what is asked of it in, the events with the effect or a refusal out. No I/O.

CONTRACT.md «Commands»: a stale ``expected_version`` is refused, the event with the effect repeats the command's id.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from services.cases.deadlines import has_come
from services.contract.case import Case, Escalation, Limit, Supervision, Suspension, Whistle, WhistledUnit
from services.contract.case import Step as Act
from services.operations.simulator.course import Course
from services.operations.simulator.incidents import stopped
from services.operations.simulator.order import Desk, Order, RefusedOrder
from services.operations.simulator.record import is_open
from services.operations.simulator.step import StoryStep, utc
from services.operations.simulator.whistles import ended
from services.platform.clock import DAY_MS, HOUR_MS, to_ms

_replace = msgspec.structs.replace

Changes = dict[str, Any]
# What a step's note says of it.
_NOTES = {
    ("case.progress", "departed"): "已出发",
    ("case.progress", "arrived"): "已到场",
    ("case.answer_whistle", "answered"): "部门应答",
    ("case.answer_whistle", "arrived"): "部门到场",
}


def obey(kind: str, command_id: str, order: Order, desk: Desk) -> list[StoryStep]:
    """The events that carry out an order, the first on the case itself. Raises RefusedOrder with the reason."""
    if kind == "camera.repair":
        if order.camera_id not in desk.cameras:
            raise RefusedOrder("camera_unknown", f"camera_id {order.camera_id!r}")
        return []
    deed = _DEEDS.get(kind)
    if deed is None:
        raise RefusedOrder("unknown_type", f"{kind!r} is not a command of the contract")
    case = desk.open_cases.get(order.case_id)
    if case is None:
        raise RefusedOrder("closed", f"case {order.case_id!r} is unknown or no longer open")
    if order.acted_at is not None and not 0 <= desk.now_ms - to_ms(order.acted_at) <= DAY_MS:
        raise RefusedOrder("bad_value", "acted_at is ahead, or more than 24 hours back")
    if order.acted_at is None and order.expected_version != case.version:
        raise RefusedOrder("stale", f"expected_version {order.expected_version}, the case is at {case.version}")
    if order.reason is not None and len(order.reason) > 500:
        raise RefusedOrder("bad_value", "reason is longer than 500 characters")
    act = Act(
        actor=order.actor.user or None,
        unit=order.unit,
        reason=order.reason,
        reason_code=order.reason_code,
        note=_NOTES.get((kind, order.what or ""), order.result),
        command_id=command_id,
    )
    steps: list[StoryStep] = []
    for number, (event, changes) in enumerate(deed(case, order, desk)):
        if "case_id" in changes:
            fresh = _replace(case, version=1, step=act, **changes)
        else:
            fresh = case = _replace(case, version=case.version + 1, step=act, **changes)
        steps.append(StoryStep(desk.now_ms + number, event, fresh))
    return steps


def _need(value: Any, name: str) -> Any:
    if value is None or value in ("", []):
        raise RefusedOrder("missing", name)
    return value


def _told(kind: str, **changes: Any) -> list[tuple[str, Changes]]:
    """The one event that such an order leads to."""
    return [(kind, changes)]


def _dispatch(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    changes: Changes = {
        "status": "dispatched",
        "lead_unit": _need(order.lead_unit, "lead_unit"),
        "co_units": order.co_units,
        "dispatches": case.dispatches + 1,
        "handler": None,
    }
    if case.dispatched_at is None:
        limit = order.limit or case.limit or Limit(value=5, unit="WD")
        changes["dispatched_at"] = utc(desk.now_ms)
        changes["filed_at"] = case.filed_at or utc(desk.now_ms)
        changes["clocks"] = Course(desk.office, desk.now_ms, limit).clocks(case.level or "street")
    return [("case.dispatched", changes)]


def _return(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    wrong = int(order.reason_code in {None, "wrong_unit"})
    back = (
        "case.returned",
        {"status": "returned", "returns": case.returns + 1, "wrong_dispatches": case.wrong_dispatches + wrong},
    )
    if not order.to_unit:
        return [back]
    again = {"status": "dispatched", "lead_unit": order.to_unit, "dispatches": case.dispatches + 1, "handler": None}
    return [back, ("case.dispatched", again)]


def _urge(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    return [("case.urged", {})]


def _supervise(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    if order.kind not in {"overdue", "leader", "important"}:
        raise RefusedOrder("bad_value", f"kind {order.kind!r} is none of overdue, leader, important")
    if order.level is not None and not 1 <= order.level <= 3:
        raise RefusedOrder("bad_value", f"level {order.level} is not 1, 2 or 3")
    seen = Supervision(kind=order.kind, level=order.level, at=utc(desk.now_ms))  # type: ignore[arg-type]  # looked at above
    return [("case.supervised", {"supervisions": [*case.supervisions, seen]})]


def _escalate(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    if case.level == "district" and case.escalations and case.escalations[-1].returned_at is None:
        raise RefusedOrder("already", "the case is at the district")
    passed = Escalation(
        from_=case.lead_unit,
        to=_need(order.to, "to"),
        reason_code=order.reason_code or "other",
        reason=order.reason,
        at=utc(desk.now_ms),
        deadline_at=utc(desk.now_ms + 4 * HOUR_MS),
    )
    return _told(
        "case.escalated",
        level="district",
        highest_level="district",
        lead_unit=order.to,
        escalations=[*case.escalations, passed],
    )


def _acknowledge(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    if not case.escalations or case.escalations[-1].returned_at is not None:
        raise RefusedOrder("no_escalation", "none waits for an acknowledgement")
    if case.escalations[-1].acknowledged_at is not None:
        raise RefusedOrder("already", "acknowledged")
    seen = _replace(case.escalations[-1], acknowledged_at=utc(desk.now_ms), acknowledged_by=order.actor.user or None)
    return [("case.acknowledged", {"escalations": [*case.escalations[:-1], seen]})]


def _take(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    """Whoever has it takes it on."""
    if case.status not in {"dispatched", "rework"}:
        raise RefusedOrder("not_now", f"status {case.status}")
    return _told(
        "case.acknowledged",
        status="acknowledged",
        acknowledged_at=_acted(order, desk),
        handler=order.actor.user or None,
    )


def _progress(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    if order.what not in {"departed", "arrived"}:
        raise RefusedOrder("bad_value", f"what {order.what!r} is neither departed nor arrived")
    if case.status not in {"acknowledged", "handling"}:
        raise RefusedOrder("not_now", f"status {case.status}")
    return [("case.handling", {"status": "handling", "handler": order.actor.user or case.handler})]


def _handle(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    if case.status not in {"dispatched", "acknowledged", "handling", "rework"}:
        raise RefusedOrder("not_now", f"status {case.status}")
    _need(order.result, "result")
    return _told(
        "case.handled",
        status="handled",
        handled_at=_acted(order, desk),
        handler=order.actor.user or case.handler,
        attachments=[*case.attachments, *order.attachments],
        clocks=stopped(case.clocks, "handle", desk.now_ms),
    )


def _answer_whistle(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    """A unit answers every whistle that calls it; whoever is there has answered."""
    if order.what not in {"answered", "arrived"}:
        raise RefusedOrder("bad_value", f"what {order.what!r} is neither answered nor arrived")
    unit, at = _need(order.unit, "unit"), _acted(order, desk)
    whistles, is_called, is_new = [], False, False
    for whistle in case.whistles:
        units = []
        for called in whistle.units:
            fresh = called
            if called.unit == unit and whistle.ended_at is None:
                arrived = at if order.what == "arrived" else None
                fresh = _replace(called, answered_at=called.answered_at or at, arrived_at=called.arrived_at or arrived)
                is_called, is_new = True, is_new or fresh != called
            units.append(fresh)
        whistles.append(_replace(whistle, units=units))
    if not is_called:
        raise RefusedOrder("no_whistle", f"no open whistle calls {unit}")
    if not is_new:
        raise RefusedOrder("already", order.what)
    return [("case.whistled", {"whistles": whistles})]


def _acted(order: Order, desk: Desk) -> datetime:
    return order.acted_at or utc(desk.now_ms)


def _take_back(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    if case.level != "district" or not case.escalations:
        raise RefusedOrder("not_at_district", f"level {case.level}")
    back = _replace(case.escalations[-1], returned_at=utc(desk.now_ms))
    return _told(
        "case.taken_back",
        level="street",
        lead_unit=back.from_ or case.lead_unit,
        escalations=[*case.escalations[:-1], back],
    )


def _whistle(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    units = list(dict.fromkeys(_need(order.units, "units")))
    if not all(unit.strip() for unit in units):
        raise RefusedOrder("bad_value", "units holds an empty code")
    called = Whistle(at=utc(desk.now_ms), reason_code=order.reason_code, units=[WhistledUnit(unit=u) for u in units])
    return [("case.whistled", {"whistles": [*case.whistles, called], "co_units": units})]


def _extend(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    close = next((c for c in case.clocks if c.what == "close"), None)
    if close is None or close.limit is None or close.deadline_at is None or close.started_at is None:
        raise RefusedOrder("no_clock", "no closing clock runs")
    if case.extensions >= 2:
        raise RefusedOrder("already", "extended twice")
    if has_come(to_ms(close.deadline_at), desk.now_ms):
        raise RefusedOrder("overdue", "never extended then")
    course = Course(desk.office, to_ms(close.started_at), close.limit)
    course.deadline_ms = to_ms(close.deadline_at)
    course.extend()
    return [("case.extended", {"extensions": case.extensions + 1, "clocks": course.clocks(case.level or "street")})]


def _suspend(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    until_ms = to_ms(_need(order.until, "until"))
    close = next((c for c in case.clocks if c.what == "close" and c.deadline_at is not None), None)
    if case.status == "suspended":
        raise RefusedOrder("already", "suspended")
    if close is not None and close.deadline_at is not None and has_come(to_ms(close.deadline_at), desk.now_ms):
        raise RefusedOrder("overdue", "never suspended then")
    if not desk.now_ms < until_ms <= desk.now_ms + 366 * DAY_MS:
        raise RefusedOrder("bad_value", "until is not within a year from now")
    return _told(
        "case.suspended", status="suspended", suspensions=[*case.suspensions, Suspension(from_=utc(desk.now_ms))]
    )


def _resume(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    if case.status != "suspended" or not case.suspensions:
        raise RefusedOrder("not_suspended", f"status {case.status}")
    began = to_ms(case.suspensions[-1].from_)
    clocks = [
        c
        if c.deadline_at is None or c.stopped_at is not None
        else _replace(
            c,
            deadline_at=utc(
                desk.office.after_pause(
                    to_ms(c.deadline_at), began, desk.now_ms, c.limit.unit if c.limit is not None else "UH"
                )
            ),
        )
        for c in case.clocks
    ]
    past = [*case.suspensions[:-1], _replace(case.suspensions[-1], until=utc(desk.now_ms))]
    return [("case.resumed", {"status": "handling", "suspensions": past, "clocks": clocks})]


def _close(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    now = utc(desk.now_ms)
    watched = [s if s.ended_at else _replace(s, ended_at=now) for s in case.supervisions]
    return _told(
        "case.closed",
        status="closed",
        closed_at=now,
        handled_at=case.handled_at or now,
        supervisions=watched,
        whistles=ended(case.whistles, desk.now_ms),
        clocks=stopped(case.clocks, "close", desk.now_ms),
    )


def _void(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    return _told("case.voided", status="voided", voided_at=utc(desk.now_ms), whistles=ended(case.whistles, desk.now_ms))


def _merge(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    into = desk.open_cases.get(_need(order.into, "into"))
    if into is None or into.case_id == case.case_id or not is_open(into):
        raise RefusedOrder("bad_value", f"into {order.into!r} is no other open case")
    return [("case.merged", {"merged_into": into.case_id, "whistles": ended(case.whistles, desk.now_ms)})]


def _split(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    fresh = Case(
        case_id=f"{case.case_id[:56]}-S{case.version + 1}",
        version=1,
        status="reported",
        channel=case.channel,
        reported_at=utc(desk.now_ms),
    )
    kept = ("title", "description", "address", "domain", "category", "severity", "lon", "lat", "coord_sys", "street",
            "community", "grid", "reporter")  # fmt: skip
    twin = {name: getattr(fresh, name) for name in Case.__struct_fields__ if name not in {*kept, "version", "step"}}
    twin |= {"level": "street", "highest_level": "street"}
    return [("case.split", {}), ("case.reported", twin)]


def _assign_unit(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    unit_id = _need(order.unit_id, "unit_id")
    if unit_id not in desk.units:
        raise RefusedOrder("unit_unknown", f"unit_id {unit_id!r}")
    if desk.units[unit_id] == "off":
        raise RefusedOrder("unit_off", f"{unit_id} is off duty")
    return [("case.corrected", {"handler": unit_id})]


def _locate(case: Case, order: Order, desk: Desk) -> list[tuple[str, Changes]]:
    place = {
        "lon": _need(order.lon, "lon"),
        "lat": _need(order.lat, "lat"),
        "coord_sys": _need(order.coord_sys, "coord_sys"),
    }
    return [("case.corrected", {**place, "street": None, "community": None, "grid": None})]


_DEEDS: dict[str, Callable[[Case, Order, Desk], list[tuple[str, Changes]]]] = {
    "case.dispatch": _dispatch, "case.return": _return, "case.urge": _urge, "case.supervise": _supervise,
    "case.escalate": _escalate, "case.acknowledge_escalation": _acknowledge, "case.take_back": _take_back,
    "case.whistle": _whistle, "case.extend": _extend, "case.suspend": _suspend, "case.resume": _resume,
    "case.close": _close, "case.void": _void, "case.merge": _merge, "case.split": _split,
    "case.assign_unit": _assign_unit, "case.locate": _locate, "case.acknowledge": _take, "case.progress": _progress,
    "case.handle": _handle, "case.answer_whistle": _answer_whistle,
}  # fmt: skip
COMMANDS = (*_DEEDS, "camera.repair")
