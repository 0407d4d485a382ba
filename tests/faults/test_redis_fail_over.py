"""The master of Redis is killed, frozen, changed by hand: whoever is bound to it finds the next one by itself."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from services.admin.doctor.stream_reader import redis_findings
from services.district.package import District
from services.platform.errors import fault_of
from services.platform.lease import Lease
from services.platform.redis import Keys, another, connect
from services.platform.settings import Settings
from services.platform.wakeups import Wakeups
from tests.browser.conftest import wait_until
from tests.faults.keeping_publisher import KeepingPublisher, cases, five_masters_end, lost, projecting, until
from tests.redis_sets import NAME, SentinelSet
from tests.tiny import CODE

pytestmark = pytest.mark.redis
EVENTS = Keys(CODE).events


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelSet]:
    found = SentinelSet(tmp_path_factory.mktemp("sentinels"))
    yield found
    found.end()


def test_what_a_master_takes_with_it_is_sent_again(
    sentinels: SentinelSet, sqlite_engine: Engine, tiny: District
) -> None:
    """Taken, and never passed on: of what was stored already nothing is lost, what was not is sent again, once.

    Whoever waits, leads or looks finds the next master by itself.
    """
    publisher = KeepingPublisher(sentinels.url)
    client, kept, publish = publisher.client, publisher.kept, publisher.publish
    wakeups, lease = Wakeups(connect(sentinels.url, CODE), CODE), Lease(client, CODE)
    wakeups.wait(1)
    assert lease.hold()
    with projecting(sentinels.url, sqlite_engine, tiny):
        publish("A")
        wait_until(lambda: cases(sqlite_engine) == 10, "taken in")
        wait_until(lambda: (kept.look(), len(kept))[1] == 0, "and dropped by the publisher")
        master = sentinels.master
        other = sentinels.second if master is sentinels.first else sentinels.first
        assert client.wait(1, 2000) == 1
        other.freeze()
        publish("B")
        wait_until(lambda: cases(sqlite_engine) == 20, "stored, and not passed on")
    publish("C")
    master.kill()
    other.thaw()
    assert len(kept) >= 10
    assert until(kept.look) >= 10
    with projecting(sentinels.url, sqlite_engine, tiny):
        publish("D")
        wait_until(lambda: cases(sqlite_engine) == 40, "all of it is there", 15)
        wait_until(lambda: (kept.look(), len(kept))[1] == 0, "and the publisher knows")
        assert until(lease.hold)
        assert until(lambda: wakeups.wait(100)) is not None
        with another(client) as own:
            assert own.xlen(EVENTS) >= 30
    assert lost(sqlite_engine) == 0
    assert client.get(Keys(CODE).stored) == client.xrevrange(EVENTS, count=1)[0][0]
    found = [str(f) for f in redis_findings(Settings(redis_url=sentinels.url), CODE) if "master" in f.subject]
    assert found == [f"ok     Redis master: is 127.0.0.1:{other.port}, says {asked(sentinels)}"]
    master.start()
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


def test_redis_and_the_sentinels_have_accounts_of_their_own(sentinels: SentinelSet) -> None:
    sentinels.master.client.execute_command("ACL", "SETUSER", "ours", "on", ">p@ss", "~*", "+@all")
    for server in sentinels.sentinels:
        server.client.execute_command("ACL", "SETUSER", "asker", "on", ">other", "+@all")
    account = sentinels.url.replace("://", "://ours:p%40ss@")
    with connect(f"{account}?sentinel_username=asker&sentinel_password=other", CODE) as client:
        assert client.acl_whoami() == "ours"
    with connect(f"{account}?sentinel_username=asker&sentinel_password=wrong", CODE) as client:
        with pytest.raises(redis.RedisError) as caught:
            client.ping()
        assert "refuse us" in fault_of(caught.value).words
        assert "AuthenticationError" in str(caught.value)
        assert "wrong" not in str(caught.value)


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


@pytest.mark.slow
def test_five_masters_one_after_the_other_under_a_hundred_events_a_second(
    sentinels: SentinelSet, sqlite_engine: Engine, tiny: District
) -> None:
    five_masters_end(sentinels, lambda: sentinels.master, sqlite_engine, tiny)
