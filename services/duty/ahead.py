"""What breaks next until the following shift ends: the desk's own matters by their moment, not every case. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.cases.case import CaseRow, pauses_in
from services.contract.codes import SENSITIVE_DOMAINS
from services.contract.personal import mask_text
from services.duty.reports import DueReport
from services.duty.sheet import AheadLine

# Nobody has taken it; a report is owed; the district has it; it is severe; it is supervised; its pause ends.
KINDS = ("untaken", "report", "district", "severe", "supervised", "resumes")
SEVERE, MOST = 3, 40


class Ahead(NamedTuple):
    """The first lines in time, how many there are, and how many ordinary cases come due beside them."""

    lines: list[AheadLine]
    n: int
    ordinary: int


def ahead(
    rows: Iterable[CaseRow],
    untaken: Iterable[str],
    *,
    supervised: Mapping[str, object],
    reports: Iterable[DueReport],
    units: Mapping[str, str],
    now: int,
    until: int,
) -> Ahead:
    """Everything from ``now`` to ``until``, the first first; what nobody has taken stands there though it is late."""
    waiting = set(untaken)
    found, ordinary = [], 0
    for row in rows:
        kind, at = _kind(row, waiting, supervised, now, until)
        if at is None:
            continue
        if kind:
            found.append(_line(row, kind, at, units))
        else:
            ordinary += 1
    for due in reports:
        if due.due_at < until:
            found.append(
                AheadLine(due.due_at, "report", due.case_id, due.street, severity=due.severity, about=str(due.number))
            )
    found.sort(key=lambda line: (line.at, KINDS.index(line.kind), line.case_id))
    return Ahead(found[:MOST], len(found), ordinary)


def _kind(
    row: CaseRow, waiting: set[str], supervised: Mapping[str, object], now: int, until: int
) -> tuple[str, int | None]:
    ends = [end for start, end in pauses_in(row) if start <= now and end is not None and now < end < until]
    if row.pauses and ends:
        return "resumes", min(ends)
    at = row.deadline_at
    if row.case_id in waiting:
        return "untaken", at if at is not None and at < until else now
    if at is None or not now <= at < until:
        return "", None
    if row.level == "district":
        return "district", at
    if row.severity <= SEVERE:
        return "severe", at
    return ("supervised" if row.case_id in supervised else ""), at


def _line(row: CaseRow, kind: str, at: int, units: Mapping[str, str]) -> AheadLine:
    """Of a sensitive case no text: neither its class nor a unit that the package does not know."""
    is_sensitive = row.domain in SENSITIVE_DOMAINS
    unit = row.lead_unit if row.lead_unit in units else "" if is_sensitive else mask_text(row.lead_unit)
    name = "" if is_sensitive else row.class_name
    return AheadLine(at, kind, row.case_id, row.street, row.domain, name, unit, row.severity)
