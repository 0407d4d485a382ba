"""An alarm's life: the standing set is what the conditions say, nothing is dropped, nothing is announced twice."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.board.alarm import Alarm, Subject, decode_alarm, encode_alarm
from services.district.alarm_policy import AlarmPolicy
from services.duty.alarms import life
from services.duty.alarms.conditions import AlarmCondition
from services.duty.alarms.life import AlarmChange, AlarmRefused, step
from tests.tiny import NOON

MINUTE, HOUR = 60_000, 3_600_000
POLICY = AlarmPolicy()
CASE = AlarmCondition("severe_incident", "S1", 1, Subject("A1", street="S1"), "open_case", moved_at=NOON)


class Desk:
    """The list of one seat, moved by hand."""

    def __init__(self, policy: AlarmPolicy = POLICY) -> None:
        self.alarms: dict[str, Alarm] = {}
        self.policy, self.now = policy, NOON

    def see(self, *found: AlarmCondition, after: float = 0, is_blind: bool = False) -> list[AlarmChange]:
        """Let so many minutes pass, then judge."""
        self.now += round(after * MINUTE)
        changes = step(self.alarms.values(), found, self.now, self.policy, is_blind=is_blind)
        for change in changes:
            self.put(change)
        assert step(self.alarms.values(), found, self.now, self.policy, is_blind=is_blind) == [], "it is idempotent"
        return changes

    def put(self, change: AlarmChange) -> None:
        if change.what == "forgotten":
            del self.alarms[change.alarm.id]
        else:
            self.alarms[change.alarm.id] = decode_alarm(encode_alarm(change.alarm))

    def take(self, who: str = "wang", comment: str = "") -> None:
        self.put(life.acknowledge(self.alarm, who, comment, self.now, self.policy))

    def shelve(self, minutes: float, reason: str = "修理中") -> None:
        until = self.now + round(minutes * MINUTE)
        self.put(life.shelve(self.alarm, "wang", until, reason, now=self.now, policy=self.policy))

    @property
    def alarm(self) -> Alarm:
        (found,) = self.alarms.values()
        return found


def whats(changes: list[AlarmChange]) -> list[str]:
    return [change.what for change in changes]


def test_a_condition_that_stays_is_raised_once_and_cleared_at_its_end() -> None:
    desk = Desk()
    assert whats(desk.see(CASE)) == ["raised"]
    assert whats(desk.see(CASE, CASE, after=1)) == []
    assert whats(desk.see(after=1)) == ["cleared"]
    assert (desk.alarm.state, desk.alarm.cleared_at, desk.alarm.n) == ("cleared", desk.now, 1)


def test_an_alarm_that_nobody_takes_climbs_to_the_second_officer_and_the_duty_leader_and_no_further() -> None:
    desk = Desk()
    desk.see(CASE)
    assert whats(desk.see(CASE, after=2.99)) == []
    assert whats(desk.see(CASE, after=0.01)) == ["climbed"]
    assert (desk.alarm.level, desk.alarm.climbed_at) == (1, desk.now)
    assert whats(desk.see(CASE, after=3)) == ["climbed"]
    assert desk.alarm.level == 2
    assert whats(desk.see(CASE, after=60)) == []


def test_who_takes_it_is_written_and_it_climbs_no_more() -> None:
    desk = Desk()
    desk.see(CASE, after=0)
    desk.take("wang", " 已派员 ")
    assert (desk.alarm.acked_by, desk.alarm.acked_at, desk.alarm.comment) == ("wang", NOON, "已派员")
    assert desk.alarm.lapses_at == NOON + 30 * MINUTE
    assert whats(desk.see(CASE, after=29)) == []


def test_an_acknowledgement_runs_out_when_nothing_happens_and_begins_again_with_the_officer() -> None:
    desk = Desk()
    desk.see(CASE)
    desk.see(CASE, after=3)
    desk.take()
    assert whats(desk.see(CASE, after=30)) == ["lapsed"]
    assert (desk.alarm.state, desk.alarm.level, desk.alarm.waits_since) == ("unacknowledged", 0, desk.now)
    assert (desk.alarm.acked_by, desk.alarm.is_taken) == ("wang", False)
    assert whats(desk.see(CASE, after=3)) == ["climbed"]


def test_an_acknowledgement_holds_on_while_the_case_moves() -> None:
    desk = Desk()
    desk.see(CASE)
    desk.take()
    moved = replace(CASE, moved_at=NOON + 20 * MINUTE)
    assert whats(desk.see(moved, after=30)) == ["updated"]
    assert desk.alarm.lapses_at == NOON + 50 * MINUTE
    assert whats(desk.see(moved, after=20)) == ["lapsed"]


@pytest.mark.parametrize(("taken", "state"), [(True, "acknowledged"), (False, "unacknowledged")])
def test_what_comes_back_within_the_dead_time_is_the_same_alarm(taken: bool, state: str) -> None:
    desk = Desk()
    desk.see(CASE)
    if taken:
        desk.take()
    desk.see(after=1)
    changes = whats(desk.see(CASE, after=9.9))
    assert changes == (["returned"] if taken else ["returned", "climbed"]), "one that nobody has climbs all the same"
    assert (desk.alarm.state, desk.alarm.n, desk.alarm.raised_at, desk.alarm.earlier) == (state, 2, NOON, [])


def test_what_comes_back_later_is_raised_again_and_counted() -> None:
    desk = Desk()
    desk.see(CASE)
    desk.take()
    desk.see(after=1)
    assert whats(desk.see(CASE, after=10)) == ["raised"]
    assert (desk.alarm.state, desk.alarm.n, desk.alarm.raised_at) == ("unacknowledged", 2, desk.now)
    assert (desk.alarm.earlier, desk.alarm.acked_by) == ([NOON], "")


def test_a_chattering_alarm_whose_acknowledgement_has_run_out_is_raised() -> None:
    desk = Desk(dataclasses.replace(POLICY, acknowledgement_minutes=5))
    desk.see(CASE)
    desk.take()
    desk.see(after=4)
    assert whats(desk.see(CASE, after=2)) == ["raised"]


def test_a_shelved_alarm_is_silent_until_its_end_even_when_it_comes_back() -> None:
    desk = Desk()
    desk.see(CASE)
    desk.shelve(60)
    assert whats(desk.see(CASE, after=30)) == []
    assert whats(desk.see(after=1)) == ["cleared"]
    assert whats(desk.see(CASE, after=20)) == ["returned"]
    assert desk.alarm.state == "shelved"
    assert whats(desk.see(CASE, after=9)) == ["unshelved"]
    assert (desk.alarm.state, desk.alarm.waits_since, desk.alarm.shelved_until) == ("unacknowledged", desk.now, None)


def test_it_may_be_taken_off_the_shelf_before_its_end() -> None:
    desk = Desk()
    desk.see(CASE)
    desk.shelve(60)
    desk.put(life.unshelve(desk.alarm, "li", desk.now))
    assert (desk.alarm.state, desk.alarm.shelved_by) == ("unacknowledged", "")


def test_what_has_cleared_leaves_the_list_after_its_hours_and_no_earlier() -> None:
    desk = Desk()
    desk.see(CASE)
    desk.see(after=1)
    assert whats(desk.see(after=24 * 60 - 1)) == []
    assert whats(desk.see(after=1)) == ["forgotten"]
    assert desk.alarms == {}


def test_while_nobody_can_say_what_is_so_nothing_clears_and_the_clock_works_on() -> None:
    desk = Desk()
    desk.see(CASE)
    late = AlarmCondition("intake_late", "990001", 1, Subject(), "check_source")
    assert sorted(whats(desk.see(late, after=3, is_blind=True))) == ["climbed", "raised"]
    assert sorted(whats(desk.see(CASE, after=1))) == ["cleared"]


def test_what_an_alarm_says_follows_its_condition() -> None:
    desk = Desk()
    lost = AlarmCondition("camera_outage", "990001", 2, Subject(), "open_camera", "1", number=40)
    desk.see(lost)
    desk.take()
    assert whats(desk.see(replace(lost, number=25), after=1)) == ["updated"]
    assert (desk.alarm.number, desk.alarm.state) == (25, "acknowledged")


def refused(what: Any) -> str:
    with pytest.raises(AlarmRefused) as caught:
        what()
    return caught.value.code


def test_what_cannot_be_done_is_refused_with_a_code() -> None:
    desk = Desk()
    desk.see(CASE)
    assert refused(lambda: desk.take("")) == "nobody"
    assert refused(lambda: desk.shelve(60, " ")) == "no_reason"
    assert refused(lambda: desk.shelve(0)) == "past"
    assert refused(lambda: desk.shelve(12 * 60 + 1)) == "too_long"
    assert refused(lambda: life.unshelve(desk.alarm, "wang", desk.now)) == "not_shelved"
    desk.take()
    with pytest.raises(AlarmRefused, match="somebody was first") as caught:
        desk.take("li")
    assert caught.value.alarm is not None
    assert (caught.value.code, caught.value.alarm.acked_by) == ("already_acknowledged", "wang")
    desk.shelve(60)
    assert refused(desk.take) == "is_shelved"
    desk.see(after=1)
    assert refused(desk.take) == "already_cleared"
    assert refused(lambda: desk.shelve(60)) == "already_cleared"


def test_an_id_fits_its_column_whatever_the_case_is_called() -> None:
    long = AlarmCondition(
        "escalation_untaken", "x" * 64, 1, Subject("案" * 64, source="s" * 500), "open_case", "9" * 30
    )
    assert len(long.id) <= 64
    assert long.id != replace(long, occasion="8").id


MOMENTS = st.lists(
    st.tuples(
        st.floats(0, 90),
        st.sets(st.integers(0, 2)),
        st.sampled_from(["", "take", "shelve", "unshelve", "blind"]),
        st.integers(0, 2),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(MOMENTS)
def test_the_standing_set_is_a_function_of_the_conditions_and_nothing_is_dropped(moments: list[Any]) -> None:
    desk = Desk()
    some = [replace(CASE, subject=Subject(f"A{i}")) for i in range(3)]
    present: set[int] = set()
    came: dict[str, int] = {}
    announced: dict[str, list[int]] = {}
    ended: dict[str, int] = {}
    for after, there, act, whom, moves in moments:
        found = [replace(some[i], moved_at=desk.now if moves else 0) for i in sorted(there)]
        if act == "blind":
            before = {i: a for i, a in desk.alarms.items() if a.state != "cleared"}
            changes = desk.see(after=after, is_blind=True)
            assert {c.what for c in changes} <= {"climbed", "lapsed", "unshelved", "forgotten"}
            assert before.keys() == {a.id for a in desk.alarms.values() if a.state != "cleared"}
            ended = {i: at for i, at in ended.items() if i in desk.alarms}
            came = {i: n for i, n in came.items() if i in desk.alarms}
            continue
        changes = desk.see(*found, after=after)
        assert {a.id for a in desk.alarms.values() if a.state != "cleared"} == {some[i].id for i in there}
        for change in changes:
            key = change.alarm.id
            if change.what == "raised":
                assert key not in ended or desk.now - ended[key] >= 10 * MINUTE or change.alarm.earlier
                announced.setdefault(key, []).append(desk.now)
            elif change.what == "forgotten":
                assert desk.now - ended.pop(key) >= 24 * HOUR
                came.pop(key)
            elif change.what == "cleared":
                ended[key] = desk.now
        for i in there - present:
            came[some[i].id] = came.get(some[i].id, 0) + 1
        for i in there & present:
            assert not any(c.alarm.id == some[i].id and c.what in {"raised", "returned"} for c in changes)
        present = there
        assert {alarm.id: alarm.n for alarm in desk.alarms.values()} == came
        for alarm in desk.alarms.values():
            assert alarm.raised_at == announced[alarm.id][-1]
        alarm = desk.alarms.get(some[whom].id)
        if act and alarm is not None:
            try:
                if act == "take":
                    desk.put(life.acknowledge(alarm, "wang", "", desk.now, POLICY))
                elif act == "shelve":
                    desk.put(life.shelve(alarm, "wang", desk.now + HOUR, "x", now=desk.now, policy=POLICY))
                else:
                    desk.put(life.unshelve(alarm, "wang", desk.now))
            except AlarmRefused:
                assert desk.alarms[alarm.id] == alarm
        assert all(a.is_taken == (a.acked_at is not None) for a in desk.alarms.values() if a.state == "acknowledged")
