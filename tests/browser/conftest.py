"""A whole product for a browser test: Redis, store, projector and web as real processes on free ports."""

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep, time_ns
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine

from services.access import service as accounts
from services.access.account import Account
from services.operations.embedded import EmbeddedRedis, free_port
from services.platform.clock import VirtualClock
from services.platform.database import open_engine
from services.platform.redis import Keys
from services.projector.store.write import read_feed
from tests import warm
from tests.servers import Postgres
from tests.stores import fresh_sqlite
from tests.tiny import CODE, NOON, write_tiny_district

LOOPBACK = "127.0.0.0/8"
# The shell is the same Chromium without windows around its pages: a page costs a quarter of the processor time.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip


def wait_until(check: Callable[[], Any], what: str, limit_s: float = 20) -> Any:
    """The first true answer of ``check``; fails by name when it does not come in time."""
    end = monotonic() + limit_s
    while monotonic() < end:
        if found := check():
            return found
        sleep(0.05)
    raise AssertionError(f"not within {limit_s} s: {what}")


@dataclass
class Product:
    """Handles on the running product."""

    folder: Path
    redis: EmbeddedRedis
    port: int
    environment: dict[str, str]
    processes: dict[str, warm.Process] = field(default_factory=dict)
    cookie: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> Keys:
        return Keys(CODE)

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.redis.port)

    def start(self, name: str, *arguments: str) -> None:
        self.processes[name] = warm.start([name, *arguments], self.environment, self.folder / f"{name}.log")

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(15)

    def get(self, path: str) -> Any:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=5) as answer:
            return json.loads(answer.read())

    def become_leader(self) -> None:
        """From now on the test's own looks are a leader's and no wall's."""
        engine = open_engine(self.environment["LIANQIN_DATABASE_URL"])
        self.cookie = leader_cookie(engine)
        engine.dispose()

    def board(self) -> Any:
        try:
            return self.get("/api/v1/board")
        except OSError:
            return None

    def is_fed(self) -> bool:
        engine = open_engine(self.environment["LIANQIN_DATABASE_URL"])
        with engine.connect() as connection:
            found = read_feed(connection)
        engine.dispose()
        return found is not None

    def publish(self, *entries: dict[bytes, bytes]) -> str:
        with self.client() as client:
            last: Any = b"0-0"
            for fields in entries:
                last = client.xadd(self.keys.events, dict(fields))
        return last.decode()

    def publish_and_wait(self, *entries: dict[bytes, bytes]) -> str:
        last = self.publish(*entries)
        wait_until(lambda: (self.board() or {}).get("last_entry") == last, f"the board shows entry {last}")
        return last


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The tiny district's product on SQLite and a virtual clock that began at noon of 2026-11-23, Shanghai time."""
    yield from run_product(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture
def product_on_postgres(tmp_path: Path, postgres_engine: Engine, _postgres_server: Postgres) -> Iterator[Product]:
    """The same on PostgreSQL."""
    postgres_engine.dispose()
    yield from run_product(tmp_path, _postgres_server.url)


def leader_cookie(engine: Engine) -> str:
    """A new leader's session."""
    accounts.add(engine, 1, Account("watch", "看守", "leader"), "")
    now = time_ns() // 1_000_000
    return f"lianqin={accounts.log_in_as(engine, now, 'tests|watch', 'watch', '127.0.0.1').token}"


def run_product(folder: Path, database: str, wall: str = LOOPBACK, **more: str) -> Iterator[Product]:
    """``wall``: where the wall stands; a test whose browsers must log in puts it elsewhere. ``more``: settings."""
    write_tiny_district(folder)
    server = EmbeddedRedis(folder / "redis")
    server.start()
    if (name := database.removeprefix("sqlite:///")) != database and not Path(name).exists():
        fresh_sqlite(Path(name))
    engine = open_engine(database)
    accounts.add(engine, 1, Account("wall", "大屏", "wall", addresses=wall), "")
    cookie = ""
    if wall != LOOPBACK:  # the test's own looks need a log-in then
        cookie = leader_cookie(engine)
    engine.dispose()
    port = free_port()
    made = Product(folder, server, port, {
        "LIANQIN_CLOCK": "virtual",
        "LIANQIN_REDIS_URL": server.url, "LIANQIN_DATABASE_URL": database, "LIANQIN_DISTRICT": str(folder),
        "LIANQIN_PORT": str(port), "LIANQIN_CONSUMER": "test",
        "LIANQIN_MONITORS": "127.0.0.0/8", **more,
    }, cookie=cookie)  # fmt: skip
    with made.client() as client:
        clock: dict[Any, Any] = dict(VirtualClock(NOON, time_ns() // 1_000_000).to_hash())
        client.hset(made.keys.clock, mapping=clock)
    made.start("projector")
    made.start("web")
    try:
        wait_until(made.board, "the web process answers", 60)
        wait_until(made.is_fed, "the projector has its row in the store", 60)
        yield made
    finally:
        for process in made.processes.values():  # a tidy end takes a second or two; what asks for one tests it
            process.kill_family()
        for process in made.processes.values():
            process.wait(15)
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=next(filter(None, map(shutil.which, PROGRAMS))), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1920×1080; any script error fails the test."""
    found = browser.new_page(viewport={"width": 1920, "height": 1080})
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    found.close()
    assert not errors


def open_wall(page: Page, product: Product, query: str = "") -> None:
    page.goto(f"{product.url}/wall{query}")
    page.wait_for_selector("html[data-last-entry]", state="attached", timeout=20_000)


def shows_entry(page: Page, entry: str) -> None:
    page.wait_for_selector(f'html[data-last-entry="{entry}"]', state="attached", timeout=10_000)


def state_word(page: Page) -> str:
    return page.evaluate("() => document.documentElement.dataset.state")
