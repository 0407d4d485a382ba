"""What becomes of a whistle (吹哨报到): the departments called answer, arrive, and it ends with a result.

Whoever blew it, the street in its own story or a command, the same happens: the answers are a function of the case, the
moment of the whistle and the department, and are laid between the events of whatever story the case is in.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from services.contract.case import Case, Whistle, WhistledUnit
from services.contract.case import Step as Act
from services.operations.simulator.dice import Dice
from services.operations.simulator.record import StoryRecord, is_open
from services.operations.simulator.step import StoryStep, utc
from services.platform.clock import MINUTE_MS, to_ms

# Most answer within the half hour that they have; some are late, the rest never come.
IN_TIME, LATE = 0.84, 0.12
RESULT, NOBODY, CUT_SHORT = "现场联合处置", "无部门到场，由街道自行处置", "案件已了结"
_replace = msgspec.structs.replace


class DepartmentAct(NamedTuple):
    """What a department does at ``at_ms``: answer or arrive; without a ``unit`` the whistle ends."""

    at_ms: int
    unit: str
    arrives: bool


def attended(record: StoryRecord, story: Iterator[StoryStep]) -> Iterator[StoryStep]:
    """The story with the answers to the case's open whistles between its events; versions move up by them."""
    case, begun_ms = record.case, record.now_ms
    for step in story:
        if not step.case.whistles:  # of most cases there is nothing more to say
            case = step.case
            yield step
            continue
        while (deed := _next_deed(case)) is not None:
            at_ms = max(deed.at_ms, begun_ms)  # what should have happened before the story was taken up happens now
            if at_ms > step.time_ms:
                break
            case = _done(case, deed, at_ms)
            yield StoryStep(at_ms, "case.whistled", case)
        blown = step.case.whistles[len(case.whistles) :]
        case = _replace(step.case, version=case.version + 1, whistles=[*case.whistles, *blown])
        if not is_open(case):
            case = _replace(case, whistles=ended(case.whistles, step.time_ms))
        record.case = case
        yield StoryStep(step.time_ms, step.type, case)


def ended(whistles: Sequence[Whistle], at_ms: int) -> list[Whistle]:
    """The whistles of a case that is over: none of them still waits for anybody."""
    return [w if w.ended_at else _replace(w, ended_at=utc(at_ms), result=w.result or CUT_SHORT) for w in whistles]


def _next_deed(case: Case) -> DepartmentAct | None:
    """What happens next on the case's open whistles."""
    found = [deed for whistle in case.whistles if whistle.ended_at is None for deed in _left(case, whistle)]
    return min(found, default=None)


def _left(case: Case, whistle: Whistle) -> Iterator[DepartmentAct]:
    """What has not happened yet of a whistle."""
    if whistle.at is None:
        return
    blown_ms = to_ms(whistle.at)
    last_ms, anybody = blown_ms + 60 * MINUTE_MS, False
    for unit in whistle.units:
        answer_ms, arrive_ms = _fate(case, blown_ms, unit)
        if answer_ms is None:
            continue
        anybody, last_ms = True, max(last_ms, arrive_ms)
        if unit.answered_at is None:
            yield DepartmentAct(answer_ms, unit.unit, False)
        if unit.arrived_at is None:
            yield DepartmentAct(arrive_ms, unit.unit, True)
    dice = Dice("whistle", case.case_id, blown_ms, "end")
    yield DepartmentAct(last_ms + int(dice.between(20, 70) * MINUTE_MS), "", anybody)


def _fate(case: Case, blown_ms: int, unit: WhistledUnit) -> tuple[int | None, int]:
    """When a department answers (None: never) and when it is there; what has happened already stands."""
    dice = Dice("whistle", case.case_id, blown_ms, unit.unit)
    chance, soon, late, way = dice.share(), dice.between(2, 28), dice.between(32, 75), dice.between(6, 35)
    answer_ms = None if chance > IN_TIME + LATE else blown_ms + int((soon if chance < IN_TIME else late) * MINUTE_MS)
    if unit.answered_at is not None:
        answer_ms = to_ms(unit.answered_at)
    if unit.arrived_at is not None:
        arrive_ms = to_ms(unit.arrived_at)
        return arrive_ms if answer_ms is None else answer_ms, arrive_ms
    return answer_ms, (answer_ms or 0) + int(way * MINUTE_MS)


def _done(case: Case, deed: DepartmentAct, at_ms: int) -> Case:
    """The case after a deed that comes at ``at_ms``."""
    at = utc(at_ms)
    whistles = []
    for whistle in case.whistles:
        changed = whistle
        if whistle.ended_at is None and deed in _left(case, whistle):
            if deed.unit:
                what = {"arrived_at" if deed.arrives else "answered_at": at}
                units = [_replace(unit, **what) if unit.unit == deed.unit else unit for unit in whistle.units]
                changed = _replace(whistle, units=units)
            else:
                changed = _replace(whistle, ended_at=at, result=RESULT if deed.arrives else NOBODY)
        whistles.append(changed)
    note = ("部门到场" if deed.arrives else "部门应答") if deed.unit else "联合执法结束"
    return _replace(case, version=case.version + 1, whistles=whistles, step=Act(unit=deed.unit or None, note=note))
