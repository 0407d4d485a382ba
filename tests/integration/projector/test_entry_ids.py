"""Any id that Redis can give is taken in, in order, once: over redelivery, restart, rebuild, archive and `dead`."""

from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, select, text

from services.admin.errands.dead_letters import dead_list, dead_show
from services.contract.entry import entry_order
from services.district.package import District
from services.platform.clock import SetClock, to_rfc3339
from services.platform.redis import GROUP, Keys
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.store import tables as schema
from services.projector.store.beats import heard_between
from services.projector.store.numbers import read_numbering
from services.projector.store.write import read_feed
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.archive_scene import LATER, OLD, SEPTEMBER, keeper, quiet
from tests.reference import dump, rollups_recounted
from tests.tiny import CODE, NOON, case, entry

EVENTS = Keys(CODE).events
BIG = 2**64 - 1
# Redis' clock was an hour ahead, went back, and the sequence ran on; then publishers who name ids.
AHEAD = NOON + 3_600_000
IDS = [
    "0-1", "1-0", f"1-{BIG}", f"{NOON}-0", f"{NOON}-{2**20 - 1}", f"{NOON}-{2**20}", f"{NOON + 1}-0",
    *(f"{AHEAD}-{2**20 - 5 + n}" for n in range(12)), f"{AHEAD}-{2**40}", *(f"{AHEAD + n}-0" for n in range(1, 6)),
    f"{2**42 - 1}-{2**20 - 1}", f"{2**42 - 1}-{BIG}", f"{2**42}-0", f"{2**42}-1", f"{NOON * 1000}-0",
    f"{NOON * 1000 + 25_000}-0", f"{2**63}-{2**63}", f"{BIG}-{BIG - 1}", f"{BIG}-{BIG}",
]  # fmt: skip


def projector(engine: Engine, district: District, url: str, consumer: str = "one") -> Projector:
    stream = EventStream(redis.Redis.from_url(url), CODE, consumer)
    return Projector(stream, engine, Ingest(engine, district, Sealer("")), SetClock(NOON))


def publish(client: redis.Redis, ids: list[str]) -> None:
    """A case of its own for each, one case for all with rising versions, and now and then one to refuse."""
    for n, name in enumerate(ids):
        data = case("ALL", n // 3 + 1, "dispatched") if n % 3 else case(f"C{n}")
        client.xadd(EVENTS, dict(entry(data) if n % 7 != 6 else entry(case(version=0))), id=name)


def of_store(engine: Engine) -> list[str]:
    """The ids that are in the store, in the order of their numbers."""
    with engine.connect() as connection:
        numbering = read_numbering(connection)
        keys = [
            key
            for table in (schema.history, schema.dead)
            for key in connection.execute(select(table.c.entry)).scalars()
        ]
    return [f"{ms}-{seq}" for ms, seq in map(numbering.id, sorted(keys))]


def is_whole(engine: Engine, district: District, ids: list[str]) -> None:
    assert of_store(engine) == sorted(ids, key=entry_order)
    assert dump(engine, "rollups", "rollups_later") == rollups_recounted(engine, district)
    with engine.connect() as connection:
        feed = read_feed(connection)
    assert feed is not None
    assert (feed.processed, feed.lost, feed.emptied_at, feed.last_entry) == (len(ids), 0, None, ids[-1])


@pytest.mark.redis
def test_every_id_is_taken_in_once_and_in_order(
    engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    publish(redis_client, IDS)
    for _ in range(2):
        projector(engine, tiny, redis_url).drain()
        is_whole(engine, tiny, IDS)
    before = dump(engine), of_store(engine)
    redis_client.xgroup_setid(EVENTS, GROUP, "0")
    projector(engine, tiny, redis_url).drain()
    redis_client.xgroup_destroy(EVENTS, GROUP)
    projector(engine, tiny, redis_url, "two").drain()
    assert (dump(engine), of_store(engine)) == before
    rebuild(engine, Ingest(engine, tiny, Sealer("")), NOON, lambda _text: None)
    rebuilt = dump(engine)
    for table in ("cases", "rollups", "rollups_later", "things"):
        assert rebuilt[table] == before[0][table]


@pytest.mark.redis
def test_one_at_a_time_gives_the_same_numbers_as_all_at_once(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    for n, name in enumerate(IDS):
        redis_client.xadd(EVENTS, dict(entry(case(f"C{n}"))), id=name)
        projector(sqlite_engine, tiny, redis_url).drain()
        is_whole(sqlite_engine, tiny, IDS[: n + 1])


@pytest.mark.redis
def test_two_projectors_by_turns_lose_nothing_and_count_nothing_twice(
    engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    """One is killed with entries in hand, the other goes on past them, and the first takes its own in again."""
    ids = [f"{NOON}-{2**20 - 40 + n}" for n in range(80)] + [f"{NOON + 5 + n}-0" for n in range(40)]
    for n, name in enumerate(ids):
        redis_client.xadd(EVENTS, dict(entry(case(f"C{n}"))), id=name)
    two = projector(engine, tiny, redis_url, "two")
    two._stream.ensure_group("0-0", 0)
    first = EventStream(redis.Redis.from_url(redis_url), CODE, "one")
    first.read(">", 60, None)
    two._step(two._stream.read(">", 60, None))
    assert len(of_store(engine)) == 60
    projector(engine, tiny, redis_url, "one").drain()
    assert sorted(of_store(engine), key=entry_order) == ids
    with engine.connect() as connection:
        feed = read_feed(connection)
    assert feed is not None
    assert (feed.processed, feed.lost, feed.position) == (120, 0, ids[-1])
    assert redis_client.xpending(EVENTS, GROUP)["pending"] == 0


@pytest.mark.redis
def test_a_real_redis_whose_clock_was_ahead(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    """As it was found: an id an hour ahead, near the end of its sequence, then ``*`` six hundred times."""
    seconds, _ = redis_client.time()
    ahead = (int(seconds) + 3600) * 1000
    redis_client.xadd(EVENTS, dict(entry(case("FIRST"))), id=f"{ahead}-1048300")
    with redis_client.pipeline(transaction=False) as pipe:
        for n in range(600):
            pipe.xadd(EVENTS, dict(entry(case(f"C{n}"))))
        answers: Any = pipe.execute()
    assert answers[-1].decode() == f"{ahead}-1048900"
    projector(sqlite_engine, tiny, redis_url).drain()
    is_whole(sqlite_engine, tiny, [f"{ahead}-1048300", *(answer.decode() for answer in answers)])
    assert dump(sqlite_engine, "dead")["dead"] == []


@pytest.mark.redis
def test_a_store_of_natural_ids_keeps_its_numbers(
    sqlite_engine: Engine, tiny: District, redis_client: redis.Redis, redis_url: str
) -> None:
    ids = [f"{NOON + n}-{n}" for n in range(20)]
    publish(redis_client, ids)
    projector(sqlite_engine, tiny, redis_url).drain()
    with sqlite_engine.connect() as connection:
        keys = list(connection.execute(select(schema.history.c.entry).order_by(schema.history.c.entry)).scalars())
        assert connection.execute(text("SELECT count(*) FROM entry_segments")).scalar() == 0
    refused = {n for n in range(20) if n % 7 == 6}
    assert keys == [(NOON + n) << 20 | n for n in range(20) if n not in refused]


@pytest.mark.redis
def test_a_refused_entry_of_any_id_is_listed_and_shown_by_its_id(
    tiny_folder: Path, tiny: District, redis_client: redis.Redis, redis_url: str, tmp_path: Path
) -> None:
    from services.platform.database import open_engine
    from services.platform.migrate import upgrade

    settings = Settings(redis_url=redis_url, data_dir=tmp_path, district=str(tiny_folder))
    engine = open_engine(settings.database)
    upgrade(engine)
    for name in (f"{AHEAD}-{2**21}", f"{BIG}-{BIG}"):
        redis_client.xadd(EVENTS, dict(entry(case(version=0))), id=name)
    projector(engine, tiny, redis_url).drain()
    assert [line.split()[0] for line in dead_list(settings)] == [f"{BIG}-{BIG}", f"{AHEAD}-{2**21}"]
    assert dead_show(settings, f"{AHEAD}-{2**21}")[0].split() == ["entry", f"{AHEAD}-{2**21}"]
    engine.dispose()


def beat(number: int, interval_s: float = 10) -> dict[bytes, bytes]:
    at = NOON + number * 10_000
    return entry({"at": to_rfc3339(at), "interval_s": interval_s}, "source.heartbeat", at)


def test_heartbeats_leave_no_rows_and_their_source_is_known_to_have_been_heard(engine: Engine, tiny: District) -> None:
    ingest = Ingest(engine, tiny, Sealer(""))
    for number in (*range(10), *range(20, 25)):
        at = NOON + number * 10_000
        for _ in range(2):  # the second time it is known
            ingest.apply([(f"{at}-0", beat(number))], at, f"{at}-0")
    assert dump(engine, "history")["history"] == []
    with engine.connect() as connection:
        heard = heard_between(connection, 0, NOON * 2)
        feed = read_feed(connection)
    assert [(h.since - NOON, h.until - NOON) for h in heard] == [(0, 90_000), (200_000, 240_000)]
    assert feed is not None
    assert feed.processed == 15
    before = dump(engine)["things"]
    rebuild(engine, ingest, NOON, lambda _text: None)
    assert dump(engine)["things"] == before


def test_a_heartbeat_above_the_position_counts_once_however_often_it_comes(engine: Engine, tiny: District) -> None:
    """Two projectors: what one took in above the position may be told again by the other."""
    ingest = Ingest(engine, tiny, Sealer(""))
    for _ in range(3):
        ingest.apply([(f"{NOON + 5}-0", beat(1))], NOON, f"{NOON}-0")
    with engine.connect() as connection:
        feed = read_feed(connection)
        assert connection.execute(text("SELECT count(*) FROM passed")).scalar() == 1
    assert feed is not None
    assert feed.processed == 1
    ingest.apply([(f"{NOON + 9}-0", beat(2))], NOON, f"{NOON + 9}-0")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM passed")).scalar() == 0


def test_the_archive_takes_and_brings_back_entries_of_any_id(engine: Engine, tiny: District, tmp_path: Path) -> None:
    """Written, taken out, put back, folded from the archive: the same rows, their order, and where the reading is."""
    ingest = Ingest(engine, tiny, Sealer(""))
    times = [OLD + n * 60_000 for n in range(len(IDS))]
    # One case of each entry is over, so that its row goes; every fifth stays open.
    data = [case(f"C{n}", status="dispatched" if n % 5 == 4 else "closed") for n in range(len(IDS))]
    entries = [(name, entry(of, event_id=name)) for name, of in zip(IDS, data, strict=True)]
    ingest.apply(entries, NOON, IDS[-1], received=dict(zip(IDS, times, strict=True)))
    whole, model, ids = dump(engine, "history"), dump(engine), of_store(engine)
    assert ids == sorted(IDS, key=entry_order)
    archive = keeper(engine, tiny, tmp_path / "archive", window=5)
    about = archive.write(SEPTEMBER, LATER, LATER)
    assert about is not None
    assert about.rows == len(IDS)
    gone = archive.remove(SEPTEMBER, LATER)
    assert 0 < gone < len(IDS)
    assert len(of_store(engine)) == len(IDS) - gone
    ingest.apply(entries, NOON, IDS[-1])  # redelivered while they are out of the store: they lie before the position
    assert len(of_store(engine)) == len(IDS) - gone
    assert rebuild(engine, ingest, NOON, quiet, tmp_path / "archive") == len(IDS)
    assert dump(engine) == model
    assert archive.restore(SEPTEMBER, LATER) == gone
    assert of_store(engine) == ids
    assert dump(engine, "history") == whole
    with engine.connect() as connection:
        feed = read_feed(connection)
    assert feed is not None
    assert (feed.processed, feed.last_entry, feed.position, feed.lost) == (len(IDS), IDS[-1], IDS[-1], 0)
