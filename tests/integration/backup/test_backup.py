"""A backup under load is of one moment; put back elsewhere it is a fold of what was published till then."""

import contextlib
import dataclasses
import itertools
import resource
import shutil
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
import redis
from sqlalchemy import Engine, make_url, text

from services.audit import Who
from services.audit.log_service import AuditQuery, head, newest
from services.audit.service import open_log
from services.backup import manifest as form
from services.backup import postgres_store
from services.backup.making_service import make_backup
from services.backup.manifest import MANIFEST, BackupError, BackupManifest
from services.backup.restoring_service import restore_backup
from services.backup.source_reader import check_parts, open_source, read_manifest
from services.contract.entry import entry_order
from services.district.package import District
from services.health.hearts import Hearts
from services.platform.clock import SetClock
from services.platform.database import open_engine
from services.platform.migrate import revision_of
from services.platform.redis import Keys, connect
from services.platform.sealing import Sealer, make_key, name_of
from services.platform.settings import Settings
from services.projector.batch import Entry
from services.projector.ingest import Ingest
from services.projector.store.write import Feed, read_feed
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.reference import dump, from_scratch, life
from tests.tiny import CODE, NOON, case, entry, numbered

EVENTS = Keys(CODE).events
KEY = make_key()


def settings_of(engine: Engine, folder: Path, package: Path, **more: object) -> Settings:
    url = engine.url.render_as_string(hide_password=False)
    return dataclasses.replace(Settings(database_url=url, district=str(package), data_dir=folder), **more)  # type: ignore[arg-type]  # named settings


def feed_of(engine: Engine) -> Feed:
    with engine.connect() as connection:
        found = read_feed(connection)
    assert found is not None
    return found


@pytest.fixture
def there(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """The address of a place without a store, on the same kind of database."""
    if engine.dialect.name == "sqlite":
        yield f"sqlite:///{tmp_path / 'there' / 'lianqin.db'}"
        return
    with empty_database(engine) as url:
        yield url


@contextlib.contextmanager
def empty_database(engine: Engine) -> Iterator[str]:
    server = engine.url.set(drivername="postgresql", database="postgres", username="lianqin").render_as_string(
        hide_password=False
    )
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE there")
        try:
            yield engine.url.set(database="there").render_as_string(hide_password=False)
        finally:
            connection.execute("DROP DATABASE there WITH (FORCE)")


@contextlib.contextmanager
def sources(client: redis.Redis) -> Iterator[list[bytes]]:
    """A hundred events a second until the end of the block; the ids as they are given."""
    stop, ids = threading.Event(), list[bytes]()

    def run() -> None:
        for fields in itertools.cycle(life(5)):
            if stop.wait(0.01):
                return
            ids.append(client.xadd(EVENTS, dict(fields)))  # type: ignore[arg-type]  # an XADD answers with an id

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ids
    finally:
        stop.set()
        thread.join(10)


def projector(engine: Engine, url: str, district: District) -> Projector:
    stream = EventStream(connect(url), district.code, "one")
    return Projector(stream, engine, Ingest(engine, district, Sealer("")), SetClock(NOON))


def published(client: redis.Redis, up_to: str) -> list[Entry]:
    return [(one[0].decode(), one[1]) for one in client.xrange(EVENTS, max=up_to)]  # type: ignore[union-attr]  # a list


@pytest.mark.redis
def test_a_backup_under_load_put_back_elsewhere_is_a_fold_of_what_was_published_till_then(
    engine: Engine,
    there: str,
    redis_url: str,
    redis_client: redis.Redis,
    tiny: District,
    tiny_folder: Path,
    tmp_path: Path,
) -> None:
    here = settings_of(engine, tmp_path / "here", tiny_folder, redis_url=redis_url)
    stop = threading.Event()
    running = threading.Thread(target=projector(engine, redis_url, tiny).run, args=(stop,))
    running.start()
    try:
        with sources(redis_client) as ids:
            wait_until(lambda: len(ids) > 60 and feed_of(engine).revision > 5, "it runs")
            before = len(ids)
            kept, manifest = make_backup(here, tmp_path / "kept")
            during = len(ids) - before
            wait_until(lambda: len(ids) > before + during + 40, "sources go on")
        wait_until(lambda: feed_of(engine).position == ids[-1].decode(), "all is taken in")
    finally:
        stop.set()
        running.join(10)
    position = manifest.store.position
    assert entry_order(ids[0].decode()) < entry_order(position) < entry_order(ids[-1].decode())
    assert manifest.stream is not None
    other = dataclasses.replace(here, database_url=there, data_dir=tmp_path / "there", redis_url="")
    again, epoch = restore_backup(other, kept)
    assert again == manifest
    elsewhere = open_engine(there)
    feed = feed_of(elsewhere)
    assert (feed.position, feed.revision, feed.epoch) == (position, manifest.store.revision, epoch)
    assert epoch != manifest.store.epoch
    fold = from_scratch(tmp_path, tiny, published(redis_client, position))
    assert dump(elsewhere) == dump(fold)
    assert (manifest.store.cases, manifest.store.entries) == (
        len(dump(fold, "cases")["cases"]),
        len(dump(fold, "history")["history"]),
    )
    # What it lacks the stream still has.
    projector(elsewhere, redis_url, tiny).drain()
    assert dump(elsewhere) == dump(engine)
    assert (feed_of(elsewhere).position, feed_of(elsewhere).lost) == (ids[-1].decode(), 0)
    for one in (elsewhere, fold):
        one.dispose()


@pytest.fixture
def filled(sqlite_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path) -> Settings:
    """A SQLite store with cases, a reporter that is sealed, and an audit; without Redis."""
    settings = settings_of(sqlite_engine, tmp_path / "here", tiny_folder, data_key=KEY)
    reporter = {"reporter": {"name": "张三丰", "phone": "13812345678"}}
    entries = numbered([*life(1, cases=5, events=40), entry(case("S1", **reporter), event_id="s1")])
    Ingest(sqlite_engine, tiny, Sealer(KEY)).apply(entries, NOON, entries[-1][0])
    open_log(sqlite_engine, settings).append(NOON, Who("wang"), "see_case", "S1")
    return settings


@pytest.fixture
def kept(filled: Settings, tmp_path: Path) -> Path:
    return make_backup(filled, tmp_path / "kept")[0]


@pytest.fixture
def place(filled: Settings, tmp_path: Path) -> Settings:
    """Another machine: nothing lies there yet, not even the package."""
    return dataclasses.replace(
        filled, database_url="", data_dir=tmp_path / "there", district=str(tmp_path / "there" / "district")
    )


def nothing_there(place: Settings) -> bool:
    return not place.data_dir.exists() or not [path for path in place.data_dir.rglob("*") if path.is_file()]


def refused(place: Settings, path: Path, says: str) -> None:
    with pytest.raises(BackupError, match=says):
        restore_backup(place, path)
    assert nothing_there(place)


def test_it_holds_all_that_a_district_needs_but_the_key_and_nobody_else_may_read_it(
    filled: Settings, place: Settings, kept: Path, tiny_folder: Path
) -> None:
    with open_source(kept) as source:
        manifest = read_manifest(source)
    assert (manifest.district, manifest.keys, manifest.is_sealed) == (CODE, (name_of(KEY),), True)
    assert {part.name for part in manifest.parts} == {
        "store.db",
        form.HEADS,
        *(f"package/{path.name}" for path in tiny_folder.iterdir()),
    }
    for path in (kept, *kept.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        assert not path.is_file() or KEY.encode() not in path.read_bytes()
    assert [path.name for path in kept.parent.iterdir() if path.name != ".lock"] == [kept.name]
    restore_backup(place, kept)
    database = place.data_dir / "lianqin.db"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert {path.name for path in place.data_dir.iterdir()} == {"lianqin.db", "district"}
    assert {p.name: p.read_bytes() for p in place.district_dir.iterdir()} == {
        p.name: p.read_bytes() for p in tiny_folder.iterdir()
    }
    engine = open_engine(place.database)
    with engine.connect() as connection:
        row, seen = newest(connection, AuditQuery(), 2)
        assert (row.action, row.object, seen.action) == ("backup_restored", kept.name, "see_case")
        assert seen.link == manifest.audit.link
    engine.dispose()
    here = open_engine(filled.database)
    with here.connect() as connection:
        (made,) = newest(connection, AuditQuery(actions=("backup_made",)), 5)
        assert made.number == manifest.audit.number + 1 == head(connection).number
    here.dispose()
    assert dump_at(place) == dump_at(filled)


def dump_at(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    engine = open_engine(settings.database)
    found = dump(engine)
    engine.dispose()
    return found


def test_one_file_holds_the_same(filled: Settings, place: Settings, tmp_path: Path) -> None:
    file, manifest = make_backup(filled, tmp_path / "kept" / "night.tar")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as tar:
        assert tar.getnames() == [f"night/{name}" for name in (MANIFEST, *(part.name for part in manifest.parts))]
    file = file.rename(file.with_name("other-name.tar"))
    restore_backup(place, file)
    assert dump_at(place) == dump_at(filled)
    with pytest.raises(BackupError, match="is there already"):
        make_backup(filled, file)


def test_of_the_backups_in_a_folder_the_newest_stay_and_nothing_else_goes(filled: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    others = ["lianqin-110101-20250101T000000Z", "notes", f"lianqin-{CODE}-by-hand", f"lianqin-{CODE}-20250104T000000Z"]
    own = [f"lianqin-{CODE}-2025010{day}T000000Z" for day in (1, 2, 3)]
    for name in (*others, *own):
        (folder / name).mkdir(parents=True)
        if name != others[-1]:  # half of one is somebody's to look at
            (folder / name / MANIFEST).write_text("{}", "utf-8")
    kept, _ = make_backup(filled, folder, keep=2)
    assert {path.name for path in folder.iterdir()} == {*others, own[-1], kept.name, ".lock"}
    engine = open_engine(filled.database)
    with engine.connect() as connection:
        (made,) = newest(connection, AuditQuery(actions=("backup_made",)), 5)
    assert msgspec.json.decode(made.detail)["removed"] == own[:2]
    engine.dispose()


def spoil(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_changed_byte_is_found_wherever_it_is(kept: Path, place: Settings) -> None:
    for name in ("store.db", "package/streets.geojson", form.HEADS):
        spoil(kept / name, 100)
        refused(place, kept, f"{name} is not the one written down")
        spoil(kept / name, 100)
    size = (kept / MANIFEST).stat().st_size
    for at in (3, 90, size // 2, size - 1):
        spoil(kept / MANIFEST, at)
        refused(place, kept, "damaged")
        spoil(kept / MANIFEST, at)
    restore_backup(place, kept)


def test_half_a_backup_is_refused(filled: Settings, place: Settings, kept: Path, tmp_path: Path) -> None:
    refused(place, tmp_path / "nowhere", "there is no backup at")
    refused(place, kept.parent, f"holds 1 backup: name it, for example .*{kept.name}")
    whole = (kept / "store.db").read_bytes()
    (kept / "store.db").write_bytes(whole[:5000])
    refused(place, kept, "store.db has 5,000 of .* bytes")
    (kept / "store.db").unlink()
    refused(place, kept, "half a backup: store.db is not in it")
    (kept / MANIFEST).unlink()
    refused(place, kept, f"half of one: it has no {MANIFEST}")
    file, _ = make_backup(filled, tmp_path / "half.tar")
    whole = file.read_bytes()
    for length in (0, 700, len(whole) // 2):
        file.write_bytes(whole[:length])
        refused(place, file, "half")


def test_another_district_another_key_another_database_and_a_newer_program_are_refused(
    kept: Path, place: Settings, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "district.toml").write_text('code = "110101"\n', "utf-8")
    refused(
        dataclasses.replace(place, district=str(foreign)), kept, f"of district {CODE}, the package at .* is of 110101"
    )
    other = make_key()
    refused(dataclasses.replace(place, data_key=other), kept, f"key {name_of(KEY)}, and LIANQIN_DATA_KEY has")
    refused(dataclasses.replace(place, data_key=""), kept, "LIANQIN_DATA_KEY is not set")
    refused(
        dataclasses.replace(place, database_url="postgresql://nobody@127.0.0.1:1/x"),
        kept,
        "backup is of a sqlite store",
    )
    newer(kept)
    refused(place, kept, r"of a newer program \(99\.0, migration 9999\).*Install that program")


def newer(kept: Path) -> None:
    with open_source(kept) as source:
        manifest = read_manifest(source)
    rewritten(kept, msgspec.structs.replace(manifest, program="99.0", migration="9999"))


def rewritten(kept: Path, manifest: BackupManifest) -> None:
    (kept / MANIFEST).write_bytes(form.encode_manifest(manifest))


def test_a_manifest_that_somebody_made_reaches_no_other_place(kept: Path, place: Settings) -> None:
    with open_source(kept) as source:
        manifest = read_manifest(source)
    for name in ("package/../../../escaped", "/etc/passwd", "package//x", "package/.."):
        part = form.BackupPart(name, 0, "0" * 64)
        rewritten(kept, msgspec.structs.replace(manifest, parts=(*manifest.parts, part)))
        refused(place, kept, "its parts are not those of one")


def test_with_its_key_behind_a_newer_one_or_given_up_it_is_put_back(kept: Path, place: Settings) -> None:
    newer_key = make_key()
    restore_backup(dataclasses.replace(place, data_key=f"{newer_key},{KEY}"), kept)
    shutil.rmtree(place.data_dir)
    restore_backup(dataclasses.replace(place, data_key=""), kept, without_key=True)


def test_a_store_that_is_there_is_never_written_over(kept: Path, place: Settings, filled: Settings) -> None:
    before = dump_at(filled)
    with pytest.raises(BackupError, match=r"there is a store already: .*put it aside"):
        restore_backup(filled, kept)
    assert dump_at(filled) == before
    # What a killed restore has left is no store, and in nobody's way.
    place.data_dir.mkdir()
    (place.data_dir / "lianqin.db.restoring").write_bytes(b"half")
    restore_backup(place, kept)
    assert not (place.data_dir / "lianqin.db.restoring").exists()


@contextlib.contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file grows beyond so many bytes: as where a disk has no room left."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_leaves_nothing_half_done(
    filled: Settings, kept: Path, place: Settings, tmp_path: Path
) -> None:
    engine = open_engine(filled.database)
    with full_disk(100_000), pytest.raises(BackupError, match=r"no backup was kept.*Is the disk under .* full"):
        make_backup(filled, tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == [".lock"]
    with full_disk((kept / "store.db").stat().st_size + 2_000), pytest.raises(BackupError, match="no backup was kept"):
        make_backup(filled, tmp_path / "other" / "x.tar")
    assert [path.name for path in (tmp_path / "other").iterdir()] == [".lock"]
    with engine.connect() as connection:
        assert len(newest(connection, AuditQuery(actions=("backup_made",)), 5)) == 1
    engine.dispose()
    with full_disk(100_000):
        refused(place, kept, "it was not put back: .*See the disk")
    restore_backup(place, kept)


def test_a_wrong_key_an_empty_store_and_another_package_make_no_backup(
    filled: Settings, tiny_folder: Path, tmp_path: Path
) -> None:
    wanted: list[tuple[Settings, str]] = [
        (dataclasses.replace(filled, data_key=make_key()), "does not open what the store has sealed"),
        (dataclasses.replace(filled, district=str(tmp_path / "none")), "no district package at"),
        (dataclasses.replace(filled, database_url="", data_dir=tmp_path / "no"), "there is no store at"),
    ]
    foreign = tmp_path / "foreign"
    shutil.copytree(tiny_folder, foreign)
    (foreign / "district.toml").write_text('code = "110101"\n', "utf-8")
    wanted.append((dataclasses.replace(filled, district=str(foreign)), f"holds district {CODE}, the package .* 110101"))
    for settings, says in wanted:
        with pytest.raises(BackupError, match=says):
            make_backup(settings, tmp_path / "kept")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [".lock"]


@pytest.mark.redis
def test_nothing_is_put_back_while_a_process_of_the_district_lives(
    filled: Settings, kept: Path, place: Settings, redis_url: str, redis_client: redis.Redis, tiny: District
) -> None:
    place = dataclasses.replace(place, redis_url=redis_url)
    with Hearts(redis_client, CODE, tiny.digest) as hearts:
        hearts.begin("projector")
        wait_until(lambda: redis_client.exists(Keys(CODE).processes), "it beats")
        refused(place, kept, "projector of district .* run on the Redis .* stop every process first")
    restore_backup(place, kept)


@pytest.mark.postgres
def test_a_stand_by_a_filled_database_and_half_a_dump_change_nothing_on_postgresql(
    postgres_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path
) -> None:
    here = settings_of(postgres_engine, tmp_path / "here", tiny_folder)
    entries = numbered(life(1, cases=5, events=40))
    Ingest(postgres_engine, tiny, Sealer("")).apply(entries, NOON, entries[-1][0])
    with read_only(postgres_engine), pytest.raises(BackupError, match=r"read-only: a stand-by.*promote"):
        make_backup(here, tmp_path / "kept")
    kept, manifest = make_backup(here, tmp_path / "kept")
    with pytest.raises(BackupError, match=r"has \d+ tables.*createdb"):
        restore_backup(here, kept)
    with empty_database(postgres_engine) as url:
        there = dataclasses.replace(here, database_url=url, district=str(tmp_path / "district"))
        nowhere = dataclasses.replace(
            there, database_url=make_url(url).set(database="nowhere").render_as_string(hide_password=False)
        )
        with pytest.raises(BackupError, match=r'does not answer.*"nowhere" does not exist.*createdb'):
            restore_backup(nowhere, kept)
        engine = open_engine(url)
        with read_only(engine), pytest.raises(BackupError, match="read-only: a stand-by"):
            restore_backup(there, kept)
        whole = (kept / "store.dump").read_bytes()
        for fill, error in ((_ends(whole), BackupError), (_breaks(whole), OSError)):
            with pytest.raises(error):
                postgres_store.restore_store(url, fill)
            assert revision_of(engine) is None
        assert not (tmp_path / "district").exists()
        restore_backup(there, kept)
        assert dump(engine) == dump(postgres_engine)
        assert (tmp_path / "district" / "streets.geojson").is_file()
        engine.dispose()
    with open_source(kept) as source:
        check_parts(source, manifest)


def _ends(whole: bytes) -> Callable[[Callable[[bytes], object]], None]:
    def fill(write: Callable[[bytes], object]) -> None:
        write(whole[: len(whole) // 2])

    return fill


def _breaks(whole: bytes) -> Callable[[Callable[[bytes], object]], None]:
    def fill(write: Callable[[bytes], object]) -> None:
        write(whole[:-5000])
        raise OSError("the disk is gone")

    return fill


@contextlib.contextmanager
def read_only(engine: Engine) -> Iterator[None]:
    """A database that refuses every write, as a stand-by does."""
    name = engine.url.database
    server = engine.url.set(database="postgres").render_as_string(hide_password=False)
    admin = open_engine(server)

    def say(statement: str) -> None:
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
        engine.dispose()

    say(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        yield
    finally:
        say(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        admin.dispose()


@pytest.mark.postgres
def test_without_postgresqls_programs_it_says_which_to_install(
    postgres_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ingest(postgres_engine, tiny, Sealer(""))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="pg_dump is not on the PATH: install PostgreSQL's client programs"):
        make_backup(settings_of(postgres_engine, tmp_path / "here", tiny_folder), tmp_path / "kept")
