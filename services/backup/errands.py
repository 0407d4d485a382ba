"""``lianqin backup`` and ``lianqin restore``: lines for a person."""

from pathlib import Path
from typing import Any

from services.backup.facts_reader import read_stream
from services.backup.making_service import make_backup
from services.backup.manifest import BackupManifest
from services.backup.restoring_service import restore_backup
from services.backup.source_reader import check_parts, open_source, read_manifest
from services.contract.entry import entry_order
from services.platform.database import open_engine
from services.platform.errors import REDIS_ERRORS
from services.platform.redis import connect
from services.platform.settings import Settings
from services.projector.archive.store import gone


def backup(settings: Settings, target: Path, keep: int) -> list[str]:
    """Make one, and say what it is. Raises BackupError."""
    kept, manifest = make_backup(settings, target, keep=keep)
    lines = [f"wrote {kept}", *told(manifest)]
    if manifest.is_sealed and not manifest.keys:
        lines.append(
            "LIANQIN_DATA_KEY is not set here: the backup does not say which key opens what is sealed, and a restore "
            "cannot check it"
        )
    if settings.redis_url and manifest.stream is None:
        lines.append("Redis does not answer, or nobody has published: how the stream was is not in the backup")
    lines.append(
        "the data key is NOT in it: keep that apart. The archive's folder (LIANQIN_ARCHIVE) is copied apart too"
    )
    return lines


def check_backup(path: Path) -> list[str]:
    """Read all of one, and say what it is. Raises BackupError."""
    with open_source(path) as source:
        manifest = read_manifest(source)
        check_parts(source, manifest)
    return [f"{path} is whole: {len(manifest.parts)} parts, each as it was written", *told(manifest)]


def restore(settings: Settings, path: Path, *, without_key: bool) -> list[str]:
    """Put one back, and say what comes next. Raises BackupError."""
    manifest, epoch = restore_backup(settings, path, without_key=without_key)
    lines = [f"put back from {path}; the store's new epoch is {epoch}", *told(manifest)]
    lines += _archive_missing(settings)
    lines.append(_stream_says(settings, manifest))
    if manifest.database == "postgresql":
        lines.append("roles and their rights are not in it: as the owner, psql NAME -f deploy/postgres/roles.sql")
    lines.append("next: `lianqin doctor`, `lianqin audit verify`, then start the projector, then the others")
    return lines


def told(manifest: BackupManifest) -> list[str]:
    """What a backup is, in lines."""
    store, audit = manifest.store, manifest.audit
    head = f"{audit.number}:{audit.link}" if audit.number else "none"
    keys = ", ".join(manifest.keys) or "none"
    return [
        f"district {manifest.district}, made {manifest.made_at} in {manifest.took_s:,.1f} s by lianqin "
        f"{manifest.program}, migration {manifest.migration}, {manifest.database}, {manifest.bytes / 1e6:,.1f} MB",
        f"{store.cases:,} cases, {store.entries:,} entries, revision {store.revision:,}, the stream up to "
        f"{store.position}",
        f"audit head {head}; data keys by name: {keys}",
    ]


def _archive_missing(settings: Settings) -> list[str]:
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            months = [one for one in gone(connection) if not (settings.archive_dir / one.file).exists()]
    finally:
        engine.dispose()
    if not months:
        return []
    names = ", ".join(month.month for month in months)
    return [f"the history of {names} is in the archive, and not at {settings.archive_dir}: bring its files there"]


def _stream_says(settings: Settings, manifest: BackupManifest) -> str:
    """Whether the stream still has what the backup lacks."""
    client: Any = connect(settings.redis_url, manifest.district) if settings.redis_url else None
    try:
        stream = read_stream(client, manifest.district) if client is not None else None
    except REDIS_ERRORS:
        stream = None
    finally:
        if client is not None:
            client.close()
    position = manifest.store.position
    if stream is None:
        return f"the projector goes on behind {position}: what the stream has then is read, what it lacks is a gap"
    if stream.first_id and entry_order(stream.first_id) > entry_order(position):
        return (
            f"the stream begins at {stream.first_id}, behind {position}: what lay between is lost unless it was "
            "published before, the projector counts it as a gap. Ask the publishers for the newest state of open cases"
        )
    return f"the stream still has everything behind {position}: the projector reads it"
