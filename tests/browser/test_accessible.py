"""Every page by the keyboard alone, and through axe-core in both themes: nothing serious, nothing critical.

A page of the app without a check here fails. One product, one browser, one log-in for all.
"""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.door.guards import PAGES
from services.access.log_in import totp
from services.platform.clock import parse_ms, to_rfc3339
from services.platform.sealing import make_key
from tests.browser.conftest import Product, run_product, wait_until
from tests.browser.desks import PASSWORD, add_people, desk_is_ready, logged_in, pick
from tests.browser.shown import inside
from tests.browser.test_coverage import scene as coverage_scene
from tests.browser.test_desk import HOUR, filed
from tests.tiny import CODE, NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]

ROOT = Path(__file__).parents[2]
TEMPLATES = {found.stem for found in (ROOT / "dashboard/pages").glob("*.html")} - {
    "door",
    "navigation",
    "admin",
}  # pages besides Dash's
AXE = ROOT / "node_modules/axe-core/axe.min.js"
# In the light only the colours differ. Nothing is excluded: ag-grid's rows and cells pass as they are.
RUN = """async theme => {
  document.documentElement.dataset.theme = theme;
  const rules = theme === "light" ? {runOnly: ["color-contrast"]} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], ...rules});
  return found.violations.filter(v => ["serious", "critical"].includes(v.impact)).flatMap(v => v.nodes.map(
    n => `${theme}: ${v.id} (${v.impact}) ${n.target.join(" ")} ${n.failureSummary.split("\\n")[1]}`));
}"""
# Everything that can be pressed or filled in and that Tab must stop at. In a group of tabs it stops at one and the
# arrows walk; so it is in the table (tested below), which is one stop.
BEGIN = """() => {
  const root = document.querySelector("dialog[open]") || document.body;
  if (root === document.body) { root.tabIndex = -1; root.focus(); root.removeAttribute("tabindex"); }
  const said = el => el.name || el.href || el.textContent.replace(/[0-9]+/g, "");
  const key = el => el.id || el.tagName + (Object.keys(el.dataset).length ? JSON.stringify(el.dataset) : said(el));
  const stops = [...root.querySelectorAll("button, a[href], input, select, textarea, summary, [role=button]")]
    .filter(el => el.checkVisibility({visibilityProperty: true}) && !el.disabled && el.type !== "hidden")
    .filter(el => !el.closest("[role=grid]"))
    .filter(el => !["tab", "radio"].includes(el.getAttribute("role")) || el.tabIndex === 0);
  window.walked = {want: new Set(stops.map(key)), been: new Set(), faint: new Set()};
  document.addEventListener("focusin", walked.hear = ({target}) => {
    const style = getComputedStyle(target);
    walked.been.add(key(target));
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    if (!ring && style.boxShadow === "none") walked.faint.add(key(target));
  });
  return stops.length;
}"""
END = """() => {
  document.removeEventListener("focusin", walked.hear);
  return [[...walked.want].filter(one => !walked.been.has(one)).map(one => `Tab does not come to ${one}`),
          [...walked.faint].map(one => `one does not see the focus on ${one}`)].flat();
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product with something on every page: late cases, an alarm, a report due, the log, a sheet, people, cameras."""
    folder = tmp_path_factory.mktemp("accessible")
    (folder / "people.csv").write_text("grid,role,name,phone\nG00,grid_head,林芳,13800000000\n", "utf-8")
    shift = "from,until,shift,name\n2026-11-23T08:00:00+08:00,2026-11-23T20:00:00+08:00,白班,周敏\n"
    (folder / "roster.csv").write_text(shift, "utf-8")
    for found in run_product(folder, f"sqlite:///{folder / 'store.db'}", LIANQIN_DATA_KEY=make_key()):
        add_people(found)
        found.publish_and_wait(
            filed("A1", -1, severity=2, returns=2),
            filed("A2", 0.1),
            filed("A3", 3),
            filed("B1", 5, 2),
            filed("A4", 90, lon=..., lat=..., coord_sys=..., street="S1"),
            entry(case("Y1", reported_at=to_rfc3339(NOON - 26 * HOUR), domain="09")),
            entry({"unit_id": "U1", "at": to_rfc3339(NOON), **middle(1, 0)}, "unit.moved"),
        )
        coverage_scene(found)
        found.start("alarms")
        found.start("escalator")
        found.start("worker", "--only", "past")
        yield found


@pytest.fixture(scope="module")
def person(place: Product, browser: Browser) -> Iterator[BrowserContext]:
    """The browser of the duty officer, with a sheet signed out by the one before; script errors fail at the end."""
    with logged_in(browser, place, "duty2") as page:
        desk_is_ready(page)
        line = {"seat": CODE, "token": "one-entry", "kind": "phone", "text": "来电", "case_id": "A1"}
        for wish in (["handover/out", {"seat": CODE, "reason": "替周敏签班"}], ["log", line]):
            said = page.evaluate(inside("([path, body]) => lianqin.post(`/api/v1/${path}`, body)"), wish)
            assert "error" not in said, said
    with logged_in(browser, place, "duty") as page:
        desk_is_ready(page)
        page.wait_for_selector("#alarm-bar article", timeout=20_000)
        yield page.context


@pytest.fixture
def page(person: BrowserContext) -> Iterator[Page]:
    """A page of the duty officer's."""
    found = person.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    found.close()
    assert not errors


States = Iterator[str]  # of one page: each has its name, and is on the screen when it is said


def login(page: Page, url: str) -> States:
    page.goto(f"{url}/login")
    yield "asking"
    page.fill("input[name=user]", "nobody")
    page.fill("input[name=password]", "wrong wrong wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    yield "refused"


def account(page: Page, url: str) -> States:
    page.goto(f"{url}/account")
    yield "asking"


def second_factor(page: Page, url: str) -> States:
    """The street's: proof again, its own factor set, the recovery codes, and the next log-in's second step."""
    kept = page.context.cookies()
    _log_in(page, url, "s2", "/account")
    page.goto(f"{url}/reauth?next=/account")
    yield "proof"
    page.goto(f"{url}/reauth?next=/api/v1/cases.csv")
    page.fill("input[name=secret]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("main a.button, main a")
    yield "proved, and the file apart"
    page.goto(f"{url}/account/factor")
    yield "offer"
    secret = base64.b32decode(page.inner_text(".secret code").replace(" ", ""))
    page.fill("input[name=code]", totp.code_at(secret, totp.step_at(time.time_ns() // 1_000_000)))
    page.keyboard.press("Enter")
    page.wait_for_selector("ol.codes")
    yield "recovery codes"
    _log_in(page, url, "s2", "/account")
    page.wait_for_selector("form[action^='/factor'] input[name=code]")
    yield "second step"
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]  # its own, given back


def _log_in(page: Page, url: str, user: str, aim: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{url}/login?next={aim}")
    page.fill("input[name=user]", user)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button")
    page.wait_for_url(lambda at: "/login" not in at)


def leadership(page: Page, url: str) -> States:
    page.goto(f"{url}/leadership")
    page.wait_for_selector("html[data-charts=drawn]", state="attached")
    yield "a day"
    page.goto(f"{url}/leadership/cases?name=intake")
    page.wait_for_selector("tbody a")
    yield "cases"


def audit(page: Page, url: str) -> States:
    kept = page.context.cookies()
    page.context.clear_cookies()
    page.goto(f"{url}/login?next=/audit")
    page.fill("input[name=user]", "audit")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button")
    page.wait_for_selector("tbody tr")
    yield "rows"
    page.click(".chain button")
    page.wait_for_selector("[role=status]")
    yield "checked"
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]  # its own, given back


def administration(page: Page, url: str) -> States:
    """People, what is done to one and taken back, the state of the system, the rules: with the keyboard alone."""
    kept = page.context.cookies()
    _log_in(page, url, "admin", "/admin/people")
    page.wait_for_selector("tr a[data-row]")
    yield "people"
    page.keyboard.press("/")
    page.keyboard.type("林芳")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=含“林芳”的 1 人")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector(".panel h2:has-text('林芳')")
    page.locator("summary", has_text="停用").press("Enter")
    page.locator("details[open] input[name=reason]").fill("休假")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('已办')")
    yield "a person, disabled"
    page.locator(".history summary", has_text="撤销").first.press("Enter")
    page.locator(".history details[open] input[name=reason]").fill("回来了")
    page.keyboard.press("Enter")
    page.wait_for_selector(".history :text('已撤销')")
    yield "taken back"
    page.goto(f"{url}/admin/people?new=1")
    yield "a new account"
    page.goto(f"{url}/admin/system")
    page.wait_for_selector("table.words tbody tr")
    yield "the system"
    for name in ("policy", "areas"):
        page.goto(f"{url}/admin/{name}")
        yield name
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]  # its own, given back


def wall(page: Page, url: str) -> States:
    page.goto(f"{url}/wall")
    page.wait_for_selector("#tile-next .case", timeout=20_000)
    yield "tiles"
    page.locator("#tile-next .case").first.press("Enter")
    page.wait_for_selector("#case-panel dl")
    yield "case"
    page.locator("#tile-streets [tabindex]").first.press("Enter")
    page.wait_for_selector("#case-panel li.row")
    yield "figure"


def coverage(page: Page, url: str) -> States:
    page.goto(f"{url}/coverage")
    page.locator("#coverage-ranking [data-camera]").first.wait_for()
    yield "spots"
    page.locator("#coverage-ranking [data-camera]").first.press("Enter")
    page.wait_for_selector("#case-panel dl")
    yield "camera"


TABS = {"alarms": ".alarm", "log": "ol", "handover": "h2", "grids": "h2"}


def desk(page: Page, url: str, address: str = "/desk", tabs: tuple[str, ...] = tuple(TABS)) -> States:
    page.goto(url + address)
    desk_is_ready(page)
    page.wait_for_selector('.ag-row[row-id="A1"]')
    yield "queue"
    for tab in tabs:
        page.click(f"#tab-{tab}")
        page.wait_for_selector(f"#body-{tab} {TABS[tab]}")
        assert "null" not in page.inner_text(f"#body-{tab}"), tab
        yield tab
    page.click("#tab-queue")
    page.locator('.ag-row[row-id="A2"] .ag-checkbox-input').first.click()
    pick(page, "A1")
    yield "a case, and a batch"
    page.click('#case-panel-body [data-command="case.dispatch"]')
    page.wait_for_selector("dialog[open]")
    yield "dialog"


def seats(page: Page, url: str) -> States:
    """A unit's queue, and a case of a grid on a telephone: the desk's page with less on it."""
    kept = page.context.cookies()
    _log_in(page, url, "d1", "/unit/D1")
    desk_is_ready(page)
    page.wait_for_selector('.ag-row[row-id="A1"]')
    yield "a unit's queue"
    page.set_viewport_size({"width": 390, "height": 844})
    _log_in(page, url, "g1", "/grid/G00")
    desk_is_ready(page)
    pick(page, "A1")
    yield "a grid's case"
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]  # its own, given back


def replay(page: Page, url: str) -> States:
    # A second ago: however long the start took, the cases have been there for longer.
    now_ms = parse_ms(page.request.get(f"{url}/api/v1/board").json()["as_of"])
    page.goto(f"{url}/replay?at={now_ms - 1000}")
    page.wait_for_selector(".replay-bar .known tbody", timeout=20_000)
    yield "a moment"


def handover(page: Page, url: str) -> States:
    page.goto(f"{url}/handover/{CODE}/now")
    page.wait_for_selector(".handover-sheet .signs")
    page.locator(".behind > summary").press("Enter")
    page.wait_for_selector(".behind table")
    yield "now"


def refusals(page: Page, url: str) -> States:
    page.goto(f"{url}/nope")
    page.wait_for_selector("nav.pages a")
    yield "404"
    kept = page.context.cookies()
    page.context.clear_cookies()  # the machine of this test is a wall's
    page.goto(f"{url}/")
    page.wait_for_selector("a[href='/login']")
    yield "a wall's front page"
    page.context.add_cookies(kept)  # type: ignore[arg-type]  # its own, given back


CHECKS: dict[str, Callable[..., States]] = {
    "/wall": wall, "/coverage": coverage, "/replay": replay, "/desk": desk, "/handover/": handover,
    "/street/": lambda page, url: desk(page, url, "/street/S1", ("grids",)),
    "/unit/": seats, "/grid/": seats,
    "login": login, "account": account, "audit": audit, "leadership": leadership, "leadership_cases": leadership,
    **dict.fromkeys(("own_factor", "reauth", "factor", "reauth_done", "codes"), second_factor),
    "problem": refusals, "front": refusals,
    **dict.fromkeys((name for name in TEMPLATES if name.startswith("admin_")), administration),
}  # fmt: skip


def findings(page: Page, states: States) -> list[str]:
    """What is wrong in each state: for axe in the dark and in the light, and for who has a keyboard only."""
    found = []
    for state in states:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE.read_text("utf-8"))  # the policy lets through what a debugger says
        wrong = [one for theme in ("light", "dark") for one in page.evaluate(RUN, theme)]
        for _ in range(page.evaluate(BEGIN) + 10):
            page.keyboard.press("Tab")
        found += [f"{state}: {one}" for one in wrong + page.evaluate(END)]
    return found


def test_every_page_has_a_check() -> None:
    assert CHECKS.keys() == PAGES.keys() | TEMPLATES


@pytest.mark.parametrize("check", dict.fromkeys(CHECKS.values()))
def test_nothing_serious_and_tab_comes_everywhere(place: Product, page: Page, check: Callable[..., States]) -> None:
    assert not findings(page, check(page, place.url))


def test_so_it_is_in_english(place: Product, page: Page) -> None:
    assert not findings(page, desk(page, place.url, "/desk?lang=en", ("log",)))
    assert page.evaluate("() => document.documentElement.lang") == "en"


def focused(page: Page, selector: str) -> None:
    wait_until(lambda: page.evaluate("s => document.activeElement.matches(s)", selector), f"{selector} has the focus")


def test_the_arrows_walk_among_the_tabs_of_a_desk(place: Product, page: Page) -> None:
    page.goto(f"{place.url}/desk")
    desk_is_ready(page)
    page.focus("#tab-queue")
    for way in ("Right alarms", "End grids", "Right queue", "Left grids", "Home queue", "Right alarms"):
        key, tab = way.split()
        page.keyboard.press(key if key in {"Home", "End"} else f"Arrow{key}")
        focused(page, f"#tab-{tab}[role=tab][aria-selected=true][tabindex='0']")
        assert page.locator("[role=tab][tabindex='0']").count() == 1
        assert page.locator("[role=tabpanel]:visible").evaluate_all("all => all.map(e => e.id)") == [f"body-{tab}"]
    page.keyboard.press("Tab")
    focused(page, "#body-alarms")


def test_a_row_opens_by_enter_and_has_the_focus_again_after_escape(place: Product, page: Page) -> None:
    page.goto(f"{place.url}/desk")
    desk_is_ready(page)
    page.wait_for_selector('.ag-row[row-id="A1"]')
    page.locator("#queue-tools a").press("Tab")  # the table is one stop, its head the first line
    focused(page, ".ag-header-cell")
    page.keyboard.press("ArrowDown")
    focused(page, ".ag-full-width-row")
    page.keyboard.press("Enter")
    expect(page.locator('.ag-row[row-id="A1"]')).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator('.ag-row[row-id="A1"]').first).to_be_visible()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    focused(page, '.ag-row[row-id="A1"] [col-id="takeover"]')
    assert page.evaluate(inside("() => lianqin.queue.selection().map(one => one[0])")) == ["A1"]
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector("#case-panel-body [data-command]")
    focused(page, "#case-panel")
    page.keyboard.press("Escape")
    focused(page, '.ag-row[row-id="A1"] [col-id="takeover"]')
    expect(page.locator("#case-panel")).to_have_attribute("hidden", "")


def test_a_dialog_keeps_the_focus_and_gives_it_back(place: Product, page: Page) -> None:
    page.goto(f"{place.url}/desk")
    desk_is_ready(page)
    pick(page, "A1")
    page.locator('[data-command="case.urge"]').press("Enter")
    focused(page, "dialog[open] textarea")
    for _ in range(2 * page.locator("dialog :is(button, textarea)").count() + 4):
        page.keyboard.press("Tab")
        where = page.evaluate("() => document.activeElement.closest('dialog, main, header, body').tagName")
        assert where in {"DIALOG", "BODY"}  # between two rounds the browser's own bar has its turn
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    focused(page, '[data-command="case.urge"]')


def test_a_street_calls_its_own_grids_people_after_one_click(place: Product, browser: Browser) -> None:
    with logged_in(browser, place, "s1") as page:
        desk_is_ready(page)
        page.click("#tab-grids")
        people = page.locator("#body-grids .people-cell").first
        expect(people).to_contain_text("林* 138****0000")
        page.click("[data-person='G00/0']")
        expect(people).to_contain_text("林芳 13800000000")
        expect(people.locator("a")).to_have_attribute("href", "tel:13800000000")


def test_what_is_drawn_anew_keeps_the_focus(place: Product, page: Page) -> None:
    page.goto(f"{place.url}/desk")
    desk_is_ready(page)
    for chip in ("#desk-strip [data-chip=overdue]", '#queue-tools [data-only="soon"]'):
        page.focus(chip)
        for pressed in ("true", "false"):
            page.keyboard.press("Enter")
            focused(page, f"{chip}[aria-pressed={pressed}]")
    page.goto(f"{place.url}/coverage")
    for one, other in (("light=now", "light=day"), ("tab=spots", "tab=grids")):
        page.locator(f"[data-{one}]").press("ArrowRight")
        focused(page, f"[data-{other}]:is([aria-checked=true], [aria-selected=true])")
