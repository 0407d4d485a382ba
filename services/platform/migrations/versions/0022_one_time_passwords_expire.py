"""A one-time password opens until a time; those that nobody has used yet get three days from this upgrade on."""

import time

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'

THREE_DAYS_MS = 72 * 3_600_000


def upgrade() -> None:
    op.add_column('accounts', sa.Column('once_until', sa.BigInteger(), nullable=False, server_default='0', comment='until when a one-time password opens; 0: it is none'))
    accounts = sa.table('accounts', *(sa.column(name) for name in ('once_until', 'must_change', 'password', 'password_at', 'changed_at')))
    # Whoever must change an own password that has grown old has chosen it after the account was last changed.
    pending = sa.and_(accounts.c.must_change, accounts.c.password != '', accounts.c.password_at <= accounts.c.changed_at)
    op.execute(accounts.update().where(pending).values(once_until=int(time.time() * 1000) + THREE_DAYS_MS))


def downgrade() -> None:
    op.drop_column('accounts', 'once_until')
