"""The wall in a real Chromium, fed by the whole product."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from dashboard.texts import texts
from services.platform.clock import to_rfc3339
from tests.browser.conftest import Product, open_wall, shows_entry, state_word, wait_until
from tests.browser.shown import inside, wait_inside
from tests.tiny import NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]

HOUR = 3_600_000


def due(hours: float, **more: Any) -> dict[str, Any]:
    """A filed case whose deadline is ``hours`` after noon; it was reported two hours before noon."""
    started = to_rfc3339(NOON - 2 * HOUR)
    clock = {"what": "close", "started_at": started, "deadline_at": to_rfc3339(NOON + int(hours * HOUR))}
    return case(status=more.pop("status", "handling"), clocks=[clock], reported_at=started, filed_at=started, **more)


def text(page: Page, selector: str) -> str:
    return page.locator(selector).inner_text()


def test_a_published_case_is_on_the_wall_and_leaves_it_when_it_closes(product: Product, page: Page) -> None:
    open_wall(page, product)
    shows_entry(page, product.publish(entry(due(1)), entry(due(-1, case_id="A2"))))
    assert "超期\n1" in text(page, "#tile-today")
    assert page.evaluate(inside("() => lianqin.layer.store.n")) == 2
    shows_entry(
        page,
        product.publish(
            entry(due(-1, case_id="A2", version=2, status="closed", closed_at=to_rfc3339(NOON)), "case.closed")
        ),
    )
    assert page.evaluate(inside("() => lianqin.layer.store.n")) == 1
    assert "超期\n0" in text(page, "#tile-today")


def test_the_wall_shows_what_the_board_says(product: Product, page: Page) -> None:
    nowhere = due(3, case_id="X", lon=..., lat=..., coord_sys=...)
    product.publish_and_wait(
        *[entry(due(i - 2, case_id=f"C{i}", **middle(i % 4, i % 2))) for i in range(12)], entry(nowhere)
    )
    open_wall(page, product)
    board = product.board()
    assert board["open"] == 13
    assert page.evaluate(inside("() => lianqin.live.state.rows.size")) == board["open"]
    tiles = page.evaluate(inside("() => lianqin.live.state.tiles"))
    assert tiles["today"]["overdue"] == board["overdue"]
    assert tiles["today"]["due_soon"] == board["due_soon"]
    for code, rate, should_close, opened, _overdue in tiles["streets"]["rows"]:
        of_board = next(s for s in board["streets"] if s["code"] == code)
        assert (rate, should_close, opened) == (
            of_board["on_time_close_rate"],
            of_board["should_close"],
            of_board["open"],
        )
    # What has no street is counted behind the streets, apart: no rank, no bar.
    apart = page.locator("#tile-streets .apart").all()
    assert [cell.inner_text() for cell in apart] == ["", "未定位", "", "—", "0"]
    assert page.locator("#tile-streets i").count() == len(tiles["streets"]["rows"])


def test_every_overdue_case_is_a_sign_or_in_a_ring(product: Product, page: Page) -> None:
    spread = [middle(i % 4 + (i * 37 % 11 - 5) / 12, i % 2 + (i * 53 % 11 - 5) / 12) for i in range(60)]
    product.publish_and_wait(*[entry(due(-1 if i % 3 else 0.2, case_id=f"C{i}", **at)) for i, at in enumerate(spread)])
    open_wall(page, product)

    def shown() -> bool:
        overdue, soon = page.evaluate(
            inside("""() => { const d = lianqin.layer.drawn, s = lianqin.layer.store; return [2, 1].map(light =>
                 d.singles.filter(m => s.light[s.index.get(m.id)] === light).length +
                 d.groups.reduce((a, g) => a + (light === 2 ? g.overdue : g.soon), 0)); }""")
        )
        return (overdue, soon) == (40, 20)

    wait_until(shown, "40 overdue and 20 due soon are drawn")


def test_a_light_turns_by_the_clock_alone(product: Product, page: Page) -> None:
    product.publish_and_wait(entry(due(0.002)))  # due 7 s after noon
    open_wall(page, product)
    wait_until(lambda: "超期\n1" in text(page, "#tile-today"), "the case is overdue without an event", 30)


def test_the_case_panel_opens_and_says_how_the_deadline_came_about(product: Product, page: Page) -> None:
    escalation = {"from": "street", "to": "D1", "reason_code": "beyond_power", "at": to_rfc3339(NOON)}
    product.publish_and_wait(
        entry(case(reported_at=to_rfc3339(NOON - HOUR))),
        entry(due(1, version=2, level="district", escalations=[escalation], lead_unit="D1"), "case.escalated"),
    )
    open_wall(page, product)
    card = page.locator(".queue .case").first
    assert "东街" in card.inner_text()
    assert "无人签收" in card.inner_text()
    card.click()
    page.wait_for_selector("#case-panel:not([hidden]) ol li")
    panel = text(page, "#case-panel")
    assert "案件系统给出的截止时间" in panel
    assert "升级" in panel
    page.keyboard.press("Escape")
    page.wait_for_selector("#case-panel[hidden]", state="attached")


def test_text_is_text(product: Product, page: Page) -> None:
    bad = "<img src=x onerror=window.pwned=1>"
    product.publish_and_wait(
        entry(due(-1, category={"name": bad}, title=bad, address=bad, description=bad, lead_unit=bad, street=bad,
                  level="district", escalations=[{"to": bad, "reason_code": bad}])),
    )  # fmt: skip
    open_wall(page, product)
    page.locator(".queue .case").first.click()
    page.wait_for_selector("#case-panel:not([hidden]) dl")
    assert bad[:20] in text(page, "#case-panel")
    assert page.evaluate("() => window.pwned") is None


# Texts of the wall that end in «…» or reach out of their box; what a package lacks is a list as long as it may be.
CUT = """() => [...document.querySelectorAll("#wall main :is(h2, span, b, p, div)")].filter(e => e.offsetParent
  && e.childElementCount === 0 && e.textContent.trim() && e.scrollWidth > e.clientWidth + 1
  && getComputedStyle(e).display !== "inline" && !e.matches(".list")).map(e => e.textContent)"""


LONG_NAMES = """why => {
  const made = html => {
    const box = document.createElement("div");
    box.innerHTML = html;
    return box.firstElementChild;
  };
  const line = made(`<div class="case coming"><span class="where"><span>Zhonglouxiang</span><span>Emergencies</span>
    </span><b class="warn">${why}</b></div>`);
  document.querySelector("#tile-next .next").replaceChildren(line);
  const [rank, name] = document.querySelectorAll("#tile-streets .streets > :is(.dim, .name)");
  [rank.textContent, name.textContent] = ["12", "Zhonglouxiang"];
  const edge = (e, side) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return range.getBoundingClientRect()[side];
  };
  const over = e => Math.max(0, e.scrollWidth - e.clientWidth);
  return [over(line.querySelector(".where > span")), over(name), edge(name, "left") - edge(rank, "right") > 4];
}"""


def test_there_is_no_english_on_the_chinese_page_and_no_chinese_on_the_english_one(
    product: Product, page: Page
) -> None:
    passed = {"from": "D2", "to": "D1", "reason_code": "beyond_power", "at": to_rfc3339(NOON)}
    product.publish_and_wait(
        entry(due(-1)),
        entry(due(1, case_id="A2", domain="09")),
        entry(due(2, case_id="A3", level="district", escalations=[passed])),
    )
    open_wall(page, product)
    chinese = text(page, "#wall")
    assert not [word for word in chinese.split() if word.isascii() and word.isalpha() and word not in {"n", "App"}]
    open_wall(page, product, "?lang=en")
    english = page.evaluate("() => document.getElementById('wall').innerText")
    names = {"东街", "西街"}  # the tiny package gives its streets no English name
    assert not [w for w in english.split() if any("\u4e00" <= c <= "\u9fff" for c in w) and w not in names]
    assert page.evaluate(CUT) == []
    # Two long names: it is said whole to whom the case went, it has to act.
    assert page.evaluate(
        """() => {
             const route = document.querySelector("#tile-queue .route"), [from, to] = route.children;
             from.textContent = "Joint-Duty Brigade of the whole district";
             to.textContent = "→ Traffic Police Brigade";
             const box = route.getBoundingClientRect(), said = to.getBoundingClientRect();
             return to.scrollWidth <= to.clientWidth && said.top >= box.top - 1 && said.bottom <= box.bottom + 1; }"""
    )
    # The longest of the demo's streets: what comes next names it whole, and its two-digit rank stands apart.
    for why in texts("en")["rule"].values():
        assert page.evaluate(LONG_NAMES, texts("en")["word"]["proposal"].format(rule=why)) == [0, 0, True], why


HEADS_OUTSIDE = """() => [...document.querySelectorAll('#wall .tile > header > *')].filter(e => {
    const head = e.parentElement.getBoundingClientRect(), tile = e.closest('.tile').getBoundingClientRect();
    return e.offsetParent && e.textContent && e.getBoundingClientRect().right > Math.min(head.right, tile.right) + 1;
    }).map(e => e.closest('.tile').id + ': ' + e.textContent)"""


@pytest.mark.parametrize(("lang", "stopped"), [("zh-CN", "停在"), ("en", "last")])
def test_nothing_overflows_and_no_text_is_too_small(product: Product, browser: Any, lang: str, stopped: str) -> None:
    product.publish_and_wait(*[entry(due(i - 2, case_id=f"C{i}", **middle(i % 4, i % 2))) for i in range(12)])
    for width, height in ((1920, 1080), (3840, 2160), (7680, 2160), (5760, 3240)):
        page = browser.new_page(viewport={"width": width, "height": height})
        open_wall(page, product, f"?lang={lang}")
        assert page.evaluate("() => [document.body.scrollWidth, document.body.scrollHeight]") == [width, height]
        unit = page.evaluate(inside("() => lianqin.wallUnit()"))
        small = page.evaluate(
            """unit => [...document.querySelectorAll('#wall *')].filter(e => e.childNodes.length && e.offsetParent
                 && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
                 && parseFloat(getComputedStyle(e).fontSize) < 24 * unit - 0.5)
                 .map(e => e.className + e.textContent)""",
            unit,
        )
        assert small == []
        outside = page.evaluate(
            """() => [...document.querySelectorAll('#wall .tile, #wall .tile .body > *')].filter(e => {
                 const r = e.getBoundingClientRect(), c = e.closest('main').getBoundingClientRect();
                 return r.bottom > c.bottom + 1 || r.right > innerWidth + 1; }).map(e => e.id || e.className)"""
        )
        assert outside == []
        assert page.evaluate(HEADS_OUTSIDE) == []
        page.context.set_offline(True)
        page.evaluate(inside("() => lianqin.live.socket.io.engine.close()"))
        page.wait_for_selector('html[data-state="offline"]', state="attached")
        page.wait_for_selector(f"#tile-today .as-of:has-text('{stopped}')")
        assert page.evaluate(HEADS_OUTSIDE) == []  # every head is longer then: it says when the picture stopped
        page.context.set_offline(False)
        page.close()


def test_the_day_turns_without_a_reload(product: Product, page: Page) -> None:
    """Shanghai's midnight comes, and «today» begins again at 0 while the open cases stay."""
    import time

    from services.platform.clock import VirtualClock

    product.publish_and_wait(entry(due(20)))
    open_wall(page, product)
    assert page.evaluate(inside("() => lianqin.live.state.tiles.today.intake")) == 1
    midnight = NOON + 12 * HOUR
    fields: dict[Any, Any] = dict(VirtualClock(midnight - 6000, time.time_ns() // 1_000_000).to_hash())
    with product.client() as client:
        client.hset(product.keys.clock, mapping=fields)
    wait_until(
        lambda: page.evaluate(inside("() => lianqin.live.state.tiles.today.intake")) == 0, "intake is 0 again", 30
    )
    assert page.evaluate(inside("() => lianqin.live.state.tiles.today.open")) == 1
    assert "00:00" in text(page, "#clock")
    assert state_word(page) == "live"


def test_a_small_pixel_ratio_leaves_nothing_behind(product: Product, browser: Browser) -> None:
    """With fewer than one device pixel to the CSS pixel (a browser zoomed out) the whole canvas is cleared."""
    product.publish_and_wait(entry(due(3)))
    page = browser.new_page(viewport={"width": 1920, "height": 1080}, device_scale_factor=0.5)
    open_wall(page, product)
    wait_inside(page, "() => lianqin.layer && lianqin.layer._dotsAt")
    left = page.evaluate(
        inside("""() => { const layer = lianqin.layer;
             const at = c => c.getContext("2d").getImageData(c.width - 1, c.height - 1, 1, 1);
             for (const c of [layer._dots, layer._marks]) {
               const g = c.getContext("2d"); g.setTransform(1, 0, 0, 1, 0, 0); g.fillRect(0, 0, c.width, c.height);
             }
             layer._update();
             return [layer._dots, layer._marks].map(c => at(c).data[3]); }""")
    )
    assert left == [0, 0]
    page.close()


# Every word that the page has said, as it turns.
STATES = """(() => {
  window.states = [];
  new MutationObserver(() => {
    const word = document.documentElement.dataset.state;
    if (word && word !== window.states.at(-1)) window.states.push(word);
  }).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-state"]});
})()"""


def test_the_page_can_connect_to_its_own_origin_and_nowhere_else(product: Product, page: Page) -> None:
    """The socket is open under the page's policy; another host, another port and a plain fetch are stopped by it."""
    page.add_init_script(STATES)
    open_wall(page, product)
    wait_until(lambda: state_word(page) == "live", "the socket is open: with the first beat, behind the first picture")
    assert page.evaluate("() => window.states") == ["connecting", "live"]  # no moment of an opening page looks stale
    stopped = page.evaluate(
        """async () => {
             const found = [];
             document.addEventListener("securitypolicyviolation", e => found.push(e.effectiveDirective));
             for (const url of ["ws://example.com/", "wss://example.com/", "ws://127.0.0.1:1/"]) {
               try { new WebSocket(url); } catch (e) { /* some versions throw */ }
             }
             await fetch("http://127.0.0.1:1/").catch(() => 0);
             await new Promise(done => setTimeout(done, 200));
             return found; }"""
    )
    assert stopped == ["connect-src"] * 4


PIXELS = inside("""() => { const c = lianqin.layer._dots;
    window.pixels = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; }""")
# How many pixels differ between what was drawn piece by piece and a drawing of the whole, and how many are not empty.
COMPARED = inside("""() => { const c = lianqin.layer._dots, old = window.pixels;
    lianqin.layer.spoilAll(); lianqin.layer._drawDots();
    const now = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    let different = 0, drawn = 0;
    for (let i = 3; i < now.length; i += 4) { different += Math.abs(now[i] - old[i]) > 2; drawn += now[i] > 0; }
    return [different, drawn]; }""")


def test_dots_drawn_piece_by_piece_are_those_of_a_whole_drawing(product: Product, page: Page) -> None:
    places = [middle(i % 4 + (i * 37 % 11 - 5) / 12, i % 2 + (i * 53 % 11 - 5) / 12) for i in range(60)]
    product.publish_and_wait(*[entry(due(20, case_id=f"C{i}", **at)) for i, at in enumerate(places)])
    open_wall(page, product)
    wait_inside(page, "() => lianqin.layer && lianqin.layer._dotsAt && !lianqin.layer._areDotsStale()")
    page.evaluate(
        inside("""() => { window.whole = 0; const layer = lianqin.layer, begin = layer._begin;
             layer._begin = canvas => {
               window.whole += canvas === layer._dots; return begin.call(layer, canvas); }; }""")
    )
    closed = {"status": "closed", "closed_at": to_rfc3339(NOON)}
    shows_entry(
        page,
        product.publish(
            *[entry(due(20, case_id=f"C{i}", version=2, **places[(i + 7) % 60])) for i in range(0, 12)],
            *[entry(due(20, case_id=f"C{i}", version=2, **places[i], **closed), "case.closed") for i in range(12, 24)],
            *[entry(due(-1, case_id=f"C{i}", version=2, **places[i])) for i in range(24, 30)],
            *[entry(due(20, case_id=f"N{i}", **places[i])) for i in range(12)],
        ),
    )
    wait_inside(page, "() => !lianqin.layer._areDotsStale() && !lianqin.layer._areMarksStale()")
    page.evaluate(PIXELS)
    assert page.evaluate("() => window.whole") == 0
    different, drawn = page.evaluate(COMPARED)
    assert different == 0
    assert drawn > 100


def test_the_dots_are_not_drawn_again_when_only_signs_change(product: Product, page: Page) -> None:
    product.publish_and_wait(entry(due(20)), entry(due(-1, case_id="A2")))
    open_wall(page, product)
    wait_inside(page, "() => lianqin.layer && lianqin.layer._dotsAt && !lianqin.layer._areDotsStale()")
    dots_at, marks_at = page.evaluate(inside("() => [lianqin.layer._dotsAt, lianqin.layer._marksAt]"))
    shows_entry(page, product.publish(entry(due(-1, case_id="A2", version=2, **middle(1, 1)))))
    wait_inside(page, "before => lianqin.layer._marksAt > before", arg=marks_at)
    page.wait_for_timeout(500)  # longer than the pause between two drawings of the dots
    assert page.evaluate(inside("() => lianqin.layer._dotsAt")) == dots_at
    signs = inside("() => [...lianqin.layer.store.signSlots()].map(i => lianqin.layer.store.ids[i])")
    assert page.evaluate(signs) == ["A2"]
