"""An index on what the history does not keep: the purge finds it without reading the rest.

On PostgreSQL it is made beside running work (CONCURRENTLY), which has no transaction: it is a migration of its own, and
what a broken-off try has left is taken away first.
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'

_PASSING = sa.text("type IN ('unit.moved', 'source.heartbeat')")
_COLUMNS = ['type', 'received_at', 'time']


def upgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        op.create_index('history_passing', 'history', _COLUMNS, sqlite_where=_PASSING)
        return
    with op.get_context().autocommit_block():
        op.execute('DROP INDEX CONCURRENTLY IF EXISTS history_passing')
        op.create_index('history_passing', 'history', _COLUMNS, postgresql_where=_PASSING, postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index('history_passing', 'history')
