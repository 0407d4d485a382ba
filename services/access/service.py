"""Log-in, sessions and accounts: the rules around the rows (docs/security.md says each timeout and limit).

A token is 256 random bits; the store keeps its SHA-256 alone. A session is judged anew at every request, and once a
second for every open socket, so that a change of role, a log-out or a disabled account ends it at once. Wrong tries:
services.access.log_in.tries_store; second factors: services.access.log_in.factors_service.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from services.access import change_store as changes
from services.access import log_in_store as kept
from services.access import passwords, reader, store
from services.access.account import Account, Session
from services.access.log_in import tries_store as tries
from services.access.log_in.account import AccountError, comes_from
from services.access.log_in.rules import NO_RULES, LogInRules
from services.access.log_in.tries_store import FAILURES, LOCKED_MINUTES
from services.access.rights import IDLE_MINUTES, LONGEST_MINUTES, ROLES, Person
from services.platform.clock import MINUTE_MS, machine_ms
from services.platform.database import writing
from services.platform.refusal import Refusal

# What its users find here beside what is defined here.
__all__ = ["FAILURES", "LOCKED_MINUTES", "AccountError", "comes_from"]
# So long a session waits for its second factor.
HALF_MINUTES = 10
# A session's last touch is written down at most this often.
TOUCH_MS = 30_000


class LogInRefused(Refusal):
    """``code``: wrong, locked (``until``, Unix ms), or disabled (said only to whoever knew the password)."""

    texts, status = "login.", 403

    def __init__(self, code: str, until: int = 0) -> None:
        minutes = max(until - machine_ms(), 0) // MINUTE_MS + 1
        super().__init__(code, code, n=minutes)
        self.until = until


class LoggedIn(NamedTuple):
    """A fresh session: its token for the cookie, and whose it is.

    ``stage`` is empty, or what comes before anything else: ``factor`` (a code is asked for) or ``enrol`` (a second
    factor must be set up).
    """

    token: str
    person: Person
    must_change: bool
    stage: str = ""


class Browser(NamedTuple):
    """Where somebody logs in: address, the device cookie's token, and what the browser calls itself, in words."""

    address: str
    device: str = ""
    words: str = ""


def log_in(
    engine: Engine,
    now: int,
    user_id: str,
    password: str,
    address: str,
    *,
    rules: LogInRules = NO_RULES,
    device: str = "",
    words: str = "",
) -> LoggedIn:
    """A session for the right password. Raises LogInRefused; the fifth wrong one in a row locks the place out."""
    with engine.connect() as connection:
        found = reader.account(connection, user_id)
        place = tries.place_of(connection, now, user_id, device, address)
        until = tries.waits_until(connection, now, user_id, place)
    if until:
        raise LogInRefused("locked", until)
    # Before anything is said the hash is reckoned, so that an unknown account takes as long as a known one.
    is_right = passwords.is_right(found.password if found else "", password)
    with writing(engine) as connection:
        found = reader.account(connection, user_id, to_change=True)
        if until := tries.waits_until(connection, now, user_id, place):  # by others who tried at the same moment
            raised = LogInRefused("locked", until)
        elif found is None or not is_right:
            raised = _failed(connection, user_id, now, place)
        elif found.is_disabled:
            raised = LogInRefused("disabled")
        elif found.once_until and found.once_until <= now:  # said to nobody who does not know it
            raised = LogInRefused("once_over")
        else:
            if passwords.is_old(found.password):
                store.change(connection, user_id, password=passwords.hashed(password))
            if rules.is_password_old(found.password_at, now) and not found.must_change:
                store.change(connection, user_id, must_change=True)
                found = msgspec.structs.replace(found, must_change=True)
            kept.forget_tries(connection, user_id, [place])
            stage = "factor" if found.factor_at else "enrol" if rules.needs_factor(found.role) else ""
            return begin(
                connection, found, now, Browser(address, device, words), how="password", rules=rules, stage=stage
            )
    raise raised


def _failed(connection: Connection, user_id: str, now: int, place: str, kind: str = "") -> LogInRefused:
    """Count a wrong password or code; what to say."""
    until = tries.failed(connection, now, user_id, place, kind)
    return LogInRefused("locked", until) if until else LogInRefused("wrong")


def log_in_as(
    engine: Engine,
    now: int,
    subject: str,
    user_id: str,
    address: str,
    *,
    rules: LogInRules = NO_RULES,
    device: str = "",
    words: str = "",
    has_factor: bool = False,
) -> LoggedIn:
    """A session for whom the single sign-on has named: ``subject`` (issuer|sub), ``user_id`` (the claim's value).

    The subject must be known, or an administrator has prepared an account for this name (``sso_name``, which none with
    a password has): it is tied to the subject now. ``has_factor``: the sign-on has asked for a second factor itself.
    """
    if not subject:
        raise LogInRefused("wrong")
    with writing(engine) as connection:
        found = reader.account_of_subject(connection, subject)
        if found is None:
            found = reader.account_of_sso_name(connection, user_id) if user_id else None
            if found is None or found.subject or found.role == "wall":
                raise LogInRefused("wrong")
            store.change(connection, found.user_id, subject=subject)
        if found.is_disabled:
            raise LogInRefused("disabled")
        stage = "" if has_factor else "factor" if found.factor_at else "enrol" if rules.needs_factor(found.role) else ""
        return begin(connection, found, now, Browser(address, device, words), how="sso", rules=rules, stage=stage)


def begin(
    connection: Connection, found: Account, now: int, browser: Browser, *, how: str, rules: LogInRules, stage: str = ""
) -> LoggedIn:
    """Begin a session; with all shown the device is remembered, and beyond the limit the longest unused ones end."""
    token = secrets.token_urlsafe(32)
    proved_at = 0 if stage else rules.proof_at_log_in(now)
    session = Session(
        _hash(token), found.user_id, now, now, browser.address, stage=stage, how=how, device=browser.words[:100],
        proved_at=proved_at,
    )  # fmt: skip
    if not stage and found.role != "wall":
        if rules.sessions_most:
            others = sorted(open_sessions(connection, now, found), key=lambda one: one.seen_at)
            for one in others[: max(len(others) + 1 - rules.sessions_most, 0)]:
                store.end_session(connection, one.token_hash, now)
        if browser.device:
            kept.remember_device(connection, tries.hash_of(browser.device), found.user_id, now)
    store.begin_session(connection, session)
    return LoggedIn(token, _person(found, session.token_hash, browser.address), found.must_change, stage)


def open_sessions(connection: Connection, now: int, found: Account) -> list[Session]:
    """The sessions of an account that go on, the newest last."""
    return [
        one
        for one in store.open_sessions(connection, found.user_id)
        if not one.stage and _is_alive(one, found, now, one.address)
    ]


def sessions_by_account(connection: Connection, now: int, found: Iterable[Account]) -> dict[str, list[Session]]:
    """The sessions that go on, of many accounts in one statement; who has none is not in it."""
    accounts = {one.user_id: one for one in found}
    open_ones: dict[str, list[Session]] = {}
    for one in store.open_sessions(connection):
        if one.user_id in accounts and not one.stage and _is_alive(one, accounts[one.user_id], now, one.address):
            open_ones.setdefault(one.user_id, []).append(one)
    return open_ones


def know_browser(engine: Engine, now: int, person: Person) -> str:
    """A token for the device cookie of a browser that has none: it is known from now on as one of this person's."""
    token = tries.make_device()
    with writing(engine) as connection:
        kept.remember_device(connection, tries.hash_of(token), person.user_id, now)
    return token


class SessionOwner(NamedTuple):
    """Whose a token is, and whether they must first choose another password."""

    person: Person
    must_change: bool
    seen_at: int
    proved_at: int = 0
    how: str = ""


class Half(NamedTuple):
    """Who has shown the password and not yet the second factor; they may show it, or leave, and nothing else."""

    person: Person
    stage: str
    how: str


def whose(engine: Engine, now: int, token: str, address: str) -> SessionOwner | None:
    """Who is behind a cookie; None when the session has ended, run out, or its account may not be used.

    A session whose second factor has not been shown is nobody's here: only ``who_is`` tells of it.
    """
    found = who_is(engine, now, token, address)
    return found if isinstance(found, SessionOwner) else None


def who_is(engine: Engine, now: int, token: str, address: str) -> SessionOwner | Half | None:
    """Who is behind a cookie, all shown (Found) or half way (Half)."""
    token_hash = _hash(token)
    with engine.connect() as connection:
        found = store.find_session(connection, token_hash)
    if found is None or not _is_alive(*found, now, address):
        return None
    session, account = found
    if session.stage:
        return Half(_person(account, token_hash, address), session.stage, session.how)
    return _found(session, account, address)


def _found(session: Session, account: Account, address: str) -> SessionOwner:
    person = _person(account, session.token_hash, address)
    return SessionOwner(person, account.must_change, session.seen_at, session.proved_at, session.how)


def persons_of(connection: Connection, now: int, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Person]:
    """Who is behind each (token's hash, address), in few statements: what is asked for all open sockets together.

    Those whose session does not stand are left out.
    """
    sessions = store.find_sessions(connection, {token_hash for token_hash, _ in asked})
    found = {}
    for token_hash, address in asked:
        both = sessions.get(token_hash)
        if both is not None and not both[0].stage and _is_alive(*both, now, address):
            found[token_hash, address] = _person(both[1], token_hash, address)
    return found


def _is_alive(session: Session, account: Account, now: int, address: str) -> bool:
    if session.ended_at is not None or account.is_disabled or session.made_at < account.changed_at:
        return False
    if session.stage and now - session.made_at >= HALF_MINUTES * MINUTE_MS:
        return False
    if account.role == "wall":  # never runs out, and comes from its own place alone
        return comes_from(address, account.addresses)
    role = account.role
    idle, longest = IDLE_MINUTES.get(role, 0), LONGEST_MINUTES.get(role, 0)  # type: ignore[call-overload]  # any text
    return bool(now - session.seen_at < idle * MINUTE_MS and now - session.made_at < longest * MINUTE_MS)


def touch(engine: Engine, now: int, found: SessionOwner) -> None:
    """The person did something: their session lives on."""
    if now - found.seen_at >= TOUCH_MS and found.person.session:
        with writing(engine) as connection:
            store.touch_session(connection, found.person.session, now)


def forget(engine: Engine, now: int, token: str) -> None:
    """End the session that a browser had before it logged in anew (ASVS 5.0, 7.2.4)."""
    with writing(engine) as connection:
        store.end_session(connection, _hash(token), now)


def log_out(engine: Engine, now: int, person: Person) -> None:
    """End this session."""
    with writing(engine) as connection:
        store.end_session(connection, person.session, now)


def wall_at(walls: Iterable[Account], address: str) -> Person | None:
    """The wall that stands at this address: a device without a keyboard logs in by where it is (docs/security.md)."""
    for wall in walls:
        if comes_from(address, wall.addresses):
            return _person(wall, "", address)
    return None


def check_password(engine: Engine, now: int, person: Person, password: str) -> Account:
    """The account of somebody with an open session who types the password again. Raises LogInRefused.

    Wrong ones are counted for all its open sessions together: one of them is no place to guess from.
    """
    with engine.connect() as connection:
        found = reader.account(connection, person.user_id)
        until = tries.waits_until(connection, now, person.user_id, tries.OPEN)
    if until:
        raise LogInRefused("locked", until)
    is_right = passwords.is_right(found.password if found else "", password)
    with writing(engine) as connection:
        found = reader.account(connection, person.user_id, to_change=True)
        if until := tries.waits_until(connection, now, person.user_id, tries.OPEN):
            refused: LogInRefused | None = LogInRefused("locked", until)
        elif found is None or not is_right:
            refused = _failed(connection, person.user_id, now, tries.OPEN)
        else:
            refused = None
            kept.forget_tries(connection, person.user_id, [tries.OPEN])
    if found is None or refused is not None:
        raise refused or LogInRefused("wrong")
    return found


def change_password(
    engine: Engine, now: int, person: Person, old: str, new: str, *, rules: LogInRules = NO_RULES
) -> None:
    """Another password for oneself: every other session ends. Raises LogInRefused or BadPassword."""
    found = check_password(engine, now, person, old)
    if old == new:
        raise passwords.BadPassword("same")
    passwords.check(new, found.user_id, found.name, rules.password_classes)
    hashed = passwords.hashed(new)
    with writing(engine) as connection:
        store.change(connection, found.user_id, password=hashed, must_change=False, password_at=now, once_until=0)
        store.end_sessions(connection, found.user_id, now, but=person.session)


def add(engine: Engine, now: int, new: Account, password: str, classes: int = 0) -> None:
    """Add an account. Without a password it is prepared for the single sign-on (``subject``, or by ``sso_name``).

    The name is the account's id where none is given; a wall has its address. Raises AccountError, BadPassword.
    """
    made = changes.prepared(now, new, password, classes)
    try:
        with writing(engine) as connection:
            changes.add(connection, made)
    except IntegrityError as error:
        raise AccountError(f"there is an account {new.user_id!r} already: `lianqin user reset` changes it") from error


def _person(found: Account, token_hash: str, address: str) -> Person:
    role = next(role for role in ROLES if role == found.role)
    return Person(
        found.user_id, found.name, role, found.street, found.community, address, token_hash,
        unit=found.unit, grid=found.grid,
    )  # fmt: skip


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
