"""Events that go on coming while something breaks, and what everything must equal when they have ended."""

import contextlib
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import redis
from playwright.sync_api import Page
from sqlalchemy import Engine

from services.district.package import District
from services.platform.clock import VirtualClock
from tests.browser.conftest import Product, state_word, wait_until
from tests.browser.shown import inside
from tests.reference import dump, from_scratch, life, rollups_recounted
from tests.tiny import NOON

# What a page keeps of every open case, as text that sorts.
ROWS = inside("() => [...lianqin.live.state.rows.values()].map((row) => JSON.stringify(row)).sort()")


class Traffic:
    """Publishes ``per_s`` entries a second in a thread. ``acknowledged``: what Redis has said it took, in order.

    An entry that Redis does not acknowledge is sent again until it does: the same event, perhaps under two ids.
    """

    def __init__(self, connect: Callable[[], redis.Redis], stream: str, per_s: float, seed: int) -> None:
        self.acknowledged: list[tuple[str, dict[bytes, bytes]]] = []
        self._connect, self._stream, self._pause_s = connect, stream, 1 / per_s
        self._events = iter(life(seed, cases=60, events=4_000))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> str:
        """Stop publishing; the id of the newest entry."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the publisher still waits for Redis"
        return self.acknowledged[-1][0]

    def everything(self, client: redis.Redis) -> list[tuple[str, dict[bytes, bytes]]]:
        """All entries of the stream: what was acknowledged, and what Redis took without being able to say so."""
        entries: list[Any] = client.xrange(self._stream)
        found = [(i.decode(), fields) for i, fields in entries]
        assert {i for i, _ in self.acknowledged} <= {i for i, _ in found}, "Redis has lost what it acknowledged"
        return found

    def _run(self) -> None:
        client, pending = self._connect(), next(self._events)
        due = monotonic()
        while not self._stop.is_set():
            with contextlib.suppress(redis.RedisError, OSError):  # sent again in the next turn
                self.acknowledged.append((client.xadd(self._stream, dict(pending)).decode(), pending))
                pending = next(self._events)
            due = max(due + self._pause_s, monotonic() - 1)
            self._stop.wait(max(due - monotonic(), 0))
        client.close()


def ready_code(product: Product) -> int:
    """The status of ``/readyz``; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(product.url + "/readyz", timeout=4) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextlib.contextmanager
def nothing_comes_in(product: Product, page: Page, limit_s: float = 5) -> Iterator[None]:
    """Inside, the word and ``/readyz`` change within ``limit_s`` and stay so; afterwards both come back."""
    before = monotonic()
    yield
    wait_until(lambda: state_word(page) != "live", "the word changes", before + limit_s - monotonic())
    wait_until(lambda: ready_code(product) != 200, "/readyz changes", max(before + limit_s - monotonic(), 0.5))


def is_live_again(product: Product, page: Page) -> None:
    wait_until(lambda: state_word(page) == "live", "live again", 20)
    wait_until(lambda: ready_code(product) == 200, "ready again", 10)


def stand_still(product: Product) -> None:
    """Stop the district's clock: figures that depend on the time can be compared."""
    with product.client() as client:
        clock: dict[Any, Any] = dict(VirtualClock(NOON, 0, stopped_at_ms=NOON + 3_600_000).to_hash())
        client.hset(product.keys.clock, mapping=clock)


def equals_what_redis_acknowledged(
    product: Product, engine: Engine, tiny: District, folder: Path, traffic: Traffic, pages: list[Page], fresh: Page
) -> None:
    """Store, roll-ups, every open page, and the figures equal a fold from scratch."""
    with product.client() as client:
        entries = traffic.everything(client)
    last = entries[-1][0]
    wait_until(
        lambda: (product.board() or {}).get("last_entry") is not None and _position(engine) == last,
        f"entry {last} is in the store",
        30,
    )
    scratch = from_scratch(folder, tiny, entries)
    try:
        assert dump(engine, "cases", "rollups", "rollups_later", "case_marks") == dump(
            scratch, "cases", "rollups", "rollups_later", "case_marks"
        )
        assert [r[0] for r in dump(engine, "dead")["dead"]] == [r[0] for r in dump(scratch, "dead")["dead"]]
        assert dump(engine, "rollups", "rollups_later") == rollups_recounted(engine, tiny)
        open_now = sum(1 for row in dump(scratch, "cases")["cases"] if _is_open(scratch, row))
    finally:
        scratch.dispose()
    assert wait_until(lambda: (product.board() or {}).get("open") == open_now, "the figure of open cases") is True
    fresh.goto(f"{product.url}/wall")
    fresh.wait_for_selector("html[data-last-entry]", state="attached", timeout=20_000)
    wait_until(lambda: len(fresh.evaluate(ROWS)) == open_now, "a fresh page has every open case")
    for page in pages:
        wait_until(lambda page=page: page.evaluate(ROWS) == fresh.evaluate(ROWS), "an open page equals a fresh one")
        assert page.evaluate("() => window.sameDocument") == 1, "the page was reloaded"


def _position(engine: Engine) -> str:
    from services.projector.store.write import read_feed

    with engine.connect() as connection:
        feed = read_feed(connection)
    return feed.position if feed is not None else ""


def _is_open(engine: Engine, row: tuple[Any, ...]) -> bool:
    from services.cases import tables as case_tables

    return bool(row[list(case_tables.cases.c.keys()).index("is_open")])
