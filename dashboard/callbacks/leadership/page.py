"""The leader's page: a span of days in one page of plain HTML, written by the server; its charts come after it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

import flask
from flask import Flask, Response, request
from sqlalchemy import Connection, Engine

from dashboard.callbacks.leadership.cache import ReportCache
from dashboard.callbacks.leadership.lists import PARTS, PartQuery, open_part
from dashboard.callbacks.leadership.side_by_side import Sides, classes_wished, side
from dashboard.door.access import allowed, person, refuse
from dashboard.door.bodies import packed
from dashboard.door.exporting import download
from dashboard.door.navigation import links
from dashboard.door.recording import Recorder
from dashboard.door.static_files import words_address
from dashboard.layouts.moments import minute_text
from dashboard.layouts.report_charts import charts
from dashboard.papers.made import Made
from dashboard.papers.table import cases_table, csv_table
from dashboard.texts import texts
from services.access.rights import DISTRICT, Person, may
from services.cases.case import CaseRow
from services.cases.whose import may_case
from services.contract.codes import DOMAINS, SENSITIVE_DOMAINS
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.indicators.figures_reader import Days, Scope, cases_behind, figures, has_been, window_of
from services.indicators.reasons import WHY
from services.leadership.figure_rows import figure_rows
from services.leadership.part_words import PartWords
from services.leadership.reader import gather
from services.leadership.report import Report
from services.leadership.spans import KINDS, Kind, Span, SpanRefused, after, around, as_date, before, latest, parse
from services.leadership.words import Words, exact
from services.platform.clock import Clock

CASES_SHOWN, CASES_IN_FILE = 200, 20_000


@dataclass(frozen=True, slots=True)
class Leading:
    """What the pages need."""

    engine: Engine
    district: District
    clock: Clock
    offload: Callable[[Any], Any]
    recorder: Recorder
    kept: ReportCache = field(default_factory=ReportCache)

    @property
    def today(self) -> date:
        """The counting day of this moment."""
        return as_date(self.district.day_of(self.clock.now_ms()))

    def span(self) -> Span:
        """What the query asks for, else yesterday. Raises SpanRefused."""
        first, last = request.args.get("from", ""), request.args.get("to", "")
        text = (
            request.args.get("span", "")
            or request.args.get("day", "")
            or (f"{first}..{last}" if first and last else "")
        )
        return self.parse(text.strip()) if text else self.latest_day()

    def parse(self, text: str) -> Span:
        """The span that ``text`` names, by the district's months. Raises SpanRefused."""
        return parse(text, self.today, self.district.month_first_day)

    def latest_day(self) -> Span:
        """Yesterday."""
        return latest("day", self.today, self.district.month_first_day)

    def scope(self) -> tuple[str, str]:
        """(street, unit) of the query, of which the person may see the figures; a street's staff see their own."""
        asking = person()
        street, unit = request.args.get("street", asking.street), request.args.get("unit", "")
        if street and street not in self.district.streets and not self.has_been(street):
            refuse(404, "没有这个街道 / no such street")
        if unit and unit not in self.district.units:
            refuse(404, "没有这个单位 / no such unit")
        allowed("see_leadership", street or DISTRICT)
        return street, unit

    def has_been(self, street: str) -> bool:
        """Whether figures are kept of a street that the package no longer has: merged away, or under another code."""
        return bool(self.read(lambda connection: has_been(connection, street[:64])))

    def beside(self, report: Report, span: Span, words: dict[str, Any]) -> Sides | None:
        """What the query wants side by side with the report: another span, another street, classes.

        Raises SpanRefused.
        """
        text, code = request.args.get("with", "").strip(), request.args.get("with_street", "")
        here, there = classes_wished()
        if not (text or code or here or there):
            return None
        other = self.parse(text) if text else span
        if code and code not in self.district.streets and not self.has_been(code):
            refuse(404, "没有这个街道 / no such street")
        mine = code or report.street
        allowed("see_leadership", mine or DISTRICT)
        told, now = self.report(other, mine, report.unit), self.clock.now_ms()
        return Sides(
            side(report, span, words, self.district, domain=here, now=now, read=self.read),
            side(told, other, words, self.district, domain=there, now=now, read=self.read),
        )

    def read(self, work: Callable[[Connection], Any]) -> Any:
        """Read in one transaction, away from the loop."""

        def read() -> Any:
            with self.engine.connect() as connection, connection.begin():
                return work(connection)

        return self.offload(read)

    def report(self, span: Span, street: str, unit: str) -> Report:
        """Gathered away from the loop, once for all who ask within some seconds."""

        def read(connection: Connection) -> Report:
            return gather(connection, self.district, span, self.clock.now_ms(), street=street, unit=unit)

        found: Report = self.kept.get((span.text, street, unit), lambda: self.read(read))
        return found

    def charts(self, report: Report, words: dict[str, Any]) -> dict[str, str]:
        """The charts of a report, made as often as the report itself."""
        key = ("charts", report.span, report.street, report.unit, words["language"])
        return self.kept.get(key, lambda: self.offload(lambda: charts(report, words)))


def register_leadership(server: Flask, leading: Leading) -> None:
    """Add the pages."""
    _register_lists(server, leading)

    @server.get("/leadership")
    def leadership() -> Response:
        words = texts(request.args.get("lang", ""))
        street, unit = leading.scope()
        try:
            span, wrong = leading.span(), ""
        except SpanRefused as error:
            span, wrong = leading.latest_day(), words["leadership"]["refused"][error.code]
        if street and street not in leading.district.streets:
            wrong = wrong or words["leadership"]["gone_street"].format(code=street)
        report, beside = leading.report(span, street, unit), None
        try:
            beside = leading.beside(report, span, words)
        except SpanRefused as error:
            wrong = words["leadership"]["refused"][error.code]
        leading.recorder.look(person(), f"/leadership {span.text} {street}{unit}".strip(), "see_page")
        return _page(leading, words, Words(report, span, words, leading.district), beside, wrong)

    @server.get("/leadership.csv")
    def leadership_csv() -> Response:
        words = texts(request.args.get("lang", ""))
        street, unit = leading.scope()
        asking = allowed("export_report", street or DISTRICT)
        span = leading.span()
        report = leading.report(span, street, unit)
        said = Words(report, span, words, leading.district)
        rows = figure_rows(said, cameras=may(asking, "see_coverage"))
        text = csv_table(said, rows, Made(f"{asking.user_id} {asking.name}".strip(), leading.clock.now_ms()))
        name = "-".join(filter(None, ("report", street or unit or leading.district.code, span.text)))
        about = f"leadership.csv {span.text} {street}{unit}".strip()
        return download(
            leading.recorder,
            asking,
            about,
            text.encode(),
            kind="text/csv; charset=utf-8",
            name=f"{name}.csv",
            rows=len(rows),
        )


def _register_lists(server: Flask, leading: Leading) -> None:
    """Add the lists of cases behind the page's figures, and their files."""

    @server.get("/leadership/cases")
    def leadership_cases() -> Response:
        words = texts(request.args.get("lang", ""))
        street, unit = leading.scope()
        name, part = request.args.get("name", ""), request.args.get("part", "")
        if name not in INDICATORS and part not in PARTS:
            refuse(404, "没有这个指标 / no such indicator")
        span = leading.span()
        said = Words(leading.report(span, street, unit), span, words, leading.district)
        leading.recorder(
            "see_cases",
            person(),
            f"/leadership {span.text} {street}{unit}".strip(),
            {"list": name or part, "code": request.args.get("code", "")[:64]},
        )
        return _list(said, _listed(leading, said, name, part, CASES_SHOWN))

    @server.get("/leadership/cases.csv")
    def leadership_cases_csv() -> Response:
        words = texts(request.args.get("lang", ""))
        street, unit = leading.scope()
        asking = allowed("export_cases", street or DISTRICT)
        name, part = request.args.get("name", ""), request.args.get("part", "")
        if name not in INDICATORS and part not in PARTS:
            refuse(404, "没有这个指标 / no such indicator")
        span = leading.span()
        said = Words(leading.report(span, street, unit), span, words, leading.district)
        listed = _listed(leading, said, name, part, CASES_IN_FILE)
        lines = _lines(said, listed, asking, "export_cases")
        about = f"/leadership {name or part} {span.text} {street}{unit}".strip()
        file = "-".join(filter(None, ("cases", name or part, street or unit or leading.district.code, span.text)))
        data = cases_table(said, listed.reason, lines).encode()
        return download(
            leading.recorder, asking, about, data, kind="text/csv; charset=utf-8", name=f"{file}.csv", rows=len(lines)
        )


def _query(**values: str) -> str:
    kept = {name: value for name, value in values.items() if value}
    if request.args.get("lang"):
        kept["lang"] = request.args["lang"]
    return urlencode(kept)


def _page(leading: Leading, words: dict[str, Any], said: Words, beside: Sides | None, wrong: str) -> Response:
    district, span, report = leading.district, said.span, said.report
    here = {"street": report.street, "unit": report.unit}

    def at(other: Span) -> str:
        return f"/leadership?{_query(span=other.text, **here)}"

    day = min(span.last, leading.today)
    kinds: list[tuple[Kind, str, str]] = [
        (k, words["leadership"]["kinds"][k], at(around(k, day, district.month_first_day))) for k in KINDS
    ]
    following = after(span)
    other = {**request.args.to_dict(), "lang": "zh-CN" if words["language"] == "en" else "en"}
    asking = person()
    body = flask.render_template(
        "leadership.html", w=words, l=words["leadership"], said=said, report=report, span=span,
        span_name=said.span_name(span), kinds=kinds, earlier=at(before(span)),
        later=at(following) if following.first <= leading.today else "", here=here, wrong=wrong,
        opens=lambda name, street="": f"/leadership/cases?{_query(name=name, span=span.text, street=street or report.street, unit=report.unit)}",  # noqa: E501
        parts={section.code: section for section in PartWords(said, cameras=may(asking, "see_coverage")).all()},
        opens_part=lambda part, code="": f"/leadership/cases?{_query(part=part, code=code, span=span.text, street=report.street, unit=report.unit)}",  # noqa: E501
        opens_of=lambda part: lambda code: f"/leadership/cases?{_query(part=part, code=code, span=span.text, street=report.street, unit=report.unit)}",  # noqa: E501
        csv=f"/leadership.csv?{_query(span=span.text, street=report.street, unit=report.unit)}",
        of_street=lambda code: f"/leadership?{_query(span=span.text, street=code)}",
        streets=[] if asking.street else [(code, said.street(code)) for code in district.streets],
        beside=beside, charts=leading.charts(report, words), as_of=minute_text(report.as_of, district.zone),
        other=f"/leadership?{urlencode(other)}", p=asking, links=links(asking, words),
        search=_search(asking, words, district),        classes=[(code, said.domain(code)) for code in DOMAINS],
    )  # fmt: skip
    return packed(Response(body, content_type="text/html; charset=utf-8"), leading.offload)


def _search(asking: Person, words: dict[str, Any], district: District) -> dict[str, str] | None:
    """What the palette of the page needs; None for whoever may not search."""
    if not may(asking, "search"):
        return None
    desk = f"/street/{asking.street}" if asking.street else "/desk"
    return {"texts": words_address(words["language"]), "zone": district.zone.key, "desk": desk}


class ListedCases(NamedTuple):
    """The cases of a figure or a part: each with why it is there, under a heading that names them."""

    label: str
    value: str
    of: str
    reason: str
    definition: Sequence[str]
    rows: Sequence[tuple[CaseRow, str]]
    most: int


def _listed(leading: Leading, said: Words, name: str, part: str, most: int) -> ListedCases:
    if part:
        return _part(leading, said, PartQuery(part, request.args.get("code", "")), most)
    return _cases(leading, said, name, most)


def _cases(leading: Leading, said: Words, name: str, most: int) -> ListedCases:
    report, span, district, now = said.report, said.span, leading.district, leading.clock.now_ms()
    scope, days = Scope(street=report.street or None, unit=report.unit or None), Days(*span.numbers)
    window, indicator = window_of(district, days, now), INDICATORS[name]

    def read() -> Any:
        with leading.engine.connect() as connection, connection.begin():
            figure = figures(connection, district, [name], days, now, scope=scope)[()][0]
            return figure, list(cases_behind(connection, district, name, window, scope=scope, limit=most))

    figure, cases = leading.offload(read)
    english = said.is_english
    of = "" if figure.denominator is None else said.words["of"].format(a=exact(figure.numerator), n=f"{figure.n:,}")
    return ListedCases(
        indicator.en if english else indicator.zh,
        said.value(figure),
        of,
        said.words["reason"],
        [indicator.numerator_en, indicator.denominator_en, indicator.day_en]
        if english
        else [indicator.numerator_zh, indicator.denominator_zh, indicator.day_zh],
        [(row, WHY[verdict.why][1 if english else 0]) for row, verdict in cases],
        most,
    )


def _part(leading: Leading, said: Words, asked: PartQuery, most: int) -> ListedCases:
    parts, now = PartWords(said), leading.clock.now_ms()

    def read() -> Any:
        with leading.engine.connect() as connection, connection.begin():
            return open_part(connection, leading.district, parts, said.span, asked, now=now, limit=most)

    found = leading.offload(read)
    if found is None:
        refuse(404, "这个地方不在所选时间反复最多的之列 / it is not among the places of this span")
    words = said.all
    return ListedCases(
        found.title,
        f"{found.n:,}",
        "",
        parts.words["status"],
        found.definition,
        [(row, words["status"].get(row.status, row.status)) for row in found.cases],
        most,
    )


def _lines(said: Words, listed: ListedCases, asking: Person, right: str) -> list[dict[str, str]]:
    """Those of the cases over which the person has the right; of a sensitive one no minor class."""
    zone = said.district.zone
    return [
        {
            "id": row.case_id,
            "class": said.domain(row.domain) if said.is_english or row.domain in SENSITIVE_DOMAINS else row.class_name,
            "street": said.street(row.street),
            "unit": said.unit(row.lead_unit) or "—",
            "reported": minute_text(row.reported_at, zone),
            "closed": minute_text(row.closed_at, zone),
            "why": why,
        }
        for row, why in listed.rows
        if may_case(asking, right, row)
    ]


def _list(said: Words, listed: ListedCases) -> Response:
    """A page of cases."""
    report, span, asking = said.report, said.span, person()
    lines = _lines(said, listed, asking, "see_case")
    desk = "/desk" if may(asking, "see_desk") else f"/street/{asking.street}" if asking.street else ""
    body = flask.render_template(
        "leadership_cases.html", w=said.all, l=said.words, lines=lines, span_name=said.span_name(span),
        whose=said.whose, is_cut=len(listed.rows) >= CASES_SHOWN, desk=desk,
        links=links(asking, said.all), has_csv=may(asking, "export_cases", report.street or DISTRICT),
        csv=f"/leadership/cases.csv?{urlencode(request.args.to_dict())}",
        back=f"/leadership?{_query(span=span.text, street=report.street, unit=report.unit)}", **listed._asdict(),
    )  # fmt: skip
    return Response(body, content_type="text/html; charset=utf-8")
