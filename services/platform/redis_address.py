"""The address of a district's Redis: one server, the master that Sentinels name, or the node of a cluster."""

from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from services.platform.hosts import apart

ONE, SENTINEL, CLUSTER = "redis", "redis+sentinel", "redis+cluster"
# What redis-py reads by itself.
OF_ONE = (ONE, "rediss", "unix")
PORT = 6379
PORTS = {SENTINEL: 26379, CLUSTER: PORT}
FORMS = (
    "redis://user:password@host:6379/0 for one server (rediss:// with TLS), "
    "redis+sentinel://user:password@host1:26379,host2,host3/NAME for the master that the Sentinels call NAME, "
    "redis+cluster://user:password@host1:6379,host2,host3 for a Redis Cluster"
)
Host = tuple[str, int]


class RedisAddress(NamedTuple):
    """``hosts`` are the Sentinels, or nodes of the cluster; user and password are those of Redis.

    ``name`` is the master's at the Sentinels, whose own user and password may be others. Of ``ONE`` nothing is read
    here.
    """

    scheme: str
    hosts: tuple[Host, ...] = ()
    name: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = None
    sentinel_username: str | None = None
    sentinel_password: str | None = None


def parse_address(url: str) -> RedisAddress:
    """Take an address apart. Raises ValueError that says what is wrong and which forms there are; no password in it."""
    netloc, without_hosts = apart(url)
    parts = urlsplit(without_hosts)
    credentials, _, listed = netloc.rpartition("@")
    if parts.scheme in OF_ONE:
        if "," in listed:
            raise _strange(f"names several hosts behind {parts.scheme}://, which is one server")
        return RedisAddress(ONE)
    if parts.scheme not in PORTS:
        raise _strange(f"begins with {parts.scheme}://, which is no form of ours" if "://" in url else "is no address")
    options = dict(parse_qsl(parts.query))
    path = [unquote(part) for part in parts.path.strip("/").split("/") if part]
    name = ""
    if parts.scheme == SENTINEL:
        if not path:
            raise _strange("names Sentinels and no master: its name, as the Sentinels have it, stands behind the hosts")
        name, *path = path
    known = {"db", "sentinel_username", "sentinel_password"} if parts.scheme == SENTINEL else set()
    if strange := sorted(options.keys() - known):
        raise _strange(f"has {strange[0]}=…, which {parts.scheme}:// does not know")
    username, has_password, password = credentials.partition(":")
    return RedisAddress(
        parts.scheme, _hosts(listed, PORTS[parts.scheme]), name, _db(parts.scheme, path, options.get("db")),
        unquote(username) or None, unquote(password) if has_password else None,
        options.get("sentinel_username"), options.get("sentinel_password"),
    )  # fmt: skip


def machines_of(url: str) -> tuple[Host, ...]:
    """(machine, port) of every server that an address names, and of Redis beside its Sentinels; none behind a socket.

    Where the master of Sentinels or a node that joined later listens elsewhere, only they know. Raises ValueError as
    ``parse_address`` does.
    """
    address = parse_address(url)
    if address.scheme == ONE:
        parts = urlsplit(url)
        return ((parts.hostname, parts.port or PORT),) if parts.hostname else ()
    beside = [(host, PORT) for host, _ in address.hosts] if address.scheme == SENTINEL else []
    return tuple(dict.fromkeys((*address.hosts, *beside)))


def _hosts(listed: str, port: int) -> tuple[Host, ...]:
    found = []
    for one in filter(None, listed.split(",")):
        try:
            parts = urlsplit(f"//{one}")
            host, own_port = parts.hostname, parts.port
        except ValueError:
            host, own_port = None, None
        if not host:
            raise _strange(f"names {one!r}, which is no host")
        found.append((host, own_port or port))
    if not found:
        raise _strange("names no host")
    return tuple(dict.fromkeys(found))


def _db(scheme: str, path: list[str], option: str | None) -> int:
    """The number of the database: the last part of the path, or ``db=``."""
    if len(path) > 1 or (path and option):
        raise _strange(f"has more behind the hosts than {scheme}:// takes")
    text = option or (path[0] if path else "0")
    if not (text.isascii() and text.isdecimal()):
        raise _strange(f"names database {text!r}, which is no number")
    if scheme == CLUSTER and int(text):
        raise _strange(f"names database {text}: a Redis Cluster has number 0 alone")
    return int(text)


def _strange(what: str) -> ValueError:
    return ValueError(f"LIANQIN_REDIS_URL {what}: give {FORMS}")
