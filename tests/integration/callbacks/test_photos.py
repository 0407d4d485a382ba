"""Before and after in the panel, and the photo's address: by the case's right, on the audit, a fault in words."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from dashboard.callbacks.photos import PhotoPage
from dashboard.layouts.markup import markup
from dashboard.layouts.photo_part import photo_part
from dashboard.texts import texts
from services.audit import log_service
from services.board.readers.case import CaseReader
from services.district.package import District
from services.photos.addresses import key_of
from services.photos.faults import PHOTO_FAULTS, PhotoFault, PhotoRefused
from services.photos.made import MadePhoto, PhotoOrder
from services.photos.of_case import MOST_SHOWN
from services.photos.service import PhotoSources
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.doors import D1, D2, DUTY, G00, S1, S2, WALL, House, house
from tests.parsed_markup import parsed, told
from tests.tiny import NOON, case, entry, numbered

pytestmark = pytest.mark.redis

BEFORE, AFTER = "/media/P1/1.jpg", "/media/P1/2.jpg"


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        publish(found, "P1")
        yield found


def publish(home: House, case_id: str, **more: Any) -> None:
    """A case of street S1 that D1 leads, reported with a photo and handled with another."""
    common = {"lead_unit": "D1", "attachments": [BEFORE], **more}
    handled = {**common, "attachments": [*common["attachments"], AFTER], "handled_at": to_rfc3339(NOON + 60_000)}
    entries = [
        entry(case(case_id, 1, **common)),
        entry(case(case_id, 2, "handled", **handled), "case.handled", NOON + 60_000),
    ]
    Ingest(home.engine, home.district, Sealer("")).apply(
        numbered(entries, home.clock.ms + 100_000), home.clock.ms + 110_000
    )
    home.clock.ms += 120_000


def given(home: House, gives: MadePhoto | PhotoRefused) -> list[str]:
    """What the case system gives from now on; returns the list of what it is asked."""
    page = home.web.flask.view_functions["photo"].__self__  # type: ignore[attr-defined]  # a bound method
    assert isinstance(page, PhotoPage)
    asked: list[str] = []

    def fetch(order: PhotoOrder) -> MadePhoto:
        asked.append(str(order.address))
        if isinstance(gives, PhotoRefused):
            raise gives
        return gives

    page.photos.fetch = fetch
    page.photos.sources = lambda: PhotoSources(("http://10.1.2.3:8080/media/",))
    return asked


def ask(home: House, who: Any, photo: str = BEFORE, case_id: str = "P1", **more: Any) -> Any:
    return home.get(who, "/api/v1/photo", query_string={"case": case_id, "photo": key_of(photo), **more})


def seen(home: House) -> list[tuple[str, str, str]]:
    with home.engine.connect() as connection:
        rows = log_service.records(connection)
        return [(row.who, row.action, row.object) for row in rows if row.action in {"see_case", "see_photo"}]


def test_a_photo_is_sent_by_the_case_s_right_alone(home: House) -> None:
    given(home, MadePhoto(b"large", b"small", 4, 3))
    for who, status in ((DUTY, 200), (S1, 200), (D1, 200), (G00, 200), (S2, 403), (D2, 403), (WALL, 403)):
        answer = ask(home, who)
        assert answer.status_code == status, who
        if status == 200:
            assert (answer.data, answer.content_type) == (b"large", "image/jpeg")
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(home, DUTY, size="small").data == b"small"
    assert ask(home, DUTY, "/media/other.jpg").status_code == 404
    assert ask(home, DUTY, case_id="none").status_code == 404


def test_a_photo_that_is_opened_is_on_the_audit(home: House) -> None:
    given(home, MadePhoto(b"large", b"small", 4, 3))
    for size in ("small", "", "", "small"):
        ask(home, DUTY, size=size)
    assert seen(home) == [("duty", "see_case", "P1"), ("duty", "see_photo", "P1")]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_fault_is_told_in_words(home: House, language: str) -> None:
    for fault in PHOTO_FAULTS:
        told_so(home, fault, language)


def told_so(home: House, fault: PhotoFault, language: str) -> None:
    given(home, PhotoRefused(fault, "said for the log"))
    path = f"/media/P1/{fault}.jpg"
    publish(home, f"P-{fault}-{language}", attachments=[path])
    answer = ask(home, DUTY, path, f"P-{fault}-{language}", lang=language)
    expected = texts(language)["photo"]["fault"]
    assert answer.status_code == 404
    # What is remembered of one language's look is told in the other's words.
    assert answer.json == {"fault": fault, "words": expected[fault]}


def test_the_panel_of_a_desk_shows_before_and_after(home: House) -> None:
    text = home.get(DUTY, "/api/v1/panel?case=P1&desk=1&lang=zh-CN").text
    assert "处理前" in text
    assert "处理后" in text
    assert text.index("处理前") < text.index(key_of(BEFORE)) < text.index("处理后") < text.index(key_of(AFTER))
    assert "/media/" not in text  # the address stays here


def test_a_wall_shows_no_photo(home: House) -> None:
    for who in (WALL, DUTY):
        assert "photo" not in home.get(who, "/api/v1/panel?case=P1&lang=en").text


def test_the_replay_shows_the_photos_that_were_there_then(home: House) -> None:
    def panel(moment: int) -> str:
        return str(home.get(DUTY, f"/api/v1/panel?case=P1&lang=en&moment={moment}").text)

    later = panel(home.clock.ms - 1000)
    assert key_of(BEFORE) in later
    assert key_of(AFTER) in later


def test_of_a_sensitive_case_the_duty_desk_its_street_and_its_unit_see_the_photos(home: House) -> None:
    given(home, MadePhoto(b"large", b"small", 4, 3))
    publish(home, "P9", domain="09")
    leader = next(who for who in home.clients if who == "leader")
    asked = {"case": "P9", "photo": key_of(BEFORE)}
    assert home.clients[leader].get("/api/v1/photo", query_string=asked).status_code == 403
    text = home.clients[leader].get("/api/v1/panel?case=P9&desk=1&lang=zh-CN").text
    assert "有 2 张照片" in text
    assert "data-photo" not in text
    for who in (DUTY, D1, D2, S1, S2):
        expected = 403 if who in {D2, S2} else 200
        assert ask(home, who, case_id="P9").status_code == expected, who


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_section_is_read_back_as_it_was_built_and_says_how_many_are_left_out(home: House, language: str) -> None:
    many = [f"/media/{n}.jpg" for n in range(MOST_SHOWN + 3)]
    publish(home, "P<&5", attachments=many)
    view = CaseReader(home.engine, home.district).view("P<&5", NOON + 120_000)
    assert view is not None
    words = texts(language)
    parts = photo_part(view, words, home.district.zone, can_see=True)
    assert parsed(markup(parts)) == told(parts)
    assert words["photo"]["more"].format(n=4) in markup(parts)
    assert photo_part(view._replace(photos=()), words, home.district.zone, can_see=True) == []
