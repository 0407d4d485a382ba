"""Months out of the store into files and back: each step can be killed and called again.

A month is written (file first, then its row in ``archives``), later taken out, perhaps put back. What the store has
and the file has not is found before anything is taken out.
"""

import contextlib
import fcntl
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from services.district.package import District
from services.platform.clock import to_rfc3339
from services.platform.database import writing
from services.platform.whole_file import partial_of
from services.projector.archive import store as archives
from services.projector.archive.form import FORMAT, About, ArchiveFile, sha256_of, write_file
from services.projector.archive.month import ArchiveError, Month, month_of, need_over
from services.projector.archive.partitions_store import bounds_of, drop_month, is_lock_timeout, make_months
from services.projector.archive.store import Archive
from services.projector.store.read import Past
from services.projector.store.write import Writer

Say = Callable[[str], None]


class Entries:
    """The entries of a file as a set that takes 8 bytes for each."""

    def __init__(self, file: ArchiveFile) -> None:
        self._entries = file.entries()

    def __contains__(self, entry: object) -> bool:
        if not isinstance(entry, int):
            return False
        at = int(self._entries.searchsorted(entry))
        return at < len(self._entries) and int(self._entries[at]) == entry


class ArchiveDifference(NamedTuple):
    """Of the store's rows of a month: how many the file lacks (they came late), how many it has otherwise."""

    late: int
    other: int

    def __bool__(self) -> bool:
        return bool(self.late or self.other)


class ArchiveKeeper:
    """The archive of one store in one folder. One at a time: ``alone`` holds the folder's lock."""

    def __init__(
        self, engine: Engine, district: District, folder: Path, made_by: str, say: Say, *, window: int = archives.WINDOW
    ) -> None:
        """``window``: how many entries one transaction looks at."""
        self._engine, self._district, self._folder = engine, district, folder
        self._made_by, self._say, self._window = made_by, say, window

    def write(self, month: Month, now_ms: int, at_ms: int) -> Archive | None:
        """Write a month; None: it is archived as it stands. ``now_ms``: the district's clock, ``at_ms``: the machine's.

        A month that has changed since is written anew, from its file and the store. Raises ArchiveError.
        """
        need_over(month, now_ms, self._district.zone)
        known, old = self._known(month), None
        if known is not None:
            known, old = self._old(known)
            if old is not None:
                if not (found := self._compare(month, old)):
                    return None
                self._say(f"{month}: changed since it was archived ({_told(found)}): it is written anew")
        rows = _filled(merged(old.batches() if old else (), self._rows(month)))
        if rows is None:
            raise ArchiveError(f"{month}: nothing was received in that month: there is nothing to archive")
        path = self.path(month)
        about = About(
            FORMAT, self._district.code, self._district.zone.key, str(month), 0, 0, 0, "", to_rfc3339(at_ms),
            self._made_by, known.sha256 if known else "",
        )  # fmt: skip
        about, digest = write_file(path, rows, about)
        removing, removed = (known.removing_at, known.removed_at) if known else (None, None)
        archive = Archive(
            str(month), path.relative_to(self._folder).as_posix(), about.rows, digest, about.first_entry,
            about.last_entry, at_ms, removing, removed,
        )  # fmt: skip
        with writing(self._engine) as connection:
            archives.put_archive(connection, archive)
        return archive

    def remove(self, month: Month, at_ms: int) -> int:
        """Take out of the store what the month's file has and nobody needs here. Returns the rows taken out.

        In small transactions: killed, it goes on when it is called again. Raises ArchiveError before anything is
        deleted when there is no file, it is not as it was written, or it lacks a row that the store has.
        """
        archive, file = self._checked(month)
        if found := self._compare(month, file):
            raise ArchiveError(
                f"{month}: changed since it was archived ({_told(found)}); nothing was taken out: "
                f"`lianqin archive write --month {month}` first"
            )
        archive = archive._replace(removing_at=archive.removing_at or at_ms, removed_at=None)
        with writing(self._engine) as connection:
            archives.put_archive(connection, archive)
        known = Entries(file)
        if (done := self._remove_whole(month, known)) is None:
            done = self._remove_rows(month, known)
        with writing(self._engine) as connection:
            archives.put_archive(connection, archive._replace(removed_at=at_ms))
        return done

    def _remove_whole(self, month: Month, known: Container[int]) -> int | None:
        """Take a month's partition out as one; None where it has none, or it cannot be done so."""
        zone = self._district.zone
        if (bounds := bounds_of(self._engine, month, zone)) is None:
            return None
        window = (bounds.first - 1, bounds.until - 1)
        try:
            with writing(self._engine) as connection:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # a month's rows are looked at together
                Writer(connection).lock()
                done = archives.take_out_whole(
                    connection,
                    str(month),
                    month.span(zone),
                    window,
                    known=known,
                    drop=partial(drop_month, connection, month),
                )
        except DBAPIError as error:
            if not is_lock_timeout(error):
                raise
            self._say(f"{month}: somebody reads the history for long: its rows are taken out one by one")
            return None
        if done is not None:
            self._say(f"{month}: {done:,} rows taken out with their partition")
            with self._engine.connect() as connection:
                is_left = archives.has_some(connection, month.span(zone), archives.EVERYTHING)
            if is_left:  # of that month by our clock, of another by their ids
                done += self._remove_rows(month, known)
        return done

    def _remove_rows(self, month: Month, known: Container[int]) -> int:
        """Take a month's rows out, some at a time."""
        done, span = 0, month.span(self._district.zone)
        with self._engine.connect() as reading:
            for window in archives.windows(reading, self._window):
                if archives.has_some(reading, span, window):
                    with writing(self._engine) as connection:
                        Writer(connection).lock()
                        done += archives.take_out(connection, str(month), span, window, known)
                    self._say(f"{month}: {done:,} rows taken out so far")
        return done

    def restore(self, month: Month, at_ms: int) -> int:
        """Put the rows of a month's file back that the store lacks. Returns how many; done twice it is done once.

        A file that the store does not know (the store is another than the one that wrote it) is taken at its word when
        its rows are those that it says. Raises ArchiveError before anything is written.
        """
        archive, file = self._checked(month) if self._known(month) else self._introduced(month, at_ms)
        with writing(self._engine) as connection:
            archives.put_archive(
                connection, archive._replace(removing_at=archive.removing_at or at_ms, removed_at=None)
            )
        done = 0
        make_months(self._engine, self._district.zone, [month])
        for rows in file.batches():
            with writing(self._engine) as connection:
                Writer(connection).lock()
                done += len(archives.put_back(connection, rows, str(month)))
            self._say(f"{month}: {done:,} rows put back so far")
        with writing(self._engine) as connection:
            archives.put_archive(connection, archive._replace(removing_at=None, removed_at=None))
        return done

    def months(self, *, removable: bool = False) -> set[Month]:
        """The months of which the store has rows (``removable``: that may be taken out)."""
        with self._engine.connect() as connection:
            found = archives.quarters(connection, removable=removable)
        return {month_of(ms, self._district.zone) for ms in found}

    def path(self, month: Month) -> Path:
        """Where a month's file lies."""
        return self._folder / "history" / f"{month}.parquet"

    def told(self, archive: Archive) -> str:
        """In what state a month is, for a person; the file is looked for, not read."""
        state = "in the store too"
        if archive.removing_at is not None:
            state = "half removed: `lianqin archive remove` goes on, `restore` puts it back"
        if archive.removed_at is not None:
            state = f"removed from the store {to_rfc3339(archive.removed_at)}"
        path = self._folder / archive.file
        if not path.exists():
            state += f"; ITS FILE IS NOT THERE: {path}"
        if partial_of(path).exists():
            state += f"; beside it lies {partial_of(path).name}, half written and not used"
        size = f"{path.stat().st_size / 1e6:,.1f} MB" if path.exists() else "—"
        return f"{archive.month}  {archive.rows:>12,} rows  {size:>12}  sha256 {archive.sha256[:16]}…  {state}"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else works in the folder. A killed process holds nothing. Raises ArchiveError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ArchiveError(f"another `lianqin archive` is at work in {self._folder}: wait for it") from None
            yield

    def _known(self, month: Month) -> Archive | None:
        with self._engine.connect() as connection:
            return archives.one_archive(connection, str(month))

    def _checked(self, month: Month) -> tuple[Archive, ArchiveFile]:
        """The month's file, its SHA-256 as it was written down. Raises ArchiveError."""
        if (known := self._known(month)) is None:
            raise ArchiveError(f"{month} is not archived: `lianqin archive write --month {month}` first")
        return checked(self._engine, known, self._folder, self._district.code)

    def _old(self, known: Archive) -> tuple[Archive, ArchiveFile | None]:
        """The file to write anew from; None where it is spoilt and the store has everything."""
        try:
            return checked(self._engine, known, self._folder, self._district.code)
        except ArchiveError as error:
            if not known.is_whole:
                raise
            self._say(f"{error}; the store has the month whole: it is written anew")
            return known, None

    def _introduced(self, month: Month, at_ms: int) -> tuple[Archive, ArchiveFile]:
        file = ArchiveFile(self.path(month))
        _need_ours(file, str(month), self._district.code)
        file.check()
        a = file.about
        name = file.path.relative_to(self._folder).as_posix()
        digest = sha256_of(file.path)
        return Archive(str(month), name, a.rows, digest, a.first_entry, a.last_entry, at_ms, at_ms), file

    def _rows(self, month: Month) -> Iterator[list[Past]]:
        with self._engine.connect() as connection:
            yield from archives.rows_of(connection, month.span(self._district.zone), self._window)

    def _compare(self, month: Month, file: ArchiveFile) -> ArchiveDifference:
        return compare(file.batches(), self._rows(month))


def checked(engine: Engine, known: Archive, folder: Path, district: str) -> tuple[Archive, ArchiveFile]:
    """The file of a month as it was written down, and what is known of it. Raises ArchiveError.

    Killed between the file's new name and its row, a month has a file that the row does not know. It says whose place
    it took; where that is the one of the row and its rows are those that it says, it is the month's file from now on.
    """
    path = folder / known.file
    digest = sha256_of(path)
    if digest != known.sha256:
        damaged = ArchiveError(
            f"{path} is not as it was written: its SHA-256 is {digest[:16]}…, not {known.sha256[:16]}…: "
            "bring it back from a copy"
        )
        try:
            file = ArchiveFile(path)
            file.check()
        except ArchiveError:
            raise damaged from None
        if file.about.replaces != known.sha256:
            raise damaged
        a = file.about
        known = known._replace(sha256=digest, rows=a.rows, first_entry=a.first_entry, last_entry=a.last_entry)
        with writing(engine) as connection:
            archives.put_archive(connection, known)
    file = ArchiveFile(path)
    _need_ours(file, known.month, district)
    return known, file


def merged(one: Iterable[list[Past]], other: Iterable[list[Past]]) -> Iterator[list[Past]]:
    """Both in the order of their entries, each entry once; what ``other`` has stands."""
    others = chain.from_iterable(other)
    waiting = next(others, None)
    for rows in one:
        found: list[Past] = []
        for row in rows:
            while waiting is not None and waiting.entry < row.entry:
                found.append(waiting)
                waiting = next(others, None)
            if waiting is not None and waiting.entry == row.entry:
                found.append(waiting)
                waiting = next(others, None)
            else:
                found.append(row)
        yield found
    if waiting is not None:
        rest = chain([waiting], others)
        while some := list(islice(rest, archives.WINDOW)):
            yield some


def compare(file: Iterable[list[Past]], store: Iterable[list[Past]]) -> ArchiveDifference:
    """Hold the store's rows against the file's; both rise by entry. What the store lacks does not count."""
    late = other = 0
    rows = chain.from_iterable(file)
    of_file = next(rows, None)
    for row in chain.from_iterable(store):
        while of_file is not None and of_file.entry < row.entry:
            of_file = next(rows, None)
        if of_file is None or of_file.entry != row.entry:
            late += 1
        elif of_file != row:
            other += 1
    return ArchiveDifference(late, other)


def _need_ours(file: ArchiveFile, month: str, district: str) -> None:
    about = file.about
    if (about.district, about.month) != (district, month):
        raise ArchiveError(
            f"{file.path} is of district {about.district!r} and month {about.month}, not of {district!r} and {month}"
        )


def _filled(batches: Iterator[list[Past]]) -> Iterator[list[Past]] | None:
    """The same batches; None when there is none."""
    first = next(batches, None)
    return None if first is None else chain([first], batches)


def _told(found: ArchiveDifference) -> str:
    words = []
    if found.late:
        words.append(f"{found.late:,} rows came late")
    if found.other:
        words.append(f"{found.other:,} rows are other than in the file")
    return ", ".join(words)
