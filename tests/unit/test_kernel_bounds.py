"""The kernels once with every index checked: numba writes past an array without a word, and the process dies later."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KERNEL = re.compile(r"@numba\.njit\(cache=True, nogil=True\)\ndef (\w+)")


def test_no_kernel_reads_or_writes_past_its_arrays(tmp_path: Path) -> None:
    # A cache of its own: code that was compiled without the checks would be taken from the usual one.
    checked = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.kernels_once"]
    ran = subprocess.run(
        command, check=False, env=os.environ | checked, cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    compiled = {found[1] for path in tmp_path.rglob("*.nbi") if (found := re.match(r"\w+\.(\w+)-", path.name))}
    files = sorted((ROOT / "services/coverage").rglob("*.py"))
    kernels = {name for path in files for name in KERNEL.findall(path.read_text("utf-8"))}
    assert kernels
    assert kernels <= compiled, f"let tests/kernels_once.py run {sorted(kernels - compiled)}"
