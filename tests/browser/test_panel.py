"""The panel in a real Chromium: what comes too late is dropped, what has not changed stays, what fails is said."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import Product, wait_until
from tests.browser.desks import add_people, case_system, desk_is_ready, logged_in, pick, says
from tests.browser.test_desk import filed
from tests.tiny import entry

pytestmark = [pytest.mark.browser, pytest.mark.redis]


def test_what_comes_too_late_is_dropped_and_what_has_not_changed_stays(product: Product, browser: Browser) -> None:
    add_people(product)
    two = [filed("A1"), filed("A2", 3)]
    with case_system(product, two), logged_in(browser, product, "duty") as page:
        desk_is_ready(page)
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/api/v1/panel?*case=A1*", hold)
        page.locator('.ag-row[row-id="A1"] [col-id="case"]').first.click()
        wait_until(lambda: bool(held), "the panel of A1 is asked for")
        pick(page, "A2")
        late: Any = {"status": 200, "content_type": "text/html", "body": "<h2>A1 too late</h2>"}
        held[0].fulfill(**late)
        page.unroute("**/api/v1/panel?*case=A1*")
        # The case changes: a head that somebody has marked and the button that has the focus are the same afterwards.
        page.evaluate("() => { document.querySelector('#case-panel-body h2').kept = 1; }")
        page.focus('#case-panel-body [data-key="U"]')
        data = json.loads(two[1][b"data"]) | {"version": 2, "status": "handling"}
        product.publish(entry(data, "case.handling"))
        says(page, "#case-panel-body", "状态\n处置")
        assert page.evaluate("() => document.querySelector('#case-panel-body h2').kept") == 1
        assert page.evaluate("() => document.activeElement.dataset.key") == "U"
        assert "too late" not in page.inner_text("#case-panel-body")

        page.route("**/api/v1/panel?*", lambda route: route.fulfill(status=503, body="{}"))
        page.locator('.ag-row[row-id="A1"] [col-id="case"]').first.click()
        says(page, "#case-panel-body", "取不到案件")
        assert page.locator("#case-panel-body [data-command]").count() == 0, "no button of another case"
        page.keyboard.press("Escape")
        expect(page.locator("#case-panel")).to_have_attribute("hidden", "")
