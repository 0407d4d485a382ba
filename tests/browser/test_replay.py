"""The room at a past moment in a real Chromium: what it shows, what was not known then, how it plays, what it says."""

from collections.abc import Iterator
from time import sleep, time_ns
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from services.platform.clock import VirtualClock, to_rfc3339
from tests.browser.conftest import Product, run_product, wait_until
from tests.browser.desks import add_people, logged_in
from tests.browser.shown import inside
from tests.browser.test_desk import filed
from tests.tiny import NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]

MINUTE = 60_000
HOUR = 60 * MINUTE


def set_clock(product: Product, ms: int) -> None:
    """The district's clock jumps there and goes on; every process asks for it again within 2 s."""
    with product.client() as client:
        clock: dict[Any, Any] = dict(VirtualClock(ms, time_ns() // 1_000_000).to_hash())
        client.hset(product.keys.clock, mapping=clock)
    sleep(2.5)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Noon: A1 and A2. An hour later: B1, what A1 became, and L1, which had happened at 20 past noon. Now: three."""
    folder = tmp_path_factory.mktemp("replay")
    for product in run_product(folder, f"sqlite:///{folder / 'store.db'}"):
        add_people(product)
        product.publish_and_wait(filed("A1", severity=2), filed("A2", 3, 2))
        set_clock(product, NOON + HOUR)
        product.publish_and_wait(
            entry(case("B1", reported_at=to_rfc3339(NOON + HOUR), **middle(1, 0)), at=NOON + HOUR),
            entry(case("A1", 2, "closed", closed_at=to_rfc3339(NOON + HOUR), severity=2), "case.closed", NOON + HOUR),
            entry(case("L1", reported_at=to_rfc3339(NOON + 20 * MINUTE), **middle(2, 0)), at=NOON + 20 * MINUTE),
        )
        set_clock(product, NOON + 3 * HOUR)
        yield product


@pytest.fixture(scope="module")
def worker(past: Product) -> Product:
    past.start("worker", "--only", "past")
    return past


def shows(page: Page, *case_ids: str) -> None:
    """The room has exactly these open cases."""
    expected = sorted(case_ids)
    wait_until(
        lambda: page.evaluate(inside("() => lianqin.live && [...lianqin.live.state.rows.keys()].sort()")) == expected,
        f"the room shows {expected}",
    )


def moment(page: Page) -> int:
    return int(page.evaluate(inside("() => Math.round(lianqin.live.now() || 0)")))


def figures(page: Page, view: int) -> list[str]:
    """The cells of «known then» (0) or «known now» (1): open, overdue, due soon, at district, new, closed, rate."""
    return page.locator(".replay-bar .known tbody tr").nth(view).locator("td").all_inner_texts()


def test_without_a_worker_the_page_says_so_and_opens_when_there_is_one(past: Product, browser: Browser) -> None:
    with logged_in(browser, past, "boss", "/replay") as page:
        expect(page.locator(".replay-bar .say")).to_contain_text("没有应答")
        assert "不是实时" in page.locator(".replay-bar .board").inner_text()


def test_the_room_is_as_it_was_and_what_came_late_is_named(worker: Product, browser: Browser) -> None:
    wait_until(lambda: worker.client().exists(f"lianqin:{{{worker.keys.district}}}:past:alive"), "a worker is there")
    with logged_in(browser, worker, "duty", f"/replay?at={NOON + 30 * MINUTE}") as page:
        shows(page, "A1", "A2")
        expect(page.locator("#clock")).to_have_text("12:30:00")
        assert figures(page, 0)[0] == "2" and figures(page, 1)[0] == "3"
        page.click(".replay-bar .late")
        expect(page.locator(".late-list")).to_contain_text("晚 40分")
        page.click(".late-list [data-late=L1]")
        expect(page.locator("#case-panel")).to_contain_text("当时还没有这件案件")

        page.click(".replay-bar [aria-label^='下一件大事']")
        expect(page.locator(".replay-bar .say")).to_contain_text("没有大事")
        page.fill("#replay-day", "2026-11-23")
        page.fill("#replay-time", "14:00")
        page.press("#replay-time", "Enter")
        shows(page, "A2", "B1", "L1")
        assert moment(page) == NOON + 2 * HOUR
        assert figures(page, 0) == figures(page, 1)
        expect(page.locator(".replay-bar .late")).to_be_hidden()


def test_a_case_opens_as_it_was_known_then(worker: Product, browser: Browser) -> None:
    with logged_in(browser, worker, "boss", f"/replay?at={NOON + 30 * MINUTE}") as page:
        shows(page, "A1", "A2")
        page.evaluate(inside("() => lianqin.panel.show({id: 'A1', moment: Math.round(lianqin.live.now())})"))
        panel = page.locator("#case-panel-body")
        expect(panel).to_contain_text("A1")
        then, after = panel.inner_text().split("此刻之后（当时不知道）")
        assert "派遣" in then and "结案" not in then.split("事件")[-1]
        assert "结案" in after


def test_it_plays_pauses_and_is_a_link(worker: Product, browser: Browser) -> None:
    with logged_in(browser, worker, "boss", f"/replay?at={NOON + 50 * MINUTE}&speed=600") as page:
        shows(page, "A1", "A2")
        page.click("#replay-play")
        shows(page, "A2", "B1", "L1")
        began = moment(page)
        wait_until(lambda: moment(page) > began + 5 * MINUTE, "the clock goes on")
        page.keyboard.press("Escape")
        page.locator(".replay-bar .board").click()
        page.keyboard.press("Space")
        wait_until(lambda: f"at={round(moment(page) / 1000) * 1000}" in page.url, "the address has it")
        stood = moment(page)
        sleep(0.6)
        assert moment(page) == stood
        address = page.url
        page.keyboard.press("ArrowLeft")
        wait_until(lambda: moment(page) == stood - MINUTE, "a minute back")
        page.goto(address)
        shows(page, "A2", "B1", "L1")
        assert abs(moment(page) - stood) <= 500


def test_it_stands_at_the_present_moment(worker: Product, browser: Browser) -> None:
    """At 600× the present is soon there: the clock waits for it and shows nothing that has not happened."""
    with logged_in(browser, worker, "boss", f"/replay?at={NOON + 2 * HOUR + 55 * MINUTE}&speed=600") as page:
        shows(page, "A2", "B1", "L1")
        page.click("#replay-play")
        expect(page.locator(".replay-bar .say")).to_contain_text("已到现在", timeout=20_000)
        assert page.locator(".replay-bar[data-playing='']").count()
        assert moment(page) < NOON + 3 * HOUR + 2 * MINUTE


@pytest.mark.parametrize(
    ("day", "time", "said"),
    [
        ("2026-02-30", "12:00", "写法不对"),
        ("2026-11-23", "25:00", "写法不对"),
        ("", "", "写法不对"),
        ("2026-11-22", "12:00", "历史从 2026-11-23 12:0"),
        ("2020-01-01", "00:00", "历史从"),
    ],
)
def test_a_moment_that_is_none_is_answered_in_words(
    worker: Product, browser: Browser, day: str, time: str, said: str
) -> None:
    with logged_in(browser, worker, "boss", f"/replay?at={NOON + 30 * MINUTE}") as page:
        shows(page, "A1", "A2")
        page.fill("#replay-day", day)
        page.fill("#replay-time", time)
        page.press("#replay-time", "Enter")
        expect(page.locator(".replay-bar .say")).to_contain_text(said)
        shows(page, "A1", "A2")


def test_the_future_is_the_present(worker: Product, browser: Browser) -> None:
    with logged_in(browser, worker, "boss", f"/replay?at={NOON + 30 * MINUTE}") as page:
        shows(page, "A1", "A2")
        page.fill("#replay-day", "2031-01-01")
        page.press("#replay-day", "Enter")
        shows(page, "A2", "B1", "L1")


def test_a_streets_staff_has_no_replay(worker: Product, browser: Browser) -> None:
    with logged_in(browser, worker, "s1", "/replay") as page:
        expect(page.locator("body")).to_contain_text("无权")
        assert page.evaluate("fetch('/api/v1/replay/day').then(a => a.status)") == 403
