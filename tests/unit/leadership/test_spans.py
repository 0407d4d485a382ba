"""The spans of days that a leader asks for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.leadership.spans import KINDS, Span, SpanRefused, after, around, before, latest, parse, year_ago

TODAY = date(2026, 11, 27)
days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
kinds = st.sampled_from(KINDS)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-26", "2026-11-26", "2026-11-26"), ("2026-W48", "2026-11-23", "2026-11-29"),
        ("2026-02", "2026-02-01", "2026-02-28"), ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-Q4", "2026-10-01", "2026-12-31"), ("2025-12", "2025-12-01", "2025-12-31"),
        ("2026-11-01..2026-11-15", "2026-11-01", "2026-11-15"), ("2026-W01", "2025-12-29", "2026-01-04"),
    ],
)  # fmt: skip
def test_what_is_written_is_those_days(text: str, first: str, last: str) -> None:
    span = parse(text, TODAY)
    assert (span.first.isoformat(), span.last.isoformat(), span.text) == (first, last, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"), ("yesterday", "malformed"), ("2026-13", "malformed"), ("2026-02-30", "malformed"),
        ("2026-W54", "malformed"), ("2026-Q5", "malformed"), ("2026-11-15..2026-11-01", "malformed"),
        ("0001-01", "malformed"), ("2099-12", "future"), ("9999-12", "malformed"),
        ("2026-11-28", "future"), ("2026-12", "future"),
        ("2020-01-01..2026-01-01", "too_long"), ("2026-11-26\n", "malformed"),
    ],
)  # fmt: skip
def test_what_is_none_is_said(text: str, code: str) -> None:
    with pytest.raises(SpanRefused) as refused:
        parse(text, TODAY)
    assert refused.value.code == code


def test_compared_with() -> None:
    assert before(parse("2026-03", TODAY)).text == "2026-02"
    assert year_ago(parse("2026-03", TODAY)).text == "2025-03"
    assert before(parse("2026-Q1", TODAY)).text == "2025-Q4"
    assert before(parse("2026-11-01..2026-11-15", TODAY)).text == "2026-10-17..2026-10-31"
    assert year_ago(parse("2024-02-29", TODAY)).text == "2023-02-28"
    assert year_ago(parse("2026-W53", TODAY.replace(year=2027))).text == "2025-W52"
    assert [latest(kind, TODAY).text for kind in KINDS] == ["2026-11-26", "2026-W47", "2026-10", "2026-Q3"]


@given(kinds, days)
def test_spans_of_a_kind_follow_each_other_and_each_day_is_in_one(kind: str, day: date) -> None:
    span = around(kind, day)  # type: ignore[arg-type]  # of KINDS
    assert span.first <= day < span.end
    assert before(span).end == span.first
    assert after(span).first == span.end
    assert after(before(span)) == span
    assert parse(span.text, date(2100, 1, 1)) == span


@given(days, st.integers(1, 500))
def test_a_span_of_any_days_is_compared_with_as_many(first: date, n: int) -> None:
    span = Span("span", first, first + timedelta(days=n))
    assert before(span).days == year_ago(span).days == n
    assert before(span).end == span.first
    assert parse(span.text, date(2100, 1, 1)) == span


@pytest.mark.parametrize(
    ("text", "month_day", "first", "last"),
    [
        ("2026-11", 26, "2026-10-26", "2026-11-25"), ("2026-01", 26, "2025-12-26", "2026-01-25"),
        ("2026-03", 28, "2026-02-28", "2026-03-27"), ("2026-11", 16, "2026-10-16", "2026-11-15"),
        ("2026-11", 15, "2026-11-15", "2026-12-14"), ("2026-11", 5, "2026-11-05", "2026-12-04"),
        ("2026-Q1", 26, "2025-12-26", "2026-03-25"), ("2026-Q4", 26, "2026-09-26", "2026-12-25"),
        ("2026-Q4", 5, "2026-10-05", "2027-01-04"), ("2026-W48", 26, "2026-11-23", "2026-11-29"),
    ],
)  # fmt: skip
def test_a_month_is_the_districts_month_of_account(text: str, month_day: int, first: str, last: str) -> None:
    span = parse(text, TODAY, month_day)
    assert (span.first.isoformat(), span.last.isoformat(), span.text) == (first, last, text)


def test_months_of_account_are_compared_with_months_of_account() -> None:
    month = parse("2026-11", TODAY, 26)
    assert (before(month).text, before(month).first) == ("2026-10", date(2026, 9, 26))
    assert (year_ago(month).text, year_ago(month).first) == ("2025-11", date(2025, 10, 26))
    assert latest("month", TODAY, 26).text == "2026-11"  # the 27th is in December's
    assert around("month", TODAY, 26).text == "2026-12"
    assert latest("quarter", TODAY, 26).text == "2026-Q3"
    with pytest.raises(SpanRefused):
        parse("2026-12", TODAY, 28)


@given(st.sampled_from(["month", "quarter"]), days, st.integers(1, 28))
def test_every_day_is_in_one_month_of_account_whose_name_reads_back(kind: str, day: date, month_day: int) -> None:
    span = around(kind, day, month_day)  # type: ignore[arg-type]  # of KINDS
    assert span.first <= day < span.end
    assert span.first.day == span.end.day == month_day
    assert parse(span.text, date(2100, 1, 1), month_day) == span
    assert after(before(span)) == span


@given(days, st.integers(1, 28))
def test_a_month_of_account_has_the_name_of_the_month_that_most_of_its_days_lie_in(day: date, month_day: int) -> None:
    span = around("month", day, month_day)
    within = [(span.first + timedelta(days=n)).month for n in range(span.days)]
    assert within.count(span.month.month) * 2 >= span.days - 1
