"""The store as it should be: there, at the newest migration, this district's own; what it says of gaps and refusals."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from services.admin.doctor.audit_reader import audit_findings
from services.admin.doctor.backup_reader import backup_findings
from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.cases import tables as case_tables
from services.photos.store import counts as photo_counts
from services.platform.clock import to_rfc3339
from services.platform.database import answering, answering_place, hosts_of, is_read_only, open_engine
from services.platform.errors import fault_of
from services.platform.migrate import StoreNewer, head, is_newer, revision_of
from services.platform.settings import Settings
from services.projector.archive.partitions_store import lacks_rights
from services.projector.archive.store import gone
from services.projector.store import tables as schema
from services.projector.store.write import Feed, read_feed
from services.search.store import count_due

# So many changes wait for a moment wherever many come at once.
DUE_NOTED = 1_000


def store_findings(settings: Settings, code: str) -> Iterator[DoctorFinding]:
    """Everything about the database; ``code`` is the district's, or empty when the package cannot be read."""
    url = settings.database
    path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
    if path is not None and not path.exists():
        yield note("database", f"no store at {path}", "The first start makes it", "no_store")
        return
    engine = open_engine(url)
    try:
        yield from open_store_findings(engine, settings, code)
    finally:
        engine.dispose()


def open_store_findings(engine: Engine, settings: Settings, code: str) -> Iterator[DoctorFinding]:
    """``store_findings`` of a database that is open; the settings say where the audit's heads are noted."""
    kind = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    try:
        revision = revision_of(engine)
    except (SQLAlchemyError, OSError) as error:
        if (fault := fault_of(error)).code == "store_read_only":
            yield wrong(
                "database",
                fault.words,
                "Promote a stand-by (pg_ctl promote), or mend LIANQIN_DATABASE_URL; the stream keeps what comes",
                "store_no_primary",
                hosts=", ".join(hosts_of(engine.url)),
            )
            return
        yield wrong(
            "database",
            f"does not answer: {str(error).splitlines()[0][:200]}",
            "Start it, or mend LIANQIN_DATABASE_URL; nothing is lost meanwhile, the stream keeps it",
            "store_down",
        )
        return
    if revision is not None and is_newer(revision):
        yield wrong(
            "database", str(StoreNewer(revision)), "Do not start the projector of this version on it", "store_newer"
        )
        return
    if revision != head():
        yield wrong(
            "database",
            f"is not at the newest migration: at {revision or 'none'}, this program at {head()}",
            "Start the projector of this version (or `lianqin upgrade`): it brings the store up to date",
            "store_old",
            at=revision or "—",
            head=head(),
        )
        return
    kind = f"{kind} at {answering(engine)}" if answering_place(engine) else kind
    yield ok("database", f"{kind} answers, at the newest migration", "store_answers", kind=kind)
    with engine.connect() as connection:
        if is_read_only(connection):
            yield wrong(
                "database",
                "is read-only: a stand-by, or set so; nothing can be taken in",
                "Give the address of the one that takes writes (LIANQIN_DATABASE_URL), or promote this one",
                "store_read_only",
            )
        if lacks_rights(connection):
            yield wrong(
                "database",
                "refuses our role temporary tables, or the history's months: large batches are not taken in",
                "Run deploy/postgres/roles.sql in it again (docs/operations.md)",
                "store_rights",
            )
        yield from _contents(connection, code)
        if read_feed(connection) is not None:  # an empty store has nothing to back up
            yield from backup_findings(settings, connection)
        yield from audit_findings(settings, connection)


def _contents(connection: Connection, code: str) -> Iterator[DoctorFinding]:
    feed = read_feed(connection)
    if feed is None:
        yield note("store", "empty", "The projector fills it", "store_empty")
        return
    if code and feed.district != code:
        yield wrong(
            "store",
            f"holds district {feed.district}, the package is {code}",
            "Give each district a database of its own (LIANQIN_DATABASE_URL or LIANQIN_DATA_DIR)",
            "store_other",
            there=feed.district,
            here=code,
        )
    cases = connection.execute(select(func.count()).select_from(case_tables.cases)).scalar_one()
    history = connection.execute(select(func.count()).select_from(schema.history)).scalar_one()
    yield ok(
        "store",
        f"district {feed.district}, {cases:,} cases, {history:,} entries, revision {feed.revision:,}",
        "store_holds",
        cases=cases,
        entries=history,
    )
    yield from _index(connection)
    yield from _photos(connection)
    for archive in gone(connection):
        if archive.removed_at is None:
            yield note(
                "archive",
                f"{archive.month} is half removed",
                "Call `lianqin archive remove` or `restore` again",
                "archive_half",
                month=archive.month,
            )
    yield from _missing(feed)
    yield from _refused(connection)


def _index(connection: Connection) -> Iterator[DoctorFinding]:
    if (due := count_due(connection)) > DUE_NOTED:
        yield note(
            "search",
            f"{due:,} changes of cases wait for the index: what they say is not found yet",
            "The projector's process takes them up by itself (`lianqin projector`); if they grow, see its log",
            "search_behind",
            n=due,
        )
    else:
        yield ok("search", "the index is up to date", "search_well")


def _photos(connection: Connection) -> Iterator[DoctorFinding]:
    """Photos of cases; an address that gave nothing is forgotten with the photos of its days."""
    kept, failed = photo_counts(connection)
    if failed > kept:
        yield note(
            "photos",
            f"{failed:,} addresses gave no photo, {kept:,} photos are kept",
            "The log of `lianqin web` says why; `photos` of district.toml names the addresses they may come from",
            "photos_failing",
            failed=failed,
            kept=kept,
        )
    else:
        yield ok("photos", f"{kept:,} kept, {failed:,} addresses gave none", "photos_well", failed=failed, kept=kept)


def _missing(feed: Feed) -> Iterator[DoctorFinding]:
    """What the stream lost before anybody read it."""
    if feed.lost:
        at = f", last at {to_rfc3339(feed.lost_at)}" if feed.lost_at else ""
        yield note(
            "gap",
            f"{feed.lost:,} entries were trimmed away unread{at}",
            "Ask the publishers to publish open cases again, and never to trim events by MAXLEN",
            "gap",
            n=feed.lost,
            at=feed.lost_at,
        )
    if feed.emptied_at:
        yield note(
            "gap",
            f"the stream was found emptied at {to_rfc3339(feed.emptied_at)}",
            "Ask who did it; see Redis AOF",
            "emptied",
            at=feed.emptied_at,
        )


def _refused(connection: Connection) -> Iterator[DoctorFinding]:
    d = schema.dead.c
    reasons = connection.execute(select(d.reason, func.count()).group_by(d.reason).order_by(d.reason)).all()
    if reasons:
        words = ", ".join(f"{n:,} {reason}" for reason, n in reasons)
        yield note(
            "dead",
            f"{sum(n for _, n in reasons):,} refused entries: {words}",
            "`lianqin dead list`",
            "dead",
            n=sum(n for _, n in reasons),
        )
    else:
        yield ok("dead", "no entry was refused", "no_dead")
