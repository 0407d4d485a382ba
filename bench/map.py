"""The map with very many cases: drawn, heap, panning, and what a stream of changes costs.

python -m bench.map [--cases 100000]
"""

import argparse
import json
from typing import Any

from bench.harness import Stage
from bench.product import Lianqin

FRAMES = """() => { window.frames_ = []; let last = performance.now();
  const tick = now => { window.frames_.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick); }"""
# So wide that the map itself is about 1600×900.
VIEW = {"width": 2960, "height": 1170}


def measure(cases: int) -> dict[str, Any]:
    """Seconds until all are drawn, heap in MB, frames a second while panning, main-thread seconds a second."""
    with Stage(Lianqin(), cases) as stage:
        page = stage.watched.page
        page.set_viewport_size(VIEW)
        opened = stage.open()
        box = page.locator("#map").bounding_box()
        assert box is not None
        idle = stage.run(0.5, 6)
        busy = stage.run(100, 10)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(2000)
        page.evaluate(FRAMES)
        page.mouse.down()
        for step in range(120):
            page.mouse.move(x + 220 * ((step % 40) / 20 - 1), y + 120 * ((step % 30) / 15 - 1))
        page.mouse.up()
        frames: list[float] = page.evaluate("() => window.frames_")
        return {
            "cases": cases, "map": [round(box["width"]), round(box["height"])], "drawn_s": opened["drawn_s"],
            "heap_mb": busy["heap_mb"], "pan_fps": round(1000 * len(frames) / sum(frames), 1),
            "main_thread_s_per_s": round(busy["main_thread_s"] / 10, 3),
            "idle_main_thread_s_per_s": round(idle["main_thread_s"] / 6, 3),
            "p50_ms": busy["p50_ms"], "p99_ms": busy["p99_ms"], "web_rss_mb": busy["server_rss_mb"],
        }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The map with very many cases")
    parser.add_argument("--cases", type=int, default=100_000)
    print(json.dumps(measure(parser.parse_args().cases), indent=1))
