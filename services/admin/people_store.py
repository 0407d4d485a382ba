"""What is kept of changes to accounts and of wishes that wait for a second administrator. Plain SQL."""

import msgspec
from sqlalchemy import Connection, Row, and_, func, insert, select, text, update

from services.admin import tables as schema
from services.admin.account_change import AccountChange, AccountWish
from services.platform.database import is_postgres

_C, _W = schema.account_changes.c, schema.account_wishes.c
_CHANGE = [_C[name] for name in AccountChange.__struct_fields__]
_WISH = [_W[name] for name in AccountWish.__struct_fields__]


# Two who change people at one moment could each take the other's right away: one after the other.
_TURN = text("SELECT pg_advisory_xact_lock(7165170002)")


def wait_for_turn(connection: Connection) -> None:
    """Be alone among those who change people until the transaction ends."""
    if is_postgres(connection):  # a writing transaction of SQLite is alone already
        connection.execute(_TURN)


def version(connection: Connection, user_id: str) -> int:
    """How many changes an account has: what a form of it carries."""
    return int(connection.execute(select(func.coalesce(func.max(_C.n), 0)).where(_C.user_id == user_id)).scalar_one())


def put(connection: Connection, one: AccountChange) -> None:
    """Keep a change; IntegrityError where another has taken its number meanwhile."""
    row = {**msgspec.structs.asdict(one), "before": _json(one.before), "after": _json(one.after)}
    connection.execute(insert(schema.account_changes).values(**row))


def changes_of(connection: Connection, user_id: str, after: int = 0, limit: int = 200) -> list[AccountChange]:
    """The changes of an account behind number ``after``, newest first."""
    query = select(*_CHANGE).where(_C.user_id == user_id, _C.n > after).order_by(_C.n.desc()).limit(limit)
    return [_change(row) for row in connection.execute(query)]


def let_in_by(connection: Connection, by: str, since: int) -> set[str]:
    """The accounts that one administrator has made, given a role, a password or no second factor of late."""
    kinds = ("add", "change", "enable", "reset", "reset_factor")
    where = and_(_C.by_id == by, _C.at > since, _C.what.in_(kinds))
    return set(connection.execute(select(_C.user_id).where(where)).scalars())


def put_wish(connection: Connection, one: AccountWish) -> None:
    """Keep a wish."""
    connection.execute(
        insert(schema.account_wishes).values(**{**msgspec.structs.asdict(one), "values": _json(one.values)})
    )


def wish(connection: Connection, wish_id: str, *, to_decide: bool = False) -> AccountWish | None:
    """A wish, decided or not; ``to_decide`` holds the row until the transaction ends."""
    query = select(*_WISH).where(_W.id == wish_id)
    row = connection.execute(query.with_for_update() if to_decide else query).first()
    return None if row is None else _wish(row)


def open_wishes(connection: Connection, now: int, user_id: str = "") -> list[AccountWish]:
    """The wishes that somebody may still decide, of one account or of all, the oldest first."""
    where = and_(_W.state == "open", _W.expires_at > now)
    if user_id:
        where = and_(where, _W.user_id == user_id)
    return [_wish(row) for row in connection.execute(select(*_WISH).where(where).order_by(_W.at, _W.id))]


def decide(connection: Connection, wish_id: str, state: str, by: str, now: int) -> None:
    """A wish is confirmed, declined or withdrawn."""
    connection.execute(
        update(schema.account_wishes).where(_W.id == wish_id).values(state=state, decided_by=by, decided_at=now)
    )


def _json(found: object) -> str:
    return msgspec.json.encode(found, order="sorted").decode()


def _change(row: Row[tuple[object, ...]]) -> AccountChange:
    found = dict(row._mapping)
    return AccountChange(**{**found, **{name: msgspec.json.decode(found[name]) for name in ("before", "after")}})


def _wish(row: Row[tuple[object, ...]]) -> AccountWish:
    found = dict(row._mapping)
    return AccountWish(**{**found, "values": msgspec.json.decode(found["values"])})
