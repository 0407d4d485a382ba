"""``lianqin archive …``: write months, take them out, put them back, list them, keep it all up. Lines for a person."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from services.audit import Deed
from services.audit.service import local_who, open_log
from services.district.doors import district_clock
from services.district.load import load
from services.district.package import District
from services.platform.clock import SystemClock, machine_ms
from services.platform.database import open_engine, writing
from services.platform.migrate import upgrade
from services.platform.redis import open_redis
from services.platform.settings import Settings
from services.platform.version import our_version
from services.projector.archive.month import ArchiveError, Month, month_of, parse_month
from services.projector.archive.service import ArchiveKeeper, Say
from services.projector.archive.store import Archive, all_archives
from services.projector.store.write import open_feed


class Archiving:
    """One errand on a district's archive: its doors, and the audit that is told of it."""

    def __init__(self, settings: Settings, engine: Engine, district: District, folder: Path, say: Say) -> None:
        self.settings, self.engine, self.district, self.say = settings, engine, district, say
        self.keeper = ArchiveKeeper(engine, district, folder, f"lianqin {our_version()}", say)

    def now_ms(self) -> int:
        """The district's clock: virtual in a demo or a replay."""
        if not self.settings.redis_url:
            return SystemClock().now_ms()
        with open_redis(self.settings, self.district.code) as client:
            return district_clock(self.settings, client, self.district.code).now_ms()

    def archives(self) -> list[Archive]:
        """What is archived."""
        with self.engine.connect() as connection:
            return all_archives(connection)

    def write(self, month: Month, now_ms: int) -> str:
        """Write one month."""
        found = self.keeper.write(month, now_ms, machine_ms())
        if found is None:
            return f"{month}: archived already, nothing has changed"
        self._record("export", month, file=found.file, rows=found.rows, sha256=found.sha256)
        return f"{month}: {found.rows:,} rows in {self.keeper.path(month)}"

    def remove(self, month: Month) -> str:
        """Take one month out of the store."""
        done = self.keeper.remove(month, machine_ms())
        self._record("history_removed", month, rows=done)
        return f"{month}: {done:,} rows taken out of the store; those of open cases and newest states stay"

    def restore(self, month: Month) -> str:
        """Put one month back."""
        done = self.keeper.restore(month, machine_ms())
        self._record("history_restored", month, rows=done)
        return f"{month}: {done:,} rows put back into the store"

    def _record(self, action: str, month: Month, **detail: object) -> None:
        deed = Deed(action, f"history {month}", detail)
        open_log(self.engine, self.settings).append_many(machine_ms(), local_who(), [deed])


def write_months(settings: Settings, month: str, before: str, folder: Path | None, say: Say) -> list[str]:
    """Write ``month``, or every whole month before ``before``. Raises ArchiveError."""
    asked = parse_month(month or before)
    with _open(settings, folder, say) as errand:
        now_ms = errand.now_ms()
        if month:
            return [errand.write(asked, now_ms)]
        present = month_of(now_ms, errand.district.zone)
        if asked > present:
            raise ArchiveError(f"--before {asked}: {present} is not over; the latest is --before {present}")
        wanted = sorted(found for found in errand.keeper.months() if found < asked)
        if not wanted:
            raise ArchiveError(f"--before {asked}: nothing was received before {asked}: there is nothing to archive")
        return _each(wanted, lambda found: errand.write(found, now_ms))


def remove_month(settings: Settings, month: str, folder: Path | None, say: Say) -> list[str]:
    """Take a month's history out of the store. Raises ArchiveError."""
    asked = parse_month(month)
    with _open(settings, folder, say) as errand:
        return [errand.remove(asked)]


def restore_month(settings: Settings, month: str, folder: Path | None, say: Say) -> list[str]:
    """Put a month's history back. Raises ArchiveError."""
    asked = parse_month(month)
    with _open(settings, folder, say) as errand:
        return [errand.restore(asked)]


def list_months(settings: Settings, folder: Path | None) -> list[str]:
    """A line for each archived month, and one for what is not archived."""
    with _open(settings, folder, _quiet, alone=False) as errand:
        found = errand.archives()
        lines = [errand.keeper.told(archive) for archive in found]
        present = month_of(errand.now_ms(), errand.district.zone)
        over = {month for month in errand.keeper.months() if month < present}
        if left := sorted(over - {parse_month(archive.month) for archive in found}):
            lines.append(f"over and not archived: {', '.join(map(str, left))}")
        return lines or ["nothing is archived, and no month is over"]


def keep_up(settings: Settings, folder: Path | None, say: Say) -> list[str]:
    """Write every whole month that has no file; take out those older than ``LIANQIN_HISTORY_MONTHS``.

    Meant for a timer: a month that cannot be kept up does not hold up the others. Raises ArchiveError at the end.
    """
    with _open(settings, folder, say) as errand:
        now_ms = errand.now_ms()
        present = month_of(now_ms, errand.district.zone)
        known = {parse_month(archive.month): archive for archive in errand.archives()}
        new = sorted(month for month in errand.keeper.months() if month < present and month not in known)
        lines = _each(new, lambda month: errand.write(month, now_ms), say)
        if settings.history_months:
            oldest_kept = present.plus(-settings.history_months)
            some = errand.keeper.months(removable=True)
            begun = {month for month, archive in known.items() if archive.removing_at and not archive.removed_at}
            old = sorted(month for month in (some | begun) if month < oldest_kept)

            def move_out(month: Month) -> str:
                said = errand.write(month, now_ms)  # what came late goes into the file first
                say(said)
                return errand.remove(month)

            lines += _each(old, move_out, say)
        return lines or ["the archive is kept up: nothing to do"]


def _each(months: list[Month], do: Callable[[Month], str], say: Say | None = None) -> list[str]:
    """Do it for each month; what went wrong is said at the end."""
    lines, wrong = [], []
    for month in months:
        try:
            lines.append(do(month))
        except ArchiveError as error:
            wrong.append(str(error))
    if wrong:
        for line in lines:
            (say or _quiet)(line)
        raise ArchiveError("; ".join(wrong))
    return lines


@contextmanager
def _open(settings: Settings, folder: Path | None, say: Say, *, alone: bool = True) -> Iterator[Archiving]:
    district = load(settings.district_dir)
    engine = open_engine(settings.database)
    try:
        upgrade(engine)
        with writing(engine) as connection:
            open_feed(connection, district.code)
        errand = Archiving(settings, engine, district, folder or settings.archive_dir, say)
        if not alone:
            yield errand
            return
        with errand.keeper.alone():
            yield errand
    finally:
        engine.dispose()


def _quiet(_text: str) -> None:
    pass
