"""The tokens of a text find everything that a word matches, whatever was written and however it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.search_text import matches, normal, number_of, tokens, wanted

LETTERS = st.text("角楼西大街路号12３４ab-·（ %_'\"*\n", max_size=24)


@given(LETTERS, LETTERS)
def test_what_a_word_matches_has_its_tokens(text: str, word: str) -> None:
    lines = "\n".join(map(normal, text.split("\n")))
    asked = normal(word)
    if asked and matches(lines, asked):
        assert all(not one_of.isdisjoint(tokens(lines)) for one_of in wanted(asked))


@given(LETTERS)
def test_a_text_matches_itself_and_is_normal_once_and_for_all(text: str) -> None:
    asked = normal(text)
    assert normal(asked) == asked
    if asked:
        assert matches(asked, asked)


@pytest.mark.parametrize(("text", "word", "is_found"), [
    ("20261120-00417", "20261120-00417", True), ("20261120-00417", "20261120", True),
    ("20261120-00417", "2026", True), ("20261120-00417", "417", True), ("20261120-00417", "1120-004", True),
    ("20261120-00417", "0041", True), ("20261120-00417", "041", False), ("20261120-00417", "17", False),
    ("鹤桥路14号", "鹤桥路14号", True), ("鹤桥路114号", "14号", False), ("鹤桥路14号", "路14", True),
    ("鹤桥路１４号", "鹤桥路14号", True), ("角楼西大街（近旧角楼大街）", "旧角楼", True),
    ("角楼\u200b西大街", "角楼西", True), ("ＡＢＣ路", "abc路", True), ("角楼西大街", "楼角", False),
    ("аbс路", "abc路", False),  # two Cyrillic letters
])  # fmt: skip
def test_a_word_stands_whole_or_as_a_beginning_or_an_end(text: str, word: str, is_found: bool) -> None:
    asked = normal(word)
    assert matches(normal(text), asked) is is_found
    if is_found:
        assert all(not one_of.isdisjoint(tokens(normal(text))) for one_of in wanted(asked))


@pytest.mark.parametrize("word", ["号", "", "%", "_", "'", '"', "* ( )"])
def test_what_is_too_short_wants_nothing(word: str) -> None:
    assert wanted(normal(word)) == ()


def test_a_token_is_a_number_of_32_bits() -> None:
    assert all(-(2**31) <= number_of(token) < 2**31 for token in tokens(normal("角楼西大街12号 20261120-00417")))
