"""Read a backup: a folder, or one tar file. Nothing is believed before each part has been read and compared."""

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from services.backup.manifest import MANIFEST, BackupError, BackupManifest, BackupPart, decode_manifest

CHUNK = 1 << 20
MANIFEST_MOST = 16 << 20


class BackupSource(Protocol):
    """A backup that can be read part by part."""

    path: Path

    def open(self, name: str) -> BinaryIO:
        """A part's bytes. Raises KeyError or OSError where it is not there."""


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, name: str) -> BinaryIO:
        return (self.path / name).open("rb")


class _Tar:
    def __init__(self, path: Path, file: tarfile.TarFile, below: str) -> None:
        self.path, self._file, self._below = path, file, below

    def open(self, name: str) -> BinaryIO:
        found = self._file.extractfile(f"{self._below}{name}")
        if found is None:  # a folder, a link
            raise KeyError(name)
        return cast(BinaryIO, found)


@contextmanager
def open_source(path: Path) -> Iterator[BackupSource]:
    """A backup to read. Raises BackupError where there is none at ``path``."""
    if not path.exists():
        raise BackupError(f"there is no backup at {path}: name the folder or the .tar file of one")
    if path.is_dir():
        if not (path / MANIFEST).is_file():
            raise BackupError(_no_backup(path))
        yield _Folder(path)
        return
    try:
        with tarfile.open(path, "r:") as file:
            names = file.getnames()
            below = next((name.removesuffix(MANIFEST) for name in names if name.endswith(MANIFEST)), "")
            yield _Tar(path, file, below)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path} is no backup, or half of one: {error}. Take another backup") from None


def _no_backup(folder: Path) -> str:
    found = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
    found += sorted(path.name for path in folder.glob("*.tar"))
    if found:
        held = "1 backup: name it" if len(found) == 1 else f"{len(found)} backups: name one of them"
        return f"{folder} holds {held}, for example {folder / max(found)}"
    return f"{folder} is no backup, or half of one: it has no {MANIFEST}. Take another backup"


def read_manifest(source: BackupSource) -> BackupManifest:
    """What a backup says of itself. Raises BackupError."""
    try:
        with source.open(MANIFEST) as file:
            data = file.read(MANIFEST_MOST)
    except (KeyError, OSError, tarfile.TarError):
        raise BackupError(
            f"{source.path} is no backup, or half of one: it has no {MANIFEST}. Take another backup"
        ) from None
    return decode_manifest(data, str(source.path))


def read_part(source: BackupSource, part: BackupPart, write: Callable[[bytes], object]) -> None:
    """Hand the bytes of a part on, and compare them. Raises BackupError when they are not those that were written.

    What ``write`` raises goes through.
    """
    digest, done = hashlib.sha256(), 0
    for data in _chunks(source, part):
        digest.update(data)
        done += len(data)
        write(data)
    if done < part.bytes:
        raise BackupError(
            f"{source.path} is half a backup: {part.name} has {done:,} of {part.bytes:,} bytes. Take another backup"
        )
    if done > part.bytes or digest.hexdigest() != part.sha256:
        raise BackupError(
            f"{source.path} was changed or damaged: the SHA-256 of {part.name} is not the one written down. "
            "Take another backup"
        )


def check_parts(source: BackupSource, manifest: BackupManifest) -> None:
    """Read every part and compare it. Raises BackupError."""
    for part in manifest.parts:
        read_part(source, part, lambda _data: None)


def _chunks(source: BackupSource, part: BackupPart) -> Iterator[bytes]:
    try:
        file = source.open(part.name)
    except (KeyError, FileNotFoundError, NotADirectoryError):
        raise BackupError(f"{source.path} is half a backup: {part.name} is not in it. Take another backup") from None
    with file:
        while data := file.read(CHUNK):
            yield data
