"""A whistle as a panel tells it: who still has time, who is late, who answered, who is there, what came of it."""

import dataclasses
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from dashboard.layouts.joint_part import joint_part
from dashboard.texts import texts
from services.cases.joint import Called, Joint, joint
from services.contract.case import Case, Whistle
from services.district.policy import EscalationPolicy
from services.operations.simulator.step import utc
from tests.tiny import NOON, case

MINUTE = 60_000
POLICY = EscalationPolicy()


def minutes(n: float) -> Any:
    return utc(NOON + round(n * MINUTE))


def called(at: float = 0, now: float = 10, ended_at: float | None = None, **unit: float) -> Called:
    times = {name: minutes(n) for name, n in unit.items()}
    ended = None if ended_at is None else minutes(ended_at)
    whistle = msgspec.convert({"at": minutes(at), "units": [{"unit": "D2", **times}], "ended_at": ended}, Whistle)
    (found,) = joint([whistle], NOON + round(now * MINUTE), POLICY)
    return found.units[0]


@pytest.mark.parametrize(
    ("now", "state", "left"),
    [(0, "waiting", 30), (0.5, "waiting", 30), (10, "waiting", 20), (29.9, "waiting", 1), (30, "late", None)],
)
def test_a_department_has_thirty_minutes_to_answer(now: float, state: str, left: int | None):
    found = called(now=now)
    assert (found.state, found.minutes_left, found.in_time) == (state, left, None if state == "waiting" else False)


def test_an_answer_is_told_with_its_minutes_and_whether_it_was_in_time():
    assert called(answered_at=12.6) == Called("D2", "answered", None, 12, None, True)
    assert called(now=50, answered_at=41) == Called("D2", "answered", None, 41, None, False)


def test_who_is_there_has_answered_even_if_nobody_wrote_that_down():
    assert called(now=60, answered_at=10, arrived_at=35) == Called("D2", "arrived", None, 10, 35, True)
    assert called(now=60, arrived_at=20) == Called("D2", "arrived", None, 20, 20, True)


def test_when_it_has_ended_who_never_came_was_absent():
    assert called(now=500, ended_at=90) == Called("D2", "absent", None, None, None, False)


def test_the_minutes_are_the_policys():
    quick = dataclasses.replace(POLICY, whistle_minutes=10)
    body = msgspec.convert(case(whistles=[{"at": minutes(0), "units": [{"unit": "D2"}]}]), Case)
    assert joint(body.whistles, NOON + 11 * MINUTE, quick)[0].units[0].state == "late"


def test_the_newest_whistle_comes_first_with_the_lead_the_reason_and_the_result():
    first = Whistle(at=minutes(-600), ended_at=minutes(-500), result="已处置")
    second = Whistle(at=minutes(-5), reason_code="needs_departments")
    newest, oldest = joint([first, second], NOON, POLICY, "S001")
    assert (newest.reason_code, newest.lead_unit, newest.ended_at) == ("needs_departments", "S001", None)
    assert (oldest.at, oldest.ended_at, oldest.result) == (NOON - 600 * MINUTE, NOON - 500 * MINUTE, "已处置")


def test_a_whistle_without_a_time_waits_without_a_limit():
    whistle = msgspec.convert({"units": [{"unit": "D2"}]}, Whistle)
    assert joint([whistle], NOON, POLICY)[0].units == [Called("D2", "waiting", None, None, None, None)]


@pytest.mark.parametrize(
    ("code", "said"), [("", "11-23 12:00 · 牵头 市政中心"), ("whistle", "11-23 12:00 · 街道吹哨 · 牵头 市政中心")]
)
def test_a_whistle_without_a_reason_leaves_no_hole_in_its_line(code: str, said: str) -> None:
    blown = Joint(NOON, code, "D1", [], None, "")
    part: Any = joint_part([blown], texts("zh-CN"), ZoneInfo("Asia/Shanghai"), {"D1": "市政中心"})
    assert part[1].children == said
