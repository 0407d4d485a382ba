"""Make a backup while everything runs: the store as of one moment, what lies beside it, and a manifest of all that."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from services.audit.service import local_who, open_log
from services.backup import folder_store, postgres_store, sqlite_store
from services.backup.facts_reader import StoreFacts, read_facts, read_stream
from services.backup.manifest import FORMAT, HEADS, PACKAGE, STORES, BackupError, BackupManifest, Kind, StreamPosition
from services.district.load import code_in
from services.platform.clock import machine_ms, to_rfc3339
from services.platform.database import is_postgres, open_engine
from services.platform.errors import REDIS_ERRORS, first_line
from services.platform.redis import connect
from services.platform.sealing import Sealer, name_of
from services.platform.settings import Settings
from services.platform.version import our_version

TAR = ".tar"


def make_backup(settings: Settings, target: Path, *, keep: int = 0) -> tuple[Path, BackupManifest]:
    """Make a backup in the folder ``target``, or as the file ``target`` where its name ends with .tar.

    Returns where it lies and what it is; it is on the audit then. ``keep``: of the district's backups in the folder the
    oldest beyond so many go, once this one is whole; 0: none goes. Raises BackupError, or what the database raises:
    nothing of it is kept.
    """
    began_s, at = time.monotonic(), machine_ms()
    code = code_in(settings.district_dir)
    if not code:
        raise BackupError(f"there is no district package at {settings.district_dir}: set LIANQIN_DISTRICT to yours")
    keys = Sealer(settings.data_key)
    parent = target.parent if target.suffix == TAR else target
    if target.suffix == TAR:
        folder_store.need_free(target)
    engine = open_engine(settings.database)
    try:
        kind: Kind = "postgresql" if is_postgres(engine) else "sqlite"
        with _told(parent), folder_store.growing(parent) as folder:
            facts = _copy(settings, engine, folder, is_twice=target.suffix == TAR)
            if facts.district != code:
                raise BackupError(
                    f"the store holds district {facts.district}, the package at {settings.district_dir} is {code}: "
                    "set LIANQIN_DISTRICT or LIANQIN_DATABASE_URL so that both are of one district"
                )
            _need_its_key(keys, facts)
            folder_store.copy_package(settings.district_dir, folder / PACKAGE)
            if settings.audit_heads_file.exists():
                folder_store.copy_file(settings.audit_heads_file, folder / HEADS)
            parts = folder_store.parts_of(folder)
            manifest = BackupManifest(
                format=FORMAT, district=code, made_at=to_rfc3339(at), took_s=round(time.monotonic() - began_s, 1),
                program=our_version(), migration=facts.migration, database=kind, store=facts.store,
                stream=_stream(settings, code), audit=facts.audit, keys=tuple(map(name_of, keys.keys)),
                is_sealed=facts.sealed is not None, parts=parts,
            )  # fmt: skip
            kept = target if target.suffix == TAR else parent / name_of_backup(code, manifest.made_at)
            put = folder_store.keep_tar if target.suffix == TAR else folder_store.keep_folder
            put(folder, manifest, kept)
            gone = folder_store.older(parent, code, keep) if keep and target.suffix != TAR else []
            _write_down(engine, settings, kept, manifest, [path.name for path in gone])
            for path in gone:
                folder_store.remove(path)
    finally:
        engine.dispose()
    return kept, manifest


def _write_down(engine: Engine, settings: Settings, kept: Path, manifest: BackupManifest, gone: list[str]) -> None:
    """A copy of everybody's cases that nobody knows of is not kept."""
    try:
        open_log(engine, settings).append(
            machine_ms(), local_who(), "backup_made", kept.name, made_at=manifest.made_at, where=str(kept.parent),
            revision=manifest.store.revision, position=manifest.store.position, bytes=manifest.bytes,
            sha256=manifest.store_part.sha256, removed=gone,
        )  # fmt: skip
    except BaseException:
        folder_store.remove(kept)
        raise


def name_of_backup(code: str, made_at: str) -> str:
    """``lianqin-320499-20261123T040000Z``: in a list by name the newest stands last."""
    moment = datetime.fromisoformat(made_at)
    return f"lianqin-{code}-{moment:%Y%m%dT%H%M%S}Z"


def _copy(settings: Settings, engine: Engine, folder: Path, *, is_twice: bool) -> StoreFacts:
    """The store into the folder; what it holds as of that moment. ``is_twice``: it will lie there twice for a while."""
    if is_postgres(engine):
        postgres_store.need_programs("pg_dump")
        with postgres_store.at_one_moment(engine) as (connection, snapshot):
            facts = read_facts(connection)
            postgres_store.dump_store(settings.database, snapshot, folder / STORES["postgresql"])
        return facts
    database, copy = Path(str(engine.url.database)), folder / STORES["sqlite"]
    if database.exists():
        sqlite_store.need_room(folder, database.stat().st_size * (1 + is_twice))
    sqlite_store.copy_store(database, copy)
    with sqlite_store.reading_copy(copy) as connection:
        return read_facts(connection)


def _need_its_key(keys: Sealer, facts: StoreFacts) -> None:
    """A manifest that named another key than the store's would keep somebody from a restore, or mislead them."""
    if keys and facts.sealed is not None and keys.key_of(facts.sealed) is None:
        raise BackupError(
            f"LIANQIN_DATA_KEY ({', '.join(map(name_of, keys.keys))}) does not open what the store has sealed: set the "
            "key that the processes have, or none; no backup was kept"
        )


def _stream(settings: Settings, code: str) -> StreamPosition | None:
    if not settings.redis_url:
        return None
    client = connect(settings.redis_url, code)
    try:
        return read_stream(client, code)
    except REDIS_ERRORS:
        return None  # a backup is needed most on such a day; the store's own position is what counts
    finally:
        client.close()


@contextmanager
def _told(parent: Path) -> Iterator[None]:
    """What the disk says, in our words."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise BackupError(
            f"no backup was kept: {first_line(error)}. Is the disk under {parent} full, or not ours to write?"
        ) from error
