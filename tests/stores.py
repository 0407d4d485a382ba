"""Fresh stores at the newest migration: the migrations run once, each test then gets a copy of what they made."""

import filecmp
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


def is_fresh(engine: Engine) -> bool:
    """Whether an engine's store is a SQLite file in which nobody has written since ``fresh_sqlite`` made it."""
    path = _path(engine)
    if path is None or not path.exists():
        return False
    log = path.with_name(f"{path.name}-wal")
    return not (log.exists() and log.stat().st_size) and filecmp.cmp(path, _template(), shallow=False)


def put_aside(engine: Engine, path: Path) -> None:
    """Copy an engine's SQLite file to ``path``, with all that was committed."""
    found = _path(engine)
    assert found is not None
    engine.dispose()
    assert not found.with_name(f"{found.name}-wal").exists(), "somebody else has the store open"
    shutil.copyfile(found, path)


def put_back(engine: Engine, path: Path) -> None:
    """Let an engine's store, which ``is_fresh``, be the one that was put aside."""
    found = _path(engine)
    assert found is not None
    engine.dispose()
    shutil.copyfile(path, found)


def _path(engine: Engine) -> Path | None:
    return Path(engine.url.database) if engine.dialect.name == "sqlite" and engine.url.database else None


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
