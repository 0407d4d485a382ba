"""A Redis Cluster: the district's client is bound to its slot; its master is killed, the slot moves."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from redis.crc import key_slot
from sqlalchemy import Engine

from services.admin.doctor.stream_reader import redis_findings
from services.district.package import District
from services.platform.errors import fault_of
from services.platform.lease import Lease
from services.platform.redis import Keys, another, connect
from services.platform.settings import Settings
from services.platform.wakeups import Wakeups
from tests.browser.conftest import wait_until
from tests.faults.keeping_publisher import EVENTS, KeepingPublisher, cases, five_masters_end, lost, projecting, until
from tests.redis_sets import ClusterSet
from tests.tiny import CODE, case, entry

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterSet]:
    found = ClusterSet(tmp_path_factory.mktemp("cluster"), CODE)
    yield found
    found.end()


def test_the_product_runs_on_a_cluster_whose_master_is_killed(
    cluster: ClusterSet, sqlite_engine: Engine, tiny: District
) -> None:
    """MULTI, scripts, blocking reads and wake-ups, before it and after it; the doctor names the node."""
    publisher = KeepingPublisher(cluster.url)
    client: Any = publisher.client
    wakeups, lease = Wakeups(connect(cluster.url, CODE), CODE), Lease(client, CODE)
    wakeups.wait(1)
    assert lease.hold()
    with projecting(cluster.url, sqlite_engine, tiny):
        publisher.publish("A")
        wait_until(lambda: cases(sqlite_engine) == 10, "taken in")
        assert wakeups.wait(2000)
        killed = cluster.holder
        killed.kill()
        publisher.publish("B")
        wait_until(lambda: cases(sqlite_engine) == 20, "what came after it too", 20)
        assert until(lease.hold)
        assert until(lambda: wakeups.wait(100)) is not None
        with another(client) as own:
            assert own.exists(EVENTS)
    assert lost(sqlite_engine) == 0
    now = cluster.holder
    assert now is not killed
    (said, *silent) = [str(f) for f in redis_findings(Settings(redis_url=cluster.url), CODE) if "master" in f.subject]
    assert said.startswith(f"ok     Redis master: is 127.0.0.1:{now.port}")
    assert [f"127.0.0.1:{killed.port} of 3 does not say where it is" in one for one in silent] == [True]
    killed.start()
    client.close()


def test_a_slot_that_moves_is_followed_and_nothing_is_lost(
    cluster: ClusterSet, sqlite_engine: Engine, tiny: District
) -> None:
    cluster.settled()
    publisher = KeepingPublisher(cluster.url)
    before = cluster.holder
    with projecting(cluster.url, sqlite_engine, tiny):
        publisher.publish("A")
        with pytest.raises(redis.RedisError) as caught:
            cluster.move(halfway=lambda: publisher.client.set(Keys(CODE).sent("nobody"), 1))
        began = time.monotonic()
        cluster.move()
        publisher.publish("B")
        wait_until(lambda: cases(sqlite_engine) == 20, "all of it", 20)
        assert time.monotonic() - began < 5
    assert "on its way to another node" in fault_of(caught.value).words
    assert cluster.holder is not before
    assert lost(sqlite_engine) == 0


def test_one_node_given_as_one_server_says_how_to_give_a_cluster(cluster: ClusterSet) -> None:
    other = next(s for s in cluster.servers if s is not cluster.holder)
    with pytest.raises(redis.RedisError) as caught:
        connect(f"redis://127.0.0.1:{other.port}/0", CODE).xadd(EVENTS, dict(entry(case("A"))))
    assert "redis+cluster://host1,host2" in fault_of(caught.value).words


def test_districts_lie_on_several_masters(cluster: ClusterSet) -> None:
    codes = ["320499", "320498", "x", "nantong", "tz"]
    found = set()
    for code in codes:
        client: Any = connect(cluster.url, code)
        until(lambda client=client, code=code: client.set(Keys(code).clock, 1))
        port = cluster.holder_of(key_slot(Keys(code).clock.encode())).port
        assert client.connection_pool.master_address == ("127.0.0.1", port)
        found.add(port)
        client.delete(Keys(code).clock)
        client.close()
    assert len(found) == 3


@pytest.mark.slow
def test_five_masters_of_the_slot_under_a_hundred_events_a_second(
    cluster: ClusterSet, sqlite_engine: Engine, tiny: District
) -> None:
    five_masters_end(cluster, lambda: cluster.holder, sqlite_engine, tiny)
