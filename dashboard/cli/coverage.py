"""``lianqin coverage …``: cameras are read from a file, and the next ones planned. Parse, call, print."""

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
    coverage = commands.add_parser("coverage", help="cameras: import them, plan the next", description="The cameras.")
    actions = coverage.add_subparsers(required=True, metavar="action")
    help_text = "read cameras.csv, a GB/T 28181 catalogue or OpenStreetMap GeoJSON, say what is wrong, publish the rest"
    importing = actions.add_parser("import", help=help_text, description=help_text)
    importing.set_defaults(command=_import)
    local(importing)
    importing.add_argument("file", type=Path)
    importing.add_argument("--format", choices=("csv", "gb28181", "osm"), help="default: by the file's first character")
    importing.add_argument(
        "--coord-sys",
        choices=("WGS84", "CGCS2000", "GCJ02", "BD09"),
        help="what all positions of the file are, whatever it states; default: what it states, else WGS84",
    )
    importing.add_argument("--dry-run", action="store_true", help="only say what is missing, doubtful, moved, outside")
    help_text = "where the next cameras should go, the best first; --geojson and --csv write the list for engineers"
    planning = actions.add_parser("plan", help=help_text, description=help_text)
    planning.set_defaults(command=_plan)
    local(planning)
    planning.add_argument("--n", type=int, default=20, help="how many (default 20, at most 200)")
    planning.add_argument("--budget", type=float, help="what all of them may cost, a bullet or dome camera being 1")
    planning.add_argument("--geojson", type=Path, metavar="FILE")
    planning.add_argument("--csv", type=Path, metavar="FILE")


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from services.coverage.errands import import_cameras

    lines = import_cameras(
        settings, options.file, file_format=options.format, coord_sys=options.coord_sys, dry_run=options.dry_run
    )
    for line in lines:
        print(line)
    return 0


def _plan(options: argparse.Namespace, settings: Settings) -> int:
    import json

    from dashboard.texts import texts
    from services.coverage.siting.errands import plan_lines, plan_sites
    from services.coverage.siting.exports import plan_csv, plan_geojson
    from services.district.load import load
    from services.platform.whole_file import write_whole

    if not 1 <= options.n <= 200:
        raise ValueError(f"--n {options.n}: give a number from 1 to 200")
    plan = plan_sites(settings, options.n, options.budget)
    streets = {code: area.name for code, area in load(settings.district_dir).streets.items()}
    for line in plan_lines(plan, streets):
        print(line)
    if options.geojson is not None:
        write_whole(options.geojson, json.dumps(plan_geojson(plan, options.n), ensure_ascii=False, indent=1).encode())
    if options.csv is not None:
        write_whole(options.csv, plan_csv(plan, options.n, texts("zh-CN")["plan"], streets).encode())
    return 0
