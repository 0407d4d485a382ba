"""``lianqin downgrade``: the newer program takes the store back, so that the older one opens it again."""

from services.backup.restoring_service import need_nobody
from services.platform.database import open_engine
from services.platform.errors import OperationError
from services.platform.migrate import downgrade, revision_of, revisions
from services.platform.settings import Settings
from services.projector.store.write import read_feed

# The migrations behind this one leave the read model and the audit alone: nothing goes back further.
FURTHEST = "0020"


def take_back(settings: Settings, to: str) -> str:
    """Undo the store's migrations behind ``to``; returns what to print. Raises OperationError, BackupError, StoreNewer.

    Each is undone whole or not at all. What only the newer program keeps goes; the history, the cases and the audit
    stay.
    """
    engine = open_engine(settings.database)
    try:
        found = revision_of(engine)
        if found is None:
            raise OperationError("the store is empty: there is nothing to take back")
        possible = [one for one in revisions() if FURTHEST <= one < found]
        if to not in possible:
            between = f"one of {possible[0]} to {possible[-1]}" if possible else "the backup of that version"
            raise OperationError(
                f"the store is at migration {found}, and cannot be taken back to {to}: give {between}. An older "
                "program says in its refusal which migrations it knows"
            )
        with engine.connect() as connection:
            feed = read_feed(connection)
        if feed is not None:
            need_nobody(settings, feed.district)
        downgrade(engine, to)
    finally:
        engine.dispose()
    return f"the database is at migration {to}: start the program that knows migrations up to it"
