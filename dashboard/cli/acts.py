"""What the command line does is on the audit: each command writes its own row, has one written here, or is harmless.

A command that is in none of the three tables does not run, and a test walks the parser: a new one must be put into one.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import NamedTuple

from services.platform.settings import Settings


class Act(NamedTuple):
    """The row that is written before the command runs: its action, and the options that it names."""

    action: str
    options: tuple[str, ...] = ()


WRITTEN_HERE: dict[str, Act] = {
    "replay": Act("command_line", ("file", "speed", "instant", "until", "make_district")),
    "publish": Act("command_line", ("type", "source", "subject")),  # not the data: people are in them
    "rebuild": Act("command_line", ("archive",)),
    "district load": Act("command_line", ("what", "over")),
    "district undo": Act("package_changed", ("what", "back", "reason")),
    "coverage import": Act("command_line", ("file", "format", "coord_sys", "dry_run")),
    "coverage plan": Act("export", ("n", "budget", "geojson", "csv")),
    "user list": Act("command_line"),
    "dead list": Act("command_line"),
    "dead retry": Act("command_line", ("entry",)),
    "report": Act("export", ("day", "last", "span", "street", "unit", "format", "cases", "out")),
    "export cases": Act("export", ("first", "last", "format", "out")),
    "explain": Act("see_cases", ("name", "day", "until", "street", "community", "grid", "unit", "channel")),
    "upgrade": Act("command_line"),
    "downgrade": Act("command_line", ("to",)),
    "store renew-epoch": Act("command_line"),
}
# Commands whose own row says more: the action, and the test that demands it.
WRITES_ITSELF: dict[str, tuple[str, str]] = {
    "user add": ("account_added", "test_accounts"),
    "user set": ("role_changed", "test_accounts"),
    "user disable": ("account_disabled", "test_accounts"),
    "user enable": ("account_disabled", "test_accounts"),
    "user reset": ("account_reset", "test_accounts"),
    "user reset-factor": ("factor_reset", "test_on_the_audit"),
    "user end": ("session_ended", "test_accounts"),
    "dead show": ("dead_shown", "test_operations"),
    "audit accept": ("audit_accepted", "test_audit"),
    "audit export": ("export", "test_audit_commands"),
    "audit list": ("audit_read", "test_audit_commands"),
    "key rotate": ("key_rotated", "test_audit_commands"),
    "archive write": ("export", "test_archive_command"),
    "archive remove": ("history_removed", "test_archive_command"),
    "archive restore": ("history_restored", "test_archive_command"),
    "archive keep-up": ("history_removed", "test_archive_command"),
    "backup make": ("backup_made", "test_backup_command"),
    "restore": ("backup_restored", "test_backup_command"),
}
_PROCESS = "it starts processes: what people do in them is written down there"
HARMLESS: dict[str, str] = {
    "demo": _PROCESS, "web": _PROCESS, "projector": _PROCESS, "escalator": _PROCESS, "surveyor": _PROCESS,
    "alarms": _PROCESS, "worker": _PROCESS, "simulate": "the demo's case system: every case is invented",
    "early scan": "it reads two files of the caller's and keeps nothing",
    "district check": "it reads a folder of the caller's and says what is wrong with it",
    "district versions": "it names what is on the audit already: who changed the package, when, why",
    "district show": "it names what is on the audit already: what one change of the package was",
    "district generate": "it writes an invented district into a folder of the caller's",
    "audit verify": "it only reads, so that somebody may run it who cannot write to the database",
    "key make": "it prints random bytes and keeps nothing",
    "key check": "it counts what each key opens and shows none of it",
    "backup check": "it reads a backup of the caller's and shows counts",
    "archive list": "it names months and their states, no case",
    "contract": "it prints the contract",
    "doctor": "it only reads and shows counts, so that it runs when the database cannot be written",
}  # fmt: skip


def leaves(
    parser: argparse.ArgumentParser, name: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command of a parser by its full name, and the parser that reads it."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield " ".join(name), parser
    for group in groups:
        for word, inner in group.choices.items():
            yield from leaves(inner, (*name, word))


def write_down(options: argparse.Namespace, settings: Settings) -> None:
    """Write the row of the command that is about to run. Raises what the database raises: it does not run then.

    Raises ValueError for a command that is in none of the tables.
    """
    name = " ".join(filter(None, (options.command_name, getattr(options, "action", ""))))
    if name in HARMLESS or name in WRITES_ITSELF:
        return
    if name not in WRITTEN_HERE:
        raise ValueError(f"{name!r} is in no table of dashboard/cli/acts.py: say there how it is on the audit")
    from sqlalchemy import inspect

    from services.audit.service import local_who, open_log
    from services.platform.clock import machine_ms
    from services.platform.database import open_engine

    act = WRITTEN_HERE[name]
    given = {key: value for key in act.options if (value := getattr(options, key, None)) not in (None, "", [], False)}
    engine = open_engine(settings.database)
    try:
        if not inspect(engine).has_table("audit"):
            print(f"lianqin: there is no store here: `{name}` is not on an audit", file=sys.stderr)
            return
        detail = {key: str(value)[:200] for key, value in given.items()}
        open_log(engine, settings).append(machine_ms(), local_who(), act.action, f"lianqin {name}", asked=detail)
    finally:
        engine.dispose()
