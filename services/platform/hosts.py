"""An address that may name several hosts: Python's own reader takes one, and some of its versions refuse the others."""

import re

_HOSTS = re.compile(r"(?<=://)[^/?#]*")


def apart(url: str) -> tuple[str, str]:
    """What stands between ``://`` and the path (account and hosts), and the address without it."""
    found = _HOSTS.search(url)
    return ("", url) if found is None else (found[0], url[: found.start()] + url[found.end() :])
