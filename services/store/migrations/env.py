"""Alembic's entry: the engine is handed over, there is no alembic.ini."""

from alembic import context

from services.store import people_schema  # noqa: F401  # its tables are in the metadata
from services.store.schema import metadata

engine = context.config.attributes["engine"]
with engine.connect().execution_options(lianqin_write=True) as connection, connection.begin():
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()
