"""The processes on Sentinels and on PostgreSQL with a stand-by: each master is killed, a screen follows."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Page

from services.access import service as accounts
from services.access.account import Account
from services.operations.embedded import EmbeddedRedis, free_port
from services.platform.clock import VirtualClock
from services.platform.database import open_engine
from services.platform.redis import Keys, connect
from tests.browser.conftest import Product, open_wall, wait_until
from tests.faults.keeping_publisher import KeepingPublisher
from tests.faults.test_database_fail_over import StandBy, both, made_pair
from tests.redis_sets import SentinelSet
from tests.servers import Postgres
from tests.tiny import CODE, NOON, write_tiny_district

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.postgres]


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[SentinelSet]:
    found = SentinelSet(tmp_path / "sentinels")
    yield found
    found.end()


@pytest.fixture
def pair(_postgres_server: Postgres) -> Iterator[tuple[Postgres, StandBy]]:
    yield from made_pair(_postgres_server)


@pytest.fixture
def product(tmp_path: Path, sentinels: SentinelSet, pair: tuple[Postgres, StandBy]) -> Iterator[Product]:
    """Projector and web process; who starts them with a server of their own is not asked here."""
    write_tiny_district(tmp_path)
    database = both(*pair)
    engine = open_engine(database)
    accounts.add(engine, 1, Account("wall", "大屏", "wall", addresses="127.0.0.1"), "")
    engine.dispose()
    port = free_port()
    made = Product(
        tmp_path,
        cast(EmbeddedRedis, sentinels.first),
        port,
        {
            "LIANQIN_CLOCK": "virtual",
            "LIANQIN_REDIS_URL": sentinels.url,
            "LIANQIN_DATABASE_URL": database,
            "LIANQIN_DISTRICT": str(tmp_path),
            "LIANQIN_PORT": str(port),
            "LIANQIN_CONSUMER": "test",
            "LIANQIN_MONITORS": "127.0.0.0/8",
        },
    )
    clock: dict[Any, Any] = dict(VirtualClock(NOON, time.time_ns() // 1_000_000).to_hash())
    connect(sentinels.url, CODE).hset(Keys(CODE).clock, mapping=clock)
    made.start("projector")
    made.start("web")
    try:
        wait_until(made.board, "the web process answers", 60)
        yield made
    finally:
        for process in made.processes.values():
            process.kill_family()
        for process in made.processes.values():
            process.wait(15)


def test_a_screen_follows_through_the_end_of_both_masters(
    product: Product, sentinels: SentinelSet, pair: tuple[Postgres, StandBy], page: Page
) -> None:
    primary, stand_by = pair
    publisher = KeepingPublisher(sentinels.url)

    def open_cases() -> int:
        return int((product.board() or {"open": -1})["open"])

    def shows(count: int, what: str) -> None:
        """The web process has so many, and the screen that was open all the time has heard of the last one."""
        wait_until(lambda: open_cases() == count, f"{what}: the web process", 30)
        last = product.board()["last_entry"]
        page.wait_for_selector(f'html[data-last-entry="{last}"]', state="attached", timeout=30_000)

    publisher.publish("A", 11)
    wait_until(lambda: open_cases() == 11, "taken in", 30)
    open_wall(page, product)
    shows(11, "at the beginning")
    sentinels.master.kill()
    publisher.publish("B", 12)
    shows(23, "after the end of Redis' master")
    primary.stop(signal.SIGQUIT)
    stand_by.promote()
    publisher.publish("C", 13)
    shows(36, "after the end of the primary")

    def ready() -> tuple[str, ...]:
        found = product.get("/readyz")
        return found["feed"], found["store"], found["store_host"]

    # The wake-up brought the last change; the store itself is asked twice a second.
    wait_until(lambda: ready() == ("up", "up", "2 of 2"), "it says which host answers", 5)
