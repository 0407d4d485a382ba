"""Wrong tries slow down the pair of account and place, not the account: nobody locks a colleague out from elsewhere.

A place is a known device (a cookie of an earlier log-in there) or, without one, a network address. All strangers'
places of an account together wait too after ``ALL``, so that many addresses do not make many guesses; known devices go
on. Accounts that do not exist are counted in the same way, so that waiting tells nothing of them.
(OWASP, «Slow down online guessing attacks with device cookies».)
"""

import hashlib
import secrets

from sqlalchemy import Connection

from services.access import log_in_store as store
from services.access.log_in.network import network_of
from services.access.log_in.rules import DEVICE_DAYS
from services.platform.clock import MINUTE_MS

# Wrong ones in a row at one place, and how long it then waits.
FAILURES, LOCKED_MINUTES = 5, 15
# Wrong ones within SPAN_MS of all strangers' places together: passwords; codes, of which there are only a million.
ALL = {"": 50, "code ": 10}
SPAN_MS = 60 * MINUTE_MS
FROM, DEVICE, OPEN = "from:", "device:", "open"
CODE = "code "


def place_of(connection: Connection, now: int, user_id: str, device: str, address: str) -> str:
    """Where somebody tries from: on a device that the account is known on, else from an address."""
    known = hash_of(device)
    after = now - DEVICE_DAYS * 24 * 60 * MINUTE_MS
    if device and store.is_known_device(connection, known, user_id, after):
        return f"{DEVICE}{known}"
    return f"{FROM}{network_of(address)[:100]}"


def waits_until(connection: Connection, now: int, user_id: str, place: str, kind: str = "") -> int:
    """Until when (Unix ms) nothing is tried for this account at this place; 0: now."""
    until = store.tried(connection, user_id[:64], kind + place).locked_until
    # Nobody waits longer than that: the clock was ahead when it was written, and is right now.
    if now < until <= now + (LOCKED_MINUTES + 1) * MINUTE_MS:
        return until
    if place.startswith(FROM) and (
        store.count_failures(connection, user_id[:64], kind + FROM, now - SPAN_MS, now + MINUTE_MS) >= ALL[kind]
    ):
        return now + LOCKED_MINUTES * MINUTE_MS
    return 0


def failed(connection: Connection, now: int, user_id: str, place: str, kind: str = "") -> int:
    """Count a wrong try; until when (Unix ms) the place now waits, 0: it may go on."""
    store.forget_old_tries(connection, now - SPAN_MS, now)
    if store.add_failure(connection, user_id[:64], kind + place, now, SPAN_MS) % FAILURES:
        return 0
    until = now + LOCKED_MINUTES * MINUTE_MS
    store.lock_place(connection, user_id[:64], kind + place, until)
    return until


def make_device() -> str:
    """A new device's token."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
