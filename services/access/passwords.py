"""Passwords: what is one, and how it is kept (OWASP ASVS 5.0, 6.2: length and what is guessed first).

Rules of composition are off unless LIANQIN_PASSWORD_CLASSES asks for them, as an assessor of 等保 level 3 may.

Kept as argon2id with the library's present defaults (RFC 9106, the second recommendation); a hash made with older ones
is made anew at the next log-in.
"""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.access.log_in.guessable import is_guessable
from services.platform.refusal import Refusal

LEAST, MOST = 12, 128
# The words that guessers begin with, here: keyboard runs, years, the field's own words in pinyin and English.
_BLOCKED = (
    "password", "passw0rd", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx", "iloveyou", "admin", "administrator",
    "welcome", "letmein", "woaini", "lianqin", "zhihui", "wangge", "jiedao", "zhiban", "12345678", "87654321",
    "11111111", "00000000", "88888888", "66666666", "123123123", "abcd1234", "abc123", "p@ssw0rd",
    "123456", "654321", "qwerty", "asdfgh", "zxcvbn",
)  # fmt: skip
_HASHER = PasswordHasher()


WHY = {
    "short": f"a password has at least {LEAST} characters",
    "long": f"a password has at most {MOST} characters",
    "common": "this password is among the first that are guessed",
    "name": "a password must not hold the account or the name",
    "classes": "a password needs more kinds of characters (LIANQIN_PASSWORD_CLASSES)",
    "same": "the new password must differ from the present one",
}


class BadPassword(Refusal):
    """A password that is not taken; ``code`` says why (WHY). ``kinds``: how many kinds of characters it needs."""

    texts, status = "login.bad_", 400

    def __init__(self, code: str, kinds: int = 0) -> None:
        super().__init__(WHY[code], code, least=LEAST, kinds=kinds)


def check(password: str, user_id: str, name: str = "", classes: int = 0) -> None:
    """Raise BadPassword when this must not be the password of that account; ``classes``: how many kinds it needs."""
    if len(password) < LEAST:
        raise BadPassword("short")
    if len(password) > MOST:
        raise BadPassword("long")
    plain = unicodedata.normalize("NFKC", password).casefold()
    if any(part.casefold() in plain for part in (user_id, name) if len(part) > 2):
        raise BadPassword("name")
    rest = plain
    for word in _BLOCKED:
        rest = rest.replace(word, "")
    # What is left when the blocked words are out must still be something to guess.
    if len(set(rest)) < 5 or len(rest) < 6 or is_guessable(plain, user_id, name):
        raise BadPassword("common")
    if kinds_in(password) < classes:
        raise BadPassword("classes", classes)


def kinds_in(password: str) -> int:
    """How many of lower case, upper case, digits and all others it has."""
    has_other = any(not (c.islower() or c.isupper() or c.isdigit()) for c in password)
    return sum(
        (
            any(c.islower() for c in password),
            any(c.isupper() for c in password),
            any(c.isdigit() for c in password),
            has_other,
        )
    )


def hashed(password: str) -> str:
    """The text to keep."""
    return _HASHER.hash(unicodedata.normalize("NFKC", password))


def is_right(kept: str, password: str) -> bool:
    """Whether it is the password of ``kept``. An account without one costs the same time as a wrong password."""
    try:
        return _HASHER.verify(kept or _nobodys(), unicodedata.normalize("NFKC", password[: MOST + 1])) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_old(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def make() -> str:
    """A password for a new account: 80 bits, in groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_hex(16))
