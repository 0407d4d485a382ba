"""A bench that is ended in any way leaves nothing behind that runs."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.attacks.raw_socket import until

ROOT = Path(__file__).parents[2]
# A run that was sent to the background ignores SIGINT, and so would all that it starts.
STARTS = """
import signal, sys, time
from pathlib import Path
from bench.processes import Child
signal.signal(signal.SIGINT, signal.default_int_handler)
child = Child([sys.executable, "-c", "import time; time.sleep(60)"], Path(sys.argv[1]) / "child.log")
print(child.process.pid, flush=True)
time.sleep(60)
"""


def _calls(path: Path) -> list[ast.Call]:
    tree = ast.walk(ast.parse(path.read_text("utf-8")))
    return [node for node in tree if isinstance(node, ast.Call) and ast.unparse(node.func) == "subprocess.Popen"]


@pytest.mark.parametrize("path", sorted((ROOT / "bench").rglob("*.py")), ids=lambda path: path.stem)
def test_whatever_a_bench_starts_ends_with_it(path: Path) -> None:
    for call in _calls(path):
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("preexec_fn") == "die_with_parent", f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_child_ends_with_its_bench_however_that_ends(how: signal.Signals, tmp_path: Path) -> None:
    bench = subprocess.Popen(
        [sys.executable, "-c", STARTS, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert bench.stdout is not None
    child = psutil.Process(int(bench.stdout.readline()))
    bench.send_signal(how)
    bench.wait(10)
    bench.stdout.close()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child has ended", 10)
