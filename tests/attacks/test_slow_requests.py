"""Requests that are never whole, and answers that nobody reads: none of them holds a place of the web process."""

import contextlib
import socket
import time

import pytest

from tests.attacks.raw_socket import HOST, Client, Wire, request, until
from tests.attacks.test_sockets import Target, gets_a_delta, good, target, tidy

__all__ = ["good", "target", "tidy"]
pytestmark = [pytest.mark.browser, pytest.mark.redis]


def _post(*more: str, origin: str = "http://127.0.0.1") -> bytes:
    head = ["POST /login HTTP/1.1", "Host: 127.0.0.1", f"Origin: {origin}"]
    return "\r\n".join([*head, "Content-Type: application/x-www-form-urlencoded", *more, "", ""]).encode()


# What is sent at first, and then again and again; the cause that is counted; how long the connection may live, of 6 s.
UNFINISHED: dict[str, tuple[bytes, bytes, str, float]] = {
    "a body that is announced and never sent": (_post("Content-Length: 100000"), b"", "slow_body", 2),
    "a body that begins and stands still": (_post("Content-Length: 100000") + b"user=", b"", "slow_body", 2),
    "a body byte by byte": (_post("Content-Length: 100000"), b"u", "slow_body", 6),
    "chunks without end": (_post("Transfer-Encoding: chunked"), b"1\r\nu\r\n", "slow_body", 6),
    "a chunk that is announced only": (_post("Transfer-Encoding: chunked") + b"ffff\r\n", b"", "slow_body", 2),
    "half a chunk's length": (_post("Transfer-Encoding: chunked") + b"ff", b"", "slow_body", 2),
    "an expectation, and no body": (_post("Content-Length: 9", "Expect: 100-continue"), b"", "slow_body", 2),
    "headers without end": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X-A: b\r\n", "slow_head", 1),
    "half a head, and silence": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"", "slow_head", 1),
    "a request line byte by byte": (b"GET /", b"a", "slow_head", 1),
    "nothing at all": (b"", b"", "", 1),
    "a second request that is half a head": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HT", b"", "", 1),
    "a body that nobody reads": (  # refused by its head; what comes of it then is thrown away
        _post("Content-Length: 100000", origin="http://evil.example"),
        b"u",
        "slow_head",
        1,
    ),
}


def test_a_request_that_is_never_whole_holds_no_place(target: Target, good: Client) -> None:
    source = target.address()
    wires = {what: Wire(target.port, source) for what in UNFINISHED}
    began, ended = time.monotonic(), dict[str, float]()
    before = {cause: target.refused(cause) for cause in ("slow_body", "slow_head")}
    for what, (first, *_) in UNFINISHED.items():
        wires[what].send(first)
        wires[what].socket.settimeout(0.001)
    while len(ended) < len(wires) and time.monotonic() < began + 20:
        for what, wire in wires.items():
            if what in ended:
                continue
            if again := UNFINISHED[what][1]:
                wire.send(again)
            with contextlib.suppress(TimeoutError):
                try:
                    is_over = not wire.socket.recv(65536)
                except ConnectionError:
                    is_over = True
                if is_over:
                    ended[what] = time.monotonic() - began
        gets_a_delta(target, good)
    for what, (_, _, _, limit_s) in UNFINISHED.items():
        assert limit_s * 0.8 < ended.get(what, 99) < limit_s + 3, (what, ended)
    assert len(ended) == len(wires), ended
    for cause, n in before.items():
        least = sum(found == cause for *_, found, _ in UNFINISHED.values())
        assert target.refused(cause) - n >= least, cause
    assert "Traceback" not in target.log()


def test_an_answer_that_nobody_reads_holds_no_place(target: Target, good: Client) -> None:
    wires = [Wire(target.port, target.address()) for _ in range(3)]
    before = target.refused("slow_reader")
    headers = {"Host": f"{HOST}:{target.port}", "Cookie": target.person()[1]}
    for wire in wires:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.send(request(headers, path="/assets/plain/vendor/plotly-cartesian.min.js") * 20)  # 30 MB
    until(lambda: target.refused("slow_reader") - before >= len(wires), "cut", 20)
    gets_a_delta(target, good)


def test_a_slow_client_that_goes_on_gets_its_answer(target: Target, good: Client) -> None:
    """A phone on a bad network: every part late, none too late."""
    wire, body = Wire(target.port, target.address()), b"user=nobody&password=nothing"
    head = _post(f"Content-Length: {len(body)}")
    for part in (head[:20], head[20:], body[:5], body[5:]):
        time.sleep(0.4)
        wire.send(part)
    assert wire.socket.recv(100).startswith(b"HTTP/1.1 ")
