"""The palette in a real Chromium: a case that is over is found and opened by the keyboard alone, people apart."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.platform.clock import to_rfc3339
from tests.browser.conftest import Product
from tests.browser.desks import add_people, case_system, desk_is_ready, logged_in, says
from tests.tiny import NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]
DAY = 86_400_000
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"


def told(case_id: str, status: str, column: int = 0, **more: object) -> dict[bytes, bytes]:
    ended = {"closed_at": to_rfc3339(NOON - DAY)} if status == "closed" else {}
    return entry(case(
        case_id, 1, status, reported_at=to_rfc3339(NOON - 3 * DAY), lead_unit="D1", category={"name": "井盖破损"},
        **middle(column, 0), **ended, **more,
    ), f"case.{status if status != 'handling' else 'corrected'}")  # fmt: skip


def wrong_with(page: Page) -> list[str]:
    """What axe finds in the palette that is serious or critical."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = page.evaluate("""async () =>
      (await axe.run(document.querySelector("dialog.palette"), {resultTypes: ["violations"]})).violations
        .filter(v => ["serious", "critical"].includes(v.impact))
        .map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 120)).join(" | ")}`)""")
    return found


def test_a_case_that_is_over_is_found_and_opened_by_the_keyboard(product: Product, browser: Browser) -> None:
    add_people(product)
    published = [
        told("20261120-00417", "closed", address="角楼西大街12号"),
        told("20261120-00602", "handling", address="角楼东里6号"),
        told("20261120-00951", "closed", 2, address="角楼文物院墙"),
    ]
    with case_system(product, published), logged_in(browser, product, "s1") as page:
        desk_is_ready(page)
        page.keyboard.press("/")
        page.keyboard.type("417")
        palette = page.locator("dialog.palette")
        expect(palette.locator(".hit.on .no")).to_have_text("20261120-00417")
        page.keyboard.press("Enter")
        says(page, "#case-panel-body", "20261120-00417")
        expect(palette).to_have_count(0)
        page.keyboard.press("Control+k")
        page.keyboard.type("角楼")
        expect(palette.locator(".hit .no")).to_have_text(["20261120-00602", "20261120-00417"])  # not the other street's
        expect(palette.locator(".hit.on .one mark")).to_have_text("角楼")
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            assert wrong_with(page) == [], theme
        page.keyboard.press("PageDown")
        expect(palette.locator(".hit.on .no")).to_have_text("20261120-00417")
        with page.context.expect_page() as opened:
            page.keyboard.press("Control+Enter")
        assert "case=20261120-00417" in opened.value.url
        page.keyboard.press("Tab")
        expect(palette.locator(".chips .on")).to_contain_text("在办 1")
        page.keyboard.press("Alt+p")
        assert wrong_with(page) == []
        page.keyboard.type("王磊")
        page.keyboard.press("Tab")
        page.keyboard.type("看")
        page.keyboard.press("Enter")
        page.set_viewport_size({"width": 390, "height": 844})
        box = palette.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (390, 844)
        page.keyboard.press("Escape")
        expect(palette.locator("form")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(palette).to_have_count(0)
