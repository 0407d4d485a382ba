"""Jobs in the store: asked for, taken by one worker, done with their file or failed with a word."""

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from services.jobs.job import MOST_WAITING, Job
from services.jobs.tables import jobs as table
from services.platform.clock import MINUTE_MS

# A worker says that it is at a job every few seconds; one that has not for so long is gone, and another takes the job.
GONE_MS = MINUTE_MS
MOST_TRIES = 2

_C = table.c


_COLUMNS = [_C[name] for name in Job._fields]


def ask(connection: Connection, job: Job) -> bool:
    """Write a job down; False where the person has ``MOST_WAITING`` already."""
    mine = and_(_C.who == job.who, _C.state.in_(("waiting", "running")))
    if int(connection.execute(select(func.count()).select_from(table).where(mine)).scalar() or 0) >= MOST_WAITING:
        return False
    connection.execute(insert(table).values(**job._asdict(), seen_at=job.asked_at))
    return True


def take(connection: Connection, now: int) -> Job | None:
    """The oldest that waits, or whose worker is gone; it is this worker's from now on. One of them gets it."""
    lost = and_(_C.state == "running", _C.seen_at < now - GONE_MS)
    connection.execute(
        update(table).where(lost, _C.tries >= MOST_TRIES).values(state="failed", said="it stopped twice on its way")
    )
    free = or_(_C.state == "waiting", lost)
    query = select(*_COLUMNS).where(free).order_by(_C.asked_at, _C.id).limit(1)
    row = connection.execute(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    job = Job(*row)
    mine = update(table).where(_C.id == job.id, free).values(state="running", seen_at=now, tries=job.tries + 1, said="")
    return job._replace(state="running", tries=job.tries + 1) if connection.execute(mine).rowcount else None


def at_it(connection: Connection, job: Job, now: int, said: str) -> bool:
    """The worker is still at it; False where another has taken it meanwhile."""
    own = and_(_C.id == job.id, _C.state == "running", _C.tries == job.tries)
    return bool(connection.execute(update(table).where(own).values(seen_at=now, said=said)).rowcount)


def done(connection: Connection, job: Job, name: str, file: bytes) -> None:
    """The file is made: there with its name, whole."""
    own = and_(_C.id == job.id, _C.state == "running", _C.tries == job.tries)
    connection.execute(update(table).where(own).values(state="done", said="", name=name, file=file))


def failed(connection: Connection, job: Job, why: str) -> None:
    """It cannot be made, and why."""
    own = and_(_C.id == job.id, _C.state == "running", _C.tries == job.tries)
    connection.execute(update(table).where(own).values(state="failed", said=why[:500]))


def one(connection: Connection, job_id: str, who: str) -> Job | None:
    """A person's job."""
    row = connection.execute(select(*_COLUMNS).where(_C.id == job_id, _C.who == who)).first()
    return None if row is None else Job(*row)


def file_of(connection: Connection, job_id: str, who: str) -> tuple[str, bytes] | None:
    """The name and the bytes of a person's job that is done."""
    row = connection.execute(select(_C.name, _C.file).where(_C.id == job_id, _C.who == who, _C.state == "done")).first()
    return None if row is None or row.file is None else (str(row.name), bytes(row.file))


def drop_of(connection: Connection, who: str) -> int:
    """Delete a person's jobs, made or not: their rights have changed. Returns how many."""
    return int(connection.execute(delete(table).where(_C.who == who)).rowcount)


def newest(connection: Connection, since: int, limit: int) -> list[Job]:
    """The jobs that are not done, and those asked for since, newest first."""
    where = or_(_C.asked_at > since, _C.state.in_(("waiting", "running")))
    query = select(*_COLUMNS).where(where).order_by(_C.asked_at.desc(), _C.id).limit(limit)
    return [Job(*row) for row in connection.execute(query)]


def cancel(connection: Connection, job_id: str, why: str) -> Job | None:
    """A job that waits or runs has failed now: its worker finds that it is no longer its own."""
    row = connection.execute(select(*_COLUMNS).where(_C.id == job_id, _C.state.in_(("waiting", "running")))).first()
    if row is None:
        return None
    where = and_(_C.id == job_id, _C.state.in_(("waiting", "running")))
    ended = connection.execute(update(table).where(where).values(state="failed", said=why))
    return Job(*row) if ended.rowcount else None
