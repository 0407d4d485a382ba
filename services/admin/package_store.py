"""Versions of the package in the store: written once, never changed."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, func, insert, select

from services.admin.changes import PackageVersion, hash_of
from services.district import tables as schema

_VERSION = [name for name in PackageVersion.__struct_fields__ if name != "hashes"]


def newest_number(connection: Connection) -> int:
    """The number of the newest version; 0: there is none."""
    return int(connection.execute(select(func.max(schema.package_versions.c.number))).scalar() or 0)


def versions(
    connection: Connection, *, files: Sequence[str] = (), numbers: Sequence[int] = (), about: str = "", limit: int = 200
) -> list[PackageVersion]:
    """Versions, newest first: of these files, with these numbers, about this."""
    c, f = schema.package_versions.c, schema.package_files.c
    query = select(*(c[name] for name in _VERSION)).order_by(c.number.desc()).limit(limit)
    if about:
        query = query.where(c.about == about)
    if numbers:
        query = query.where(c.number.in_(numbers))
    if files:
        query = query.where(c.number.in_(select(f.number).where(f.file.in_(files))))
    rows = connection.execute(query).all()
    hashes: dict[int, dict[str, tuple[str, str]]] = {}
    found = select(f.number, f.file, f.hash_before, f.hash_after).where(f.number.in_([row.number for row in rows]))
    for number, file, before, after in connection.execute(found):
        hashes.setdefault(number, {})[file] = before, after
    return [_version(dict(row._mapping), hashes.get(row.number, {})) for row in rows]


def contents(connection: Connection, number: int) -> dict[str, tuple[bytes | None, bytes | None]]:
    """Each file → (before, after) of a version."""
    f = schema.package_files.c
    rows = connection.execute(select(f.file, f.before, f.after).where(f.number == number))
    return {file: (_bytes(before), _bytes(after)) for file, before, after in rows}


def touching(connection: Connection, files: Iterable[str]) -> dict[str, int]:
    """Each file → the number of the newest version that changed it; 0: none."""
    f, asked = schema.package_files.c, list(files)
    query = select(f.file, func.max(f.number)).where(f.file.in_(asked)).group_by(f.file)
    return dict.fromkeys(asked, 0) | {row[0]: row[1] for row in connection.execute(query)}


def pending_after(connection: Connection, now: int) -> list[int]:
    """The moments, in order, at which versions come into force later."""
    c = schema.package_versions.c
    query = select(c.effective_at).where(c.effective_at > now).distinct().order_by(c.effective_at)
    return [row[0] for row in connection.execute(query)]


def add(
    connection: Connection, version: PackageVersion, files: Mapping[str, tuple[bytes | None, bytes | None]]
) -> None:
    """Write one down with its files: file → (before, after)."""
    row = {name: getattr(version, name) for name in _VERSION}
    row["changes"] = msgspec.json.encode(version.changes).decode()
    connection.execute(insert(schema.package_versions).values(row))
    for file, (before, after) in files.items():
        connection.execute(
            insert(schema.package_files).values(
                number=version.number,
                file=file,
                before=before,
                after=after,
                hash_before=hash_of(before),
                hash_after=hash_of(after),
            )
        )


def _version(row: Mapping[str, object], hashes: dict[str, tuple[str, str]]) -> PackageVersion:
    values = {name: row[name] for name in _VERSION}
    values |= {"changes": msgspec.json.decode(str(row["changes"])), "hashes": hashes}
    return msgspec.convert(values, PackageVersion)


def _bytes(found: object) -> bytes | None:
    return None if found is None else bytes(found)  # type: ignore[call-overload]  # a driver's buffer
