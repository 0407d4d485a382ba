"""Find the Redis of a demo that runs on this machine: it writes its address into the data folder while it runs."""

import contextlib
import dataclasses
from pathlib import Path

import redis

from services.platform.redis import connect
from services.platform.settings import VIRTUAL, Settings
from services.platform.whole_file import write_whole

URL_FILE, KEY_FILE = "redis.url", "data.key"


def with_local_redis(settings: Settings) -> Settings:
    """The settings, with the address and the clock of the demo that runs under ``data_dir``, where none is given."""
    if settings.redis_url:
        return settings
    try:
        url = (settings.data_dir / URL_FILE).read_text(encoding="utf-8").strip()
        with connect(url) as client:
            client.ping()
    except (OSError, ValueError, redis.RedisError):
        return settings  # no demo, or one that was killed and could not take its file away
    return dataclasses.replace(settings, redis_url=url, clock=settings.clock or VIRTUAL)


def with_local_key(settings: Settings) -> Settings:
    """The settings, with the data key of the demo that lives under ``data_dir`` where no other is given.

    Only for the store that lies there: what is written into its audit must be sealed as the demo's processes seal it.
    """
    if settings.data_key or settings.database_url:
        return settings
    with contextlib.suppress(FileNotFoundError):
        return dataclasses.replace(settings, data_key=(settings.data_dir / KEY_FILE).read_text("utf-8").strip())
    return settings


def remember_redis(data_dir: Path, url: str) -> None:
    """Write the address of the demo's Redis down, whole or not at all."""
    write_whole(data_dir / URL_FILE, f"{url}\n".encode(), is_private=True)  # an address may hold a password


def forget_redis(data_dir: Path) -> None:
    """The demo has ended."""
    with contextlib.suppress(FileNotFoundError):
        (data_dir / URL_FILE).unlink()
