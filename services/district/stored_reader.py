"""What was changed in the browser, as the store keeps it: whole files that lie over those of the package's folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from services.district import tables as schema


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """The files that lie over the folder's: name → bytes; None: the file is not there.

    ``mark`` counts the versions in force: it moves when another one is saved or its time comes.
    """

    mark: int = 0
    files: Mapping[str, bytes | None] = field(default_factory=dict)


def stored_mark(connection: Connection, now: int) -> int:
    """How many stored versions are in force at ``now`` (Unix milliseconds of the district's clock)."""
    c = schema.package_versions.c
    return int(connection.execute(select(func.count()).where(c.effective_at <= now)).scalar() or 0)


def stored_files(connection: Connection, now: int | None) -> StoredFiles:
    """The newest version of every file, of those in force at ``now``; None: also what comes into force later."""
    version, file = schema.package_versions.c, schema.package_files.c
    newest = select(file.file, func.max(file.number).label("number")).group_by(file.file)
    if now is not None:
        in_force = select(version.number).where(version.effective_at <= now)
        newest = newest.where(file.number.in_(in_force))
    found = newest.subquery()
    rows = connection.execute(
        select(file.file, file.after).join(found, (file.file == found.c.file) & (file.number == found.c.number))
    )
    files = {name: None if after is None else bytes(after) for name, after in rows}
    return StoredFiles(0 if now is None else stored_mark(connection, now), files)
