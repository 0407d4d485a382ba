"""A client that is bound to whichever server is the district's master now: by Sentinel, or by the slot in a cluster.

Each new connection asks where the master is; one that says that it is no longer the one (READONLY, MOVED), that it is
loading, or that breaks, is closed, and the next call asks again. MULTI, scripts and blocking reads stay as they are:
all keys of a district have one hash tag, so they lie on one node.
"""

import threading
from typing import Any, NamedTuple, Protocol

from redis import Redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError, RedisError
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool, SentinelManagedConnection

from services.platform.redis_address import SENTINEL, Host, RedisAddress

# Sentinels and nodes lie near: one that is silent must not keep the others from being asked.
ASKING = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0}


class MasterWhere(NamedTuple):
    """Where the master is (None: nobody names one), and who of those that were asked is silent."""

    host: Host | None
    asked: tuple[Host, ...]
    silent: tuple[Host, ...]


class MasterFinder(Protocol):
    """Who knows where the master is. ``discover_master`` is as redis-py's Sentinel has it."""

    def discover_master(self, service_name: str) -> Host:
        """The master's host and port. Raises MasterNotFoundError."""


class MovedConnection(SentinelManagedConnection):
    """A connection to the master as it was found; one whose slot has moved is closed, as redis-py does at READONLY."""

    def connect_check_health(self, *args: Any, **kwargs: Any) -> None:
        """Connect to where the master is now: redis-py asks in ``connect`` alone, not where a command connects anew."""
        if not self._sock:
            self.host, self.port = self.connection_pool.get_master_address()
        super().connect_check_health(*args, **kwargs)

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """As the connection's. Raises ConnectionError where the slot lies elsewhere: nothing was done there."""
        try:
            return super().read_response(*args, **kwargs)
        except MovedError as error:
            self.disconnect()  # type: ignore[no-untyped-call]  # redis-py gives it no types
            raise RedisConnectionError(f"the district's slot has moved to {error.host}:{error.port}") from error


class SentinelFinder(Sentinel):
    """redis-py's Sentinel for several threads: it puts whoever answers first, by exchanging two places of a list."""

    def __init__(self, address: RedisAddress) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # redis-py gives it no types
            address.hosts,
            sentinel_kwargs={
                **ASKING,
                "username": address.sentinel_username,
                "password": address.sentinel_password,
                "retry": Retry(NoBackoff(), 0),
            },
        )
        self._lock = threading.Lock()

    def discover_master(self, service_name: str) -> Host:
        """The master's host and port. Raises MasterNotFoundError."""
        with self._lock:
            host, port = super().discover_master(service_name)  # type: ignore[no-untyped-call]  # the same
        return host, port


class SlotFinder:
    """Which node of a cluster holds the slot of a district's hash tag, as the first node says that answers."""

    def __init__(self, address: RedisAddress, district: str) -> None:
        self._address = address
        self._slot = key_slot(f"{{{district}}}".encode())
        self._known: tuple[Host, ...] = address.hosts

    def discover_master(self, service_name: str) -> Host:
        """The node's host and port; nodes that joined later are asked too. Raises MasterNotFoundError."""
        errors = []
        for host in (*self._address.hosts, *(h for h in self._known if h not in self._address.hosts)):
            try:
                slots = self._slots(host)
            except (RedisError, OSError) as error:
                errors.append(f"{host[0]}:{host[1]}: {error}")
                continue
            self._known = tuple(dict.fromkeys(_host(node, host) for _, _, *nodes in slots for node in nodes))
            for first, last, master, *_ in slots:
                if first <= self._slot <= last:
                    return _host(master, host)
            errors.append(f"{host[0]}:{host[1]}: nobody holds slot {self._slot}")
        raise MasterNotFoundError(f"no node of the cluster for slot {self._slot} ({'; '.join(errors)})")

    def _slots(self, host: Host) -> list[Any]:
        with Redis(
            *host,
            username=self._address.username,
            password=self._address.password,
            retry=Retry(NoBackoff(), 0),
            **ASKING,  # type: ignore[arg-type]  # both are seconds
        ) as client:
            found: list[Any] = client.execute_command("CLUSTER", "SLOTS")  # in one word redis-py would read the answer
        return found


class MasterPool(SentinelConnectionPool):
    """The connections of one client to the master; ``another`` gives a pool of the same address."""

    def __init__(self, address: RedisAddress, district: str, **kwargs: Any) -> None:
        self.address, self.district, self._kwargs = address, district, kwargs
        self.finder = _finder(address, district)
        super().__init__(  # type: ignore[no-untyped-call]  # redis-py gives it no types
            address.name or district,
            self.finder,
            connection_class=MovedConnection,
            db=address.db,
            username=address.username,
            password=address.password,
            **kwargs,
        )

    def another(self) -> "MasterPool":
        """A pool of the same address with connections of its own."""
        return MasterPool(self.address, self.district, **self._kwargs)

    def where(self) -> MasterWhere:
        """Where the master is now, and who is silent: each host of the address is asked."""
        alone = {host: _finder(self.address._replace(hosts=(host,)), self.district) for host in self.address.hosts}
        silent = tuple(host for host, finder in alone.items() if self._ask(finder) is None)
        return MasterWhere(self._ask(self.finder), self.address.hosts, silent)

    def _ask(self, finder: MasterFinder) -> Host | None:
        try:
            return finder.discover_master(self.service_name)
        except MasterNotFoundError:
            return None


def _finder(address: RedisAddress, district: str) -> MasterFinder:
    return SentinelFinder(address) if address.scheme == SENTINEL else SlotFinder(address, district)


def _host(node: list[Any], asked: Host) -> Host:
    """A node as CLUSTER SLOTS names it; one without a name is the one that was asked."""
    name = node[0].decode() if isinstance(node[0], bytes) else node[0]
    return (name if name and name != "?" else asked[0]), int(node[1])
