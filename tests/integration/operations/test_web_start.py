"""A web process that cannot begin says why in a sentence, once, and ends."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_web_process_without_redis_says_so_and_ends(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIANQIN_")}
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "web", "--port", "0"],
        env=kept | {"LIANQIN_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.count("LIANQIN_REDIS_URL is not set") == 1
    assert "Traceback" not in done.stderr
