"""How many TCP connections one address may make and hold: judged before a byte of them is read. Pure.

The door judges sockets after gunicorn has read the request; who connects and drops would have cost that already.
"""

from dataclasses import dataclass, field

from dashboard.door.addresses import network
from dashboard.sockets.limits import MOST_ADDRESSES, Bucket

# A page opens up to six connections, and pages come back together after a restart.
CONNECTION_BURST = 3
# An open page holds a socket, and a second connection for what it asks meanwhile.
PER_SOCKET = 2


@dataclass(slots=True)
class _Caller:
    made: Bucket
    held: int = 0


@dataclass(slots=True)
class Connections:
    """What every address holds. ``rate``: new connections a second; ``most``: held at the same time."""

    rate: int
    most: int
    _callers: dict[str, _Caller] = field(default_factory=dict)

    def enter(self, address: str, now: float) -> str:
        """Count one more connection; the cause why it must be closed, or nothing. ``leave`` gives back a counted one.

        ``now`` is in seconds.
        """
        key = _key(address)
        caller = self._callers.get(key)
        if caller is None:
            if len(self._callers) >= MOST_ADDRESSES:
                self._forget(now)
            caller = self._callers[key] = _Caller(Bucket(self.rate, self.rate * CONNECTION_BURST, now))
        if caller.held >= self.most:
            return "address_connections"
        if not caller.made.take(1, now):
            return "connections"
        caller.held += 1
        return ""

    def leave(self, address: str) -> None:
        """A counted connection of this address has ended."""
        self._callers[_key(address)].held -= 1

    def _forget(self, now: float) -> None:
        """Drop addresses without a connection that made none of late; when all did, those without a connection."""
        quiet = [a for a, c in self._callers.items() if not c.held and c.made.is_full(now)]
        for address in quiet or [a for a, c in self._callers.items() if not c.held]:
            del self._callers[address]


def _key(address: str) -> str:
    # IPv4 is by far the most, and a flood of it must cost little.
    return network(address) if ":" in address else address
