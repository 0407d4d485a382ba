"""Tokens of reporters: a whole name or a whole phone under the district's keys, so that equals are found, nothing read.

Without the key nobody can try names or numbers against what is kept. Pure.
"""

import hashlib
import hmac
from collections.abc import Iterable

from services.contract.personal_own import own_of

_PURPOSE = b"lianqin: whole names and phones of reporters, for the search"
TOKEN_BYTES = 16


def token_keys(keys: Iterable[str]) -> tuple[bytes, ...]:
    """A key of its own from each of the district's: what opens a token opens nothing sealed."""
    return tuple(hmac.digest(key.encode(), _PURPOSE, hashlib.sha256) for key in keys)


def people_tokens(key: bytes, name: str | None, phone: str | None) -> frozenset[bytes]:
    """The tokens of a name and a phone, as the masking knows them: without titles, gaps and the country's prefix."""
    own = own_of([name], [phone])
    return frozenset(
        hmac.digest(key, f"{kind}:{value}".encode(), hashlib.sha256)[:TOKEN_BYTES]
        for kind, values in (("name", own.names), ("phone", own.phones))
        for value in values
    )
