"""What an administrator is told of the system: the doctor's findings, sizes, refused entries, jobs.

Looked at by a process that runs, by its own connections, and kept for a while: a page that several have open must not
ask the database anew each time. Nothing here changes anything.
"""

import time
from typing import NamedTuple

import redis
from sqlalchemy import Engine

from services.admin.dead_letters_service import DeadLetter, DeadLetters
from services.admin.doctor.examine_service import examine_running
from services.admin.doctor.finding import DoctorFinding
from services.admin.size_reader import DatabaseSize, database_size
from services.backup.age_reader import LastBackup, last_backup
from services.district.package import District
from services.jobs.job import Job
from services.jobs.service import Jobs
from services.platform.clock import DAY_MS, machine_ms
from services.platform.errors import STORE_ERRORS
from services.platform.redis import another
from services.platform.settings import Settings

KEPT_S = 10.0
LETTERS_SHOWN, JOBS_SHOWN = 50, 30


class SystemLook(NamedTuple):
    """All that is known as of ``at`` (Unix ms). ``size`` and ``backup`` None: the database does not answer."""

    at: int
    findings: list[DoctorFinding]
    size: DatabaseSize | None
    backup: LastBackup | None
    letters: list[DeadLetter]
    kinds: list[tuple[str, int]]
    jobs: list[Job]


class SystemState:
    """Looks at the system, and keeps what it saw for ``KEPT_S``. Called away from the loop."""

    def __init__(self, engine: Engine, client: redis.Redis, settings: Settings, district: District) -> None:
        self._engine, self._client = engine, client
        self._settings, self._district = settings, district
        self.letters, self.jobs = DeadLetters(engine, settings.data_key), Jobs(engine)
        self._kept: tuple[float, SystemLook] | None = None

    def look(self, *, anew: bool = False) -> SystemLook:
        """What is known; ``anew``: after something was done, nothing older counts. Never raises for a store away."""
        kept = self._kept
        if kept is None or anew or time.monotonic() - kept[0] > KEPT_S:
            self._kept = kept = time.monotonic(), self._look()
        return kept[1]

    def _look(self) -> SystemLook:
        now = machine_ms()
        with another(self._client) as client:
            findings = examine_running(self._engine, client, self._settings, self._district)
        try:
            with self._engine.connect() as connection:
                size, backup = database_size(connection, now), last_backup(connection)
            letters, kinds = self.letters.newest(LETTERS_SHOWN), self.letters.kinds()
            jobs = self.jobs.newest(now - DAY_MS, JOBS_SHOWN)
        except STORE_ERRORS:  # the findings say so
            return SystemLook(now, findings, None, None, [], [], [])
        return SystemLook(now, findings, size, backup, letters, kinds, jobs)
