"""Nobody else on the machine reads what we keep; the clock of Redis is obeyed in a demo or a replay alone."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from dashboard.cli.main import main
from services.district.doors import district_clock, open_doors
from services.operations.embedded import EmbeddedRedis, EmbeddedRedisError, server_at, server_binaries
from services.operations.local import remember_redis, with_local_redis
from services.platform.clock import FollowedClock, SystemClock, VirtualClock
from services.platform.database import open_engine
from services.platform.files import private_folder
from services.platform.migrate import head, upgrade
from services.platform.redis import Keys, connect
from services.platform.settings import Settings, from_environment
from tests.tiny import CODE, NOON, case


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{path} {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
        if path.lstat().st_mode & 0o077 and not path.is_symlink()
    ]


@pytest.fixture
def open_umask() -> object:
    """What most machines have: files for everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.redis
def test_every_file_of_a_command_is_for_its_user_alone(
    tmp_path: Path, tiny_folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch, open_umask: object
) -> None:
    data = tmp_path / "data"
    for name, value in {"DATA_DIR": str(data), "DISTRICT": str(tiny_folder), "REDIS_URL": redis_url}.items():
        monkeypatch.setenv(f"LIANQIN_{name}", value)
    assert main(["publish", "case.reported", "--data", json.dumps(case())]) == 0
    assert main(["upgrade"]) == 0
    assert main(["contract", str(data / "contract")]) == 0
    assert main(["archive", "write", "--before", "2026-01"]) in {0, 1}
    assert (data / "lianqin.db").exists()
    assert open_to_others(data) == []


def test_a_private_redis_asks_for_its_password_and_leaves_nothing_open(tmp_path: Path, open_umask: object) -> None:
    server = EmbeddedRedis(tmp_path / "data" / "redis", private=True)
    server.start()
    try:
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        with connect(server.url) as client:
            client.xadd("s", {"a": "b"})
            assert client.info("persistence")["aof_enabled"] == 1
        command = Path(f"/proc/{server.pid}/cmdline").read_bytes().decode()
        assert server.password not in command
        remember_redis(tmp_path / "data", server.url)
        assert with_local_redis(Settings(data_dir=tmp_path / "data")).redis_url == server.url
    finally:
        server.stop()
    assert open_to_others(tmp_path / "data" / "redis") == []
    assert stat.S_IMODE((tmp_path / "data" / "redis.url").stat().st_mode) == 0o600


def test_what_an_earlier_version_left_open_is_closed_and_nothing_else(tmp_path: Path, open_umask: object) -> None:
    ours, strange = tmp_path / "ours", tmp_path / "strange"
    for folder in (ours, strange):
        (folder / "sub").mkdir(parents=True)
        (folder / "note").write_text("x")
    (ours / "lianqin.db").write_text("x")
    (ours / "redis" / "appendonlydir").mkdir(parents=True)
    (ours / "redis" / "appendonlydir" / "a.aof").write_text("x")
    private_folder(ours)
    private_folder(strange)
    assert stat.S_IMODE(ours.stat().st_mode) == 0o700
    assert open_to_others(ours / "redis") == []
    assert stat.S_IMODE(strange.stat().st_mode) == 0o755


AOF_OF_ANOTHER = """#!{python}
import sys
if "--version" in sys.argv:
    print("Redis server v=6.0.0 sha=0")
else:
    print("# Can't handle RDB format version 80")
    print("# Fix it with redis-check-aof --fix")
    sys.exit(1)
"""


def test_a_folder_that_another_server_wrote_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "redis"
    server = EmbeddedRedis(folder)
    server.start()
    with connect(server.url) as client:
        client.set("kept", "yes")
    server.stop()
    wrote = json.loads((folder / "server.json").read_text())
    assert wrote == server_at(server_binaries()[0])._asdict()

    other = tmp_path / "bin" / "redis-server"
    other.parent.mkdir()
    other.write_text(AOF_OF_ANOTHER.format(python=sys.executable))
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{other.parent}:{os.environ['PATH']}")
    again = EmbeddedRedis(folder)  # the server that wrote it is still here: it comes first
    again.start()
    with connect(again.url) as client:
        assert client.get("kept") == b"yes"
    again.stop()

    gone = {**wrote, "version": "9.1.0", "path": str(tmp_path / "gone")}
    (folder / "server.json").write_text(json.dumps(gone))
    monkeypatch.setattr("services.operations.embedded.server_binaries", lambda: [other])
    with pytest.raises(EmbeddedRedisError) as caught:
        EmbeddedRedis(folder).start()
    said = str(caught.value)
    assert f"9.1.0 ({tmp_path / 'gone'})" in said
    assert f"redis 6.0.0 ({other}) cannot read it" in said
    assert "--data-dir" in said
    assert "check-aof" not in said


@pytest.mark.redis
def test_the_clock_of_redis_is_obeyed_only_where_the_setting_says_so(
    redis_url: str, redis_client: redis.Redis, tiny_folder: Path, tmp_path: Path
) -> None:
    """Whoever can write one key must not set the whole house's time."""
    redis_client.hset(Keys(CODE).clock, mapping=dict(VirtualClock(NOON, NOON, 1.0, NOON).to_hash()))
    settings = Settings(redis_url=redis_url, district=str(tiny_folder), data_dir=tmp_path)
    doors = open_doors(settings)
    assert isinstance(doors.clock, SystemClock)
    assert isinstance(district_clock(settings, redis_client, CODE), SystemClock)
    doors.engine.dispose()
    virtual = Settings(redis_url=redis_url, district=str(tiny_folder), data_dir=tmp_path, clock="virtual")
    doors = open_doors(virtual)
    assert isinstance(doors.clock, FollowedClock)
    assert doors.clock.now_ms() == NOON
    assert district_clock(virtual, redis_client, CODE).now_ms() == NOON
    doors.engine.dispose()


def test_settings_that_cannot_be_are_said() -> None:
    with pytest.raises(ValueError, match=r"LIANQIN_CLOCK='sundial' is no clock"):
        from_environment({"LIANQIN_CLOCK": "sundial"})
    with pytest.raises(ValueError, match=r"'mysql'.*PostgreSQL or SQLite"):
        _ = from_environment({"LIANQIN_DATABASE_URL": "mysql://u@h/n"}).database


@pytest.mark.redis
@pytest.mark.parametrize("command", ["projector", "web", "escalator", "alarms"])
def test_a_program_that_is_older_than_its_store_says_so(
    command: str, redis_url: str, tiny_folder: Path, tmp_path: Path
) -> None:
    """A sentence, exit code 1, no traceback."""
    settings = Settings(redis_url=redis_url, district=str(tiny_folder), data_dir=tmp_path)
    engine = open_engine(settings.database)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            **os.environ,
            "LIANQIN_REDIS_URL": redis_url,
            "LIANQIN_DISTRICT": str(tiny_folder),
            "LIANQIN_DATA_DIR": str(tmp_path),
            "LIANQIN_PORT": "1",
        },
    )
    assert done.returncode == 1
    assert f"the store is at revision 9999, this program knows revisions up to {head()}" in done.stderr
    assert "Traceback" not in done.stderr
