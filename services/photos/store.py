"""Photos in the store: what an address gave, by content, and why it gave nothing."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from services.photos.made import MadePhoto
from services.photos.tables import photo_tries, photos
from services.platform.database import is_postgres

_P, _T = photos.c, photo_tries.c


class PhotoTry(NamedTuple):
    """What came of the last try; ``photo`` is None where it gave nothing or what it gave is no longer kept."""

    photo: bytes | None
    fault: str
    at: int


class PhotoCounts(NamedTuple):
    """How many photos are kept and how many addresses gave nothing."""

    kept: int
    failed: int


def tried(connection: Connection, address: str, *, is_small: bool) -> PhotoTry | None:
    """The last try of an address; None where there was none."""
    wanted = _P.small if is_small else _P.photo
    joined = photo_tries.outerjoin(photos, _T.hash == _P.hash)
    row = connection.execute(select(wanted, _T.fault, _T.at).select_from(joined).where(_T.address == address)).first()
    return None if row is None else PhotoTry(row[0], row[1], row[2])


def keep(connection: Connection, address: str, hash_: str, made: MadePhoto, now: int) -> None:
    """Keep a photo; the same picture from two addresses is kept once, and as long as from now on."""
    connection.execute(delete(photos).where(_P.hash == hash_))
    connection.execute(insert(photos).values(hash=hash_, **made._asdict(), kept_at=now))
    _note(connection, address, hash_, "", now)


def keep_fault(connection: Connection, address: str, fault: str, now: int) -> None:
    """Remember why an address gave nothing, so that not every look asks it again."""
    _note(connection, address, "", fault, now)


def take_turn(connection: Connection) -> None:
    """One writer of photos at a time: two looks at one photo keep it once. SQLite has one writer anyway."""
    if is_postgres(connection):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7165170021)")


def counts(connection: Connection) -> PhotoCounts:
    """How many are kept, and how many addresses gave nothing."""
    kept = connection.execute(select(func.count()).select_from(photos)).scalar_one()
    failed = connection.execute(select(func.count()).select_from(photo_tries).where(_T.fault != "")).scalar_one()
    return PhotoCounts(kept, failed)


def _note(connection: Connection, address: str, hash_: str, fault: str, now: int) -> None:
    connection.execute(delete(photo_tries).where(_T.address == address))
    connection.execute(insert(photo_tries).values(address=address, hash=hash_, fault=fault, at=now))
