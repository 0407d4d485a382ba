"""``lianqin demo`` as a stranger runs it: one command, one address, and nothing left when it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.operations.embedded import free_port
from tests.browser.conftest import wait_until

pytestmark = pytest.mark.redis


class Demo:
    """A running demo without its case system, in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self.log = folder.parent / "demo.log"
        command = [
            sys.executable, "-m", "dashboard.cli", "demo", "--data-dir", str(folder), "--port", str(self.port),
            *arguments,
        ]  # fmt: skip
        bare = {k: v for k, v in os.environ.items() if not k.startswith("LIANQIN_")}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=bare)
        wait_until(self.board, f"the board answers; {self.log}", 60)
        self.family = psutil.Process(self.process.pid).children(recursive=True)

    def board(self) -> Any:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/board", timeout=2) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    def left(self) -> list[psutil.Process]:
        return [p for p in self.family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(number)
        self.process.wait(20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Path]]:
    """The first start in an empty folder, ended with Ctrl-C, and the folder."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    demo = Demo(folder, "--no-simulator")
    demo.end()
    yield demo, folder
    for process in demo.left():
        process.kill()


@pytest.fixture
def made_folder(folder: Path, first: tuple[Demo, Path]) -> Path:
    """A folder where the district is there already, as the first start makes it: what is tested here comes after it."""
    shutil.copytree(first[1] / "district", folder / "district")
    return folder


def test_ctrl_c_ends_it_all(first: tuple[Demo, Path]) -> None:
    demo, _ = first
    assert len(demo.family) >= 4  # Redis, projector, web and its worker
    assert demo.process.returncode == 0
    assert demo.left() == []
    assert "Traceback" not in demo.log.read_text()


def test_a_killed_demo_leaves_nothing_running_and_starts_again(made_folder: Path) -> None:
    demo = Demo(made_folder, "--no-simulator")
    demo.end(signal.SIGKILL)
    wait_until(lambda: demo.left() == [], "every child is gone with its parent", 20)
    again = Demo(made_folder, "--no-simulator")
    again.end()
    assert again.left() == []


def test_a_killed_child_is_started_again(made_folder: Path) -> None:
    demo = Demo(made_folder, "--no-simulator")
    projector = next(p for p in demo.family if "projector" in p.cmdline())
    projector.kill()

    def is_back() -> bool:
        children = psutil.Process(demo.process.pid).children(recursive=True)
        return any(p.pid != projector.pid and "projector" in p.cmdline() for p in children)

    wait_until(is_back, "another projector runs", 20)
    demo.end()


@pytest.mark.slow
def test_the_first_start_tells_30_days_and_the_second_goes_on(folder: Path) -> None:
    """About 45,000 cases, a few thousand open, 3–5 % with the district; the second start repeats nothing."""
    demo = Demo(folder)
    wait_until(lambda: json.loads((folder / "history.json").read_text()).get("done"), "the history is written", 240)
    wait_until(lambda: (demo.board() or {}).get("open", 0) > 2000, "open cases on the board", 30)
    first = demo.board()
    demo.end()
    again = Demo(folder)
    wait_until(lambda: again.board()["as_of"] > first["as_of"], "the clock goes on")
    second = again.board()
    again.end()
    assert abs(second["open"] - first["open"]) < 60
    assert 1500 < first["open"] < 6000


@pytest.mark.slow
def test_an_end_while_the_history_is_written_leaves_nothing(folder: Path) -> None:
    """The process that tells the history goes with the one that writes it."""
    demo = Demo(folder)
    wait_until(lambda: "history of 30 days" in demo.log.read_text("utf-8"), "the history is being written", 30)
    demo.family = psutil.Process(demo.process.pid).children(recursive=True)
    demo.end()
    wait_until(lambda: not demo.left(), "everything has ended", 5)
