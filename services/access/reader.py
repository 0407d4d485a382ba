"""Reads accounts: one, all, the walls."""

from typing import Any

from sqlalchemy import Connection, and_, or_, select

from services.access import tables as schema
from services.access.account import Account

_A = schema.accounts.c
_ACCOUNT = [_A[name] for name in Account.__struct_fields__]


def account(connection: Connection, user_id: str, *, to_change: bool = False) -> Account | None:
    """An account by its id; ``to_change`` holds the row until the transaction ends (on SQLite all is held anyway)."""
    return _one(connection, _A.user_id == user_id, to_change)


def account_of_subject(connection: Connection, subject: str) -> Account | None:
    """An account by its single sign-on's ``issuer|sub``."""
    return _one(connection, _A.subject == subject)


def account_of_sso_name(connection: Connection, name: str) -> Account | None:
    """The account that an administrator has prepared for the first sign-on of this name, to be changed."""
    return _one(connection, _A.sso_name == name, to_change=True)


def _one(connection: Connection, where: Any, to_change: bool = False) -> Account | None:
    query = select(*_ACCOUNT).where(where)
    row = connection.execute(query.with_for_update() if to_change else query).first()
    return Account(*row) if row else None


def all_accounts(connection: Connection) -> list[Account]:
    """Every account, by id."""
    return [Account(*row) for row in connection.execute(select(*_ACCOUNT).order_by(_A.user_id))]


def small_seats(connection: Connection) -> frozenset[str]:
    """The units and grids for which somebody may log in."""
    found = connection.execute(select(_A.unit, _A.grid).where(~_A.is_disabled, or_(_A.unit != "", _A.grid != "")))
    return frozenset(code for row in found for code in row if code)


def walls(connection: Connection) -> list[Account]:
    """The walls' accounts that may be used."""
    where = and_(_A.role == "wall", ~_A.is_disabled, _A.addresses != "")
    return [Account(*row) for row in connection.execute(select(*_ACCOUNT).where(where).order_by(_A.user_id))]
