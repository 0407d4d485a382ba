"""``lianqin backup`` and ``restore``: a district's store as of one moment, and back. Parse, call, print."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from services.platform.settings import Settings

KEEP = "make, in a folder: once the new one is whole, the district's oldest beyond N go (default: none goes)"
Command = Callable[[argparse.Namespace, Settings], int]


def add_commands(
    add: Callable[[str, Command, str], argparse.ArgumentParser], local: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Add them to the parser; ``local`` adds the options that say where the data lie."""
    text = "copy the store as of one moment, the package and the audit's heads, while everything runs; or check a copy"
    making = add("backup", _backup, text)
    local(making)
    making.add_argument("action", nargs="?", choices=("make", "check"), default="make", help="default: make")
    making.add_argument(
        "target",
        type=Path,
        metavar="DIR|FILE.tar",
        help="make: the folder that all backups lie in, each in one of its own, or a file; check: one backup",
    )
    making.add_argument("--keep", type=int, default=0, metavar="N", help=KEEP)
    text = "put a backup into an empty store, with every process stopped; nothing is written over"
    restoring = add("restore", _restore, text)
    local(restoring)
    restoring.add_argument("source", type=Path, metavar="BACKUP", help="the folder of one backup, or its .tar file")
    restoring.add_argument(
        "--without-key", action="store_true", help="its data key is lost: what is sealed stays closed for good"
    )


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from services.backup.errands import backup, check_backup

    if options.action == "check":
        return _print(check_backup(options.target))
    if options.keep < 0:
        raise ValueError(f"--keep {options.keep}: give how many backups stay, 1 or more")
    return _print(backup(settings, options.target, options.keep))


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from services.backup.errands import restore

    return _print(restore(settings, options.source, without_key=options.without_key))


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        print(line)
    return 0
