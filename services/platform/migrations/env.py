"""Alembic's entry: the engine is handed over, there is no alembic.ini.

Each migration is a transaction of its own. On PostgreSQL no statement of theirs has a time limit, a lock is waited for
for five minutes, and one process migrates at a time.
"""

import time

from alembic import context
from sqlalchemy import Connection

from services.platform.metadata import metadata

LOCK = 0x6C69616E  # «lian»
LOCK_TIMEOUT = "5min"


def _prepare(connection: Connection) -> None:
    connection.exec_driver_sql("SET statement_timeout = 0")
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    # Asked again and again, not waited for: CREATE INDEX CONCURRENTLY waits for every statement that began before it.
    while not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (LOCK,)).scalar():
        connection.commit()
        time.sleep(0.2)
    connection.commit()


engine = context.config.attributes["engine"]
with engine.connect().execution_options(lianqin_write=True) as connection:
    if connection.dialect.name == "postgresql":
        _prepare(connection)
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transaction_per_migration=True,
        transactional_ddl=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        if connection.dialect.name == "postgresql":
            connection.invalidate()  # its settings are not for whoever would get it from the pool next
