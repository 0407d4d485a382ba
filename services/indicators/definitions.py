"""The indicators (DOMAIN.md §4), each with its numerator, denominator, counting day and words: docs/indicators.md is
generated from here, and every screen shows the same.
"""

from dataclasses import dataclass
from typing import Literal

Better = Literal["up", "down", ""]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A rate (``over`` not empty) or a count. ``parts`` and ``over`` are sums of weighted measures.

    ``target`` names the district policy's value, ``better`` the direction that is good.
    """

    name: str
    zh: str
    en: str
    parts: tuple[tuple[str, float], ...]
    over: tuple[tuple[str, float], ...]
    numerator_zh: str
    numerator_en: str
    denominator_zh: str
    denominator_en: str
    day_zh: str
    day_en: str
    better: Better = ""
    target: str = ""

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that it needs."""
        return tuple(dict.fromkeys(name for name, _ in (*self.parts, *self.over)))


_DUE_ZH = "应结案数：立案的案件，不含作废、合并、自行处置、没有期限的；统计期末挂账的不计"
_DUE_EN = (
    "should_close: filed cases, without voided, merged, self-handled ones and those without a deadline; less those "
    "suspended at the end of the window"
)
_DUE_DAY_ZH = "计入日：有效截止时间（延期、挂账已计入）与结案时间中较早者"
_DUE_DAY_EN = "counted at the earlier of the effective deadline (extensions and suspensions in) and the closing"
_HANDLE_ZH = "应处置数：同应结案数，按处置时钟的截止时间"
_HANDLE_EN = "should_handle: as should_close, by the deadline of the handling clock"
_HANDLE_DAY_ZH = "计入日：处置截止时间与反馈时间中较早者"
_HANDLE_DAY_EN = "counted at the earlier of the handling deadline and the feedback"
_CALL_ZH, _CALL_EN = "12345 有效回访数", "valid call-backs of the 12345 hotline"
_CALL_DAY_ZH, _CALL_DAY_EN = "计入日：回访时间", "counted at the call-back"
_KNOWN = (("solved_grid", 1.0), ("solved_community", 1.0), ("solved_street", 1.0), ("solved_district", 1.0))
_KNOWN_ZH, _KNOWN_EN = "结案且层级已知的案件", "closed cases with a known level"
_CLOSED_DAY_ZH, _CLOSED_DAY_EN = "计入日：结案时间", "counted at the closing"

_ALL = (
    Indicator(
        "filing_rate", "立案率", "Filing rate", (("filed", 1),), (("accepted", 1),),
        "其中立案的", "of these, filed", "受理的案件", "accepted cases",
        "计入日：受理时间（缺则立案、上报时间）", "counted at the acceptance (else the filing, else the report)",
    ),
    Indicator(
        "dispatch_accuracy", "派遣准确率", "Dispatch accuracy",
        (("dispatches", 1), ("wrong_dispatches", -1)), (("dispatches", 1),),
        "未因派错被退回的派遣次数", "dispatches that were not returned as wrong", "派遣次数", "dispatches",
        "计入日：首次派遣时间", "counted at the first dispatch", "up",
    ),
    Indicator(
        "handle_rate", "处置率", "Handling rate", (("handled_of_due", 1),), (("should_handle", 1),),
        "其中截至统计期末已处置（反馈）的", "of these, handled by the end of the window", _HANDLE_ZH, _HANDLE_EN,
        _HANDLE_DAY_ZH, _HANDLE_DAY_EN, "up",
    ),
    Indicator(
        "on_time_handle_rate", "按期处置率", "On-time handling rate",
        (("handled_on_time", 1),), (("should_handle", 1),),
        "其中在处置截止时间前反馈的，或申诉成立免责的",
        "of these, handled by the handling deadline, or exempt on appeal",
        _HANDLE_ZH, _HANDLE_EN, _HANDLE_DAY_ZH, _HANDLE_DAY_EN, "up",
    ),
    Indicator(
        "close_rate", "结案率", "Closure rate", (("closed_of_due", 1),), (("should_close", 1),),
        "其中截至统计期末已结案（含强制结案）的；以后结案的，按日不可相加",
        "of these, closed (forced closings in) by the end of the window; does not add up over days",
        _DUE_ZH, _DUE_EN, _DUE_DAY_ZH, _DUE_DAY_EN, "up",
    ),
    Indicator(
        "on_time_close_rate", "按期结案率", "On-time closure rate", (("closed_on_time", 1),), (("should_close", 1),),
        "其中在有效截止时间前结案的，或申诉成立免责的",
        "of these, closed by the effective deadline, or exempt on appeal",
        _DUE_ZH, _DUE_EN, _DUE_DAY_ZH, _DUE_DAY_EN, "up", "target_on_time",
    ),
    Indicator(
        "rework_rate", "返工率", "Rework rate", (("reworked", 1),), (("should_close", 1),),
        "其中核查不通过、返工过的", "of these, sent back by a check at least once", _DUE_ZH, _DUE_EN,
        _DUE_DAY_ZH, _DUE_DAY_EN, "down",
    ),
    Indicator(
        "extension_rate", "延期率", "Extension rate", (("extended", 1),), (("should_handle", 1),),
        "其中延期过的", "of these, extended at least once", _HANDLE_ZH, _HANDLE_EN,
        _HANDLE_DAY_ZH, _HANDLE_DAY_EN, "down",
    ),
    Indicator(
        "contact_rate", "12345 响应率", "12345 contact rate", (("contacted", 1),), (("callbacks", 1),),
        "其中已联系市民的", "of these, the citizen was contacted", _CALL_ZH, _CALL_EN, _CALL_DAY_ZH, _CALL_DAY_EN, "up",
    ),
    Indicator(
        "solved_rate", "12345 解决率", "12345 solved rate", (("solved", 1),), (("callbacks", 1),),
        "其中市民答复已解决的", "of these, solved in the citizen's word", _CALL_ZH, _CALL_EN,
        _CALL_DAY_ZH, _CALL_DAY_EN, "up",
    ),
    Indicator(
        "satisfaction_rate", "12345 满意率", "12345 satisfaction", (("satisfied", 1), ("fairly_satisfied", 0.9)),
        (("callbacks", 1),), "满意数 + 0.9 × 基本满意数", "satisfied + 0.9 × fairly satisfied", _CALL_ZH, _CALL_EN,
        _CALL_DAY_ZH, _CALL_DAY_EN, "up",
    ),
    Indicator(
        "grid_solved_rate", "网格化解率", "Solved in the grid", (("solved_grid", 1), ("solved_community", 1)), _KNOWN,
        "其中最高只到网格或社区的", "of these, never above grid or community", _KNOWN_ZH, _KNOWN_EN,
        _CLOSED_DAY_ZH, _CLOSED_DAY_EN, "up", "target_grid",
    ),
    Indicator(
        "street_solved_rate", "街道化解率", "Solved at the street", (("solved_street", 1),),
        (("solved_street", 1), ("solved_district", 1)), "其中在街道化解的", "of these, solved at the street",
        "结案且到过街道的案件", "closed cases that reached the street", _CLOSED_DAY_ZH, _CLOSED_DAY_EN, "up",
        "target_street",
    ),
    Indicator(
        "district_share", "升级到区占比", "Reached the district", (("solved_district", 1),), _KNOWN,
        "其中到过区的", "of these, reached the district", _KNOWN_ZH, _KNOWN_EN, _CLOSED_DAY_ZH, _CLOSED_DAY_EN,
        "down", "target_district",
    ),
    Indicator(
        "intake", "新增", "Reported", (("intake", 1),), (), "上报的案件，不含作废、合并的",
        "reported cases, without voided and merged ones", "", "", "计入日：上报时间", "counted at the report", "down",
    ),
    Indicator(
        "closed", "结案", "Closed", (("closed", 1),), (), "结案的案件（含强制结案、自行处置）",
        "closed cases (forced and self-handled ones in)", "", "", _CLOSED_DAY_ZH, _CLOSED_DAY_EN,
    ),
    Indicator(
        "forced_closed", "强制结案", "Forced closings", (("forced_closed", 1),), (), "强制结案的案件",
        "cases closed by force", "", "", _CLOSED_DAY_ZH, _CLOSED_DAY_EN, "down",
    ),
    Indicator(
        "self_handled", "自行处置", "Solved on the spot", (("self_handled", 1),), (), "发现人当场处置的案件",
        "cases found and solved on the spot", "", "", _CLOSED_DAY_ZH, _CLOSED_DAY_EN, "up",
    ),
    Indicator(
        "exempted", "申诉免责", "Exempt on appeal", (("exempted", 1),), (), "应结案中事实超期、申诉成立而按期计的",
        "of should_close: overdue in fact, counted as on time on an accepted appeal", "", "",
        _DUE_DAY_ZH, _DUE_DAY_EN, "down",
    ),
)  # fmt: skip
INDICATORS: dict[str, Indicator] = {indicator.name: indicator for indicator in _ALL}


@dataclass(frozen=True, slots=True)
class StandingCount:
    """A count of open cases at this very moment."""

    name: str
    zh: str
    en: str
    meaning_zh: str
    meaning_en: str


STANDING: dict[str, StandingCount] = {
    s.name: s
    for s in (
        StandingCount("open", "在办", "Open", "未结案、未作废、未合并、未不予立案的案件",
                      "cases that are neither closed, voided, merged nor refused"),
        StandingCount("overdue", "超期", "Overdue", "在办案件中有效截止时间已到的；挂账的不算",
                      "open cases whose effective deadline has come; suspended ones are not"),
        StandingCount("due_soon", "临期", "Due soon", "在办案件中剩余时限不足四分之一（可配置）的",
                      "open cases with at most a quarter (configurable) of their limit left"),
        StandingCount("suspended", "挂账", "Suspended", "在办案件中挂账、时钟停走的", "open cases whose clock stands"),
        StandingCount("at_district", "升级到区", "With the district",
                      "在办案件中已升级到区的；未定位的也由区持有，另列",
                      "open cases that have gone to the district; unplaced ones, which it holds too, stand apart"),
        StandingCount("unplaced", "未定位", "Unplaced", "在办案件中没有所属街道的：由区持有",
                      "open cases without a street: the district holds them"),
        StandingCount("proposed", "建议升级", "Proposed", "规则建议升级到区、等人确认的案件",
                      "cases that a rule proposes to the district, waiting for a person"),
        StandingCount("computed", "推算期限", "Counted limits", "在办案件中没有公布截止时间、由时限推算的",
                      "open cases whose deadline was not published but counted from the limit"),
        StandingCount("irregular", "流转异常", "Irregular", "在办案件中有不合流转规则的步骤的",
                      "open cases with a step that broke the table of transitions"),
    )
}  # fmt: skip
