"""How long a stranger waits: the first start of a demo (wall usable, history whole) and the second (first live frame).

python -m bench.start
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench.page import FLAGS
from bench.processes import free_port

USABLE_CASES = 2000


class Demo:
    """A demo in a folder, started now."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.started = time.monotonic()
        bare = {k: v for k, v in os.environ.items() if not k.startswith("LIANQIN_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", "demo", "--data-dir", str(folder), "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bare,
        )  # fmt: skip

    def since(self) -> float:
        """Seconds since the command was given."""
        return round(time.monotonic() - self.started, 1)

    def open_cases(self) -> int:
        """Open cases on the board; -1 before the web process answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/board", timeout=2) as answer:
                return int(json.loads(answer.read())["open"])
        except OSError:
            return -1

    def end(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


def measure() -> dict[str, Any]:
    """Seconds from the command: usable = 2,000 open cases on the board; frame = the page shows them, live."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-start-"))
    found: dict[str, Any] = {}
    try:
        first = Demo(folder / "data")
        mark = folder / "data" / "history.json"
        while first.since() < 240:
            if "first_usable_s" not in found and first.open_cases() >= USABLE_CASES:
                found["first_usable_s"] = first.since()
            if mark.is_file() and json.loads(mark.read_text()).get("done"):
                found["first_whole_s"] = first.since()
                break
            time.sleep(0.2)
        time.sleep(5)
        first.end()
        second = Demo(folder / "data")
        with sync_playwright() as playwright:
            program = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            while second.open_cases() < 0:
                time.sleep(0.1)
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"http://127.0.0.1:{second.port}/wall")
            page.wait_for_selector("html[data-last-entry][data-state=live]", state="attached", timeout=60_000)
            found["second_live_frame_s"] = second.since()
            browser.close()
        second.end()
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
