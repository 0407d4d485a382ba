"""The Redis users of deploy/redis/lianqin.acl: the product runs as them, and each may do no more than is said of it."""

import contextlib
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from services.admin.doctor.stream_reader import redis_findings
from services.district.package import District
from services.health.hearts import Hearts
from services.keeping.worker import RetentionKeeper
from services.operations.embedded import free_port, server_binaries
from services.platform.clock import SetClock
from services.platform.lease import Lease
from services.platform.redis import Keys, connect
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.platform.wakeups import Wakeups
from services.projector.errands.publishing import publish
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.reference import dump
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis
USERS_FILE = Path(__file__).parents[2] / "deploy/redis/lianqin.acl"
KEYS = Keys(CODE)
EVENTS, COMMANDS = KEYS.events, KEYS.commands
LINES = [
    (f"SETUSER {line}", name)
    for line, name in re.findall(r"^user ((\w+) .*)$", USERS_FILE.read_text("utf-8"), re.MULTILINE)
    if name != "default"  # the tests' own client is that one
]
USERS = [name for _, name in LINES]


@pytest.fixture
def urls(redis_client: redis.Redis, redis_url: str) -> Iterator[dict[str, str]]:
    """By user the address, as the file makes them."""
    for line, _ in LINES:
        arguments = re.findall(r"\([^)]*\)|\S+", line.replace("320499", CODE))
        redis_client.execute_command("ACL", *arguments)
    yield {name: redis_url.replace("redis://", f"redis://{name}:{name.upper()}-PASSWORD@") for name in USERS}
    redis_client.execute_command("ACL", "DELUSER", *USERS)


@pytest.fixture
def clients(urls: dict[str, str]) -> Iterator[dict[str, Any]]:
    found = {name: connect(url) for name, url in urls.items()}
    yield found
    for client in found.values():
        client.close()


def test_the_file_has_these_users_and_lets_nobody_in_without_a_name() -> None:
    assert USERS == ["administrator", "publisher", "casesystem", "lianqin"]
    first, *others = USERS_FILE.read_text("utf-8").splitlines()
    assert first.split()[:3] == ["user", "default", "off"]
    assert len(others) == len(USERS)


def test_a_server_takes_the_file(tmp_path: Path) -> None:
    """With the settings beside it: an administrator copies both."""
    for name in ("lianqin.acl", "lianqin.conf"):
        text = USERS_FILE.with_name(name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/etc/redis/", f"{tmp_path}/"), "utf-8")
    port = free_port()
    server = subprocess.Popen(
        [server_binaries()[0], tmp_path / "lianqin.conf", "--port", str(port), "--dir", tmp_path,
         "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with connect(f"redis://publisher:PUBLISHER-PASSWORD@127.0.0.1:{port}") as client:
            wait_until(lambda: is_there(client), "the server answers")
            assert client.xadd(Keys("320499").events, {"a": "b"})
        with connect(f"redis://administrator:ADMINISTRATOR-PASSWORD@127.0.0.1:{port}") as person:
            assert person.config_set("maxmemory", "2gb")
            assert person.acl_whoami() == "administrator"
        with connect(f"redis://127.0.0.1:{port}") as nobody, pytest.raises(redis.exceptions.AuthenticationError):
            nobody.ping()
    finally:
        server.terminate()
        server.wait(10)


def is_there(client: Any) -> bool:
    with contextlib.suppress(redis.exceptions.ConnectionError):
        return bool(client.ping())
    return False


def test_the_product_runs_as_its_user(
    clients: dict[str, Any],
    urls: dict[str, str],
    sqlite_engine: Engine,
    tiny: District,
    tiny_folder: Path,
    tmp_path: Path,
) -> None:
    """Events come from the publisher, commands go to the case system, everything between is ours."""
    ours = clients["lianqin"]
    clients["publisher"].xadd(EVENTS, dict(entry(case("A"))))
    clients["casesystem"].xadd(EVENTS, dict(entry(case("B"))))
    clients["publisher"].xadd(EVENTS, dict(entry(case(version=0))))
    settings = Settings(redis_url=urls["lianqin"], district=str(tiny_folder), data_dir=tmp_path)
    publish(
        settings,
        "case.reported",
        "/desk",
        "",
        '{"case_id":"P","version":1,"status":"reported","channel":"GRID","reported_at":"2026-11-23T11:00:00+08:00"}',
    )
    stream = EventStream(ours, CODE, "one")
    projector = Projector(
        stream, sqlite_engine, Ingest(sqlite_engine, tiny, Sealer("")), SetClock(NOON), chores_every_s=0.0
    )
    projector.drain()
    projector._chores()
    projector._make_room()
    projector._advance()
    stream.set_back("0-0", 0)
    projector.drain()
    assert projector.waiting is None
    assert clients["publisher"].get(KEYS.stored) == clients["casesystem"].get(KEYS.stored) == ours.get(KEYS.stored)
    assert ours.get(KEYS.stored) == ours.xrevrange(EVENTS, count=1)[0][0]
    assert sorted(row[0] for row in dump(sqlite_engine, "cases")["cases"]) == ["A", "B", "P"]
    assert len(dump(sqlite_engine, "dead")["dead"]) == 1
    wakeups = Wakeups(ours, CODE)
    wakeups.wait(1)
    wakeups.tell(9)
    wakeups.wait(100)
    lease = Lease(ours, CODE)
    assert lease.hold()
    assert lease.send("decision", "", "Q1", {b"id": b"Q1", b"type": b"case.urge"}) == "Q1"
    lease.forget(["decision"])
    lease.release()
    with Hearts(ours, CODE) as hearts:
        hearts.begin("projector")
        time.sleep(0.1)
    RetentionKeeper(settings, sqlite_engine, ours, CODE, SetClock(NOON)).once()
    findings = [f for f in redis_findings(settings, CODE) if "NOPERM" in str(f) or "could not" in str(f)]
    assert findings == []
    ours.set(Keys(CODE).past_alive, 1, ex=5)
    with ours.pipeline() as pipe:
        pipe.rpush(Keys(CODE).past_ask, b"x")
        pipe.expire(Keys(CODE).past_ask, 5)
        pipe.execute()
    assert ours.blpop([Keys(CODE).past_ask], timeout=1)
    case_system = clients["casesystem"]
    case_system.xgroup_create(COMMANDS, "cases", "0")
    (_, entries), *_ = case_system.xreadgroup("cases", "one", {COMMANDS: ">"})
    assert case_system.xack(COMMANDS, "cases", entries[0][0]) == 1


FORBIDDEN = {
    "publisher": [
        ["XADD", COMMANDS, "*", "type", "case.urge"], ["HSET", KEYS.clock, "origin", "x"],
        ["XRANGE", EVENTS, "-", "+"], ["XREAD", "STREAMS", EVENTS, "0"], ["XTRIM", EVENTS, "MAXLEN", "0"],
        ["DEL", EVENTS], ["XGROUP", "DESTROY", EVENTS, "projector"], ["XDEL", EVENTS, "1-0"],
        ["XADD", Keys("999999").events, "*", "a", "b"], ["XADD", KEYS.board, "*", "revision", "1"],
        ["XADD", KEYS.dead, "*", "a", "b"], ["GET", KEYS.lease("escalator")], ["FLUSHALL"], ["CONFIG", "GET", "*"],
        ["KEYS", "*"], ["EVAL", "return 1", "0"], ["ACL", "WHOAMI"], ["SHUTDOWN", "NOSAVE"], ["INFO"],
        ["XREADGROUP", "GROUP", "projector", "x", "STREAMS", COMMANDS, ">"],
        ["SET", KEYS.stored, "9-0"], ["DEL", KEYS.stored], ["GET", Keys("999999").stored],
    ],
    "casesystem": [
        ["XADD", COMMANDS, "*", "type", "case.urge"], ["HSET", KEYS.clock, "origin", "x"],
        ["XRANGE", EVENTS, "-", "+"], ["XREAD", "STREAMS", EVENTS, "0"], ["XTRIM", EVENTS, "MAXLEN", "0"],
        ["XTRIM", COMMANDS, "MAXLEN", "0"], ["DEL", COMMANDS], ["XADD", KEYS.board, "*", "revision", "1"],
        ["XGROUP", "CREATE", EVENTS, "mine", "0"], ["XGROUP", "DESTROY", COMMANDS, "cases"],
        ["XREADGROUP", "GROUP", "projector", "x", "STREAMS", EVENTS, ">"],
        ["XACK", EVENTS, "projector", "1-0"], ["SET", KEYS.stored, "9-0"], ["GET", KEYS.clock],
        ["FLUSHALL"], ["CONFIG", "GET", "*"], ["KEYS", "*"], ["EVAL", "return 1", "0"], ["SHUTDOWN", "NOSAVE"],
        ["XREAD", "STREAMS", Keys("999999").commands, "0"],
    ],
    "lianqin": [
        ["FLUSHALL"], ["FLUSHDB"], ["CONFIG", "SET", "maxmemory", "1"], ["KEYS", "*"], ["ACL", "LIST"],
        ["SHUTDOWN", "NOSAVE"], ["CLIENT", "KILL", "TYPE", "normal"],
        ["HGETALL", Keys("999999").clock], ["XADD", Keys("999999").events, "*", "a", "b"], ["GET", "other"],
        ["XGROUP", "DESTROY", EVENTS, "projector"], ["REPLICAOF", "NO", "ONE"],
        ["EVAL", "return redis.call('GET', KEYS[1])", "1", "other"], ["MIGRATE", "h", "1", "k", "0", "1"],
    ],
}  # fmt: skip


@pytest.mark.parametrize("user", list(FORBIDDEN))
def test_what_a_user_may_not(user: str, clients: dict[str, Any], redis_client: redis.Redis) -> None:
    redis_client.xadd(EVENTS, {"a": "b"})
    redis_client.xadd(COMMANDS, {"a": "b"})
    allowed = []
    for command in FORBIDDEN[user]:
        try:
            clients[user].execute_command(*command)
        except redis.exceptions.NoPermissionError:
            continue
        except redis.ResponseError as error:
            if "ACL failure" in str(error) or "NOPERM" in str(error):
                continue
            allowed.append(f"{shlex.join(command)}: {error}")
        else:
            allowed.append(shlex.join(command))
    assert allowed == []


def test_a_projector_whose_user_lacks_a_right_says_so_and_stays(
    redis_client: redis.Redis, urls: dict[str, str], sqlite_engine: Engine, tiny: District
) -> None:
    stream = EventStream(connect(urls["lianqin"]), CODE, "one")
    projector = Projector(stream, sqlite_engine, Ingest(sqlite_engine, tiny, Sealer("")), SetClock(NOON))
    redis_client.execute_command("ACL", "SETUSER", "lianqin", "-xreadgroup")
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    wait_until(lambda: (projector.waiting or ("",))[0] == "redis_rights", "it says so")
    redis_client.execute_command("ACL", "SETUSER", "lianqin", "+xreadgroup")
    redis_client.xadd(EVENTS, dict(entry(case("A"))))
    wait_until(lambda: len(dump(sqlite_engine, "cases")["cases"]) == 1, "it goes on")
    stop.set()
    thread.join(10)
    stream.client.close()
