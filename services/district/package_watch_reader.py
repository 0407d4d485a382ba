"""Notice that another package was loaded, or that it was changed in the browser, so that a running process takes it
over.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, select

from services.district import tables as district_tables
from services.district.load import PackageError, load
from services.district.package import District
from services.district.stored_reader import stored_files, stored_mark
from services.platform.clock import machine_ms

log = logging.getLogger(__name__)


class PackageWatch:
    """What a process that runs with ``district`` asks now and then. The store says what was loaded and changed."""

    def __init__(
        self, engine: Engine, folder: Path, district: District, now_ms: Callable[[], int] = machine_ms
    ) -> None:
        self._engine, self._folder, self._now_ms = engine, folder, now_ms
        self._code, self._digest = district.code, district.digest
        self._folder_digest, self._mark = district.folder_digest, district.stored_mark
        self._looked: object = None

    def newer(self) -> District | None:
        """The package as it was loaded or changed since, once; None when it was not, or the folder has another one
        (yet), or what is there cannot be used: then the process goes on with what it has.
        """
        c = district_tables.packages.c
        with self._engine.connect() as connection:
            now = self._now_ms()
            loaded = connection.execute(
                select(c.digest).where(c.code == self._code).order_by(c.loaded_at.desc()).limit(1)
            ).scalar()
            mark = stored_mark(connection, now)
            if loaded in {None, self._folder_digest} and mark == self._mark:
                return None
            stored = stored_files(connection, now)
        try:
            files = sorted((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in self._folder.iterdir())
            if self._looked == (loaded, mark, files):
                return None
            self._looked = (loaded, mark, files)
            found = load(self._folder, stored)
        except (OSError, PackageError) as error:
            log.warning("package %s with %s changes cannot be read from %s: %s", loaded, mark, self._folder, error)
            return None
        if found.code != self._code or found.folder_digest not in {loaded, self._folder_digest}:
            return None
        is_other = found.digest != self._digest
        self._digest, self._folder_digest, self._mark = found.digest, found.folder_digest, found.stored_mark
        return found if is_other else None
