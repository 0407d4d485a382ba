"""The store as it should be: there, at the newest migration, this district's own; what it says of gaps and refusals."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from services.cases import tables as case_tables
from services.operations.doctor.audit_side import audit_findings
from services.operations.doctor.finding import DoctorFinding, note, ok, wrong
from services.platform.clock import to_rfc3339
from services.platform.database import is_postgres, open_engine
from services.platform.migrate import StoreNewer, head, is_newer, revision_of
from services.platform.settings import Settings
from services.projector.archive.store import gone
from services.projector.store import tables as schema
from services.projector.store.write import read_feed


def store_findings(settings: Settings, code: str) -> Iterator[DoctorFinding]:
    """Everything about the database; ``code`` is the district's, or empty when the package cannot be read."""
    url = settings.database
    path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
    if path is not None and not path.exists():
        yield note("database", f"no store at {path}", "The first start makes it")
        return
    engine = open_engine(url)
    try:
        kind = "SQLite" if path is not None else "PostgreSQL"
        try:
            revision = revision_of(engine)
        except (SQLAlchemyError, OSError) as error:
            yield wrong(
                "database", f"does not answer: {str(error).splitlines()[0][:200]}",
                "Start it, or mend LIANQIN_DATABASE_URL; nothing is lost meanwhile, the stream keeps it",
            )  # fmt: skip
            return
        if revision is not None and is_newer(revision):
            yield wrong("database", str(StoreNewer(revision)), "Do not start the projector of this version on it")
            return
        if revision != head():
            yield wrong(
                "database", f"is not at the newest migration: at {revision or 'none'}, this program at {head()}",
                "Start the projector of this version (or `lianqin upgrade`): it brings the store up to date",
            )  # fmt: skip
            return
        yield ok("database", f"{kind} answers, at the newest migration")
        with engine.connect() as connection:
            if is_read_only(connection):
                yield wrong(
                    "database", "is read-only: a stand-by, or set so; nothing can be taken in",
                    "Give the address of the one that takes writes (LIANQIN_DATABASE_URL), or promote this one",
                )  # fmt: skip
            yield from _contents(connection, code)
            yield from audit_findings(settings, connection)
    finally:
        engine.dispose()


def is_read_only(connection: Connection) -> bool:
    """Whether PostgreSQL refuses writes to everybody; SQLite is asked by writing only."""
    if not is_postgres(connection):
        return False
    query = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
    return bool(connection.execute(text(query)).scalar())


def _contents(connection: Connection, code: str) -> Iterator[DoctorFinding]:
    feed = read_feed(connection)
    if feed is None:
        yield note("store", "empty", "The projector fills it")
        return
    if code and feed.district != code:
        yield wrong(
            "store", f"holds district {feed.district}, the package is {code}",
            "Give each district a database of its own (LIANQIN_DATABASE_URL or LIANQIN_DATA_DIR)",
        )  # fmt: skip
    cases = connection.execute(select(func.count()).select_from(case_tables.cases)).scalar_one()
    history = connection.execute(select(func.count()).select_from(schema.history)).scalar_one()
    yield ok("store", f"district {feed.district}, {cases:,} cases, {history:,} entries, revision {feed.revision:,}")
    for archive in gone(connection):
        if archive.removed_at is None:
            yield note(
                "archive", f"{archive.month} is half removed", "Call `lianqin archive remove` or `restore` again"
            )
    if feed.lost:
        at = f", last at {to_rfc3339(feed.lost_at)}" if feed.lost_at else ""
        yield note(
            "gap", f"{feed.lost:,} entries were trimmed away unread{at}",
            "Ask the publishers to publish open cases again, and never to trim events by MAXLEN",
        )  # fmt: skip
    if feed.emptied_at:
        yield note(
            "gap", f"the stream was found emptied at {to_rfc3339(feed.emptied_at)}", "Ask who did it; see Redis AOF"
        )
    d = schema.dead.c
    reasons = connection.execute(select(d.reason, func.count()).group_by(d.reason).order_by(d.reason)).all()
    if reasons:
        words = ", ".join(f"{n:,} {reason}" for reason, n in reasons)
        yield note("dead", f"{sum(n for _, n in reasons):,} refused entries: {words}", "`lianqin dead list`")
    else:
        yield ok("dead", "no entry was refused")
