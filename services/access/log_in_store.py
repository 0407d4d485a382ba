"""What a log-in remembers beside the account: wrong tries by place, known devices, recovery codes. Plain SQL."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.access import tables as schema
from services.platform.database import is_postgres

_T, _D, _R = schema.log_in_tries.c, schema.known_devices.c, schema.recovery_codes.c


class Tried(NamedTuple):
    """How often one place was wrong about one account since ``since``, and until when it waits (Unix ms)."""

    failures: int = 0
    since: int = 0
    locked_until: int = 0


def tried(connection: Connection, user_id: str, place: str) -> Tried:
    """The wrong tries of one place."""
    where = and_(_T.user_id == user_id, _T.place == place)
    row = connection.execute(select(_T.failures, _T.since, _T.locked_until).where(where)).first()
    return Tried(*row) if row else Tried()


def count_failures(connection: Connection, user_id: str, prefix: str, after: int, until: int) -> int:
    """The wrong tries since ``after``, up to ``until``, of all places whose name begins so."""
    where = and_(
        _T.user_id == user_id, _T.place.startswith(prefix, autoescape=True), _T.since.between(after + 1, until)
    )
    return int(connection.execute(select(func.coalesce(func.sum(_T.failures), 0)).where(where)).scalar_one())


def add_failure(connection: Connection, user_id: str, place: str, now: int, span: int) -> int:
    """Count one more wrong try; how many there are. Those of longer than ``span`` ago are forgotten.

    Those of as long ahead too: the clock was.
    """
    dialect = postgresql if is_postgres(connection) else sqlite
    is_old = or_(_T.since <= now - span, _T.since > now + span)
    put = dialect.insert(schema.log_in_tries).values(
        user_id=user_id, place=place, failures=1, since=now, locked_until=0
    )
    put = put.on_conflict_do_update(
        index_elements=["user_id", "place"],
        set_={
            "failures": case((is_old, 1), else_=_T.failures + 1),
            "since": case((is_old, now), else_=_T.since),
        },
    ).returning(_T.failures)
    return int(connection.execute(put).scalar_one())


def lock_place(connection: Connection, user_id: str, place: str, until: int) -> None:
    """Let a place wait."""
    where = and_(_T.user_id == user_id, _T.place == place)
    connection.execute(update(schema.log_in_tries).where(where).values(locked_until=until))


def forget_tries(connection: Connection, user_id: str, places: Iterable[str] | None = None) -> None:
    """Forget the wrong tries of these places, or of all."""
    where = _T.user_id == user_id if places is None else and_(_T.user_id == user_id, _T.place.in_(list(places)))
    connection.execute(delete(schema.log_in_tries).where(where))


def forget_old_tries(connection: Connection, before: int, now: int) -> None:
    """Forget what nobody asks for any more, so that typed nonsense does not fill the table."""
    connection.execute(delete(schema.log_in_tries).where(_T.since < before, _T.locked_until < now))


def locked_accounts(connection: Connection, now: int) -> set[str]:
    """The accounts that wait somewhere."""
    return set(connection.execute(select(_T.user_id).where(_T.locked_until > now)).scalars())


def is_known_device(connection: Connection, device: str, user_id: str, after: int) -> bool:
    """Whether this person has logged in on this device since ``after``."""
    where = and_(_D.device == device, _D.user_id == user_id, _D.seen_at > after)
    return connection.execute(select(_D.device).where(where)).first() is not None


def remember_device(connection: Connection, device: str, user_id: str, now: int) -> None:
    """Keep that a person has logged in on a device."""
    dialect = postgresql if is_postgres(connection) else sqlite
    put = dialect.insert(schema.known_devices).values(device=device, user_id=user_id, seen_at=now)
    connection.execute(put.on_conflict_do_update(index_elements=["device", "user_id"], set_={"seen_at": now}))


def forget_devices(connection: Connection, user_id: str) -> None:
    """No device is known for this person any more."""
    connection.execute(delete(schema.known_devices).where(_D.user_id == user_id))


def put_recovery_codes(connection: Connection, user_id: str, hashes: Iterable[str]) -> None:
    """These codes take the place of the ones before; none: they are all gone."""
    connection.execute(delete(schema.recovery_codes).where(_R.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": one} for one in hashes]
    if rows:
        connection.execute(insert(schema.recovery_codes), rows)


def use_recovery_code(connection: Connection, user_id: str, code_hash: str, now: int) -> bool:
    """Use a code up; whether there was one."""
    where = and_(_R.user_id == user_id, _R.code_hash == code_hash, _R.used_at.is_(None))
    return connection.execute(update(schema.recovery_codes).where(where).values(used_at=now)).rowcount > 0


def count_recovery_codes(connection: Connection, user_id: str) -> int:
    """How many are left."""
    where = and_(_R.user_id == user_id, _R.used_at.is_(None))
    return int(connection.execute(select(func.count()).where(where)).scalar_one())
