"""A report in words: what the page, the PDF and the table of figures all show, made once. Pure.

``words`` is the table of texts of a language (dashboard.texts); names of streets, units and classes come from the
district's package. A value that is not there is «—».
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.district.comparable import name_before, name_year_ago
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.indicators.figure import Figure
from services.leadership.report import ComparedFigure, Ranked, Report
from services.leadership.sentences import Saying, calm, has_grown, matters, sentences, word_of
from services.leadership.spans import Span, as_date, number

NOTHING = "—"
# Of which target a share of a sentence tells, where that is not «target».
_TARGET_OF = {"grid": "target_grid", "district": "target_district"}
# For a change of these more is worse; the others are as their definition says.
_WORSE = {"up": "down", "down": "up"}


class Tile(NamedTuple):
    """One headline figure: ``code`` opens it; ``lines`` say what it is compared with and of how many."""

    code: str
    label: str
    value: str
    lines: tuple[str, ...]
    tone: str = ""


class BarRow(NamedTuple):
    """One line of a table with a bar: ``share`` of the longest (−1 to 1: to the left of the middle line below 0)."""

    code: str
    place: str
    name: str
    bar: float
    value: str
    n: str
    change: str
    tone: str = ""
    note: str = ""


class Words:
    """The report's texts in one language."""

    def __init__(self, report: Report, span: Span, words: Mapping[str, Any], district: District) -> None:
        self.report, self.span, self.all, self.district = report, span, words, district
        self.words: Mapping[str, Any] = words["leadership"]
        self.is_english = words["language"] == "en"

    # — names —

    def street(self, code: str) -> str:
        """A street's name."""
        area = self.district.streets.get(code)
        name = area.name if area is not None else code or str(self.all["word"]["unplaced"])
        return self.district.streets_en.get(code, name) if self.is_english else name

    def unit(self, code: str) -> str:
        """A department's name."""
        name = self.district.units.get(code, code)
        return self.district.units_en.get(code, name) if self.is_english else name

    def domain(self, code: str) -> str:
        """A class's name."""
        return str(self.all["domain"].get(code, code))

    def channel(self, code: str) -> str:
        """A channel's name."""
        return str(self.all["channel"].get(code, code))

    @property
    def whose(self) -> str:
        """The district, street or unit whose report it is."""
        if self.report.street:
            return self.street(self.report.street)
        if self.report.unit:
            return self.unit(self.report.unit)
        return self.district.name_en if self.is_english and self.district.name_en else self.district.name

    def span_name(self, span: Span) -> str:
        """The span in words: 11月26日 周四; 2026年第48周（11月23日–29日）."""
        first, last, forms, named = span.first, span.last, self.words["span"], span.month
        year, week, weekday = first.isocalendar()
        values = {
            "y": first.year, "m": first.month, "d": first.day, "m2": last.month, "d2": last.day, "y2": last.year,
            "week": week, "wy": year, "q": (named.month + 2) // 3, "weekday": self.words["weekdays"][weekday - 1],
        }  # fmt: skip
        if span.kind not in {"month", "quarter"}:
            return str(forms[span.kind]).format(**values)
        name = str(forms[span.kind]).format(**{**values, "y": named.year, "m": named.month})
        return name if span.month_day == 1 else name + str(self.words["of_account"]).format(**values)

    @property
    def before(self) -> str:
        """What the span is compared with: 上周一 of a day, 上月 of a month."""
        against = self.report.against
        if against is None:
            return str(self.words["before"][self.span.kind])
        return name_before(against, self.all["compare"], self.words["weekdays"]) or NOTHING

    @property
    def year_ago(self) -> str:
        """The same of a year ago."""
        against = self.report.against
        if against is None:
            return str(self.words["year_ago"])
        return name_year_ago(against, number(self.span.first), self.all["compare"], self.words["weekdays"])

    @property
    def no_before(self) -> str:
        """Why nothing stands beside a figure."""
        against = self.report.against
        why = against.why if against is not None else ""
        return str(self.all["compare"]["why"][why] if why else self.words["no_before"])

    # — figures —

    def value(self, figure: Figure | None, target: float | None = None) -> str:
        """A share in per cent, a count with its separators."""
        if figure is None or figure.value is None:
            return NOTHING
        return told(figure.value, target) if figure.denominator is not None else f"{figure.n:,}"

    def change(self, compared: ComparedFigure, against: str = "before") -> str:
        """↑1.8% of a count, ↑0.8 of a share's points; empty where there is nothing to compare with."""
        moved = compared.change if against == "before" else compared.year_change
        if moved is None:
            return ""
        return points(moved, self.words["points"]) if compared.now.denominator is not None else grown(moved)

    def tone(self, name: str, compared: ComparedFigure) -> str:
        """``bad`` where it is worse than before beyond chance, or misses its target."""
        target, value, better = self.report.targets.get(name), compared.now.value, INDICATORS[name].better
        if target is not None and value is not None:
            return "bad" if (value < target if better == "up" else value > target) else ""
        return "bad" if better in _WORSE and word_of(compared) == _WORSE[better] else ""

    def tiles(self) -> list[Tile]:
        """The headline figures."""
        found = []
        for name in ("on_time_close_rate", "intake", "closed", "open", "satisfaction_rate", "district_share"):
            if name == "open":
                found.append(self._open())
                continue
            compared = self.report.figures[name]
            of = (
                self.words["of"].format(a=exact(compared.now.numerator), n=f"{compared.now.n:,}")
                if compared.now.denominator is not None
                else ""
            )
            target = self.report.targets.get(name)
            if target is not None:
                sign = "≥" if INDICATORS[name].better == "up" else "≤"
                of += f" · {self.words['target']} {sign}{percent(target, 0)}"
            found.append(
                Tile(
                    name,
                    self._label(name),
                    self.value(compared.now, target),
                    tuple(filter(None, (self._against(name, compared), of))),
                    self.tone(name, compared),
                )
            )
        return found

    def _label(self, name: str) -> str:
        indicator = INDICATORS[name]
        return indicator.en if self.is_english else indicator.zh

    def _against(self, name: str, compared: ComparedFigure) -> str:
        parts = []
        if compared.before is not None and compared.before.value is not None:
            parts.append(f"{self.before} {self.value(compared.before)} {self._marked(compared, name)}")
        if compared.year_ago is not None and compared.year_ago.value is not None:
            parts.append(f"{self.year_ago} {self.value(compared.year_ago)} {self.change(compared, 'year')}")
        return " · ".join(part.strip() for part in parts) or self.no_before

    def _marked(self, compared: ComparedFigure, name: str) -> str:
        """The change with its sign: ▲ worse beyond chance; what chance makes is called so."""
        change, word, better = self.change(compared), word_of(compared), INDICATORS[name].better
        if word == "few" or (word == "same" and compared.now.denominator is not None and change[:1] in "↑↓"):
            return str(self.words["by_chance"]).format(change=change)
        return f"▲ {change}" if better in _WORSE and word == _WORSE[better] else change

    def _open(self) -> Tile:
        standing, is_worse = self.report.open_at_end, False
        parts = []
        for then, label in ((standing.before, self.before), (standing.year_ago, self.year_ago)):
            if not then:
                continue
            change = grown(standing.now / then - 1)
            if then is standing.before and (is_worse := has_grown(standing.now, then)):
                change = f"▲ {change}"
            parts.append(f"{label} {then:,} {change}")
        line = " · ".join(parts) or self.no_before
        return Tile("open", self.words["open_at_end"], f"{standing.now:,}", (line,), "bad" if is_worse else "")

    # — tables —

    def ranking(self, rows: list[Ranked], name: Any) -> list[BarRow]:
        """Shares around their target: bars to the right of the line are above it."""
        target = self.report.targets["on_time_close_rate"]
        values = [row.share.now.value - target for row in rows if row.share.now.value is not None]
        reach = max((abs(value) for value in values), default=0) or 1
        found = []
        for row in rows:
            now = row.share.now
            if now.value is None:
                continue
            between = self.words["between"].format(low=percent(row.low or 0), high=percent(row.high or 0))
            found.append(
                BarRow(
                       row.code, str(row.rank) if row.rank is not None else NOTHING, name(row.code),
                       (now.value - target) / reach, told(now.value, target), f"{exact(now.numerator)}/{now.n:,}",
                       self.change(row.share), "bad" if now.value < target else "",
                       between if row.rank is not None else self.words["too_few"],
                )
            )  # fmt: skip
        return found

    def parts(self, parts: list[Any], name: Any, most: int = 8) -> list[BarRow]:
        """Counts, most first; what is beyond ``most`` in one row."""
        longest = max((part.count.now.n for part in parts), default=1)
        found = [
            BarRow(p.code, "", name(p.code), p.count.now.n / longest, f"{p.count.now.n:,}", "", self.change(p.count),
                   "bad" if word_of(p.count) == "up" else "")
            for p in parts[:most]
        ]  # fmt: skip
        rest = parts[most:]
        if rest:
            n = sum(part.count.now.n for part in rest)
            label = self.words["rest"].format(n=len(rest))
            found.append(BarRow("", "", label, min(n / longest, 1), f"{n:,}", "", ""))
        return found

    def solved_at(self) -> dict[str, int]:
        """Cases by where they were solved, of those of which it is known; the community's are the grid's."""
        levels = self.report.levels
        return {
            "grid": levels.get("grid", 0) + levels.get("community", 0),
            "street": levels.get("street", 0),
            "district": levels.get("district", 0),
        }

    def levels(self) -> list[BarRow]:
        """Where cases were solved, against the targets."""
        counts = self.solved_at()
        known = sum(counts.values())
        if not known:
            return []
        targets = self.report.targets
        bad = {
            "grid": counts["grid"] / known < targets["grid_solved_rate"],
            "street": False,
            "district": counts["district"] / known > targets["district_share"],
        }
        aims = {
            "grid": f"≥{percent(targets['grid_solved_rate'], 0)}",
            "street": "",
            "district": f"≤{percent(targets['district_share'], 0)}",
        }
        beside = {"grid": targets["grid_solved_rate"], "street": None, "district": targets["district_share"]}
        return [
            BarRow(level, "", self.words["levels"][level], n / known, told(n / known, beside[level]), f"{n:,}",
                   aims[level], "bad" if bad[level] else "")
            for level, n in counts.items()
        ]  # fmt: skip

    def beside(self, other: "Words") -> list[BarRow]:
        """Two reports side by side: each indicator here, there, and the difference; within chance it is called so.

        Counts of spans of different lengths are not compared.
        """
        found = []
        for name, compared in self.report.figures.items():
            here, there = compared.now, other.report.figures[name].now
            pair = ComparedFigure(here, there)
            is_fair = here.denominator is not None or self.span.days == other.span.days
            moved, word = (self.change(pair), word_of(pair)) if is_fair else ("", "none")
            if moved and word in {"same", "few"}:
                moved = self.words["by_chance"].format(change=moved)
            worse = INDICATORS[name].better in _WORSE and word == _WORSE[INDICATORS[name].better]
            found.append(
                BarRow(
                       name, "", self._label(name), 0.0, self.value(here), other.value(there),
                       moved or NOTHING,
                       "bad" if worse else "",
                       " / ".join(f"n={figure.n:,}" for figure in (here, there) if figure.denominator is not None),
                )
            )  # fmt: skip
        return found

    # — sentences —

    def sentences(self) -> list[str]:
        """The answer first."""
        return [self._said(saying) for saying in sentences(self.report)]

    def matters(self) -> list[tuple[Saying, str]]:
        """What to ask about, with what it was made from."""
        return [(saying, self._said(saying)) for saying in matters(self.report)]

    def calm(self) -> str:
        """What is said where there is nothing to ask about."""
        return self._said(calm(self.report))

    def _said(self, saying: Saying) -> str:
        shown: dict[str, str] = {
            "span": self.words["this"][self.span.kind],
            "before": self.before,
            "whole": self.whose,
            "no_before": self.no_before,
        }
        for name, value in saying.values.items():
            if name == "street":
                shown[name] = self.street(str(value))
            elif name == "domain":
                shown[name] = self.domain(str(value))
            elif name == "reason":
                shown[name] = str(self.all["reason"].get(str(value), value))
            elif name == "change":
                shown[name] = grown(float(value))
            elif name in {"off", "points"}:
                shown[name] = f"{abs(float(value)) * 100:.1f}"
            elif isinstance(value, float):
                target = saying.values.get(_TARGET_OF.get(name, "target"))
                shown[name] = percent(value, 0) if "target" in name else told(value, target)
            else:
                shown[name] = f"{value:,}" if isinstance(value, int) else str(value)
        return str(self.words["say"][saying.code]).format(**shown)


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 in per cent."""
    return f"{share * 100:.{digits}f}%"


def told(share: float, target: object) -> str:
    """A share in per cent, with as many digits as tell it from its target: 4.04% beside 4%."""
    digits = 1
    if isinstance(target, float) and share != target:
        while digits < 3 and percent(share, digits) == percent(target, digits):
            digits += 1
    return percent(share, digits)


def exact(n: float) -> str:
    """A count; a weighted one (call-backs: content by half counts 0.9) with its tenth, so that it divides as shown."""
    return f"{n:,.0f}" if abs(n - round(n)) < 1e-9 else f"{n:,.1f}"


def grown(change: float) -> str:
    """A count's change."""
    text = f"{abs(change) * 100:.1f}%"
    return text if text == "0.0%" else f"{'↑' if change > 0 else '↓'}{text}"


def points(change: float, unit: str) -> str:
    """A share's change in points."""
    text = f"{abs(change) * 100:.1f}"
    return f"{text}{unit}" if text == "0.0" else f"{'↑' if change > 0 else '↓'}{text}{unit}"


def day_name(day: int) -> str:
    """11-26."""
    return f"{as_date(day):%m-%d}"
