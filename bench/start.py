"""How long a stranger waits: the first start of a demo (wall usable, history whole) and the second (first live frame).

The demo is the command itself, in an empty temporary folder on a free port; a Chromium that is open already goes to the
wall as soon as it answers, as one does who clicks the address.

python -m bench.start
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from bench.page import FLAGS
from bench.processes import free_port
from services.operations.embedded import die_with_parent

# The wall says live and its map has drawn; the two frames afterwards have been on the screen.
LIVE = "html[data-last-entry][data-state=live]"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
USABLE_CASES = 1000
LIMIT_S = 240


class Demo:
    """A demo in a folder, started now; ``said`` holds its lines with their seconds."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.said: list[tuple[float, str]] = []
        bare = {k: v for k, v in os.environ.items() if not k.startswith("LIANQIN_")}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", "demo", "--data-dir", str(folder), "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**bare, "PYTHONUNBUFFERED": "1"},
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append((self.since(), line.strip()))

    def since(self) -> float:
        """Seconds since the command was given."""
        return round(time.monotonic() - self.started, 1)

    def when(self, words: str) -> float | None:
        """When it first said something with these words."""
        return next((at for at, line in list(self.said) if words in line), None)

    def open_cases(self) -> int:
        """Open cases on the board; -1 before the web process answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/board", timeout=2) as answer:
                return int(json.loads(answer.read())["open"])
        except OSError:
            return -1

    def show(self, page: Page) -> float:
        """Go to the wall; seconds from the command to the first frame of a live wall."""
        while True:
            if self.process.poll() is not None or self.since() > LIMIT_S:
                raise RuntimeError(f"the demo has not come up: {self.said[-3:]}")
            with contextlib.suppress(PlaywrightError):
                page.goto(f"http://127.0.0.1:{self.port}/wall", wait_until="commit", timeout=5000)
                page.wait_for_selector(LIVE, state="attached", timeout=20_000)
                page.evaluate(PAINTED)
                return self.since()
            time.sleep(0.1)

    def end(self) -> int:
        """Ctrl-C; how many processes it left behind."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return sum(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in family)


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """An open browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser.new_page(viewport={"width": 1920, "height": 1080})
        browser.close()


def first_start(demo: Demo, mark: Path, page: Page) -> dict[str, Any]:
    """Usable: the wall is live in the browser and the board has 1,000 open cases. Whole: all 30 days are there."""
    found: dict[str, Any] = {"first_live_frame_s": demo.show(page)}
    while demo.since() < LIMIT_S and demo.process.poll() is None:
        if "first_usable_s" not in found and demo.open_cases() >= USABLE_CASES:
            found["first_usable_s"] = demo.since()
        if mark.is_file() and json.loads(mark.read_text()).get("done"):
            found["first_whole_s"] = demo.since()
            found["first_open_cases"] = demo.open_cases()
            break
        time.sleep(0.2)
    found["address_said_s"] = demo.when("the wall: http")
    found["history_lines"] = [f"{at} s: {line}" for at, line in demo.said if "history" in line][-3:]
    return found


def measure() -> dict[str, Any]:
    """A first start, a few seconds of life, Ctrl-C, a second start."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-start-"))
    demos: list[Demo] = []
    try:
        with chromium() as page:
            demos.append(Demo(folder / "data"))
            found = first_start(demos[0], folder / "data" / "history.json", page)
            time.sleep(5)
            page.goto("about:blank")
            found["left_behind"] = demos[0].end()
            demos.append(Demo(folder / "data"))
            found["second_live_frame_s"] = demos[1].show(page)
            found["left_behind"] += demos[1].end()
            found["load1"] = round(os.getloadavg()[0], 1)
            return found
    finally:
        for demo in demos:
            if demo.process.poll() is None:
                demo.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
