"""docs/indicators.md, generated: ``python -m services.indicators.reference``; a test compares them.

Everything in it comes from the definitions in the code, in Chinese and English.
"""

from collections.abc import Iterator

from services.district.policy import Policy
from services.indicators.case_counts import MEASURES
from services.indicators.cells import CUTS
from services.indicators.definitions import INDICATORS, STANDING, Indicator
from services.indicators.reasons import WHY

_FORMULA = {1.0: "", -1.0: "− "}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Indicators · 指标口径"
    yield ""
    yield "Generated from the code: `python -m services.indicators.reference > docs/indicators.md`."
    yield "由代码生成。统计期 [t0, t1)，截至此刻；到期与结案按 min(t1, 现在) 计。分母为零显示「—」，不排名。"
    yield ""
    yield "A window is [t0, t1) as of now. A voided or merged case counts for nothing; a reopening, an appeal, a late"
    yield "arrival or a correction changes the past. A rate with nothing below the line shows «—» and is not ranked; n"
    yield "stands beside every rate. Rankings go by the unrounded value, then by volume, then by code."
    yield ""
    yield "`lianqin explain indicator NAME --street CODE --day 2026-11-23` prints the cases in and out of a count, and"
    yield "why; `/api/v1/indicators` answers the same over HTTP."
    yield ""
    yield "环比、同比：一天与上周同一周几比（那天不同类就再往前，至多四周；同比为 52 周前）；"
    yield "节假日、调休上班日不比，并说明原因。"
    yield "多天与其前同样多的天、去年同日期比。大屏、领导页、指标面板和接口同一口径。"
    yield ""
    yield "A single day is compared with the same weekday of the week before, else of the last of four weeks in which"
    yield "that was a day of the same kind, and with 52 weeks before. A holiday and a make-up workday are compared with"
    yield "no day, and why is said. Several days: as many just before, and the same dates a year ago. The wall, the"
    yield "leader's page, a figure's panel and `/api/v1/indicators` (`compared_with`) follow this one rule."
    for indicator in INDICATORS.values():
        yield from _section(indicator)
    yield ""
    yield "## Counts of this very moment · 即时数"
    yield ""
    yield "| name | 名称 | English | 口径 | meaning |"
    yield "|---|---|---|---|---|"
    for s in STANDING.values():
        yield f"| `{s.name}` | {s.zh} | {s.en} | {s.meaning_zh} | {s.meaning_en} |"
    yield ""
    yield "## Headings · 维度"
    yield ""
    yield "属地与责任单位是两个口径：`street` `community` `grid` 是案件所在，`unit` 是此刻负责的单位。"
    yield "A case counts where it is (属地) and under the unit that has it now (责任单位). Days add up to weeks, months"
    yield "and any span, but for what only a later day sees (结案率). The roll-ups hold these headings together, each"
    yield "with the street and the day:"
    yield ""
    for cut, names in CUTS.items():
        yield f"- {cut}: {', '.join(f'`{name}`' for name in names if name)}"
    yield ""
    yield "## Measures · 计数"
    yield ""
    yield "| measure | counted at |"
    yield "|---|---|"
    for name, moment in MEASURES.items():
        yield f"| `{name}` | {moment} |"
    yield ""
    yield "## Why a case counts, or does not · 计入与否的原因"
    yield ""
    yield "| code | 中文 | English |"
    yield "|---|---|---|"
    for code, (zh, en) in WHY.items():
        yield f"| `{code}` | {zh} | {en} |"


def _section(indicator: Indicator) -> Iterator[str]:
    yield ""
    yield f"## {indicator.zh} · {indicator.en} · `{indicator.name}`"
    yield ""
    if indicator.over:
        yield f"`({_sum(indicator.parts)}) / ({_sum(indicator.over)})`"
        yield ""
        yield f"- 分子：{indicator.numerator_zh}。Numerator: {indicator.numerator_en}."
        yield f"- 分母：{indicator.denominator_zh}。Denominator: {indicator.denominator_en}."
    else:
        yield f"`{_sum(indicator.parts)}`"
        yield ""
        yield f"- 口径：{indicator.numerator_zh}。Meaning: {indicator.numerator_en}."
    yield f"- {indicator.day_zh}。{indicator.day_en[0].upper()}{indicator.day_en[1:]}."
    if indicator.target:
        default = getattr(Policy(), indicator.target)
        sign = "≥" if indicator.better == "up" else "≤"
        yield f"- 目标 Target: {sign} `policy.toml` `{indicator.target}`, default {default:g}."


def _sum(weighted: tuple[tuple[str, float], ...]) -> str:
    found = ""
    for name, weight in weighted:
        sign = _FORMULA.get(weight, f"{weight:g} × ")
        found += f" {sign}{name}" if weight < 0 else f" + {sign}{name}" if found else f"{sign}{name}"
    return found


if __name__ == "__main__":
    print(page(), end="")
