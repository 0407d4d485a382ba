"""The sections of a report beside its figures, in words: reasons, call-backs, supervision, repeats, campaigns, cameras.

Each is a table in the one grammar of the page (name, bar, value, n), with a line that says what it counts, and words
for where there is nothing and where nothing is known. Pure.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.district.spot_names import spots_en
from services.indicators.figure import Figure
from services.leadership.report import CALL_BACKS, RANKED_N, ComparedFigure, Repeat, ReportCameras, interval
from services.leadership.spans import as_date
from services.leadership.words import NOTHING, BarRow, Words, exact, percent


class Section(NamedTuple):
    """A table: ``code`` names it, ``head`` says what is counted, ``empty`` is said where there is no row.

    ``columns`` head name, value, n and change; '' where there is none. ``opens``: its rows lead to their cases.
    """

    code: str
    title: str
    head: str
    columns: tuple[str, str, str, str]
    rows: list[BarRow]
    empty: str
    has_bars: bool = True


class PartWords:
    """The sections of ``said``'s report; ``cameras``: whether its reader may see what cameras cover."""

    def __init__(self, said: Words, *, cameras: bool = True) -> None:
        # Cameras are the district's own: a street's or a unit's report says nothing of them.
        self.shows_cameras = cameras and not said.report.street and not said.report.unit
        self.said, self.report, self.words = said, said.report, said.all["leadership"]["parts"]

    def all(self) -> list[Section]:
        """Those that the report has, in the order of the page."""
        found = [self.reasons(), self.repeats(), self.supervision(), self.satisfaction(), self.campaigns()]
        return [*found, *([self.cameras(), self.blind_spots()] if self.shows_cameras else [])]

    @property
    def blind(self) -> str:
        """What a blind spot's share counts."""
        return str(self.words["unseen_cases"])

    def defines(self, code: str) -> bool:
        """Whether a section has a definition of its own; the call-backs have their indicators'."""
        return "definition" in self.words[code]

    def definition(self, code: str) -> list[str]:
        """What a section counts, in sentences."""
        found = self.report.repeats
        policy = self.said.district.policy.merging
        values = {
            "least": policy.hot_spot_cases,
            "metres": f"{policy.hot_spot_metres:g}",
            "days": round(policy.hot_spot_days) if found is None else min(round(policy.hot_spot_days), 31),
        }
        return [str(line).format(**values) for line in self.words[code]["definition"]]

    def reasons(self) -> Section:
        """Why the funnel's last cases went to the district."""
        parts = self.report.reasons
        total = sum(part.count.now.n for part in parts)
        rows = [
            BarRow(
                part.code or "-",
                "",
                self.reason(part.code),
                part.count.now.n / total,
                f"{part.count.now.n:,}",
                percent(part.count.now.n / total, 0),
                self.change(part.count),
            )
            for part in parts
        ]
        return self._section("reasons", rows, n=f"{total:,}")

    def satisfaction(self) -> Section:
        """The citizens' answers on valid call-backs."""
        figures = [(name, self.report.figures[name]) for name in CALL_BACKS]
        n = figures[0][1].now.n
        rows = [
            BarRow(name, "", self.words["call_backs"][name], of.now.value, percent(of.now.value), _of(of.now),
                   self.said.change(of), self.said.tone(name, of), self.between(of.now))
            for name, of in figures if of.now.value is not None
        ]  # fmt: skip
        return self._section("satisfaction", rows, n=f"{n:,}")

    def supervision(self) -> Section:
        """By kind and level: begun in the span, and standing at its end."""
        found = self.report.supervision
        if found is None:
            return self._section("supervision", [], is_told=False, n="0", standing="0")
        longest = max((row.begun.now.n for row in found.rows), default=0) or 1
        rows = [
            BarRow(
                f"{row.kind}.{row.level}",
                "",
                self.supervised(row.kind, row.level),
                row.begun.now.n / longest,
                f"{row.begun.now.n:,}",
                self.words["standing"].format(n=f"{row.standing:,}"),
                self.change(row.begun),
            )
            for row in found.rows
        ]
        return self._section(
            "supervision",
            rows,
            is_told="supervision" in self.report.told,
            n=f"{found.begun.now.n:,}",
            standing=f"{found.standing:,}",
        )

    def repeats(self) -> Section:
        """Where one class came again."""
        found = self.report.repeats
        if found is None:
            return self._section("repeats", [], first="", last="", metres="", least="", days="")
        longest = max((row.n for row in found.rows), default=1)
        rows = [
            BarRow(row.case_id, str(place), self.place(row), row.n / longest, f"{row.n:,}",
                   self.words["open"].format(n=f"{row.open:,}"), "", "", self.matter(row))
            for place, row in enumerate(found.rows, 1)
        ]  # fmt: skip
        days = self.said.district.days(found.first, found.end)
        return self._section(
            "repeats",
            rows,
            first=self._day(days[0]),
            last=self._day(days[-1]),
            metres=f"{found.metres:g}",
            least=f"{found.least}",
            days=len(days),
        )

    def campaigns(self) -> Section:
        """The share rectified of what each campaign found."""
        rows = [
            BarRow(part.code, "", self.campaign(part.code), of.now.value or 0.0, self.said.value(of.now), _of(of.now),
                   self.said.change(of), "", self.between(of.now))
            for part in self.report.campaigns for of in (part.count,)
        ]  # fmt: skip
        found = sum(part.count.now.n for part in self.report.campaigns)
        return self._section("campaigns", rows if found else [], is_told="campaign" in self.report.told, n=f"{found:,}")

    def cameras(self) -> Section:
        """Cameras and key spots as of now."""
        found = self.report.cameras
        if found is None:
            return self._section("cameras", [], is_told=False, at=NOTHING, light="")
        rows = []
        if found.cameras:
            online = found.online / found.cameras
            rows.append(
                BarRow("online", "", self.words["online"], online, percent(online),
                       f"{found.online:,}/{found.cameras:,}",
                       f"≥{percent(found.target_online, 0)}", "bad" if online < found.target_online else "",
                       self._unknown(found.state_unknown))
            )  # fmt: skip
        for spots in found.spots:
            known = spots.n - spots.unknown
            if not known:
                rows.append(BarRow(spots.kind, "", self.words["spots"][spots.kind], 0.0, NOTHING,
                                   f"0/{spots.n:,}", "", "",
                                   self._unknown(spots.unknown)))  # fmt: skip
                continue
            rows.append(
                BarRow(spots.kind, "", self.words["spots"][spots.kind], spots.covered / known,
                       percent(spots.covered / known), f"{spots.covered:,}/{known:,}",
                       self.words["uncovered"].format(n=f"{known - spots.covered:,}"), "", self._unknown(spots.unknown))
            )  # fmt: skip
        return self._section("cameras", rows, at=self._moment(found), light=self.words["light"][int(found.is_night)])

    def blind_spots(self) -> Section:
        """The key spots with most need of a camera, as of now."""
        found, kinds = self.report.cameras, self.said.all["coverage"]["kinds"]
        if found is None:
            return self._section("blind", [], is_told=False, n=0)
        names = spots_en(self.said.district) if self.said.is_english else {}
        gaps = self.said.all["coverage"]["gap"]
        rows = [
            BarRow(spot.id, "", names.get(spot.id, spot.name), 0.0, gaps.get(spot.gap, spot.gap),
                   self.words["unseen"].format(unseen=f"{spot.unseen:,}", cases=f"{spot.cases:,}"), "", "",
                   f"{kinds.get(spot.kind, spot.kind)} · {self.said.street(spot.street)}")
            for spot in found.worst
        ]  # fmt: skip
        return self._section("blind", rows, n=len(rows))

    # — names —

    def reason(self, code: str) -> str:
        """Why a case went to the district."""
        table: Mapping[str, str] = self.said.all["reason"]
        return table["unknown"] if not code else table.get(code, code)

    def supervised(self, kind: str, level: int) -> str:
        """A kind and a level of supervision."""
        table: Mapping[str, str] = self.said.all["handover"]["supervised"]
        name = table.get(kind, kind) if kind else self.words["kind_unknown"]
        return f"{name}{self.words['levels'][level if 0 <= level <= 3 else 0]}"

    def campaign(self, code: str) -> str:
        """A campaign's name."""
        for row in self.said.district.tables.get("campaigns", ()):
            if row["code"] == code:
                return (self.said.is_english and row.get("name_en")) or row["name"]
        return code

    def place(self, row: Repeat) -> str:
        """Where a repeat is, down to its grid."""
        district = self.said.district
        for areas, code in ((district.grids, row.grid), (district.communities, row.community)):
            if code:
                name = areas[code].name if code in areas else code
                return f"{self.said.street(row.street)} {name}" if row.street else name
        return self.said.street(row.street)

    def matter(self, row: Repeat) -> str:
        """What comes again; the minor class has a Chinese name alone."""
        domain = self.said.domain(row.domain)
        return domain if self.said.is_english or not row.class_name else f"{domain} · {row.class_name}"

    def between(self, figure: Figure) -> str:
        """Where a share lies with 95 %."""
        low, high = interval(figure.value, figure.n)
        if low is None or high is None:
            return ""
        return str(self.said.words["between"]).format(low=percent(low), high=percent(high))

    def change(self, of: ComparedFigure) -> str:
        """A count's change; of fewer than can be ranked in cases: three after one is «+2», not «↑200 %»."""
        if of.before is None or of.before.n >= RANKED_N:
            return self.said.change(of)
        more = of.now.n - of.before.n
        return f"{'+' if more > 0 else '−' if more else '±'}{abs(more)}"

    def _unknown(self, n: int) -> str:
        return self.words["unknown_n"].format(n=f"{n:,}") if n else ""

    def _day(self, day: int) -> str:
        found = as_date(day)
        return str(self.words["day"]).format(y=found.year, m=found.month, d=found.day)

    def _moment(self, found: ReportCameras) -> str:
        return datetime.fromtimestamp(found.at / 1000, self.said.district.zone).strftime("%Y-%m-%d %H:%M")

    def _section(self, code: str, rows: list[BarRow], *, is_told: bool = True, **values: object) -> Section:
        texts = self.words[code]
        head = texts.get(f"head_{self.said.span.kind}", texts["head"])
        shown = {"before": self.said.before, **values}
        empty = texts["none"] if is_told else texts["unknown"]
        columns: Any = tuple(texts["columns"])
        return Section(
            code,
            texts["title"],
            head.format(**shown) if is_told else "",
            columns,
            rows,
            empty.format(**shown),
            code != "blind",
        )


def _of(figure: Figure) -> str:
    return f"{exact(figure.numerator)}/{figure.n:,}"
