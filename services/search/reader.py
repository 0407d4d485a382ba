"""Find cases: the open ones by looking at each, those that are over by the index; persons by their tokens.

The index says where to look, ``query.matches`` decides. The newest report comes first. Reads only; whoever asks says
what they may see of a row, and nothing else leaves.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, select, text

from services.cases.case import CaseRow
from services.cases.reader import cases_of
from services.platform.clock import DAY_MS
from services.platform.database import is_postgres
from services.platform.errors import STORE_ERRORS
from services.platform.search_text import normal
from services.search.expression import SearchScope, expression_of, for_arrays, for_fts
from services.search.query import CaseDoc, SearchQuery, matches
from services.search.store import KeptDoc, count_due, first_doc, kept_doc
from services.search.tables import search_docs, search_people

MaySee = Callable[[CaseRow], bool]

# Hits are shown up to SHOWN and counted up to COUNTED; then it says «more».
SHOWN, COUNTED = 20, 100
PAGE = 128
# After so long a search says what it has, and that it has not looked at everything.
LONGEST_S = 3.0
MOST_PEOPLE = 50
_FIRST_WINDOW_MS, _GROWS = 45 * DAY_MS, 4


class CaseHit(NamedTuple):
    """A case that was found, as its row stands now, and its address as it is shown."""

    row: CaseRow
    address: str


class CaseHits(NamedTuple):
    """What was found of one group. ``n`` counts up to ``COUNTED``; ``is_more``: there are more than these.

    ``looked_back_to`` (Unix ms) where time ran out before everything was looked at.
    """

    hits: tuple[CaseHit, ...] = ()
    n: int = 0
    is_more: bool = False
    looked_back_to: int | None = None


class SearchReader:
    """Looks into one store."""

    def __init__(self, engine: Engine, *, longest_s: float = LONGEST_S) -> None:
        self._engine, self._longest_s = engine, longest_s

    def open_ones(self, query: SearchQuery, rows: Sequence[CaseRow], most: int = SHOWN) -> CaseHits:
        """Of the open cases ``rows`` (of the board; all that the person may see) those that match, soonest due first.

        A case that the index has not reached yet is known by its row: number, class, place, unit.
        """
        with self._engine.connect() as connection:
            where = search_docs.c.is_open
            kept = {row.case_id: kept_doc(row) for row in connection.execute(select(*_DOC).where(where))}
        hits = []
        for row in rows:
            doc = kept.get(row.case_id)
            words = doc.text if doc is not None else f"{normal(row.case_id)}\n{normal(row.class_name)}\n\n"
            codes = (row.street, row.community, row.grid, row.lead_unit, row.domain)
            if matches(query, CaseDoc(row.case_id, row.reported_at, words, codes)):
                hits.append(CaseHit(row, doc.address if doc is not None else ""))
        hits.sort(key=lambda hit: (hit.row.deadline_at is None, hit.row.deadline_at or 0, hit.row.case_id))
        return CaseHits(tuple(hits[:most]), len(hits), False)

    def over_ones(
        self,
        query: SearchQuery,
        scope: SearchScope,
        may_see: MaySee,
        span: tuple[int, int],
        most: int = SHOWN,
    ) -> CaseHits:
        """Of the cases that are over and were reported in ``span`` (Unix ms, the end not in it) those that match."""
        since = max(span[0], query.since or 0) // 1000 * 1000  # documents know the second
        until = min(span[1], query.until or span[1]) // 1000 * 1000
        hits: list[CaseHit] = []
        n, ends = 0, time.monotonic() + self._longest_s
        if since >= until or query.problem:
            return CaseHits()
        with self._engine.connect() as connection:
            if is_postgres(connection):
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(2000 * self._longest_s)}")
            for page, back_to in _pages(connection, query, scope, since, until):
                found = [doc for doc in page if matches(query, _case_doc(doc))]
                rows = {row.case_id: row for row in cases_of(connection, [doc.case_id for doc in found])}
                for doc in found:
                    row = rows.get(doc.case_id)
                    if row is None or row.is_open or not may_see(row):
                        continue
                    n += 1
                    if n <= most:
                        hits.append(CaseHit(row, doc.address))
                if n > COUNTED:
                    return CaseHits(tuple(hits), COUNTED, True)
                if time.monotonic() > ends:
                    return CaseHits(tuple(hits), n, True, back_to)
        return CaseHits(tuple(hits), n, False)

    def backlog(self) -> int | None:
        """How many changes of cases wait for the index; None while the store does not say: other figures say why."""
        try:
            with self._engine.connect() as connection:
                return count_due(connection)
        except STORE_ERRORS:
            return None

    def of_people(self, tokens: Sequence[bytes], may_see: MaySee) -> tuple[CaseHit, ...]:
        """The cases whose reporter has one of these tokens, open or over, the newest report first."""
        p = search_people.c
        with self._engine.connect() as connection:
            asked = select(p.case_id).where(p.token.in_(tokens)).distinct()
            ids = [row[0] for row in connection.execute(asked)]
            rows = [row for row in cases_of(connection, ids) if may_see(row)]
            rows = sorted(rows, key=lambda row: (-row.reported_at, row.case_id))[:MOST_PEOPLE]
            addresses = self.addresses(connection, [row.case_id for row in rows])
        return tuple(CaseHit(row, addresses.get(row.case_id, "")) for row in rows)

    @staticmethod
    def addresses(connection: Connection, case_ids: Sequence[str]) -> dict[str, str]:
        """The addresses of these cases as they are shown."""
        c = search_docs.c
        rows = connection.execute(select(c.case_id, c.address).where(c.case_id.in_(case_ids)))
        return {row[0]: row[1] for row in rows}


_DOC = [search_docs.c[name] for name in KeptDoc._fields]
_COLUMNS = ", ".join(f"d.{name}" for name in KeptDoc._fields)
_FTS = text(
    f"SELECT {_COLUMNS} FROM search_index i JOIN search_docs d ON d.doc = i.rowid "
    "WHERE search_index MATCH :asked AND i.rowid >= :low AND i.rowid < :high ORDER BY i.rowid DESC LIMIT :page"
)
_ALL = (
    select(*_DOC)
    .where(search_docs.c.doc >= bindparam("low"), search_docs.c.doc < bindparam("high"), ~search_docs.c.is_open)
    .order_by(search_docs.c.doc.desc())
    .limit(bindparam("page"))
)


def _pages(
    connection: Connection, query: SearchQuery, scope: SearchScope, since: int, until: int
) -> Iterator[tuple[list[KeptDoc], int]]:
    """Documents that may match, the newest first, and down to when (Unix ms) has been looked so far."""
    expression, postgres = expression_of(query, scope), is_postgres(connection)
    low, high = first_doc(since), first_doc(until)
    if postgres and (condition := for_arrays(expression, "i.tokens")):
        yield from _by_windows(connection, condition, since, until)
        return
    asked = "" if postgres else for_fts(expression)
    while True:
        values = {"low": low, "high": high, "page": PAGE, **({"asked": asked} if asked else {})}
        rows = [kept_doc(row) for row in connection.execute(_FTS if asked else _ALL, values)]
        if not rows:
            return
        high = rows[-1].doc
        yield rows, _case_doc(rows[-1]).reported_at
        if len(rows) < PAGE:
            return


def _by_windows(connection: Connection, condition: str, since: int, until: int) -> Iterator[tuple[list[KeptDoc], int]]:
    """The same by spans of time that grow: a GIN index gives all that it has at once, and in no order."""
    # Apart from the order and the limit: for their sake the planner would walk through every document of the span.
    statement = text(
        "WITH found AS MATERIALIZED (SELECT i.doc FROM search_index i "
        f"WHERE {condition} AND i.doc >= :low AND i.doc < :high ORDER BY i.doc + 0 DESC LIMIT :page) "
        f"SELECT {_COLUMNS} FROM found JOIN search_docs d ON d.doc = found.doc ORDER BY d.doc DESC"
    )
    width, end = _FIRST_WINDOW_MS, until
    while end > since:
        begin = max(end - width, since)
        low, high = first_doc(begin), first_doc(end)
        while rows := [
            kept_doc(row) for row in connection.execute(statement, {"low": low, "high": high, "page": PAGE})
        ]:
            yield rows, _case_doc(rows[-1]).reported_at
            high = rows[-1].doc
            if len(rows) < PAGE:
                break
        end, width = begin, width * _GROWS


def _case_doc(doc: KeptDoc) -> CaseDoc:
    return doc.as_case
