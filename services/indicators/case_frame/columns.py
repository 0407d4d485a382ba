"""The columns of the case frame: name, kind, unit, meaning, and how a case fills each. Pure.

A case comes in as ``masking.for_file`` has let it through: what must not leave is gone before it is here. Whether a
case is due and on time is asked of the indicators, so that a rate of the file is the rate of the screens.
"""

from collections.abc import Callable
from datetime import date
from typing import Literal, NamedTuple

from services.cases.case import CaseRow, decode_rating, pauses_in
from services.cases.deadlines import light
from services.district.calendar import EARLIEST_MS, LATEST_MS
from services.district.package import District
from services.indicators.window import Window, value
from services.platform.clock import MINUTE_MS
from services.platform.text import safe

Kind = Literal["text", "time", "day", "flag", "count", "number"]
Value = str | int | float | bool | date | None
# A position is given to this many decimals of a degree: a cell of some 100 m, and no front door.
CELL_DECIMALS = 3


class Asked(NamedTuple):
    """Of which district, and as of when (Unix ms) what the clock decides is told."""

    district: District
    now: int


class Column(NamedTuple):
    """One column. ``unit`` is empty where there is none; a ``time`` comes as Unix milliseconds."""

    name: str
    kind: Kind
    unit: str
    zh: str
    en: str
    value: Callable[[CaseRow, Asked], Value]


def columns_of(row: CaseRow, asked: Asked) -> list[Value]:
    """The cells of one case in the order of COLUMNS; None where nothing is known."""
    return [column.value(row, asked) for column in COLUMNS]


def _named(name: str) -> Callable[[CaseRow, Asked], Value]:
    """The field of that name; an empty text is nothing, and none begins like a formula."""

    def get(row: CaseRow, _asked: Asked) -> Value:
        found: Value = getattr(row, name)
        return _text(found) if isinstance(found, str) else found

    return get


def _text(text: str) -> str | None:
    return safe(text) if text else None


def _day(ms: int, district: District) -> date:
    day = district.day_of(ms)
    return date(day // 10_000, day // 100 % 100, day % 100)


def _due_day(row: CaseRow, asked: Asked) -> Value:
    is_due = _measure("should_close")(row, asked)
    return _day(row.count_at, asked.district) if is_due and row.count_at is not None else None


def _measure(name: str) -> Callable[[CaseRow, Asked], Value]:
    """Whether the case counts in a measure of the indicators, over all time, as of now."""

    def get(row: CaseRow, asked: Asked) -> Value:
        return value(row, name, Window(EARLIEST_MS, LATEST_MS, asked.now)) > 0

    return get


def _minutes_to(name: str) -> Callable[[CaseRow, Asked], Value]:
    def get(row: CaseRow, _asked: Asked) -> Value:
        at: int | None = getattr(row, name)
        return None if at is None else _minutes(at - row.reported_at)

    return get


def _minutes(ms: int) -> float:
    return round(ms / MINUTE_MS, 3)


def _minutes_late(row: CaseRow, asked: Asked) -> Value:
    end = row.closed_at if row.closed_at is not None else asked.now if row.is_open else None
    return None if end is None or row.deadline_at is None else _minutes(end - row.deadline_at)


def _minutes_suspended(row: CaseRow, asked: Asked) -> Value:
    end = asked.now if row.closed_at is None else min(row.closed_at, asked.now)
    spans = [(a, end if b is None else min(b, end)) for a, b in pauses_in(row)]
    return _minutes(sum(b - a for a, b in spans if a < b))


def _light(row: CaseRow, asked: Asked) -> str:
    return light(row.is_open, row.suspended, row.soon_at, row.deadline_at, asked.now)


def _rated(name: str) -> Callable[[CaseRow, Asked], Value]:
    """The citizen's word in a valid call-back."""

    def get(row: CaseRow, _asked: Asked) -> Value:
        rating = decode_rating(row.rating) if row.rating else None
        return _text(getattr(rating, name)) if rating is not None and rating.valid else None

    return get


def _cell(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, CELL_DECIMALS)


COLUMNS: tuple[Column, ...] = (
    Column("case_id", "text", "", "案件编号", "the case", _named("case_id")),
    Column("reported_day", "day", "", "上报日（区的统计日）", "the district's day of the report",
           lambda row, asked: _day(row.reported_at, asked.district)),
    Column("reported_at", "time", "", "上报时间", "reported", _named("reported_at")),
    Column("accepted_at", "time", "", "受理时间", "accepted", _named("accepted_at")),
    Column("filed_at", "time", "", "立案时间", "filed", _named("filed_at")),
    Column("dispatched_at", "time", "", "派遣时间", "dispatched", _named("dispatched_at")),
    Column("handled_at", "time", "", "处置（反馈）时间", "handled, the feedback given", _named("handled_at")),
    Column("closed_at", "time", "", "结案时间", "closed", _named("closed_at")),
    Column("deadline_at", "time", "", "截止时间", "the effective deadline", _named("deadline_at")),
    Column("is_estimated", "flag", "", "截止时间由我方推算", "we reckoned the deadline, nobody published it",
           _named("deadline_estimated")),
    Column("status", "text", "code", "状态", "the status", _named("status")),
    Column("is_open", "flag", "", "在办", "open", _named("is_open")),
    Column("is_closed", "flag", "", "已结案（含强制结案）", "closed, forced closings in",
           lambda row, _asked: row.closed_at is not None),
    Column("is_merged", "flag", "", "已并入另一案件", "merged into another case", _named("merged")),
    Column("is_overdue", "flag", "", "在办且超期（挂账不计）", "open, not suspended, its deadline has come",
           lambda row, asked: _light(row, asked) == "overdue"),
    Column("is_suspended", "flag", "", "挂账中", "open and suspended",
           lambda row, asked: _light(row, asked) == "suspended"),
    Column("should_close", "flag", "", "计入应结案数", "counts in should_close (indicators.md)",
           _measure("should_close")),
    Column("closed_on_time", "flag", "", "计入按期结案", "counts in closed_on_time (indicators.md)",
           _measure("closed_on_time")),
    Column("due_day", "day", "", "应结案的计入日", "the day on which it counts in should_close", _due_day),
    Column("channel", "text", "code", "来源", "the channel", _named("channel")),
    Column("domain", "text", "code", "统一类别", "the unified class, 01–16 or 99", _named("domain")),
    Column("class_name", "text", "", "小类名称（09、10 类不给）", "the class in words; none of domains 09 and 10",
           _named("class_name")),
    Column("severity", "count", "1–4", "等级，1 最急", "1 is the most severe", _named("severity")),
    Column("level", "text", "code", "现在的层级", "the level that has it: grid, community, street, district",
           _named("level")),
    Column("highest_level", "text", "code", "到过的最高层级", "the highest level that it came to",
           _named("highest_level")),
    Column("street", "text", "code", "街道", "the street", _named("street")),
    Column("street_name", "text", "", "街道名称", "its name in the package", lambda row, asked: (
        _text(area.name) if (area := asked.district.streets.get(row.street)) is not None else None)),
    Column("community", "text", "code", "社区（09、10 类不给）", "the community; none of domains 09 and 10",
           _named("community")),
    Column("grid", "text", "code", "网格（09、10 类不给）", "the grid; none of domains 09 and 10", _named("grid")),
    Column("cell_lon", "number", "degrees", "位置，约 100 米的格（09、10 类不给）",
           "WGS-84, to a cell of some 100 m; none of domains 09 and 10", lambda row, _asked: _cell(row.lon)),
    Column("cell_lat", "number", "degrees", "同上", "the same", lambda row, _asked: _cell(row.lat)),
    Column("lead_unit", "text", "code", "责任单位", "the unit that has it", _named("lead_unit")),
    Column("lead_unit_name", "text", "", "责任单位名称", "its name in the package",
           lambda row, asked: _text(asked.district.units.get(row.lead_unit, ""))),
    *(
        Column(f"minutes_to_{step}", "number", "minutes", f"上报到{zh}", f"from the report to {en}, nights in",
               _minutes_to(f"{at}_at"))
        for step, at, zh, en in (
            ("accept", "accepted", "受理", "the acceptance"), ("file", "filed", "立案", "the filing"),
            ("dispatch", "dispatched", "派遣", "the dispatch"), ("handle", "handled", "反馈", "the feedback"),
            ("close", "closed", "结案", "the closing"),
        )
    ),
    Column("minutes_late", "number", "minutes", "结案（在办的按制表时）比截止时间晚多少，负数为早",
           "from the deadline to the closing, of an open case to now; negative is early", _minutes_late),
    Column("minutes_suspended", "number", "minutes", "挂账合计", "suspended in all", _minutes_suspended),
    Column("dispatches", "count", "times", "派遣次数", "dispatched", _named("dispatches")),
    Column("wrong_dispatches", "count", "times", "派错次数", "dispatched to a wrong unit", _named("wrong_dispatches")),
    Column("returns", "count", "times", "回退次数", "returned", _named("returns")),
    Column("reworks", "count", "times", "返工次数", "sent back by a check", _named("reworks")),
    Column("extensions", "count", "times", "延期次数", "extended", _named("extensions")),
    Column("escalations", "count", "times", "升级次数", "escalated", _named("escalations")),
    Column("irregular", "count", "steps", "不合流转规则的步数", "steps that broke the table of transitions",
           _named("irregular")),
    Column("solved", "text", "yes, no", "有效回访：是否解决", "the valid call-back: solved", _rated("solved")),
    Column("satisfied", "text", "yes, fairly, no", "有效回访：是否满意", "the valid call-back: satisfied",
           _rated("satisfied")),
)  # fmt: skip
