"""Limits as city standards write them: all 522 conditions of a real one are read, and what is none is told."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from services.cases.limits import parse_limit

STANDARDS = Path(__file__).parents[2].parent / "shared/data/real/schema/yuncheng_case_standards.csv"


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("2紧急工作时", 2, "UH"), ("1紧急工作时制止", 1, "UH"), ("2 紧急工作日", 2, "UD"), ("7自然日", 7, "UD"),
        ("2工作时", 2, "WH"), ("4小时", 4, "WH"), ("４小时内", 4, "WH"), ("1.5个工作小时", 1.5, "WH"),
        ("半小时", 0.5, "WH"),
        ("5个工作日", 5, "WD"), ("15天", 15, "WD"), ("两个工作日", 2, "WD"), ("十五日内", 15, "WD"),
        ("二十天", 20, "WD"),
        ("2UH", 2, "UH"), ("5 wd", 5, "WD"),
    ],
)  # fmt: skip
def test_a_limit_as_a_standard_writes_it(text: str, value: float, unit: str) -> None:
    found = parse_limit(text)
    assert found is not None
    assert (found.value, found.unit) == (value, unit)


@pytest.mark.parametrize(
    "text", ["", "立即", "2", "工作日", "0天", "-1天", "2周", "十半天", "二三天", "9999999天", "2天3小时"]
)
def test_what_is_no_limit_is_told(text: str) -> None:
    assert parse_limit(text) is None


@pytest.mark.skipif(not STANDARDS.is_file(), reason="../shared/data is not beside the project")
def test_every_condition_of_a_real_standard_has_its_limit() -> None:
    with STANDARDS.open(encoding="utf-8-sig", newline="") as file:
        texts = [row["处置时限"] for row in csv.DictReader(file)]
    assert len(texts) == 522
    assert [text for text in texts if parse_limit(text) is None] == []
    units = Counter(limit.unit for text in texts if (limit := parse_limit(text)) is not None)
    assert units == {"WD": 414, "WH": 61, "UH": 42, "UD": 5}
