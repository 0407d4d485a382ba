"""Redis: the address, the keys of a district, and how a process connects."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from services.platform.errors import NotConfigured, OperationError
from services.platform.settings import Settings

GROUP = "projector"


BOARD_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one district. The braces are Redis Cluster hash tags."""

    district: str

    def __getitem__(self, name: str) -> str:
        return f"lianqin:{{{self.district}}}:{name}"

    @property
    def events(self) -> str:
        """The stream that the case system publishes to."""
        return self["events"]

    @property
    def board(self) -> str:
        """The wake-ups for the web processes."""
        return self["board"]

    @property
    def dead(self) -> str:
        """The refused entries, for people."""
        return self["dead"]

    @property
    def clock(self) -> str:
        """The virtual clock of a demo or a replay."""
        return self["clock"]


def connect(url: str) -> redis.Redis:
    """A client that gives up on a silent server within seconds; nothing is connected yet."""
    return redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=10, health_check_interval=15)


@contextmanager
def open_redis(settings: Settings) -> Iterator[redis.Redis]:
    """A client that answers. Raises NotConfigured without an address, OperationError without an answer."""
    if not settings.redis_url:
        raise NotConfigured(
            "LIANQIN_REDIS_URL is not set and no demo runs under "
            f"{settings.data_dir}: give the address of the district's Redis, for example redis://127.0.0.1:6379/0"
        )
    client = connect(settings.redis_url)
    try:
        client.ping()
        yield client
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise OperationError(f"Redis does not answer ({error}): run `lianqin doctor`") from error
    finally:
        client.close()
