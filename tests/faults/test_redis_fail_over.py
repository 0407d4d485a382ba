"""The master of Redis is killed, frozen, changed by hand: whoever is bound to it finds the next one by itself."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from services.admin.doctor.stream_reader import redis_findings
from services.district.package import District
from services.platform.clock import SetClock
from services.platform.errors import fault_of
from services.platform.lease import Lease
from services.platform.redis import Keys, another, connect
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.platform.wakeups import Wakeups
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.redis_sets import NAME, SentinelSet
from tests.reference import dump
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis
EVENTS = Keys(CODE).events


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelSet]:
    found = SentinelSet(tmp_path_factory.mktemp("sentinels"))
    yield found
    found.end()


@contextlib.contextmanager
def projecting(url: str, engine: Engine, district: District) -> Iterator[Projector]:
    """A projector in a thread."""
    stream = EventStream(connect(url, CODE), CODE, "one")
    projector = Projector(stream, engine, Ingest(engine, district, Sealer("")), SetClock(NOON), chores_every_s=0.3)
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        yield projector
    finally:
        stop.set()
        thread.join(15)
        stream.client.close()


def until(what: Any, within_s: float = 20.0) -> Any:
    """Try until Redis does it; one that changes its master refuses or is away meanwhile."""
    end = time.monotonic() + within_s
    while True:
        try:
            return what()
        except redis.RedisError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def cases(engine: Engine) -> int:
    return len(dump(engine, "cases")["cases"])


def test_a_master_that_is_killed_is_followed_to_the_next(
    sentinels: SentinelSet, sqlite_engine: Engine, tiny: District
) -> None:
    client: Any = connect(sentinels.url, CODE)
    wakeups, lease = Wakeups(connect(sentinels.url, CODE), CODE), Lease(client, CODE)
    wakeups.wait(1)
    assert lease.hold()
    with projecting(sentinels.url, sqlite_engine, tiny):
        for n in range(20):
            client.xadd(EVENTS, dict(entry(case(f"A{n}"))))
        wait_until(lambda: cases(sqlite_engine) == 20, "taken in")
        assert client.wait(1, 2000) == 1
        killed = sentinels.master
        killed.kill()
        for n in range(20):
            until(lambda n=n: client.xadd(EVENTS, dict(entry(case(f"B{n}")))))
        assert sentinels.master is not killed
        wait_until(lambda: cases(sqlite_engine) == 40, "what came after it too", 20)
        assert until(lease.hold)
        assert until(lambda: wakeups.wait(2000)) is not None
        with another(client) as own:
            assert own.xlen(EVENTS) == 40
    wrong = [str(f) for f in redis_findings(Settings(redis_url=sentinels.url), CODE) if "master" in f.subject]
    assert wrong == [f"ok     Redis master: is 127.0.0.1:{sentinels.master.port}, says " + asked(sentinels)]
    killed.start()
    client.close()


def asked(sentinels: SentinelSet) -> str:
    return ", ".join(f"127.0.0.1:{s.port}" for s in sentinels.sentinels)


def test_the_doctor_names_a_sentinel_that_is_down_and_a_name_that_nobody_knows(sentinels: SentinelSet) -> None:
    down = sentinels.sentinels[0]
    down.kill()
    try:
        said = [str(f) for f in redis_findings(Settings(redis_url=sentinels.url), CODE) if f.is_wrong]
        assert f"127.0.0.1:{down.port} of 3 does not say where it is" in said[0]
    finally:
        down.start()
    other = sentinels.url.replace(f"/{NAME}", "/other")
    said = [str(f) for f in redis_findings(Settings(redis_url=other), CODE) if f.is_wrong]
    assert "nobody names one" in said[0]
    assert "SENTINEL MASTERS" in said[0]
    with pytest.raises(redis.ConnectionError) as caught:
        connect(other, CODE).ping()
    assert "nobody names a master" in fault_of(caught.value).words


@pytest.mark.slow
def test_a_master_that_became_a_replica_is_left_at_once(sentinels: SentinelSet) -> None:
    """By hand (``SENTINEL FAILOVER``): the old master lives and answers READONLY."""
    sentinels.settled()
    client: Any = connect(sentinels.url, CODE)
    client.set(Keys(CODE).clock, 1)
    before = sentinels.master
    until(lambda: sentinels.sentinels[0].client.execute_command("SENTINEL", "FAILOVER", NAME))
    wait_until(lambda: before.client.info("replication")["role"] == "slave", "it follows")
    until(lambda: client.set(Keys(CODE).clock, 2))
    assert sentinels.master.client.get(Keys(CODE).clock) == b"2"
    client.delete(Keys(CODE).clock)
    client.close()
