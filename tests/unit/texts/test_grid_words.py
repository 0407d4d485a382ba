"""No English of the table's own on a Chinese page: whatever AG Grid says to eye or ear has our word."""

import re
from pathlib import Path

import dash_ag_grid
import pytest

from dashboard.texts import texts

# What the table looks up when it speaks: getLocaleTextFunc()("key", "English").
SAID = re.compile(r"\(\s*\"([a-z][A-Za-z]+)\"\s*,\s*\"[A-Z][^\"]*\"")
# Parts of the table that the desk does not use: pages, notes, other editors.
UNUSED = {"seconds", "group"}


def said() -> set[str]:
    folder = Path(dash_ag_grid.__file__).parent
    script = "".join((folder / name).read_text("utf-8") for name in ("dash_ag_grid.min.js", "async-community.js"))
    spoken = re.findall(r"getLocaleTextFunc\(\)\(\s*\"([a-z][A-Za-z]+)\"", script)
    return {*spoken, *(key for key in SAID.findall(script) if key.startswith("aria"))} - UNUSED


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_table_says_nothing_without_our_words(language: str) -> None:
    wanted = said()
    assert {"noMatchingRows", "noRowsToShow", "loadingOoo", "ariaSortableColumn"} <= wanted
    assert wanted <= texts(language)["grid_words"].keys()


def test_the_chinese_words_are_chinese() -> None:
    words = texts("zh-CN")["grid_words"]
    assert not {key: text for key, text in words.items() if not re.search("[\u4e00-\u9fff]", text)}
