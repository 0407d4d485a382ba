"""At one moment the wall, the desk, the leader's page, the API and the files say the same figures."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import Engine

from dashboard.texts import texts
from services.board.lenses import desk_figures
from services.board.tiles import street_rows, tiles
from services.district.package import District
from services.leadership.reader import gather
from services.leadership.spans import around, as_date
from services.leadership.words import Words
from tests.doors import DUTY, WHO, House, house
from tests.integration.test_rollups import take_in
from tests.lives import lives
from tests.tiny import NOON, numbered

pytestmark = pytest.mark.redis
LEADER = next(who for who in WHO if who.name == "leader")


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        take_in(found.engine, tiny, numbered(lives(4, cases=150), start=NOON + 1_000_000), 50)
        found.web.follower.load()
        yield found


def test_wall_desk_leader_api_and_csv_agree(home: House) -> None:
    board, district = home.web.follower.board, home.district
    wall = tiles(board, {})
    today, streets = wall["today"], wall["streets"]
    assert today["open"] > 5 and today["intake"] > 0 and streets["all"][1] > 0, "there is something to agree on"

    desk = desk_figures(board, street_rows(board), "")
    assert (desk["open"], desk["overdue"], desk["due_soon"]) == (today["open"], today["overdue"], today["due_soon"])

    span = around("day", as_date(district.day_of(NOON)))
    with home.engine.connect() as connection:
        report = gather(connection, district, span, NOON)
    on_time = report.figures["on_time_close_rate"].now
    assert (report.figures["intake"].now.n, report.figures["closed"].now.n) == (today["intake"], today["closed"])
    assert (on_time.value, on_time.n) == (pytest.approx(streets["all"][0]), streets["all"][1])
    assert report.open_at_end.now == today["open"] + sum(row.status == "not_filed" for row in board.rows.values())
    shown = {row.code: (row.share.now.value, row.share.now.n) for row in report.streets}
    assert shown == {code: (pytest.approx(rate), n) for code, rate, n, *_ in streets["rows"] if code and n}

    asked = home.get(LEADER, "/api/v1/indicators?name=on_time_close_rate,intake,closed").json
    figures = asked["groups"][0]["figures"]
    assert {name: figures[name]["n"] for name in ("on_time_close_rate", "intake", "closed")} == {
        "on_time_close_rate": on_time.n, "intake": today["intake"], "closed": today["closed"]
    }  # fmt: skip
    told = home.get(LEADER, "/api/v1/board").json
    assert (told["open"], told["overdue"], told["due_soon"]) == (today["open"], today["overdue"], today["due_soon"])

    said = Words(report, span, texts("zh-CN"), district)
    page = re.sub(r"\s", "", re.sub(r"<[^>]+>", "", home.get(LEADER, f"/leadership?span={span.text}").text))
    for tile in said.tiles():
        assert re.sub(r"\s", "", f"{tile.label}{tile.value}") in page.replace("▲", "")
    rows = list(csv.reader(io.StringIO(home.get(DUTY, f"/leadership.csv?span={span.text}").text.lstrip("\ufeff"))))
    values = {row[1]: row for row in rows if len(row) > 4}
    assert int(values["intake"][4]) == today["intake"]
    assert float(values["on_time_close_rate"][3]) == pytest.approx(streets["all"][0])
