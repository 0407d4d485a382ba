"""What becomes of the demo's whistles: answers, arrivals, an end; the same after a restart, and late ones are found."""

import functools
from collections import Counter
from itertools import pairwise

import msgspec
import pytest

from services.cases.case import CasePlace, settle
from services.cases.escalation import decide
from services.cases.joint import joint
from services.contract.case import Case
from services.contract.parse import Event, parse
from services.district.calendar import calendar_of
from services.district.policy import EscalationPolicy
from services.operations.simulator.order import Desk, Order
from services.operations.simulator.orders import obey
from services.operations.simulator.record import is_open
from services.operations.simulator.step import StoryStep
from services.platform.clock import to_ms
from tests.unit.operations.test_simulator_world import DAY_MS, END_MS, system

MINUTE_MS = 60_000
POLICY = EscalationPolicy()


@functools.cache
def lives() -> list[list[StoryStep]]:
    """The cases of some days in which a whistle was blown, each with its steps."""
    found = []
    for minute in range((END_MS - 6 * DAY_MS) // MINUTE_MS, END_MS // MINUTE_MS):
        for step in system().arrivals(minute):
            if step.type == "case.reported":
                steps = [step, *system().following(step.case, step.time_ms)]
                if steps[-1].case.whistles:
                    found.append(steps)
    return found


def test_most_departments_answer_in_time_some_late_and_a_few_never():
    ends = [joint(steps[-1].case.whistles, steps[-1].time_ms, POLICY)[0] for steps in lives()]
    units = [unit for one in ends for unit in one.units]
    assert len(units) > 100
    share = {state: n / len(units) for state, n in Counter(str(unit.in_time) for unit in units).items()}
    assert share["True"] > 0.7 and 0.02 < share["False"] < 0.3
    assert any(unit.state == "absent" for unit in units)
    assert all(one.ended_at is not None and one.result for one in ends)


def test_steps_are_in_order_of_time_and_version_and_each_tells_one_thing():
    for steps in lives():
        assert [s.case.version for s in steps] == list(range(1, len(steps) + 1))
        assert [s.time_ms for s in steps] == sorted(s.time_ms for s in steps)
        for before, after in pairwise(steps):
            if after.type == "case.whistled" and len(after.case.whistles) == len(before.case.whistles):
                assert after.case.step is not None and after.case.step.note
                assert (
                    msgspec.structs.replace(
                        after.case, whistles=before.case.whistles, version=before.case.version, step=before.case.step
                    )
                    == before.case
                )


def test_from_any_state_the_story_goes_on_as_it_was_begun():
    for steps in lives()[:12]:
        for number, step in enumerate(steps[:-1]):
            told = list(system().following(step.case, step.time_ms))
            assert [s.case for s in told] == [s.case for s in steps[number + 1 :]]


def test_the_escalator_finds_the_whistles_that_are_not_answered_within_thirty_minutes():
    calendar = calendar_of(system().district)
    struck = waiting = 0
    for steps in lives():
        for step, following in zip(steps, [*(s.time_ms for s in steps[1:]), END_MS + DAY_MS], strict=True):
            for whistle in step.case.whistles:
                assert whistle.at is not None
                due = to_ms(whistle.at) + 30 * MINUTE_MS
                stands = step.time_ms <= due < following and is_open(step.case) and whistle.ended_at is None
                if not stands or step.case.level == "district" or all(u.answered_at for u in whistle.units):
                    continue
                waiting += 1
                event = parse(f"{step.time_ms}-0", system().encode(step), step.time_ms)
                assert isinstance(event, Event)
                row = settle(event, step.time_ms << 20, CasePlace(street="S"), "01", calendar)
                assert row.whistled_at == to_ms(whistle.at)
                proposal = decide(row, due, POLICY)
                struck += proposal is not None and proposal.rule == "whistle"
    assert waiting > 5 and struck > 0.8 * waiting  # a rule that stands before it may strike first


@functools.cache
def calm() -> StoryStep:
    """A case in work without a whistle, at some moment of the day."""
    for minute in range((END_MS - DAY_MS) // MINUTE_MS, END_MS // MINUTE_MS):
        for step in system().arrivals(minute):
            for later in system().following(step.case, step.time_ms):
                if later.case.status == "handling" and not later.case.whistles and later.case.level == "street":
                    return later
    raise AssertionError("no case is in work")


def blown(*units: str) -> Case:
    step = calm()
    order = Order(case_id=step.case.case_id, expected_version=step.case.version, units=list(units))
    (found,) = obey("case.whistle", "w", order, Desk(step.time_ms, system().office, {step.case.case_id: step.case}))
    return found.case


def test_a_commanded_whistle_goes_the_same_way_and_again_so_after_another_command():
    case, at = blown("D002", "D011", "D009"), calm().time_ms
    told = list(system().following(case, at))
    assert told[-1].case.whistles[0].ended_at is not None
    first = next(s for s in told if s.type == "case.whistled")
    urged = msgspec.structs.replace(first.case, version=first.case.version + 1)
    again = list(system().following(urged, first.time_ms + 1000))
    fates = [[(u.unit, u.answered_at) for u in s[-1].case.whistles[0].units if u.answered_at] for s in (told, again)]
    both = set(fates[0]) & set(fates[1])
    assert both and len(both) >= min(map(len, fates))  # of a case that ends earlier, fewer


def test_what_should_have_come_while_nobody_told_it_comes_at_once():
    case, late = blown("D002"), calm().time_ms + 6 * 60 * MINUTE_MS
    told = list(system().following(case, late))
    assert all(s.time_ms >= late for s in told)
    assert told[0].type == "case.whistled" and told[0].time_ms == late


@pytest.mark.parametrize("kind", ["case.close", "case.void"])
def test_with_the_case_its_whistles_end(kind: str):
    case, at = blown("D002"), calm().time_ms + MINUTE_MS
    order = Order(case_id=case.case_id, expected_version=case.version)
    (ended,) = obey(kind, "c", order, Desk(at, system().office, {case.case_id: case}))
    (whistle,) = ended.case.whistles
    assert whistle.ended_at is not None and to_ms(whistle.ended_at) == at and whistle.result
