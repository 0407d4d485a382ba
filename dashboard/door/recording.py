"""What people do is written on the audit log as it happens.

What leaves (a command, a revealed field, a file) is written down first: what cannot be written down does not leave.
What is kept here with its own who and when (an alarm taken, an entry, a signature, a report) follows just after.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flask

from services.access.rights import RIGHTS, Person
from services.audit import Deed, Who
from services.audit.log_service import AuditLog
from services.contract.personal import mask_text
from services.platform.clock import MINUTE_MS, machine_ms

# One panel that is opened again within this time is one look.
LOOK_MS = 10 * MINUTE_MS
_KEPT = 5000
# Whoever goes on asking for one of these and may not is on the record, not only in the log.
REFUSALS_RECORDED = frozenset(
    name
    for name in RIGHTS
    if name.startswith("export_") or name in {"reveal", "search_people", "read_audit", "sign_handover"}
)
REFUSALS_A_ROW = 3


class Recorder:
    """Appends to the audit of this store. Raises what the database raises."""

    def __init__(self, log: AuditLog, offload: Callable[[Any], Any]) -> None:
        self.log, self._offload = log, offload
        self._looks: dict[tuple[str, str, str], int] = {}
        self._refusals: dict[tuple[str, str], list[int]] = {}

    def __call__(self, action: str, person: Person | None, about: str, detail: Mapping[str, Any]) -> None:
        """One row: ``person`` is None where nobody has logged in (yet)."""
        self.many(action, person, [(about, detail)])

    def many(self, action: str, person: Person | None, deeds: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """A row for each (about, detail), all or none."""
        who, now = who_of(person), machine_ms()
        rows = [
            Deed(action, about, {k: mask_text(v) if isinstance(v, str) else v for k, v in detail.items()})
            for about, detail in deeds
        ]
        self._offload(lambda: self.log.append_many(now, who, rows))

    def refused(self, person: Person, right: str) -> None:
        """A person was refused a file, a field unmasked, or the audit: the third time in ten minutes is on the record.

        Once is a click that the log has; who goes on tries.
        """
        if right not in REFUSALS_RECORDED:
            return
        now, key = machine_ms(), (person.user_id, right)
        tried = [at for at in self._refusals.get(key, ()) if now - at < LOOK_MS] + [now]
        if len(tried) < REFUSALS_A_ROW:
            self._refusals[key] = tried
            return
        self._refusals.pop(key, None)
        self("refused", person, right, {"page": flask.request.path[:200], "n": len(tried)})

    def look(self, person: Person, about: str, action: str = "see_case") -> None:
        """A person opened a case's panel, or a page."""
        now, look = machine_ms(), (person.user_id, action, about)
        if now - self._looks.get(look, -LOOK_MS) < LOOK_MS:
            return
        if len(self._looks) > _KEPT:
            self._looks = {key: at for key, at in self._looks.items() if now - at < LOOK_MS}
        self._looks[look] = now
        self(action, person, about, {})


def who_of(person: Person | None) -> Who:
    """Who stands on the record."""
    if person is None:
        return Who("", address=flask.request.remote_addr or "")
    return Who(person.user_id, person.role, person.street, person.address)
