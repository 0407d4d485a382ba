"""One line is taken apart into words, names and days; what it matches is the same for memory and index."""

from dataclasses import replace
from datetime import date

import pytest

from services.district.package import District
from services.platform.search_text import number_of
from services.platform.search_text import tokens as tokens_of
from services.search.expression import SearchScope, expression_of, for_arrays, for_fts
from services.search.query import CaseDoc, days_of, matches, names_of, parse_query

TODAY = date(2026, 11, 23)  # a Monday


def doc_tokens(doc: CaseDoc) -> set[str]:
    """What the index has of a document."""
    return tokens_of(doc.text) | doc.code_tokens


DOMAINS = {"04": ("市容环卫", "City appearance"), "09": ("矛盾纠纷", "Disputes")}
DOC = CaseDoc(
    "20261120-00417",
    1_763_607_120_000,
    "20261120 00417\n上水井盖破损\n\n角楼西大街12号",
    ("S1", "C1", "G10", "D1", "04"),
)


@pytest.mark.parametrize(("word", "first", "end"), [
    ("今天", (2026, 11, 23), (2026, 11, 24)), ("昨天", (2026, 11, 22), (2026, 11, 23)),
    ("上周", (2026, 11, 16), (2026, 11, 23)), ("本周", (2026, 11, 23), (2026, 11, 30)),
    ("上月", (2026, 10, 1), (2026, 11, 1)), ("去年", (2025, 1, 1), (2026, 1, 1)),
    ("lastweek", (2026, 11, 16), (2026, 11, 23)), ("2026-11-20", (2026, 11, 20), (2026, 11, 21)),
    ("2026年11月20日", (2026, 11, 20), (2026, 11, 21)), ("2026-12", (2026, 12, 1), (2027, 1, 1)),
    ("11月20日", (2026, 11, 20), (2026, 11, 21)), ("12月24日", (2025, 12, 24), (2025, 12, 25)),
    ("2024年", (2024, 1, 1), (2025, 1, 1)),
])  # fmt: skip
def test_days(word: str, first: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    assert days_of(word, TODAY) == (date(*first), date(*end))


@pytest.mark.parametrize("word", ["2026-02-31", "0000-01-01", "9999-13", "20261120", "13800000000", "角楼"])
def test_no_days(word: str) -> None:
    assert days_of(word, TODAY) is None


@pytest.mark.parametrize(("text", "is_found"), [
    ("角楼 井盖", True), ("角楼 路灯", False), ("东街 井盖", True), ("西街 井盖", False), ("市政中心", True),
    ("市容环卫", True), ("矛盾纠纷", False), ("@网格10", True), ("@角楼", False), ("#井盖", True), ("#角楼", False),
    ("00417 角楼", True), ("appearance", True),
])  # fmt: skip
def test_words_and_names(tiny: District, text: str, is_found: bool) -> None:
    query = parse_query(text, TODAY, tiny, names_of(tiny, DOMAINS))
    assert not query.problem
    assert matches(query, DOC) is is_found


def with_classes(tiny: District, *rows: tuple[str, str]) -> District:
    """The district with these classes and their aliases."""
    return replace(tiny, tables={"categories": tuple({"name": name, "aliases": more} for name, more in rows)})


@pytest.mark.parametrize(("text", "is_found"), [
    ("摆摊", True), ("流动摊贩", True), ("摊贩", True), ("#摆摊", True), ("zdjy", True), ("zdj", True), ("djy", False),
    ("@摆摊", False), ("遛狗", False), ("摆摊 角楼", True), ("摆摊 西街", False), ("dj 摆摊", True), ("xj 摆摊", False),
    ("szzx", True), ("cgj", False), ("srhw", True),
])  # fmt: skip
def test_common_words_and_initials(tiny: District, text: str, is_found: bool) -> None:
    doc = CaseDoc("A", DOC.reported_at, "a\n占道经营\n\n角楼西大街12号", DOC.codes)
    district = with_classes(tiny, ("占道经营", "摆摊;流动摊贩"), ("违规养犬", "遛狗"), ("占道经营", "小贩"))
    query = parse_query(text, TODAY, district, names_of(district, DOMAINS))
    assert not query.problem
    assert matches(query, doc) is is_found
    needed = expression_of(query, SearchScope()).needed
    tokens = frozenset(map(number_of, doc_tokens(doc)))
    proposed = all(
        any(all(any(number_of(t) in tokens for t in one) for one in all_of) for all_of in some) for some in needed
    )
    assert proposed or not is_found  # what matches, the index proposes


def test_a_word_for_too_many_classes_stands_for_none(tiny: District) -> None:
    district = with_classes(tiny, *((f"类别{n}", "东西") for n in range(21)))
    assert parse_query("东西", TODAY, district, names_of(district, DOMAINS)).words[0].near == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("  %  ", "empty"),
        ("号", "short"),
        ("角楼 号", "short"),
        ("角" * 101, "long"),
        ("角楼 " * 9, "long"),
    ],
)
def test_what_cannot_be_looked_for_says_why(tiny: District, text: str, problem: str) -> None:
    assert parse_query(text, TODAY, tiny, names_of(tiny, DOMAINS)).problem == problem


@pytest.mark.parametrize("text", [
    'ab" OR tokens:*', "NEAR(a b)", "'; DROP TABLE cases; --", "a* AND b", "{ab cd}", "ab ^cd", "100%_ab", "${jndi}ab",
])  # fmt: skip
def test_nothing_typed_reaches_the_query_language(tiny: District, text: str) -> None:
    query = parse_query(text, TODAY, tiny, names_of(tiny, DOMAINS))
    expression = expression_of(query, SearchScope((("street", "S1"),), frozenset({"09"})))
    assert set(for_fts(expression).replace("AND", "").replace("OR", "").replace("NOT", "")) <= set(
        "0123456789abcdefnoe ()"
    )
    plain = for_arrays(expression, "t").replace("::int[]", "").replace("AND", "").replace("OR", "").replace("NOT", "")
    assert set(plain) <= set("0123456789-,{}'@>&t ()")
