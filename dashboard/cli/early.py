"""``lianqin early …``: early recognition. Parse, call, print."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from services.platform.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Local = Callable[[argparse.ArgumentParser], None]


def add_commands(commands: "Commands", local: Local) -> None:
    """Add it to the parser; ``local`` adds the options that say where the data lie."""
    early = commands.add_parser("early", help="early recognition", description="Early recognition.")
    actions = early.add_subparsers(required=True, metavar="action")
    help_text = "a space-time permutation scan of two CSV files: where and since when there are more cases than chance"
    scanning = actions.add_parser("scan", help=help_text, description=help_text)
    scanning.set_defaults(command=_scan)
    local(scanning)
    scanning.add_argument("--cases", type=Path, required=True, metavar="FILE", help="columns place, cases, date")
    scanning.add_argument("--places", type=Path, required=True, metavar="FILE", help="columns place, lat, lon (WGS 84)")
    scanning.add_argument("--until", required=True, metavar="DAY", help="the last day that is looked at: 2026-11-30")
    scanning.add_argument("--window", type=int, default=7, metavar="DAYS", help="the longest window (default 7)")
    scanning.add_argument("--radius-km", type=float, default=1.0, metavar="R", help="the largest radius (default 1)")
    scanning.add_argument("--min-cases", type=int, default=2, help="a cluster has so many cases at least (default 2)")
    scanning.add_argument("--replicates", type=int, default=999, help="for the share of chance (default 999; 0: none)")
    scanning.add_argument("--seed", type=int, default=1, help="the same seed gives the same answer (default 1)")
    scanning.add_argument("--json", action="store_true", help="print JSON")


def _scan(options: argparse.Namespace, _settings: Settings) -> int:
    import json

    from services.early.case_file import day_of
    from services.early.errands import ScanWish, as_json, as_lines, scan_files
    from services.early.scan import MOST_REPLICATES

    until = day_of(options.until)
    if until is None:
        raise ValueError(f"--until {options.until}: write the day as 2026-11-30")
    for name, value, least, most in (
        ("window", options.window, 1, 366),
        ("radius-km", options.radius_km, 0, 20_000),
        ("min-cases", options.min_cases, 1, 1_000_000),
        ("replicates", options.replicates, 0, MOST_REPLICATES),
        ("seed", options.seed, 0, 2**63 - 1),
    ):
        if not least <= value <= most:
            raise ValueError(f"--{name} {value}: give a number from {least} to {most}")
    wish = ScanWish(until, options.window, options.radius_km, options.min_cases, options.replicates, options.seed)
    answer = scan_files(options.cases, options.places, wish)
    if options.json:
        print(json.dumps(as_json(answer, wish), ensure_ascii=False))
    else:
        print(*as_lines(answer, wish), sep="\n")
    return 0
