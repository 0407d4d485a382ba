"""The map with very many cases: drawn, heap, panning, and what a stream of changes costs.

python -m bench.map [--cases 100000] [--seconds 10]
"""

import argparse
import json
import os
from typing import Any

from playwright.sync_api import Page

from bench.harness import Stage
from bench.product import Lianqin, web_memory
from tests.browser.shown import inside

FRAMES = """() => { window.frames_ = []; let last = performance.now();
  const tick = now => { window.frames_.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick); }"""
# So wide that the map itself is about 1600×900.
VIEW = {"width": 3102, "height": 1192}
PAN_STEPS = 150


def measure(cases: int, seconds: float) -> dict[str, Any]:
    """Seconds until all are drawn, heap in MB, frames a second while panning, main-thread seconds a second."""
    with Stage(Lianqin(), cases) as stage:
        page = stage.watched.page
        page.set_viewport_size(VIEW)
        opened = stage.open()
        idle = stage.run(0.5, 6)
        busy = stage.run(100, seconds)
        panned = pan(page)
        return {
            "cases": cases, "open": opened, "drawn_s": opened["drawn_s"], "heap_mb": busy["heap_mb"],
            "heap_live_mb": live_heap_mb(page), **panned,
            "main_thread_s_per_s": round(busy["main_thread_s"] / seconds, 3),
            "idle_main_thread_s_per_s": round(idle["main_thread_s"] / 6, 3),
            "p50_ms": busy["p50_ms"], "p99_ms": busy["p99_ms"], "kept_up": busy["kept_up"],
            "web_mb": web_memory(stage.children[1]), "load1": round(os.getloadavg()[0], 1),
        }  # fmt: skip


def pan(page: Page) -> dict[str, Any]:
    """Drag the map about, zoomed in by one wheel turn, and count its animation frames."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(2000)
    before = page.evaluate(inside("() => lianqin.maps.get('map').getCenter().toString()"))
    page.evaluate(FRAMES)
    page.mouse.down()
    places = set()
    for step in range(PAN_STEPS):
        page.mouse.move(x + 220 * ((step % 40) / 20 - 1), y + 120 * ((step % 30) / 15 - 1))
        if step % 10 == 0:
            places.add(page.evaluate(inside("() => lianqin.maps.get('map').getCenter().toString()")))
    frames: list[float] = page.evaluate("() => window.frames_")
    page.mouse.up()
    if len(places) < 3 or places == {before}:
        raise RuntimeError("the map did not follow the mouse: nothing was measured")
    frames.sort()
    return {
        "map": [round(box["width"]), round(box["height"])],
        "pan_fps": round(1000 * len(frames) / sum(frames), 1),
        "pan_frame_p95_ms": round(frames[int(0.95 * len(frames))], 1),
        "pan_s": round(sum(frames) / 1000, 1),
    }


def live_heap_mb(page: Page) -> int:
    """The heap after a collection: what the page really holds."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return round(float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The map with very many cases")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.cases, asked.seconds), indent=1))
