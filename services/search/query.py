"""What was asked, in one line: words that text or a name must match, and the days that it is about. Pure.

``matches`` decides over a case's document, for cases in memory and for those that the index has found alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import msgspec

from services.district.initials import initials_of
from services.district.package import District
from services.district.package_tables import aliases_in
from services.platform.search_text import matches as stands_in
from services.platform.search_text import normal, wanted

LONGEST, MOST_WORDS = 100, 8
# A word that so many names of a kind have says nothing («网格», «街道»): the names of that kind are then left out.
MOST_NAMES = 60
# So many classes one common word may stand for; of more it says nothing.
MOST_NEAR = 20
KINDS = ("street", "community", "grid", "unit", "domain")

Problem = Literal["", "empty", "short", "long"]
Days = tuple[date, date]


class CaseDoc(msgspec.Struct, frozen=True, gc=False):
    """What is searched of a case. ``text``: normal lines of number, class, title, address; ``codes`` by ``KINDS``."""

    case_id: str
    reported_at: int
    text: str
    codes: tuple[str, ...]

    @property
    def code_tokens(self) -> frozenset[str]:
        """Its codes as tokens."""
        return frozenset(code_token(kind, code) for kind, code in zip(KINDS, self.codes, strict=True) if code)


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A word: ``text`` (normal) or one of the codes whose names it is found in. ``only``: of grids or classes alone.

    ``near``: the normal names of the classes that it stands for: by an alias («摆摊»), or by initials («zdjy»).
    """

    text: str
    codes: frozenset[str] = frozenset()
    only: Literal["", "grid", "class"] = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Words, and the span of the report (Unix ms, the end not in it); ``problem``: why nothing can be looked for."""

    words: tuple[SearchWord, ...] = ()
    since: int | None = None
    until: int | None = None
    problem: Problem = ""


@dataclass(frozen=True, slots=True)
class CodeNames:
    """The normal names of what has a code, by kind and code; of one code there may be several.

    ``initials``: by kind and code the initials of the names, of streets, communities, units and unified classes.
    ``classes``: the normal name of each class of the package → its aliases (normal) and its initials.
    """

    names: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    initials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    classes: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    def found(self, kind: str, word: str) -> frozenset[str]:
        """The tokens of the codes of this kind that have ``word`` in a name, or as the beginning of its initials; none
        where too many have.
        """
        known, short = self.names.get(kind, {}), self.initials.get(kind, {}) if _may_be_initials(word) else {}
        codes = [
            code
            for code, names in known.items()
            if any(word in name for name in names) or short.get(code, "").startswith(word)
        ]
        return frozenset() if len(codes) > MOST_NAMES else frozenset(code_token(kind, code) for code in codes)

    def near(self, word: str) -> tuple[str, ...]:
        """The classes that ``word`` stands for without standing in their names; none where it is too many."""
        is_short = _may_be_initials(word)
        found = [
            name
            for name, (aliases, initials) in self.classes.items()
            if word not in name and (any(word in one for one in aliases) or (is_short and initials.startswith(word)))
        ]
        return () if len(found) > MOST_NEAR else tuple(found)


def _may_be_initials(word: str) -> bool:
    return len(word) > 1 and word.isascii() and word.isalpha()


def code_token(kind: str, code: str) -> str:
    """A code as a token; no text is cut into one like it."""
    return f"{kind}:{code}"


def names_of(district: District, domains: Mapping[str, tuple[str, ...]]) -> CodeNames:
    """The names of a package's places and units, and those of the unified classes; initials; the classes' aliases."""

    def each(*names: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, map(normal, names))))

    return CodeNames(
        {
            "street": {k: each(a.name, district.streets_en.get(k, "")) for k, a in district.streets.items()},
            "community": {k: each(a.name) for k, a in district.communities.items()},
            "grid": {k: each(a.name, k) for k, a in district.grids.items()},
            "unit": {k: each(name, district.units_en.get(k, "")) for k, name in district.units.items()},
            "domain": {k: each(*names) for k, names in domains.items()},
        },
        initials_by_code(district, domains),
        _classes(district),
    )


def initials_by_code(district: District, domains: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, str]]:
    """By kind and code the initials of the Chinese name."""
    return {
        "street": {k: initials_of(a.name) for k, a in district.streets.items()},
        "community": {k: initials_of(a.name) for k, a in district.communities.items()},
        "unit": {k: initials_of(name) for k, name in district.units.items()},
        "domain": {k: initials_of(names[0]) for k, names in domains.items() if names},
    }


def _classes(district: District) -> dict[str, tuple[tuple[str, ...], str]]:
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for row in district.tables.get("categories", ()):
        name, more = row["name"], map(normal, aliases_in(row.get("aliases", "")))
        known = found.get(normal(name), ((), ""))[0]
        found[normal(name)] = tuple(dict.fromkeys((*known, *filter(None, more)))), initials_of(name)
    return found


def parse_query(text: str, today: date, district: District, names: CodeNames) -> SearchQuery:
    """What ``text`` asks for on the day ``today``."""
    if len(text) > LONGEST:
        return SearchQuery(problem="long")
    parts = _PHRASE.sub(lambda found: found[0].replace(" ", ""), text).split()
    if len(parts) > MOST_WORDS:
        return SearchQuery(problem="long")
    words, since, until = [], None, None
    for part in parts:
        if (days := days_of(part, today)) is not None:
            first, end = (district.day_start_ms(day.year * 10_000 + day.month * 100 + day.day) for day in days)
            since, until = max(since or first, first), min(until or end, end)
        elif (word := _word(part, names)) is not None:
            words.append(word)
    if any(not word.codes and not wanted(word.text) for word in words):
        return SearchQuery(problem="short")
    if not words and since is None:
        return SearchQuery(problem="empty")
    return SearchQuery(tuple(dict.fromkeys(words)), since, until)


def _word(part: str, names: CodeNames) -> SearchWord | None:
    text = normal(part)
    if not text:
        return None
    if part[0] in "@＠":
        return SearchWord(text, names.found("grid", text), "grid")
    if part[0] in "#＃":
        return SearchWord(text, names.found("domain", text), "class", names.near(text))
    if len(text) < 2:
        return SearchWord(text)
    return SearchWord(text, frozenset().union(*(names.found(kind, text) for kind in KINDS)), near=names.near(text))


def matches(query: SearchQuery, doc: CaseDoc) -> bool:
    """Whether the case is what was asked for."""
    if query.problem:
        return False
    if query.since is not None and doc.reported_at < query.since:
        return False
    if query.until is not None and doc.reported_at >= query.until:
        return False
    return all(_has(doc, word) for word in query.words)


def _has(doc: CaseDoc, word: SearchWord) -> bool:
    if word.codes and not word.codes.isdisjoint(doc.code_tokens):
        return True
    if word.only == "grid":
        return False
    class_name = doc.text.split("\n")[1] if word.near or word.only == "class" else ""
    if any(stands_in(class_name, name) for name in word.near):
        return True
    return stands_in(class_name if word.only == "class" else doc.text, word.text)


# — days —

_PHRASE = re.compile(r"\b(?:last|this) (?:week|month|year)\b", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?", re.ASCII)
_MONTH = re.compile(r"(\d{4})(?:[-/]|年)(\d{1,2})月?", re.ASCII)
_DAY_OF_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})[日号]", re.ASCII)
_YEAR = re.compile(r"(\d{4})年", re.ASCII)
_SPOKEN: dict[str, str] = {
    "今天": "today", "今日": "today", "昨天": "yesterday", "昨日": "yesterday", "前天": "before",
    "本周": "thisweek", "这周": "thisweek", "上周": "lastweek", "本月": "thismonth", "这个月": "thismonth",
    "上月": "lastmonth", "上个月": "lastmonth", "今年": "thisyear", "去年": "lastyear",
}  # fmt: skip


def days_of(word: str, today: date) -> Days | None:
    """From the first day up to, not including, the last, that a word names; None: it names none."""
    named = _SPOKEN.get(word, word.lower())
    day = timedelta(days=1)
    monday = today - day * today.weekday()
    first = today.replace(day=1)
    spoken: dict[str, Days] = {
        "today": (today, today + day), "yesterday": (today - day, today), "before": (today - 2 * day, today - day),
        "thisweek": (monday, monday + 7 * day), "lastweek": (monday - 7 * day, monday),
        "thismonth": (first, _month_after(first)), "lastmonth": ((first - day).replace(day=1), first),
        "thisyear": (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
        "lastyear": (date(today.year - 1, 1, 1), date(today.year, 1, 1)),
    }  # fmt: skip
    if named in spoken:
        return spoken[named]
    try:
        return _written(word, today)
    except (ValueError, OverflowError):  # the 31st of February, the year 0
        return None


def _written(word: str, today: date) -> Days | None:
    if found := _DAY.fullmatch(word):
        first = date(int(found[1]), int(found[2]), int(found[3]))
        return first, first + timedelta(days=1)
    if found := _MONTH.fullmatch(word):
        first = date(int(found[1]), int(found[2]), 1)
        return first, _month_after(first)
    if found := _DAY_OF_YEAR.fullmatch(word):
        first = date(today.year, int(found[1]), int(found[2]))
        if first > today:  # the last one that was
            first = date(today.year - 1, int(found[1]), int(found[2]))
        return first, first + timedelta(days=1)
    if found := _YEAR.fullmatch(word):
        return date(int(found[1]), 1, 1), date(int(found[1]) + 1, 1, 1)
    return None


def _month_after(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
