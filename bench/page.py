"""A Chromium page that writes down when its DOM shows which event, and how long its frames take."""

import contextlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

# Nothing but loopback resolves: no tiles, no telemetry, no luck of the network in the figures.
FLAGS = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-precise-memory-info", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip

# A stream id as one number that a JavaScript double holds exactly, in order: fewer than 4,096 entries a millisecond.
ENTRY_FACTOR = 4096

_WATCH = """((sel, attribute, factor) => {
  window.__bench = {log: [], gap: 0, last: performance.now()};
  const text = el => attribute ? el.getAttribute(attribute) || "" : el.textContent;
  const seen = s => {
    const m = attribute ? /(\\d+)-(\\d+)/.exec(s) : /seq=(\\d+)/.exec(s);
    return m ? (attribute ? +m[1] * factor + +m[2] : +m[1]) : -1;
  };
  window.__bench.shown = () => { const el = document.querySelector(sel); return el ? seen(text(el)) : -1; };
  const watch = el => {
    const read = () => {
      const key = seen(text(el));
      if (key >= 0) window.__bench.log.push([key, performance.timeOrigin + performance.now()]);
    };
    read();
    new MutationObserver(read).observe(el, attribute
      ? {attributes: true, attributeFilter: [attribute]}
      : {childList: true, characterData: true, subtree: true});
  };
  const seek = () => { const el = document.querySelector(sel); el ? watch(el) : setTimeout(seek, 10); };
  seek();
  const tick = t => {
    const b = window.__bench;
    b.gap = Math.max(b.gap, t - b.last); b.last = t; requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})(%s, %s, %d)"""  # an init script: a page that reloads itself is watched again


@dataclass(frozen=True, slots=True)
class Counter:
    """Where the page says which event it shows: ``seq=N`` in the text, or a stream id in an attribute."""

    selector: str
    attribute: str | None = None


class Watched:
    """One browser with one page; a context manager that ends the browser that it started."""

    def __init__(self, counter: Counter, width: int = 1280, height: int = 800) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise SystemExit("no chromium on PATH: install Debian's chromium")
        self.crashed, self.loads = False, 0
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        self.version = self._browser.version
        self.page: Page = self._browser.new_page(viewport={"width": width, "height": height})
        self.page.add_init_script(_WATCH % (json.dumps(counter.selector), json.dumps(counter.attribute), ENTRY_FACTOR))
        self.page.on("load", self._loaded)
        self.page.on("crash", self._has_crashed)

    def _loaded(self, _page: Page) -> None:
        self.loads += 1

    def _has_crashed(self, _page: Page) -> None:
        self.crashed = True

    def __enter__(self) -> "Watched":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for end in (self._browser.close, self._playwright.stop):
            try:
                end()
            except PlaywrightError as failed:
                print(f"closing the browser: {failed}", flush=True)

    def run(self, script: str, argument: object = None) -> Any:
        """Evaluate a script; again, when the page reloads itself under it."""
        for _ in range(20):
            try:
                return self.page.evaluate(script, argument)
            except PlaywrightError as error:
                if "navigation" not in str(error) and "destroyed" not in str(error):
                    raise
                time.sleep(0.2)
        raise TimeoutError("the page keeps reloading itself")

    def settle(self) -> None:
        """Let the load event come, if it does: a later one is a reload."""
        with contextlib.suppress(PlaywrightError):
            self.page.wait_for_load_state("load", timeout=5_000)

    def shown(self) -> int:
        """The newest event that the page shows, as a key; -1 when none."""
        return int(self.run("() => window.__bench ? window.__bench.shown() : -1"))

    def reset(self) -> None:
        """Forget what was written down."""
        self.run("() => { const b = window.__bench; b.log.length = 0; b.gap = 0; b.last = performance.now(); }")

    def read(self) -> tuple[list[tuple[int, float]], float]:
        """What was written down: (key, wall ms) of each DOM change, and the longest pause between two frames in ms."""
        log, gap = self.run(
            "() => { const b = window.__bench; return [b.log, Math.max(b.gap, performance.now() - b.last)]; }"
        )  # a page that paints no more has no frame to tell of its gap
        return [(int(key), float(at)) for key, at in log], float(gap)

    def heap_mb(self) -> int:
        """The JavaScript heap in use."""
        return round(float(self.run("() => performance.memory.usedJSHeapSize")) / 1e6)

    def main_thread_s(self) -> Callable[[], float]:
        """A stopwatch: seconds of work of the page's main thread since this call."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Performance.enable")

        def spent() -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

        start = spent()
        return lambda: spent() - start
