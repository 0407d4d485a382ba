"""The panel of a figure: what it means, how it is made up, and its cases with why each counts. No data access here."""

from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.moments import minute_text
from services.board.readers.figure import FigureView
from services.cases.case import CaseRow
from services.contract.codes import LEVELS, SENSITIVE_DOMAINS
from services.district.comparable import name_before, name_year_ago
from services.district.package import District
from services.indicators.definitions import INDICATORS, Indicator
from services.indicators.figure import Figure
from services.indicators.reasons import CountVerdict
from services.indicators.window import Window


def figure_panel(view: FigureView, words: dict[str, Any], district: District) -> list[Component]:
    """Definition, numerator and denominator, n, window and as-of; then the cases, each of them to be opened."""
    labels, english, zone = words["figure"], words["language"] == "en", district.zone
    definition = view.definition
    title = definition.en if english else definition.zh
    where = _where(view, words, district)
    facts: list[tuple[str, str]] = []
    if isinstance(definition, Indicator):
        facts += _parts(view, definition, words, district)
    else:
        facts.append((labels["meaning"], definition.meaning_en if english else definition.meaning_zh))
        facts.append(("n", f"{view.n:,}"))
    facts.append((labels["as_of"], minute_text(view.now, zone)))
    terms: list[Component] = []
    for term, fact in facts:
        terms += [html.Dt(term), html.Dd(fact)]
    rows = [_case(row, verdict, words, zone, district) for row, verdict in view.cases]
    head = labels["cases"].format(n=f"{len(rows):,}", all=f"{view.n:,}") if rows else labels["no_cases"]
    matrix = _found_solved(view.found_solved, words) if view.found_solved else []
    return [html.H2(f"{title} · {where}" if where else title), html.Dl(terms), *matrix, html.H3(head), html.Ol(rows)]


def _found_solved(found: dict[tuple[str, str], int], words: dict[str, Any]) -> list[Component]:
    """Where found against where solved: a row a channel, a column a level, n in each cell."""
    labels = words["figure"]
    levels = [level for level in (*LEVELS, "") if any(known == level for _, known in found)]
    sums: dict[str, int] = {}
    for (channel, _), n in found.items():
        sums[channel] = sums.get(channel, 0) + n
    head = html.Tr(
        [html.Th(labels["channel"]), *(html.Th(words["level"].get(level, labels["unknown"])) for level in levels)]
    )
    body = [
        html.Tr(
            [
                html.Th(words["channel"].get(channel, channel)),
                *(html.Td(f"{found.get((channel, level), 0):,}") for level in levels),
            ]
        )
        for channel in sorted(sums, key=lambda channel: (-sums[channel], channel))
    ]
    return [html.H3(labels["found_solved"]), html.Table([html.Thead(head), html.Tbody(body)])]


def _parts(view: FigureView, definition: Indicator, words: dict[str, Any], district: District) -> list[tuple[str, str]]:
    labels, english, zone = words["figure"], words["language"] == "en", district.zone
    figure, window = view.figure, view.window
    assert figure is not None
    assert window is not None
    numerator, denominator = definition.numerator_zh, definition.denominator_zh
    day = definition.day_zh
    if english:
        numerator, denominator, day = definition.numerator_en, definition.denominator_en, definition.day_en
    facts = []
    if definition.over:
        value = words["word"]["no_rate"] if figure.value is None else f"{100 * figure.value:.2f}%"
        parts = f"{figure.numerator:,.10g} / {figure.denominator or 0:,.10g}"
        facts.append((labels["value"], f"{value} = {parts}"))
        facts.append((labels["numerator"], numerator))
        facts.append((labels["denominator"], denominator))
    else:
        facts.append((labels["value"], f"{figure.n:,}"))
        facts.append((labels["meaning"], numerator))
    facts += [(labels["beside"] if i == 0 else "", text) for i, text in enumerate(_beside(view, words))]
    facts += _earlier(view, window, words, district)
    facts.append((labels["day"], day.removeprefix("计入日：")))
    span = labels["span"].format(start=minute_text(window.start, zone), end=minute_text(window.as_of, zone))
    facts.append((labels["window"], span))
    return facts


def _earlier(view: FigureView, window: Window, words: dict[str, Any], district: District) -> list[tuple[str, str]]:
    """The span before and a year ago, each by its name; of a day that is compared with none, why.

    A day that is not over stands beside as much of the other days, as on the wall. Where it, or another span, stands
    beside whole ones that is said, and numbers that still grow are not compared.
    """
    labels, compare, weekdays = words["figure"], words["compare"], words["leadership"]["weekdays"]
    is_over, against = window.as_of >= window.end, view.against
    still = "" if is_over else "_same" if view.is_same_moment else "_whole"
    names = {name: str(labels[name + (still and "_whole")]) for name in ("before", "year_ago")}
    if against is not None:
        day = district.day_of(window.start)
        days = {
            "before": name_before(against, compare, weekdays),
            "year_ago": name_year_ago(against, day, compare, weekdays),
        }
        form = str(labels["day" + still + "_before"])
        names = {name: form.format(name=said) if said else str(labels[name]) for name, said in days.items()}
    facts = []
    for name, before in (view.before or {}).items():
        if before is not None:
            said = _against(view, before, words, is_over=is_over or view.is_same_moment)
        elif name == "before" and against is not None and against.why:
            said = str(compare["why"][against.why])
        else:
            said = str(words["word"]["no_rate"])
        facts.append((names[name], said))
    return facts


def _beside(view: FigureView, words: dict[str, Any]) -> list[str]:
    """What stands beside the rate: forced closings, cases solved on the spot, exempt ones."""
    found = []
    for name, n in (view.beside or {}).items():
        indicator = INDICATORS[name]
        found.append(f"{indicator.en if words['language'] == 'en' else indicator.zh} {n:,}")
    return found


def _against(view: FigureView, before: Figure, words: dict[str, Any], *, is_over: bool) -> str:
    """The figure of another span and the change since; «—» where that was 0 or nothing."""
    assert view.figure is not None
    none = str(words["word"]["no_rate"])
    if before.value is None:
        return none
    if before.denominator is not None:
        now = none if view.figure.value is None else f"{100 * (view.figure.value - before.value):+.2f}"
        template = str(words["figure"]["points"])
        return template.format(value=f"{100 * before.value:.2f}%", n=f"{before.n:,}", change=now)
    if not is_over:
        return f"{before.n:,}"
    change = f"{100 * (view.figure.n - before.n) / before.n:+.1f}%" if before.n else none
    return f"{before.n:,}  {change}"


def _case(
    row: CaseRow, verdict: CountVerdict | None, words: dict[str, Any], zone: ZoneInfo, district: District
) -> html.Li:
    english = words["language"] == "en"
    street = district.streets.get(row.street)
    name = street.name if street else words["word"]["unplaced"]
    if english:
        name = district.streets_en.get(row.street, name)
    domain = words["domain"].get(row.domain, row.domain)
    what = domain if english or row.domain in SENSITIVE_DOMAINS or not row.class_name else row.class_name
    why = words["why"][verdict.why] if verdict is not None else words["status"][row.status]
    due = minute_text(row.deadline_at, zone) if row.deadline_at is not None else words["word"]["no_deadline"]
    data: Any = {"data-case": row.case_id}
    return html.Li(
        [html.Span(row.case_id, className="dim"), html.Span(f"{name} {what}"), html.Span(why), html.Time(due)],
        className="row",
        tabIndex=0,
        **data,
    )


def _where(view: FigureView, words: dict[str, Any], district: District) -> str:
    english = words["language"] == "en"
    found = []
    for heading, code in view.scope.named.items():
        if heading == "street":
            area = district.streets.get(code)
            name = area.name if area else (code or words["word"]["unplaced"])
            found.append(district.streets_en.get(code, name) if english else name)
        elif heading in {"channel", "domain", "level"}:
            found.append(words[heading].get(code, code))
        elif heading == "unit":
            name = district.units.get(code, code)
            found.append(district.units_en.get(code, name) if english else name)
        else:
            areas = district.communities if heading == "community" else district.grids
            found.append(areas[code].name if code in areas else code)
    return " · ".join(found)
