"""Recovery codes: ten, each good for one log-in without the telephone. Pure.

A code has 118 bits, so that one plain hash keeps it (OWASP ASVS 5.0, 6.5.2: 112 bits or more).
"""

import hashlib
import secrets

COUNT, GROUPS, GROUP = 10, 6, 4
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def make_codes() -> list[str]:
    """New codes, in groups that can be read out."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS)) for _ in range(COUNT)
    ]


def hash_of(user_id: str, typed: str) -> str:
    """What is kept of a code, however its groups were typed."""
    plain = "".join(c for c in typed.casefold() if c.isalnum())
    return hashlib.sha256(f"{user_id}|{plain}".encode()).hexdigest()


def could_be(typed: str) -> bool:
    """Whether it is long enough to be one, and no code of the telephone."""
    return sum(c.isalnum() for c in typed) == GROUPS * GROUP
