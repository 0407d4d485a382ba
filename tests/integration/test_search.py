"""The index finds what a plain scan finds, on both databases, and follows the cases."""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, text

from services.cases import reader as case_reader
from services.cases.case import CaseRow
from services.district.package import District
from services.platform.clock import DAY_MS, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.search import store
from services.search.expression import SearchScope
from services.search.query import CaseDoc, matches, names_of, parse_query
from services.search.reader import SearchReader
from services.search.worker import SearchIndexer
from tests.tiny import NOON, case, entry, middle, numbered

TODAY = date(2026, 11, 23)
DOMAINS = {"04": ("市容环卫",), "09": ("矛盾纠纷",)}
ROADS = ("角楼西大街", "旧角楼大街", "鹤桥路", "西鹤桥路", "建设二路", "Ring Road")
CLASSES = ("井盖破损", "路灯不亮", "垃圾满冒", "占道经营")
EVER = (0, NOON + DAY_MS)


def every_case(n: int = 90) -> list[dict[bytes, bytes]]:
    """Cases of three years in four communities, a third of them open."""
    dice, found = random.Random(5), []
    for i in range(n):
        at = NOON - dice.randrange(1100) * DAY_MS - dice.randrange(86_400) * 1000
        day = TODAY - timedelta(days=(NOON - at) // DAY_MS)
        over = {"closed_at": to_rfc3339(at + 3_600_000)} if i % 3 else {}
        found.append(entry(case(
            f"{day:%Y%m%d}-{dice.randrange(1000):05}", 1, "closed" if over else "handling", **over,
            reported_at=to_rfc3339(at), address=f"{dice.choice(ROADS)}{dice.randrange(1, 130)}号",
            title=dice.choice(("", "群众反映", "巡查发现（二次）")), domain=dice.choice(("04", "09")),
            category={"name": dice.choice(CLASSES)}, lead_unit=dice.choice(("D1", "D2")),
            **middle(dice.randrange(4), dice.randrange(2)),
        ), "case.corrected", at + 3_600_000))  # fmt: skip
    return found


def asked(dice: random.Random, docs: list[CaseDoc]) -> str:
    """A line that somebody may type: parts of what there is, names, days, and what is nowhere."""
    parts = []
    for _ in range(dice.randrange(1, 4)):
        words = dice.choice(docs).text.replace("\n", " ").split()
        word = dice.choice(words)
        at = dice.randrange(len(word))
        parts.append(dice.choice((
            word, word[at : at + 4], word[:3], word[-3:], dice.choice(ROADS), "东街", "社区2", "市政中心", "市容环卫",
            "@网格11", "#井盖", "上月", "2025年", "今年",
            f"{TODAY - timedelta(days=dice.randrange(900)):%Y-%m}", "楼角",
        )))  # fmt: skip
    return " ".join(parts)


@pytest.fixture
def indexed(engine: Engine, tiny: District) -> Engine:
    """A store with its index."""
    Ingest(engine, tiny, Sealer("")).apply(numbered(every_case()), NOON)
    SearchIndexer(engine, Sealer("")).drain()
    return engine


def rows_of(engine: Engine) -> list[CaseRow]:
    with engine.connect() as connection:
        ids = [row[0] for row in connection.execute(text("SELECT case_id FROM cases"))]
        return case_reader.cases_of(connection, ids)


def docs_of(engine: Engine) -> list[CaseDoc]:
    with engine.connect() as connection:
        ids = [row[0] for row in connection.execute(text("SELECT case_id FROM cases"))]
        return [doc.as_case for doc in store.kept_docs(connection, ids).values()]


def test_the_index_finds_what_a_plain_scan_finds(indexed: Engine, tiny: District) -> None:
    docs, rows, reader = docs_of(indexed), {row.case_id: row for row in rows_of(indexed)}, SearchReader(indexed)
    assert len(docs) == len(rows) > 80
    dice, names, n = random.Random(7), names_of(tiny, DOMAINS), 0
    for _ in range(100):
        line = asked(dice, docs)
        query = parse_query(line, TODAY, tiny, names)
        for scope in (SearchScope(), SearchScope((("street", "S1"),), frozenset({"09"}))):

            def mine(row: CaseRow, scope: SearchScope = scope) -> bool:
                return not scope.own or (row.street == "S1" and row.domain != "09")

            plain = {doc.case_id for doc in docs if matches(query, doc) and mine(rows[doc.case_id])}
            is_open = [row for row in rows.values() if row.is_open and mine(row)]
            found = [hit.row.case_id for hit in reader.open_ones(query, is_open, 99).hits]
            over = reader.over_ones(query, scope, mine, EVER, 99)
            found += [hit.row.case_id for hit in over.hits]
            assert sorted(found) == sorted(plain), line
            reported = [hit.row.reported_at // 1000 for hit in over.hits]
            assert reported == sorted(reported, reverse=True)
            n += len(plain)
    assert n > 200
