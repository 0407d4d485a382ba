"""What people ask of the case system: judged before it leaves; one click is one command, whatever is repeated."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.rights import RIGHTS, Person
from services.cases.case import CasePlace, CaseRow, settle
from services.commands.judge import (
    MOST_CASES,
    REASON_MOST,
    REFUSALS,
    CommandOutcome,
    Sent,
    Situation,
    Wish,
    command_id,
    judge,
)
from services.commands.repair import RepairWish, judge_repair
from services.contract.commands import COMMANDS, CameraRepair
from services.contract.parse import Event, parse
from services.district.package import District
from services.platform.clock import to_rfc3339
from tests.tiny import CODE, NOON, OFFICE, case, entry

DUTY = Person("duty", "周敏", "duty_officer")
S1 = Person("s1", "马骏", "street_staff", "S1")
S1C1 = Person("c1", "罗勇", "street_staff", "S1", "C1")
LEADER = Person("boss", "宋涛", "leader")
HOUR = 3_600_000
LATER = to_rfc3339(NOON + HOUR)


def row(case_id: str, street: str = "S1", community: str = "C1", version: int = 3) -> CaseRow:
    event = parse(f"{NOON}-0", entry(case(case_id, version, "handling", level="street", lead_unit="D1")), NOON)
    assert isinstance(event, Event)
    return settle(event, NOON << 20, CasePlace(118.9, 31.9, street, community, ""), "04", OFFICE)


SITUATION = Situation(
    {r.case_id: r for r in (row("A"), row("B", "S1", "C2"), row("W", "S2", "C3"), row("N", "", ""))},
    {"U1": "S1", "U2": "S2", "U0": ""},
    NOON,
)


def asked(
    tiny: District,
    person: Person,
    kind: str,
    cases: Sequence[tuple[str, int]],
    reason: str = "一个理由",
    data: Any = None,
) -> tuple[list[Sent], dict[str, str]]:
    """What is sent, and case → why not."""
    sent, refused = judge(Wish("batch-of-one", kind, list(cases), reason, data or {}), person, tiny, SITUATION)
    return sent, {one.case_id: one.reason for one in refused}


def test_a_command_that_may_leave_says_who_why_and_which_version_was_seen(tiny: District) -> None:
    (sent,), refused = asked(tiny, S1, "case.dispatch", [("A", 3)], "  转城管局 ", {"lead_unit": "D2"})
    assert refused == {}
    assert (sent.state, sent.seat, sent.expected_version) == ("unsent", "S1", 3)
    body = msgspec.json.decode(sent.data)
    assert (body["case_id"], body["expected_version"], body["reason"], body["lead_unit"]) == ("A", 3, "转城管局", "D2")
    assert body["actor"] == {"user": "s1", "role": "street_staff", "street": "S1"}


@pytest.mark.parametrize(
    ("person", "kind", "cases", "reason", "data", "why"),
    [
        (DUTY, "case.urge", [("A", 2)], "理由在此", {}, "stale"),
        (DUTY, "case.urge", [("A", 4)], "理由在此", {}, "stale"),
        (DUTY, "case.urge", [("gone", 1)], "理由在此", {}, "closed"),
        (DUTY, "case.urge", [("A", 3)], " 急 ", {}, "no_reason"),
        (DUTY, "case.urge", [("A", 3)], "长" * (REASON_MOST + 1), {}, "long_reason"),
        (DUTY, "case.urge", [("A", 3)], "长" * 10_000, {}, "long_reason"),
        (DUTY, "case.explode", [("A", 3)], "理由在此", {}, "unknown_type"),
        (DUTY, "camera.repair", [("A", 3)], "理由在此", {}, "unknown_type"),
        (S1, "case.urge", [("W", 3)], "理由在此", {}, "forbidden"),
        (S1, "case.urge", [("N", 3)], "理由在此", {}, "forbidden"),
        (S1C1, "case.urge", [("B", 3)], "理由在此", {}, "forbidden"),
        (S1, "case.supervise", [("A", 3)], "理由在此", {"kind": "leader"}, "forbidden"),
        (LEADER, "case.close", [("A", 3)], "理由在此", {}, "forbidden"),
        (DUTY, "case.dispatch", [("A", 3)], "理由在此", {}, "bad_value"),
        (DUTY, "case.dispatch", [("A", 3)], "理由在此", {"lead_unit": 7}, "bad_value"),
        (DUTY, "case.dispatch", [("A", 3)], "理由在此", {"lead_unit": "nobody"}, "unknown_unit"),
        (DUTY, "case.whistle", [("A", 3)], "理由在此", {"units": ["D1", "nobody"]}, "unknown_unit"),
        (DUTY, "case.assign_unit", [("A", 3)], "理由在此", {"unit_id": "U9"}, "unknown_unit"),
        (S1, "case.assign_unit", [("A", 3)], "理由在此", {"unit_id": "U2"}, "unknown_unit"),
        (DUTY, "case.suspend", [("A", 3)], "理由在此", {"until": to_rfc3339(NOON)}, "bad_until"),
        (DUTY, "case.suspend", [("A", 3)], "理由在此", {"until": to_rfc3339(NOON + 400 * 24 * HOUR)}, "bad_until"),
        (DUTY, "case.merge", [("A", 3)], "理由在此", {"into": "A"}, "bad_into"),
        (DUTY, "case.merge", [("A", 3)], "理由在此", {"into": "gone"}, "bad_into"),
        (S1, "case.merge", [("A", 3)], "理由在此", {"into": "W"}, "bad_into"),
    ],
)
def test_what_may_not_leave_is_refused_with_its_reason(
    tiny: District, person: Person, kind: str, cases: list[tuple[str, int]], reason: str, data: Any, why: str
) -> None:
    sent, refused = asked(tiny, person, kind, cases, reason, data)
    assert sent == []
    assert refused == {cases[0][0]: why}
    assert why in REFUSALS


def test_of_many_cases_each_is_judged_by_itself(tiny: District) -> None:
    sent, refused = asked(tiny, S1, "case.urge", [("A", 3), ("B", 1), ("W", 3), ("gone", 1)])
    assert [one.case_id for one in sent] == ["A"]
    assert refused == {"B": "stale", "W": "forbidden", "gone": "closed"}


def test_no_case_and_too_many_cases_are_refused_as_a_whole(tiny: District) -> None:
    assert judge(Wish("batch-of-one", "case.urge", [], "理由"), DUTY, tiny, SITUATION) == (
        [],
        [CommandOutcome("", "", "refused", "no_case")],
    )
    many = [(f"X{n}", 1) for n in range(MOST_CASES + 1)]
    sent, refused = asked(tiny, DUTY, "case.urge", many)
    assert not sent
    assert set(refused.values()) == {"too_many"}


def test_what_a_person_adds_to_the_data_does_not_speak_for_somebody_else(tiny: District) -> None:
    forged = {"actor": {"user": "boss", "role": "leader"}, "case_id": "W", "expected_version": 99, "reason": "伪造"}
    (sent,), _ = asked(tiny, S1, "case.urge", [("A", 3)], data=forged)
    body = msgspec.json.decode(sent.data)
    assert (body["actor"]["user"], body["case_id"], body["expected_version"]) == ("s1", "A", 3)
    assert body["reason"] == "一个理由"


batches, ids = st.text(min_size=8, max_size=64), st.text(min_size=1, max_size=30)


@given(batches, batches, ids, ids)
def test_one_click_on_one_case_is_one_id_and_any_other_is_another(a: str, b: str, one: str, other: str) -> None:
    ours = command_id(CODE, "duty", a, one)
    assert ours == command_id(CODE, "duty", a, one)
    assert (ours == command_id(CODE, "duty", b, other)) == ((a, one) == (b, other))
    assert ours != command_id(CODE, "duty2", a, one)


@given(st.permutations([("A", 3), ("B", 3), ("W", 3)]), st.integers(1, 3))
def test_a_case_named_twice_and_another_order_ask_the_same(
    tiny: District, cases: list[tuple[str, int]], times: int
) -> None:
    sent, refused = asked(tiny, DUTY, "case.urge", cases * times)
    assert refused == {}
    assert {one.command_id for one in sent} == {command_id(CODE, "duty", "batch-of-one", c) for c in "ABW"}
    assert len(sent) == 3


D1 = Person("d1", "高翔", "department", unit="D1")
FIELD = {
    "case.acknowledge": {},
    "case.progress": {"what": "arrived"},
    "case.handle": {"result": "已清"},
    "case.answer_whistle": {"unit": "D1", "what": "answered"},
}


@pytest.mark.parametrize("kind", FIELD)
def test_what_is_done_in_the_field_needs_no_reason_beside(tiny: District, kind: str) -> None:
    (sent,), refused = asked(tiny, D1, kind, [("A", 3)], "", FIELD[kind])
    assert (refused, sent.seat) == ({}, "D1")
    assert "reason" not in msgspec.json.decode(sent.data)


def test_a_department_answers_a_whistle_for_itself_alone(tiny: District) -> None:
    assert asked(tiny, D1, "case.answer_whistle", [("A", 3)], "", {"unit": "D2", "what": "arrived"})[1] == {
        "A": "forbidden"
    }
    (sent,), _ = asked(tiny, DUTY, "case.answer_whistle", [("A", 3)], "", {"unit": "D2", "what": "arrived"})
    assert msgspec.json.decode(sent.data)["unit"] == "D2"


@pytest.mark.parametrize("kind", sorted(kind for kind in COMMANDS if kind.startswith("case.")))
def test_another_units_case_takes_no_command_of_a_department(tiny: District, kind: str) -> None:
    other = Person("d2", "石磊", "department", unit="D2")
    assert asked(tiny, other, kind, [("A", 3)])[1] == {"A": "forbidden"}


def test_every_command_on_cases_can_leave(tiny: District) -> None:
    """None of the contract's table is missing: with its data, the officer's or the street's leaves."""
    data: dict[str, dict[str, Any]] = {
        "case.dispatch": {"lead_unit": "D1"}, "case.supervise": {"kind": "leader"}, "case.escalate": {"to": "D1"},
        "case.suspend": {"until": LATER}, "case.whistle": {"units": ["D1"]}, "case.merge": {"into": "B"},
        "case.assign_unit": {"unit_id": "U1"}, "case.progress": {"what": "arrived"}, "case.handle": {"result": "已清"},
        "case.answer_whistle": {"unit": "D1", "what": "answered"},
        "case.locate": {"lon": 118.9, "lat": 31.9, "coord_sys": "WGS84"},
    }  # fmt: skip
    for kind in COMMANDS:
        if kind.startswith("case."):
            person = DUTY if "duty_officer" in RIGHTS[kind] else S1  # who acts in the field is not the officer
            sent, refused = asked(tiny, person, kind, [("A", 3)], data=data.get(kind))
            assert [one.type for one in sent] == [kind], (kind, refused)


def repair(tiny: District, person: Person = DUTY, version: int | None = 2, **more: Any) -> tuple[Any, str]:
    wish = RepairWish("batch-of-one", **{"fault": "blurred", "reason": "巡检发现", **more})
    sent, fault = judge_repair(wish, "CAM-1", version, person, district=tiny, now=NOON)
    return (None if sent is None else msgspec.json.decode(sent.data, type=CameraRepair)), fault


def test_a_repair_is_asked_for_by_right_with_a_reason_and_the_cameras_version(tiny: District) -> None:
    made, _ = repair(tiny, version=0, case_id="A")
    assert (made.camera_id, made.expected_version, made.fault, made.case_id) == ("CAM-1", 0, "blurred", "A")
    assert repair(tiny, fault="")[0].fault is None
    assert {
        "forbidden": repair(tiny, LEADER)[1],
        "no_camera": repair(tiny, version=None)[1],
        "no_reason": repair(tiny, reason=" ")[1],
        "bad_value": repair(tiny, fault="broken")[1],
        "long_reason": repair(tiny, reason="长" * 501)[1],
    } == {code: code for code in ("forbidden", "no_camera", "no_reason", "bad_value", "long_reason")}


def test_to_sign_for_an_escalation_needs_no_reason_and_everything_else_does(tiny: District) -> None:
    (sent,), _ = asked(tiny, DUTY, "case.acknowledge_escalation", [("A", 3)], "")
    assert "reason" not in msgspec.json.decode(sent.data)
    for kind in ("case.urge", "case.void", "case.resume"):
        assert asked(tiny, DUTY, kind, [("A", 3)], "") == ([], {"A": "no_reason"})
