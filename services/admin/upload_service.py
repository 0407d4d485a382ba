"""An upload at /admin: read, checked with everything in force, kept for its reason, and then saved as a version.

Between the two nothing of it is in force. Whoever has changed the same files meanwhile is told, as on every form.
"""

import secrets
import tomllib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy import Engine

from services.admin import upload_store as store
from services.admin.changes import PART_OF, Author, PackageChange
from services.admin.differences import Difference, differences
from services.admin.package_service import PackageKeeper
from services.admin.upload import PACKAGE_FILES, UploadedPackage, UploadRefused
from services.admin.upload_store import KeptUpload
from services.platform.clock import machine_ms
from services.platform.database import writing
from services.platform.offload import Offload, directly

PACKAGE = "package"
HEAD = "district.toml"
# What stands for the reason while it is only looked at.
_LOOKED_AT = "—" * 2


class FileDifference(NamedTuple):
    """What an upload changes in one file. ``fate``: ``new``, ``gone``, ``changed``."""

    file: str
    fate: str
    lines: list[Difference]


class Uploads:
    """The uploads of one district, by its code. Blocking work goes through ``offload``."""

    def __init__(self, engine: Engine, keeper: PackageKeeper, code: str, offload: Offload = directly) -> None:
        self._engine, self._keeper, self._code, self._offload = engine, keeper, code, offload

    def keep(
        self, author: Author, kind: str, said: str, read: Callable[[], tuple[UploadedPackage, str]], *, is_whole: bool
    ) -> KeptUpload:
        """Read an upload, check it as it would be in force, keep it; returns it. ``read`` runs away from the loop.

        Raises UploadRefused, FileFault, PackageError with every fault, ChangeRefused (same).
        """
        found, how = self._offload(read)
        if kind == PACKAGE:
            _check_district(found.files, self._code)
        names = self._names(found.files, is_whole=is_whole)
        present = self._keeper.present(*names)
        seen = max((one.number for one in present.values()), default=0)
        one = KeptUpload(
            id=secrets.token_hex(8), user_id=author.user_id, at=machine_ms(), kind=kind, said=said, how=how,
            is_whole=is_whole, seen=seen, left_out=found.left_out,
        )  # fmt: skip
        self._keeper.look(author, self._change(one, found.files, _LOOKED_AT, 0))

        def work() -> None:
            with writing(self._engine) as connection:
                store.put(connection, one, found.files)

        self._offload(work)
        return one

    def kept(self, author: Author, upload: str) -> tuple[KeptUpload, list[FileDifference], Mapping[str, bytes]]:
        """An upload of this person that waits, what it changes now, and its files. Raises UploadRefused (gone)."""
        one, files = self._of(author, upload)
        change = self._change(one, files, _LOOKED_AT, 0)
        present = self._keeper.present(*change.files)

        def work() -> list[FileDifference]:
            return [
                FileDifference(
                    file, _fate(present[file].newest, content), differences(file, present[file].newest, content)
                )
                for file, content in sorted(change.files.items())
                if content != present[file].newest
            ]

        return one, self._offload(work), files

    def save(self, author: Author, upload: str, reason: str, from_ms: int = 0) -> PackageChange:
        """The change that the upload is, to be saved by whoever writes the audit. Raises UploadRefused (gone)."""
        one, files = self._of(author, upload)
        return self._change(one, files, reason, from_ms)

    def drop(self, author: Author) -> None:
        """Forget what the person has uploaded."""

        def work() -> None:
            with writing(self._engine) as connection:
                store.drop(connection, author.user_id)

        self._offload(work)

    def _of(self, author: Author, upload: str) -> tuple[KeptUpload, dict[str, bytes]]:
        def work() -> tuple[KeptUpload, dict[str, bytes]] | None:
            with self._engine.connect() as connection:
                return store.of_person(connection, author.user_id, upload)

        found = self._offload(work)
        if found is None:
            raise UploadRefused("gone")
        return found

    def _names(self, files: Mapping[str, bytes], *, is_whole: bool) -> tuple[str, ...]:
        return PACKAGE_FILES if is_whole else tuple(files)

    def _change(self, one: KeptUpload, files: Mapping[str, bytes], reason: str, from_ms: int) -> PackageChange:
        wanted: dict[str, bytes | None] = {**dict.fromkeys(self._names(files, is_whole=one.is_whole)), **files}
        part = PACKAGE if one.kind == PACKAGE else PART_OF[f"{one.kind}.csv"]
        return PackageChange(part, "", wanted, reason, one.seen, from_ms)


def _fate(before: bytes | None, after: bytes | None) -> str:
    return "new" if before is None else "gone" if after is None else "changed"


def _check_district(files: Mapping[str, bytes], code: str) -> None:
    """Refuse the package of another district, and one that does not say whose it is."""
    if HEAD not in files:
        raise UploadRefused("no_head")
    try:
        there = str(tomllib.loads(files[HEAD].decode("utf-8-sig")).get("code", ""))
    except (ValueError, RecursionError):
        return  # the check names the line
    if there and there != code:
        raise UploadRefused("other_district", there=there[:64], here=code)
