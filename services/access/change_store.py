"""Add and change accounts in a transaction that is given: what stands or falls with the row beside it.

Every change ends the account's sessions and forgets its wrong tries. How people ask for one: services.admin.
"""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from services.access import log_in_store as kept
from services.access import passwords, reader, store
from services.access.account import Account
from services.access.log_in.account import AccountError, check_account
from services.jobs import store as jobs

# With one of these another right, or none: what was made for the person they may perhaps not have any more.
SCOPE = frozenset({"role", "street", "community", "unit", "grid", "is_disabled"})


class ChangedAccount(NamedTuple):
    """An account before and after a change, and how many of its sessions have ended."""

    before: Account
    after: Account
    ended: int


def prepared(now: int, new: Account, password: str, classes: int = 0) -> Account:
    """A new account as it will stand, its password hashed. Raises AccountError, BadPassword.

    Before the transaction: a hash takes a third of a second, in which nobody else could write.
    """
    check_account(new)
    if password:
        passwords.check(password, new.user_id, new.name, classes)
    is_prepared = not password and new.role != "wall" and not new.subject
    return msgspec.structs.replace(
        new,
        password=passwords.hashed(password) if password else "",
        made_at=now,
        changed_at=now,
        password_at=now,
        sso_name=(new.sso_name or new.user_id) if is_prepared else "",
    )


def add(connection: Connection, made: Account) -> None:
    """Add an account that is ``prepared``. Raises AccountError, and IntegrityError when there is one of that id."""
    _check_sign_on(connection, made)
    store.add(connection, made)


def change(connection: Connection, now: int, user_id: str, **values: object) -> ChangedAccount:
    """Set columns of an account and end its sessions. Raises AccountError."""
    found = reader.account(connection, user_id, to_change=True)
    if found is None:
        raise AccountError(f"there is no account {user_id!r}: `lianqin user list` shows all")
    if "password" in values:
        values = {"once_until": 0, **values}
    if values.get("password"):
        values = {**values, "password_at": now, "sso_name": ""}
    changed = msgspec.structs.replace(found, **values)
    check_account(changed)
    _check_sign_on(connection, changed)
    store.change(connection, user_id, **values, changed_at=now)
    kept.forget_tries(connection, user_id)
    if values.keys() & SCOPE:
        jobs.drop_of(connection, user_id)
    return ChangedAccount(found, changed, store.end_sessions(connection, user_id, now))


def _check_sign_on(connection: Connection, new: Account) -> None:
    """One person of the single sign-on is one account."""
    for other in (
        reader.account_of_subject(connection, new.subject) if new.subject else None,
        reader.account_of_sso_name(connection, new.sso_name) if new.sso_name else None,
    ):
        if other is not None and other.user_id != new.user_id:
            raise AccountError(f"account {other.user_id!r} is prepared for the same person of the single sign-on")
