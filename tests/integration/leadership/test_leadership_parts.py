"""What a report says beside its figures: each part is its definition over the published cases, on page and paper alike.

The definitions are written here a second time, from the whole case as it stands and its row.
"""

import csv
import dataclasses
import io
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import openpyxl
import pypdf
import pytest
import redis
from sqlalchemy import Engine, event, insert, select, text

from dashboard.papers.paper import as_pdf, paper_html
from dashboard.papers.table import csv_table, section_name
from dashboard.papers.workbook import PART_SHEETS, Workbook
from dashboard.texts import LANGUAGES, texts
from services.cases import tables as case_tables
from services.cases.case import CaseRow
from services.cases.repeats import squares_per_degree
from services.contract.case import Case
from services.district.package import District
from services.indicators.figures_reader import Days, window_of
from services.indicators.window import Window
from services.leadership.figure_rows import FigureRow, figure_rows
from services.leadership.part_words import PartWords
from services.leadership.report import Repeats, Report, interval
from services.leadership.spans import Span, as_date, parse
from services.leadership.words import Words
from services.platform.clock import to_ms, to_rfc3339
from services.projector.store import tables as schema
from tests.doors import DUTY, S1, House, house
from tests.integration.indicators.test_rollups import TODAY, take_in
from tests.integration.leadership.test_leadership import LEADER, MADE, is_counted, report_of, some_span, words_of
from tests.lives import lives
from tests.reference import all_rows, square_of
from tests.tiny import NOON, case, entry, middle, numbered

pytestmark = pytest.mark.redis
DAY = 86_400_000
_CASE = msgspec.json.Decoder(Case).decode
_COVERAGE: dict[str, Any] = {
    "at": NOON, "is_night": False, "cameras": 50, "online": 48, "intact": 47, "unstable": 0, "state_unknown": 1,
    "counted": 49, "turning": 3, "direction_unknown": 1, "refused": 0, "indoor": 0, "dark_unknown": 4, "grades": {},
    "areas": {"n": 5, "planned": 4, "live": 3, "unknown": 1}, "roads": {"n": 8, "planned": 8, "live": 8, "unknown": 0},
    "places": {"n": 0, "planned": 0, "live": 0, "unknown": 0}, "outages": [], "notes": [], "target_online": 0.98,
    "target_intact": 0.98, "covered_share": 0.9,
}  # fmt: skip
_SPOT = {"id": "area:K1", "kind": "area", "name": "老菜场", "lon": 118.9, "lat": 31.9, "street": "S1", "need": 3.5,
         "cases": 9, "unseen": 7, "gap": "permanent", "live": 50.0}  # fmt: skip


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        take_in(found.engine, tiny, numbered(lives(11, cases=150), start=NOON + 1_000_000), 50)
        tell_coverage(found.engine)
        yield found


def tell_coverage(engine: Engine) -> None:
    gone = {"id": "area:K0", "removed": True}
    with engine.begin() as connection:
        for kind, key, body in (("coverage", "all", _COVERAGE), ("spot", "area:K1", _SPOT), ("spot", "area:K0", gone)):
            connection.execute(
                insert(schema.things).values(kind=kind, key=key, version=1, entry=0, body=msgspec.json.encode(body))
            )


def bodies(engine: Engine) -> dict[str, Case]:
    """Every case as it was last published."""
    query = select(schema.history.c.data).join(case_tables.cases, case_tables.cases.c.entry == schema.history.c.entry)
    with engine.connect() as connection:
        return {body.case_id: body for body in (_CASE(row[0]) for row in connection.execute(query))}


@pytest.mark.parametrize("seed", range(5))
def test_every_part_of_a_report_is_its_definition_over_the_cases(engine: Engine, tiny: District, seed: int) -> None:
    rng = random.Random(seed)
    take_in(engine, tiny, numbered(lives(seed, cases=120)), 60)
    rows, published = [row for row in all_rows(engine) if is_counted(row)], bodies(engine)
    compared = 0
    for k in range(8):
        # Of a day the history has no day of the week before: one span that is compared is among them.
        span = some_span(rng) if k else Span("span", TODAY - timedelta(days=2), TODAY)
        street = rng.choice(["", "S1", "S2"])
        unit = rng.choice(["", "", "D1"]) if not street else ""
        report, window = report_of(engine, tiny, span, street, unit), window_of(tiny, Days(*span.numbers), NOON)
        mine = [row for row in rows if street in {"", row.street} and unit in {"", row.lead_unit}]
        check_reasons(report, mine, published, window)
        check_supervision(report, mine, published, window)
        check_campaigns(report, mine, published, window)
        check_repeats(report, mine, tiny)
        then = report.figures["intake"].before
        if then is not None:
            compared += 1
            check_compared(report, mine, published, Window(then.start, then.end, NOON))
    assert compared


def reasons_of(rows: list[CaseRow], published: dict[str, Case], window: Window) -> Counter[str]:
    there = [row for row in rows if row.highest_level == "district" and window.has(row.closed_at)]
    passed = [published[row.case_id].escalations for row in there]
    return Counter((of[-1].reason_code or "") if of else "" for of in passed)


def check_reasons(report: Report, rows: list[CaseRow], published: dict[str, Case], window: Window) -> None:
    assert {part.code: part.count.now.n for part in report.reasons} == reasons_of(rows, published, window)
    if not report.unit:  # and they are those of the funnel
        assert sum(part.count.now.n for part in report.reasons) == report.levels.get("district", 0)


def supervisions_of(row: CaseRow, body: Case) -> Iterator[tuple[tuple[str, int], int, float]]:
    """((kind, level), from, until) of each."""
    over = float("inf") if row.is_open else row.closed_at if row.closed_at is not None else row.event_at
    for seen in body.supervisions:
        start = row.reported_at if seen.at is None else to_ms(seen.at)
        ended = float("inf") if seen.ended_at is None else to_ms(seen.ended_at)
        yield (seen.kind, seen.level or 0), start, max(start, min(ended, over))


def check_supervision(report: Report, rows: list[CaseRow], published: dict[str, Case], window: Window) -> None:
    begun, standing = defaultdict(set), defaultdict(set)
    for row in rows:
        for key, start, until in supervisions_of(row, published[row.case_id]):
            if window.has(start):
                begun[key].add(row.case_id)
            if start < window.until <= until:
                standing[key].add(row.case_id)
    found = report.supervision
    assert found is not None
    assert {(r.kind, r.level): r.begun.now.n for r in found.rows if r.begun.now.n} == {
        k: len(v) for k, v in begun.items()
    }
    assert {(r.kind, r.level): r.standing for r in found.rows if r.standing} == {k: len(v) for k, v in standing.items()}
    assert found.begun.now.n == len(set().union(*begun.values()))
    assert found.standing == len(set().union(*standing.values()))


def campaigns_of(rows: list[CaseRow], published: dict[str, Case], window: Window) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        code = (published[row.case_id].campaign or "").strip()
        if published[row.case_id].campaign and row.status != "not_filed" and window.has(row.reported_at):
            above, below = found.get(code, (0, 0))
            found[code] = above + (row.closed_at is not None and row.closed_at < window.until), below + 1
    return found


def check_campaigns(report: Report, rows: list[CaseRow], published: dict[str, Case], window: Window) -> None:
    found = {part.code: part.count.now for part in report.campaigns}
    expected = campaigns_of(rows, published, window)
    assert {code: (of.numerator, of.n) for code, of in found.items()} == expected
    assert all(of.value == of.numerator / of.n for of in found.values())


def check_compared(report: Report, rows: list[CaseRow], published: dict[str, Case], window: Window) -> None:
    reasons = reasons_of(rows, published, window)
    for part in report.reasons:
        assert part.count.before is not None and part.count.before.n == reasons[part.code]
    campaigns = campaigns_of(rows, published, window)
    for part in report.campaigns:
        assert part.count.before is not None
        assert (part.count.before.numerator, part.count.before.n) == campaigns.get(part.code, (0, 0))


def places_of(found: Repeats, rows: list[CaseRow], district: District) -> list[int]:
    """How many cases the places hold, by hand: the fullest square of the mesh takes those around it."""
    window = window_of(district, Days(found.first, found.end), NOON)
    policy = district.policy.merging
    per_degree = squares_per_degree(policy.hot_spot_metres, 31.9)
    mesh: Counter[tuple[str, int, int]] = Counter()
    for row in rows:
        if window.has(row.reported_at) and row.lon is not None and row.lat is not None:
            mesh[row.class_key or row.domain, *square_of(row.lon, row.lat, per_degree)] += 1
    left = {square: n for square, n in mesh.items() if n >= 2}
    places = []
    for square in sorted(left, key=lambda s: (-left[s], s)):
        if square in left:
            key, x, y = square
            around = [(key, x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
            n = sum(left.get(near, 0) for near in around)
            if n >= policy.hot_spot_cases:
                places.append(n)
                for near in around:
                    left.pop(near, None)
    return sorted(places, reverse=True)[:10]


def check_repeats(report: Report, rows: list[CaseRow], district: District) -> None:
    assert report.repeats is not None
    assert [place.n for place in report.repeats.rows] == places_of(report.repeats, rows, district)
    by_id = {row.case_id: row for row in rows}
    for place in report.repeats.rows:
        assert by_id[place.case_id].domain == place.domain
        assert 0 <= place.open <= place.n


@pytest.mark.parametrize("seed", range(3))
def test_places_that_reach_over_squares_are_counted_as_the_mesh_has_them(
    engine: Engine, tiny: District, seed: int
) -> None:
    rng, told = random.Random(seed), []
    for n in range(250):
        spot = middle(rng.randrange(2), rng.randrange(2))
        place = {**spot, "lon": spot["lon"] + rng.gauss(0, 0.0004), "lat": spot["lat"] + rng.gauss(0, 0.0004)}
        at = NOON - rng.randrange(40 * DAY)
        minor = {"category": {"scheme": "s", "kind": "event", "major": "01", "minor": rng.choice("12"), "name": "乱堆"}}
        data = case(
            f"R{n}",
            1,
            rng.choice(["filed", "filed", "voided"]),
            reported_at=to_rfc3339(at),
            domain=rng.choice(["01", "09"]),
            **place,
            **(minor if n % 3 else {}),
        )
        told.append(entry(data, "case.filed", NOON - 1))
    take_in(engine, tiny, numbered(told), 100)
    rows, names = [row for row in all_rows(engine) if is_counted(row)], set[str]()
    for name, days in (("2026-11", 30), ("2026-11-22", 30), ("2026-Q4", 31), ("2026-10", 31)):
        report = report_of(engine, tiny, parse(name, TODAY))
        assert report.repeats is not None and report.repeats.rows
        assert len(tiny.days(report.repeats.first, report.repeats.end)) == days
        check_repeats(report, rows, tiny)
        names |= {place.class_name for place in report.repeats.rows if place.domain == "09"}
    assert names == {""}  # of disputes there are, and no minor class is told


def of_page(home: House, address: str) -> str:
    return words_of(re.sub(r"<[^>]+>", "", home.get(LEADER, address).text)).replace("▲", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["2026-11", "2026-W47"])
def test_page_paper_workbook_and_csv_say_the_same_of_every_part(home: House, name: str, language: str) -> None:
    district, span, words = home.district, parse(name, TODAY), texts(language)
    page = of_page(home, f"/leadership?span={name}&lang={language}")
    report = report_of(home.engine, district, span)
    said = Words(report, span, words, district)
    pdf = pypdf.PdfReader(io.BytesIO(as_pdf(paper_html(report, span, words, district, MADE))))
    paper = words_of("".join(one.extract_text() for one in pdf.pages)).replace("▲", "")
    sections = PartWords(said).all()
    assert [section.code for section in sections if not section.rows] == []
    for section in sections:
        assert words_of(section.head) in page
        for row in section.rows:
            shown = words_of(f"{row.name}{row.note}{row.value}{row.n}")
            assert shown in page, section.code
            assert shown in paper, section.code
    rows = figure_rows(said)
    answer = home.get(LEADER, f"/leadership.csv?span={name}&lang={language}")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    made, heads, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert "leader" in made[0] and said.whose in made[0] and said.span_name(span) in made[0]
    assert len(heads) == 9
    assert [line[:3] for line in lines] == [[section_name(said, row.section), row.code, row.name] for row in rows]
    for line, row in zip(lines, rows, strict=True):
        assert [float(cell) if cell else None for cell in line[3:]] == list(row[3:]), line
    check_rows(rows, report)
    book = openpyxl.load_workbook(io.BytesIO(Workbook(report, span, words, district, MADE).finish()))
    for title, codes in PART_SHEETS:
        sheet = book[words["leadership"]["book"][title]].iter_rows(min_row=2, values_only=True)
        expected = [list(row[3:]) for row in rows if row.section in codes]
        assert [[None if v is None else pytest.approx(v) for v in line] for line in expected] == [
            list(line[1:]) for line in sheet
        ]


def check_rows(rows: list[FigureRow], report: Report) -> None:
    """Each figure of the report is a row."""
    found = {(row.section, row.code): row for row in rows}
    assert len(found) == len(rows)
    for name, compared in report.figures.items():
        row = found["figures", name]
        assert (row.value, row.n) == (compared.now.value, compared.now.n)
        assert row.before == (None if compared.before is None else compared.before.value)
    assert found["open", "open"].value == report.open_at_end.now
    for part in report.reasons:
        assert found["reasons", part.code].value == part.count.now.n
    assert report.supervision is not None and report.cameras is not None
    assert found["supervision", ""].value == report.supervision.begun.now.n
    assert found["standing", ""].value == report.supervision.standing
    online = found["cameras", "online"]
    assert (online.value, online.numerator, online.denominator, online.n) == (48 / 50, 48, 50, 50)
    assert (found["cameras", "area"].numerator, found["cameras", "area"].denominator) == (3, 4)
    assert ("cameras", "place") not in found  # there are none in the package
    assert ("cameras", "area:K0") not in found  # it is no more
    assert found["cameras", "area:K1"].value == 7 / 9
    for point in report.days:
        assert found["days_intake", as_date(point.day).isoformat()].value == point.intake
    for weekday, row_of_hours in enumerate(report.hours):
        for hour, mean in enumerate(row_of_hours):
            row = found["hours", f"w{weekday + 1}h{hour:02}"]
            assert row.value == mean
            assert (row.n == 0) == (mean is None)


def test_a_shares_interval_stands_beside_it(home: House) -> None:
    page = of_page(home, "/leadership?span=2026-11")
    report = report_of(home.engine, home.district, parse("2026-11", TODAY))
    for name in ("contact_rate", "solved_rate", "satisfaction_rate"):
        now = report.figures[name].now
        low, high = interval(now.value, now.n)
        assert low is not None and high is not None
        assert words_of(f"可信范围 {low * 100:.1f}%–{high * 100:.1f}%") in page


def test_every_row_of_a_part_opens_to_as_many_cases_as_it_says(home: House) -> None:
    page = home.get(LEADER, "/leadership?span=2026-11").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/leadership/cases\?part=[^"]+)"', page)]
    assert {re.search(r"part=(\w+)", link).group(1) for link in links} == {
        "reasons",
        "supervision",
        "standing",
        "campaigns",
        "repeats",
    }
    for link in links:
        opened = home.get(LEADER, link).text
        n = int(re.search(r'class="big">([\d,]+)', opened).group(1).replace(",", ""))
        assert opened.count("<tr><td>") == min(n, 200), link
        assert '<ul class="definition"><li>' in opened
        assert "/desk?case=" in opened or not n
    assert home.get(LEADER, "/leadership/cases?part=repeats&code=none&span=2026-11").status_code == 404
    assert home.get(LEADER, "/leadership/cases?part=nonsense&span=2026-11").status_code == 404
    odd = home.get(LEADER, "/leadership/cases?part=supervision&code=leader.x&span=2026-11")
    assert odd.status_code == 200 and odd.text.count("<tr><td>") == 0


def test_a_street_sees_its_own_parts_and_no_cameras(home: House) -> None:
    page = home.get(S1, "/leadership?span=2026-11").text
    assert 'id="supervision"' in page
    assert 'id="cameras"' not in page and 'id="blind"' not in page
    rows = csv.reader(io.StringIO(home.get(S1, "/leadership.csv?span=2026-11").data.decode("utf-8-sig")))
    assert texts("zh-CN")["leadership"]["parts"]["cameras"]["title"] not in {row[0] for row in rows}
    assert home.get(S1, "/leadership.csv?span=2026-11&street=S2").status_code == 403
    assert home.get(S1, "/leadership/cases?part=campaigns&street=S2&span=2026-11").status_code == 403
    for part in ("reasons", "supervision", "campaigns"):
        opened = home.get(S1, f"/leadership/cases?part={part}&span=2026-11").text
        assert home.district.streets["S2"].name not in opened
        assert home.district.streets["S1"].name in opened


def test_a_list_shows_a_workstation_only_the_cases_that_it_may_see(home: House) -> None:
    from tests.doors import S1C1

    for query in ("name=intake", "part=campaigns", "part=supervision"):
        ids = set(
            re.findall(r"<tr><td>(?:<a[^>]*>)?([^<]+)<", home.get(S1C1, f"/leadership/cases?{query}&span=2026-11").text)
        )
        places = {row.case_id: row.community for row in all_rows(home.engine)}
        assert ids and {places[case_id] for case_id in ids} == {"C1"}, query


def test_what_nobody_tells_is_said_in_words(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> None:
    with house(sqlite_engine, redis_client, tiny) as bare:
        page = home_page = of_page(bare, "/leadership?span=2026-11")
    for said in (
        "案件系统没有传来过督办，这里无从知道。",
        "案件系统没有传来过专项行动，整改率无从知道。",
        "期间没有有效回访，满意率无从知道。",
        "没有到过区的结案。",
        "覆盖还没有算出，摄像机和盲区无从知道。",
    ):
        assert said in page
    assert "0.0%" not in home_page.partition("督办")[2].partition("每日上报")[0]


def test_told_but_not_in_this_span_is_another_thing_than_never_told(home: House) -> None:
    page = of_page(home, "/leadership?span=2026-11-01")
    assert "期间没有督办，期末也没有。" in page or "新督办 0 件" in page or "这段时间没有案件" in page
    report = report_of(home.engine, home.district, parse("2026-11-01", TODAY))
    assert report.told == {"supervision", "campaign"}


def test_a_csv_has_no_formula_and_its_export_is_on_the_record(home: House) -> None:
    evil = entry(case("EVIL", 1, "filed", campaign="=HYPERLINK(1)", reported_at=to_rfc3339(NOON - DAY)), "case.filed")
    take_in(home.engine, home.district, numbered([evil], NOON + 9_000_000), 10)
    answer = home.get(DUTY, "/leadership.csv?span=2026-11-22")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="report-990001-2026-11-22.csv"' in answer.headers["Content-Disposition"]
    cells = [cell for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    with home.engine.connect() as connection:
        query = text("SELECT who, object, detail FROM audit WHERE action = 'export'")
        ((who, about, detail),) = connection.execute(query).all()
    assert (who, about) == ("duty", "leadership.csv 2026-11-22")
    assert msgspec.json.decode(detail)["rows"] == len(answer.data.decode().splitlines()) - 2
    assert home.get(LEADER, "/leadership.csv?span=nonsense").status_code == 400


def test_a_months_questions_are_ranges_of_an_index(sqlite_engine: Engine, tiny: District) -> None:
    """On SQLite: no question of a report walks through all the cases, marks or the history."""
    take_in(sqlite_engine, tiny, numbered(lives(3, cases=60)), 60)
    asked: list[tuple[str, Any]] = []
    event.listen(
        sqlite_engine,
        "before_cursor_execute",
        lambda c, cur, statement, values, ctx, many: asked.append((statement, values)),
    )
    report_of(sqlite_engine, tiny, parse("2026-10", TODAY))
    walks = []
    with sqlite_engine.connect() as connection:
        for statement, values in [found for found in asked if found[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            walks += [(row[3], statement) for row in plan if re.match(r"SCAN (case_marks|history)", row[3])]
    assert len(asked) > 20
    assert not walks
    marks = [statement for statement, _ in asked if "case_marks" in statement]
    assert len(marks) >= 6


def test_the_same_report_gives_the_same_csv(home: House) -> None:
    span = parse("2026-11", TODAY)
    said = Words(report_of(home.engine, home.district, span), span, texts("en"), home.district)
    assert csv_table(said, figure_rows(said), MADE) == csv_table(said, figure_rows(said), MADE)


def test_a_month_of_account_is_what_the_page_the_paper_and_the_csv_mean(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    """It begins on the 26th: what is called November ends on the 25th of it, and its name says so."""
    district = dataclasses.replace(tiny, month_first_day=26)
    name = "2026年11月（2026年10月26日至2026年11月25日）"
    with house(sqlite_engine, redis_client, district) as of_account:
        take_in(of_account.engine, district, numbered(lives(11, cases=150), start=NOON + 1_000_000), 50)
        for at in ("2026-10-25T12:00:00+08:00", "2026-10-26T12:00:00+08:00"):
            told = entry(case(f"AT{at[8:10]}", 1, "filed", reported_at=at), "case.filed")
            take_in(of_account.engine, district, numbered([told], NOON + 9_000_000 + int(at[8:10])), 10)
        assert name in of_page(of_account, "/leadership?span=2026-11")
        made, *_ = csv.reader(io.StringIO(of_account.get(LEADER, "/leadership.csv?span=2026-11").data.decode("utf-8")))
        assert name in made[0]
        asked = of_account.post(LEADER, "/api/v1/papers", {"kind": "pdf", "span": "2026-12"})
        assert asked.status_code == 400  # December's begins on the 26th, three days from now
        span = parse("2026-11", TODAY, 26)
        report = report_of(of_account.engine, district, span)
        window = Window(district.day_start_ms(20261026), district.day_start_ms(20261126), NOON + 1)
        expected = [row for row in all_rows(of_account.engine) if is_counted(row) and window.has(row.reported_at)]
        assert report.figures["intake"].now.n == len(expected)
        assert {"AT26"} == {row.case_id for row in expected if row.case_id.startswith("AT")}
        wide = parse("2026-Q4", TODAY, 26)
        pdf = paper_html(report_of(of_account.engine, district, wide), wide, texts("zh-CN"), district, MADE)
        assert "2026年第4季度（2026年9月26日至2026年12月25日）" in pdf
