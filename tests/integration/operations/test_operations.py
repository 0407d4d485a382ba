"""Publish, load, look after the dead, beside a real Redis and a real store."""

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest
import redis
from cryptography.fernet import Fernet
from sqlalchemy import select

from services.admin.errands.dead_letters import dead_list, dead_retry, dead_show
from services.audit import log_service as audit
from services.cases import tables as case_tables
from services.contract.others import DistrictLoaded
from services.contract.parse import Event, parse
from services.district import tables as district_tables
from services.district.doors import open_doors
from services.operations.local import remember_redis, with_local_redis
from services.operations.packages import archive, load_district
from services.platform.clock import VirtualClock
from services.platform.database import open_engine
from services.platform.errors import OperationError, WrongDistrict
from services.platform.redis import Keys
from services.platform.settings import Settings
from services.projector.bootstrap import make_projector
from services.projector.errands.publishing import publish
from services.projector.store import tables as schema
from tests.tiny import CODE, NOON, case, entry, write_tiny_district

pytestmark = pytest.mark.redis
KEYS = Keys(CODE)
REPORTER = {"name": "王小明", "phone": "13812345678"}


@pytest.fixture
def settings(redis_url: str, tmp_path: Path, tiny_folder: Path) -> Settings:
    return Settings(redis_url=redis_url, district=str(tiny_folder), data_dir=tmp_path / "var")


def _project(settings: Settings) -> None:
    doors = open_doors(settings)
    make_projector(doors, "test").drain()
    doors.engine.dispose()


def _last(client: redis.Redis) -> tuple[str, dict[bytes, bytes]]:
    entry_id, fields = client.xrevrange(KEYS.events, count=1)[0]
    return entry_id.decode(), fields


def _refuse(settings: Settings, client: redis.Redis, **more: object) -> str:
    """One refused entry; its id."""
    sent: bytes = client.xadd(KEYS.events, entry(case(status="lost", reporter=REPORTER), event_id="e-1", **more))
    _project(settings)
    return sent.decode()


def test_an_event_published_by_hand_is_on_the_stream_with_the_districts_time(
    settings: Settings, redis_client: redis.Redis
) -> None:
    redis_client.hset(KEYS.clock, mapping=dict(VirtualClock(NOON, NOON, 1.0, NOON).to_hash()))
    data = json.dumps(case(extra=1), ensure_ascii=False)
    settings = dataclasses.replace(settings, clock="virtual")  # else the machine's time: Redis' clock is not obeyed
    said = publish(settings, "case.reported", "/desk", "", f" {data}\n")
    entry_id, fields = _last(redis_client)
    assert said == f"published case.reported as {entry_id} (flagged: 1 unknown fields)"
    event = parse(entry_id, fields, NOON)
    assert isinstance(event, Event)
    assert (event.source, event.subject, event.time_ms) == ("/desk", "A1", NOON)
    assert fields[b"data"] == data.encode()


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("case.reported", "{", "not JSON"),
        ("case.reported", json.dumps(case(status="lost")), "bad_value: data: Invalid enum value 'lost'"),
        ("case.reported", json.dumps(case(lon=100.0)), "outside_district: position lon=100.0"),
        ("cases.reported", "{}", "unknown_type: type 'cases.reported'"),
    ],
)
def test_what_would_be_refused_is_not_published(
    settings: Settings, redis_client: redis.Redis, kind: str, data: str, says: str
) -> None:
    with pytest.raises(OperationError, match=says):
        publish(settings, kind, "/desk", "", data)
    assert not redis_client.exists(KEYS.events)


def test_a_redis_that_does_not_answer_is_said_in_a_sentence(settings: Settings) -> None:
    with pytest.raises(OperationError, match=r"Redis does not answer .*lianqin doctor"):
        publish(dataclasses.replace(settings, redis_url="redis://127.0.0.1:1/0"), "case.reported", "/x", "", "{}")


def test_a_loaded_package_is_in_place_in_the_store_and_told_to_the_stream(
    redis_url: str, redis_client: redis.Redis, tmp_path: Path, tiny_folder: Path
) -> None:
    settings = Settings(redis_url=redis_url, data_dir=tmp_path / "var")
    said = load_district(settings, tiny_folder)
    entry_id, fields = _last(redis_client)
    assert f"told to the stream as {entry_id}" in said
    assert "take it over within seconds" in said
    event = parse(entry_id, fields, NOON)
    assert isinstance(event, Event)
    load_district(settings, tiny_folder)
    doors = open_doors(settings)
    assert event.body == DistrictLoaded(digest=doors.district.digest, code=CODE)
    with doors.engine.connect() as connection:
        (kept,) = connection.execute(select(district_tables.packages)).all()
    assert (kept.digest, kept.code, kept.archive) == (doors.district.digest, CODE, archive(tiny_folder))
    doors.engine.dispose()
    _project(settings)


def test_a_package_of_another_district_leaves_everything_as_it_was(
    redis_url: str, redis_client: redis.Redis, tmp_path: Path, tiny_folder: Path
) -> None:
    settings = Settings(redis_url=redis_url, data_dir=tmp_path / "var")
    load_district(settings, tiny_folder)
    other = tmp_path / "other"
    other.mkdir()
    write_tiny_district(other)
    head = other / "district.toml"
    head.write_text(head.read_text("utf-8").replace(CODE, "990002"), "utf-8")
    with pytest.raises(WrongDistrict, match="990002"):
        load_district(settings, other)
    assert CODE in (settings.district_dir / "district.toml").read_text("utf-8")
    assert redis_client.xlen(KEYS.events) == 1


def test_a_refused_entry_is_listed_and_shown_without_persons(settings: Settings, redis_client: redis.Redis) -> None:
    doors = open_doors(settings)
    make_projector(doors)
    assert dead_list(settings) == ["no entry was refused"]
    dead = _refuse(settings, redis_client)
    (line,) = dead_list(settings)
    assert line.startswith(f"{dead}  ")
    assert "+08:00  bad_value  /case-system  data: Invalid enum value 'lost'" in line
    shown = "\n".join(dead_show(settings, dead))
    assert '"reporter":"***"' in shown
    assert "original: not kept: LIANQIN_DATA_KEY was not set when it came" in shown
    assert REPORTER["phone"] not in shown
    doors.engine.dispose()


def test_the_original_is_shown_with_the_key_and_only_with_it(settings: Settings, redis_client: redis.Redis) -> None:
    key, other = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    dead = _refuse(with_key := dataclasses.replace(settings, data_key=key), redis_client)
    assert REPORTER["phone"] in "\n".join(dead_show(with_key, dead))
    for data_key, says in (("", "set LIANQIN_DATA_KEY to read it"), (other, "with another LIANQIN_DATA_KEY")):
        shown = "\n".join(dead_show(dataclasses.replace(settings, data_key=data_key), dead))
        assert says in shown
        assert REPORTER["phone"] not in shown
    engine = open_engine(settings.database)
    with engine.connect() as connection:  # who had a key may have read it
        deeds = [(row.action, row.object) for row in audit.records(connection)]
    engine.dispose()
    assert deeds == [("dead_shown", dead)] * 2


def test_an_entry_that_would_be_refused_again_is_not_published(settings: Settings, redis_client: redis.Redis) -> None:
    dead = _refuse(settings, redis_client)
    with pytest.raises(OperationError, match="would be refused again, so nothing was published: bad_value"):
        dead_retry(settings, dead)
    assert redis_client.xlen(KEYS.events) == 1


def test_a_retry_after_a_mended_package_takes_the_case_in(
    redis_url: str, redis_client: redis.Redis, tmp_path: Path
) -> None:
    settings = Settings(redis_url=redis_url, data_dir=tmp_path, data_key=Fernet.generate_key().decode())
    package = settings.district_dir
    package.mkdir()
    write_tiny_district(package)
    streets = package / "streets.geojson"
    whole = streets.read_text("utf-8")
    for name in ("communities", "grids"):
        (package / f"{name}.geojson").unlink()
    first = json.loads(whole)
    first["features"] = first["features"][:1]
    streets.write_text(json.dumps(first), "utf-8")
    sent: bytes = redis_client.xadd(KEYS.events, entry(case(lon=119.0, lat=31.91), event_id="e-1"))
    _project(settings)
    dead = sent.decode()
    assert "outside_district" in dead_list(settings)[0]

    wide = json.loads(whole)
    wide["features"][1]["geometry"]["coordinates"][0][1][0] = 119.1
    wide["features"][1]["geometry"]["coordinates"][0][2][0] = 119.1
    streets.write_text(json.dumps(wide), "utf-8")
    redis_client.xtrim(KEYS.events, maxlen=0)
    (said,) = dead_retry(settings, dead)
    entry_id, fields = _last(redis_client)
    assert said == f"published {dead} again as {entry_id}; its row stays as a record"
    assert fields[b"id"] == b"e-1"
    _project(settings)
    doors = open_doors(settings)
    with doors.engine.connect() as connection:
        assert connection.execute(select(case_tables.cases.c.case_id, case_tables.cases.c.street)).all() == [
            ("A1", "S2")
        ]
    doors.engine.dispose()


def test_an_entry_that_broke_the_projector_can_be_tried_again_as_it_came(
    settings: Settings, redis_client: redis.Redis
) -> None:
    keyed = dataclasses.replace(settings, data_key=Fernet.generate_key().decode())
    broken = entry(case()) | {b"specversion": b"broken: TypeError"}
    sent: bytes = redis_client.xadd(KEYS.events, broken)
    _project(keyed)
    dead_retry(keyed, sent.decode())
    assert _last(redis_client)[1] == broken | {b"specversion": b"1.0"}


def test_without_the_original_and_the_entry_it_says_what_to_do(settings: Settings, redis_client: redis.Redis) -> None:
    dead = _refuse(settings, redis_client)
    redis_client.xtrim(KEYS.events, maxlen=0)
    with pytest.raises(OperationError, match="Ask /case-system to publish its newest state again"):
        dead_retry(settings, dead)


@pytest.mark.parametrize("entry_id", ["5-0", "yesterday", "", "1-99999999"])
def test_an_unknown_entry_is_said_in_a_sentence(settings: Settings, entry_id: str) -> None:
    doors = open_doors(settings)
    make_projector(doors)
    for look in (dead_show, dead_retry):
        with pytest.raises(OperationError, match="lianqin dead list"):
            look(settings, entry_id)
    doors.engine.dispose()


def test_a_demo_that_runs_is_found_by_its_data_folder(redis_url: str, tmp_path: Path) -> None:
    remember_redis(tmp_path, redis_url)
    assert with_local_redis(Settings(data_dir=tmp_path)).redis_url == redis_url
    given = Settings(data_dir=tmp_path, redis_url="redis://elsewhere/0")
    assert with_local_redis(given) is given


def test_the_kept_original_is_the_whole_entry(settings: Settings, redis_client: redis.Redis) -> None:
    keyed = dataclasses.replace(settings, data_key=Fernet.generate_key().decode())
    _refuse(keyed, redis_client)
    doors = open_doors(keyed)
    with doors.engine.connect() as connection:
        sealed = connection.execute(select(schema.dead.c.sealed)).scalar_one()
    plain = Fernet(keyed.data_key).decrypt(sealed)
    assert msgspec.msgpack.decode(plain, type=dict[bytes, bytes]) == _last(redis_client)[1]
    doors.engine.dispose()
