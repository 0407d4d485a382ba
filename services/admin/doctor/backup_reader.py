"""Whether there is a backup, and how old the last one is."""

from collections.abc import Iterator

from sqlalchemy import Connection

from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.backup.age_reader import last_backup
from services.platform.clock import HOUR_MS, machine_ms, to_rfc3339
from services.platform.settings import Settings

REMEDY = "`lianqin backup DIR`, by a timer every night; see that its last run went well"


def backup_findings(settings: Settings, connection: Connection) -> Iterator[DoctorFinding]:
    """The age is wrong where the settings say how old it may be, and it is older; else it is said."""
    last, limit = last_backup(connection), settings.backup_hours
    word = wrong if limit else note
    if last.at is None:
        since = f" since {to_rfc3339(last.looked_since)} at least" if last.looked_since else ""
        yield word("backup", f"none was made by `lianqin backup`{since}", REMEDY, "backup_none", at=last.looked_since)
        return
    hours = max(machine_ms() - last.at, 0) // HOUR_MS
    ago = f"{hours:,} h ago" if hours else "less than an hour ago"
    said, values = f"the last one was made {to_rfc3339(last.at)}, {ago}", {"at": last.at, "hours": hours}
    if limit and hours >= limit:
        yield wrong("backup", f"{said}; LIANQIN_BACKUP_HOURS={limit}", REMEDY, "backup_old", limit=limit, **values)
    else:
        yield ok("backup", said, "backup_well" if hours else "backup_fresh", **values)
