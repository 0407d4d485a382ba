"""Files that are written whole or not at all: whoever reads one finds the old file or the new one, never a half."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def partial_of(path: Path) -> Path:
    """Where a file grows before it has its name."""
    return path.with_name(f"{path.name}.partial")


@contextlib.contextmanager
def whole_file(
    path: Path, *, is_private: bool = False, is_flushed: bool = False, partial: Path | None = None
) -> Iterator[BinaryIO]:
    """Open a new file for bytes; at the end of the block it takes the name ``path``.

    After an exception ``path`` is what it was before, and the new file is removed; a killed process leaves the new
    file as ``partial`` (``partial_of`` where none is given; two writers of one ``path`` need two). ``is_private``: mode
    0600 from the beginning. ``is_flushed``: content and name are on the disk before the block's end returns. Raises
    OSError.
    """
    partial = partial or partial_of(path)
    try:
        with os.fdopen(os.open(partial, _WRITE, 0o600 if is_private else 0o666), "wb") as file:
            if is_private:
                os.fchmod(file.fileno(), 0o600)  # the file of a killed process may have had another mode
            yield file
            file.flush()
            if is_flushed:
                os.fsync(file.fileno())
        partial.replace(path)
        if is_flushed:
            flush_folder(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_whole(
    path: Path, content: bytes, *, is_private: bool = False, is_flushed: bool = False, partial: Path | None = None
) -> None:
    """Write a file in one go, as ``whole_file`` does. Raises OSError."""
    with whole_file(path, is_private=is_private, is_flushed=is_flushed, partial=partial) as file:
        file.write(content)


_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


def flush_folder(folder: Path) -> None:
    """A name is on the disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
