"""The officer's morning, from the log-in to the handover, in a real Chromium; the auditor reads it afterwards."""

import pytest
from playwright.sync_api import Browser, expect

from services.platform.clock import to_rfc3339
from tests.browser.conftest import Product
from tests.browser.desks import add_people, case_system, command, desk_is_ready, logged_in_by_form, pick, says
from tests.browser.test_desk import HOUR, filed
from tests.tiny import NOON

pytestmark = [pytest.mark.browser, pytest.mark.redis]


def test_a_morning_from_the_log_in_to_the_handover(product: Product, browser: Browser) -> None:
    add_people(product)
    product.start("alarms")
    passed = {"from": "S1", "to": "D1", "at": to_rfc3339(NOON - HOUR)}
    escalated = filed("E1", 4, level="district", escalations=[passed])
    cases = [filed("A1"), filed("M1", 3, severity=1), escalated]
    with case_system(product, cases) as system:
        with logged_in_by_form(browser, product, "duty") as page:
            desk_is_ready(page)
            alarm = page.locator("#alarm-bar .alarm", has_text="M1").or_(page.locator("#alarm-bar .alarm.s1")).first
            expect(alarm).to_be_visible(timeout=20_000)
            alarm.get_by_role("button", name="知悉").click()
            # Signing for an escalation right at its alarm ends both: one click.
            untaken = page.locator("#alarm-bar .alarm", has_text="无人签收")
            untaken.get_by_role("button", name="签收并解除").click()
            expect(untaken).to_have_count(0, timeout=20_000)
            assert system.cases["E1"].escalations[-1].acknowledged_by == "duty"
            pick(page, "A1")
            command(page, "case.dispatch", reason="转城管局", lead_unit="D2")
            says(page, "#panel-command", "派遣，交")

            page.click("#tab-log")
            page.click("#add-entry")
            page.fill("dialog textarea[name=text]", "八点二十分区领导来电询问")
            page.click("dialog button[type=submit]")
            says(page, "#body-log", "八点二十分区领导来电询问")
            says(page, "#body-log .due", "M1")
            page.locator("#body-log .due li", has_text="电话首报").get_by_role("button", name="报送").click()
            page.fill("dialog textarea[name=text]", "已电话报区应急局")
            page.click("dialog button[type=submit]")
            expect(page.locator("#body-log .due li", has_text="电话首报")).to_have_count(0)

            page.click("#tab-alarms")
            says(page, "#body-alarms .lives", "周敏")
            page.click("#tab-handover")
            page.click("#sign-out")
            page.click("dialog button[type=submit]")
            says(page, "#body-handover .sheets", "周敏")
            # The one who handed over does not take over from oneself.
            expect(page.locator("[data-sign-in]")).to_have_count(0)

        with logged_in_by_form(browser, product, "duty2") as page:
            desk_is_ready(page)
            page.click("#tab-handover")
            page.click("[data-sign-in]")
            page.click("dialog button[type=submit]")
            says(page, "#body-handover .sheets", "何静")
            sheet = page.locator("#body-handover .sheets a").first.get_attribute("href")
            page.goto(f"{product.url}{sheet}")
            says(page, ".signs", "周敏")
            text = page.locator(".sheet-page").text_content() or ""  # the log is on the pages behind
            for part in ("何静", "M1", "八点二十分区领导来电询问"):
                assert part in text, part

        with logged_in_by_form(browser, product, "audit") as page:
            page.wait_for_selector("body.audit table")
            assert page.url.endswith("/audit")
            text = page.locator("table").inner_text()
            for deed in (
                "登录",
                "打开页面",
                "知悉告警",
                "查看案件",
                "下达指令",
                "理由 转城管局",
                "写值班日志",
                "报送信息",
                "交接签字",
            ):
                assert deed in text, deed
            page.get_by_role("button", name="校验整条链").click()
            says(page, ".well", "前后相扣")
        assert system.cases["A1"].lead_unit == "D2"
