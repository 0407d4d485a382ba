"""The wall survives a night: memory is flat in the browser and in the web process, and it never reloads."""

from itertools import count

import psutil
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product, open_wall, shows_entry, state_word, wait_until
from tests.browser.shown import inside
from tests.tiny import case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.slow]

CASES, ROUNDS, EVENTS_A_ROUND = 2000, 240, 100


def heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 1e6


def web_mb(product: Product) -> float:
    family = [psutil.Process(product.processes["web"].pid)]
    family += family[0].children(recursive=True)
    return sum(p.memory_info().rss for p in family) / 1e6


def test_memory_is_flat_over_24_000_changes_with_a_reconnect_in_every_tenth_round(product: Product, page: Page) -> None:
    """As many changes as a district has in two days. The first third warms up; after it nothing may grow."""
    product.publish_and_wait(*[entry(case(f"C{i}", **middle(i % 4, i % 2))) for i in range(CASES)])
    open_wall(page, product)
    page.evaluate("() => { window.sameDocument = 1; }")
    versions = {i: count(2) for i in range(CASES)}
    heap, web = [], []
    for turn in range(ROUNDS):
        chosen = [(turn * EVENTS_A_ROUND + i) * 7 % CASES for i in range(EVENTS_A_ROUND)]
        last = product.publish(
            *[
                entry(
                    case(f"C{i}", next(versions[i]), "handling" if turn % 3 else "returned", **middle(i % 4, turn % 2))
                )
                for i in chosen
            ]
        )
        shows_entry(page, last)
        if turn % 10 == 9:
            page.evaluate(inside("() => lianqin.live.socket.io.engine.close()"))
            wait_until(lambda: state_word(page) == "live", "live again", 15)
            heap.append(heap_mb(page))
            web.append(web_mb(product))
    third = len(heap) // 3
    assert page.evaluate("() => window.sameDocument") == 1
    assert page.evaluate(inside("() => lianqin.live.state.rows.size")) == CASES
    assert max(heap[-3:]) < 1.1 * max(heap[: third + 1]) + 1, heap
    assert max(web[-3:]) < 1.05 * max(web[: third + 1]) + 5, web
