"""The report as an A4 paper: the same words and figures as the page, numbered pages, fonts embedded, real text.

WeasyPrint sets it from a template; the fonts are the machine's (Debian: fonts-noto-cjk), embedded as subsets.
"""

import io
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from dashboard.papers.made import Made
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.leadership.part_words import PartWords
from services.leadership.report import Report
from services.leadership.spans import Span, as_date
from services.leadership.words import NOTHING, Words, percent

HERE = Path(__file__).parent
_FIGURES = (
    "intake", "closed", "on_time_close_rate", "rework_rate", "grid_solved_rate", "street_solved_rate",
    "district_share", "satisfaction_rate", "solved_rate", "contact_rate", "forced_closed", "self_handled",
)  # fmt: skip


def paper_html(  # of what, for whom
    report: Report, span: Span, words: dict[str, Any], district: District, made: Made, *, cameras: bool = True
) -> str:
    """The paper as HTML, all of it: no address is asked for anything. ``cameras``: whether its reader may see them."""
    said = Words(report, span, words, district)
    english, parts = words["language"] == "en", PartWords(said, cameras=cameras)
    figures = [
        (
            INDICATORS[name].en if english else INDICATORS[name].zh, said.value(compared.now),
            f"{compared.now.n:,}" if compared.now.denominator is not None else "",
            said.value(compared.before), said.change(compared), said.value(compared.year_ago),
            said.change(compared, "year"), said.tone(name, compared),
        )
        for name, compared in ((name, report.figures[name]) for name in _FIGURES)
    ]  # fmt: skip
    most = max((n for row in report.hours for n in row if n is not None), default=0) or 1
    heat = [
        (words["leadership"]["weekdays"][day], [(NOTHING if n is None else f"{n:.0f}", _shade(n, most)) for n in row])
        for day, row in enumerate(report.hours)
    ]
    days = [
        (
            as_date(point.day).isoformat(),
            f"{point.intake:,}",
            f"{point.closed:,}",
            NOTHING if point.on_time is None else percent(point.on_time),
            f"{point.n:,}",
        )
        for point in report.days[-62:]
    ]
    definitions = [
        (
            (i.en, i.numerator_en, i.denominator_en, i.day_en)
            if english
            else (i.zh, i.numerator_zh, i.denominator_zh, i.day_zh)
        )
        for i in (INDICATORS[name] for name in _FIGURES)
    ]
    line = made.line(words["leadership"]["paper"]["made"], report.as_of, district.zone)
    return templates().get_template("paper.html").render(
        w=words, l=words["leadership"], p=words["leadership"]["paper"], said=said, report=report, span=span,
        span_name=said.span_name(span), figures=figures, heat=heat, days=days, definitions=definitions, made=line,
        percent=percent, parts=parts.all(),
        part_definitions=[(s.title, parts.definition(s.code)) for s in parts.all() if s.rows and parts.defines(s.code)],
    )  # fmt: skip


def as_pdf(html: str) -> bytes:
    """The paper as PDF: the same HTML gives the same bytes."""
    from weasyprint import HTML  # a second to import, and only here needed

    out = io.BytesIO()
    HTML(string=html, url_fetcher=_nothing).write_pdf(out, pdf_identifier=b"lianqin", pdf_tags=True)
    return out.getvalue()


def _nothing(url: str, *_more: Any, **_others: Any) -> Any:
    raise ValueError(f"a paper fetches nothing: {url[:80]}")


@cache
def templates() -> jinja2.Environment:
    """The papers' templates: what they do not know is an error."""
    return jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined)


def _shade(n: float | None, most: float) -> str:
    """From paper to dark grey; the number stands in it, white where it is dark."""
    if n is None:
        return "#ffffff;color:#5b636c"
    level = round(255 - 190 * n / most)
    return f"rgb({level},{level},{level});color:{'#ffffff' if level < 140 else '#14171a'}"
