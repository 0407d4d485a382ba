"""A package is loaded while files of the one before were changed in the browser: kept, ended, or refused in words."""

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from services.admin import package_store as store
from services.admin.changes import PART_OF, Author, PackageVersion, hash_of
from services.admin.differences import differences
from services.district.load import load
from services.district.stored_reader import StoredFiles, stored_files
from services.platform.database import reading, writing
from services.platform.errors import OperationError


class _Fate(NamedTuple):
    """What becomes of the changes of one file: ``kept`` over the new one, ``ended`` by it, in ``conflict``."""

    file: str
    word: str
    new: bytes | None
    present: bytes | None
    newest: PackageVersion


def settle_changes(engine: Engine, folder: Path, now: int, author: Author, *, over: bool) -> list[str]:
    """Say what becomes of what was changed in the browser when the package of ``folder`` takes the place of the other.

    A file that both have changed is refused; with ``over`` the package's counts. Raises OperationError or PackageError
    before anything is written.
    """
    with reading(engine) as connection:
        fates = [
            fate for file in sorted(stored_files(connection, None).files) if (fate := _fate(connection, folder, file))
        ]
        pending = store.pending_after(connection, now)
    conflicts = [fate for fate in fates if fate.word == "conflict"]
    if conflicts and not over:
        raise OperationError(_refusal(conflicts))
    ended = {fate.file: fate.new for fate in fates if fate.word != "kept"}
    for at in (now, *pending):
        with reading(engine) as connection:
            load(folder, StoredFiles(0, {**stored_files(connection, at).files, **ended}))
    if ended:
        _end(engine, folder, now, author, [fate for fate in fates if fate.word != "kept"])
    return [
        f"  {fate.file}: changed in the browser (version {fate.newest.number}), "
        + ("kept over the package's" if fate.word == "kept" else "the package's counts from now on")
        for fate in fates
        if fate.word != "ended"
    ]


def shadowed_files(engine: Engine, folder: Path) -> list[str]:
    """The files of the folder that were replaced by hand under a change in the browser, which still counts."""
    with reading(engine) as connection:
        files = sorted(stored_files(connection, None).files)
        fates = [fate for file in files if (fate := _fate(connection, folder, file))]
    return [fate.file for fate in fates if fate.word != "kept"]


def _fate(connection: Connection, folder: Path, file: str) -> _Fate | None:
    versions = store.versions(connection, files=[file], limit=100_000)
    since = next((i for i, one in enumerate(versions) if one.act == "load"), len(versions) - 1)
    first = versions[since]
    contents = store.contents(connection, first.number)[file]
    base = contents[1] if first.act == "load" else contents[0]
    present = stored_files(connection, None).files[file]
    path = folder / file
    new = path.read_bytes() if path.is_file() else None
    if hash_of(new) == hash_of(present):
        return None
    word = "ended" if present == base else "kept" if new == base else "conflict"
    return _Fate(file, word, new, present, versions[0])


def _end(engine: Engine, folder: Path, now: int, author: Author, fates: list[_Fate]) -> None:
    with writing(engine) as connection:
        first = store.newest_number(connection) + 1
        for number, fate in enumerate(fates, first):
            both = fate.present, fate.new
            version = PackageVersion(
                number=number, at=now, effective_at=now, who=author.user_id, name=author.name,
                reason=f"lianqin district load {folder.name}", act="load", undoes=None,
                part=PART_OF.get(fate.file, "package"), about="", changes=differences(fate.file, *both), digest="",
            )  # fmt: skip
            store.add(connection, version, {fate.file: both})


def _refusal(conflicts: list[_Fate]) -> str:
    lines = [
        f"{fate.file} was changed in the browser by {fate.newest.name or fate.newest.who} (version "
        f"{fate.newest.number}), and this package has another one"
        for fate in conflicts
    ]
    return "; ".join(lines) + (
        ". Nothing was loaded. Take the change into the package, or take it back (`lianqin district undo NUMBER "
        "--back`), or load with --over, and the package's files count"
    )
