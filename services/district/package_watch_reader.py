"""Notice that `lianqin district load` has put another package in place, so that a running process takes it over."""

import logging
from pathlib import Path

from sqlalchemy import Engine, select

from services.district import tables as district_tables
from services.district.load import PackageError, load
from services.district.package import District

log = logging.getLogger(__name__)


class PackageWatch:
    """What a process that runs with ``district`` asks now and then. The store says what was loaded."""

    def __init__(self, engine: Engine, folder: Path, district: District) -> None:
        self._engine, self._folder = engine, folder
        self._code, self._digest = district.code, district.digest
        self._looked: object = None

    def newer(self) -> District | None:
        """The package that was loaded since, once; None when there is none or the folder has another one (yet)."""
        c = district_tables.packages.c
        with self._engine.connect() as connection:
            latest = connection.execute(
                select(c.digest).where(c.code == self._code).order_by(c.loaded_at.desc()).limit(1)
            ).scalar()
        if latest is None or latest == self._digest:
            return None
        try:
            files = sorted((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in self._folder.iterdir())
            if self._looked == (latest, files):
                return None
            self._looked = (latest, files)
            found = load(self._folder)
        except (OSError, PackageError) as error:
            log.warning("package %s was loaded, but %s cannot be read: %s", latest, self._folder, error)
            return None
        if (found.code, found.digest) != (self._code, latest):
            return None
        self._digest = found.digest
        return found
