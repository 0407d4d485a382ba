"""The meter of a seat, and the flood: what folds is behind the card, and nothing of it is dropped."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.board.alarm import Alarm, State, WhatToDo
from services.board.state import Board
from services.district.alarm_policy import KINDS, AlarmPolicy
from services.district.package import District
from services.district.policy import read_policy
from services.duty.alarms.budget import budget, flood, flooded_since
from services.duty.alarms.life import QUIET, REFUSALS, What
from services.duty.alarms.tiles import alarm_tiles
from tests.tiny import NOON

MINUTE, HOUR = 60_000, 3_600_000
POLICY = AlarmPolicy()
TEXTS = Path(__file__).parents[3] / "dashboard/texts"


def alarm(number: int, minutes: float = 0, seat: str = "S1", severity: int = 3, **more: Any) -> Alarm:
    at = NOON + round(minutes * MINUTE)
    return Alarm(f"a{number}", seat, "takeover_near", severity, "open_case", at, at, **more)


def test_the_meter_counts_the_last_hour_of_one_seat_and_earlier_raises_too() -> None:
    some = [
        alarm(1, -61),
        alarm(2, -59, earlier=[NOON - 75 * MINUTE]),
        alarm(3, -5, earlier=[NOON - 30 * MINUTE]),
        alarm(4, -1, "S2"),
    ]
    assert budget(some, "S1", NOON, POLICY).raised == 3
    assert [budget(some, seat, NOON, POLICY).raised for seat in ("S1", "S2", "S3")] == [3, 1, 0]


@pytest.mark.parametrize(("n", "word"), [(0, "good"), (6, "good"), (7, "many"), (12, "many"), (13, "too_many")])
def test_six_an_hour_are_good_and_more_than_twelve_too_many(n: int, word: str) -> None:
    assert budget([alarm(i, -i) for i in range(n)], "S1", NOON, POLICY).word == word


def test_ten_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    ten = [alarm(i, -i * 0.9) for i in range(10)]
    assert flood(ten, "S1", NOON, POLICY).since is None
    found = flood([*ten, alarm(10, -9.5)], "S1", NOON, POLICY)
    assert (found.since, found.n, len(found.folded)) == (NOON - round(9.5 * MINUTE), 11, 11)
    assert flood([*ten, alarm(10, -9.5, "S2")], "S1", NOON, POLICY).since is None


def test_in_a_flood_the_newest_of_the_gravest_stay_beside_the_card() -> None:
    some = [alarm(i, -i * 0.1, severity=1 if i % 2 else 3) for i in range(20)]
    found = flood([*some, alarm(99, -30)], "S1", NOON, POLICY)
    assert found.n == 20
    assert {a.id for a in some} - set(found.folded) == {"a1", "a3", "a5"}
    assert "a99" not in found.folded, "what stood before the flood is not of it"


def test_a_flood_is_over_below_half_of_what_began_it() -> None:
    moments = [NOON + i * MINUTE // 2 for i in range(11)]  # 12:00 … 12:05
    assert flooded_since(moments, NOON + 5 * MINUTE, POLICY) == NOON
    # At 12:13:00 those of 12:03:30 to 12:05 are left: 4.
    assert flooded_since(moments, NOON + 13 * MINUTE - 1, POLICY) == NOON
    assert flooded_since(moments, NOON + 13 * MINUTE, POLICY) is None


@given(st.lists(st.integers(0, 3600), max_size=60), st.integers(0, 4200))
def test_the_flood_is_what_counting_minute_by_minute_says(seconds: list[int], at: int) -> None:
    moments = sorted(NOON + s * 1000 for s in seconds)
    is_flood = False
    for now in range(NOON, NOON + at * 1000 + 1, 1000):
        n = sum(now - 10 * MINUTE < moment <= now for moment in moments)
        is_flood = n > 10 or (is_flood and n >= 5)
    now = NOON + at * 1000
    assert (flooded_since([m for m in moments if m <= now], now, POLICY) is not None) == is_flood


def test_a_seats_tiles_have_what_stands_and_what_has_just_cleared_the_gravest_first(tiny: District) -> None:
    board = Board(tiny)
    some = [
        alarm(1, -20, comment="打 13812345678"),
        alarm(2, -5),
        alarm(3, -30, severity=1, level=2),
        alarm(4, 0, "S2"),
        alarm(5, -40, state="cleared", cleared_at=NOON - 9 * MINUTE),
        alarm(6, -9, severity=1, state="shelved"),
        alarm(7, -40, state="cleared", cleared_at=NOON - 10 * MINUTE),
    ]
    board.alarms = {a.id: a for a in some}
    found = alarm_tiles(board, "S1", NOON)
    assert [a["id"] for a in found["alarms"]] == ["a3", "a2", "a1", "a6", "a5"]
    assert (found["sound"], found["level"], found["budget"]["raised"], found["flood"]["since"]) == (1, 2, 6, None)
    assert found["alarms"][2]["comment"] == "打 138****5678"
    assert [budget(some, seat, NOON, POLICY).raised for seat in (tiny.code, *tiny.streets)] == [0, 6, 1]
    assert alarm_tiles(board, "S3", NOON)["alarms"] == []


def complaints(alarms: Any) -> tuple[AlarmPolicy, list[str]]:
    found: list[str] = []
    policy = read_policy({"alarms": alarms}, lambda key, problem, remedy: found.append(key))
    return policy.alarms, found


def test_the_rules_come_from_the_package_and_every_value_is_checked() -> None:
    assert complaints({}) == (POLICY, [])
    policy, found = complaints({"climb_minutes": 5, "kinds": {"takeover_near": "off", "overdue_severe": 1}})
    assert found == []
    assert policy.kinds == {**{k: v for k, v in KINDS.items() if k != "takeover_near"}, "overdue_severe": 1}
    assert policy.climb_minutes == 5
    for bad in (
        {"flood_alarms": 2.5},
        {"flood_alarms": 0},
        {"climb_minutes": -1},
        {"rearm_minutes": "x"},
        {"clear_kept_hours": True},
        {"overdue_severity": 5},
    ):
        policy, found = complaints(bad)
        assert (policy, found) == (POLICY, [f"alarms.{next(iter(bad))}"])
    assert complaints({"acceptable_per_hour": 20})[1] == ["alarms.acceptable_per_hour"]
    assert complaints({"rearm_minutes": 60, "clear_kept_hours": 0.5})[1] == ["alarms.rearm_minutes"]
    for kind, word in (("flood", 1), ("takeover_near", 4), ("takeover_near", "on"), ("takeover_near", True)):
        assert complaints({"kinds": {kind: word}})[1] == [f"alarms.kinds.{kind}"]
    assert complaints({"kinds": 3})[1] == ["alarms.kinds"]
    assert complaints(3)[1] == ["alarms"]


def test_the_defaults_are_the_package_pages() -> None:
    assert dataclasses.replace(POLICY) == AlarmPolicy(6, 12, 10, 10, 30, 3, 10, 15, 15, 10, 15, 2, 10, 12, 24)


def test_every_word_of_an_alarm_is_on_the_screens() -> None:
    for name in ("zh-CN.toml", "en.toml"):
        words = tomllib.loads((TEXTS / name).read_text("utf-8"))["alarm"]
        assert set(words["kinds"]) == set(words["names"]) == set(KINDS)
        assert set(words["what_to_do"]) == set(get_args(WhatToDo))
        assert set(words["states"]) == set(get_args(State))
        assert set(words["steps"]) == set(get_args(What)) - QUIET
        assert set(words["refused"]) == set(REFUSALS)
        assert set(words["levels"]) == {"0", "1", "2"}
