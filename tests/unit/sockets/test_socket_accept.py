"""Connections are counted and closed before a byte of them is read: the rule without a socket, then the listener."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import gevent.socket
from gevent.event import Event
from gevent.pool import Pool

from dashboard.server import Server
from dashboard.sockets.accept import Listener
from dashboard.sockets.connections import CONNECTION_BURST, Connections
from dashboard.sockets.limits import MOST_ADDRESSES
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.waiting import Patience
from services.platform.settings import from_environment


def test_an_address_makes_its_burst_at_once_and_then_its_rate_and_others_do_not_wait() -> None:
    found = Connections(rate=10, most=1000)
    burst = 10 * CONNECTION_BURST
    assert [found.enter("10.0.0.1", 0.0) for _ in range(burst + 1)] == [""] * burst + ["connections"]
    assert [found.enter("10.0.0.1", 0.5) for _ in range(6)] == [""] * 5 + ["connections"]
    assert found.enter("10.0.0.2", 0.5) == ""


def test_an_address_holds_so_many_and_each_that_ends_makes_room() -> None:
    found = Connections(rate=100, most=3)
    assert [found.enter("10.0.0.1", 0.0) for _ in range(4)] == ["", "", "", "address_connections"]
    found.leave("10.0.0.1")
    assert found.enter("10.0.0.1", 0.0) == ""
    assert found.enter("10.0.0.2", 0.0) == ""


def test_a_network_of_ipv6_is_one_address_and_a_mapped_one_is_its_ipv4() -> None:
    found = Connections(rate=100, most=1)
    assert found.enter("2001:db8:1:2::1", 0.0) == ""
    assert found.enter("2001:db8:1:2::ffff", 0.0) == "address_connections"
    assert found.enter("2001:db8:1:3::1", 0.0) == ""
    found.leave("2001:db8:1:2::1")
    assert found.enter("2001:db8:1:2::2", 0.0) == ""
    assert found.enter("::ffff:10.0.0.1", 0.0) == ""
    assert found.enter("10.0.0.1", 0.0) == "address_connections"


def test_a_flood_from_many_addresses_takes_no_memory_and_forgets_none_that_holds_one() -> None:
    found = Connections(rate=1, most=1)
    assert found.enter("mine", 0.0) == ""
    for n in range(3 * MOST_ADDRESSES):
        found.enter(f"10.{n}", n / 1000)
        found.leave(f"10.{n}")
    assert len(found._callers) <= MOST_ADDRESSES + 1
    assert found.enter("mine", 1000.0) == "address_connections"


@contextmanager
def listening(connections: Connections | None, refusals: Refusals, handle: Any) -> Iterator[Callable[[], Any]]:
    """A running listener; what is given connects to it."""
    opened: list[Any] = []

    def connect() -> Any:
        opened.append(gevent.socket.create_connection(("127.0.0.1", server.server_port)))
        return opened[-1]

    server = Listener(
        ("127.0.0.1", 0),
        handle=handle,
        spawn=Pool(100),
        connections=connections,
        refusals=refusals,
        patience=Patience.of(60, 2),
    )
    server.start()
    try:
        yield connect
    finally:
        for wire in opened:
            wire.close()
        server.stop(timeout=1)


def answer_of(wire: Any) -> bytes:
    """What comes first; nothing when the other side closed it."""
    with gevent.Timeout(5):
        try:
            return bytes(wire.recv(10))
        except ConnectionError:
            return b""


def test_the_listener_closes_what_is_too_much_unread_and_lets_in_again_when_one_has_ended() -> None:
    end, refusals, met = Event(), Refusals(), []

    def handle(wire: Any, address: Any) -> None:
        met.append(address)
        wire.sendall(b"in")
        end.wait()

    with listening(Connections(rate=100, most=2), refusals, handle) as connect:
        wires = [connect() for _ in range(50)]
        assert [answer_of(wire) for wire in wires] == [b"in"] * 2 + [b""] * 48
        assert refusals.counts == {"address_connections": 48}
        assert len(met) == 2
        end.set()
        assert answer_of(wires[0]) == answer_of(wires[1]) == b""  # both have ended
        assert answer_of(connect()) == b"in"


def test_one_connection_is_let_in_between_two_turns_of_the_others() -> None:
    order: list[str] = []

    def handle(wire: Any, _address: Any) -> None:
        order.append("new")
        wire.sendall(b"in")

    def turns() -> None:
        while order.count("new") < 20:
            order.append("turn")
            gevent.sleep(0.0001)  # by the loop's timers, as an open socket waits by its watcher

    with listening(Connections(rate=100, most=100), Refusals(), handle) as connect:
        other = gevent.spawn(turns)
        wires = [connect() for _ in range(20)]
        assert [answer_of(wire) for wire in wires] == [b"in"] * 20
        other.join(5)
    assert "new new new" not in " ".join(order)


def test_behind_a_proxy_no_address_is_counted() -> None:
    assert Server(from_environment({"LIANQIN_PROXIES": "1"}), None).connections()[0] is None
    found, _ = Server(from_environment({"LIANQIN_CONNECTION_RATE": "7"}), None).connections()
    assert found is not None
    assert (found.rate, found.most) == (7, 2000)
    refusals = Refusals()
    with listening(None, refusals, lambda wire, _: wire.sendall(b"in")) as connect:
        wires = [connect() for _ in range(30)]
        assert [answer_of(wire) for wire in wires] == [b"in"] * 30
    assert not refusals.counts
