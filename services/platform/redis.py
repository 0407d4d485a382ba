"""Redis: the address, the keys of a district, and how a process connects."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from services.platform.errors import NotConfigured, OperationError
from services.platform.redis_address import ONE, parse_address
from services.platform.redis_master import MasterPool, MasterWhere
from services.platform.settings import Settings

GROUP = "projector"


BOARD_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one district. The braces are Redis Cluster hash tags."""

    district: str

    @property
    def events(self) -> str:
        """The stream that the case system publishes to."""
        return self._key("events")

    @property
    def stored(self) -> str:
        """The id of the entry up to which everything is in the store."""
        return self._key("stored")

    @property
    def board(self) -> str:
        """The wake-ups for the web processes."""
        return self._key("board")

    @property
    def dead(self) -> str:
        """The refused entries, for people."""
        return self._key("dead")

    @property
    def clock(self) -> str:
        """The virtual clock of a demo or a replay."""
        return self._key("clock")

    @property
    def commands(self) -> str:
        """The stream of commands to the case system."""
        return self._key("commands")

    @property
    def processes(self) -> str:
        """The beats of all processes."""
        return self._key("processes")

    @property
    def past_ask(self) -> str:
        """The list that questions about the past come by."""
        return self._key("past:ask")

    @property
    def past_alive(self) -> str:
        """There while a process that answers them is."""
        return self._key("past:alive")

    def past_answer(self, question_id: str) -> str:
        """The list that one answer goes back by."""
        return self._key(f"past:answer:{question_id}")

    def lease(self, role: str) -> str:
        """Who leads in a role: its token."""
        return self._key(f"{role}:lease")

    def sent(self, role: str) -> str:
        """What a role has sent, once a decision: the beginning of those keys."""
        return self._key(f"{role}:sent")

    def simulated(self, name: str) -> str:
        """What the simulated case system keeps of itself."""
        return self._key(f"sim:{name}")

    def _key(self, name: str) -> str:
        return f"lianqin:{{{self.district}}}:{name}"


# A silent server is given up within seconds.
PATIENCE = {"socket_connect_timeout": 3, "socket_timeout": 10, "health_check_interval": 15}


def connect(url: str, district: str = "") -> redis.Redis:
    """A client that gives up on a silent server within seconds; nothing is connected yet.

    ``district`` is whose keys are asked for: a cluster has them on one node, to which the client is bound. Raises
    ValueError for an address of no form of ours.
    """
    address = parse_address(url)
    if address.scheme == ONE:
        return redis.Redis.from_url(url, **PATIENCE)
    return redis.Redis.from_pool(MasterPool(address, district, **PATIENCE))


@contextmanager
def another(client: redis.Redis) -> Iterator[redis.Redis]:
    """A client of the same server with connections of its own: those of the loop are not for another thread."""
    pool = client.connection_pool
    if isinstance(pool, MasterPool):
        own: redis.ConnectionPool = pool.another()
    else:
        own = redis.ConnectionPool(connection_class=pool.connection_class, **pool.connection_kwargs)
    try:
        yield redis.Redis(connection_pool=own)
    finally:
        own.disconnect()


def where_is(client: redis.Redis) -> MasterWhere | None:
    """Where the master of a client of ``connect`` is, as those say who know; None: its address is the server's own."""
    pool = client.connection_pool
    return pool.where() if isinstance(pool, MasterPool) else None


@contextmanager
def open_redis(settings: Settings, district: str) -> Iterator[redis.Redis]:
    """A client that answers. Raises NotConfigured without an address, OperationError without an answer."""
    if not settings.redis_url:
        raise NotConfigured(
            "LIANQIN_REDIS_URL is not set and no demo runs under "
            f"{settings.data_dir}: give the address of the district's Redis, for example redis://127.0.0.1:6379/0"
        )
    client = connect(settings.redis_url, district)
    try:
        client.ping()
        yield client
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise OperationError(f"Redis does not answer ({error}): run `lianqin doctor`") from error
    finally:
        client.close()
