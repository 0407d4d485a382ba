"""Token buckets, tickets, and what a client may send: the socket's rules, without a socket."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import EVENT, Packet

from dashboard.door.addresses import network
from dashboard.sockets.grammar import RESERVED, RefusedPacket, check_frame, read_message
from dashboard.sockets.limits import MOST_ADDRESSES, Bucket, Limits, Rates, Ticket
from dashboard.sockets.refusals import Refusals

RATES = Rates(socket_rate=10, address_rate=20, address_sockets=40, session_sockets=3)


def ticket(limits: Limits, address: str = "10.0.0.1", session: str = "s", now: float = 0.0) -> Ticket:
    found = limits.enter(address, session, now)
    assert isinstance(found, Ticket)
    return found


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    bucket = Bucket(10, 20, 0.0)
    assert [bucket.take(1, 0.0) for _ in range(21)] == [True] * 20 + [False]
    assert [bucket.take(1, 0.5) for _ in range(6)] == [True] * 5 + [False]
    assert not bucket.is_full(1.0)
    assert bucket.is_full(3.0)
    assert [bucket.take(1, 100.0) for _ in range(21)] == [True] * 20 + [False]
    assert not bucket.take(1, 50.0)  # a clock that goes back gives nothing


def test_a_socket_and_its_address_both_pay_and_an_answer_costs_the_address_nothing() -> None:
    limits = Limits(RATES)
    first = ticket(limits)
    assert [first.take(1, 0.0) for _ in range(21)] == [""] * 20 + ["socket_rate"]
    others = [ticket(limits, session=f"s{n}") for n in range(10)]
    causes = [one.take(1, 0.0) for one in others for _ in range(10)]
    assert causes.count("") == 80  # the address' 100 less the first one's 20
    assert set(causes) == {"", "address_rate"}
    assert others[-1].take_own(1, 0.0) == ""
    assert ticket(limits, "10.0.0.2").take(1, 0.0) == ""


def test_sockets_of_an_address_and_of_a_session_are_counted_and_given_back() -> None:
    limits = Limits(RATES)
    held = [ticket(limits) for _ in range(3)]
    assert limits.enter("10.0.0.9", "s", 0.0) == "session_sockets"
    limits.leave(held.pop())
    held += [ticket(limits)]
    held += [ticket(limits, session="") for _ in range(37)]
    assert limits.enter("10.0.0.1", "another", 0.0) == "address_sockets"
    assert isinstance(limits.enter("10.0.0.2", "another", 0.0), Ticket)
    for one in held:
        limits.leave(one)
    assert isinstance(limits.enter("10.0.0.1", "s", 0.0), Ticket)


def test_an_address_that_opens_too_fast_waits() -> None:
    limits = Limits(RATES)
    assert [limits.may_try("a", 0.0) for _ in range(5)] == [True] * 4 + [False]
    assert limits.may_try("a", 0.5)
    assert not limits.may_try("a", 0.5)
    assert limits.may_try("b", 0.5)


def test_addresses_that_have_gone_take_no_memory_and_those_with_sockets_stay() -> None:
    limits = Limits(RATES)
    mine = ticket(limits, "mine")
    for n in range(3 * MOST_ADDRESSES):
        limits.may_try(f"10.{n}", n / 1000)
    assert len(limits._addresses) <= MOST_ADDRESSES + 1
    limits.leave(mine)


def test_an_ipv6_network_of_one_subscriber_is_one_address() -> None:
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::1")
    assert network("::ffff:10.0.0.1") != network("::ffff:10.0.0.2")
    assert network("10.0.0.1") == "10.0.0.1"
    assert network("unix") == "unix"


def test_each_cause_is_told_once_a_minute_and_counted_always(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [1000.0]
    monkeypatch.setattr("dashboard.sockets.refusals.time.monotonic", lambda: at[0])
    refusals = Refusals()
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            refusals.count("right", "%s may not", "x")
        refusals.count("zone", "another")
        at[0] += 61
        refusals.count("right", "%s may not", "y")
    assert [record.getMessage() for record in caplog.records] == [
        "x may not (right)",
        "another (zone)",
        "y may not (right, 499 more since the last line)",
    ]
    assert refusals.counts == {"right": 501, "zone": 1}


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_refused_however_it_is_written(name: str) -> None:
    escaped = "".join(f"\\u{ord(c):04x}" for c in name)
    for text in (f'2["{name}"]', f'2["{escaped}",1]', f'27["{name}",{{}}]', f'2 ["{name}"]'):
        with pytest.raises(RefusedPacket):
            read_message(text)


@given(st.text() | st.binary() | st.none() | st.integers() | st.lists(st.text()))
def test_whatever_comes_is_read_or_refused(data: Any) -> None:
    for read in (read_message, check_frame):
        try:
            found = read(data)
        except RefusedPacket as refused:
            assert refused.cause
        else:
            assert found


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
)


@given(st.text(min_size=1, max_size=64).filter(lambda name: name not in RESERVED), json)
def test_socket_io_finds_in_what_we_write_what_we_found(name: str, wish: Any) -> None:
    """What is judged is what is dispatched: no name that only one of the two readers sees."""
    text = Packet(EVENT, data=[name, wish]).encode()
    said = read_message(text)
    packet = Packet(encoded_packet=said.text)
    assert (packet.packet_type, packet.namespace, packet.id) == (EVENT, None, None)
    assert packet.data == [name, wish]
    assert said.name == name
