"""``lianqin archive …``: history that is old, in a file a month, out of the store and back. Parse, call, print."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from services.platform.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Local = Callable[[argparse.ArgumentParser], None]


def add_commands(commands: "Commands", local: Local) -> None:
    """Add it to the parser; ``local`` adds the options that say where the data lie."""
    text = "the history by month in Parquet files: write, remove from the store, restore, list, keep up"
    actions = commands.add_parser("archive", help=text, description=text).add_subparsers(
        required=True, metavar="action"
    )

    def add(
        name: str, command: Callable[[argparse.Namespace, Settings], int], help_text: str, option: str
    ) -> argparse.ArgumentParser:
        found = actions.add_parser(name, help=help_text, description=help_text)
        found.set_defaults(command=command)
        local(found)
        found.add_argument(option, dest="folder", type=Path, metavar="DIR", help="default: LIANQIN_ARCHIVE")
        return found

    write = add("write", _write, "write months that are over into files; nothing is removed", "--out")
    which = write.add_mutually_exclusive_group(required=True)
    which.add_argument("--month", default="", metavar="2026-08")
    which.add_argument("--before", default="", metavar="2026-09", help="every month before it that has entries")
    remove = add(
        "remove", _remove, "take an archived month's history out of the store, but for open cases", "--archive"
    )
    remove.add_argument("--month", required=True, metavar="2026-08")
    restore = add("restore", _restore, "put an archived month's history back into the store", "--archive")
    restore.add_argument("--month", required=True, metavar="2026-08")
    add("list", _list, "the archived months, and in what state each is", "--archive")
    text = "write what is over, remove what is older than LIANQIN_HISTORY_MONTHS: for a timer"
    add("keep-up", _keep_up, text, "--archive")


def _write(options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.archive import write_months

    return _print(write_months(settings, options.month, options.before, options.folder, _say))


def _remove(options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.archive import remove_month

    return _print(remove_month(settings, options.month, options.folder, _say))


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.archive import restore_month

    return _print(restore_month(settings, options.month, options.folder, _say))


def _list(options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.archive import list_months

    return _print(list_months(settings, options.folder))


def _keep_up(options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.archive import keep_up

    return _print(keep_up(settings, options.folder, _say))


def _say(text: str) -> None:
    print(f"lianqin: {text}", flush=True)


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        print(line)
    return 0
