"""The second factor of an account: set up, shown at the log-in and again later, lost, taken away.

Secrets are kept encrypted with the data key; without one nobody can set a factor up (and a setting that asks roles for
one is refused at the start: services.access.log_in.rules). What a page offers as a new secret travels in that page,
sealed and bound to the session, so that nothing is kept before the first right code.
"""

from typing import NamedTuple
from urllib.parse import quote

import msgspec
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, Engine

from services.access import log_in_store as kept
from services.access import reader, store
from services.access import service as accounts
from services.access.account import Account
from services.access.log_in import recovery, totp
from services.access.log_in import tries_store as tries
from services.access.log_in.account import AccountError
from services.access.log_in.rules import LogInRules
from services.access.rights import Person
from services.access.service import Browser, Half, LoggedIn, LogInRefused
from services.platform.database import writing
from services.platform.refusal import Refusal
from services.platform.sealing import Sealer


class FactorRefused(Refusal):
    """``code``: no_key, old_offer, needed (the role must have it), there (one is set up already)."""

    texts = "login.factor_"

    def __init__(self, code: str) -> None:
        super().__init__(code, code)


class Offer(NamedTuple):
    """A new secret: for the telephone, and sealed for the form that confirms it."""

    secret: bytes
    sealed: str


class Factor(NamedTuple):
    """What a person's own page says: since when (Unix ms, 0: none), codes left, whether the role must have it."""

    since: int
    codes: int
    is_needed: bool


class Shown(NamedTuple):
    """What the second factor opened. ``codes``: the new recovery codes, to be shown once."""

    entered: LoggedIn
    codes: list[str]
    how: str


def make_offer(sealer: Sealer, person: Person) -> Offer:
    """Make a secret for this session. Raises FactorRefused without a data key."""
    secret = totp.make_secret()
    sealed = sealer.seal(msgspec.json.encode((person.session, secret)))
    if sealed is None:
        raise FactorRefused("no_key")
    return Offer(secret, sealed.decode())


def address_of(secret: bytes, user_id: str, issuer: str) -> str:
    """The ``otpauth://`` address that the QR code holds."""
    label = f"{quote(issuer, safe='')}:{quote(user_id, safe='')}"
    text = totp.in_groups(secret).replace(" ", "")
    return (
        f"otpauth://totp/{label}?secret={text}&issuer={quote(issuer, safe='')}"
        f"&algorithm=SHA1&digits={totp.DIGITS}&period={totp.STEP_S}"
    )


def show(
    engine: Engine, sealer: Sealer, now: int, half: Half, *, typed: str, offer: str, browser: Browser, rules: LogInRules
) -> Shown:
    """The second step of a log-in: a code, a recovery code, or the first code of a new factor.

    Raises LogInRefused (wrong, locked) or FactorRefused.
    """
    person = half.person
    with writing(engine) as connection:
        found = reader.account(connection, person.user_id, to_change=True)
        session = store.find_session(connection, person.session)
        if found is None or session is None or session[0].ended_at is not None or not session[0].stage:
            raise LogInRefused("wrong")  # another request has used this step up
        place = tries.place_of(connection, now, found.user_id, browser.device, browser.address)
        if until := tries.waits_until(connection, now, found.user_id, place, tries.CODE):
            raise LogInRefused("locked", until)
        codes: list[str] = []
        if half.stage == "enrol" and not found.factor_at:
            is_right, how = (
                _enrol(connection, sealer, now, found, person, typed=typed, offer=offer, codes=codes),
                "factor_set",
            )
        else:
            is_right, how = _is_right(connection, sealer, now, found, typed)
        if is_right:
            kept.forget_tries(connection, found.user_id, [tries.CODE + place])
            store.end_session(connection, person.session, now)
            return Shown(accounts.begin(connection, found, now, browser, how=half.how, rules=rules), codes, how)
        until = tries.failed(connection, now, found.user_id, place, tries.CODE)
    raise LogInRefused("locked" if until else "wrong", until)


def enrol(engine: Engine, sealer: Sealer, now: int, person: Person, *, typed: str, offer: str) -> list[str]:
    """Set a factor up from one's own page; the recovery codes, to be shown once. Raises LogInRefused, FactorRefused."""
    codes: list[str] = []
    with writing(engine) as connection:
        found = reader.account(connection, person.user_id, to_change=True)
        if found is None:
            raise LogInRefused("wrong")
        if found.factor_at:
            raise FactorRefused("there")
        # The secret is on the page that asks: there is nothing to guess.
        if not _enrol(connection, sealer, now, found, person, typed=typed, offer=offer, codes=codes):
            raise LogInRefused("wrong")
        store.end_sessions(connection, found.user_id, now, but=person.session)
    return codes


def new_codes(engine: Engine, person: Person) -> list[str]:
    """Ten new recovery codes instead of the old ones. Raises FactorRefused where there is no factor."""
    with writing(engine) as connection:
        found = reader.account(connection, person.user_id, to_change=True)
        if found is None or not found.factor_at:
            raise FactorRefused("none")
        codes = recovery.make_codes()
        kept.put_recovery_codes(connection, found.user_id, (recovery.hash_of(found.user_id, one) for one in codes))
        return codes


def remove(engine: Engine, person: Person, rules: LogInRules) -> None:
    """Take one's own factor away. Raises FactorRefused where the role must have one."""
    if rules.needs_factor(person.role):
        raise FactorRefused("needed")
    with writing(engine) as connection:
        _clear(connection, person.user_id)


def reset(engine: Engine, now: int, user_id: str) -> tuple[bool, int]:
    """`lianqin user reset-factor`: whether there was one, and how many sessions have ended. Raises AccountError."""
    with writing(engine) as connection:
        return reset_in(connection, now, user_id)


def reset_in(connection: Connection, now: int, user_id: str) -> tuple[bool, int]:
    """``reset`` in a transaction that is given."""
    found = reader.account(connection, user_id, to_change=True)
    if found is None:
        raise AccountError(f"there is no account {user_id!r}: `lianqin user list` shows all")
    _clear(connection, user_id)
    kept.forget_tries(connection, user_id)
    kept.forget_devices(connection, user_id)
    return bool(found.factor_at), store.end_sessions(connection, user_id, now)


def look(engine: Engine, person: Person, rules: LogInRules) -> Factor:
    """What a person has."""
    with engine.connect() as connection:
        found = reader.account(connection, person.user_id)
        codes = kept.count_recovery_codes(connection, person.user_id)
    return Factor(found.factor_at if found else 0, codes, rules.needs_factor(person.role))


def is_code(typed: str) -> bool:
    """Whether what was typed looks like a code of the telephone; no password is as short."""
    plain = totp.plain_code(typed)
    return len(plain) == totp.DIGITS and plain.isdecimal()


def prove(engine: Engine, sealer: Sealer, now: int, person: Person, typed: str) -> None:
    """Show the factor again in an open session. Raises LogInRefused."""
    with writing(engine) as connection:
        found = reader.account(connection, person.user_id, to_change=True)
        until = tries.waits_until(connection, now, person.user_id, tries.OPEN, tries.CODE)
        if until:
            raise LogInRefused("locked", until)
        if found is not None and found.factor_at and _is_right(connection, sealer, now, found, typed)[0]:
            kept.forget_tries(connection, person.user_id, [tries.CODE + tries.OPEN])
            store.prove_session(connection, person.session, now)
            return
        until = tries.failed(connection, now, person.user_id, tries.OPEN, tries.CODE)
    raise LogInRefused("locked" if until else "wrong", until)


def _enrol(
    connection: Connection, sealer: Sealer, now: int, found: Account, person: Person, *, typed: str, offer: str,
    codes: list[str],
) -> bool:  # fmt: skip
    """Keep the offered secret when the code is its own; ``codes`` are filled. Raises FactorRefused."""
    secret = _opened(sealer, offer, person)
    step = totp.accepted_step(secret, totp.plain_code(typed), now, 0)
    if step is None:
        return False
    sealed = sealer.seal(secret)
    assert sealed is not None  # _opened needs the key too
    store.change(connection, found.user_id, factor=sealed, factor_at=now, factor_step=step)
    codes += recovery.make_codes()
    kept.put_recovery_codes(connection, found.user_id, (recovery.hash_of(found.user_id, one) for one in codes))
    return True


def _opened(sealer: Sealer, offer: str, person: Person) -> bytes:
    """The secret that this very session was offered."""
    if not sealer:
        raise FactorRefused("no_key")
    try:
        session, secret = msgspec.json.decode(sealer.open(offer.encode()), type=tuple[str, bytes])
    except (InvalidToken, msgspec.DecodeError, UnicodeEncodeError) as error:
        raise FactorRefused("old_offer") from error
    if session != person.session or len(secret) != totp.SECRET_BYTES:
        raise FactorRefused("old_offer")
    return secret


def _is_right(connection: Connection, sealer: Sealer, now: int, found: Account, typed: str) -> tuple[bool, str]:
    """Whether it is the code of now, or a recovery code, which is used up; and which of the two."""
    if recovery.could_be(typed):
        return kept.use_recovery_code(
            connection, found.user_id, recovery.hash_of(found.user_id, typed), now
        ), "recovery"
    if found.factor is None or not sealer:
        return False, "factor"
    try:
        secret = sealer.open(found.factor)
    except InvalidToken:  # sealed with a key that is not in the list any more: recovery codes still count
        return False, "factor"
    step = totp.accepted_step(secret, totp.plain_code(typed), now, found.factor_step)
    if step is not None:
        store.change(connection, found.user_id, factor_step=step)
    return step is not None, "factor"


def _clear(connection: Connection, user_id: str) -> None:
    store.change(connection, user_id, factor=None, factor_at=0, factor_step=0)
    kept.put_recovery_codes(connection, user_id, ())
