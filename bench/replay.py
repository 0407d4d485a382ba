"""The replay: seconds to any moment of 90 days, and frames a second while it plays at 600×, in a real Chromium.

python -m bench.replay [--days 90] [--moments 40]
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import redis
from playwright.sync_api import Page, sync_playwright

from bench.page import FLAGS
from bench.processes import Child, RedisServer, free_port, wait_for_http
from services.access import service as accounts
from services.access.account import Account
from services.district.load import load
from services.operations.simulator.generate import SEED, generate
from services.operations.simulator.world import CaseSystem
from services.past.worker import Answerer
from services.platform.clock import DAY_MS, SystemClock, machine_ms
from services.platform.database import open_engine
from services.platform.migrate import upgrade
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.browser.shown import inside, wait_inside

BATCH = 1000
PLAYED_S = 20
# From the wish to the frame that shows the room: its case layer has been drawn since.
SEEK = inside("""at => new Promise(async done => {
  const start = performance.now();
  await lianqin.player.seek(at);
  requestAnimationFrame(() => requestAnimationFrame(() => done([performance.now() - start, lianqin.player.trouble()])));
})""")
PLAY = inside("""seconds => new Promise(done => {
  const begun = performance.now(), from = lianqin.live.now(), gaps = [];
  let last = begun;
  lianqin.player.setSpeed(600);
  lianqin.player.play(true);
  const frame = now => {
    gaps.push(now - last); last = now;
    if (now - begun < seconds * 1000) { requestAnimationFrame(frame); return; }
    const moved = lianqin.live.now() - from;
    lianqin.player.play(false);
    done({gaps, moved});
  };
  requestAnimationFrame(frame);
})""")


def measure(days: int, moments: int) -> dict[str, Any]:
    """Everything, on one store of the demo's own history."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-replay-"))
    children: list[Child] = []
    server = RedisServer(folder / "redis.log")
    try:
        generate(folder / "district")
        district, now = load(folder / "district"), machine_ms()
        engine = open_engine(f"sqlite:///{folder / 'store.db'}")
        upgrade(engine)
        accounts.add(engine, 1, Account("boss", "领导", "leader"), "")
        token = accounts.log_in_as(engine, now, "bench|boss", "boss", "127.0.0.1").token
        ingest, batch, told = Ingest(engine, district, Sealer("")), [], 0
        for entry in CaseSystem(district, SEED).history(now - days * DAY_MS, now):
            batch.append(entry)
            if len(batch) == BATCH:
                told += _take_in(ingest, batch, now)
                batch = []
        told += _take_in(ingest, batch, now)
        started = time.perf_counter()
        answerer, boards = Answerer(engine, redis.Redis(), district, SystemClock()), 1
        while answerer.make():
            boards += 1
        making = time.perf_counter() - started
        engine.dispose()
        port = free_port()
        environment = {
            **os.environ,
            "LIANQIN_DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
            "LIANQIN_REDIS_URL": server.url,
            "LIANQIN_DISTRICT": str(folder / "district"),
            "LIANQIN_PORT": str(port),
        }
        for name, *arguments in (("web",), ("worker", "--only", "past")):
            command = [sys.executable, "-m", "dashboard.cli", name, *arguments]
            children.append(Child(command, folder / f"{name}.log", env=environment))
        wait_for_http(f"http://127.0.0.1:{port}/readyz", children)
        return {
            "days": days,
            "events": told,
            "boards": boards,
            "boards_s": round(making, 1),
            **_page(port, token, now, days, moments),
            "load1": round(psutil.getloadavg()[0], 1),
        }
    finally:
        for child in children:
            child.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _take_in(ingest: Ingest, batch: list[tuple[str, dict[bytes, bytes]]], now: int) -> int:
    received = {name: int(name.partition("-")[0]) for name, _ in batch}
    ingest.apply(batch, now, received=received)
    return len(batch)


def _page(port: int, token: str, now: int, days: int, moments: int) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    url = f"http://127.0.0.1:{port}/replay?at={now - 3 * 3_600_000}"
    rng = random.Random(4)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies([{"name": "lianqin", "value": token, "url": url}])
        page = context.new_page()
        page.goto(url)
        wait_inside(page, "() => lianqin.player?.position()", timeout=60_000)
        seeks = [_seek(page, now - rng.randrange(60_000, days * DAY_MS)) for _ in range(moments)]
        # Ten in the morning of the busiest kind of day, three days ago.
        morning = (now - 3 * DAY_MS) // DAY_MS * DAY_MS + 2 * 3_600_000
        _seek(page, morning)
        played = page.evaluate(PLAY, PLAYED_S)
        browser.close()
    gaps = np.array(played["gaps"][1:])
    a_second = [
        int(((np.cumsum(gaps) >= s * 1000) & (np.cumsum(gaps) < (s + 1) * 1000)).sum()) for s in range(PLAYED_S - 1)
    ]
    return {
        "seek_ms": {
            "p50": round(float(np.percentile(seeks, 50))),
            "p95": round(float(np.percentile(seeks, 95))),
            "most": round(max(seeks)),
        },
        "play_600": {
            "fps_mean": round(1000 / float(gaps.mean()), 1),
            "fps_least": min(a_second),
            "longest_frame_ms": round(float(gaps.max())),
            "speed": round(played["moved"] / PLAYED_S / 1000),
        },
    }


def _seek(page: Page, at: int) -> float:
    took, trouble = page.evaluate(SEEK, at)
    if trouble:
        raise SystemExit(f"the room at {at}: {trouble}")
    return float(took)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Any moment of the past, and 600 times as fast")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--moments", type=int, default=40)
    options = parser.parse_args()
    print(json.dumps(measure(options.days, options.moments), indent=1))
