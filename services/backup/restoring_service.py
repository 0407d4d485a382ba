"""Put a backup into an empty place: everything is looked at first, then it is put there whole or not at all.

The store gets another epoch, so that whoever has followed it reads everything anew, and the projector goes on from the
position that the store names: what the stream still has is read again, what it no longer has is shown as a gap.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.audit.service import local_who, open_log
from services.backup import folder_store, postgres_store, sqlite_store
from services.backup.manifest import PACKAGE, BackupError, BackupManifest
from services.backup.source_reader import BackupSource, check_parts, open_source, read_manifest, read_part
from services.district.load import code_in
from services.health.watching_reader import look_once
from services.platform.clock import machine_ms
from services.platform.database import open_engine, writing
from services.platform.errors import REDIS_ERRORS, first_line
from services.platform.migrate import head, revisions, upgrade
from services.platform.redis import connect
from services.platform.sealing import keys_in, name_of
from services.platform.settings import Settings
from services.platform.whole_file import flush_folder
from services.projector.store.write import renew_epoch

LIVING = {"alive", "waits", "stuck"}


def restore_backup(settings: Settings, path: Path, *, without_key: bool = False) -> tuple[BackupManifest, str]:
    """Put the backup at ``path`` into the store and the package folder of the settings; returns it and the new epoch.

    ``without_key``: what is sealed may stay closed for good. Raises BackupError: nothing was changed.
    """
    with open_source(path) as source:
        manifest = read_manifest(source)
        _need_known(manifest, source.path)
        _need_district(settings, manifest)
        _need_database(settings, manifest)
        if not without_key:
            _need_keys(settings, manifest)
        need_nobody(settings, manifest.district)
        check_parts(source, manifest)
        try:
            if manifest.database == "sqlite":
                return manifest, _into_sqlite(settings, source, manifest)
            return manifest, _into_postgres(settings, source, manifest)
        except (OSError, sqlite3.Error, SQLAlchemyError) as error:
            raise BackupError(
                f"it was not put back: {first_line(error)}. See the disk and the rights of the place, then call it "
                "again"
            ) from error


def _into_sqlite(settings: Settings, source: BackupSource, manifest: BackupManifest) -> str:
    database = Path(settings.database.removeprefix("sqlite:///"))
    sqlite_store.need_no_store(database)
    sqlite_store.need_room(database.parent, manifest.bytes)
    with (
        _package_beside(settings.district_dir, source, manifest),
        sqlite_store.placed(database, partial(read_part, source, manifest.store_part)) as engine,
    ):
        return _made_ours(engine, settings, manifest, source.path)


def _into_postgres(settings: Settings, source: BackupSource, manifest: BackupManifest) -> str:
    postgres_store.need_programs("pg_restore")
    engine = open_engine(settings.database)
    try:
        try:
            with engine.connect() as connection:
                postgres_store.need_primary(connection)
                postgres_store.need_empty(connection, str(engine.url.database))
        except SQLAlchemyError as error:
            raise BackupError(
                f"the database does not answer: {first_line(error)}. Make an empty one as its owner "
                "(`createdb --encoding=UTF8 NAME`) and name it in LIANQIN_DATABASE_URL"
            ) from error
        with _package_beside(settings.district_dir, source, manifest):
            postgres_store.restore_store(settings.database, partial(read_part, source, manifest.store_part))
        try:
            return _made_ours(engine, settings, manifest, source.path)
        except SQLAlchemyError as error:
            raise BackupError(
                f"the database is put back, and could not be made ready: {first_line(error)}. As its owner call "
                "`lianqin upgrade`, then `lianqin store renew-epoch`, before anything is started"
            ) from error
    finally:
        engine.dispose()


def _made_ours(engine: Engine, settings: Settings, manifest: BackupManifest, path: Path) -> str:
    """What a store that was put back needs before anybody may open it; returns its epoch."""
    upgrade(engine)
    with writing(engine) as connection:
        epoch = renew_epoch(connection)
    store = manifest.store
    open_log(engine, settings).append(
        machine_ms(), local_who(), "backup_restored", path.name, made_at=manifest.made_at, revision=store.revision,
        position=store.position, program=manifest.program, sha256=manifest.store_part.sha256,
    )  # fmt: skip
    return epoch


def _need_known(manifest: BackupManifest, path: Path) -> None:
    if manifest.migration not in revisions():
        raise BackupError(
            f"{path} is of a newer program ({manifest.program}, migration {manifest.migration}): this one knows "
            f"migrations up to {head()}. Install that program, and restore with it"
        )


def _need_district(settings: Settings, manifest: BackupManifest) -> None:
    folder = settings.district_dir
    here = code_in(folder)
    if here and here != manifest.district:
        raise BackupError(
            f"the backup is of district {manifest.district}, the package at {folder} is of {here}: name the backup of "
            f"{here}, or set LIANQIN_DISTRICT to a folder of {manifest.district} (one that is not there yet is made)"
        )
    if not here and folder.is_dir() and any(folder.iterdir()):
        raise BackupError(f"{folder} is no district package, and not empty: set LIANQIN_DISTRICT to yours")


def _need_database(settings: Settings, manifest: BackupManifest) -> None:
    kind = "sqlite" if settings.database.startswith("sqlite") else "postgresql"
    if kind != manifest.database:
        raise BackupError(
            f"the backup is of a {manifest.database} store, and the settings name a {kind} one: set "
            "LIANQIN_DATABASE_URL to an empty database of the same kind"
        )


def _need_keys(settings: Settings, manifest: BackupManifest) -> None:
    here = [name_of(key) for key in keys_in(settings.data_key)]
    if missing := [name for name in manifest.keys[:1] if name not in here]:
        have = f"LIANQIN_DATA_KEY has {', '.join(here)}" if here else "LIANQIN_DATA_KEY is not set"
        raise BackupError(
            f"the backup was sealed with the data key {missing[0]}, and {have}: put that key into LIANQIN_DATA_KEY "
            "(behind a newer one, with a comma). Where it is lost, --without-key puts the rest back: reporters and "
            "originals stay closed for good"
        )


def need_nobody(settings: Settings, code: str) -> None:
    """Raise BackupError where processes of the district run: nobody may write to a store that appears or changes."""
    if not settings.redis_url:
        return
    client = connect(settings.redis_url, code)
    try:
        living = [process.name for process in look_once(client, code, ()) if process.state in LIVING]
    except REDIS_ERRORS:
        return  # who cannot be reached is not heard; the store itself must be empty all the same
    finally:
        client.close()
    if living:
        raise BackupError(
            f"{', '.join(living)} of district {code} run on the Redis of LIANQIN_REDIS_URL: stop every process first. "
            "For a trial on another machine leave LIANQIN_REDIS_URL empty"
        )


@contextmanager
def _package_beside(folder: Path, source: BackupSource, manifest: BackupManifest) -> Iterator[None]:
    """The package where there is none: written before the block, named after it. One that is there stays as it is."""
    if code_in(folder):
        yield
        return
    staged = folder.with_name(f"{folder.name}.restoring")
    shutil.rmtree(staged, ignore_errors=True)  # of one that was killed
    try:
        for part in manifest.parts:
            if part.name.startswith(PACKAGE):
                _write(staged / part.name.removeprefix(PACKAGE), partial(read_part, source, part))
        folder_store.parts_of(staged)
        yield
        if folder.exists():
            folder.rmdir()
        staged.rename(folder)
        flush_folder(folder.parent)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _write(path: Path, fill: Callable[[Callable[[bytes], object]], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("xb") as file:
        fill(file.write)
