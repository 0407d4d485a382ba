"""First and follow-up reports of severe incidents (首报、续报; DOMAIN.md §5): which are due, when, what is done. Pure.

Number 0 goes out by phone, 1 in writing, 2 and on follow: each so many hours after the report before it, until one is
marked the last or the case has ended.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.cases.case import CaseRow
from services.cases.deadlines import has_come
from services.district.report_policy import ReportPolicy
from services.platform.clock import MINUTE_MS

PHONE, WRITTEN = 0, 1
MOST_CHARACTERS = 4000


class Done(msgspec.Struct, frozen=True, gc=False):
    """A report that went out."""

    case_id: str
    number: int
    done_at: int
    done_by: str
    text: str = ""
    is_last: bool = False


class DueReport(msgspec.Struct, frozen=True, gc=False):
    """A report that must go out by ``due_at`` (Unix milliseconds)."""

    case_id: str
    number: int
    due_at: int
    severity: int
    street: str

    def left_ms(self, now: int) -> int:
        """What is left of its time, negative when it is overdue."""
        return self.due_at - now

    def is_overdue(self, now: int) -> bool:
        """Whether its moment has come, as with a deadline."""
        return has_come(self.due_at, now)


def needs_reports(row: CaseRow, policy: ReportPolicy) -> bool:
    """An open case that is severe enough."""
    return row.is_open and row.severity <= policy.severity


def due_of(row: CaseRow, done: Sequence[Done], policy: ReportPolicy) -> list[DueReport]:
    """The reports of one case that are still owed, the first due first; at most one of them a follow-up."""
    if not needs_reports(row, policy):
        return []
    numbers = {report.number for report in done}
    found = [
        DueReport(row.case_id, number, row.reported_at + int(minutes * MINUTE_MS), row.severity, row.street)
        for number, minutes in ((PHONE, policy.phone_minutes), (WRITTEN, policy.written_minutes))
        if number not in numbers
    ]
    every_ms = policy.follow_up_ms(row.severity)
    if WRITTEN in numbers and every_ms and not any(report.is_last for report in done):
        last = max(report.done_at for report in done if report.number >= WRITTEN)
        found.append(DueReport(row.case_id, max(numbers) + 1, last + every_ms, row.severity, row.street))
    return sorted(found, key=lambda due: (due.due_at, due.number))


def reports_due(rows: Iterable[CaseRow], done: Mapping[str, Sequence[Done]], policy: ReportPolicy) -> list[DueReport]:
    """The reports owed for all of the cases, the first due first."""
    found = [due for row in rows for due in due_of(row, done.get(row.case_id, ()), policy)]
    return sorted(found, key=lambda due: (due.due_at, due.case_id, due.number))


def refusal(row: CaseRow | None, done: Sequence[Done], number: int, text: str) -> str:
    """Why a report cannot be put down as done: a code, or empty when it can.

    ``no_case``; ``done_already``; ``out_of_order``: a follow-up before the written report or with a number left out;
    ``ended``: the last has gone out; ``no_text``: only what was said by phone may go unwritten.
    """
    numbers = {report.number for report in done}
    if row is None:
        return "no_case"
    if number in numbers:
        return "done_already"
    is_follow_up = number > WRITTEN
    if number < PHONE or (is_follow_up and (WRITTEN not in numbers or number != max(numbers) + 1)):
        return "out_of_order"
    if is_follow_up and any(report.is_last for report in done):
        return "ended"
    if (number >= WRITTEN and not text.strip()) or len(text) > MOST_CHARACTERS:
        return "no_text" if not text.strip() else "too_long"
    return ""
