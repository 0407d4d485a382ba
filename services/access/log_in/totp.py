"""Time-based one-time passwords: RFC 6238 with HMAC-SHA-1, 6 digits, 30 s. Pure.

What every authenticator application on a telephone knows; the secret has 160 bits, as RFC 4226 (4) advises.
"""

import base64
import hashlib
import hmac
import secrets
import struct

STEP_S, DIGITS, SECRET_BYTES = 30, 6, 20
# A telephone's clock may be so many steps away from ours.
AWAY = 1


def make_secret() -> bytes:
    """A new secret."""
    return secrets.token_bytes(SECRET_BYTES)


def step_at(now: int) -> int:
    """The time step at ``now`` (Unix ms)."""
    return now // 1000 // STEP_S


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a step (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def accepted_step(secret: bytes, code: str, now: int, used: int) -> int | None:
    """The step whose code this is, one of those around ``now`` and after ``used``; None: it is wrong, or was used.

    A ``used`` that is still to come says that the clock was ahead then: it must not lock the person out until that day.
    """
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    if used > step_at(now) + AWAY:
        used = 0
    found = None
    for step in range(step_at(now) - AWAY, step_at(now) + AWAY + 1):
        # Each is compared, so that the time does not tell which one it was.
        if hmac.compare_digest(code_at(secret, max(step, 0)), code) and step > used:
            found = step
    return found


def plain_code(typed: str) -> str:
    """A code as people type it: blanks and hyphens between its groups, full-width digits."""
    digits = "".join(c for c in typed if not c.isspace() and c != "-")
    return "".join(str(int(c)) if c.isdecimal() else c for c in digits)


def in_groups(secret: bytes) -> str:
    """The secret to be typed: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
