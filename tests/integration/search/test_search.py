"""The index finds what a plain scan finds, on both databases, and follows the cases."""

import random
from datetime import date, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, text

from services.access.reveal_rules import RevealRefused
from services.audit import Signer, Who
from services.audit.log_service import AuditLog
from services.cases import reader as case_reader
from services.cases.case import CaseRow
from services.district.package import District
from services.platform.clock import DAY_MS, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.errands.keys import rotate
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.store.upsert import append_due
from services.search import store
from services.search.expression import SearchScope
from services.search.people_service import PeopleSearch, PersonSearchRefused
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


KEY, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
WANG = Who("wang", "duty_officer")
WHY = "群众来电核对进度"


def person(case_id: str, name: str | None, phone: str | None, version: int = 1, **more: object) -> dict[bytes, bytes]:
    reporter = {k: v for k, v in (("name", name), ("phone", phone)) if v}
    return entry(case(case_id, version, **({"reporter": reporter} if reporter else {}), **more), "case.corrected", NOON)


def people_of(engine: Engine, keys: str, who: str, reason: str = WHY, limit: int = 50) -> list[str]:
    search = PeopleSearch(SearchReader(engine), Sealer(keys), AuditLog(engine, Signer(KEY.split())), limit)
    return sorted(hit.row.case_id for hit in search.find(WANG, NOON, who, reason, lambda row: row.street == "S1"))


def test_a_reporter_is_found_by_the_whole_name_or_phone_alone(engine: Engine, tiny: District) -> None:
    ingest = Ingest(engine, tiny, Sealer(KEY))
    over = {"status": "closed", "closed_at": to_rfc3339(NOON)}
    ingest.apply(
        numbered(
            [
                person("A", "欧阳锋甲", "13812345678"),
                person("B", "欧阳锋甲先生", None, **over),
                person("C", "王磊", "025-83456789"),
                person("D", "欧阳锋甲", "13812345678", **middle(2, 0)),
                person("E", None, None),
            ]
        ),
        NOON,
    )
    indexer = SearchIndexer(engine, Sealer(KEY))
    indexer.drain()
    assert people_of(engine, KEY, "欧阳锋甲") == ["A", "B"]  # D lies in the other street
    assert people_of(engine, KEY, "+86 138-1234-5678") == people_of(engine, KEY, "１３８１２３４５６７８") == ["A"]
    assert people_of(engine, KEY, "83456789") == people_of(engine, KEY, "王 磊") == ["C"]
    for part in ("欧阳锋", "45678", "1381234567", "阳锋甲"):
        assert people_of(engine, KEY, part) == [], part
    assert people_of(engine, OTHER, "欧阳锋甲") == []  # of another key nothing can be tried
    ingest.apply(numbered([person("E", "王磊", None, 2)], NOON + 60), NOON)
    indexer.drain()
    assert people_of(engine, KEY, "王磊") == ["C", "E"]
    with engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM search_people")).all()).encode()
        told = str(connection.execute(text("SELECT object, detail FROM audit")).all())
        assert "王磊".encode() not in kept
        assert "王磊" not in told
        assert "欧阳锋甲" not in told
        assert "13812345678" not in told
        assert WHY in told


def test_people_are_searched_for_a_reason_and_not_without_end(engine: Engine, tiny: District) -> None:
    with pytest.raises(RevealRefused):
        people_of(engine, KEY, "王磊", reason="看")
    for who, keys, code in (("王", KEY, "no_person"), ("王磊", "", "no_key")):
        with pytest.raises(PersonSearchRefused) as refused:
            people_of(engine, keys, who)
        assert refused.value.code == code
    for _ in range(3):
        assert people_of(engine, KEY, "王磊", limit=3) == []
    with pytest.raises(PersonSearchRefused) as refused:
        people_of(engine, KEY, "王磊", limit=3)
    assert refused.value.code == "too_many"
    with engine.connect() as connection:
        actions = [row[0] for row in connection.execute(text("SELECT action FROM audit ORDER BY number"))]
    assert actions == ["search_person"] * 3 + ["search_limited"]


def test_tokens_follow_the_keys_and_go_with_what_is_sealed(engine: Engine, tiny: District) -> None:
    Ingest(engine, tiny, Sealer(KEY)).apply(numbered([person("A", "王磊", None)]), NOON)
    SearchIndexer(engine, Sealer(KEY)).drain()
    both = f"{OTHER},{KEY}"
    assert people_of(engine, both, "王磊") == ["A"]
    rotate(engine, Sealer(both), lambda _: None)
    SearchIndexer(engine, Sealer(both)).drain()
    assert people_of(engine, OTHER, "王磊") == ["A"]
    assert people_of(engine, KEY, "王磊") == []
    with engine.begin() as connection:
        connection.execute(text("UPDATE history SET sealed = NULL"))
        append_due(connection, ["A"], is_whole=True)
    SearchIndexer(engine, Sealer(both)).drain()
    assert people_of(engine, both, "王磊") == []


def test_the_index_follows_the_cases(engine: Engine, tiny: District) -> None:
    ingest, indexer, reader = Ingest(engine, tiny, Sealer("")), SearchIndexer(engine, Sealer("")), SearchReader(engine)
    step = 0

    def take(version: int, status: str, **more: object) -> None:
        nonlocal step
        step += 1
        told = {"address": "角楼西大街12号", **more}
        ingest.apply(numbered([entry(case("A", version, status, **told), "case.corrected", NOON)], NOON + step), NOON)
        indexer.drain()

    def found(line: str) -> tuple[int, int]:
        query = parse_query(line, TODAY, tiny, names_of(tiny, DOMAINS))
        is_open = [row for row in rows_of(engine) if row.is_open]
        over = reader.over_ones(query, SearchScope(), lambda _: True, EVER)
        return reader.open_ones(query, is_open).n, over.n

    ended = {"closed_at": to_rfc3339(NOON)}
    take(1, "handling")
    assert found("角楼") == (1, 0)
    take(2, "closed", **ended)
    assert found("角楼") == (0, 1)
    take(3, "handling")  # opened again
    assert found("角楼") == (1, 0)
    take(4, "closed", address="鹤桥路3号", **ended)
    assert (found("角楼"), found("鹤桥路3号")) == ((0, 0), (0, 1))
    take(5, "closed", address="鹤桥路3号", **ended, **middle(2, 0))
    assert (found("东街 鹤桥"), found("西街 鹤桥")) == ((0, 0), (0, 1))
    take(6, "voided", address="鹤桥路3号", reported_at=to_rfc3339(NOON - 40 * DAY_MS), **middle(2, 0))
    assert (found("上月 鹤桥"), found("本月 鹤桥")) == ((0, 1), (0, 0))
    rebuild(engine, ingest, NOON, lambda _: None)
    indexer.drain()
    assert found("鹤桥") == (0, 1)
    with engine.connect() as connection:
        assert store.count_due(connection) == 0
        assert connection.execute(text("SELECT count(*) FROM search_docs")).scalar() == 1
