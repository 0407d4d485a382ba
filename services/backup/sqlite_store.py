"""SQLite: a copy of one moment by its online backup, and such a copy put in the place of a store that is not there."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine

from services.backup.manifest import BackupError
from services.platform.database import open_engine
from services.platform.whole_file import flush_folder

BESIDE = ("", "-wal", "-shm", "-journal")


def copy_store(database: Path, to: Path) -> None:
    """Copy a store that others write meanwhile, as of one moment, into the new file ``to``; it is looked through.

    One step copies all of it: it reads in one transaction, and keeps no writer waiting. Raises BackupError for a store
    that is not there or damaged, what SQLite raises for a full disk.
    """
    if not database.exists():
        raise BackupError(f"there is no store at {database}: set LIANQIN_DATA_DIR or LIANQIN_DATABASE_URL")
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(_uri(database, "mode=rw"), uri=True, timeout=20)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
        # One file, without a log beside it: what is read of it is what its checksum is of.
        target.execute("PRAGMA journal_mode=DELETE")
        (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise BackupError(
            f"the store {database} is damaged ({found}): no backup was made of it. Put an earlier one back, and see "
            "the disk's log"
        )


@contextmanager
def reading_copy(path: Path) -> Iterator[Connection]:
    """Read a copy without changing a byte of it."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(_uri(path, "mode=ro&immutable=1"), uri=True))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def need_no_store(path: Path) -> None:
    """Raise BackupError where there is a store, or what one has left."""
    found = [name for suffix in BESIDE if (name := Path(f"{path}{suffix}")).exists() and name.stat().st_size]
    if found:
        names = " ".join(str(name) for name in found)
        raise BackupError(
            f"there is a store already: {names}. A backup goes into an empty place only. Stop every process, put it "
            f"aside (mv {names} ELSEWHERE) and call this again; or name another place by LIANQIN_DATA_DIR"
        )


@contextmanager
def placed(path: Path, fill: Callable[[Callable[[bytes], object]], None]) -> Iterator[Engine]:
    """A store that ``fill`` writes the bytes of: at the end of the block it takes its name, after an error it is gone.

    The engine is of the file before it has its name.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = path.with_name(f"{path.name}.restoring")
    _remove(staged)  # of one that was killed
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            fill(file.write)
        engine = open_engine(f"sqlite:///{staged}")
        try:
            yield engine
        finally:
            engine.dispose()
        need_no_store(path)
        _flush(staged)
        staged.replace(path)
        flush_folder(path.parent)
    finally:
        _remove(staged)


def need_room(folder: Path, size: int) -> None:
    """Raise BackupError where so many bytes have no room in a folder, or in the one that it will be made in."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size:
        raise BackupError(
            f"{folder} has {free / 1e9:,.2f} GB free and {size / 1e9:,.2f} GB are needed: make room, or name another "
            "place; nothing was written"
        )


def _remove(path: Path) -> None:
    for suffix in BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").unlink()


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _uri(path: Path, options: str) -> str:
    return f"file:{quote(str(path.resolve()))}?{options}"
