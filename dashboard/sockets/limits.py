"""How much one socket and one address may do: token buckets and counts. Pure: the time is an argument.

A message costs one token, a read of the network a tenth; an answer to our ping costs the address nothing, so that a
quiet colleague behind the same address is not cut for what others send.
"""

from collections import Counter
from dataclasses import dataclass, field

# A socket may send twice its rate at once, an address five times: browsers come back together after a restart.
SOCKET_BURST, ADDRESS_BURST = 2, 5
# Of the sockets that an address may hold, a tenth may be opened at once, and a twentieth in each second after that.
OPEN_BURST, OPEN_RATE = 1 / 10, 1 / 20
A_MESSAGE, A_READ = 1.0, 0.1
# A message that asks for the whole board costs more.
DEAR = {"hello": 3.0}
MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Rates:
    """The settings: messages a second of one socket and of one address; sockets of one address and of one session."""

    socket_rate: int = 20
    address_rate: int = 400
    address_sockets: int = 1000
    session_sockets: int = 32


class Bucket:
    """Tokens that come back at ``rate`` a second, at most ``burst`` of them. Times are seconds."""

    __slots__ = ("_at", "_burst", "_level", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = burst, now

    def take(self, cost: float, now: float) -> bool:
        """Take so many tokens; False when there are not enough, and none are taken."""
        self._level = min(self._burst, self._level + max(0.0, now - self._at) * self._rate)
        self._at = now
        if cost > self._level:
            return False
        self._level -= cost
        return True

    def is_full(self, now: float) -> bool:
        """Whether nothing has been taken of late."""
        return self._level + (now - self._at) * self._rate >= self._burst


@dataclass(slots=True)
class _Address:
    messages: Bucket
    openings: Bucket
    sockets: int = 0


@dataclass(slots=True)
class Ticket:
    """One open socket's share. ``take`` says why it must be closed, or nothing."""

    address: str
    session: str
    own: Bucket
    shared: Bucket

    def take(self, cost: float, now: float) -> str:
        """Pay for a message: of the socket's tokens and of its address'."""
        if not self.own.take(cost, now):
            return "socket_rate"
        return "" if self.shared.take(cost, now) else "address_rate"

    def take_own(self, cost: float, now: float) -> str:
        """Pay of the socket's tokens alone: for a read, or an answer that we asked for."""
        return "" if self.own.take(cost, now) else "socket_rate"


@dataclass(slots=True)
class Limits:
    """What every address and session holds at the moment."""

    rates: Rates
    _addresses: dict[str, _Address] = field(default_factory=dict)
    _sessions: Counter[str] = field(default_factory=Counter)

    def may_try(self, address: str, now: float) -> bool:
        """Whether this address may try to open one more socket now; counts the try."""
        return self._address(address, now).openings.take(1, now)

    def enter(self, address: str, session: str, now: float) -> Ticket | str:
        """A ticket for one more socket, or the cause why there is none. Each ticket is given back with ``leave``."""
        place = self._address(address, now)
        if place.sockets >= self.rates.address_sockets:
            return "address_sockets"
        if session and self._sessions[session] >= self.rates.session_sockets:
            return "session_sockets"
        place.sockets += 1
        if session:
            self._sessions[session] += 1
        rate = self.rates.socket_rate
        return Ticket(address, session, Bucket(rate, rate * SOCKET_BURST, now), place.messages)

    def leave(self, ticket: Ticket) -> None:
        """The socket of this ticket has closed."""
        self._addresses[ticket.address].sockets -= 1
        if ticket.session:
            self._sessions[ticket.session] -= 1
            if not self._sessions[ticket.session]:
                del self._sessions[ticket.session]

    def _address(self, address: str, now: float) -> _Address:
        found = self._addresses.get(address)
        if found is None:
            if len(self._addresses) >= MOST_ADDRESSES:
                self._forget(now)
            rates = self.rates
            found = self._addresses[address] = _Address(
                Bucket(rates.address_rate, rates.address_rate * ADDRESS_BURST, now),
                Bucket(max(1.0, rates.address_sockets * OPEN_RATE), max(1.0, rates.address_sockets * OPEN_BURST), now),
            )
        return found

    def _forget(self, now: float) -> None:
        """Drop addresses without a socket that did nothing of late; when all did something, those without a socket."""
        quiet = [a for a, p in self._addresses.items() if not p.sockets and p.openings.is_full(now)]
        for address in quiet or [a for a, p in self._addresses.items() if not p.sockets]:
            del self._addresses[address]
