"""``lianqin doctor``: what is wrong, and what to do; of one district or of all on the machine. Parse, call, print."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from services.platform.settings import Settings

Add = Callable[[str, Callable[[argparse.Namespace, Settings], int], str], argparse.ArgumentParser]
ENVIRONMENTS = Path("/etc/lianqin")


def add_doctor(add: Add, local: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add it to the parser; ``local`` adds the options that say where the data lie."""
    text = "say what is wrong with Redis, the database, the clock and the ports: what to do"
    found = add("doctor", _doctor, text)
    local(found)
    found.add_argument("--all", action="store_true", help="look at every district of this machine, as its units run")
    found.add_argument(
        "--environments",
        metavar="DIR",
        default=str(ENVIRONMENTS),
        help="where their settings lie; - for standard input, as lianqin-admin gives them (default /etc/lianqin)",
    )


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from services.admin.doctor.districts_reader import examine_all, read_folder, read_stream
    from services.admin.doctor.examine_service import examine

    if not options.all:
        findings = examine(settings)
        print(*findings, sep="\n")
        return int(any(finding.is_wrong for finding in findings))
    given = options.environments
    districts = read_stream(sys.stdin) if given == "-" else read_folder(Path(given))
    code = 0
    for name, findings in examine_all(districts):
        print(f"== {name}", *findings, sep="\n", flush=True)
        code |= any(finding.is_wrong for finding in findings)
    return code
