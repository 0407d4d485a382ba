"""One camera fails: XADD of its status → the figures of /coverage and of the wall show what it costs. And 500 at once.

The full product with the surveyor, the demo's district and its 5,000 cameras. ``python -m bench.coverage_live``
"""

import argparse
import json
import os
import time
import urllib.request
from collections.abc import Sequence
from typing import Any

from bench.harness import Room, Stage, percentile
from bench.processes import Child
from bench.product import Lianqin
from services.contract.entry import encode_entry
from services.platform.clock import machine_ms, to_rfc3339

# Resolves with the wall clock's ms when a page's element shows how many cameras are on line now.
SHOWN = """([selector, wanted]) => new Promise((resolve, reject) => {
  const look = () => [...document.querySelectorAll(selector)].some(e => e.textContent.includes(wanted));
  if (look()) { resolve(Date.now()); return; }
  const watch = new MutationObserver(() => { if (look()) { watch.disconnect(); resolve(Date.now()); } });
  watch.observe(document.documentElement, {subtree: true, childList: true, characterData: true});
  setTimeout(() => { watch.disconnect(); reject(new Error(`not shown: ${wanted}`)); }, 20000);
})"""
PAGES = {"/coverage": "#coverage-figures", "/wall": "#wall"}


class WithCameras(Lianqin):
    """The product with the coverage engine beside it."""

    def start(self, room: Room) -> list[Child]:
        """Projector, web and surveyor."""
        children = super().start(room)
        command = [*children[0].process.args[:3], "surveyor"]  # type: ignore[index]  # a list of words
        self.environment = {
            **os.environ,
            "LIANQIN_REDIS_URL": room.redis_url,
            "LIANQIN_DATABASE_URL": f"sqlite:///{self.folder / 'store.db'}",
            "LIANQIN_DISTRICT": str(self.folder / "district"),
        }
        return [*children, Child(command, room.log, env=self.environment)]

    def ready(self, room: Room, children: Sequence[Child]) -> None:
        """Until every camera was told."""
        super().ready(room, children)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            found = ask(room, "/api/v1/coverage")["coverage"]
            if found and found["cameras"]:
                return
            time.sleep(0.5)
        raise TimeoutError("the surveyor told nothing within 2 minutes")


def ask(room: Room, path: str) -> Any:
    """A JSON answer of the product."""
    with urllib.request.urlopen(f"http://127.0.0.1:{room.http_port}{path}", timeout=20) as answer:
        raw = answer.read()
    if raw[:2] == b"\x1f\x8b":
        import gzip

        raw = gzip.decompress(raw)
    return json.loads(raw)


def measure(rounds: int) -> dict[str, Any]:
    """Ms by page for single cameras, and for 500 at once."""
    target = WithCameras()
    with Stage(target, 500) as stage:
        sights = ask(stage.room, "/api/v1/coverage/sights?since=0")["sights"]
        working = [s["id"] for s in sights if s["state"] == "online" and s.get("sees_day") and s["view"] != "none"]
        found: dict[str, Any] = {"cameras": len(sights)}
        for path, selector in PAGES.items():
            page = stage.watched.page
            page.goto(f"http://127.0.0.1:{stage.room.http_port}{path}")
            page.wait_for_selector("html[data-last-entry]", state="attached", timeout=60_000)
            page.evaluate(SHOWN, [selector, _online(stage)])
            page.wait_for_timeout(1500)
            took = []
            for _ in range(rounds):
                took.append(_lose(stage, selector, [working.pop()]))
                page.wait_for_timeout(300)
            name = path.strip("/")
            found[name] = {"p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95), "max_ms": max(took)}
            found[f"{name}_500_ms"] = _lose(stage, selector, [working.pop() for _ in range(500)])
        found["load1"] = round(os.getloadavg()[0], 1)
        return found


def _online(stage: Stage) -> str:
    coverage = ask(stage.room, "/api/v1/coverage")["coverage"]
    return f"{coverage['online']:,} / {coverage['cameras']:,}"


def _lose(stage: Stage, selector: str, camera_ids: list[str]) -> float:
    """Publish that these fail; ms until the page shows as many less on line."""
    coverage = ask(stage.room, "/api/v1/coverage")["coverage"]
    wanted = f"{coverage['online'] - len(camera_ids):,} / {coverage['cameras']:,}"
    now = machine_ms()
    pipeline = stage.client.pipeline(transaction=False)
    for camera_id in camera_ids:
        body = {"camera_id": camera_id, "at": to_rfc3339(now), "status": "offline"}
        fields = encode_entry("/video-platform", "camera.status", body, now, subject=camera_id)
        pipeline.xadd(stage.target.stream, dict(fields))
    started = time.time() * 1000
    pipeline.execute()
    shown: float = stage.watched.page.evaluate(SHOWN, [selector, wanted])
    return round(shown - started, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="From a camera's failure to the screen")
    parser.add_argument("--rounds", type=int, default=60)
    print(json.dumps(measure(parser.parse_args().rounds), indent=1))
