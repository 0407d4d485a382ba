"""The address of the store, as SQLAlchemy reads it: SQLite, one PostgreSQL, or a primary among several hosts."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from services.platform.hosts import apart

SCHEMES = ("postgres", "postgresql", "postgresql+psycopg")
ATTRIBUTE = "target_session_attrs"
WRITING = ("read-write", "primary")
FORMS = (
    "postgresql://user:password@host/name, postgresql://user:password@host1:5432,host2/name for the one of several "
    "that takes writes, or nothing for SQLite under LIANQIN_DATA_DIR"
)


def store_address(url: str) -> str:
    """The address in SQLAlchemy's form; of several hosts it is the one that takes writes, whichever that is.

    Raises ValueError that says what is wrong and which forms there are; no password in it.
    """
    if url.startswith("sqlite:///"):
        return url
    scheme, found, rest = url.partition("://")
    if not found or scheme not in SCHEMES:
        kind = url.partition(":")[0]
        raise ValueError(
            f"LIANQIN_DATABASE_URL names a database of kind {kind!r}: the store is PostgreSQL or SQLite (give {FORMS})"
        )
    plain = f"postgresql+psycopg://{rest}"
    netloc, without_hosts = apart(plain)
    parts = urlsplit(without_hosts)
    credentials, _, listed = netloc.rpartition("@")
    if "," not in listed:
        return plain
    hosts = [_host(one) for one in listed.split(",")]
    query = {ATTRIBUTE: WRITING[0], **dict(parse_qsl(parts.query))}
    if query[ATTRIBUTE] not in WRITING:
        raise ValueError(
            f"LIANQIN_DATABASE_URL asks for {ATTRIBUTE}={query[ATTRIBUTE]}: the store is written, so it is "
            f"{' or '.join(WRITING)}"
        )
    query |= {"host": ",".join(host for host, _ in hosts), "port": ",".join(port for _, port in hosts)}
    account = f"{credentials}@" if credentials else ""
    return f"{parts.scheme}://{account}{parts.path or '/'}?{urlencode(sorted(query.items()))}"


def _host(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port or 5432
    except ValueError:
        name, port = None, 0
    if not name:
        raise ValueError(f"LIANQIN_DATABASE_URL names {text!r}, which is no host: give {FORMS}")
    return name, str(port)
