"""The printed sheet: every list, word and name in both languages, and nothing that must not leave."""

import dataclasses
import json
import re
from datetime import datetime
from string import ascii_uppercase
from typing import Any, get_args

import pytest

from dashboard.layouts.handover_brief import Signatures, brief, brief_lines, sheet_title
from dashboard.layouts.handover_sheet import sheet_page
from dashboard.layouts.log_lines import log_text
from dashboard.texts import texts
from services.board.watched_areas import Watch
from services.contract.case import Supervision
from services.district.package import District
from services.district.spot_names import spots_en
from services.duty import grids, handover, logbook
from services.duty.handover import HandoverSource, make_sheet
from services.duty.logbook import Entry
from services.duty.reports import Done, DueReport
from services.duty.roster import DutyShift
from services.duty.service import REFUSALS
from services.duty.sheet import AlarmLine, CommandLine, HandoverNote, OutageLine, SheetCameras, SourceLine, SpotLine
from tests.tiny import NOON
from tests.unit.board.test_board import due, row
from tests.unit.duty.test_duty_handover import DAY, NIGHT, escalated, turn

LANGUAGES = ("zh-CN", "en")


def printed(component: Any) -> str:
    """What stands on the page, one text a cell."""
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            walk(part.get("props", {}).get("children"))
        elif isinstance(part, list):
            for one in part:
                walk(one)
        elif part is not None:
            found.append(str(part))

    walk(json.loads(json.dumps(component, default=lambda c: c.to_plotly_json())))
    return "\n".join(found)


def full() -> HandoverSource:
    shift = logbook.of_shift("S1", DAY)
    assert shift is not None
    return HandoverSource(
        [due("L1", -1, lead_unit="D1", severity=2), row("S1-9", severity=1), *(due(f"M{k}", -2) for k in range(30))],
        reports=[DueReport("L1", 0, NOON, 2, "S1"), DueReport("L1", 3, NOON + 1, 2, "S1")],
        alarms=[AlarmLine("a1", "overdue", "shelved", NOON, NOON, "u")],
        cameras=SheetCameras(9, 2, 1, [OutageLine(NOON, 5, 2)], [SpotLine("area:1", "area", "中心广场", "S1")]),
        sources=[SourceLine("/units", "定位", "stopped", NOON)],
        watched=[Watch("W1", "菜场", "S1", "D1", 3, 1, None, None)],
        commands=[CommandLine("c1", NOON, "case.urge", "L1", "refused", "stale")],
        log=[shift, Entry(NOON, "S1", "白班", "u7", "phone", "回电 13812345678")],
        units={"D1": "市政中心"},
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_part_and_who_signed(tiny: District, language: str) -> None:
    words = texts(language)
    last = make_sheet(turn(), HandoverSource([due("gone", -1)]))
    sheet = make_sheet(turn(), full(), last, "S1-1")
    text = printed(sheet_page(sheet, Signatures("张", NOON, "", None, "ab12"), words, tiny))
    for name in handover.CASE_LISTS:
        assert words["handover"]["lists"][name] in text
    for part in ("title", "changes", "log", "alarms", "cameras", "watched", "commands", "not_signed"):
        assert words["handover"][part] in text
    for fact in ("东街", "甲", "丙", "丁", "中心广场", "菜场", "u7", "回电 138****5678", "ab12", "张", "L1"):
        assert fact in text
    assert words["command"]["case.urge"] in text and words["refusal"]["stale"] in text
    assert "case.urge" not in text and "stale" not in text, "a code is no word"
    units = full()._replace(cameras=None, reports=())
    own = printed(sheet_page(make_sheet(turn()._replace(seat="D1"), units), Signatures(), words, tiny))
    for page, parts in ((text, "changed ahead owed notes rest signs"), (own, "changed ahead notes rest signs")):
        ends = [words["handover"][f"{part}_head"] for part in parts.split()]
        heads = [line for line in page.split("\n") if line[:1].isdigit() and line[2:] in ends]
        assert [(int(head[0]), head[2:]) for head in heads] == [*enumerate(ends, 1)], "no number is left out"
    assert (tiny.units if language == "zh-CN" else tiny.units_en)["D1"] in own
    for part in ("cameras", "cameras_online", "owed_head", "reports"):
        assert words["handover"][part] in text and words["handover"][part] not in own, part
    assert words["handover"]["rest"].format(n=11) in text, "20 of 31 overdue are printed"
    assert f"{words['handover']['why']['unknown']} 1: gone" in text
    assert words["report"]["follow_up"].format(n=2) in text
    assert words["handover"]["changed"] not in text and "13812345678" not in text
    altered = sheet_page(sheet, Signatures(is_whole=False), words, tiny)
    assert words["handover"]["changed"] in printed(altered)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_sheet_of_a_quiet_seat_says_so(tiny: District, language: str) -> None:
    words = texts(language)
    quiet = handover.HandoverTurn(tiny.code, tiny.code, nameless(), NIGHT, NOON, NOON)
    text = printed(sheet_page(make_sheet(quiet, HandoverSource(())), Signatures(), words, tiny))
    assert "共 0 件" not in text and "0 of 0" not in text
    for part in ("first", "none", "cameras_unknown", "nobody", "day"):
        assert words["handover"][part] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_says_what_breaks_first_what_is_owed_and_who_may_sign(tiny: District, language: str) -> None:
    words = texts(language)
    found = HandoverSource(
        [
            escalated("TAKEN-NOT"),
            due("GRAVE", 2, severity=2),
            due("SECRET", 3, severity=2, domain="10", class_name="秘密小类"),
            *(due(f"plain-{k}", 4) for k in range(9)),
        ],
        reports=full().reports,
        units={"D1": "市政中心"},
        notes=[HandoverNote("x", NOON, "duty 周敏", "夜市人多，回电 13812345678")],
    )
    sheet = make_sheet(turn(), found)
    kinds = [line.kind for line in sheet.ahead]
    assert set(kinds) == {"report", "severe", "untaken"} and sheet.ahead_n == len(kinds)
    assert [line.at for line in sheet.ahead] == sorted(line.at for line in sheet.ahead)
    assert sheet.ordinary == 9, "what is only a case that comes due is a count"
    assert "秘密小类" not in json.dumps([line.class_name for line in sheet.ahead], ensure_ascii=False)
    stranger = Signatures("duty 周敏", NOON, "", None, "ab", out_reason="替班")
    text = printed(brief(sheet, stranger, words, tiny, sheet.notes))
    for key in ("not_handed", "to_be_accepted", "two_ways"):
        assert words["handover"][key] in text
    assert words["handover"]["off_roster"] in text and "夜市人多" in text and "13812345678" not in text
    both = printed(brief(sheet, Signatures("甲", NOON, "丙", NOON, "ab"), words, tiny))
    assert words["handover"]["not_handed"] not in both and words["handover"]["two_ways"] not in both
    accepted = stranger._replace(in_by="丙", in_at=NOON, accepted_by="宋涛", accepted_at=NOON)
    assert words["handover"]["two_ways"] not in printed(brief(sheet, accepted, words, tiny))
    lines = brief_lines(sheet, words, tiny)
    assert len(lines) == 1 + min(7, sheet.ahead_n) + 1


def nameless() -> DutyShift:
    return DutyShift("", DAY.from_ms, DAY.until_ms)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_the_desk_has_its_words(language: str) -> None:
    words = texts(language)
    assert set(words["handover"]["lists"]) == set(handover.LISTS)
    assert set(words["handover"]["why"]) == set(handover.WHY_GONE)
    assert set(words["handover"]["refused"]) == set(REFUSALS)
    kinds = Supervision.__annotations__["kind"]
    assert set(words["handover"]["supervised"]) == set(get_args(kinds))
    assert set(words["log"]["kinds"]) == set(logbook.KINDS)
    assert set(words["log"]["said"]) == set(logbook.SAID)
    assert set(words["grid"]["roles"]) == set(grids.ROLES)


def test_what_the_system_says_is_in_the_readers_language(tiny: District) -> None:
    tiny = dataclasses.replace(tiny, streets_en={"S1": "East Street"})
    severe = logbook.of_case("S1", row("A1", severity=1), tiny.policy.reports)[0]
    assert log_text(severe, texts("zh-CN"), tiny) == "特别重大案件：东街 市政设施"
    assert "East Street" in log_text(severe, texts("en"), tiny)
    stop = logbook.of_feeds("D", [["/units", "定位", "stopped", NOON]], [], NOON)[0]
    assert log_text(stop, texts("zh-CN"), tiny) == "定位 中断，最后一次 11-23 12:00"
    assert log_text(logbook.of_report("S1", Done("A1", 2, NOON, "u", "t")), texts("zh-CN"), tiny) == "u 续报 1"
    assert log_text(Entry(NOON, "S1", "", "u", "note", "原文 {kind}"), texts("en"), tiny) == "原文 {kind}"
    broken = Entry(NOON, "S1", "", "", "shift", '["shift", {}]')
    assert "—" in log_text(broken, texts("en"), tiny), "an entry of another version lacks a value"


def test_each_count_on_the_first_page_names_an_appendix_that_is_there(tiny: District) -> None:
    words = texts("zh-CN")
    page = sheet_page(make_sheet(turn(), full()), Signatures(warning="不在值班表上：周敏。"), words, tiny)
    text = printed(page)
    named, there = set(re.findall("见附件 ([A-Z])", text)), re.findall("(?<!见)附件 ([A-Z])", text)
    assert named
    assert named <= set(there)
    assert there == [*ascii_uppercase[: len(there)]]
    assert f"▲ 不在值班表上：周敏。\n{words['handover']['two_ways']}" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_title_of_a_sheet_says_whose_it_is_and_when_with_its_year(tiny: District, language: str) -> None:
    sheet, words = make_sheet(turn(), full()), texts(language)
    title = sheet_title(sheet, words, tiny)
    assert title.startswith(words["handover"]["title"])
    when = datetime.fromtimestamp(sheet.at / 1000, tiny.zone).strftime("%Y-%m-%d %H:%M")
    assert title.endswith(when)
    assert when in printed(brief(sheet, Signatures(), words, tiny)), "the paper has its year as well"


def test_a_spot_has_its_english_name_on_an_english_sheet(tiny: District) -> None:
    properties = {"code": "1", "name": "中心广场", "name_en": "Central Square"}
    layer = {"features": [{"properties": properties}, {"properties": {"code": "2", "name": "菜场"}}]}
    district = dataclasses.replace(tiny, layers={"key_areas": layer})
    assert spots_en(district) == {"area:1": "Central Square"}
    for language, name in zip(LANGUAGES, ("中心广场", "Central Square"), strict=True):
        page = printed(sheet_page(make_sheet(turn(), full()), Signatures(), texts(language), district))
        assert name in page
