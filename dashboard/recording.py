"""What people do is written on the audit log as it happens.

What leaves (a command, a revealed field, a file) is written down first: what cannot be written down does not leave.
What is kept here with its own who and when (an alarm taken, an entry, a signature, a report) follows just after.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flask

from dashboard.access import machine_ms
from services.audit import Who
from services.events.personal import mask_text
from services.rights import Person
from services.store.audit import AuditLog

# One panel that is opened again within this time is one look.
LOOK_MS = 10 * 60_000
_KEPT = 5000


class Recorder:
    """Appends to the audit of this store. Raises what the database raises."""

    def __init__(self, log: AuditLog, offload: Callable[[Any], Any]) -> None:
        self.log, self._offload = log, offload
        self._looks: dict[tuple[str, str], int] = {}

    def __call__(self, action: str, person: Person | None, about: str, detail: Mapping[str, Any]) -> None:
        """One row: ``person`` is None where nobody has logged in (yet)."""
        who, now = who_of(person), machine_ms()
        shown: dict[str, Any] = {k: mask_text(v) if isinstance(v, str) else v for k, v in detail.items()}
        self._offload(lambda: self.log.append(now, who, action, about, **shown))

    def look(self, person: Person, about: str, action: str = "see_case") -> None:
        """A person opened a case's panel, or a page."""
        now = machine_ms()
        if now - self._looks.get((person.user_id, about), -LOOK_MS) < LOOK_MS:
            return
        if len(self._looks) > _KEPT:
            self._looks = {key: at for key, at in self._looks.items() if now - at < LOOK_MS}
        self._looks[person.user_id, about] = now
        self(action, person, about, {})


def who_of(person: Person | None) -> Who:
    """Who stands on the record."""
    if person is None:
        return Who("", address=flask.request.remote_addr or "")
    return Who(person.user_id, person.role, person.street, person.address)
