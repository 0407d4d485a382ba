"""The log book: what people may write, and what the system writes once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.district.report_policy import ReportPolicy
from services.duty import logbook
from services.duty.logbook import AlarmStep, CommandState, Entry, Stop
from services.duty.reports import Done
from services.duty.roster import DutyShift
from tests.tiny import NOON
from tests.unit.board.test_board import row

MINUTE = 60_000
POLICY = ReportPolicy()


def feed(word: str, seen_at: int | None = NOON) -> list[list[object]]:
    return [["/units", "定位", word, seen_at]]


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("note", "巡查一次", ""),
        ("phone", "a" * 2000, ""),
        ("note", "a" * 2001, "too_long"),
        ("note", " \n\t", "empty"),
        ("note", "\x00\x1b\u202e", "empty"),
        ("alarm", "by hand", "kind"),
        ("", "x", "kind"),
    ],
)
def test_a_persons_entry_has_a_kind_of_peoples_and_1_to_2000_characters(kind: str, text: str, code: str) -> None:
    assert logbook.refusal(kind, text) == code


def test_control_characters_go_and_line_ends_stay() -> None:
    assert logbook.cleaned(" a\x00b\r\nc\x7f\u202e\td\ud800 ") == "ab\nc\td"


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once_and_leaves_what_a_database_keeps(text: str) -> None:
    once = logbook.cleaned(text)
    assert logbook.cleaned(once) == once
    assert "\x00" not in once
    once.encode()


def test_an_alarm_raised_acknowledged_climbed_or_shelved_is_told_once_and_nothing_else_is() -> None:
    steps = [
        AlarmStep(NOON, "a1", "S1", "overdue", what, "", "c") for what in (*logbook.ALARM_STEPS, "lapsed", "cleared")
    ]
    entries = [logbook.of_alarm(step) for step in steps]
    assert [e and logbook.said(e)[0] for e in entries] == [*(f"alarm_{s}" for s in logbook.ALARM_STEPS), None, None]
    assert len({e.mark for e in entries if e}) == len(logbook.ALARM_STEPS)
    assert logbook.of_alarm(steps[0]) == entries[0], "another process comes to the same mark"


def test_a_shift_that_begins_names_who_has_it_and_a_day_without_a_roster_is_no_shift() -> None:
    entry = logbook.of_shift("S1", DutyShift("白班", NOON, NOON + MINUTE, ("甲", "乙"), "丙"))
    assert entry is not None and entry.at == NOON
    assert logbook.said(entry) == ("shift", {"shift": "白班", "officers": "甲 乙", "leader": "丙"})
    assert logbook.of_shift("S1", DutyShift("", NOON, NOON + MINUTE)) is None


def test_a_feed_stops_once_and_comes_back_once_whoever_looks_and_however_often() -> None:
    (stop,) = logbook.of_feeds("D", feed("stopped"), [], NOON + MINUTE)
    assert logbook.of_feeds("D", feed("stopped"), [], NOON + 9 * MINUTE)[0].mark == stop.mark
    standing = logbook.standing_stops([stop])
    assert standing == [Stop("/units", NOON)]
    assert logbook.of_feeds("D", feed("stopped"), standing, NOON + 9 * MINUTE) == []
    assert logbook.of_feeds("D", feed("late"), standing, NOON + 9 * MINUTE) == []
    (back,) = logbook.of_feeds("D", feed("live", NOON + 9 * MINUTE), standing, NOON + 9 * MINUTE)
    assert logbook.standing_stops([stop, back]) == []
    assert logbook.of_feeds("D", feed("live"), [], NOON) == []
    assert logbook.of_feeds("D", feed("never", None), [], NOON) == []


def test_a_severe_case_and_an_escalation_are_told_with_codes_and_no_text() -> None:
    severe = row("A1", severity=1, description="王磊 13812345678", title="x")
    (entry,) = logbook.of_case("S1", severe, POLICY)
    assert logbook.said(entry) == ("incident", {"severity": "1", "street": "S1", "domain": "04"})
    assert entry.case_id == "A1"
    assert logbook.of_case("S1", row("A2"), POLICY) == []
    at = "2026-11-23T03:00:00Z"
    passed = {"from": "S1", "to": "D1", "reason_code": "repeat", "at": at, "acknowledged_at": "2026-11-23T03:09:00Z"}
    found = logbook.of_case("D", row("A3", level="district", escalations=[passed]), POLICY)
    assert [logbook.said(e)[0] for e in found] == ["escalated", "taken"]
    assert found[1].at - found[0].at == 9 * MINUTE
    marks = {e.mark for seat in ("D", "S1") for e in logbook.of_case(seat, row("A1", severity=1), POLICY)}
    assert len(marks) == 2, "the centre's log and the street's are two"


def test_a_refused_or_unsent_command_is_told_and_one_under_way_is_not() -> None:
    command = CommandState("c1", NOON, "S1", "case.urge", "A1", "refused", NOON + 5, "stale")
    told = logbook.of_command(command)
    assert told is not None and told.at == NOON + 5 and told.case_id == "A1"
    assert logbook.said(told) == ("command_refused", {"type": "case.urge", "reason": "stale"})
    assert logbook.of_command(command._replace(state="sent")) is None
    assert logbook.of_command(command._replace(state="done")) is None


def test_a_report_says_which_it_was_and_by_whom() -> None:
    codes = [logbook.said(logbook.of_report("S1", Done("A1", n, NOON, "u", "t", n == 3)))[0] for n in range(4)]
    assert codes == ["report_phone", "report_written", "report_follow_up", "report_last"]


def test_a_sheet_made_again_is_signed_again_in_the_log() -> None:
    signed = [logbook.of_signature("S1", handover_id="h", who="u", at=NOON, digest=d * 64, is_in=False) for d in "ab"]
    assert signed[0].mark != signed[1].mark


def test_numbers_of_people_are_hidden_in_what_people_wrote_alone() -> None:
    note = Entry(NOON, "S1", "", "u", "phone", "回电 13812345678")
    assert logbook.masked(note).text == "回电 138****5678"
    shelved = logbook.of_alarm(AlarmStep(NOON, "case 13812345678", "S1", "overdue", "shelved", "u", "问13812345678"))
    assert shelved is not None
    values = logbook.said(logbook.masked(shelved))[1]
    assert values["comment"] == "问138****5678" and values["alarm"] == "case 13812345678"


def test_every_kind_is_peoples_or_the_systems_and_every_entry_says_a_known_code() -> None:
    assert set(logbook.BY_PEOPLE).isdisjoint(logbook.BY_SYSTEM)
    assert logbook.said(Entry(NOON, "S1", "", "u", "note", '["shift", {}]')) == ("", {}), "a person cannot speak so"
    assert logbook.said(Entry(NOON, "S1", "", "", "shift", "broken")) == ("", {})
