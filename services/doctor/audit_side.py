"""The audit as it should be: its heads noted outside the database while rows come."""

from collections.abc import Iterator

from sqlalchemy import Connection

from services.audit import ACTIONS, ALARMING
from services.audit_heads import read_heads, store_name
from services.clock import parse_ms
from services.doctor.finding import Finding, note, ok, wrong
from services.settings import Settings
from services.store import audit as store

LATE_MS = 3_600_000
ALARMING_FOR_MS = 7 * 86_400_000


def audit_findings(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """Whether the newest head in the file is near the newest row; the chain itself is ``audit verify``'s."""
    rows = store.newest(connection, store.Wanted(), 1)
    if not rows:
        return
    for action in ALARMING:
        if n := store.count_of(connection, action, rows[0].at - ALARMING_FOR_MS):
            said = f"{n:,} times in the last week: {ACTIONS[action]}"
            yield note("audit", said, f"`lianqin audit list --action {action}`")
    file = settings.audit_heads_file
    noted = read_heads(file, store_name(settings.database)).newest
    if noted is None:
        yield note(
            "audit", f"no head of this store is noted in {file}",
            "Start the processes with the same LIANQIN_AUDIT_HEADS; without heads a tail that was cut off is not found",
        )  # fmt: skip
    elif rows[0].at > parse_ms(noted.noted_at) + LATE_MS:
        yield wrong(
            "audit", f"the newest head in {file} is of {noted.noted_at}, and rows have come for an hour since",
            "Make the file writable for the processes, and start the alarms process: it notes one every five minutes",
        )  # fmt: skip
    else:
        yield ok("audit", f"{rows[0].number:,} rows, the newest head noted at {noted.noted_at}")
