"""Which addresses photos may come from: exactly ``scheme://host:port/prefix`` of the package, nothing else. Pure.

An address comes with an event: whoever publishes could make our server ask any machine for anything (SSRF; OWASP,
«Server Side Request Forgery Prevention»). So an address is taken apart by one strict pattern and compared part by part,
and the machine that its name leads to is judged again once the name is resolved (``is_never``).
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple

from services.photos.faults import PhotoRefused

LONGEST = 2000
_HOST = r"\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
_WHOLE = re.compile(
    rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?",
    re.ASCII,
)
_HIDDEN = re.compile(
    r"%(?:2[ef]|5c|[01][0-9a-f]|7f)", re.IGNORECASE
)  # a dot, a slash, a backslash, a control character
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORTS = {"http": 80, "https": 443}
# Where clouds answer with a machine's own credentials; 169.254.0.0/16 is link-local anyway.
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PhotoAddress(NamedTuple):
    """An address taken apart; ``path`` with the query, as it is sent."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def address_of(text: str, allowed: Iterable[str]) -> PhotoAddress:
    """The address that ``text`` names, which one of ``allowed`` begins. Raises PhotoRefused.

    One that begins with a slash lies on the first allowed machine. Characters beyond ASCII travel in UTF-8.
    """
    prefixes = [_apart(one) for one in allowed]
    if text.startswith("/") and not text.startswith("//") and prefixes:
        text = f"{prefixes[0]._replace(path='')!s}{text}"
    found = _apart(text)
    for prefix in prefixes:
        if found[:3] == prefix[:3] and found.path.startswith(prefix.path):
            return found
    raise PhotoRefused("not_allowed", "no address of the package begins it (photos in district.toml)")


def _apart(text: str) -> PhotoAddress:
    try:
        written = "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in text)
    except UnicodeEncodeError:  # half a character
        written = ""
    found = _WHOLE.fullmatch(written) if len(written) <= LONGEST else None
    if found is None:
        raise PhotoRefused("not_allowed", "it is no http:// or https:// address of a picture")
    scheme, host, port, path, query = found.groups()
    number = int(port) if port else _PORTS[scheme]
    is_plain = not (
        _HIDDEN.search(path) or _BAD_PERCENT.search(path) or "//" in path or {".", ".."} & set(path.split("/"))
    )
    if not is_plain or not 1 <= number <= 65_535:
        raise PhotoRefused("not_allowed", "its path steps out of its folder, or its port is none")
    return PhotoAddress(scheme, host.strip("[]").lower(), number, path + (query or ""))


def is_never(ip: str) -> bool:
    """Whether photos never come from this IP address, whatever the package says.

    Loopback, link-local (a cloud's metadata too), multicast, unspecified and reserved ones; an IPv4 address inside an
    IPv6 one counts as itself.
    """
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:  # a zone (fe80::1%eth0), or nothing we know
        return True
    if isinstance(found, ipaddress.IPv6Address):
        if found.sixtofour is not None or found.teredo is not None:
            return True
        inside = found.ipv4_mapped
        if inside is None and found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_never(str(inside))
        if int(found) >> 32 == 0:  # ::a.b.c.d, of old
            return True
    is_odd = found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved
    is_this_net = isinstance(found, ipaddress.IPv4Address) and int(found) >> 24 == 0
    return is_odd or is_this_net or found in _METADATA


def key_of(text: str) -> str:
    """The name of a photo's address: whoever has it does not learn the address."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
