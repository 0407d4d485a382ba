"""The panel's address: the HTML is what its layouts say, a look is recorded once, what was drawn ahead is sent."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import redis
from sqlalchemy import Engine

from dashboard.callbacks.panel import PanelPage
from dashboard.layouts.case_panel import panel
from dashboard.layouts.figure_panel import figure_panel
from dashboard.layouts.markup import markup
from dashboard.layouts.watch_panel import watch_panel
from dashboard.texts import texts
from services.access.rights import Person
from services.audit import log_service
from services.board.readers.figure import STANDING
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.indicators.figures_reader import Scope
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.doors import D1, DUTY, EAST, PLACES, S1, WALL, House, house
from tests.parsed_markup import parsed, told
from tests.tiny import NOON, case, entry

pytestmark = pytest.mark.redis


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        yield found


def page_of(home: House) -> PanelPage:
    found = home.web.flask.view_functions["panel"].__self__  # type: ignore[attr-defined]  # a bound method
    assert isinstance(found, PanelPage)
    return found


def panel_text(home: House, who: Any, **asked: Any) -> str:
    answer = home.client(who).get("/api/v1/panel", query_string={"lang": "zh-CN", **asked})
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    return answer.text


def looks(home: House) -> list[tuple[str, str]]:
    with home.engine.connect() as connection:
        return [(row.who, row.object) for row in log_service.records(connection) if row.action == "see_case"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_panel_is_read_back_as_its_layout_built_it(home: House, language: str) -> None:
    page, words = page_of(home), texts(language)
    people = [Person("duty", "周敏", "duty_officer"), Person("d1", "高翔", "department", unit="D1")]
    contents: list[Any] = [panel(None, words, page.district.zone), watch_panel(*page.watch(), words, page.district)]
    for place in PLACES:
        for person in people:
            view, beside = page._read(place.case_id, words, person, is_desk=True)
            assert view is not None
            assert beside is not None
            contents += [page.desk.draw(view, beside, words, person), panel(view, words, page.district.zone)]
    for name in (*STANDING, *INDICATORS):
        for span in ("today", "month"):
            figure = page.figures.view(name, Scope(), page.now(), span)
            contents.append(figure_panel(figure, words, page.district))
    for content in contents:
        assert parsed(markup(content)) == told(content)


def test_what_a_case_says_is_text_and_no_html(home: House) -> None:
    harmful = case("<img src=x onerror=alert(1)>", 1, "handling", title="<script>alert(1)</script>")
    Ingest(home.engine, home.district, Sealer("")).apply([(f"{NOON + 9_000}-0", entry(harmful, "case.handling"))], NOON)
    for asked in ({}, {"desk": 1}):
        text = panel_text(home, DUTY, case="<img src=x onerror=alert(1)>", **asked)
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
        assert "<img" not in text
        assert "<script" not in text


def test_a_case_opened_on_a_desk_is_recorded_once_and_a_walls_is_not(home: House) -> None:
    panel_text(home, WALL, case=EAST.case_id)
    panel_text(home, WALL, case=EAST.case_id, desk=1)
    assert not looks(home)
    for who in (DUTY, S1, D1):
        panel_text(home, who, case=EAST.case_id, desk=1)
        panel_text(home, who, case=EAST.case_id, desk=1)
    assert looks(home) == [(who.name, EAST.case_id) for who in (DUTY, S1, D1)]


def test_what_was_drawn_ahead_is_what_is_sent_and_recorded_then_alone(home: House) -> None:
    plain = panel_text(home, S1, case=EAST.case_id, desk=1)
    socket = home.socket(DUTY)
    socket.emit("ahead", {"case_id": EAST.case_id, "lang": "zh-CN"})
    assert not [one for one in looks(home) if one[0] == "duty"], "nothing is recorded before the click"
    drawn = page_of(home).ahead.take("duty", EAST.case_id, "zh-CN")
    assert drawn is not None
    assert panel_text(home, DUTY, case=EAST.case_id, desk=1) == drawn.text
    assert ("duty", EAST.case_id) in looks(home)
    assert page_of(home).ahead.take("duty", EAST.case_id, "en") is None
    assert page_of(home).ahead.take("s1", EAST.case_id, "zh-CN") is None, "a panel is drawn for one person"
    assert "data-command" in drawn.text
    assert "data-command" in plain
    socket.disconnect()


def test_what_was_drawn_ahead_is_thrown_away_when_the_case_changes(home: House) -> None:
    socket = home.socket(DUTY)
    socket.emit("ahead", {"case_id": EAST.case_id, "lang": "zh-CN"})
    ahead, board = page_of(home).ahead, home.web.follower.board
    assert ahead.take("duty", EAST.case_id, "zh-CN") is not None
    row = board.rows[EAST.case_id]
    board.rows[EAST.case_id] = msgspec.structs.replace(row, version=row.version + 1)
    assert ahead.take("duty", EAST.case_id, "zh-CN") is None
    socket.disconnect()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, 400),
        ({"case": ""}, 400),
        ({"figure": "none"}, 404),
        ({"case": EAST.case_id, "moment": "soon"}, 400),
        ({"case": EAST.case_id, "moment": NOON + 1}, 400),
        ({"case": EAST.case_id, "moment": 0}, 400),
        ({"figure": "closed", "level": "x", "channel": "y", "unit": "z", "domain": "01", "grid": "G00"}, 404),
    ],
)
def test_what_is_no_pick_is_refused_in_words(home: House, asked: dict[str, Any], code: int) -> None:
    answer = home.client(DUTY).get("/api/v1/panel", query_string=asked)
    assert answer.status_code == code
    assert answer.json["error"]
