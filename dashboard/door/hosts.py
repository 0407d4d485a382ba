"""Which names this server answers to: a page of somebody else's must not reach it by a name that leads here.

Against DNS rebinding, as Django's ALLOWED_HOSTS: a rebound request carries the attacker's name, never an address. So
addresses are always let in, and of names the machine's own and those that LIANQIN_HOSTS lists.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any

App = Callable[[dict[str, Any], Any], Iterable[bytes]]
ANY = "*"


def is_known(host: str, listed: Iterable[str]) -> bool:
    """Whether a Host header names this server; the port says nothing."""
    name = host.strip().lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    name = name.rstrip(".")
    if _is_address(name):
        return True
    own = socket.gethostname().lower()
    known = {"localhost", own, f"{own}.local", *(one.lower().rstrip(".") for one in listed)}
    return ANY in known or name in known


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False  # a name
    return True


def known_hosts(app: App, listed: Iterable[str]) -> App:
    """Refuse what asks for another host (a WSGI middleware around everything, the socket too)."""
    names = tuple(listed)

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if is_known(environ.get("HTTP_HOST", ""), names):
            return app(environ, start_response)
        text = (
            "400：本服务不认这个主机名。请用 IP 地址访问，或在 LIANQIN_HOSTS 里列出该名称。\n"
            "400: this server does not go by that host name. Use its address, or list the name in LIANQIN_HOSTS.\n"
        ).encode()
        start_response(
            "400 Bad Request", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
        )
        return [text]

    return guarded
