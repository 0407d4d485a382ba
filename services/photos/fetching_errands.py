"""Fetch and decode one photo: a process for each, which is ended when its time is over (``apart_service`` starts it).

It gets its order on stdin and answers on stdout: a line of JSON, then the photo and the small one. It knows neither the
store nor any key. A name is resolved once, and the connection goes to the address that was judged: a name that leads
elsewhere a moment later (DNS rebinding) gains nothing. Nothing is followed, nothing is sent but the request.
"""

import http.client
import resource
import signal
import socket
import ssl
import sys
from types import FrameType

import msgspec

from services.photos.addresses import PhotoAddress, is_never
from services.photos.decoding import make_photo
from services.photos.faults import PhotoRefused
from services.photos.made import PhotoAnswer, PhotoOrder

MOST_BYTES = 24 << 20
CHUNK = 1 << 16
# 50 megapixels are 200 MB in memory; what a bomb asks for beyond that and our libraries it does not get.
MOST_MEMORY = 512 << 20


def fetch(order: PhotoOrder) -> bytes:
    """The bytes at the order's address, within its time. Raises PhotoRefused."""
    address = order.address
    try:
        ip = _judged_ip(order)
        with socket.create_connection((ip, address.port), order.fetch_s) as plain:
            return _ask(plain, address)
    except TimeoutError:
        raise PhotoRefused("too_slow", f"not whole within {order.fetch_s:g} s") from None
    except (OSError, http.client.HTTPException) as error:
        raise PhotoRefused("away", f"{type(error).__name__}: {error}"[:200]) from error


def _judged_ip(order: PhotoOrder) -> str:
    """Where the name leads, resolved once; one forbidden address among several refuses them all."""
    address = order.address
    found = _resolved(address.host, address.port)
    if order.loopback is not None and order.loopback == (address.host, address.port):
        return found[0]
    own = {(ip, port) for name, port in order.never for ip in (name, *_resolved_or_none(name, port))}
    for ip in found:
        if is_never(ip) or (ip, address.port) in own or (address.host, address.port) in own:
            raise PhotoRefused("not_allowed", f"{address.host} leads to {ip}:{address.port}")
    return found[0]


def _resolved(name: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


def _resolved_or_none(name: str, port: int) -> list[str]:
    try:
        return _resolved(name, port)
    except OSError:  # a name of ours that leads nowhere now can be reached by nobody
        return []


def _ask(plain: socket.socket, address: PhotoAddress) -> bytes:
    """One GET over a connection that is there; TLS is checked against the name."""
    context = ssl.create_default_context() if address.scheme == "https" else None
    sock = context.wrap_socket(plain, server_hostname=address.host) if context is not None else plain
    asking = http.client.HTTPConnection(address.host, address.port)
    asking.sock = sock
    try:
        asking.request(
            "GET", address.path, headers={"Accept": "image/jpeg,image/png,image/webp", "Connection": "close"}
        )
        with asking.getresponse() as answer:
            return _body(answer)
    finally:
        asking.close()


def _body(answer: http.client.HTTPResponse) -> bytes:
    if 300 <= answer.status < 400:
        raise PhotoRefused("moved", f"{answer.status}: nothing is followed")
    if answer.status != 200:
        raise PhotoRefused("not_there", f"{answer.status}")
    if answer.length is not None and answer.length > MOST_BYTES:
        raise PhotoRefused("too_large", f"{answer.length:,} bytes")
    found = bytearray()
    while chunk := answer.read1(CHUNK):
        found += chunk
        if len(found) > MOST_BYTES:
            raise PhotoRefused("too_large", f"more than {MOST_BYTES:,} bytes")
    if answer.length:
        raise PhotoRefused("away", f"{answer.length:,} bytes are missing")
    return bytes(found)


def _time_is_over(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def main() -> None:
    """Do the order on stdin. The kernel ends this process when decoding takes too long: SIGALRM, by no handler."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=PhotoOrder)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    parts: tuple[bytes, ...] = ()
    try:
        signal.signal(signal.SIGALRM, _time_is_over)
        signal.setitimer(signal.ITIMER_REAL, order.fetch_s)
        raw = fetch(order)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, order.decode_s)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        made = make_photo(raw)
        signal.setitimer(signal.ITIMER_REAL, 0)
        parts = (made.photo, made.small)
        answer = PhotoAnswer(None, "", made.width, made.height, len(made.photo), len(made.small))
    except PhotoRefused as error:
        answer = PhotoAnswer(error.fault, str(error))
    except MemoryError:
        answer = PhotoAnswer("no_picture", "it asks for more memory than a picture needs")
    sys.stdout.buffer.write(b"".join((msgspec.json.encode(answer), b"\n", *parts)))


if __name__ == "__main__":
    main()
