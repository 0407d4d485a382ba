"""The leader's page, its paper and its workbook: every figure is the pure definition's over the cases."""

import csv
import gzip
import io
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import openpyxl
import pypdf
import pytest
import redis
from sqlalchemy import Engine

from dashboard.papers.made import Made
from dashboard.papers.paper import as_pdf, paper_html
from dashboard.papers.workbook import Workbook
from dashboard.texts import texts
from services.cases.case import CaseRow
from services.district.package import District
from services.indicators.case_counts import MEASURES
from services.indicators.definitions import INDICATORS
from services.indicators.figure import figure
from services.indicators.figures_reader import Days, window_of
from services.indicators.window import Window
from services.leadership.reader import NAMES, gather
from services.leadership.report import Report
from services.leadership.spans import Span, around, as_date, parse
from services.leadership.words import Words
from services.platform.clock import DAY_MS, to_rfc3339
from tests.doors import DUTY, S1, WHO, House, house
from tests.integration.indicators.test_rollups import TODAY, take_in
from tests.lives import lives
from tests.reference import all_rows, totals_of
from tests.seeds import seeds
from tests.tiny import NOON, case, entry, middle, numbered

pytestmark = pytest.mark.redis
LEADER = next(who for who in WHO if who.name == "leader")
MADE = Made("宋涛", NOON)


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        take_in(found.engine, tiny, numbered(lives(11, cases=150), start=NOON + 1_000_000), 50)
        yield found


def some_span(rng: random.Random) -> Span:
    day = TODAY - timedelta(days=rng.randrange(0, 12))
    if rng.random() < 0.3:
        return Span("span", day - timedelta(days=rng.randrange(0, 5)), day + timedelta(days=1))
    return around(rng.choice(["day", "week", "month", "quarter"]), day)


def report_of(engine: Engine, district: District, span: Span, street: str = "", unit: str = "") -> Report:
    with engine.connect() as connection:
        return gather(connection, district, span, NOON, street=street, unit=unit)


def stood_open(row: CaseRow, at: int, district: District) -> bool:
    """Whether the case was open at the end ``at`` (Unix ms): reported, and not yet ended."""
    if row.status == "voided" or row.merged or row.reported_at >= at:
        return False
    if row.status == "not_filed":
        accepted = next(t for t in (row.accepted_at, row.filed_at, row.reported_at) if t is not None)
        return accepted >= at
    return row.closed_at is None or row.closed_at >= at


@pytest.mark.parametrize("seed", seeds(3, 5))
def test_every_figure_of_a_report_is_the_definitions(engine: Engine, tiny: District, seed: int) -> None:
    rng = random.Random(seed)
    take_in(engine, tiny, numbered(lives(seed, cases=120)), 60)
    rows = all_rows(engine)
    for _ in range(6):
        span, street = some_span(rng), rng.choice(["", "S1", "S2"])
        report, window = report_of(engine, tiny, span, street), window_of(tiny, Days(*span.numbers), NOON)
        mine = [row for row in rows if not street or row.street == street]
        expected = totals_of(mine, MEASURES, window)
        for name, compared in report.figures.items():
            assert compared.now == figure(INDICATORS[name], expected, window), (span, street, name)
        end = min(window.end, tiny.day_start_ms(tiny.day_after(tiny.day_of(NOON))))
        assert report.open_at_end.now == sum(stood_open(row, end, tiny) for row in mine), (span, street)
        for parts, field in ((report.classes, "domain"), (report.channels, "channel")):
            counts = Counter(getattr(r, field) for r in mine if is_counted(r) and window.has(r.reported_at))
            assert {part.code: part.count.now.n for part in parts} == counts
        for ranked in report.streets:
            own = totals_of([r for r in mine if r.street == ranked.code], MEASURES, window)
            assert ranked.share.now == figure(INDICATORS["on_time_close_rate"], own, window)
        levels = Counter(r.highest_level for r in mine if is_counted(r) and r.closed_at and window.has(r.closed_at))
        assert report.levels == levels
        ends = [r.closed_at for r in rows if is_counted(r) and r.closed_at and r.closed_at <= NOON]
        check_days(report, mine, tiny, tiny.day_of(min(ends)))
        check_hours(report, mine, window, span, tiny)


def is_counted(row: CaseRow) -> bool:
    return row.status != "voided" and not row.merged


def check_days(report: Report, rows: list[CaseRow], district: District, begun: int) -> None:
    """``begun``: the first day on which a case of the district was closed."""
    for point in report.days:
        window = window_of(district, Days(point.day, district.day_after(point.day)), NOON)
        expected = totals_of(rows, MEASURES, window)
        rate = figure(INDICATORS["on_time_close_rate"], expected, window)
        told = (rate.value, rate.n) if point.day >= begun else (None, 0)
        assert (point.intake, point.closed, point.on_time, point.n) == (
            expected["intake"],
            expected["closed"],
            *told,
        )


def test_a_day_before_the_data_begin_has_no_share(engine: Engine, tiny: District) -> None:
    """What stood open then is all that is known of it: 0 % of it were closed on time."""
    days_ago = [to_rfc3339(NOON - days * DAY_MS) for days in range(9)]
    clock = {"what": "close", "started_at": days_ago[8], "deadline_at": days_ago[6]}
    took = {"what": "close", "started_at": days_ago[5], "deadline_at": days_ago[4]}
    old = case("OLD", status="handling", reported_at=days_ago[8], filed_at=days_ago[8], clocks=[clock])
    done = case(
        "DONE", status="closed", reported_at=days_ago[5], filed_at=days_ago[5], clocks=[took], closed_at=days_ago[4]
    )
    take_in(engine, tiny, numbered([entry(old), entry(done)]), 60)
    points = {point.day: point for point in report_of(engine, tiny, parse("2026-11-23", TODAY)).days}
    assert [(points[day].on_time, points[day].n) for day in (20261117, 20261119)] == [(None, 0), (1.0, 1)]


def check_hours(report: Report, rows: list[CaseRow], window: Window, span: Span, district: District) -> None:
    last = min(span.last, TODAY)
    days = Counter((span.first + timedelta(days=n)).weekday() for n in range((last - span.first).days + 1))
    reported = [r.reported_at for r in rows if is_counted(r) and window.has(r.reported_at)]
    counts = Counter((as_date(district.day_of(at)).weekday(), district.hour_of(at)) for at in reported)
    for weekday, row in enumerate(report.hours):
        for hour, mean in enumerate(row):
            expected = counts[weekday, hour] / days[weekday] if days[weekday] else None
            assert mean == (pytest.approx(expected) if expected is not None else None)


def words_of(text: str) -> str:
    """Without blanks and line ends, which a paper puts where it likes."""
    return re.sub(r"\s", "", unescape(text))


@pytest.mark.parametrize("text", ["2026-11", "2026-W47", "2026-11-22"])
def test_the_page_the_paper_and_the_workbook_say_the_same(home: House, text: str) -> None:
    district, span = home.district, parse(text, TODAY)
    page = words_of(re.sub(r"<[^>]+>", "", home.get(LEADER, f"/leadership?span={text}").text))
    report = report_of(home.engine, district, span)
    said = Words(report, span, texts("zh-CN"), district)
    pdf = pypdf.PdfReader(io.BytesIO(as_pdf(paper_html(report, span, texts("zh-CN"), district, MADE))))
    paper = words_of("".join(one.extract_text() for one in pdf.pages))
    book = openpyxl.load_workbook(io.BytesIO(Workbook(report, span, texts("zh-CN"), district, MADE).finish()))
    for sentence in said.sentences():
        assert words_of(sentence) in page
        assert words_of(sentence) in paper
    for tile in said.tiles():
        assert words_of(f"{tile.label}{tile.value}") in page.replace("▲", "")
        assert tile.value in paper
    for row in said.ranking(report.streets, said.street):
        shown = words_of(f"{row.name}{row.value}{row.n}")
        assert shown in page.replace("▲", "")
        assert shown in paper.replace("▲", "")
    cells = {row[0]: row[1:] for row in book["总览"].iter_rows(values_only=True) if row[0]}
    for name, compared in report.figures.items():
        value, above, below, n = cells[INDICATORS[name].zh][:4]
        assert value == (None if compared.now.value is None else pytest.approx(compared.now.value))
        assert n == compared.now.n
        if compared.now.denominator is not None:
            assert (above, below) == (pytest.approx(compared.now.numerator), compared.now.denominator)
    streets = {row[1]: row[2:5] for row in book["街道"].iter_rows(min_row=2, values_only=True)}
    assert streets == {
        said.street(r.code): (pytest.approx(r.share.now.value), r.share.now.numerator, r.share.now.n)
        for r in report.streets
    }
    assert f"第1页共{len(pdf.pages)}页" in paper
    assert "宋涛于2026-11-2312:00生成" in paper


def test_the_same_data_give_the_same_bytes_but_for_the_line_of_who_and_when(home: House) -> None:
    span = parse("2026-11", TODAY)
    report = report_of(home.engine, home.district, span)

    def papers(made: Made) -> tuple[str, bytes, bytes]:
        html = paper_html(report, span, texts("zh-CN"), home.district, made)
        return html, as_pdf(html), Workbook(report, span, texts("zh-CN"), home.district, made).finish()

    html, pdf, book = papers(MADE)
    assert papers(MADE) == (html, pdf, book)
    other = papers(Made("钱立", NOON + 60_000))[0]
    changed = [a for a, b in zip(html.splitlines(), other.splitlines(), strict=True) if a != b]
    assert len(changed) == 1
    assert "宋涛" in changed[0]
    fonts = {f for page in pypdf.PdfReader(io.BytesIO(pdf)).pages for f in page["/Resources"]["/Font"]}
    assert fonts


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("span=2027-01", "这个时间段还没有开始"),
        ("day=2027-01-01", "这个时间段还没有开始"),
        ("day=x", "看不懂这个时间段"),
        ("span=nonsense", "看不懂这个时间段"),
        ("span=2020-01-01..2026-01-01", "时间段超过三年"),
        ("from=2026-11-20&to=2026-11-02", "看不懂这个时间段"),
        ("span=2020-01-01", "这段时间没有"),
        ("span=2026-02", "这段时间没有"),
    ],
)
def test_a_span_that_is_none_or_empty_is_said_in_words(home: House, query: str, said: str) -> None:
    answer = home.get(LEADER, f"/leadership?{query}")
    assert answer.status_code == 200
    assert said in answer.text


def test_a_figure_opens_to_its_cases_and_a_street_sees_its_own(home: House) -> None:
    page = home.get(DUTY, "/leadership/cases?name=intake&span=2026-11-01..2026-11-22").text
    count = int(re.search(r'class="big">([\d,]+)', page).group(1).replace(",", ""))
    assert page.count("<tr><td>") == min(count, 200) > 3
    assert "/desk?case=" in page
    own = home.get(S1, "/leadership?span=2026-11").text
    assert "街道按期结案率" not in own
    assert home.get(S1, "/leadership?span=2026-11&street=S2").status_code == 403
    assert home.get(S1, "/leadership/cases?name=intake&street=S2").status_code == 403
    assert home.get(LEADER, "/leadership?street=S9").status_code == 404
    assert home.get(LEADER, "/leadership/cases?name=nonsense").status_code == 404


def test_the_list_of_a_figure_is_a_file_too_for_who_may_export_cases_and_on_the_audit(home: House) -> None:
    asked = "name=intake&span=2026-11-01..2026-11-22"
    page = home.get(LEADER, f"/leadership/cases?{asked}").text
    shown = re.findall(r"/desk\?case=([^\"]+)\"", page)
    assert "/leadership/cases.csv?name=intake" in page and "sorting.js" in page
    answer = home.get(LEADER, f"/leadership/cases.csv?{asked}")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]][: len(shown)] == shown
    assert "cases-intake-" in answer.headers["Content-Disposition"]
    own = home.get(S1, f"/leadership/cases.csv?{asked}")
    assert own.status_code == 200 and own.text.count("\n") < answer.text.count("\n")
    assert home.get(S1, f"/leadership/cases.csv?{asked}&street=S2").status_code == 403
    assert home.get(LEADER, "/leadership/cases.csv?name=nonsense").status_code == 404
    part = home.get(LEADER, "/leadership/cases.csv?part=supervision&span=2026-11")
    assert part.status_code == 200
    auditor = next(who for who in WHO if who.name == "auditor")
    assert "cases-intake-" in home.get(auditor, "/audit").text


def test_two_streets_and_two_spans_stand_side_by_side(home: House) -> None:
    page = words_of(
        re.sub(r"<[^>]+>", " ", home.get(LEADER, "/leadership?span=2026-W47&street=S1&with_street=S2").text)
    )
    here, there = (report_of(home.engine, home.district, parse("2026-W47", TODAY), code) for code in ("S1", "S2"))
    for name in ("intake", "closed"):
        a, b = here.figures[name].now.n, there.figures[name].now.n
        assert f"{INDICATORS[name].zh}" in page
        assert f"{a:,}{b:,}" in page.replace("▲", ""), name
    page = home.get(LEADER, "/leadership?span=2026-W47&with=2026-11").text
    assert "并列对比" in page
    assert "看不懂这个时间段" in home.get(LEADER, "/leadership?span=2026-W47&with=x").text
    assert home.get(S1, "/leadership?span=2026-W47&with_street=S2").status_code == 403


def test_a_street_that_was_merged_away_keeps_its_figures_and_says_so(home: House) -> None:
    """The case system goes on naming it; the package has it no longer."""
    gone = [entry(case("GONE", street="S7", **dict.fromkeys(middle(0, 0), ...)), at=NOON - 3_600_000)]
    take_in(home.engine, home.district, numbered(gone, start=NOON + 2_000_000), 1)
    page = home.get(LEADER, "/leadership?span=2026-11-23&street=S7")
    assert page.status_code == 200
    assert "S7 已不在本区街道之列" in page.text
    assert re.search(r"上报\s*1\s*件", page.text)
    assert home.get(S1, "/leadership?span=2026-11-23&street=S7").status_code == 403
    assert home.get(LEADER, "/leadership?span=2026-11-23&street=S8").status_code == 404


def test_two_classes_stand_side_by_side_each_by_its_definition(home: House) -> None:
    span = parse("2026-11", TODAY)
    page = home.get(LEADER, "/leadership?span=2026-11&street=S1&class=04&with_class=01").text
    rows = re.search(r'class="beside".*?</section>', page, re.DOTALL).group()
    names = texts("zh-CN")["domain"]
    assert names["04"] in rows and names["01"] in rows
    cells = [re.sub(r"<[^>]+>|▲", "", cell).strip() for cell in re.findall(r"<td>(.*?)</td>", rows, re.DOTALL)]
    window = window_of(home.district, Days(*span.numbers), NOON + 1)  # some are reported at noon itself
    of_class = [[r for r in all_rows(home.engine) if r.street == "S1" and r.domain == code] for code in ("04", "01")]
    shown = {name: cells[4 * k : 4 * k + 2] for k, name in enumerate(NAMES)}
    for name in ("intake", "closed", "on_time_close_rate"):
        indicator = INDICATORS[name]
        for side, cases in enumerate(of_class):
            found = figure(indicator, totals_of(cases, MEASURES, window), window)
            said = f"{found.n:,}" if found.denominator is None else "—" if found.value is None else f"{found.value:.1%}"
            assert shown[name][side] == said, (name, side)
    assert shown["intake"] != ["0", "0"]
    assert home.get(LEADER, "/leadership?span=2026-11&class=nonsense").status_code == 404
    assert home.get(LEADER, "/leadership?span=2026-11&unit=D1&class=04").status_code == 400


def test_a_phone_gets_the_page_compressed(home: House) -> None:
    client = home.client(LEADER)
    packed = client.get("/leadership?span=2026-11", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = client.get("/leadership?span=2026-11", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3
