"""Files that nobody else on the machine may read."""

import contextlib
import os
import stat
from pathlib import Path

UMASK = 0o077
# What a folder of ours holds: nothing else is touched, whatever LIANQIN_DATA_DIR names.
OURS = ("lianqin.db", "lianqin.db-wal", "lianqin.db-shm", "redis", "archive", "audit-heads.jsonl", "clock.json")


def keep_to_ourselves() -> None:
    """New files get mode 0600 and new folders 0700, of this process and of those that it starts."""
    os.umask(UMASK)


def private_folder(folder: Path) -> Path:
    """The folder, made where it is not there, and closed to others."""
    path = folder.resolve()
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_private(path)
    return path


def make_private(folder: Path) -> None:
    """Take others' rights from the folder and from what of ours lies in it; an earlier version may have given them."""
    if not any((folder / name).exists() for name in OURS):
        return
    for path in (folder, *(folder / name for name in OURS)):
        _close(path)
        if path != folder and path.is_dir():
            for below in path.rglob("*"):
                _close(below)


def _close(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError):  # what is not ours is its owner's affair
        mode = path.lstat().st_mode
        if mode & 0o077 and not mode & stat.S_ISVTX and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & ~0o077)
