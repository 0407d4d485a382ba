"""The seats of a department and of a grid worker in a real Chromium: their own cases, and what they do with them."""

import pytest
from playwright.sync_api import Browser, Page

from services.platform.clock import to_rfc3339
from tests.browser.conftest import Product, wait_until
from tests.browser.desks import add_people, case_system, desk_is_ready, fill, logged_in, pick, says
from tests.tiny import NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]

HOUR, MINUTE = 3_600_000, 60_000


def told(case_id: str, unit: str, column: int, row: int = 0, hours: float = 2, **more: object) -> dict[bytes, bytes]:
    """A dispatched case of a unit in the grid of this column and row, due in so many hours."""
    started = to_rfc3339(NOON - 2 * HOUR)
    clock = {
        "what": "close",
        "started_at": started,
        "limit": {"value": 8, "unit": "UH"},
        "deadline_at": to_rfc3339(NOON + round(hours * HOUR)),
    }
    return entry(case(
        case_id, **{"status": "dispatched", "level": "grid", "lead_unit": unit, "clocks": [clock],
                    "reported_at": started, "filed_at": started, "dispatched_at": started, "dispatches": 1,
                    "category": {"name": "井盖破损"},
                    **middle(column, row), **more},
    ))  # fmt: skip


@pytest.fixture
def people(product: Product) -> Product:
    add_people(product)
    product.start("alarms")
    return product


def rows_of(page: Page) -> set[str]:
    """The cases that the table shows."""
    found = page.locator(".ag-center-cols-container .ag-row[row-id]").evaluate_all(
        "rows => rows.map(row => row.getAttribute('row-id'))"
    )
    return {name for name in found if not name.startswith("\0")}


# What a hand meets on a phone: nothing is wider than the page or cut, and a target has 44 px.
CLUMSY = """() => {
  const seen = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && e.offsetWidth > 1;
  const scrolls = e => e.closest(".chips, .tabs, .ag-root-wrapper, .leaflet-container");
  const all = selector => [...document.querySelectorAll(selector)].filter(seen), said = e => e.id || e.outerHTML;
  const wide = all("#desk *").filter(e => !scrolls(e) && e.getBoundingClientRect().right > innerWidth + 1);
  const cut = all("#desk :is(h1, button, .fig p)").filter(e => e.scrollWidth > e.clientWidth + 1);
  const small = all("#desk :is(button, a, select, summary, input, [role=button])")
    .filter(e => !e.closest(".ag-root-wrapper, .leaflet-container"))
    .filter(e => Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < 43.5);
  return Object.entries({wide, cut, small}).flatMap(([why, found]) => found.map(e => `${why}: ${said(e)}`));
}"""

# Where the text of a head begins, and that of a cell below it.
TEXT_EDGES = """() => [".ag-header-cell", ".ag-row .ag-cell"].map(kind => {
  const found = document.querySelector(`${kind}[col-id=street]`);
  return found.getBoundingClientRect().left + parseFloat(getComputedStyle(found).paddingLeft);
})"""


def test_a_department_takes_its_cases_on_and_answers_a_whistle(people: Product, browser: Browser) -> None:
    whistle = {"at": to_rfc3339(NOON - 18 * MINUTE), "reason_code": "needs_departments", "units": [{"unit": "D1"}]}
    cases = [
        told("MINE", "D1", 0),
        told("THERE", "D1", 2),
        told("OTHER", "D2", 0),
        told("CALLED", "D2", 1, whistles=[whistle], status="handling"),
    ]
    with case_system(people, cases) as system, logged_in(browser, people, "d1") as page:
        desk_is_ready(page)
        assert page.url.endswith("/unit/D1")
        wait_until(lambda: rows_of(page) == {"MINE", "THERE", "CALLED"}, "the unit's cases of every street alone")
        says(page, "h1", "市政中心")
        assert page.locator("[role=tab]:visible").evaluate_all("tabs => tabs.map(tab => tab.id)") == [
            "tab-queue",
            "tab-alarms",
            "tab-log",
            "tab-handover",
        ]
        head, cell = page.evaluate(TEXT_EDGES)
        assert abs(head - cell) < 2, "a head stands above its cells"
        says(page, "#alarm-bar", "东街吹哨待应：井盖破损，12:12 前应答")
        page.click("#alarm-bar button.first")
        wait_until(lambda: "吹哨" not in page.inner_text("#alarm-bar"), "whoever knows of it silences it")
        page.keyboard.press("/")
        page.fill("#palette-ask", "井盖")
        found = page.locator("dialog.palette .hit .no")
        wait_until(lambda: set(found.all_inner_texts()) == {"MINE", "THERE", "CALLED"}, "their own cases alone")
        page.keyboard.press("Escape")
        says(page, '.ag-center-cols-container .ag-row[row-id="CALLED"]', "内应答")
        says(page, "#desk-strip", "吹哨待应")
        pick(page, "MINE")
        page.click('#case-panel-body [data-command="case.acknowledge"]')
        says(page, "#panel-command", "签收 · 已办")
        assert system.cases["MINE"].status == "acknowledged"
        says(page, "#case-panel-body", "签收时间")
        assert page.locator('#case-panel-body [data-command="case.dispatch"]').count() == 0
        pick(page, "CALLED")
        page.click('#case-panel-body [data-command="case.answer_whistle"]')
        page.locator("dialog [name=what]").select_option("answered")
        page.click("dialog button[type=submit]")
        says(page, "#panel-command", "应哨 · 已办")
        (called,) = system.cases["CALLED"].whistles[0].units
        assert called.answered_at is not None and called.arrived_at is None
        page.click("#tab-log")
        says(page, "#body-log", "应哨 · 已办")
        says(page, "#body-log", "高翔 知悉告警：吹哨待应", 20)  # the keeper writes of alarms every ten seconds
        assert page.locator("#add-entry").count() == 0, "nobody writes into a record"
        page.click("#tab-queue")
        wait_until(lambda: page.locator('.ag-row[row-id="CALLED"] em.warn').count() == 0, "no whistle waits any more")
        # A case that goes to another unit leaves the page at once.
        pick(page, "MINE")
        page.click('#case-panel-body [data-command="case.return"]')
        fill(page, "to_unit", "D2")
        fill(page, "reason_code", "wrong_unit")
        page.fill("dialog textarea[name=reason]", "不是本单位职责")
        page.click("dialog button[type=submit]")
        wait_until(lambda: "MINE" not in rows_of(page), "the case has left the unit's page")
        page.click("#tab-handover")
        page.click("#body-handover [data-add-note]")
        page.fill("dialog textarea[name=text]", "夜里桥下要再看一次")
        page.click("dialog button[type=submit]")
        says(page, "#body-handover .handover-notes", "夜里桥下要再看一次")
        page.click("#sign-out")
        page.click("dialog button[type=submit]")
        says(page, "#body-handover .sheets", "d1 高翔")
        sheet = page.locator("#body-handover .sheets a").first.get_attribute("href")
        page.goto(f"{people.url}{sheet}")
        says(page, ".brief", "市政中心")
        says(page, ".brief .notes", "夜里桥下要再看一次")
        assert page.locator("nav a", has_text="返回").first.get_attribute("href") == "/unit/D1"
        page.goto(f"{people.url}/unit/D1")
        page.set_viewport_size({"width": 390, "height": 844})
        page.reload()
        desk_is_ready(page)
        assert page.title().startswith("市政中心"), "a browser's tab says whose desk it is"
        assert page.evaluate(CLUMSY) == []


def test_what_the_same_quarter_of_an_hour_brings_is_one_alarm_that_names_every_case(
    people: Product, browser: Browser
) -> None:
    def unanswered(case_id: str, minutes: int) -> dict[bytes, bytes]:
        whistle = {
            "at": to_rfc3339(NOON - minutes * MINUTE),
            "reason_code": "needs_departments",
            "units": [{"unit": "D2"}],
        }
        return told(case_id, "D2", 0, status="handling", level="street", whistles=[whistle])

    cases = [unanswered("FIRST", 44), unanswered("SECOND", 40), unanswered("THIRD", 35)]
    with case_system(people, cases), logged_in(browser, people, "s1") as page:
        desk_is_ready(page)
        says(page, "#alarm-bar", "3 件吹哨未应，最早：东街井盖破损")
        assert page.locator("#alarm-bar article").count() == 1
        page.click("#tab-alarms")
        numbers = page.locator("#body-alarms .case-number")
        wait_until(lambda: numbers.all_inner_texts() == ["FIRST", "SECOND", "THIRD"], "each case, the oldest first")
        named = page.locator("#body-alarms li [data-case]")
        wait_until(lambda: named.all_inner_texts() == ["FIRST", "SECOND", "THIRD"], "what has happened names them too")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(CLUMSY) == []
        page.set_viewport_size({"width": 1366, "height": 768})
        numbers.nth(1).click()
        says(page, "#case-panel-body", "SECOND")


def test_a_grid_worker_finishes_a_case_on_a_telephone(people: Product, browser: Browser) -> None:
    cases = [told("HERE", "D1", 0, hours=0.24), told("UPPER", "D1", 0, 1), told("QUIET", "D1", 0, domain="09")]
    with (
        case_system(people, cases) as system,
        logged_in(browser, people, "g1", width=390, height=844) as page,
    ):
        desk_is_ready(page)
        assert page.url.endswith("/grid/G00")
        wait_until(lambda: rows_of(page) == {"HERE"}, "the grid's own case, without the sensitive one")
        says(page, "#alarm-bar", "东街井盖破损 12:14 到期")
        assert page.evaluate(CLUMSY) == []
        page.click("#tab-alarms")
        says(page, "#body-alarms", "一般 · 无人知悉")
        assert "值班员" not in page.inner_text("#body-alarms"), "nobody sits above them"
        assert page.evaluate(CLUMSY) == []
        page.click("#tab-map")
        assert page.locator("#body-map .map-box").bounding_box()["width"] > 380, "the map has the page"  # type: ignore[index]  # it is there
        assert page.evaluate(CLUMSY) == []
        page.click("#tab-queue")
        pick(page, "HERE")
        page.click('#case-panel-body [data-command="case.acknowledge"]')
        says(page, "#panel-command", "签收 · 已办")
        page.click('#case-panel-body [data-command="case.progress"]')
        page.locator("dialog [name=what]").select_option("arrived")
        page.click("dialog button[type=submit]")
        says(page, "#panel-command", "报进展 · 已办")
        page.click('#case-panel-body [data-command="case.handle"]')
        page.fill("dialog input[name=result]", "已清理干净")
        page.click("dialog button[type=submit]")
        says(page, "#panel-command", "办结 · 已办")
        done = system.cases["HERE"]
        assert (done.status, done.handler, done.step.note if done.step else "") == ("handled", "g1", "已清理干净")
        says(page, "#case-panel-body .personal", "经办人\n沈佳")
        assert page.evaluate(CLUMSY) == []
        page.click("#case-panel-close")
        page.click("#tab-log")
        says(page, "#body-log", "办结 · 已办")
        assert page.evaluate(CLUMSY) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
