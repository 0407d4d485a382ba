"""First and follow-up reports: which are owed, when, and which cannot be put down."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.district.policy import read_policy
from services.district.report_policy import ReportPolicy
from services.duty.reports import PHONE, WRITTEN, Done, DueReport, due_of, refusal, reports_due
from tests.tiny import NOON
from tests.unit.board.test_board import row

MINUTE, HOUR = 60_000, 3_600_000
POLICY = ReportPolicy()
SEVERE = row("A1", severity=2)


def done(number: int, minutes: float, **more: bool) -> Done:
    return Done("A1", number, NOON + int(minutes * MINUTE), "u", "t", **more)


def owed(*reports: Done, policy: ReportPolicy = POLICY) -> list[tuple[int, int]]:
    return [(due.number, (due.due_at - NOON) // MINUTE) for due in due_of(SEVERE, reports, policy)]


def test_the_first_goes_by_phone_within_30_minutes_and_in_writing_within_60() -> None:
    assert owed() == [(PHONE, 30), (WRITTEN, 60)]
    assert owed(done(PHONE, 5)) == [(WRITTEN, 60)]


def test_a_follow_up_is_due_its_hours_after_the_report_before_it_until_one_is_the_last() -> None:
    assert owed(done(0, 5), done(1, 50)) == [(2, 50 + 240)]
    assert owed(done(0, 5), done(1, 50), done(2, 100)) == [(3, 100 + 240)]
    assert owed(done(0, 5), done(1, 50), done(2, 100, is_last=True)) == []
    assert owed(done(0, 5), done(1, 50, is_last=True)) == []
    assert due_of(row("A1", severity=1), [done(0, 5), done(1, 50)], POLICY)[0].due_at == NOON + 170 * MINUTE


def test_what_was_said_by_phone_late_stays_owed_when_the_written_one_is_there() -> None:
    assert owed(done(1, 20)) == [(PHONE, 30), (2, 20 + 240)]


def test_only_open_cases_severe_enough_are_reported() -> None:
    assert due_of(row("A1", severity=3), [], POLICY) == []
    assert due_of(row("A1", severity=1, status="voided"), [], POLICY) == []
    assert len(due_of(row("A1", severity=3), [], ReportPolicy(severity=3))) == 2
    assert due_of(row("A1", severity=1), [], ReportPolicy(severity=0)) == []
    assert owed(done(0, 5), done(1, 50), policy=ReportPolicy(follow_up_hours_2=0)) == []


def test_the_countdown_turns_overdue_at_the_moment_itself() -> None:
    due = due_of(SEVERE, [], POLICY)[0]
    assert due.left_ms(NOON) == 30 * MINUTE
    assert not due.is_overdue(NOON + 30 * MINUTE - 1)
    assert due.is_overdue(NOON + 30 * MINUTE)


def test_the_list_is_by_what_is_due_first() -> None:
    later = msgspec.structs.replace(row("A0", severity=1), reported_at=NOON + 10 * MINUTE)
    found = reports_due([SEVERE, later], {"A1": [done(0, 5)]}, POLICY)
    assert [(due.case_id, due.number) for due in found] == [("A0", 0), ("A1", 1), ("A0", 1)]


@pytest.mark.parametrize(
    ("earlier", "number", "text", "code"),
    [
        ([], 0, "", ""), ([], 1, "写", ""), ([], 1, " ", "no_text"), ([], 1, "x" * 4001, "too_long"),
        ([], 2, "x", "out_of_order"), ([], -1, "x", "out_of_order"), ([done(0, 1)], 0, "x", "done_already"),
        ([done(1, 1)], 3, "x", "out_of_order"), ([done(1, 1)], 2, "x", ""),
        ([done(1, 1, is_last=True)], 2, "x", "ended"),
        ([done(1, 1, is_last=True)], 0, "", ""),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_put_down_says_why(earlier: list[Done], number: int, text: str, code: str) -> None:
    assert refusal(SEVERE, earlier, number, text) == code


def test_a_report_on_no_case_is_refused() -> None:
    assert refusal(None, [], 0, "x") == "no_case"


@given(st.lists(st.integers(1, 300), max_size=12), st.booleans())
def test_whoever_always_does_what_is_due_first_is_never_refused_and_owes_one_at_a_time(
    waits: list[int], ends: bool
) -> None:
    reports: list[Done] = []
    now = NOON
    for k, wait in enumerate(waits):
        now += wait * MINUTE
        owed_now: list[DueReport] = due_of(SEVERE, reports, POLICY)
        assert len(owed_now) == (2 if not reports else 1)
        first = owed_now[0]
        assert refusal(SEVERE, reports, first.number, "t") == ""
        is_last = ends and k == len(waits) - 1 and first.number >= WRITTEN
        reports.append(Done("A1", first.number, now, "u", "t", is_last))
    assert [report.number for report in reports] == list(range(len(reports)))
    if reports and reports[-1].is_last:
        assert due_of(SEVERE, reports, POLICY) == []


def test_the_policys_values_are_read() -> None:
    complaints: list[tuple[str, str, str]] = []
    given = {"reports": {"severity": 3, "written_minutes": 90, "follow_up_hours_3": 6}}
    policy = read_policy(given, lambda *said: complaints.append(said)).reports
    assert (policy.severity, policy.phone_minutes, policy.written_minutes) == (3, 30, 90)
    assert policy.follow_up_ms(3) == 6 * HOUR and policy.follow_up_ms(1) == 2 * HOUR
    assert not complaints
