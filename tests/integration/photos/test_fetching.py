"""Photos from real servers: one that redirects, drips, lies, or is none of the package's."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.operations.simulator.media import draw, serve_pictures
from services.photos.addresses import PhotoAddress
from services.photos.apart_service import fetch_apart
from services.photos.faults import PhotoRefused
from services.photos.fetching_errands import MOST_BYTES, fetch
from services.photos.made import PhotoOrder


class Odd(BaseHTTPRequestHandler):
    """Everything that a server should not do."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        if self.path == "/m/moved":
            self.send_response(302)
            self.send_header("Location", "/m/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/m/drips":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(40):
                time.sleep(0.05)
                try:
                    self.wfile.write(b"X: y\r\n")
                except OSError:
                    return
        elif self.path == "/m/large":
            self.send_response(200)
            self.send_header("Content-Length", str(MOST_BYTES + 1))
            self.end_headers()
        elif self.path == "/m/short":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
        elif self.path == "/m/text":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<script>alert(1)</script>")
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """The test reads ``asked``."""


@contextmanager
def serving() -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OddHere", (Odd,), {"asked": asked}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def order(port: int, path: str, host: str = "127.0.0.1", fetch_s: float = 5.0) -> PhotoOrder:
    """As a demo asks: this machine, this port."""
    return PhotoOrder(PhotoAddress("http", host, port, path), loopback=(host, port), fetch_s=fetch_s)


def fault_of(work: PhotoOrder) -> str:
    with pytest.raises(PhotoRefused) as caught:
        fetch(work)
    return caught.value.fault


def test_what_a_server_does_wrong_is_told_in_a_word_and_nothing_is_followed() -> None:
    with serving() as (port, asked):
        found = {path: fault_of(order(port, f"/m/{path}")) for path in ("moved", "large", "short", "gone")}
    assert found == {"moved": "moved", "large": "too_large", "short": "away", "gone": "not_there"}
    assert asked == ["/m/moved", "/m/large", "/m/short", "/m/gone"]


def test_nobody_there_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert fault_of(order(taken.getsockname()[1], "/m/1")) == "away"


def test_this_machine_is_never_asked_but_the_demos_one_port_of_it() -> None:
    with serving() as (port, asked):
        for host in ("127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0.0.0.0", "2130706433", "0x7f000001"):
            plain = PhotoOrder(PhotoAddress("http", host, port, "/m/gone"), loopback=("127.0.0.1", port + 1), fetch_s=2)
            assert fault_of(plain) in {"not_allowed", "away"}, host
        assert asked == []


def test_our_own_redis_and_postgresql_are_never_asked() -> None:
    own = (("198.51.100.7", 6379), ("198.51.100.8", 5432))
    for host, port in own:
        for name in (host, f"::ffff:{host}"):
            plain = PhotoOrder(PhotoAddress("http", name, port, "/"), (*own, (name, port)), fetch_s=0.2)
            assert fault_of(plain) == "not_allowed"


def test_a_name_is_resolved_once_and_what_it_leads_to_later_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is harmless, the second is this machine."""
    real, names = socket.getaddrinfo, list[str]()

    def rebound(host: str, port: int, *args: object, **more: object) -> object:
        if host != "cases.example":
            return real(host, port, *args, **more)  # type: ignore[arg-type]  # as it was called
        names.append(host)
        ip = "198.51.100.7" if len(names) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    with serving() as (port, asked):
        monkeypatch.setattr(socket, "getaddrinfo", rebound)
        plain = PhotoOrder(PhotoAddress("http", "cases.example", port, "/m/gone"), fetch_s=0.2)
        assert fault_of(plain) in {"too_slow", "away"}
        assert names == ["cases.example"]
        assert fault_of(plain) == "not_allowed"  # the second answer, judged
        assert asked == []


def test_a_photo_is_fetched_and_made_in_a_process_of_its_own() -> None:
    server = serve_pictures(0)
    try:
        port = server.server_address[1]
        made = fetch_apart(order(port, "/media/C1/1.jpg"))
        assert (made.width, made.height) == (1280, 960)
        assert made.photo[:3] == made.small[:3] == b"\xff\xd8\xff"
        assert draw("C1", 1) != draw("C1", 2)
    finally:
        server.shutdown()
        server.server_close()


def test_a_process_whose_time_is_over_is_ended_whatever_the_server_or_the_picture_does() -> None:
    server = serve_pictures(0)
    try:
        with serving() as (port, _):
            for work, expected in (
                (order(port, "/m/drips", fetch_s=0.4), "too_slow"),
                (order(port, "/m/text"), "no_picture"),
                (PhotoOrder(*_parts(order(server.server_address[1], "/media/C1/1.jpg")), 5.0, 0.001), "no_picture"),
            ):
                began = time.monotonic()
                with pytest.raises(PhotoRefused) as caught:
                    fetch_apart(work)
                assert caught.value.fault == expected
                assert time.monotonic() - began < 5
    finally:
        server.shutdown()
        server.server_close()


def _parts(work: PhotoOrder) -> tuple[PhotoAddress, tuple[tuple[str, int], ...], tuple[str, int] | None]:
    return work.address, work.never, work.loopback
