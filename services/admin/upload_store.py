"""What was uploaded and waits for its reason: one upload a person, for a day. In a given connection."""

import zlib
from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, delete, insert, select

from services.admin import tables as schema
from services.platform.clock import DAY_MS

KEPT_MS = DAY_MS
_U = schema.package_uploads.c


class KeptUpload(msgspec.Struct, frozen=True, kw_only=True):
    """One row: ``kind`` is a table's name or ``package``; ``seen`` the newest version of its files when it was read.

    ``is_whole``: files of the package that it has not go. ``said``: the file's name, as it was given. ``how``: as what
    it came. ``left_out``: files that are none of a package's. ``at`` in Unix milliseconds of the machine's clock.
    """

    id: str
    user_id: str
    at: int
    kind: str
    said: str
    how: str
    is_whole: bool
    seen: int
    left_out: list[str]


def put(connection: Connection, one: KeptUpload, files: Mapping[str, bytes]) -> None:
    """Keep it in place of the person's last one; what others have left for a day goes."""
    connection.execute(delete(schema.package_uploads).where((_U.user_id == one.user_id) | (_U.at < one.at - KEPT_MS)))
    row = msgspec.structs.asdict(one) | {
        "left_out": msgspec.json.encode(one.left_out).decode(),
        "files": zlib.compress(msgspec.msgpack.encode(dict(files)), 1),
    }
    connection.execute(insert(schema.package_uploads).values(row))


def of_person(connection: Connection, user_id: str, upload: str) -> tuple[KeptUpload, dict[str, bytes]] | None:
    """The person's upload of this id, and its files."""
    query = select(*(_U[name] for name in KeptUpload.__struct_fields__), _U.files)
    row = connection.execute(query.where(_U.user_id == user_id, _U.id == upload)).one_or_none()
    if row is None:
        return None
    values = {name: getattr(row, name) for name in KeptUpload.__struct_fields__}
    values |= {"left_out": msgspec.json.decode(row.left_out), "is_whole": bool(row.is_whole)}
    files = msgspec.msgpack.decode(zlib.decompress(bytes(row.files)), type=dict[str, bytes])
    return msgspec.convert(values, KeptUpload), files


def drop(connection: Connection, user_id: str) -> None:
    """Forget what the person has uploaded."""
    connection.execute(delete(schema.package_uploads).where(_U.user_id == user_id))
