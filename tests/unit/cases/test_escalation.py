"""Two-level response: every rule strikes when it should and says why, and no open case is held by nobody."""

import dataclasses
import itertools
from typing import Any

import pytest
from msgspec import structs

from bench.drawn import draw, rows
from services.cases.case import CasePlace, CaseRow, settle
from services.cases.escalation import Proposal, command_id, decide, holder, is_unheld, takeover
from services.commands.escalation.worklist import EscalationDesk
from services.contract.codes import ENDED_STATUSES, LEVELS, STATUSES
from services.contract.parse import Event, parse
from services.district.package import District
from services.district.policy import RULES, EscalationPolicy
from services.platform.clock import to_rfc3339
from tests.tiny import NOON, OFFICE, case, entry

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
POLICY = EscalationPolicy()


def row(case_id: str = "A1", *, street: str = "S1", told: float = 0, **more: Any) -> CaseRow:
    """A case of level 1 that a unit handles; ``told`` is when its last event was, in minutes from now."""
    at = NOON + round(told * MINUTE)
    state = {"status": "handling", "level": "street", "lead_unit": "D1", "filed_at": to_rfc3339(NOON - DAY), **more}
    event = parse(f"{NOON}-0", entry(case(case_id, **state), at=at), NOON)
    assert isinstance(event, Event), event
    return settle(event, NOON << 20, CasePlace(118.905, 31.905, street, "", ""), "04", OFFICE)


def minutes(n: float) -> str:
    return to_rfc3339(NOON + round(n * MINUTE))


def late(n: float, **more: Any) -> CaseRow:
    """A case whose deadline was ``n`` minutes ago."""
    return row(clocks=[{"what": "close", "started_at": minutes(-600), "deadline_at": minutes(-n)}], **more)


WHISTLE = {"at": minutes(-31), "reason_code": "whistle", "units": [{"unit": "D2"}]}


@pytest.mark.parametrize(
    ("found", "rule", "reason", "mode"),
    [
        (row(severity=1), "severity", "severity", "auto"),
        (row(severity=2, status="reported"), "severity", "severity", "auto"),
        (row(returns=2), "ping_pong", "ping_pong", "confirm"),
        (row(reworks=2), "rework_limit", "rework_limit", "confirm"),
        (late(30), "level_deadline", "level_deadline", "confirm"),
        (row(status="returned", returns=1, told=-60), "unheld", "other", "confirm"),
        (row(lead_unit=..., told=-60), "unheld", "other", "confirm"),
        (row(status="returned", returns=1, step={"reason_code": "beyond_power"}), "asked", "beyond_power", "confirm"),
        (row(step={"reason_code": "needs_departments"}), "asked", "needs_departments", "confirm"),
        (row(whistles=[WHISTLE]), "whistle", "whistle", "confirm"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_strikes_with_its_reason(found: CaseRow, rule: str, reason: str, mode: str) -> None:
    decision = decide(found, NOON, POLICY)
    assert decision is not None
    assert (decision.rule, decision.reason_code, decision.mode) == (rule, reason, mode)


@pytest.mark.parametrize(
    "found",
    [
        row(), row(severity=3), row(returns=1), row(reworks=1), late(29.9), late(-10),
        late(300, status="suspended", suspensions=[{"from": minutes(-400)}]),
        row(status="returned", told=-59), row(status="reported", lead_unit=..., told=-600),
        row(whistles=[{**WHISTLE, "units": [{"unit": "D2", "answered_at": minutes(-10)}]}]),
        row(whistles=[{**WHISTLE, "ended_at": minutes(-1)}]), row(whistles=[{**WHISTLE, "at": minutes(-29)}]),
        row(severity=1, level="district"), row(severity=1, status="closed", closed_at=minutes(-1)),
    ],
)  # fmt: skip
def test_a_case_that_no_rule_concerns_stays_where_it_is(found: CaseRow) -> None:
    assert decide(found, NOON, POLICY) is None


def test_only_severity_one_and_two_acts_by_itself() -> None:
    assert {rule for rule, mode in POLICY.modes.items() if mode == "auto"} == {"severity"}
    assert set(POLICY.modes) == set(RULES)


def test_a_repeat_needs_two_earlier_ones_of_its_minor_class_near_it() -> None:
    category = {"scheme": "GB", "kind": "event", "major": "01", "minor": "02"}
    desk = EscalationDesk(POLICY)
    earlier = [row(f"old{i}", status="closed", category=category, closed_at=minutes(-2000 * (i + 1))) for i in range(2)]
    desk.put(earlier[0])
    desk.put(row("new", category=category))
    assert desk.take(["new"], NOON).proposed == []
    desk.put(earlier[1])
    desk.put(row("next", category=category))
    desk.put(row("other", category={**category, "minor": "03"}))
    assert [p.rule for p in desk.take(["next"], NOON).proposed] == ["repeat"]
    assert desk.take(["other"], NOON).proposed == []


def test_a_rule_that_is_off_never_strikes_and_another_mode_is_kept() -> None:
    off = dataclasses.replace(POLICY, modes=dict.fromkeys(RULES, "off"))
    assert decide(row(severity=1, returns=5), NOON, off) is None
    auto = dataclasses.replace(POLICY, modes={**POLICY.modes, "ping_pong": "auto"})
    assert decide(row(returns=2), NOON, auto).mode == "auto"


def test_after_somebody_gave_it_back_only_what_is_new_is_proposed_and_nothing_commanded() -> None:
    back = {"escalations": [{"to": "D1", "reason_code": "severity", "at": minutes(-90), "returned_at": minutes(-60)}]}
    assert decide(row(severity=1, returns=3, **back), NOON, POLICY) is None
    again = decide(late(31, severity=1, **back), NOON, POLICY)
    assert again is not None
    assert (again.rule, again.mode, again.occasion) == ("level_deadline", "confirm", 1)


def test_the_takeover_is_announced_before_it_comes() -> None:
    assert takeover(late(-70), POLICY) == (NOON + 100 * MINUTE, "level_deadline")
    assert takeover(row(status="returned", told=-20), POLICY) == (NOON + 40 * MINUTE, "unheld")
    assert takeover(row(), POLICY) is None
    assert takeover(late(-70, level="district"), POLICY) is None
    struck = takeover(late(-70), POLICY)
    assert struck is not None
    assert decide(late(-70), struck[0] - 1, POLICY) is None
    assert decide(late(-70), struck[0], POLICY).rule == struck[1]


WALK = list(
    itertools.product(
        [s for s in STATUSES if s not in ENDED_STATUSES], [*LEVELS, ...], ["S1", ""], ["D1", ...], [4, 1], [0, 3]
    )
)


def test_no_open_case_is_held_by_nobody_and_each_is_on_exactly_one_level() -> None:
    """Every status, level, place, unit, severity and number of bounces, with every rule switched on in turn."""
    for status, level, street, unit, severity, returns in WALK:
        found = row(
            status=status, level=level, street=street, lead_unit=unit, severity=severity, returns=returns, told=-120
        )
        held = holder(found)
        assert held.level in LEVELS
        if level is not ... and street:
            assert held.level == level
        else:
            assert held.level == "district"
        if is_unheld(found) and held.level != "district":
            # Nobody has it: after the policy's time it is asked for, whatever else is off.
            for rule in RULES:
                modes = {r: ("confirm" if r in {"unheld", rule} else "off") for r in RULES}
                assert decide(found, NOON, dataclasses.replace(POLICY, modes=modes)) is not None


def test_every_rule_hands_over_to_one_level_only() -> None:
    found = dict.fromkeys(RULES, 0)
    for status, level, street, unit, severity, returns in WALK:
        asked = row(status=status, level=level, street=street, lead_unit=unit, severity=severity, returns=returns,
                    told=-120, reworks=returns, whistles=[WHISTLE], step={"reason_code": "beyond_power"},
                    clocks=[{"what": "close", "started_at": minutes(-600), "deadline_at": minutes(-60)}])  # fmt: skip
        for rule in RULES:
            modes = {r: ("confirm" if r == rule else "off") for r in RULES}
            decision = decide(asked, NOON, dataclasses.replace(POLICY, modes=modes), earlier=2)
            if decision is not None:
                assert decision.rule == rule
                assert asked.level != "district"
                found[rule] += 1
    assert all(found.values()), found


def test_while_it_is_suspended_nobody_is_late_and_afterwards_somebody_is() -> None:
    pause = {"from": minutes(-60), "until": minutes(15)}
    found = late(31, status="suspended", suspensions=[pause])
    assert decide(found, NOON, POLICY) is None
    assert takeover(found, POLICY) == (NOON + 15 * MINUTE, "level_deadline")
    assert decide(found, NOON + 15 * MINUTE, POLICY).rule == "level_deadline"
    assert takeover(late(31, status="suspended", suspensions=[{"from": minutes(-60)}]), POLICY) is None


def test_a_pass_over_what_changed_and_one_over_everything_come_to_the_same() -> None:
    rows = [row("a", returns=2), row("b"), row("c", severity=1), row("d", level="district")]
    once, piecemeal = EscalationDesk(POLICY), EscalationDesk(POLICY)
    for found in rows:
        once.put(found)
        piecemeal.put(found)
    whole = once.take(None, NOON)
    parts = [piecemeal.take([found.case_id], NOON) for found in rows]
    assert sorted(whole.proposed) == sorted(p for part in parts for p in part.proposed)
    assert sorted(whole.commanded) == sorted(p for part in parts for p in part.commanded)


def test_a_proposal_falls_away_with_its_case_its_reason_or_its_level() -> None:
    desk = EscalationDesk(POLICY)
    desk.put(late(31))
    desk.settle(desk.take(None, NOON).proposed, [])
    assert desk.take(None, NOON) == ([], [], [])
    desk.put(late(-60, version=2))  # the deadline moved
    assert desk.take(None, NOON).withdrawn == ["A1"]
    desk.put(late(31, version=3, level="district"))
    assert desk.take(None, NOON).withdrawn == ["A1"]
    desk.put(late(31, version=4, status="closed", closed_at=minutes(-1)))
    assert desk.take(None, NOON).withdrawn == ["A1"]


def test_what_a_street_has_asked_for_stands_until_it_is_answered() -> None:
    desk = EscalationDesk(POLICY)
    desk.put(row(step={"reason_code": "beyond_power"}))
    desk.settle(desk.take(None, NOON).proposed, [])
    desk.put(row(version=2))
    assert desk.take(None, NOON).withdrawn == []


def test_a_decision_has_one_command_id_and_a_refused_one_gets_another() -> None:
    decision = Proposal("A1", 3, "severity", "severity", "auto", NOON).decision
    assert command_id("D", decision, "") == command_id("D", decision, "")
    assert len({command_id("D", decision, ""), command_id("E", decision, ""), command_id("D", decision, "x")}) == 3
    assert len(command_id("D", decision, "")) <= 64


def test_a_desk_that_knows_what_waits_for_the_clock_decides_as_a_fresh_one_at_every_moment(tiny: District) -> None:
    modes = {**POLICY.modes, "whistle": "auto", "level_deadline": "auto", "rework_limit": "off"}
    policy = dataclasses.replace(POLICY, modes=modes)
    drawn = list(rows(draw(tiny, 800, NOON, seed=3)))
    whistled = [structs.replace(r, whistled_at=NOON + n * MINUTE) for n, r in enumerate(drawn[::7])]
    desk = EscalationDesk(policy)
    for found in (*drawn, *whistled):
        desk.put(found)
    proposed = 0
    for now in range(NOON - 2 * DAY, NOON + 3 * DAY, 3 * HOUR):
        fresh = EscalationDesk(policy)
        for found in (*drawn, *whistled):
            fresh.put(found)
        fresh.settle(desk.proposals.values(), [])
        took, expected = desk.take(None, now), fresh.take(None, now)
        assert [set(part) for part in took] == [set(part) for part in expected]
        desk.settle([*took.proposed, *took.commanded], took.withdrawn)
        proposed += len(took.proposed) + len(took.commanded)
    assert proposed > 50
