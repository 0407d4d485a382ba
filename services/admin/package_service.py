"""Change the package in the browser or by a command: checked as `lianqin district check` does, kept whole, taken back.

A version is never changed and never goes: what takes one back is a version too. Processes follow by PackageWatch.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine

from services.admin import package_store as store
from services.admin.changes import Act, Author, ChangeRefused, PackageChange, PackageVersion, PresentFile, hash_of
from services.admin.differences import Difference, differences
from services.admin.line_merge import MergeConflict, without
from services.admin.loading_service import shadowed_files
from services.district.load import load
from services.district.package import District
from services.district.stored_reader import StoredFiles, stored_files
from services.platform.database import reading, writing
from services.platform.offload import Offload, directly

TRIES = 3
LEAST_REASON, LONGEST_REASON = 2, 500
Contents = Mapping[str, bytes | None]


class PackageKeeper:
    """The package of ``folder`` with what the store keeps over it. Blocking work goes through ``offload``."""

    def __init__(self, engine: Engine, folder: Path, now_ms: Callable[[], int], offload: Offload = directly) -> None:
        self._engine, self._folder, self._now_ms, self._offload = engine, folder, now_ms, offload

    def present(self, *files: str) -> dict[str, PresentFile]:
        """These files as they are in force now, as they will be, and what is still to come of each."""

        def work() -> dict[str, PresentFile]:
            with reading(self._engine) as connection:
                return {file: self._present(connection, file, self._now_ms()) for file in files}

        return self._offload(work)

    def history(self, files: Sequence[str] = (), about: str = "", limit: int = 200) -> list[PackageVersion]:
        """Versions that changed one of these files, newest first; without files all."""

        def work() -> list[PackageVersion]:
            with self._engine.connect() as connection:
                return store.versions(connection, files=files, about=about, limit=limit)

        return self._offload(work)

    def newest(self, files: Collection[str]) -> dict[str, int]:
        """Each file → the number of the newest version that changed it; 0: none."""

        def work() -> dict[str, int]:
            with self._engine.connect() as connection:
                return store.touching(connection, files)

        return self._offload(work)

    def shadowed(self) -> list[str]:
        """The folder's files that were replaced by hand and do not count."""
        return self._offload(lambda: shadowed_files(self._engine, self._folder))

    def whole(self) -> District:
        """The package as it is in force now, read anew. Raises PackageError."""

        def work() -> District:
            with self._engine.connect() as connection:
                stored = stored_files(connection, self._now_ms())
            return load(self._folder, stored)

        return self._offload(work)

    def version(self, number: int) -> tuple[PackageVersion, dict[str, tuple[bytes | None, bytes | None]]]:
        """A version, and its files before and after. Raises ChangeRefused (unknown)."""

        def work() -> tuple[PackageVersion, dict[str, tuple[bytes | None, bytes | None]]]:
            with self._engine.connect() as connection:
                return self._version(connection, number), store.contents(connection, number)

        return self._offload(work)

    def look(self, author: Author, change: PackageChange) -> None:
        """Check a change as ``save`` does, and keep nothing. Raises what it raises."""
        self._offload(lambda: self._checked(author, "change", None, lambda _connection: change))

    def save(self, author: Author, change: PackageChange, act: Act = "change") -> PackageVersion:
        """Check and keep a change. Raises PackageError with every fault, ChangeRefused (stale, same, reason)."""
        return self._offload(lambda: self._tried(author, act, None, lambda _connection: change))

    def undo(self, author: Author, number: int, reason: str, seen: int | None = None) -> PackageVersion:
        """Take one change back and leave those that followed it. Raises ChangeRefused (conflict, stale, …)."""

        def asked(connection: Connection) -> PackageChange:
            version, found = self._version(connection, number), store.contents(connection, number)
            newest = {file: self._present(connection, file, self._now_ms()) for file in found}
            later = max((newest[file].number for file in found), default=number)
            files = {}
            for file, (before, after) in found.items():
                try:
                    files[file] = _without(after, before, newest[file].newest)
                except MergeConflict:
                    raise ChangeRefused("conflict", self._version(connection, later)) from None
            return self._backwards(version, files, reason, later if seen is None else seen)

        return self._offload(lambda: self._tried(author, "undo", number, asked))

    def back_before(self, author: Author, number: int, reason: str, seen: int | None = None) -> PackageVersion:
        """Make the version's files again what they were before it, byte for byte: later changes of them go too."""

        def asked(connection: Connection) -> PackageChange:
            version, found = self._version(connection, number), store.contents(connection, number)
            later = max(store.touching(connection, found).values(), default=number)
            files = {file: before for file, (before, _after) in found.items()}
            return self._backwards(version, files, reason, later if seen is None else seen)

        return self._offload(lambda: self._tried(author, "back", number, asked))

    def _tried(
        self, author: Author, act: Act, undoes: int | None, asked: Callable[[Connection], PackageChange]
    ) -> PackageVersion:
        """Check outside of the write transaction; begin again where another version has come meanwhile."""
        for _ in range(TRIES):
            base, made, files = self._checked(author, act, undoes, asked)
            with writing(self._engine) as connection:
                if store.newest_number(connection) == base:
                    store.add(connection, made, files)
                    return made
        raise ChangeRefused("stale")

    def _checked(
        self, author: Author, act: Act, undoes: int | None, asked: Callable[[Connection], PackageChange]
    ) -> tuple[int, PackageVersion, dict[str, tuple[bytes | None, bytes | None]]]:
        """The newest version's number, the one that would follow it, and its files before and after."""
        with reading(self._engine) as connection:
            now = self._now_ms()
            base = store.newest_number(connection)
            change = asked(connection)
            version, files = self._made(connection, author, change, now, act=act, undoes=undoes)
            stages = self._stages(connection, version, change.files, now)
        for stage in stages:
            digest = load(self._folder, stage).digest
        return base, msgspec.structs.replace(version, number=base + 1, digest=digest), files

    def _made(
        self, connection: Connection, author: Author, change: PackageChange, now: int, *, act: Act, undoes: int | None
    ) -> tuple[PackageVersion, dict[str, tuple[bytes | None, bytes | None]]]:
        if not LEAST_REASON <= len(change.reason.strip()) <= LONGEST_REASON:
            raise ChangeRefused("reason")
        present = {file: self._present(connection, file, now) for file in change.files}
        newest = max(one.number for one in present.values())
        if newest != change.seen:
            raise ChangeRefused("stale", self._version(connection, newest))
        files = {
            file: (present[file].newest, content)
            for file, content in change.files.items()
            if content != present[file].newest
        }
        if not files:
            raise ChangeRefused("same")
        # What builds on a change that is still to come cannot hold before it.
        later = [
            one.effective_at
            for file in files
            for one in present[file].pending
            if not (act == "undo" and one.number == undoes)
            and not (act == "back" and undoes is not None and one.number >= undoes)
        ]
        version = PackageVersion(
            number=newest + 1, at=now, effective_at=max(now, change.from_ms, *later), who=author.user_id,
            name=author.name, reason=change.reason.strip(), act=act, undoes=undoes, part=change.part,
            about=change.about, digest="",
            changes=[one for file, both in sorted(files.items()) for one in _changes(change.part, file, both)],
            hashes={file: (hash_of(before), hash_of(after)) for file, (before, after) in files.items()},
        )  # fmt: skip
        return version, files

    def _stages(self, connection: Connection, version: PackageVersion, files: Contents, now: int) -> list[StoredFiles]:
        """What lies over the folder's files from each moment on at which something comes into force."""
        moments = sorted({now, version.effective_at, *store.pending_after(connection, now)})
        found = []
        for at in moments:
            stored = dict(stored_files(connection, at).files)
            if at >= version.effective_at:
                stored |= files
                found.append(StoredFiles(0, stored))
        return found

    def _present(self, connection: Connection, file: str, now: int) -> PresentFile:
        in_force, newest = stored_files(connection, now).files, stored_files(connection, None).files
        path = self._folder / file
        own = path.read_bytes() if path.is_file() else None
        rows = store.versions(connection, files=[file])
        reached = max((row.number for row in rows if row.effective_at <= now), default=0)
        return PresentFile(
            in_force.get(file, own),
            newest.get(file, own),
            rows[0].number if rows else 0,
            tuple(row for row in rows if row.number > reached),
        )

    def _version(self, connection: Connection, number: int) -> PackageVersion:
        if not (found := store.versions(connection, numbers=[number])):
            raise ChangeRefused("unknown")
        return found[0]

    def _backwards(self, version: PackageVersion, files: Contents, reason: str, seen: int) -> PackageChange:
        return PackageChange(version.part, version.about, files, reason, seen)


def _changes(part: str, file: str, both: tuple[bytes | None, bytes | None]) -> list[Difference]:
    """What differs; of a package, which has many files, each with its file before it."""
    found = differences(file, *both)
    return [(f"{file}: {what}", before, after) for what, before, after in found] if part == "package" else found


def _without(after: bytes | None, before: bytes | None, present: bytes | None) -> bytes | None:
    """``present`` with a change taken out; a file that came or went is there or not, nothing between."""
    if present == after:
        return before
    if after is None or before is None or present is None:
        raise MergeConflict
    return without(after, before, present)
