"""Ask for papers, and make them. Each call is a transaction of its own, and raises what the database raises."""

from sqlalchemy import Engine

from services.jobs import store
from services.jobs.job import Job
from services.platform.database import writing


class Jobs:
    """The papers that wait to be made, and those that are made. Times are Unix ms of the machine's clock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(self, job: Job) -> bool:
        """Write a job down; False where the person has ``MOST_WAITING`` already."""
        with writing(self._engine) as connection:
            return store.ask(connection, job)

    def one(self, job_id: str, who: str) -> Job | None:
        """A job of this person."""
        with self._engine.connect() as connection:
            return store.one(connection, job_id, who)

    def file_of(self, job_id: str, who: str) -> tuple[str, bytes] | None:
        """The name and the bytes of a paper of this person, once it is made."""
        with self._engine.connect() as connection:
            return store.file_of(connection, job_id, who)

    def take(self, now: int) -> Job | None:
        """The next job, from now on the asking worker's."""
        with writing(self._engine) as connection:
            return store.take(connection, now)

    def at_it(self, job: Job, now: int) -> bool:
        """Say that the worker is at it; False where the job is no longer its own."""
        with writing(self._engine) as connection:
            return store.at_it(connection, job, now, "")

    def done(self, job: Job, name: str, file: bytes) -> None:
        """Keep the paper."""
        with writing(self._engine) as connection:
            store.done(connection, job, name, file)

    def failed(self, job: Job, why: str) -> None:
        """Say why there is none."""
        with writing(self._engine) as connection:
            store.failed(connection, job, why)

    def newest(self, since: int, limit: int) -> list[Job]:
        """The jobs of everybody that are not done, and those asked for since, newest first."""
        with self._engine.connect() as connection:
            return store.newest(connection, since, limit)

    def cancel(self, job_id: str, why: str) -> Job | None:
        """End a job that waits or is being made: its paper is dropped. None: there is no such job any more."""
        with writing(self._engine) as connection:
            return store.cancel(connection, job_id, why)
