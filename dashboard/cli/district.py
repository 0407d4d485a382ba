"""``lianqin district …``: check, load or generate a package; what was changed in it in the browser, and its undo."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from services.platform.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.admin.changes import Author, ChangeRefused, PackageVersion
    from services.admin.package_service import PackageKeeper
    from services.district.doors import OpenDoors

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

ACTIONS = ("check", "load", "generate", "versions", "show", "undo")


def add_district_commands(commands: "Commands", local: "Callable[[argparse.ArgumentParser], None]") -> None:
    """Add them to the parser; ``local`` adds the options that say where the data lie."""
    text = "check, load or generate a district package; list, show or undo what was changed in the browser"
    district = commands.add_parser("district", help=text, description=text)
    district.set_defaults(command=_district)
    local(district)
    district.add_argument("action", choices=ACTIONS)
    district.add_argument("what", nargs="?", default="", help="the package's folder; for show and undo a version")
    district.add_argument("--seed", type=int, default=20261123, help="for generate: the same seed, the same district")
    help_text = "for load: the package's files count where they were changed in the browser"
    district.add_argument("--over", action="store_true", help=help_text)
    district.add_argument("--reason", default="", help="for undo: why")
    help_text = "for undo: later changes of the same files go too, which become what they were, byte for byte"
    district.add_argument("--back", action="store_true", help=help_text)


def _district(options: argparse.Namespace, settings: Settings) -> int:
    if options.action in {"versions", "show", "undo"}:
        print("\n".join(_versions(options, settings)))
        return 0
    if not options.what:
        raise ValueError(f"district {options.action} needs the package's folder")
    folder = Path(options.what)
    if options.action == "generate":
        from services.operations.simulator.generate import generate

        generate(folder, options.seed)
        print(f"wrote a district package to {folder}", flush=True)
        return 0
    from services.operations.packages import check_district, load_district

    said = (
        check_district(folder)
        if options.action == "check"
        else load_district(settings, folder, _author(), over=options.over)
    )
    print(said, flush=True)
    return 0


def _author() -> "Author":
    from services.admin.changes import Author
    from services.audit.service import local_who

    return Author(local_who().user_id, "")


def _versions(options: argparse.Namespace, settings: Settings) -> list[str]:
    from services.admin.changes import ChangeRefused
    from services.admin.package_service import PackageKeeper
    from services.district.doors import open_doors
    from services.platform.errors import OperationError

    doors = open_doors(settings, migrate=False)
    keeper = PackageKeeper(doors.engine, settings.district_dir, doors.clock.now_ms)
    try:
        if options.action == "versions":
            lines = [_line(doors, one) for one in keeper.history()] or ["nothing was changed in the browser"]
            replaced = "was replaced in the folder under a change, which counts: `lianqin district load` decides"
            return [*lines, *(f"{file} {replaced}" for file in keeper.shadowed())]
        if not options.what.isdecimal():
            raise ValueError(f"district {options.action} needs a version's number: see `lianqin district versions`")
        number = int(options.what)
        if options.action == "show":
            return _shown(doors, keeper, number)
        undo = keeper.back_before if options.back else keeper.undo
        return [_line(doors, undo(_author(), number, options.reason))]
    except ChangeRefused as error:
        raise OperationError(_why(error)) from None
    finally:
        doors.engine.dispose()


def _why(error: "ChangeRefused") -> str:
    by = "" if error.by is None else f" ({error.by.number}, by {error.by.name or error.by.who})"
    return {
        "reason": "say why: --reason «…», 2 to 500 characters",
        "unknown": "there is no such version: see `lianqin district versions`",
        "same": "the files are so already: nothing to undo",
        "conflict": f"a later version has changed the same place{by}: undo that one first, or use --back",
        "stale": f"somebody has changed it meanwhile{by}: look again, and repeat",
    }[error.code]


def _line(doors: "OpenDoors", one: "PackageVersion") -> str:
    def at(ms: int) -> str:
        return datetime.fromtimestamp(ms / 1000, doors.district.zone).strftime("%Y-%m-%d %H:%M")

    later = f", from {at(one.effective_at)}" if one.effective_at > one.at else ""
    act = one.act if one.undoes is None else f"{one.act} of {one.undoes}"
    return f"{one.number}  {at(one.at)}{later}  {one.name or one.who}  {act}  {', '.join(one.files)}  {one.reason}"


def _shown(doors: "OpenDoors", keeper: "PackageKeeper", number: int) -> list[str]:
    version, contents = keeper.version(number)
    lines = [_line(doors, version), *(f"  {what}: {before!r} → {after!r}" for what, before, after in version.changes)]
    for file in sorted(contents):
        before, after = version.hashes[file]
        lines.append(f"  {file}: SHA-256 {before or 'none'} → {after or 'none'}")
    return lines
