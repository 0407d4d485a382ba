"""Personal fields are kept encrypted with the district's key, or not at all (CONTRACT.md, ``reporter``)."""

from cryptography.fernet import Fernet


class Sealer:
    """Encrypts with ``LIANQIN_DATA_KEY`` (a Fernet key); without a key it keeps nothing."""

    def __init__(self, key: str) -> None:
        """Raises ValueError when the key is none."""
        try:
            self._fernet = Fernet(key) if key else None
        except ValueError as error:
            raise ValueError(
                "LIANQIN_DATA_KEY is not 32 bytes in url-safe base64: make one with "
                "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
            ) from error

    def seal(self, plain: bytes) -> bytes | None:
        """The encrypted text, or None without a key."""
        return self._fernet.encrypt(plain) if self._fernet else None

    def open(self, sealed: bytes) -> bytes:
        """The plain text. Raises cryptography.fernet.InvalidToken with another key, ValueError without one."""
        if self._fernet is None:
            raise ValueError("LIANQIN_DATA_KEY is not set: the sealed text cannot be read")
        return self._fernet.decrypt(sealed)
