"""Fresh stores at the newest migration: the migrations run once, each test then gets a copy of what they made."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from services.platform.database import open_engine
from services.platform.migrate import upgrade


def fresh_sqlite(path: Path) -> str:
    """A new migrated SQLite file at ``path``; its URL for ``open_engine``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(), path)
    return f"sqlite:///{path}"


def fresh_engine(path: Path) -> Engine:
    """An engine on a new migrated SQLite file at ``path``."""
    return open_engine(fresh_sqlite(path))


@cache
def _template() -> Path:
    kept = tempfile.TemporaryDirectory(prefix="lianqin-store-")
    _folders.append(kept)
    path = Path(kept.name) / "store.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    assert not path.with_name("store.db-wal").exists(), "the last connection writes the log back into the file"
    return path


_folders: list[tempfile.TemporaryDirectory[str]] = []  # kept until this process ends
