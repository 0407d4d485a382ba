"""``lianqin audit …`` and ``lianqin key …``: what people did, what is kept of them. Parse, call, print."""

import argparse
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from services.platform.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Local = Callable[[argparse.ArgumentParser], None]


def add_commands(commands: "Commands", local: Local) -> None:
    """Add both to the parser; ``local`` adds the options that say where the data lie."""
    _add_audit(commands, local)
    _add_key(commands, local)


def _add_audit(commands: "Commands", local: Local) -> None:
    actions = _group(commands, "audit", "who did, saw, revealed, exported what: check it, list it, make an archive")
    verify = _action(actions, "verify", _verify, "check that no row was changed, left out, put in or cut off", local)
    verify.add_argument("--from", dest="first", type=int, default=1, metavar="N", help="begin at row N (default 1)")
    verify.add_argument(
        "--head", action="append", default=[], metavar="HASH", help="a head noted earlier must be among the rows"
    )
    verify.add_argument("--file", type=Path, help="check an archive instead of the store")
    verify.add_argument(
        "--retired",
        action="append",
        default=[],
        metavar="NAME",
        help="a sealing key that is no longer had: its rows pass unchecked before the first row of a key that is had",
    )
    verify.add_argument("--json", action="store_true", help="say what was found as JSON")
    accepting = _action(
        actions, "accept", _accept, "write down why rows that `verify` names are so; needs the data key", local
    )
    accepting.add_argument(
        "--reason", required=True, metavar="TEXT", help="for example: written before there was a key"
    )
    export = _action(actions, "export", _export, "write an archive as JSON lines; nothing is deleted", local)
    export.add_argument("--until", type=date.fromisoformat, required=True, metavar="DAY", help="the last day, in")
    export.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="the first day; default: all")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    listing = _action(actions, "list", _list, "the newest rows, newest first", local)
    listing.add_argument("--who", default="", help="an account")
    listing.add_argument("--action", dest="deeds", action="append", default=[], help="for example reveal; may repeat")
    listing.add_argument("--object", default="", help="a case, an account, a file")
    listing.add_argument("-n", type=int, default=50, help="how many (default 50)")


def _add_key(commands: "Commands", local: Local) -> None:
    actions = _group(commands, "key", "LIANQIN_DATA_KEY: make one, see which are in use, encrypt anew with the first")
    _action(actions, "make", _key_make, "print a new key")
    _action(
        actions, "rotate", _key_rotate, "encrypt everything anew with the first key; goes on where it stopped", local
    )
    _action(actions, "check", _key_check, "which keys are still needed, and whether the oldest can go", local)


def _group(commands: "Commands", name: str, help_text: str) -> "Commands":
    found = commands.add_parser(name, help=help_text, description=help_text)
    return found.add_subparsers(required=True, metavar="action")


def _action(
    actions: "Commands",
    name: str,
    command: Callable[[argparse.Namespace, Settings], int],
    help_text: str,
    *options: Local,
) -> argparse.ArgumentParser:
    found = actions.add_parser(name, help=help_text, description=help_text)
    found.set_defaults(command=command)
    for add in options:
        add(found)
    return found


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    from services.audit.service import verify_file, verify_store

    if options.file is not None:
        verdict = verify_file(settings, options.file, options.head, options.retired)
    else:
        verdict = verify_store(settings, max(options.first, 1), options.head, options.retired)
    _print([msgspec.json.encode(verdict).decode()] if options.json else verdict.lines)
    return 0 if verdict.is_well else 1


def _accept(options: argparse.Namespace, settings: Settings) -> int:
    from services.audit.service import accept

    print(accept(settings, options.reason))
    return 0


def _export(options: argparse.Namespace, settings: Settings) -> int:
    from services.audit.service import export

    print(export(settings, options.since, options.until, options.out))
    return 0


def _list(options: argparse.Namespace, settings: Settings) -> int:
    from services.audit import ACTIONS
    from services.audit.log_service import AuditQuery
    from services.audit.service import listed

    if strange := set(options.deeds) - set(ACTIONS):
        raise ValueError(f"--action {sorted(strange)[0]}: none of {' '.join(ACTIONS)}")
    wanted = AuditQuery(who=options.who, actions=tuple(options.deeds), object=options.object)
    _print(listed(settings, wanted, options.n))
    return 0


def _key_make(_options: argparse.Namespace, _settings: Settings) -> int:
    from services.platform.sealing import make_key

    print(make_key())
    return 0


def _key_rotate(_options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.keys import rotate_keys

    lines, closed = rotate_keys(settings, print)
    _print(lines)
    return 1 if closed else 0


def _key_check(_options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.keys import check_keys

    _print(check_keys(settings))
    return 0


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
