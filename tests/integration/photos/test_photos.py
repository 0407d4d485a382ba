"""Photos that are kept: fetched once, by content, tried again after a while, gone after so many days."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine, func, select

from services.keeping.retention_store import rules_of, take_away
from services.photos.faults import PhotoRefused
from services.photos.made import MadePhoto, PhotoOrder
from services.photos.service import AGAIN_MS, MOST_AT_ONCE, Photos, PhotoSources, sources_of
from services.photos.store import counts
from services.photos.tables import photo_tries, photos
from services.platform.database import writing
from services.platform.offload import directly
from services.platform.settings import VIRTUAL, Settings

ALLOWED = "http://10.1.2.3:8080/media/"
DAY = 86_400_000


class Source:
    """A case system at hand: what it is asked, and what it gives."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gives: MadePhoto | PhotoRefused = MadePhoto(b"large", b"small", 4, 3)
        self.now = 1_000 * DAY

    def fetch(self, order: PhotoOrder) -> MadePhoto:
        self.asked.append(str(order.address))
        if isinstance(self.gives, PhotoRefused):
            raise self.gives
        return self.gives


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def found(request: pytest.FixtureRequest, source: Source) -> Iterator[Photos]:
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    yield Photos(engine, lambda: PhotoSources((ALLOWED,)), directly, lambda: source.now, source.fetch)


def test_a_photo_is_fetched_once_and_kept_by_its_content(found: Photos, source: Source) -> None:
    assert found.photo("/media/1.jpg", is_small=True) == b"small"
    assert found.photo("/media/1.jpg") == b"large"
    assert found.photo(f"{ALLOWED}1.jpg") == b"large"  # the same, as it is sent
    assert source.asked == [f"{ALLOWED}1.jpg"]
    assert found.photo("/media/2.jpg") == b"large"  # another address, the same picture
    with closing(found.engine.connect()) as connection:
        assert connection.execute(select(func.count()).select_from(photos)).scalar_one() == 1
        assert counts(connection) == (1, 0)


def test_what_gave_nothing_is_asked_again_after_a_while_and_not_before(found: Photos, source: Source) -> None:
    source.gives = PhotoRefused("away", "nobody answers")
    for wait, asked in ((0, 1), (AGAIN_MS - 1, 1), (1, 2)):
        source.now += wait
        with pytest.raises(PhotoRefused) as caught:
            found.photo("/media/1.jpg")
        assert (caught.value.fault, len(source.asked)) == ("away", asked)
    source.now += AGAIN_MS
    source.gives = MadePhoto(b"large", b"small", 4, 3)
    assert found.photo("/media/1.jpg") == b"large"
    told = {labels["result"]: value for labels, value in found.figures()[0].samples}
    assert (told["fetched"], told["away"], told["busy"]) == (1, 2, 0)


def test_photos_go_when_their_days_are_over_and_are_fetched_anew(found: Photos, source: Source) -> None:
    found.photo("/media/1.jpg")
    with writing(found.engine) as connection:
        for rule in rules_of(Settings(keep_photos_days=30)):
            if rule.name == "photos":
                assert take_away(connection, rule, source.now, 100) == 0
                assert take_away(connection, rule, source.now + 1, 100) == 1
    assert found.photo("/media/1.jpg") == b"large"
    assert len(source.asked) == 2
    with writing(found.engine) as connection:
        rules = {rule.name: rule for rule in rules_of(Settings(keep_photos_days=30))}
        assert take_away(connection, rules["photo_tries"], source.now + 1, 100) == 1
        assert connection.execute(select(func.count()).select_from(photo_tries)).scalar_one() == 0


def test_an_address_that_is_none_of_the_packages_is_neither_asked_nor_kept(found: Photos, source: Source) -> None:
    with pytest.raises(PhotoRefused) as caught:
        found.photo("http://169.254.169.254/latest/meta-data/")
    assert (caught.value.fault, source.asked) == ("not_allowed", [])
    with closing(found.engine.connect()) as connection:
        assert counts(connection) == (0, 0)


def test_who_comes_when_enough_are_fetched_is_told_to_wait(sqlite_engine: Engine) -> None:
    """Nobody waits for somebody else's slow server; the next look asks again at once."""
    said: list[str] = []

    def slow(order: PhotoOrder) -> MadePhoto:
        depth = int(order.address.path.rpartition("/")[2])
        try:
            page.photo(f"/media/{depth + 1}")
        except PhotoRefused as error:
            said.append(error.fault)
        return MadePhoto(b"large", b"small", 4, 3)

    page = Photos(sqlite_engine, lambda: PhotoSources((ALLOWED,)), directly, fetch=slow, wait_s=0.01)
    page.photo("/media/1")
    assert said == ["busy"]
    with closing(sqlite_engine.connect()) as connection:
        assert counts(connection) == (1, 0)
    assert page.photo(f"/media/{MOST_AT_ONCE + 1}") == b"large"


def test_only_a_demo_has_photos_of_this_machine_and_our_own_services_are_known() -> None:
    own = "http://127.0.0.1:9/media/"
    production = sources_of(
        Settings(
            "rediss://u:p@redis.example:6380/0", "postgresql://u:p@db.example:5433,db2.example:5432/l", demo_photos=own
        ),
        [ALLOWED],
    )
    assert production == PhotoSources(
        (ALLOWED,), (("redis.example", 6380), ("db.example", 5433), ("db2.example", 5432)), None
    )
    demo = sources_of(Settings("redis://127.0.0.1:7000/0", demo_photos=own, clock=VIRTUAL), [])
    assert demo == PhotoSources((own,), (("127.0.0.1", 7000),), ("127.0.0.1", 9))
    many = sources_of(Settings("redis+sentinel://s1,s2:26380/lianqin", "postgresql://db.example/l"), [])
    assert many.never == (("s1", 26379), ("s2", 26380), ("s1", 6379), ("s2", 6379), ("db.example", 5432))
