"""A publisher that keeps what is not stored yet, and a projector beside it: for the tests of fail-over."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis
from sqlalchemy import Engine

from services.district.package import District
from services.platform.clock import SetClock
from services.platform.kept_entries import KeptEntries
from services.platform.redis import Keys, connect
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.store.write import read_feed
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.redis_sets import ClusterSet, SentinelSet, Server
from tests.reference import dump
from tests.tiny import CODE, NOON, case, entry

EVENTS = Keys(CODE).events


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


def lost(engine: Engine) -> int:
    """What the store counts as lost."""
    with engine.connect() as connection:
        feed = read_feed(connection)
    assert feed is not None
    return feed.lost


class KeepingPublisher:
    """Sends cases, each a new one, by docs/contract.md, «After a fail-over»."""

    def __init__(self, url: str) -> None:
        self.client: Any = connect(url, CODE)
        self.kept = KeptEntries(self.client, CODE)
        self.count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def publish(self, names: str, count: int = 10) -> None:
        """Look, send, keep; what was refused or not answered is sent again."""
        found = [dict(entry(case(f"{names}{n}"))) for n in range(count)]
        until(self.kept.look)
        ids = [until(lambda one=one: self.client.xadd(EVENTS, one)) for one in found]
        self.kept.keep(ids, found)
        self.count += count

    @contextlib.contextmanager
    def steadily(self) -> Iterator["KeepingPublisher"]:
        """A hundred a second, in a thread of its own."""
        self._thread.start()
        try:
            yield self
        finally:
            self.stop()

    def stop(self) -> None:
        """Publish nothing more, once all that was sent is stored."""
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        batch = 0
        while not self._stop.is_set():
            self.publish(f"S{batch}-")
            batch += 1
            time.sleep(0.1)
        end = time.monotonic() + 30
        while len(self.kept) and time.monotonic() < end:
            with contextlib.suppress(redis.RedisError):
                self.kept.look()
            time.sleep(0.1)


def five_masters_end(
    servers: SentinelSet | ClusterSet, holder: Callable[[], Server], engine: Engine, district: District
) -> None:
    """One after the other under a hundred events a second: all that was published is there, once."""
    servers.settled()
    connect(servers.url, CODE).delete(EVENTS, Keys(CODE).stored)
    with projecting(servers.url, engine, district), KeepingPublisher(servers.url).steadily() as publisher:
        for _ in range(5):
            time.sleep(1)
            killed = holder()
            killed.kill()
            wait_until(lambda killed=killed: holder() is not killed, "another takes over", 30)
            time.sleep(1)
            killed.start()
            servers.settled()
        publisher.stop()
        wait_until(lambda: cases(engine) == publisher.count, "all that was published is there", 30)
    assert lost(engine) == 0
