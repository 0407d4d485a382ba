"""``make bench``: everything in one run, ours and the peers', and the page that tells it: docs/promises.md.

python -m bench.run [--only NAME,NAME] [--write]   --write: only write the page from the results that are there
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.promises import page

RESULTS = Path(__file__).parent / "results"
PEERS = ("nicegui-canvas", "nodered", "dash-interval")
PY = (sys.executable, "-m")


def jobs() -> dict[str, tuple[str, ...]]:
    """Name → the command whose last lines are JSON. Peers and ours take turns, phase by phase."""
    found: dict[str, tuple[str, ...]] = {}
    for phase in ("latency", "rate", "big"):
        found[f"ours-{phase}"] = (*PY, "bench.product", "--phase", phase)
        for peer in PEERS:
            found[f"{peer}-{phase}"] = (*PY, "bench.peers", "--peer", peer, "--phase", phase)
    found["ours-latency-postgres"] = (*PY, "bench.product", "--phase", "latency", "--database", "postgres")
    found["map-10000"] = (*PY, "bench.map", "--cases", "10000")
    found["map-100000"] = (*PY, "bench.map", "--cases", "100000")
    found["fanout"] = (*PY, "bench.fanout")
    found["ingest-sqlite"] = (*PY, "bench.ingest", "--what", "sqlite")
    found["ingest-postgres"] = (*PY, "bench.ingest", "--what", "postgres")
    found["rebuild"] = (*PY, "bench.ingest", "--what", "rebuild", "--events", "1000000")
    found["start"] = (*PY, "bench.start")
    return found


def run(name: str, command: tuple[str, ...]) -> None:
    """Run one job; what it prints becomes its result, a failure too."""
    start = time.monotonic()
    print(f"bench: {name} …", end="", flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    at = done.stdout.find("{")
    try:
        result = json.loads(done.stdout[at:]) if at >= 0 else {"error": done.stderr[-500:]}
    except json.JSONDecodeError:
        result = {"error": (done.stdout + done.stderr)[-500:]}
    result["at"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    result["load1_after"] = round(os.getloadavg()[0], 1)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1))
    print(f" {time.monotonic() - start:.0f} s{'  ERROR' if 'error' in result else ''}", flush=True)


def machine() -> dict[str, str]:
    """The facts that a figure means nothing without."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.processor())  # fmt: skip
    memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    postgres = subprocess.run(("psql", "--version"), capture_output=True, text=True, check=False).stdout.strip()
    return {
        "processor": f"{model}, {os.cpu_count()} cores", "memory": f"{int(memory) // 1_048_576} GiB",
        "kernel": platform.release(), "Python": platform.python_version(), "PostgreSQL": postgres,
    }  # fmt: skip


def results() -> Mapping[str, Any]:
    """Every result that is there, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}


def main() -> None:
    """Run what was asked for, then write the page."""
    parser = argparse.ArgumentParser(description="Measure ourselves and the peers; write docs/promises.md")
    parser.add_argument("--only", default="", help="names, or beginnings of names, with commas")
    parser.add_argument("--write", action="store_true", help="only write the page")
    options = parser.parse_args()
    wanted = tuple(filter(None, options.only.split(",")))
    if not options.write:
        for name, command in jobs().items():
            if not wanted or name.startswith(wanted):
                run(name, command)
    target = RESULTS.parents[1] / "docs" / "promises.md"
    target.write_text(page(machine(), results()), "utf-8")
    print("bench: wrote docs/promises.md")


if __name__ == "__main__":
    main()
