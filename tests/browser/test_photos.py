"""Photos in a real Chromium, from the case system's own address to the panel: by the keyboard, and through axe."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.operations.simulator.media import serve_pictures
from services.operations.simulator.paths import photo_path
from services.platform.clock import to_rfc3339
from tests.browser.conftest import run_product, wait_until
from tests.browser.desks import add_people, desk_is_ready, logged_in, pick
from tests.browser.test_desk import filed
from tests.browser.test_search import AXE
from tests.tiny import NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]


def wrong_with(page: Page, where: str) -> list[str]:
    """What axe finds there that is serious or critical, in both themes."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = []
    for theme in ("light", "dark"):
        found += page.evaluate(
            """async ([theme, where]) => {
            document.documentElement.dataset.theme = theme;
            return (await axe.run(document.querySelector(where), {resultTypes: ["violations"]})).violations
              .filter(v => ["serious", "critical"].includes(v.impact))
              .map(v => `${theme} ${v.id}: ${v.nodes.map(n => n.html.slice(0, 120)).join(" | ")}`); }""",
            [theme, where],
        )
    return found


def is_shown(page: Page, selector: str) -> bool:
    return bool(
        page.evaluate("s => [...document.querySelectorAll(s)].every(i => i.complete && i.naturalWidth > 0)", selector)
    )


def test_before_and_after_are_seen_and_opened_by_the_keyboard(tmp_path: Path, browser: Browser) -> None:
    pictures = serve_pictures(0)
    at = f"http://127.0.0.1:{pictures.server_address[1]}/media/"
    before, after = photo_path("A1", 1), photo_path("A1", 2)
    handled = {
        "lead_unit": "D1",
        "attachments": [before, "http://169.254.169.254/latest/1.jpg", after],
        "handled_at": to_rfc3339(NOON),
        **middle(0, 0),
    }
    first = filed("A1", attachments=[before, "http://169.254.169.254/latest/1.jpg"])
    second = entry(case("A1", 2, "handled", **handled), "case.handled")
    database = f"sqlite:///{tmp_path / 'store.db'}"
    try:
        with contextmanager(run_product)(tmp_path, database, "10.9.0.5/32", LIANQIN_DEMO_PHOTOS=at) as product:
            add_people(product)
            product.publish_and_wait(first, second)
            with logged_in(browser, product, "duty") as page:
                desk_is_ready(page)
                pick(page, "A1")
                links = page.locator("#case-panel a[data-photo]")
                expect(links).to_have_count(3)
                # One is none of the package's: in its place stands why.
                expect(links.nth(1)).to_contain_text("不在区包允许的范围内")
                wait_until(lambda: is_shown(page, "#case-panel a[data-photo] img"), "the photos are there")
                assert wrong_with(page, "#case-panel") == []
                links.nth(0).focus()
                page.keyboard.press("Enter")
                large = page.locator("dialog.photo-view")
                expect(large).to_contain_text("1 / 3")
                expect(large).to_contain_text("处理前照片")
                wait_until(lambda: is_shown(page, "dialog.photo-view img"), "it is there, large")
                assert page.evaluate("() => document.querySelector('dialog.photo-view img').naturalWidth") == 1280
                assert wrong_with(page, "dialog.photo-view") == []
                page.keyboard.press("ArrowLeft")
                expect(large).to_contain_text("处理后照片")
                page.keyboard.press("ArrowLeft")
                expect(large).to_contain_text("不在区包允许的范围内")
                page.keyboard.press("Escape")
                expect(large).to_have_count(0)
                assert page.evaluate("() => document.activeElement.matches('a[data-photo]')")
                expect(page.locator("#panel-of[data-case=A1]")).to_have_count(1)
    finally:
        pictures.shutdown()
        pictures.server_close()
