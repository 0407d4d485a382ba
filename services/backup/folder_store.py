"""Where backups lie: one folder of them, in which each grows under another name and gets its own when it is whole."""

import fcntl
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.backup.manifest import MANIFEST, BackupError, BackupManifest, BackupPart, encode_manifest
from services.platform.whole_file import flush_folder, whole_file

PARTIAL = ".partial"


@contextmanager
def growing(parent: Path) -> Iterator[Path]:
    """A folder of our own in ``parent`` for a backup that grows; what is left in it at the end goes.

    One at a time: whoever else makes a backup there is refused. What a killed one has left goes too.
    """
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (parent / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup is being made in {parent}: wait for it") from None
        for left in parent.glob(f".lianqin-*{PARTIAL}"):
            remove(left)
        folder = Path(tempfile.mkdtemp(prefix=".lianqin-", suffix=PARTIAL, dir=parent))  # mode 0700
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def copy_package(package: Path, to: Path) -> None:
    """Copy the files of a district package; links are followed."""
    for path in sorted(package.rglob("*")):
        below = path.relative_to(package)
        if path.is_file() and not any(step.startswith(".") for step in below.parts):
            copy_file(path, to / below)


def copy_file(path: Path, to: Path) -> None:
    """Copy a file's content, readable by us alone."""
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("rb") as file, os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        shutil.copyfileobj(file, copy)


def parts_of(folder: Path) -> tuple[BackupPart, ...]:
    """Every file in a folder, as it is read back from the disk that has taken it."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(BackupPart(path.relative_to(folder).as_posix(), path.stat().st_size, digest))
    for below in [*(path for path in folder.rglob("*") if path.is_dir()), folder]:
        flush_folder(below)
    return tuple(found)


def keep_folder(folder: Path, manifest: BackupManifest, to: Path) -> None:
    """Write the manifest into a grown folder, and give it its name. Raises BackupError where that is taken."""
    with whole_file(folder / MANIFEST, is_private=True, is_flushed=True) as file:
        file.write(encode_manifest(manifest))
    need_free(to)
    folder.rename(to)
    flush_folder(to.parent)


def keep_tar(folder: Path, manifest: BackupManifest, to: Path) -> None:
    """Write a grown folder as one tar file. Raises BackupError where there is one of that name."""
    with whole_file(folder / MANIFEST, is_private=True) as file:
        file.write(encode_manifest(manifest))
    need_free(to)
    partial = to.with_name(f".lianqin-{to.name}{PARTIAL}")
    with (
        whole_file(to, is_private=True, is_flushed=True, partial=partial) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in (MANIFEST, *(part.name for part in manifest.parts)):
            about = tar.gettarinfo(folder / name, f"{to.stem}/{name}")
            about.uid = about.gid = 0
            about.uname = about.gname = ""
            with (folder / name).open("rb") as part:
                tar.addfile(about, part)


def older(parent: Path, code: str, keep: int) -> list[Path]:
    """A district's whole backups in ``parent`` beyond its newest ``keep``, the oldest first."""
    name = re.compile(rf"lianqin-{re.escape(code)}-\d{{8}}T\d{{6}}Z")
    found = sorted(path for path in parent.iterdir() if name.fullmatch(path.name) and (path / MANIFEST).is_file())
    return found[: max(len(found) - keep, 0)]


def need_free(to: Path) -> None:
    """Raise BackupError where a backup has that name already."""
    if to.exists():
        raise BackupError(f"{to} is there already, and is left as it is: give another name")


def remove(path: Path) -> None:
    """Take a backup, or what a killed one has left, away."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
