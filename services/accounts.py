"""Log-in, sessions and accounts: the rules around the rows (docs/security.md says each timeout and limit).

A token is 256 random bits; the store keeps its SHA-256 alone. A session is judged anew at every request, and once a
second for every open socket, so that a change of role, a lock-out or a disabled account ends it at once.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from services import passwords
from services.rights import IDLE_MINUTES, LONGEST_MINUTES, ROLES, Person
from services.store import accounts as store
from services.store import jobs
from services.store.accounts import Account, Session
from services.store.engine import writing

MINUTE_MS = 60_000
# Wrong passwords in a row until an account is locked, and for how long.
FAILURES, LOCKED_MINUTES = 5, 15
# A session's last touch is written down at most this often.
TOUCH_MS = 30_000


class AccountError(ValueError):
    """What is asked of an account cannot be done; the text says what and what to do."""


class LogInRefused(Exception):
    """``code``: wrong, locked (``until``, Unix ms), or disabled (said only to whoever knew the password)."""

    def __init__(self, code: str, until: int = 0) -> None:
        super().__init__(code)
        self.code, self.until = code, until


class LoggedIn(NamedTuple):
    """A fresh session: its token for the cookie, and whose it is."""

    token: str
    person: Person
    must_change: bool


def log_in(engine: Engine, now: int, user_id: str, password: str, address: str) -> LoggedIn:
    """A session for the right password. Raises LogInRefused; the fifth wrong one in a row locks the account."""
    with engine.connect() as connection:
        found = store.account(connection, user_id)
    # Before anything is said the hash is reckoned, so that an unknown account takes as long as a known one.
    is_right = passwords.is_right(found.password if found else "", password)
    if found is None or (found.role == "wall" and not found.password):
        raise LogInRefused("wrong")
    if found.locked_until > now:
        raise LogInRefused("locked", found.locked_until)
    with writing(engine) as connection:
        found = store.account(connection, user_id, to_change=True) or found
        if found.locked_until > now:  # by others who tried at the same moment
            raised = LogInRefused("locked", found.locked_until)
        elif not is_right:
            raised = _failed(connection, found, now)
        elif found.is_disabled:
            raised = LogInRefused("disabled")
        else:
            if passwords.is_old(found.password):
                store.change(connection, user_id, password=passwords.hashed(password))
            store.change(connection, user_id, failures=0, locked_until=0)
            return _begin(connection, found, now, address)
    raise raised


def _failed(connection: Connection, found: Account, now: int) -> LogInRefused:
    """Count a wrong password; what to say."""
    failures = found.failures + 1
    if failures < FAILURES:
        store.change(connection, found.user_id, failures=failures)
        return LogInRefused("wrong")
    until = now + LOCKED_MINUTES * MINUTE_MS
    store.change(connection, found.user_id, failures=0, locked_until=until)
    return LogInRefused("locked", until)


def log_in_as(engine: Engine, now: int, subject: str, user_id: str, address: str) -> LoggedIn:
    """A session for whom the single sign-on has named: by its subject, else by its id, which is then tied to it."""
    if not subject:
        raise LogInRefused("wrong")
    with writing(engine) as connection:
        found = store.account_of_subject(connection, subject)
        if found is None:
            found = store.account(connection, user_id, to_change=True)
            if found is None or found.subject not in {"", subject} or found.role == "wall":
                raise LogInRefused("wrong")
            store.change(connection, user_id, subject=subject)
        if found.is_disabled:
            raise LogInRefused("disabled")
        return _begin(connection, found, now, address)


def _begin(connection: Connection, found: Account, now: int, address: str) -> LoggedIn:
    token = secrets.token_urlsafe(32)
    session = Session(_hash(token), found.user_id, now, now, address)
    store.begin_session(connection, session)
    return LoggedIn(token, _person(found, session.token_hash, address), found.must_change)


class Found(NamedTuple):
    """Whose a token is, and whether they must first choose another password."""

    person: Person
    must_change: bool
    seen_at: int


def whose(engine: Engine, now: int, token: str, address: str) -> Found | None:
    """Who is behind a cookie; None when the session has ended, run out, or its account may not be used."""
    with engine.connect() as connection:
        token_hash = _hash(token)
        found = store.find_session(connection, token_hash)
    if found is None or not _is_alive(*found, now, address):
        return None
    session, account = found
    return Found(_person(account, token_hash, address), account.must_change, session.seen_at)


def persons_of(
    connection: Connection, now: int, asked: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Person]:  # fmt: skip
    """Who is behind each (token's hash, address), in few statements: what is asked for all open sockets together.

    Those whose session does not stand are left out.
    """
    sessions = store.find_sessions(connection, {token_hash for token_hash, _ in asked})
    found = {}
    for token_hash, address in asked:
        both = sessions.get(token_hash)
        if both is not None and _is_alive(*both, now, address):
            found[token_hash, address] = _person(both[1], token_hash, address)
    return found


def _is_alive(session: Session, account: Account, now: int, address: str) -> bool:
    if session.ended_at is not None or account.is_disabled or session.made_at < account.changed_at:
        return False
    if account.role == "wall":  # never runs out, and comes from its own place alone
        return comes_from(address, account.addresses)
    role = account.role
    idle, longest = IDLE_MINUTES.get(role, 0), LONGEST_MINUTES.get(role, 0)  # type: ignore[call-overload]  # any text
    return bool(now - session.seen_at < idle * MINUTE_MS and now - session.made_at < longest * MINUTE_MS)


def touch(engine: Engine, now: int, found: Found) -> None:
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


def comes_from(address: str, networks: str) -> bool:
    """Whether an address lies in one of the networks, which are written with blanks between them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(network) for network in networks.split())


def change_password(engine: Engine, now: int, person: Person, old: str, new: str) -> None:
    """Another password for oneself: every other session ends. Raises LogInRefused or BadPassword.

    Wrong ones are counted as at the log-in: an open session is no place to guess from.
    """
    with engine.connect() as connection:
        found = store.account(connection, person.user_id)
    is_right = passwords.is_right(found.password if found else "", old)
    with writing(engine) as connection:
        found = store.account(connection, person.user_id, to_change=True)
        if found is None:
            refused: LogInRefused | None = LogInRefused("wrong")
        elif found.locked_until > now:
            refused = LogInRefused("locked", found.locked_until)
        else:
            refused = None if is_right else _failed(connection, found, now)
    if found is None or refused is not None:
        raise refused or LogInRefused("wrong")
    if old == new:
        raise passwords.BadPassword("same")
    passwords.check(new, found.user_id, found.name)
    kept = passwords.hashed(new)
    with writing(engine) as connection:
        store.change(connection, found.user_id, password=kept, must_change=False, failures=0)
        store.end_sessions(connection, found.user_id, now, but=person.session)


def add(engine: Engine, now: int, new: Account, password: str) -> None:
    """Add an account; an empty password leaves the log-in to the single sign-on, or to a wall's address."""
    _check(new)
    if password:
        passwords.check(password, new.user_id, new.name)
    kept = msgspec.structs.replace(
        new, password=passwords.hashed(password) if password else "", made_at=now, changed_at=now
    )
    try:
        with writing(engine) as connection:
            store.add(connection, kept)
    except IntegrityError as error:
        raise AccountError(f"there is an account {new.user_id!r} already: `lianqin user reset` changes it") from error


def set_account(engine: Engine, now: int, user_id: str, **values: object) -> int:
    """Change an account (role, street, disabled, password …) and end its sessions; how many there were."""
    with writing(engine) as connection:
        found = store.account(connection, user_id)
        if found is None:
            raise AccountError(f"there is no account {user_id!r}: `lianqin user list` shows all")
        _check(msgspec.structs.replace(found, **values))
        store.change(connection, user_id, **values, changed_at=now, failures=0, locked_until=0)
        if values.keys() & {"role", "street", "community", "is_disabled"}:
            jobs.drop_of(connection, user_id)  # what was made for them they may perhaps not have any more
        return store.end_sessions(connection, user_id, now)


def _check(new: Account) -> None:
    if not new.user_id.isascii() or not new.user_id.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise AccountError(f"account {new.user_id!r}: letters, digits, «.», «-» and «_» only")
    if not 2 <= len(new.user_id) <= 32 or not 1 <= len(new.name) <= 60:
        raise AccountError("an account's id has 2 to 32 characters, its name 1 to 60")
    if new.role not in ROLES:
        raise AccountError(f"role {new.role!r}: one of {', '.join(ROLES)}")
    if (new.role == "street_staff") != bool(new.street):
        raise AccountError("street_staff needs --street, and nobody else has one")
    if new.community and not new.street:
        raise AccountError("a community needs its street")
    if (new.role == "wall") != bool(new.addresses):
        raise AccountError("a wall needs --addresses (such as 10.1.2.3/32), and nobody else has them")
    for network in new.addresses.split():
        try:
            is_everybody = ipaddress.ip_network(network).prefixlen == 0
        except ValueError as error:
            raise AccountError(f"address {network!r}: {error}") from error
        if is_everybody:
            raise AccountError(f"address {network!r}: everybody would be this wall; give the network where it stands")


def _person(found: Account, token_hash: str, address: str) -> Person:
    role = next(role for role in ROLES if role == found.role)
    return Person(found.user_id, found.name, role, found.street, found.community, address, token_hash)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
