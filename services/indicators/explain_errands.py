"""``lianqin explain indicator …``: the cases in and out of a count, and why, as lines of text."""

from collections.abc import Iterator
from datetime import datetime

from services.cases.case import CaseRow
from services.district.doors import OpenDoors
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.indicators.figures_reader import Days, Scope, cases_behind, figures, window_of
from services.indicators.reasons import WHY, CountVerdict


def explain_indicator(doors: OpenDoors, name: str, scope: Scope, first: int, last: int) -> Iterator[str]:
    """Lines for one indicator from the counting day ``first`` to ``last`` (yyyymmdd, both in).

    Raises ValueError for an unknown indicator, or headings that are not kept together.
    """
    if name not in INDICATORS:
        raise ValueError(f"indicator {name!r} is unknown: one of {', '.join(INDICATORS)}")
    indicator, district, now = INDICATORS[name], doors.district, doors.clock.now_ms()
    days = Days(first, district.day_after(last))
    window = window_of(district, days, now)
    with doors.engine.connect() as connection, connection.begin():
        found = figures(connection, district, [name], days, now, scope=scope)[()][0]
        cases = list(cases_behind(connection, district, name, window, scope=scope))
    where = ", ".join(f"{heading} {code or '(none)'}" for heading, code in scope.named.items()) or "the whole district"
    yield f"{indicator.zh} · {indicator.en} ({name}), {where}"
    yield f"  window   {_when(window.start, district)} – {_when(window.end, district)}, as of {_when(now, district)}"
    yield f"  {indicator.day_zh} · {indicator.day_en}"
    if indicator.over:
        shown = "—" if found.value is None else f"{100 * found.value:.2f} %"
        yield f"  {shown} = {found.numerator:g} / {found.denominator:g}"
        yield f"  above    {indicator.numerator_zh} · {indicator.numerator_en}"
        yield f"  below    {indicator.denominator_zh} · {indicator.denominator_en}"
    else:
        yield f"  {found.n}: {indicator.numerator_zh} · {indicator.numerator_en}"
    for title, kept in (
        ("above the line", [c for c in cases if c[1].numerator]),
        ("below the line only", [c for c in cases if c[1].denominator and not c[1].numerator]),
        ("out of the count", [c for c in cases if not c[1].counts]),
    ):
        yield f"{title}: {len(kept)}"
        for row, verdict in kept:
            yield f"  {_line(row, verdict, district)}"


def _line(row: CaseRow, verdict: CountVerdict, district: District) -> str:
    zh, en = WHY[verdict.why]
    times = [
        f"{word} {_when(at, district)}"
        for word, at in (("due", row.deadline_at), ("closed", row.closed_at), ("handled", row.handled_at))
        if at is not None
    ]
    return f"{row.case_id}  {row.status:<13} {zh} · {en}  ({', '.join(times) or 'no times'})"


def _when(ms: int, district: District) -> str:
    return datetime.fromtimestamp(ms / 1000, district.zone).strftime("%Y-%m-%d %H:%M:%S")
