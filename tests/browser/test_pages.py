"""Pages come and go: what a page has begun ends when it is left, and what it sends over the wire is little."""

import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocket

from tests.browser.conftest import Product, wait_until
from tests.browser.desks import add_people, desk_is_ready, logged_in
from tests.browser.shown import inside, wait_inside
from tests.tiny import case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]

# What our scripts have begun and not ended: counted where their address stands in the stack of the caller.
COUNTED = """(() => {
  const running = window.running = {intervals: new Set(), listeners: new Set(), observers: new Set(), frames: 0};
  const isOurs = () => new Error().stack.includes("/scripts/");
  const {setInterval: begin, clearInterval: end, requestAnimationFrame: next} = window;
  window.setInterval = (...given) => {
    const id = begin(...given);
    if (isOurs()) running.intervals.add(id);
    return id;
  };
  window.clearInterval = id => { running.intervals.delete(id); end(id); };
  window.requestAnimationFrame = work => { if (isOurs()) running.frames += 1; return next(work); };
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (name, heard, options) {
    if ((this === document || this === window) && isOurs()) {
      const one = {name};
      running.listeners.add(one);
      if (options && options.signal) listen.call(options.signal, "abort", () => running.listeners.delete(one));
    }
    return listen.call(this, name, heard, options);
  };
  for (const kind of ["MutationObserver", "ResizeObserver"]) {
    const Theirs = window[kind];
    window[kind] = class extends Theirs {
      constructor(work) { super(work); this.isOurs = isOurs(); }
      observe(...given) { if (this.isOurs) running.observers.add(this); super.observe(...given); }
      disconnect() { running.observers.delete(this); super.disconnect(); }
    };
  }
})()"""
RUNNING = "() => [running.intervals.size, running.listeners.size, running.observers.size]"
# The document's own: core/field-words.js hears invalid, input and change of every field, on every page.
FIELD_WORDS = 3
GO = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }"
KB = 1000
# Page → bytes on the wire at most, of the first visit and of the next. The desk alone has AG Grid (600 kB).
LIMITS = {
    path: (1_200 * KB if path == "/desk" else 600 * KB, 20 * KB) for path in ("/desk", "/wall", "/coverage", "/replay")
}


@pytest.fixture
def people(product: Product) -> Product:
    add_people(product)
    product.publish_and_wait(*[entry(case(f"A{i}", 1, **middle(i % 4, i % 2))) for i in range(4)])
    return product


def shows(page: Page, path: str) -> None:
    root = "#wall[data-replay]" if path == "/replay" else f"#{path.strip('/')}"
    page.wait_for_selector(root, state="attached", timeout=20_000)
    wait_inside(page, "() => !!lianqin.live && !!document.querySelector('#map .case-layer')", timeout=20_000)


def still_open(page: Page, sockets: list[WebSocket]) -> int:
    """How many; events reach us only while we talk to the browser."""
    page.evaluate("() => 0")
    return sum(not socket.is_closed() for socket in sockets)


def test_what_a_page_has_begun_ends_when_it_is_left(people: Product, browser: Browser) -> None:
    with logged_in(browser, people, "duty", "/account") as page:
        page.add_init_script(COUNTED)
        sockets: list[WebSocket] = []
        page.on("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108  # a method has no place for its mark
        page.goto(f"{people.url}/desk")
        desk_is_ready(page)
        counts = {"/desk": page.evaluate(RUNNING)}
        assert all(counts["/desk"])
        for path in ("/coverage", "/wall", "/replay", "/desk", "/coverage", "/wall", "/replay"):
            page.evaluate(GO, path)
            shows(page, path)
            opened = 0 if path == "/replay" else 1
            wait_until(lambda n=opened: still_open(page, sockets) == n, f"{opened} socket at {path}")
            counts.setdefault(path, page.evaluate(RUNNING))
            wait_until(lambda at=path: page.evaluate(RUNNING) == counts[at], f"no more than before at {path}")
        page.evaluate(GO, "/nowhere")
        page.wait_for_selector("#wall", state="detached")
        assert page.evaluate(inside("() => !lianqin.live"))
        assert page.evaluate(RUNNING) == [0, FIELD_WORDS, 1], "boot.mjs alone watches"
        frames = page.evaluate("() => running.frames")
        page.wait_for_timeout(300)
        assert page.evaluate("() => running.frames") == frames


def sent(context: BrowserContext, url: str) -> int:
    """Bytes on the wire, heads and bodies, until the page is drawn and live."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    shows(page, "/" + url.rpartition("/")[2])
    page.wait_for_load_state("load")
    page.close()
    return round(sum(sizes))


def test_a_page_weighs_little_and_next_to_nothing_when_it_comes_again(people: Product, browser: Browser) -> None:
    for path, (first, next_) in LIMITS.items():
        with logged_in(browser, people, "duty", "/account") as page:
            page.wait_for_url("**/account")
            found = [sent(page.context, people.url + path) for _ in range(2)]
        assert found[0] <= first, (path, found)
        assert found[1] <= next_, (path, found)


def test_modules_that_come_late_miss_no_map(people: Product, browser: Browser) -> None:
    def late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    for name in ("boot.mjs", "map/maps.js", "coverage/page.js", "map/coverage-layer.js"):
        with logged_in(browser, people, "duty", "/account") as page:
            page.wait_for_url("**/account")
            page.route(f"**/{name}", late)
            page.goto(f"{people.url}/coverage")
            shows(page, "/coverage")


def test_a_page_whose_module_does_not_come_loads_itself_anew(people: Product, browser: Browser) -> None:
    with logged_in(browser, people, "duty", "/account") as page:
        page.wait_for_url("**/account")
        page.route("**/modules/coverage/page.js", lambda route: route.fulfill(status=404))
        page.goto(f"{people.url}/coverage")
        page.wait_for_selector("#coverage")
        page.evaluate("() => { window.isFirst = true; }")
        page.unroute_all()
        page.wait_for_function("() => !window.isFirst", timeout=15_000)
        shows(page, "/coverage")
