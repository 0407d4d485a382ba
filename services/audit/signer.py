"""The seals of the audit: an HMAC over each row's link, with a key that is derived from the data key. Pure."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.audit.records import AuditRecord, _link

SEAL_DIGITS = 32


class Signer:
    """Seals with the first of the data keys and knows the seals of all; without one the chain is not sealed.

    ``learned`` are sealing keys of data keys that are no longer in the list: they check, and never seal.
    """

    def __init__(self, keys: Sequence[str] = (), learned: Mapping[str, bytes] | None = None) -> None:
        derived = [HKDF(SHA256(), 32, None, b"lianqin audit chain").derive(key.encode()) for key in keys]
        own = {_name(key): key for key in derived}
        self._data_keys = tuple(keys)
        self._first = next(iter(own), "")
        self._keys = {**(learned or {}), **own}

    def __bool__(self) -> bool:
        return bool(self._first)

    def hash(self, before: str, record: AuditRecord) -> str:
        """The hash of a row behind the row with the hash ``before`` (empty: it is the first)."""
        link = _link(before, self._first, record)
        return f"{link}:{self._first}:{self._seal(self._first, link)}" if self._first else link

    def knows(self, name: str) -> bool:
        """Whether this is one of the keys."""
        return name in self._keys

    def is_sealed(self, name: str, link: str, seal: str) -> bool:
        """Whether the known key ``name`` has made this seal."""
        return hmac.compare_digest(self._seal(name, link).encode(), seal.encode())

    def stamp(self, digest: str) -> str:
        """A digest with a seal of its own kind behind it, ``digest:key:seal``; the digest alone without a key."""
        return f"{digest}:{self._first}:{self._seal(self._first, f'stamp {digest}')}" if self._first else digest

    def is_stamped(self, stamp: str) -> bool:
        """Whether a key that is known has made this."""
        digest, _, rest = stamp.partition(":")
        name, _, seal = rest.partition(":")
        return self.knows(name) and self.is_sealed(name, f"stamp {digest}", seal)

    def wrapped(self) -> dict[str, str]:
        """The sealing keys other than the first one's, encrypted with the first data key: kept when a key is changed.

        So the seals of a key that is taken away can be checked by whoever has the key that came after it.
        """
        fernet = Fernet(self._data_keys[0])
        return {name: fernet.encrypt(key).decode() for name, key in self._keys.items() if name != self._first}

    def learning(self, details: Iterable[str]) -> "Signer":
        """Knowing the sealing keys besides that rows of ``key_rotated`` have kept.

        ``details`` are those rows' details. What our data keys do not open is left out: somebody else has written it.
        """
        if not self:
            return self
        fernet = MultiFernet([Fernet(key) for key in self._data_keys])
        learned: dict[str, bytes] = {}
        for detail in details:
            for token in _tokens(detail):
                try:
                    key = fernet.decrypt(token.encode())
                except InvalidToken:
                    continue
                learned[_name(key)] = key
        return Signer(self._data_keys, learned)

    def _seal(self, name: str, link: str) -> str:
        return hmac.new(self._keys[name], link.encode(), "sha256").hexdigest()[:SEAL_DIGITS]


NO_SIGNER = Signer()


def _name(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:8]


def _tokens(detail: str) -> list[str]:
    """The encrypted keys of one row; whoever writes to the database may have written anything."""
    try:
        seals = json.loads(detail).get("seals", {})
        return [token for token in seals.values() if isinstance(token, str)]
    except (ValueError, AttributeError):
        return []
