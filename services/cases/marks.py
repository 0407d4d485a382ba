"""What a case bears besides its counts: why it went to the district, supervisions (督办), its campaign. Pure.

A mark is a line of its own in the store (``case_marks``), in the order of the moment that decides its span: what a
leader asks of a month is one range of it, however long the history, and the same range names the cases. It is kept
with what the case counts for (``Counted.marks``) and moves with it: a void, a merge, a correction change the past.
"""

from datetime import datetime
from typing import Literal, NamedTuple

from services.cases.case import CaseRow
from services.contract.case import Case
from services.platform.clock import to_ms

What = Literal["district", "supervision", "campaign"]
# ``until`` of what has not ended.
STANDS = 1 << 62
MOST_CODE = 60


class CaseMark(NamedTuple):
    """One mark; times in Unix ms.

    ``district``: closed, and the district had it at the highest: at the closing; ``code`` the last escalation's reason.
    ``supervision``: from ``at`` to ``until``; ``code`` its kind, ``level`` 1–3, ``n`` its place in the case's list.
    ``campaign``: at the report, ``until`` the closing (整改). 0 and '' where nothing is known.
    """

    what: What
    at: int
    n: int
    code: str
    level: int
    until: int


def marks_of(case: Case, row: CaseRow) -> tuple[CaseMark, ...]:
    """The marks of a case that counts (neither voided nor merged), as its row stands."""
    found = []
    if row.highest_level == "district" and row.closed_at is not None:
        reason = (case.escalations[-1].reason_code if case.escalations else "") or ""
        found.append(CaseMark("district", row.closed_at, 0, _code(reason), 0, STANDS))
    if case.supervisions:
        ended = STANDS if row.is_open else row.closed_at or row.event_at
        for n, seen in enumerate(case.supervisions):
            at = _ms(seen.at, row.reported_at)
            until = max(min(_ms(seen.ended_at, STANDS), ended), at)
            found.append(CaseMark("supervision", at, n, _code(seen.kind), seen.level or 0, until))
    if case.campaign and row.status != "not_filed":
        until = STANDS if row.closed_at is None else row.closed_at
        found.append(CaseMark("campaign", row.reported_at, 0, _code(case.campaign), 0, until))
    return tuple(found)


def _code(text: str) -> str:
    return text.replace("\x00", "").strip()[:MOST_CODE]


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else to_ms(moment)
