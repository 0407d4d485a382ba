"""The audit as it should be: its heads noted outside the database while rows come."""

from collections.abc import Iterator

from sqlalchemy import Connection

from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.audit import ACTIONS, ALARMING
from services.audit import log_service as store
from services.audit.heads_store import read_heads, store_name
from services.platform.clock import DAY_MS, HOUR_MS, machine_ms, parse_ms
from services.platform.settings import Settings

LATE_MS = HOUR_MS
ALARMING_FOR_MS = 7 * DAY_MS


def audit_findings(settings: Settings, connection: Connection) -> Iterator[DoctorFinding]:
    """Whether the newest head in the file is near the newest row; the chain itself is ``audit verify``'s."""
    if n := store.beyond(connection):
        yield wrong(
            "audit",
            f"{n:,} rows stand near the end of the numbers: none of our processes has written them",
            "`lianqin audit verify` names them; find out who can write to the database (docs/audit.md)",
            code="audit_beyond",
            n=n,
        )
    last = store.last_row(connection)
    if last is None:
        return
    # A row of a time that is still to come must not hide those of the week.
    week_ago = min(last.at, machine_ms()) - ALARMING_FOR_MS
    for action in ALARMING:
        if n := store.count_of(connection, action, week_ago):
            said = f"{n:,} times in the last week: {ACTIONS[action]}"
            yield note("audit", said, f"`lianqin audit list --action {action}`", "audit_alarming", action=action, n=n)
    file = settings.audit_heads_file
    noted = read_heads(file, store_name(settings.database)).newest
    if noted is None:
        yield note(
            "audit",
            f"no head of this store is noted in {file}",
            "Start the processes with the same LIANQIN_AUDIT_HEADS; without heads a tail that was cut off is not found",
            code="audit_no_head",
        )
    elif last.at > parse_ms(noted.noted_at) + LATE_MS:
        yield wrong(
            "audit",
            f"the newest head in {file} is of {noted.noted_at}, and rows have come for an hour since",
            "Make the file writable for the processes, and start the alarms process: it notes one every five minutes",
            code="audit_head_old",
            at=parse_ms(noted.noted_at),
        )
    else:
        yield ok(
            "audit",
            f"{last.number:,} rows, the newest head noted at {noted.noted_at}",
            "audit_well",
            n=last.number,
            at=parse_ms(noted.noted_at),
        )
