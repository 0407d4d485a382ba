"""Errands on the database itself."""

from services.platform.database import open_engine, writing
from services.platform.errors import OperationError
from services.platform.migrate import is_current
from services.platform.settings import Settings
from services.projector.store.write import read_feed, renew_epoch


def renew_store_epoch(settings: Settings) -> str:
    """Give the store another epoch, so that whoever follows it reads everything anew; returns what to print.

    Raises OperationError where the store is empty, and what the database raises.
    """
    engine = open_engine(settings.database)
    try:
        if not is_current(engine):
            raise OperationError("the store is not at the newest migration: call `lianqin upgrade` first")
        with writing(engine) as connection:
            feed = read_feed(connection)
            if feed is None:
                raise OperationError("the store is empty: there is nothing that anybody could have read of it")
            epoch = renew_epoch(connection)
    finally:
        engine.dispose()
    return f"district {feed.district}, revision {feed.revision:,}: epoch {epoch}"
