"""A report's small arithmetic and its sentences: what is called more, less, low and worst."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.layouts.report_charts import charts
from dashboard.texts import LANGUAGES, texts
from services.district.comparable import ComparableDay
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.indicators.figure import Figure
from services.leadership.part_words import PartWords
from services.leadership.report import (
    RANKED_N,
    ComparedFigure,
    Point,
    Report,
    ReportPart,
    StandingCases,
    change,
    heat,
    interval,
    ranked,
)
from services.leadership.sentences import matters, sentences, word_of
from services.leadership.spans import parse
from services.leadership.words import Words, told
from tests.tiny import CODE
from tests.unit.leadership.test_spans import TODAY


def count(n: int, name: str = "intake") -> Figure:
    return Figure(name, n, n, None, n, 0, 1, 1)


def share(good: float, n: int, name: str = "on_time_close_rate") -> Figure:
    return Figure(name, good / n if n else None, good, n, n, 0, 1, 1)


def report(**more: Any) -> Report:
    figures = {
        name: ComparedFigure(share(0, 0, name) if indicator.over else count(0, name))
        for name, indicator in INDICATORS.items()
    } | more.pop("figures", {})
    targets = {"on_time_close_rate": 0.9, "grid_solved_rate": 0.8, "street_solved_rate": 0.8, "district_share": 0.04}
    values: dict[str, Any] = {
        "district": CODE, "street": "", "unit": "", "span": "2026-11-26", "first": 0, "end": 1, "as_of": 1,
        "open_at_end": StandingCases(7), "levels": {}, "streets": [], "units": [], "classes": [], "channels": [],
        "days": [], "hours": [], **more,
    }  # fmt: skip
    return Report(figures=figures, targets=targets, **values)


def test_a_shares_change_is_in_points_and_a_counts_in_parts_of_the_earlier() -> None:
    assert change(share(92, 100), share(90, 100)) == pytest.approx(0.02)
    assert change(count(120), count(100)) == pytest.approx(0.2)
    assert change(count(120), count(0)) is None
    assert change(share(0, 0), share(90, 100)) is None
    assert change(count(1), None) is None


def test_the_interval_is_wilsons() -> None:
    """His own form, reckoned by hand for 8 of 10 and for 0 of 10 (1927)."""
    assert interval(0.8, 10) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert interval(0.0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert interval(None, 0) == (None, None)


@given(st.integers(0, 2000), st.integers(1, 2000))
def test_the_interval_holds_the_share_and_narrows_with_n(good: int, n: int) -> None:
    p = min(good, n) / n
    low, high = interval(p, n)
    assert low is not None
    assert high is not None
    assert 0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1
    closer = interval(p, n * 4)
    assert closer[1] - closer[0] < high - low  # type: ignore[operator]  # both are there


def test_the_rank_goes_by_value_then_volume_then_code_and_few_are_not_ranked() -> None:
    rows = ranked(
        [
            ("few", ComparedFigure(share(RANKED_N - 1, RANKED_N - 1))),
            ("none", ComparedFigure(share(0, 0))),
            ("b", ComparedFigure(share(90, 100))),
            ("a", ComparedFigure(share(90, 100))),
            ("big", ComparedFigure(share(180, 200))),
            ("low", ComparedFigure(share(50, 100))),
            ("best", ComparedFigure(share(40, 40))),
        ]
    )
    assert [(row.code, row.rank) for row in rows] == [
        ("best", 1),
        ("big", 2),
        ("a", 2),
        ("b", 2),
        ("low", 5),
        ("few", None),
        ("none", None),
    ]


def test_an_hours_mean_is_over_the_days_that_there_were() -> None:
    table = heat([(0, 8, 6), (0, 8, 2), (6, 23, 5)], [2, 1, 1, 1, 1, 0, 1])
    assert table[0][8] == 4
    assert table[6][23] == 5
    assert table[1][8] == 0
    assert table[5] == [None] * 24


@pytest.mark.parametrize(
    ("now", "then", "word"),
    [
        (count(120), count(100), "few"), (count(103), count(100), "same"),
        (count(150), count(100), "up"), (count(1000), count(900), "up"),
        (count(60), count(100), "down"), (count(5), None, "none"), (share(92, 100), share(90, 100), "same"),
        (share(9500, 10_000), share(9000, 10_000), "up"), (share(800, 1000), share(900, 1000), "down"),
    ],
)  # fmt: skip
def test_what_chance_makes_is_called_the_same(now: Figure, then: Figure | None, word: str) -> None:
    assert word_of(ComparedFigure(now, then)) == word


def test_where_nothing_happened_one_sentence_says_so() -> None:
    (only,) = sentences(report())
    assert (only.code, only.values) == ("nothing", {"open": 7})
    assert matters(report()) == []


def test_below_the_target_the_street_that_misses_most_is_named(tiny: District) -> None:
    streets = ranked([("S1", ComparedFigure(share(700, 1000))), ("S2", ComparedFigure(share(20, 40)))])
    found = report(
        streets=streets,
        figures={
            "on_time_close_rate": ComparedFigure(share(720, 1040)),
            "intake": ComparedFigure(count(1204), count(1136)),
            "grid_solved_rate": ComparedFigure(share(70, 100, "grid_solved_rate")),
            "district_share": ComparedFigure(share(5, 100, "district_share")),
        },
    )
    came, kept, solved = sentences(found)
    assert came.code == "came_same"
    assert (kept.code, kept.values["street"], kept.values["of_street"], kept.values["missed"]) == (
        "kept_below_by",
        "S1",
        300,
        320,
    )
    assert solved.code == "solved_both"
    assert [saying.code for saying in matters(found)] == ["whole_low", "district_high", "grid_low"]
    said = Words(found, parse("2026-11-26", TODAY), texts("zh-CN"), tiny).sentences()
    assert said[0].startswith("当日上报 1,204 件，与前一日基本持平（↑6.0%）")
    assert "按期结案率 69.2%（n=1,040），低于目标 90% 20.8 个百分点" in said[1]
    assert "有 300 件未按期（共 320 件）" in said[1]


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90))),
)
def test_under_a_missed_target_something_is_always_asked_about_and_the_districts_own_miss_comes_first(
    on_time: int, grid: int, district: int, streets: list[tuple[int, int]]
) -> None:
    n = 60
    found = report(
        streets=ranked((f"S{k}", ComparedFigure(share(min(a, b), b))) for k, (a, b) in enumerate(streets)),
        figures={
            "on_time_close_rate": ComparedFigure(share(on_time, n)),
            "grid_solved_rate": ComparedFigure(share(grid, n, "grid_solved_rate")),
            "district_share": ComparedFigure(share(district, n, "district_share")),
        },
    )
    asked = [saying.code for saying in matters(found)]
    is_missed = on_time / n < 0.9 or grid / n < 0.8 or district / n > 0.04
    assert bool(asked) >= is_missed and len(asked) <= 3
    if on_time / n < 0.9:
        assert asked[0] == "whole_low"


def test_the_reason_why_nothing_is_asked_about_is_said(tiny: District) -> None:
    streets = ranked([("S1", ComparedFigure(share(3, 4))), ("S2", ComparedFigure(share(90, 90)))])
    found = report(streets=streets, figures={"on_time_close_rate": ComparedFigure(share(93, 94))})
    assert matters(found) == []
    said = Words(found, parse("2026-11-26", TODAY), texts("zh-CN"), tiny).calm()
    assert said == "没有：全区目标都达到；1 个街道低于目标，但件数少，可能是偶然，未列。"


def test_few_cases_are_not_called_steady_nor_praised(tiny: District) -> None:
    found = report(
        figures={
            "intake": ComparedFigure(count(39), count(48)),
            "on_time_close_rate": ComparedFigure(share(6, 6)),
            "grid_solved_rate": ComparedFigure(share(6, 6, "grid_solved_rate")),
            "district_share": ComparedFigure(share(0, 6, "district_share")),
        }
    )
    assert [saying.code for saying in sentences(found)] == ["came_few", "kept_few", "solved_few"]
    said = " ".join(Words(found, parse("2026-11-26", TODAY), texts("zh-CN"), tiny).sentences())
    assert "较前一日 ↓18.8%，件数少，波动在偶然范围" in said
    assert "到期应结 6 件，按期 6 件" in said
    assert "持平" not in said and "高于" not in said


def test_a_tile_says_worse_by_a_sign_and_chance_by_its_name(tiny: District) -> None:
    found = report(
        open_at_end=StandingCases(3300, 2714),
        figures={
            "satisfaction_rate": ComparedFigure(
                share(13.4, 16, "satisfaction_rate"), share(13, 14, "satisfaction_rate")
            )
        },
    )
    tiles = {tile.code: tile for tile in Words(found, parse("2026-11-26", TODAY), texts("zh-CN"), tiny).tiles()}
    assert (tiles["open"].tone, tiles["open"].lines[0]) == ("bad", "前一日 2,714 ▲ ↑21.6%")
    assert "（偶然范围）" in tiles["satisfaction_rate"].lines[0]
    assert (tiles["satisfaction_rate"].value, tiles["satisfaction_rate"].lines[1]) == ("83.8%", "13.4 / 16 件")


def test_a_share_has_the_digits_that_tell_it_from_its_target() -> None:
    assert [told(x, 0.04) for x in (0.0404, 0.04, 0.05, 0.04001)] == ["4.04%", "4.0%", "5.0%", "4.001%"]
    assert told(0.8996, 0.9) == "89.96%"
    assert told(0.1234, None) == "12.3%"


def test_a_day_stands_beside_its_weekday_and_a_holiday_says_why_not(tiny: District) -> None:
    then = ComparedFigure(count(1204), count(1136))
    shown = {}
    for against in (ComparableDay(20261119, 1), ComparableDay(20261112, 2), ComparableDay(why="holiday")):
        found = report(against=against, figures={"intake": then if against.day else ComparedFigure(count(1204))})
        words = Words(found, parse("2026-11-26", TODAY), texts("zh-CN"), tiny)
        shown[against.weeks] = words.sentences()[0]
    assert "与上周四基本持平" in shown[1]
    assert "与11月12日周四基本持平" in shown[2]
    assert "节假日，不与平日比" in shown[0]


def test_a_class_that_grows_beyond_chance_is_named_and_one_by_chance_is_not() -> None:
    classes = [
        ReportPart("01", ComparedFigure(count(300), count(200))),
        ReportPart("02", ComparedFigure(count(110), count(100))),
    ]
    found = report(classes=classes, figures={"intake": ComparedFigure(count(1410), count(1200))})
    assert sentences(found)[0].code == "came_up_by"
    assert sentences(found)[0].values["domain"] == "01"
    assert [saying.values.get("domain") for saying in matters(found)] == ["01"]


CODES = """nothing came came_up_by came_up came_down came_same came_few came_none kept_none kept_few kept kept_below
kept_below_by solved_none solved_few solved solved_low solved_high solved_both street_low class_up district_high
district_high_by district_high_few grid_low grid_low_few whole_low whole_low_few calm calm_few calm_none_due
rework_up""".split()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_has_its_words(language: str) -> None:
    assert set(texts(language)["leadership"]["say"]) == set(CODES)


def test_plotlys_own_classes_take_the_charts() -> None:
    import json

    import plotly.graph_objects as go

    days = [Point(20261101 + n, 10 * n, n, 0.8 + n / 100 if n else None, n) for n in range(14)]
    made = charts(report(days=days, hours=[[1.0] * 24] * 6 + [[None] * 24]), texts("zh-CN"))
    assert made.keys() == {"series", "heat"}
    for text in made.values():
        chart = json.loads(text)
        assert len(go.Figure(chart).data) == len(chart["data"])
    assert charts(report(), texts("zh-CN")) == {}
    one = json.loads(charts(report(hours=[[None] * 24] * 3 + [[2.0] * 24] + [[None] * 24] * 3), texts("zh-CN"))["heat"])
    assert one["data"][0]["type"] == "bar" and len(go.Figure(one).data) == 1, "of one day six of seven rows were empty"


def test_why_most_went_to_the_district_is_named_where_the_case_system_says_why(tiny: District) -> None:
    over = {"district_share": ComparedFigure(share(60, 1000, "district_share"))}
    told = [
        ReportPart("", ComparedFigure(count(30))),
        ReportPart("ping_pong", ComparedFigure(count(20))),
        ReportPart("repeat", ComparedFigure(count(10))),
    ]
    ((_, text),) = Words(report(figures=over, reasons=told), parse("2026-11-26", TODAY), texts("zh-CN"), tiny).matters()
    assert text.endswith("60 件，最多因多次退回（20 件）")
    (silent,) = matters(report(figures=over, reasons=told[:1]))
    assert silent.code == "district_high"


def test_a_count_of_few_changes_in_cases_and_one_of_many_in_per_cent(tiny: District) -> None:
    parts = PartWords(Words(report(), parse("2026-11-26", TODAY), texts("zh-CN"), tiny))
    changes = [(3, 1, "+2"), (1, 3, "−2"), (2, 2, "±0"), (5, 0, "+5"), (45, 30, "↑50.0%"), (29, 29, "±0")]
    for now, then, said in changes:
        assert parts.change(ComparedFigure(count(now), count(then))) == said
    assert parts.change(ComparedFigure(count(3))) == ""
