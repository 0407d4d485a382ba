"""What opens from a section of the leader's page: its definition, its count and its cases."""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from services.cases.case import CaseRow
from services.district.package import District
from services.indicators.figures_reader import Days, Scope, window_of
from services.leadership import marks_reader as marks
from services.leadership.part_words import PartWords
from services.leadership.parts_reader import Places
from services.leadership.report import Report
from services.leadership.spans import Span

# Section → the mark that its cases have.
_MARKS = {"reasons": "district", "supervision": "supervision", "campaigns": "campaign"}
PARTS = (*_MARKS, "standing", "repeats")


class Opened(NamedTuple):
    """The list: what it is called, what it counts, how many, and the first cases."""

    title: str
    definition: list[str]
    n: int
    cases: list[CaseRow]


class PartQuery(NamedTuple):
    """Which part, and which row of it: '' is all of them."""

    part: str
    code: str


def open_part(
    connection: Connection, district: District, said: PartWords, span: Span, asked: PartQuery, *, now: int, limit: int
) -> Opened | None:
    """The list of a row; None where there is no such row (any more)."""
    report = said.report
    if asked.part == "repeats":
        return _repeat(connection, district, said, span, asked, now=now, limit=limit)
    what, chosen = _MARKS.get(asked.part, "supervision"), _chosen(asked)
    window = window_of(district, Days(*span.numbers), now)
    where = report.street, report.unit
    section = "supervision" if asked.part == "standing" else asked.part
    if asked.part == "standing":
        found = marks.cases_standing(connection, what, window.until, *where, chosen=chosen, limit=limit)
    else:
        found = marks.cases_marked(connection, what, (window.start, window.until), *where, chosen=chosen, limit=limit)
    return Opened(_title(said, asked), said.definition(section), _count(report, asked), found)


def _repeat(
    connection: Connection, district: District, said: PartWords, span: Span, asked: PartQuery, *, now: int, limit: int
) -> Opened | None:
    report = said.report
    scope = Scope(street=report.street or None, unit=report.unit or None)
    places = Places(connection, district, Days(*span.numbers), now, scope)
    known = {place.case_id: place for place in (report.repeats.rows if report.repeats else ())}
    squares = next((squares for squares in places.all() if squares[0].first == asked.code), None)
    if squares is None or asked.code not in known:
        return None
    cases = marks.cases_of_squares(
        connection,
        places.window,
        *places.where,
        per_degree=places.per_degree,
        key=squares[0].key,
        chosen=[(s.x, s.y) for s in squares],
        limit=limit,
    )
    place = known[asked.code]
    title = f"{said.words['repeats']['title']} · {said.place(place)} · {said.matter(place)}"
    return Opened(title, said.definition("repeats"), sum(square.n for square in squares), cases)


def _chosen(asked: PartQuery) -> tuple[str, int] | None:
    """The code and level of a row; None is all."""
    if not asked.code:
        return None
    if asked.part in {"supervision", "standing"}:
        kind, _, level = asked.code.rpartition(".")
        return kind, int(level) if level.isdecimal() and len(level) < 4 else -1
    return ("" if asked.code == "-" else asked.code), 0


def _count(report: Report, asked: PartQuery) -> int:
    """As the page has it: the list may be cut."""
    watched = report.supervision
    if asked.part == "supervision" and watched is not None:
        rows = [row.begun.now.n for row in watched.rows if f"{row.kind}.{row.level}" == asked.code]
        return sum(rows) if asked.code else watched.begun.now.n
    if asked.part == "standing" and watched is not None:
        rows = [row.standing for row in watched.rows if f"{row.kind}.{row.level}" == asked.code]
        return sum(rows) if asked.code else watched.standing
    parts = report.reasons if asked.part == "reasons" else report.campaigns
    return sum(of.count.now.n for of in parts if not asked.code or (of.code or "-") == asked.code)


def _title(said: PartWords, asked: PartQuery) -> str:
    words: Any = said.words
    title = words["sections"]["standing"] if asked.part == "standing" else words[asked.part]["title"]
    if not asked.code:
        return str(title)
    if asked.part == "reasons":
        return f"{title} · {said.reason('' if asked.code == '-' else asked.code)}"
    if asked.part == "campaigns":
        return f"{title} · {said.campaign(asked.code)}"
    kind, level = _chosen(asked) or ("", 0)
    return f"{title} · {said.supervised(kind, level)}"
