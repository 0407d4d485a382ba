"""The demo's month under the escalation policy: the district's share, and a life by the table of transitions."""

from collections import Counter
from functools import cache

from services.cases.case import CasePlace, settle
from services.cases.deadline_steps import explain
from services.cases.deadlines import due
from services.cases.escalation import decide
from services.cases.lifecycle import CaseEvent, review
from services.contract.case import Case
from services.contract.parse import Event, parse
from services.district.calendar import WorkingCalendar, calendar_of
from services.district.policy import EscalationPolicy
from services.operations.simulator.order import Desk, Order
from services.operations.simulator.orders import obey
from services.operations.simulator.record import is_open
from services.operations.simulator.step import StoryStep
from tests.unit.operations.test_simulator_world import DAY_MS, END_MS, system


@cache
def calendar() -> WorkingCalendar:
    return calendar_of(system().district)


def events(days: int) -> list[tuple[int, Event]]:
    found = []
    for entry_id, fields in system().history(END_MS - days * DAY_MS, END_MS):
        event = parse(entry_id, fields, END_MS)
        assert isinstance(event, Event)
        ms, seq = entry_id.split("-")
        found.append(((int(ms) << 20) + int(seq), event))
    return found


def last_states(told: list[tuple[int, Event]]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for _, event in told:
        assert isinstance(event.body, Case)
        if event.body.case_id not in found or found[event.body.case_id].version < event.body.version:
            found[event.body.case_id] = event.body
    return found


def test_the_districts_share_stays_at_three_to_five_per_cent_when_the_policy_commands() -> None:
    """Every case that the policy commands to the district is followed to its end, as the demo's case system obeys."""
    policy, office = EscalationPolicy(), system().office
    told = events(8)
    cases = last_states(told)
    commanded = 0
    for _, event in told:
        case = event.body
        assert isinstance(case, Case)
        if event.type != "case.reported":
            continue
        row = settle(event, 1, CasePlace(street=case.street or "S"), case.domain or "99", calendar())
        decision = decide(row, event.time_ms, policy)
        if decision is None or decision.mode != "auto":
            continue
        commanded += 1
        order = Order(case_id=case.case_id, expected_version=1, to="D010", reason_code=decision.reason_code)
        steps = obey("case.escalate", "c", order, Desk(event.time_ms + 2000, office, {case.case_id: case}))
        following: list[StoryStep] = [*steps, *system().following(steps[-1].case)]
        assert not is_open(following[-1].case)
        assert following[-1].case.highest_level == "district"
        assert all(step.case.level == "district" for step in following), "it never comes down by itself"
        cases[case.case_id] = following[-1].case
    closed = [c for c in cases.values() if c.status in {"closed", "forced_closed"} and not c.merged_into]
    share = sum(c.highest_level == "district" for c in closed) / len(closed)
    assert commanded > 10
    assert 0.03 <= share <= 0.05


def test_the_demos_cases_live_by_the_table_and_every_deadline_is_accounted_for() -> None:
    lives: dict[str, list[CaseEvent]] = {}
    for key, event in events(3):
        case = event.body
        assert isinstance(case, Case)
        deadline = due(case, calendar(), at=event.time_ms).deadline_at
        lives.setdefault(case.case_id, []).append(
            CaseEvent(key, case.version, event.type, event.source, event.time_ms, case, deadline)
        )
    odd: Counter[str] = Counter()
    accounts = 0
    for told in lives.values():
        steps = review(told)
        odd.update(code for _, codes in steps for code in codes)
        last = steps[-1][0]
        account = {step.kind: step for step in explain(last.case, calendar(), at=last.time_ms)}
        if "difference" in account:
            assert account["difference"].ms == 0, last.case.case_id
            accounts += 1
    assert accounts > 500
    assert sum(odd.values()) <= 5
