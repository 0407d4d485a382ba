"""``make bench``: everything in one run, ours and the peers', and the page that tells it: docs/promises.md.

Results are JSON in bench/results/, one file a job; with ``--quick`` they are short, kept apart, and no page is written.

python -m bench.run [--quick] [--only NAME,NAME] [--write]
"""

import argparse
import datetime
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.promises import page
from services.operations.embedded import die_with_parent

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PEERS = ("nicegui-canvas", "nodered", "dash-interval")
LIMIT_S = 1800


def jobs(quick: bool) -> dict[str, list[str]]:
    """Name → the module and its arguments; it prints JSON. Peers and ours take turns, phase by phase."""

    def job(words: str, small: str = "") -> list[str]:
        return [*words.split(), *(small.split() if quick else [])]

    short = {
        "latency": "--seconds 5",
        "rate": "--seconds 3 --rates 50 400 3200",
        "big": "--seconds 4 --cases 2000",
    }
    found: dict[str, list[str]] = {}
    for phase, small in short.items():
        found[f"ours-{phase}"] = job(f"bench.product --phase {phase}", small)
        for peer in PEERS:
            found[f"{peer}-{phase}"] = job(f"bench.peers --peer {peer} --phase {phase}", small)
    few = "--seconds 4 --cases 2000"
    found |= {
        "ours-latency-postgres": job("bench.product --phase latency --database postgres", short["latency"]),
        "map-10000": job("bench.map --cases 10000", "--seconds 3"),
        "map-100000": job(f"bench.map --cases {20000 if quick else 100000}", "--seconds 3"),
        "fanout": job("bench.fanout", f"--clients 50 {few}"),
        "fanout-desks": job("bench.fanout --zone desk --clients 50", few),
        "fanout-leader": job("bench.fanout --clients 50 --readers 10", few),
        "hostile": job("bench.hostile", "--clients 20 --seconds 2 --cases 500"),
        "leader": job("bench.leader", "--cases 20000"),
        "replay": job("bench.replay", "--days 3 --moments 8"),
        "desk": job("bench.desk", "--cases 2000 --rounds 6"),
    }
    for kind in ("sqlite", "postgres"):
        found[f"ingest-{kind}"] = job(f"bench.ingest --database {kind}", "--events 12000 --rounds 1")
    found["rebuild"] = job("bench.rebuild", "--events 20000")
    found["start"] = job("bench.start")
    for kind in ("sqlite", "postgres"):
        for millions in (2, 4):
            cases = 20_000 * millions if quick else 1_000_000 * millions
            found[f"figures-{kind}-{millions}m"] = job(f"bench.rules --database {kind} --cases {cases}")
    found["figures-sqlite-10m"] = job(f"bench.rules --database sqlite --cases {100000 if quick else 10000000}")
    found["escalation"] = job(f"bench.rules --escalation {5000 if quick else 100000}")
    if not quick:  # they have one size
        found["coverage"] = job("bench.coverage")
        found["coverage-city"] = job("bench.coverage --city")
    found["coverage-live"] = job("bench.coverage_live", "--rounds 5")
    found["siting-quality"] = job("bench.siting_quality", "--cases 5")
    found["early-scan"] = job("bench.early_scan", "--looks 20 --replicates 99")
    found["calendar"] = job("bench.calendar_speed", "--limits 100000 --cases 2000")
    return found


def run(name: str, arguments: list[str], folder: Path) -> None:
    """Run one job; what it prints becomes its result, a failure too."""
    start = time.monotonic()
    print(f"bench: {name} …", end="", flush=True)
    load = round(os.getloadavg()[0], 1)
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
    )
    try:
        out, failed = process.communicate(timeout=LIMIT_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt) as stopped:
        process.send_signal(signal.SIGINT)  # so that it ends what it has started
        out, failed = process.communicate(timeout=60)
        if isinstance(stopped, KeyboardInterrupt):
            raise
        failed = f"not done within {LIMIT_S} s"
    result = _json(out) or {"error": failed[-500:] or "it said nothing"}
    result["code"] = _says("git", "rev-parse", "--short", "HEAD")
    result["at"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    result["load1_before"], result["load1_after"] = load, round(os.getloadavg()[0], 1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1))
    print(f" {time.monotonic() - start:.0f} s{'  ERROR' if 'error' in result else ''}", flush=True)


def _json(text: str) -> dict[str, Any]:
    at = text.find("{")
    try:
        found: dict[str, Any] = json.loads(text[at:]) if at >= 0 else {}
    except json.JSONDecodeError:
        return {}
    return found


def machine() -> dict[str, str]:
    """The facts that a figure means nothing without."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{int(memory) / 1_048_576:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Chromium": _says("chromium", "--version"),
        "Redis": _says("redis-server", "--version"),
        "PostgreSQL": _says("psql", "--version"),
    }


def _says(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, cwd=ROOT)
    except OSError:
        return "not found"
    line = (done.stdout.strip().splitlines() or ["?"])[0]
    return (
        line.partition(" sha=")[0]
        .partition(" built on")[0]
        .removeprefix("Chromium ")
        .removeprefix("psql (PostgreSQL) ")
        .removeprefix("Redis server ")
    )


def results(folder: Path) -> Mapping[str, Any]:
    """Every result that is there, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def main() -> None:
    """Run what was asked for, then write the page."""
    parser = argparse.ArgumentParser(description="Measure ourselves and the peers; write docs/promises.md")
    parser.add_argument("--only", default="", help="names, or beginnings of names, with commas")
    parser.add_argument("--quick", action="store_true", help="short runs that show that the bench works; no page")
    parser.add_argument("--write", action="store_true", help="only write the page")
    options = parser.parse_args()
    wanted = tuple(filter(None, options.only.split(",")))
    folder = RESULTS / "quick" if options.quick else RESULTS
    if not options.write:
        for name, arguments in jobs(options.quick).items():
            if not wanted or name.startswith(wanted):
                run(name, arguments, folder)
    target = folder / "promises.md" if options.quick else ROOT / "docs" / "promises.md"
    target.write_text(page(machine(), results(folder)), "utf-8")
    print("bench: short runs, nothing to quote" if options.quick else "bench: wrote docs/promises.md")


if __name__ == "__main__":
    main()
