"""Accounts and sessions: plain SQL, plain rows. Rules and refusals are services.access.service'."""

from collections.abc import Collection
from itertools import islice

import msgspec
from sqlalchemy import Connection, and_, insert, select, update

from services.access import tables as schema
from services.access.account import Account, Session

# So many sessions are asked for in one statement.
AT_ONCE = 500
_A = schema.accounts.c
_S = schema.sessions.c
_ACCOUNT = [_A[name] for name in Account.__struct_fields__]
_SESSION = [_S[name] for name in Session.__struct_fields__]


def add(connection: Connection, new: Account) -> None:
    """Add an account; IntegrityError when there is one of that id."""
    connection.execute(insert(schema.accounts).values(**msgspec.structs.asdict(new)))


def change(connection: Connection, user_id: str, **values: object) -> None:
    """Set columns of an account."""
    connection.execute(update(schema.accounts).where(_A.user_id == user_id).values(**values))


def begin_session(connection: Connection, session: Session) -> None:
    """Keep a new session."""
    connection.execute(insert(schema.sessions).values(**msgspec.structs.asdict(session)))


def find_session(connection: Connection, token_hash: str) -> tuple[Session, Account] | None:
    """The session of this token with its account, ended or not."""
    both = select(*_SESSION, *_ACCOUNT).join_from(schema.sessions, schema.accounts, _S.user_id == _A.user_id)
    row = connection.execute(both.where(_S.token_hash == token_hash)).first()
    if row is None:
        return None
    n = len(_SESSION)
    return Session(*row[:n]), Account(*row[n:])


def find_sessions(connection: Connection, token_hashes: Collection[str]) -> dict[str, tuple[Session, Account]]:
    """The sessions of these tokens by the token's hash, ended or not, each with its account."""
    both = select(*_SESSION, *_ACCOUNT).join_from(schema.sessions, schema.accounts, _S.user_id == _A.user_id)
    n, found, rest = len(_SESSION), {}, iter(token_hashes)
    while some := list(islice(rest, AT_ONCE)):
        for row in connection.execute(both.where(_S.token_hash.in_(some))):
            session = Session(*row[:n])
            found[session.token_hash] = session, Account(*row[n:])
    return found


def prove_session(connection: Connection, token_hash: str, now: int) -> None:
    """The person has proved again who they are."""
    connection.execute(update(schema.sessions).where(_S.token_hash == token_hash).values(proved_at=now, seen_at=now))


def touch_session(connection: Connection, token_hash: str, now: int) -> None:
    """The person was here."""
    connection.execute(update(schema.sessions).where(_S.token_hash == token_hash).values(seen_at=now))


def end_session(connection: Connection, token_hash: str, now: int) -> bool:
    """End one session; whether it was open."""
    where = and_(_S.token_hash == token_hash, _S.ended_at.is_(None))
    return connection.execute(update(schema.sessions).where(where).values(ended_at=now)).rowcount > 0


def end_sessions(connection: Connection, user_id: str, now: int, *, but: str = "") -> int:
    """End every session of an account but one; how many there were."""
    where = and_(_S.user_id == user_id, _S.ended_at.is_(None), _S.token_hash != but)
    return connection.execute(update(schema.sessions).where(where).values(ended_at=now)).rowcount


def open_sessions(connection: Connection, user_id: str = "") -> list[Session]:
    """The sessions that nobody has ended (they may have run out), of one account or of all."""
    where = and_(_S.ended_at.is_(None), _S.user_id == user_id) if user_id else _S.ended_at.is_(None)
    return [Session(*row) for row in connection.execute(select(*_SESSION).where(where).order_by(_S.made_at))]
