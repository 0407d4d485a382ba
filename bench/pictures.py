"""``make pictures``: the pictures of the README and the docs, from a real demo in a real Chromium.

A demo of its own in a temporary folder; the history is waited for. Big walls are taken pixel by pixel, as they hang,
and made smaller afterwards by the browser: an image in a page of the smaller size.
"""

import base64
import contextlib
import datetime
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import psutil
import pypdfium2
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from bench.page import FLAGS
from bench.processes import free_port
from dashboard.papers import make
from dashboard.papers.review_paper import WantedReview, review_paper
from services.district.load import load
from services.operations.demo import CLOCK_FILE
from services.operations.embedded import die_with_parent
from services.platform.database import open_engine
from services.projector.store import tables as schema

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
# name, width, height, width of the picture, address
WALLS = (
    ("wall", 1920, 1080, 1920, "/wall"),
    ("wall-en", 1920, 1080, 1920, "/wall?lang=en"),
    ("wall-4k", 3840, 2160, 1920, "/wall"),
    ("wall-32x9", 7680, 2160, 2400, "/wall"),
    ("wall-3x3", 5760, 3240, 1920, "/wall"),
)
# name, address: the cameras, by the light of day whatever the hour
COVERAGE = (
    ("coverage", "/coverage?light=day"),
    ("coverage-plan", "/coverage?light=day&tab=plan"),
    ("coverage-camera", "/coverage?light=day&camera={camera}"),
)
# name, what is clicked
PANELS = (
    ("wall-panel", ".queue .case"),
    ("wall-figure", "#tile-streets .name[data-figure] >> nth=10"),
    ("wall-watch", "#watch-key"),
)
# name, account, address, width, height, what is clicked
DESKS = (
    ("desk", "duty", "/desk", 1920, 1080, '.ag-row [col-id="case"] >> nth=2'),
    ("street", "street", "", 1366, 768, '.ag-row [col-id="case"] >> nth=1'),
    ("desk-alarms", "duty", "/desk", 1366, 768, "#tab-alarms"),
    ("handover", "duty", "/handover/320499/now", 1366, 768, ""),
    ("audit", "auditor", "/audit", 1366, 768, ""),
    ("leadership", "leader", "/leadership?span={week}", 1440, 1240, ""),
    ("leadership-phone", "leader", "/leadership?span={week}", 390, 844, ""),
    ("replay", "leader", "/replay?at={moment}", 1920, 1080, ".replay-bar .late"),
)
IMAGE = '<body style="margin:0"><img style="width:100vw;display:block" src="data:image/png;base64,{}">'


@contextlib.contextmanager
def demo(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A demo with its whole history, on a free port."""
    port = free_port()
    folder.mkdir()
    (folder / CLOCK_FILE).write_text(json.dumps({"now_ms": afternoon()}))
    command = [sys.executable, "-m", "dashboard.cli", "demo", "--data-dir", str(folder), "--port", str(port)]
    bare = {k: v for k, v in os.environ.items() if not k.startswith("LIANQIN_")}
    with (folder.parent / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env=bare,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
        )
        try:
            mark = folder / "history.json"
            end = time.monotonic() + 300
            while not (mark.is_file() and json.loads(mark.read_text()).get("done")):
                if time.monotonic() > end or process.poll() is not None:
                    raise SystemExit(f"the demo did not tell its history: {log.name}")
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def afternoon() -> int:
    """Five past two of the last working day in China, in Unix ms: the demo's clock begins there, whatever the hour."""
    now = datetime.datetime.now(ZoneInfo("Asia/Shanghai")) - datetime.timedelta(hours=14, minutes=5)
    while now.isoweekday() > 5:
        now -= datetime.timedelta(days=1)
    return round(now.replace(hour=14, minute=5, second=0).timestamp() * 1000)


def last_week() -> str:
    """The week before the demo's, as the leader's page is asked for it."""
    day = datetime.datetime.fromtimestamp(afternoon() / 1000, ZoneInfo("Asia/Shanghai")) - datetime.timedelta(days=7)
    return f"{day.isocalendar().year}-W{day.isocalendar().week:02}"


def opened(browser: Browser, url: str, width: int, height: int) -> Page:
    """The wall at a size, with its figures in."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(url)
    page.wait_for_selector("html[data-last-entry][data-state=live]", state="attached", timeout=60_000)
    page.wait_for_selector(".queue .case", timeout=60_000)
    page.wait_for_timeout(6000)
    return page


def take(page: Page, name: str, shown: int) -> None:
    """A picture of the page, ``shown`` pixels wide."""
    size = page.viewport_size
    assert size is not None
    picture = page.screenshot()
    if shown < size["width"]:
        small = page.context.browser.new_page(  # type: ignore[union-attr]  # our contexts have a browser
            viewport={"width": shown, "height": round(size["height"] * shown / size["width"])}
        )
        small.set_content(IMAGE.format(base64.b64encode(picture).decode()))
        small.wait_for_function("() => document.images[0].complete && document.images[0].naturalWidth > 0")
        picture = small.screenshot()
        small.close()
    (PICTURES / f"{name}.png").write_bytes(picture)


def settle(url: str) -> None:
    """Wait until the live case system has published for a while: heartbeats, the ticker, patrols."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with urllib.request.urlopen(url + "/readyz", timeout=5) as answer:
            if json.loads(answer.read())["lag_ms"] < 2000:
                break
        time.sleep(0.5)
    time.sleep(30)


def a_camera(url: str) -> str:
    """The id of a working camera of a fixed view that buildings cut into: the one with most corners."""
    with urllib.request.urlopen(url + "/api/v1/coverage/sights?since=0", timeout=20) as answer:
        sights = json.loads(gzip.decompress(answer.read()))["sights"]
    fixed = [s for s in sights if s["view"] == "fixed" and s["state"] == "online" and s.get("sees_day")]
    found: str = max(fixed, key=lambda s: (len(s["shapes"][0]) if s["range_m"] < 70 else 0, s["id"]))["id"]
    return found


def a_moment(data: Path) -> int:
    """A moment of the last days at which a good deal had happened that nobody knew yet (Unix ms)."""
    engine = open_engine(f"sqlite:///{data / 'lianqin.db'}")
    h = schema.history.c
    late = select(h.time).where(h.received_at - h.time > 600_000).order_by(h.time.desc()).limit(2000)
    with engine.connect() as connection:
        times = sorted(row[0] for row in connection.execute(late))
    engine.dispose()
    # The moment with most of them in the half hour before it.
    _, at = max((sum(at - 1_800_000 < other <= at for other in times), at) for at in times)
    return int(at)


def papers(data: Path, moment: int) -> None:
    """The first pages of the last week's report and of a review, as pictures."""
    engine, district = open_engine(f"sqlite:///{data / 'lianqin.db'}"), load(data / "district")
    (_, report), *_ = make.papers(engine, district, afternoon(), make.PaperWish(last="week", kinds=("pdf",)), by="宋涛")
    _, review = review_paper(engine, district, afternoon(), WantedReview(moment, 8), "宋涛")
    engine.dispose()
    for name, pdf in (("report", report), ("review", review)):
        document = pypdfium2.PdfDocument(pdf)
        document[0].render(scale=1.6).to_pil().save(PICTURES / f"{name}.png")
        print(f"docs/pictures/{name}.png", flush=True)


def behind_the_door(browser: Browser, url: str, passwords: dict[str, str], moment: int) -> None:
    """The desks, each as its own person sees it."""
    for name, user, path, width, height, opens in DESKS:
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.goto(f"{url}/login?next={quote(path.format(week=last_week(), moment=moment))}")
        page.fill("input[name=user]", user)
        page.fill("input[name=password]", passwords[user])
        page.click("main form button")
        if name == "replay":
            page.wait_for_selector(opens, timeout=120_000)
            page.wait_for_timeout(2000)
            page.click(opens)
        elif opens:
            page.wait_for_selector("#desk[data-queue=ready]", state="attached", timeout=60_000)
            page.wait_for_timeout(5000)
            page.locator(opens).first.click()
        page.wait_for_timeout(4000)
        page.screenshot(path=PICTURES / f"{name}.png")
        context.close()
        print(f"docs/pictures/{name}.png", flush=True)


def cut(page: Page, process: subprocess.Popen[bytes]) -> None:
    """Stop the demo's Redis for as long as the picture takes: the wall must say so."""
    server = next(
        p
        for p in psutil.Process(process.pid).children(recursive=True)
        if "redis-server" in p.name() or "valkey" in p.name()
    )
    server.suspend()
    try:
        page.wait_for_selector("html[data-state=stale]", state="attached", timeout=90_000)
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / "wall-cut.png")
    finally:
        server.resume()


def main() -> None:
    """Make them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    folder = Path(tempfile.mkdtemp(prefix="lianqin-pictures-"))
    try:
        with demo(folder / "data") as (url, process), sync_playwright() as playwright:
            settle(url)
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for name, width, height, shown, path in WALLS:
                page = opened(browser, url + path, width, height)
                take(page, name, shown)
                page.close()
                print(f"docs/pictures/{name}.png", flush=True)
            page = opened(browser, url + "/wall", 1920, 1080)
            for name, opens in PANELS:
                page.locator(opens).first.click()
                page.wait_for_selector("#case-panel:not([hidden]) li")
                page.wait_for_timeout(1500)
                page.screenshot(path=PICTURES / f"{name}.png")
                print(f"docs/pictures/{name}.png", flush=True)
                page.keyboard.press("Escape")
                page.wait_for_selector("#case-panel[hidden]", state="attached")
            page.close()
            camera = a_camera(url)
            for name, path in COVERAGE:
                page = browser.new_page(viewport={"width": 1920, "height": 1080})
                page.goto(url + path.format(camera=camera))
                page.wait_for_selector("html[data-last-entry][data-state=live]", state="attached", timeout=60_000)
                page.wait_for_timeout(6000)
                page.screenshot(path=PICTURES / f"{name}.png")
                page.close()
                print(f"docs/pictures/{name}.png", flush=True)
            told = [line.split() for line in (folder / "data/accounts.txt").read_text("utf-8").splitlines()]
            moment = a_moment(folder / "data")
            behind_the_door(browser, url, {line[0]: line[1] for line in told if len(line) > 1}, moment)
            papers(folder / "data", moment)
            cut(opened(browser, url + "/wall", 1920, 1080), process)
            print("docs/pictures/wall-cut.png", flush=True)
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
