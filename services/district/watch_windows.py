"""When an area is watched: spans of the day on some days, as people write them and as the package keeps them. Pure.

``workdays 07:00-09:00; day 1,11,21 06:00-12:00``: a school's mornings, a market's days. Days: ``daily``, ``workdays``
and ``off`` by the district's calendar (public holidays, 调休), weekdays (``mon,wed`` or ``mon-fri``), days of the month
(``day 1,11``); in Chinese 每天, 工作日, 休息日, 周一至周五, 每月1、11日. What ends before it begins goes over midnight
and belongs to the day on which it begins. Without windows an area is watched round the clock.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from services.district.calendar import kind_of_day
from services.district.package import District

DayKind = Literal["daily", "workdays", "off", "week", "month"]
MOST_WINDOWS = 12
DAY_MINUTES = 1440
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HAN = "一二三四五六日"
_SPAN = re.compile(r"(.*?)\s*(\d{1,2}):(\d{2})\s*(?:-|–|—|~|至|到)\s*(\d{1,2}):(\d{2})")
_MONTH = re.compile(r"(?:days?|每月)\s*(\d{1,2}(?:[,、\s]+\d{1,2})*)\s*日?")
_WEEK = re.compile(r"[1-7](?:\s*(?:-|至|到)\s*[1-7])?(?:[,、\s]+[1-7](?:\s*(?:-|至|到)\s*[1-7])?)*")
_WORDS: Mapping[str, DayKind] = {
    "": "daily", "daily": "daily", "每天": "daily", "workdays": "workdays", "工作日": "workdays", "上学日": "workdays",
    "off": "off", "休息日": "off", "节假日": "off",
}  # fmt: skip


class WatchWindow(NamedTuple):
    """A span of the day in minutes, ``end`` not in it; ``days``: ISO weekdays or days of the month."""

    kind: DayKind
    days: tuple[int, ...]
    start: int
    end: int


def read_windows(text: str) -> tuple[WatchWindow, ...]:
    """The windows of a text; none: round the clock. Raises ValueError for what cannot be read."""
    parts = [part.strip() for part in re.split(r"[;\n]", unicodedata.normalize("NFKC", text)) if part.strip()]
    if len(parts) > MOST_WINDOWS:
        raise ValueError(f"more than {MOST_WINDOWS} spans")
    return tuple(dict.fromkeys(map(_window, parts)))


def _window(part: str) -> WatchWindow:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ValueError(part)
    start, end = (60 * int(found[at]) + int(found[at + 1]) for at in (2, 4))
    if int(found[3]) > 59 or int(found[5]) > 59 or start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        raise ValueError(part)
    return WatchWindow(*_days(found[1].strip().lower(), part), start, end)


def _days(text: str, part: str) -> tuple[DayKind, tuple[int, ...]]:
    if text in _WORDS:
        return _WORDS[text], ()
    if month := _MONTH.fullmatch(text):
        days = tuple(sorted({int(one) for one in re.findall(r"\d+", month[1])}))
        if not all(1 <= day <= 31 for day in days):
            raise ValueError(part)
        return "month", days
    plain = re.sub("周|星期", "", text.replace("天", "日"))
    for number, (name, han) in enumerate(zip(_NAMES, _HAN, strict=True), 1):
        plain = plain.replace(name, str(number)).replace(han, str(number))
    if not _WEEK.fullmatch(plain):
        raise ValueError(part)
    week: set[int] = set()
    for first, last in re.findall(r"([1-7])(?:\s*(?:-|至|到)\s*([1-7]))?", plain):
        begin, end = int(first), int(last or first)
        week |= {(day - 1) % 7 + 1 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return "week", tuple(sorted(week))


def written_windows(windows: Sequence[WatchWindow], *, is_chinese: bool = False) -> str:
    """The windows as text, which ``read_windows`` reads again; the package keeps the English one."""
    return ("；" if is_chinese else "; ").join(_written(one, is_chinese=is_chinese) for one in windows)


def _written(one: WatchWindow, *, is_chinese: bool) -> str:
    days: str = one.kind
    if one.kind == "week":
        days = (
            "、".join(f"周{_HAN[n - 1]}" for n in one.days) if is_chinese else ",".join(_NAMES[n - 1] for n in one.days)
        )
    elif one.kind == "month":
        days = f"每月{'、'.join(map(str, one.days))}日" if is_chinese else f"day {','.join(map(str, one.days))}"
    elif is_chinese:
        days = {"daily": "每天", "workdays": "工作日", "off": "休息日"}[one.kind]
    return f"{days} {_clock(one.start)}-{_clock(one.end)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def is_watched(windows: Sequence[WatchWindow], district: District, ms: int) -> bool:
    """Whether a moment (Unix ms) lies in one of the windows, by the district's clock and calendar."""
    if not windows:
        return True
    local = datetime.fromtimestamp(ms / 1000, district.zone)
    minute, day = 60 * local.hour + local.minute, local.date()
    for one in windows:
        if one.start < one.end:
            if one.start <= minute < one.end and _is_day(one, district, day):
                return True
        elif (minute >= one.start and _is_day(one, district, day)) or (
            minute < one.end and _is_day(one, district, day - timedelta(1))
        ):
            return True
    return False


def _is_day(window: WatchWindow, district: District, day: date) -> bool:
    if window.kind == "week":
        return day.isoweekday() in window.days
    if window.kind == "month":
        return day.day in window.days
    is_worked = kind_of_day(district, day) in {"plain", "workday"}
    return window.kind == "daily" or is_worked == (window.kind == "workdays")
