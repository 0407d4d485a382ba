"""Personal fields are kept encrypted with the district's keys, or not at all (CONTRACT.md, ``reporter``).

``LIANQIN_DATA_KEY`` is a list with commas: the first key encrypts, all decrypt. So a key is changed without a stop: put
the new one first, start the processes again, ``lianqin key rotate``, take the old one away.
"""

import hashlib
import re

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")


class Sealer:
    """Encrypts with the first of the keys (Fernet's) and opens with all; without a key it keeps nothing."""

    def __init__(self, keys: str) -> None:
        """Raises ValueError when one of them is no key, or stands there twice."""
        self.keys = keys_in(keys)
        if len(set(self.keys)) < len(self.keys):
            raise ValueError("LIANQIN_DATA_KEY names a key twice: a list with commas, the newest first")
        if not all(map(_KEY.fullmatch, self.keys)):
            # Asked here: the decoder leaves out what it does not know, and takes two keys with a semicolon for one.
            raise ValueError(
                "LIANQIN_DATA_KEY is not 32 bytes in url-safe base64 (or a list of such keys, with commas): "
                "make one with `lianqin key make`"
            )
        self._each = [Fernet(key) for key in self.keys]
        self._all = MultiFernet(self._each) if self._each else None

    def __bool__(self) -> bool:
        """Whether there is a key."""
        return self._all is not None

    def seal(self, plain: bytes) -> bytes | None:
        """The encrypted text, or None without a key."""
        return self._each[0].encrypt(plain) if self._each else None

    def open(self, sealed: bytes) -> bytes:
        """The plain text. Raises cryptography.fernet.InvalidToken with other keys, ValueError without any."""
        if self._all is None:
            raise ValueError("LIANQIN_DATA_KEY is not set: the sealed text cannot be read")
        return self._all.decrypt(sealed)

    def key_of(self, sealed: bytes) -> int | None:
        """Which of the keys opens it, from 0; None: none does."""
        for place, fernet in enumerate(self._each):
            try:
                fernet.decrypt(sealed)
            except InvalidToken:
                continue
            return place
        return None

    def again(self, sealed: bytes) -> bytes:
        """Sealed with the first key, its time kept. Raises InvalidToken when none opens it, ValueError without one."""
        if self._all is None:
            raise ValueError("LIANQIN_DATA_KEY is not set: there is no key to encrypt with")
        return self._all.rotate(sealed)


def keys_in(text: str) -> tuple[str, ...]:
    """The keys of ``LIANQIN_DATA_KEY``, the newest first."""
    return tuple(filter(None, (key.strip() for key in text.split(","))))


def make_key() -> str:
    """A new key."""
    return Fernet.generate_key().decode()


def name_of(key: str) -> str:
    """What a key is called where it must not be shown: 8 hex digits of its hash."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]
