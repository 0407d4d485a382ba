"""At one moment the wall, the desk, the leader's page, the API and the files say the same figures."""

import csv
import dataclasses
import io
import re
from collections.abc import Iterator
from datetime import date

import msgspec
import pytest
import redis
from sqlalchemy import Engine, select

from dashboard.layouts.figure_panel import figure_panel
from dashboard.texts import texts
from services.board.comparison_reader import compared
from services.board.lenses import desk_figures
from services.board.readers.figure import FigureReader
from services.board.tiles import street_rows, tiles
from services.cases.tables import cases
from services.district.package import District
from services.indicators.figures_reader import Days, Scope, figures
from services.leadership.reader import gather
from services.leadership.spans import around, as_date
from services.leadership.words import Words
from services.platform.clock import to_rfc3339
from services.platform.offload import directly
from tests.doors import DUTY, WHO, House, house
from tests.integration.indicators.test_rollups import take_in
from tests.lives import lives
from tests.tiny import NOON, numbered

pytestmark = pytest.mark.redis
WEEK = 7 * 86_400_000
LEADER = next(who for who in WHO if who.name == "leader")


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    district = dataclasses.replace(tiny, holidays={date(2026, 10, 1): False})
    with house(sqlite_engine, redis_client, district) as found:
        take_in(found.engine, district, numbered(lives(4, cases=150), start=NOON + 1_000_000), 50)
        found.web.follower.load()
        yield found


def test_wall_desk_leader_api_and_csv_agree(home: House) -> None:
    board, district = home.web.follower.board, home.district
    wall = tiles(board, {})
    today, streets = wall.today, wall.streets
    assert today.open > 5 and today.intake > 0 and streets.all.due > 0, "there is something to agree on"

    desk = desk_figures(board, street_rows(board), "")
    assert (desk.open, desk.overdue, desk.due_soon) == (today.open, today.overdue, today.due_soon)

    span = around("day", as_date(district.day_of(NOON)))
    with home.engine.connect() as connection:
        report = gather(connection, district, span, NOON)
    on_time = report.figures["on_time_close_rate"].now
    assert (report.figures["intake"].now.n, report.figures["closed"].now.n) == (today.intake, today.closed)
    assert (on_time.value, on_time.n) == (pytest.approx(streets.all.rate), streets.all.due)
    assert report.open_at_end.now == today.open + sum(row.status == "not_filed" for row in board.rows.values())
    shown = {row.code: (row.share.now.value, row.share.now.n) for row in report.streets}
    assert shown == {
        code: (pytest.approx(rate), n)
        for code, rate, n, *_ in [msgspec.structs.astuple(row) for row in streets.rows]
        if code and n
    }

    asked = home.get(LEADER, "/api/v1/indicators?name=on_time_close_rate,intake,closed").json
    figures = asked["groups"][0]["figures"]
    assert {name: figures[name]["n"] for name in ("on_time_close_rate", "intake", "closed")} == {
        "on_time_close_rate": on_time.n,
        "intake": today.intake,
        "closed": today.closed,
    }
    told = home.get(LEADER, "/api/v1/board").json
    assert (told["open"], told["overdue"], told["due_soon"]) == (today.open, today.overdue, today.due_soon)

    said = Words(report, span, texts("zh-CN"), district)
    page = re.sub(r"\s", "", re.sub(r"<[^>]+>", "", home.get(LEADER, f"/leadership?span={span.text}").text))
    for tile in said.tiles():
        assert re.sub(r"\s", "", f"{tile.label}{tile.value}") in page.replace("▲", "")
    rows = list(csv.reader(io.StringIO(home.get(DUTY, f"/leadership.csv?span={span.text}").text.lstrip("\ufeff"))))
    values = {row[1]: row for row in rows if len(row) > 4}
    assert int(values["intake"][4]) == today.intake
    assert float(values["on_time_close_rate"][3]) == pytest.approx(streets.all.rate)


def test_panel_api_and_leaders_page_compare_a_day_with_the_same_weekday(home: House) -> None:
    board, district = home.web.follower.board, home.district
    asked = home.get(LEADER, "/api/v1/indicators?name=intake&first=2026-11-20&last=2026-11-20").json
    with home.engine.connect() as connection:
        report = gather(connection, district, around("day", as_date(20261120)), NOON)
        (then,) = figures(connection, district, ["intake"], Days(20261113, 20261114), NOON)[()]
    spans = asked["compared_with"]
    starts = {
        name: to_rfc3339(district.day_start_ms(day)) for name, day in (("before", 20261113), ("year_ago", 20251121))
    }
    assert {name: span["from"] for name, span in spans.items()} == starts
    assert asked["groups"][0]["figures"]["intake"]["before"] == then.value
    assert report.against is not None
    assert report.against.day == 20261113
    several = home.get(LEADER, "/api/v1/indicators?name=intake&first=2026-11-19&last=2026-11-20").json
    assert several["compared_with"]["before"]["from"] == to_rfc3339(district.day_start_ms(20261117))

    reader = FigureReader(home.engine, district, lambda: board, directly)
    panel = str(figure_panel(reader.view("intake", Scope(), NOON), texts("zh-CN"), district))
    assert "比上周一同一时刻" in panel
    assert "比去年同周周一同一时刻" in panel
    assert "环比" not in panel
    month = str(figure_panel(reader.view("intake", Scope(), NOON, "month"), texts("zh-CN"), district))
    assert "上期全期" in month


def test_wall_and_panel_compare_a_day_with_the_same_minute_of_the_other(home: House) -> None:
    district = home.district
    reader = FigureReader(home.engine, district, lambda: home.web.follower.board, directly)
    day = district.day_of(NOON)
    with home.engine.connect() as connection:
        c = cases.c
        asked = select(c.reported_at, c.closed_at).where(c.reported_at >= district.day_start_ms(day))
        moments = sorted({at for row in connection.execute(asked) for at in row if at is not None})
    for at in (*moments[:: len(moments) // 6], moments[-1]):
        for now in (at + WEEK - 1, at + WEEK, at + WEEK + 1):  # as far as the moment of a case, and by its side
            with home.engine.connect() as connection:
                wall = compared(connection, district, now)
            for name, counted in (("intake", "reported"), ("closed", "closed")):
                view = reader.view(name, Scope(), now)
                assert view.is_same_moment
                assert view.against is not None
                assert view.before is not None
                assert view.before["before"] is not None
                assert (view.against.day, view.before["before"].n) == (day, wall[counted]), (name, now)
    whole = reader.view("intake", Scope(), district.day_start_ms(district.day_after(day, 8)) - 1).before
    with home.engine.connect() as connection:
        (then,) = figures(connection, district, ["intake"], Days(day, district.day_after(day)), NOON + WEEK)[()]
    assert whole is not None
    assert whole["before"] is not None
    assert whole["before"].n == then.n, "at the end of the day it is the whole one"


def test_a_day_that_is_like_no_other_says_in_panel_and_api_why_nothing_is_compared(home: House) -> None:
    district = home.district
    asked = home.get(LEADER, "/api/v1/indicators?name=intake&first=2026-10-01&last=2026-10-01").json
    assert asked["compared_with"]["before"] == {"from": None, "to": None, "why": "holiday"}
    assert asked["groups"][0]["figures"]["intake"]["before"] is None
    reader = FigureReader(home.engine, district, lambda: home.web.follower.board, directly)
    now = district.day_start_ms(20261001) + 3_600_000
    panel = str(figure_panel(reader.view("intake", Scope(), now), texts("zh-CN"), district))
    assert "节假日，不与平日比" in panel
