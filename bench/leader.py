"""The leader's page on a phone, and its papers: PDF and a workbook of 100,000 cases.

python -m bench.leader [--cases 200000]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from bench.histories import fill
from bench.page import FLAGS
from bench.processes import Child, RedisServer, free_port, wait_for_http
from bench.rules import noon
from services.access import service as accounts
from services.access.account import Account
from services.district.load import load
from services.operations.embedded import die_with_parent
from services.operations.simulator.generate import generate
from services.platform.clock import machine_ms
from services.platform.database import open_engine
from services.platform.migrate import upgrade

PHONE = {"width": 390, "height": 844}
# 1.6 Mbit/s down, 150 ms there and back: Lighthouse's slow 4G.
NETWORK = {"offline": False, "downloadThroughput": 200_000, "uploadThroughput": 93_750, "latency": 150}
SLOWER = 4
SEEN = """() => new Promise(done => {
  const look = () => { const tiles = document.querySelectorAll('.tile b'); return tiles.length >= 6 && tiles[5].getBoundingClientRect().height > 0; };
  const wait = () => look() ? done(performance.now()) : requestAnimationFrame(wait);
  wait();
})"""  # noqa: E501
DRAWN = "() => document.documentElement.dataset.charts === 'drawn' && performance.now()"


def measure(cases: int) -> dict[str, Any]:
    """Seconds of each, on one store."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-leader-"))
    children: list[Child] = []
    server = RedisServer(folder / "redis.log")
    try:
        generate(folder / "district")
        district, now = load(folder / "district"), noon()
        engine = open_engine(f"sqlite:///{folder / 'store.db'}")
        upgrade(engine)
        fill(engine, district, cases, now)
        accounts.add(engine, 1, Account("boss", "领导", "leader"), "")
        token = accounts.log_in_as(engine, machine_ms(), "bench|boss", "boss", "127.0.0.1").token
        engine.dispose()
        port = free_port()
        environment = {
            **os.environ,
            "LIANQIN_DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
            "LIANQIN_REDIS_URL": server.url,
            "LIANQIN_DISTRICT": str(folder / "district"),
            "LIANQIN_PORT": str(port),
        }
        today = date.today()
        long = f"{today - timedelta(days=51)}..{today - timedelta(days=2)}"
        papers = {
            "pdf": _paper(environment, folder, ["--last", "month", "--format", "pdf"]),
            "xlsx_100k": _paper(environment, folder, ["--span", long, "--format", "xlsx", "--cases"]),
        }
        children.append(Child([sys.executable, "-m", "dashboard.cli", "web"], folder / "web.log", env=environment))
        wait_for_http(f"http://127.0.0.1:{port}/healthz", children)
        return {
            "cases": cases,
            "papers": papers,
            "phone": _phone(port, token),
            "load1": round(psutil.getloadavg()[0], 1),
        }
    finally:
        for child in children:
            child.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _paper(environment: dict[str, str], folder: Path, arguments: list[str]) -> dict[str, float]:
    """Seconds, and MB at the most, of one ``lianqin report``."""
    command = [sys.executable, "-m", "dashboard.cli", "report", *arguments, "--out", str(folder / "papers")]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    process.stdout.close()
    took = time.perf_counter() - start
    size = Path(said.strip().splitlines()[-1]).stat().st_size
    return {"s": round(took, 1), "file_mb": round(size / 1e6, 1), "most_mb": round(used.ru_maxrss / 1024)}


def _phone(port: int, token: str) -> dict[str, Any]:
    """First and second visit: ms until the six figures are seen, and until the charts are drawn."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    url = f"http://127.0.0.1:{port}/leadership"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport=PHONE, is_mobile=True, device_scale_factor=2)  # type: ignore[arg-type]  # a size of two numbers
        context.add_cookies([{"name": "lianqin", "value": token, "url": url}])
        page = context.new_page()
        client = context.new_cdp_session(page)
        client.send("Network.enable")
        client.send("Network.emulateNetworkConditions", NETWORK)
        client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        found = {"first": _visit(page, url), "second": _visit(page, url)}
        browser.close()
        return found


def _visit(page: Page, url: str) -> dict[str, int]:
    page.goto(url, wait_until="commit")
    seen = page.evaluate(SEEN)
    whole = page.wait_for_function(DRAWN, timeout=60_000).json_value()
    return {"figures_ms": round(seen), "whole_ms": round(whole)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The leader's page on a phone, and its papers")
    parser.add_argument("--cases", type=int, default=200_000)
    print(json.dumps(measure(parser.parse_args().cases), indent=1))
