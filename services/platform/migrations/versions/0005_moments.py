"""The past: the history by when it was received, what came late, and the board as it stood now and then."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'

_LATE = sa.text('received_at - time > 60000')


def upgrade() -> None:
    op.create_index('history_received', 'history', ['received_at'], unique=False)
    op.create_index('history_late', 'history', ['received_at'], unique=False, sqlite_where=_LATE, postgresql_where=_LATE)
    op.create_table('moments',
    sa.Column('at', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='the board as it stood then, by what was known'),
    sa.Column('made_of', sa.Text(), nullable=False, comment='past.moments.made_of: another program or package makes another'),
    sa.Column('body', sa.LargeBinary(), nullable=False, comment='past.moments.Moment, packed'),
    sa.Column('blind', sa.LargeBinary(), nullable=True, comment="the coverage's tiles of that hour, packed; none: nobody kept them"),
    sa.PrimaryKeyConstraint('at')
    )


def downgrade() -> None:
    op.drop_table('moments')
    op.drop_index('history_late', table_name='history')
    op.drop_index('history_received', table_name='history')
