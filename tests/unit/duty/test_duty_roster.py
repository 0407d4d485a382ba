"""Who is on duty: the centre, a street with rows of its own, one without, and hours that the roster leaves out."""

import dataclasses

import pytest

from services.district.package import District
from services.duty.roster import DutyShift, Roster
from services.platform.clock import parse_ms
from tests.tiny import CODE

HOUR = 3_600_000


def at(text: str) -> int:
    return parse_ms(f"2026-11-{text}:00+08:00")


def line(start: str, end: str, shift: str, name: str, **more: str) -> dict[str, str]:
    span = {"from": f"2026-11-{start}:00+08:00", "until": f"2026-11-{end}:00+08:00"}
    return {**span, "shift": shift, "name": name, **more}


ROWS = (
    line("23T08:00", "23T20:00", "白班", "甲", role="duty_officer"),
    line("23T08:00", "23T20:00", "白班", "乙", role="duty_officer", seat=""),
    line("23T08:00", "23T20:00", "白班", "丙", role="leader"),
    line("23T20:00", "24T08:00", "夜班", "丁"),
    line("23T08:00", "24T08:00", "全天", "戊", seat="S1"),
)


@pytest.fixture
def roster(tiny: District) -> Roster:
    return Roster(dataclasses.replace(tiny, tables={"roster": ROWS}))


def test_the_shift_is_the_rosters_and_none_outside_it(roster: Roster, tiny: District) -> None:
    assert roster.shift_at(at("23T08:00")) == "白班"
    assert roster.shift_at(at("23T20:00") - 1) == "白班"
    assert roster.shift_at(at("23T20:00")) == "夜班"
    assert roster.shift_at(at("24T08:00")) == ""
    assert roster.shift_at(at("22T08:00")) == ""
    assert Roster(tiny).shift_at(0) == ""


def test_a_duty_names_its_officers_and_its_leader(roster: Roster) -> None:
    assert roster.at(CODE, at("23T12:00")) == DutyShift("白班", at("23T08:00"), at("23T20:00"), ("甲", "乙"), "丙")


def test_a_street_has_its_own_duties_or_the_centres_hours_without_names(roster: Roster) -> None:
    assert roster.at("S1", at("23T12:00")).officers == ("戊",)
    assert roster.at("S2", at("23T12:00")) == DutyShift("白班", at("23T08:00"), at("23T20:00"))


def test_where_the_roster_is_silent_the_counting_day_stands_for_a_shift(roster: Roster) -> None:
    assert roster.at(CODE, at("25T12:00")) == DutyShift("", at("25T00:00"), at("26T00:00"))
    assert roster.listed(CODE, at("25T12:00")) is None


def test_the_duties_follow_each_other(roster: Roster) -> None:
    day = roster.at(CODE, at("23T12:00"))
    night = roster.after(CODE, day)
    assert night.shift == "夜班" and roster.before(CODE, night) == day
    rest = roster.after(CODE, night)
    assert rest == DutyShift("", at("24T08:00"), at("25T00:00")), "what the roster leaves free of the day"
    assert roster.after(CODE, rest) == DutyShift("", at("25T00:00"), at("26T00:00"))


def test_for_two_hours_a_handover_ends_the_shift_before_until_both_have_signed_it(roster: Roster) -> None:
    assert roster.ending(CODE, at("23T19:59")).shift == "白班"
    assert roster.ending(CODE, at("23T20:10")).shift == "白班"
    assert roster.ending(CODE, at("23T20:10"), [at("23T08:00")]).shift == "夜班"
    assert roster.ending(CODE, at("23T22:00")).shift == "夜班"
    assert roster.ending(CODE, at("23T08:10")).shift == "白班", "before the roster's first shift there is none to end"
