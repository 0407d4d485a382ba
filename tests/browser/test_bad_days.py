"""A late screen says so: the word changes within 5 s, and everything comes back by itself without a reload."""

import json
import os
import signal
import socket as sockets
import struct
from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product, open_wall, shows_entry, state_word, wait_until
from tests.browser.shown import inside
from tests.servers import Postgres
from tests.tiny import case, entry

pytestmark = [pytest.mark.browser, pytest.mark.redis]


def says(page: Page, words: str) -> Callable[[], bool]:
    return lambda: words in page.locator("#sources").inner_text()


def begin(page: Page, product: Product) -> None:
    product.publish_and_wait(entry(case("C1")))
    open_wall(page, product)
    wait_until(lambda: state_word(page) == "live", "live at first")
    page.evaluate("() => { window.sameDocument = 1; }")


def is_back(page: Page, product: Product) -> None:
    shows_entry(page, product.publish(entry(case("C2"))))
    assert page.evaluate(inside("() => lianqin.live.state.rows.size")) == 2
    wait_until(lambda: state_word(page) == "live", "live again")
    assert page.evaluate("() => window.sameDocument") == 1


def test_redis_gone(product: Product, page: Page) -> None:
    begin(page, product)
    port = product.redis.port
    product.redis.kill()
    wait_until(says(page, "数据流断开"), "the truth bar says that the stream is cut", 5)
    wait_until(lambda: state_word(page) in {"late", "stale"}, "the page's state follows", 10)
    product.redis.port = port
    product.redis.start()
    wait_until(lambda: "数据流断开" not in page.locator("#sources").inner_text(), "the word goes", 10)
    is_back(page, product)


def test_the_projector_gone(product: Product, page: Page) -> None:
    begin(page, product)
    product.processes["projector"].send_signal(signal.SIGKILL)
    product.stop("projector")
    product.publish(entry(case("C1", 2)))
    wait_until(says(page, "入库迟"), "the truth bar says that the projector is behind", 5)
    wait_until(lambda: state_word(page) == "late", "the page's state says so too", 2)
    wait_until(says(page, "入库进程 已停止"), "and that it is dead", 3)
    product.start("projector")
    wait_until(lambda: "入库" not in page.locator("#sources").inner_text(), "the words go", 20)
    is_back(page, product)


@pytest.mark.postgres
def test_the_store_gone(product_on_postgres: Product, page: Page, _postgres_server: Postgres) -> None:
    """PostgreSQL is stopped for a while; Redis holds what comes meanwhile."""
    begin(page, product_on_postgres)
    _postgres_server.stop()
    wait_until(says(page, "案件库断开"), "the truth bar says that the store is cut", 5)
    product_on_postgres.publish(entry(case("C2")))
    _postgres_server.start()
    wait_until(lambda: "案件库断开" not in page.locator("#sources").inner_text(), "the word goes", 15)
    is_back(page, product_on_postgres)


def test_a_refused_entry_is_on_the_truth_bar_and_the_rest_flows(product: Product, page: Page) -> None:
    begin(page, product)
    product.publish({b"rubbish": b"1"}, entry(case("C9", lon=5.0, lat=5.0)))
    is_back(page, product)
    wait_until(says(page, "拒收 2"), "two entries are counted as refused")


def test_a_gap_is_measured_and_shown(product: Product, page: Page) -> None:
    begin(page, product)
    product.stop("projector")
    product.publish(*[entry(case(f"L{i}")) for i in range(7)])
    with product.client() as client:
        client.xtrim(product.keys.events, maxlen=0, approximate=False)
    product.start("projector")
    wait_until(lambda: "7 条未读即被清除" in page.locator("#tile-unknown").inner_text(), "the gap of 7 is shown", 25)
    is_back(page, product)


def test_a_source_that_falls_silent(product: Product, page: Page) -> None:
    """Its heartbeat is promised each second: late after two are missed, stopped after six."""
    from services.platform.clock import to_rfc3339
    from tests.tiny import NOON

    begin(page, product)
    beat = {"at": to_rfc3339(NOON), "interval_s": 1}
    product.publish(entry(beat, "source.heartbeat", source="/hotline"))
    wait_until(says(page, "/hotline 迟"), "late", 6)
    wait_until(says(page, "/hotline 停"), "stopped", 8)


def raw_browser(product: Product) -> sockets.socket:
    """A browser in the wall's room, on a plain socket with a small buffer: it reads only what the test reads."""
    found = sockets.socket()
    found.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
    found.settimeout(20)
    found.connect(("127.0.0.1", product.port))
    found.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Origin: http://127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        got = found.recv(1)
        assert got, head
        head += got
    assert b"101 Switching" in head
    for text in (b"40", b'42["hello",{}]'):
        say(found, text)
    return found


def say(browser: sockets.socket, text: bytes) -> None:
    mask = os.urandom(4)
    browser.sendall(
        struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(text))
    )


def frame(browser: sockets.socket) -> bytes:
    """The next frame's content, read in small pieces."""

    def take(n: int) -> bytes:
        found = b""
        while len(found) < n:
            piece = browser.recv(min(n - len(found), 4096))
            assert piece, "the server closed the connection"
            found += piece
        return found

    first, length = take(2)
    assert first in {0x81, 0x82}, "no frame begins here"
    if length >= 126:
        length = struct.unpack("!H", take(2))[0] if length == 126 else struct.unpack("!Q", take(8))[0]
    return take(length)


def test_a_slow_browser_gets_every_message_whole(product: Product) -> None:
    """Of a message larger than what the kernel takes at once, the rest follows."""
    wide = "很长的类别名称" * 8
    product.publish_and_wait(*[entry(case(f"F{i}", category={"name": wide})) for i in range(16000)])
    slow = raw_browser(product)
    sleep(2)  # everything that fits is in the buffers now
    rows = 0
    while rows < 16000:
        found = frame(slow)
        if found == b"2":
            say(slow, b"3")
        elif found.startswith(b'{"epoch"'):
            rows += len(json.loads(found)["rows"])
    assert rows == 16000
    assert _metric(product, "lianqin_browsers_dropped") == 0
    slow.close()


def test_a_browser_that_reads_nothing_of_a_quiet_wall_is_dropped_within_10_s(product: Product) -> None:
    """Little is said to it, all of which fits into the kernel's buffers: it answers no ping."""
    product.publish_and_wait(entry(case()))
    stuck = raw_browser(product)
    wait_until(lambda: _metric(product, "lianqin_browsers") == 1, "the stuck browser is in the room")
    wait_until(lambda: _metric(product, "lianqin_browsers_dropped") == 1, "the stuck browser is dropped", 10)
    assert _metric(product, "lianqin_browsers") == 0
    stuck.close()


def test_a_browser_that_reads_nothing_of_a_large_board_is_dropped_within_10_s(product: Product) -> None:
    wide = "很长的类别名称" * 8
    product.publish_and_wait(*[entry(case(f"F{i}", category={"name": wide})) for i in range(6000)])
    stuck = raw_browser(product)
    wait_until(lambda: _metric(product, "lianqin_browsers_dropped") == 1, "the stuck browser is dropped", 10)
    stuck.close()


def test_a_browser_that_reads_nothing_is_dropped_and_the_others_hear_everything(product: Product, page: Page) -> None:
    begin(page, product)
    stuck = raw_browser(product)
    wait_until(lambda: _metric(product, "lianqin_browsers") == 2, "the stuck browser is in the room")
    wide = "很长的类别名称" * 8

    def flood() -> bool:
        product.publish(*[entry(case(f"F{i}", version, category={"name": wide})) for i in range(400)])
        nonlocal version
        version += 1
        return _metric(product, "lianqin_browsers_dropped") == 1

    version = 1
    wait_until(flood, "the stuck browser is dropped", 10)
    stuck.close()
    is_back_after_flood = product.publish(entry(case("C2")))
    shows_entry(page, is_back_after_flood)
    assert page.evaluate(inside("() => lianqin.live.state.rows.size")) == 402


def _metric(product: Product, name: str) -> float:
    import urllib.request

    with urllib.request.urlopen(product.url + "/metrics", timeout=5) as answer:
        lines: list[str] = answer.read().decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(name + " ")))


def test_a_package_that_is_loaded_is_taken_over_by_what_runs(product: Product, page: Page) -> None:
    """Twice, and back to the first one: the projector places with it, the web process has it, the page comes back."""
    begin(page, product)
    streets = product.folder / "streets.geojson"
    first = streets.read_text("utf-8")
    for number, content in enumerate([first.replace("东街", "新东街"), first]):
        streets.write_text(content, "utf-8")
        product.start("district", "load", str(product.folder))
        assert product.processes.pop("district").wait(30) == 0
        name = "新东街" if content != first else "东街"
        wait_until(
            lambda n=name: n in [s["name"] for s in (product.board() or {"streets": []})["streets"]],
            f"the board has {name}",
            30,
        )
        shows_entry(page, product.publish(entry(case(f"C{number + 2}"))))
        wait_until(lambda: state_word(page) == "live", "live again")
    assert "package" in (product.folder / "projector.log").read_text("utf-8")
    assert page.evaluate("() => window.sameDocument") == 1


def test_metrics_and_health(product: Product) -> None:
    product.publish_and_wait(entry(case("C1")))
    assert product.get("/healthz")["status"] == "up"
    ready: Any = wait_until(lambda: product.get("/readyz"), "ready")
    assert (ready["feed"], ready["store"], ready["loaded"]) == ("up", "up", True)
    assert _metric(product, "lianqin_open_cases") == 1
