"""A log's line as JSON is one line whatever is in it; a process says when it begins, with its version, and ends."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from services.platform.logs import JsonLines
from services.platform.version import our_version


def test_a_line_of_json_is_one_line_with_its_traceback() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        record = logging.LogRecord(
            "services.x", logging.WARNING, "x.py", 1, "entry %s: 中\n文", ("1-0",), sys.exc_info()
        )
    line = JsonLines().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["level"], found["logger"], found["message"]) == ("warning", "services.x", "entry 1-0: 中\n文")
    assert found["error"].startswith("Traceback")
    assert found["at"].endswith("+00:00")


def test_a_process_that_cannot_run_says_all_of_it_in_json(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIANQIN_")}
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "escalator"],
        env=kept | {"LIANQIN_LOG": "json", "LIANQIN_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(one["level"], one["message"].partition(":")[0]) for one in said] == [
        ("info", "escalator begins"),
        ("info", "escalator ends by an error"),
        ("error", "lianqin"),
    ]
    assert our_version() in said[0]["message"]
    assert "LIANQIN_REDIS_URL is not set" in said[2]["message"]
