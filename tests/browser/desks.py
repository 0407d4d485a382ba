"""What the tests of the desks share: accounts of every role in the running product, a page that has logged in."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote

import redis
from msgspec import structs
from playwright.sync_api import Browser, Page

from services.access import passwords
from services.access import service as accounts
from services.access import store as rows
from services.access.account import Account
from services.district.calendar import calendar_of
from services.district.load import load
from services.operations.simulator.office import OfficeHours
from services.platform.clock import VirtualClock, from_hash
from services.platform.database import open_engine, writing
from tests.browser.conftest import Product, wait_until
from tests.case_system import TinyCaseSystem

PASSWORD = "four Plain words here"
PEOPLE = (
    Account("duty", "周敏", "duty_officer"), Account("duty2", "何静", "duty_officer"),
    Account("boss", "宋涛", "leader"),
    Account("s1", "马骏", "street_staff", "S1"), Account("s2", "林芳", "street_staff", "S2"),
    Account("c1", "罗勇", "street_staff", "S1", "C1"), Account("audit", "钱立", "auditor"),
    Account("d1", "高翔", "department", unit="D1"), Account("g1", "沈佳", "grid_worker", grid="G00"),
    Account("admin", "孙伟", "admin"),
)  # fmt: skip


def add_people(product: Product) -> None:
    """An account of each kind; they all have the same password."""
    engine = open_engine(product.environment["LIANQIN_DATABASE_URL"])
    now = time.time_ns() // 1_000_000
    with writing(engine) as connection:
        for account in PEOPLE:
            known = structs.replace(
                account,
                password=hashed_once(PASSWORD),
                made_at=now,
                changed_at=now,
                password_at=now,
                sso_name=account.user_id,  # so that ``logged_in`` needs no hash
            )
            rows.add(connection, known)
    engine.dispose()


@cache
def hashed_once(password: str) -> str:
    """The kept form of a password, with the product's own parameters; each hash takes a fifth of a second."""
    return passwords.hashed(password)


@contextmanager
def logged_in(
    browser: Browser, product: Product, user: str, path: str = "", width: int = 1920, height: int = 1080
) -> Iterator[Page]:
    """A page of a browser of their own with a fresh session's cookie; script errors fail the test."""
    with own_page(browser, width, height) as page:
        engine = open_engine(product.environment["LIANQIN_DATABASE_URL"])
        token = accounts.log_in_as(engine, time.time_ns() // 1_000_000, f"tests|{user}", user, "127.0.0.1").token
        engine.dispose()
        page.context.add_cookies([{"name": "lianqin", "value": token, "url": product.url}])
        page.goto(product.url + (path or "/"))
        yield page


@contextmanager
def logged_in_by_form(browser: Browser, product: Product, user: str, path: str = "") -> Iterator[Page]:
    """The same through the page of the log-in, with the password."""
    with own_page(browser) as page:
        page.goto(f"{product.url}/login" + (f"?next={quote(path)}" if path else ""))
        page.fill("input[name=user]", user)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button")
        yield page


@contextmanager
def own_page(browser: Browser, width: int = 1920, height: int = 1080) -> Iterator[Page]:
    """A page of a browser of its own; script errors fail the test."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def desk_is_ready(page: Page) -> None:
    """The live state and the table are there."""
    page.wait_for_selector("html[data-last-entry]", state="attached", timeout=20_000)
    page.wait_for_selector("#desk[data-queue=ready]", state="attached", timeout=20_000)


def pick(page: Page, case_id: str) -> None:
    """Click the case's row, and wait for its panel."""
    page.locator(f'.ag-row[row-id="{case_id}"] [col-id="case"]').first.click()
    page.wait_for_selector(f'#panel-of[data-case="{case_id}"]', state="attached", timeout=10_000)


def fill(page: Page, name: str, value: str) -> None:
    """Fill one field of the open form as a hand does; a unit is searched for, several are parted by a comma."""
    field = page.locator(f"dialog [name={name}]")
    if field.get_attribute("role") == "combobox":
        for one in value.split(","):
            field.fill(one)
            field.press("Enter")
    elif field.evaluate("e => e.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)


def command(page: Page, kind: str, reason: str = "测试理由", **fields: str) -> None:
    """Press a command's button in the panel, fill its form, send it."""
    page.click(f'#case-panel-body [data-command="{kind}"]')
    for name, value in fields.items():
        fill(page, name, value)
    page.fill("dialog textarea[name=reason]", reason)
    page.click("dialog button[type=submit]")


@contextmanager
def case_system(product: Product, entries: list[dict[bytes, bytes]]) -> Iterator[TinyCaseSystem]:
    """Publish these cases and let a case system look after them."""
    product.publish_and_wait(*entries)
    with product.client() as client:
        fields: Any = client.hgetall(product.keys.clock)
        clock = from_hash(fields)
        assert isinstance(clock, VirtualClock)
        office = OfficeHours(8 * 3_600_000, calendar_of(load(product.folder)))
        system = TinyCaseSystem(redis.Redis(port=product.redis.port), clock, office, entries)
        try:
            yield system
        finally:
            system.stop()


def says(page: Page, selector: str, text: str, limit_s: float = 10) -> None:
    """Wait until an element says something."""
    wait_until(lambda: text in (page.locator(selector).first.inner_text() or ""), f"{selector} says {text}", limit_s)
