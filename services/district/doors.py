"""Open the doors of a process from its settings: store, Redis, clock, district. The floors take them as arguments."""

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import Engine

from services.district.load import code_in, load
from services.district.package import District
from services.district.stored_reader import StoredFiles, stored_files
from services.platform.clock import Clock, FollowedClock, SystemClock, from_hash
from services.platform.database import open_engine
from services.platform.errors import STORE_ERRORS, NotConfigured
from services.platform.migrate import check_known, upgrade
from services.platform.redis import Keys, connect
from services.platform.settings import VIRTUAL, Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenDoors:
    """A process's connections."""

    settings: Settings
    engine: Engine
    redis: redis.Redis
    district: District
    clock: Clock

    @property
    def keys(self) -> Keys:
        """The district's Redis keys."""
        return Keys(self.district.code)


def open_doors(settings: Settings, *, migrate: bool = True) -> OpenDoors:
    """Connect to everything. Raises NotConfigured, PackageError, StoreNewer, or what the database raises."""
    if not settings.redis_url:
        raise NotConfigured(
            "LIANQIN_REDIS_URL is not set: give the address of the district's Redis, for example "
            "redis://127.0.0.1:6379/0 (or run `lianqin demo`, which starts one of its own)"
        )
    code = code_in(settings.district_dir) or load(settings.district_dir).code
    engine = open_engine(settings.database)
    if migrate:
        upgrade(engine)
    else:
        with contextlib.suppress(*STORE_ERRORS):  # a store that is away is waited for
            check_known(engine)
    client = connect(settings.redis_url, code)
    clock: Clock = SystemClock()
    if settings.clock == VIRTUAL:
        clock = FollowedClock(lambda: district_clock(settings, client, code))
    return OpenDoors(settings, engine, client, load_present(engine, settings.district_dir, clock.now_ms()), clock)


def load_present(engine: Engine, folder: Path, now: int) -> District:
    """Load the package with what was changed in the browser. Raises PackageError.

    A store that is away says nothing of changes: the folder's own files then count until it is back and PackageWatch
    has asked it.
    """
    stored = StoredFiles()
    try:
        with engine.connect() as connection:
            stored = stored_files(connection, now)
    except STORE_ERRORS as error:
        log.warning("the store does not say what was changed in the package: %s", str(error).splitlines()[0])
    return load(folder, stored)


def check_program(settings: Settings) -> None:
    """Raise StoreNewer where the store is newer than this program; one that is away says nothing."""
    engine = open_engine(settings.database)
    try:
        with contextlib.suppress(*STORE_ERRORS):
            check_known(engine)
    finally:
        engine.dispose()


def district_clock(settings: Settings, client: redis.Redis, code: str) -> Clock:
    """Read the district's clock: virtual in a demo or a replay, the machine's everywhere else."""
    if settings.clock != VIRTUAL:
        return SystemClock()
    fields: Any = client.hgetall(Keys(code).clock)
    return from_hash(fields)
