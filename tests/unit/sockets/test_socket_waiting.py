"""How long a client may keep a connection waiting: the rule without a socket, then a connection that it limits."""

from collections.abc import Iterator
from typing import Any

import gevent
import gevent.socket
import pytest

from dashboard.sockets.waiting import MOST_READ, SLOWEST, ConnectionWait, Patience, PatientSocket
from dashboard.sockets.websocket import LINGER_S, LINGER_STEP_S, WebSocket
from services.admin.upload import MOST_UPLOADED

FEW = Patience(idle_s=2, head_s=10, body_s=60, silence_s=20)


def waiting() -> tuple[ConnectionWait, list[str]]:
    causes: list[str] = []
    return ConnectionWait(FEW, causes.append), causes


def test_the_parts_of_the_setting() -> None:
    assert Patience.of(60, 2) == FEW
    assert Patience.of(1, 2).idle_s == 1


def test_a_new_connection_has_a_heads_time_for_its_first_byte_and_then_a_whole_heads() -> None:
    found, causes = waiting()
    assert found.read_limit() == 10
    found.cut_reading()
    assert causes == []  # a browser opens connections that it may need: no refusal
    assert found.read_limit() == 0
    found, causes = waiting()
    found.read(9, 1)
    assert found.read_limit() == 10
    for _ in range(9):
        found.read(1, 1)
    assert found.read_limit() == 1
    found.cut_reading()
    assert causes == ["slow_head"]


def test_a_body_that_stands_still_ends_sooner_than_one_that_comes_slowly_and_both_end() -> None:
    found, causes = waiting()
    found.read(0, 100)
    found.asks()
    assert found.read_limit() == 20
    for _ in range(11):
        found.read(5, 1)
    assert found.read_limit() == 5
    found.read(5, 1)
    assert found.read_limit() <= 0
    found.cut_reading()
    assert causes == ["slow_body"]


def test_between_two_requests_gunicorns_time_out_stands_and_is_no_refusal() -> None:
    found, causes = waiting()
    found.read(0, 100)
    found.asks()
    found.read(50, 100)
    found.rests()
    assert found.read_limit() == 2
    found.read(1, 5)
    assert found.read_limit() == 10
    found.read(4, 5)
    found.asks()
    assert found.read_limit() == 20  # each request has its own
    found.rests()
    found.cut_reading()
    assert causes == []


def test_an_answer_may_take_as_long_as_it_moves_but_not_for_ever() -> None:
    found, causes = waiting()
    found.asks()
    assert found.send_limit() == 20
    found.sent(0, 1000 * SLOWEST)  # into the kernel's buffer: the client has not taken it
    for _ in range(9):
        found.sent(19, 12 * SLOWEST)
    assert found.send_limit() == -3
    found.cut_sending()
    assert causes == ["slow_reader"]


def test_what_comes_without_end_ends_though_nobody_waits() -> None:
    found, _ = waiting()
    found.read(0, MOST_READ)
    assert found.read_limit() > 0
    found.read(0, 1)
    assert found.read_limit() == 0


def test_an_upload_may_be_as_long_as_the_page_says_and_no_longer() -> None:
    found, _ = waiting()
    found.asks("/admin/upload")
    found.read(0, MOST_UPLOADED + 4096)
    assert found.read_limit() > 0
    found.read(0, 1 << 20)
    assert found.read_limit() == 0
    found.rests()
    found.asks("/login")
    found.read(0, MOST_READ + 1)
    assert found.read_limit() == 0


@pytest.fixture
def pair() -> Iterator[tuple[PatientSocket, Any, list[str]]]:
    one, other = gevent.socket.socketpair()
    causes: list[str] = []
    ours = PatientSocket(one.family, one.type, one.proto, fileno=one.detach())
    ours.waiting = ConnectionWait(Patience.of(0.3, 0.1), causes.append)
    yield ours, other, causes
    ours.close()
    other.close()


def test_a_connection_whose_time_is_over_is_at_its_end(pair: tuple[PatientSocket, Any, list[str]]) -> None:
    ours, other, causes = pair
    other.sendall(b"GET")
    assert ours.recv(10) == b"GET"
    with gevent.Timeout(5):
        assert ours.recv(10) == b""
    other.sendall(b"late")
    assert ours.recv(10) == b""
    assert causes == ["slow_head"]


def test_an_answer_that_nobody_takes_ends_the_connection(pair: tuple[PatientSocket, Any, list[str]]) -> None:
    ours, _, causes = pair
    with gevent.Timeout(5), pytest.raises(BrokenPipeError):
        ours.sendall(b"x" * (32 << 20))
    assert causes == ["slow_reader"]


def test_an_answer_that_is_taken_is_whole(pair: tuple[PatientSocket, Any, list[str]]) -> None:
    ours, other, causes = pair
    got = bytearray()

    def take() -> None:
        while len(got) < 4 << 20:
            got.extend(other.recv(1 << 16))

    reader = gevent.spawn(take)
    ours.sendall(bytes(range(256)) * (4 << 12))
    reader.join(5)
    assert got == bytes(range(256)) * (4 << 12)
    assert not causes


def test_a_websocket_is_limited_here_no_more(pair: tuple[PatientSocket, Any, list[str]]) -> None:
    ours, other, causes = pair
    ours.waiting = None
    gevent.spawn_later(0.6, other.sendall, b"frame")
    with gevent.Timeout(5):
        assert ours.recv(10) == b"frame"
    assert not causes


def test_who_sends_without_end_after_the_last_word_is_read_in_steps() -> None:
    class Endless:
        reads = 0

        def recv(self, _size: int) -> bytes:
            self.reads += 1
            return b"x"

        def shutdown(self, _how: int) -> None:
            pass

    wire, found = Endless(), WebSocket(lambda _: None, None)
    found._wire, found._closed_by_us = wire, True
    found._linger()
    assert 1 < wire.reads <= LINGER_S / LINGER_STEP_S + 1
