"""Numbers for every entry id; heartbeats as spans; indexes for what is not kept for ever."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    with op.batch_alter_table('feed') as batch:
        batch.add_column(sa.Column('segments', sa.Integer(), nullable=False, server_default='0'))
    op.create_table('entry_segments',
    sa.Column('first_id', sa.Text(), nullable=False, comment='from this stream id on'),
    sa.Column('key', sa.BigInteger(), nullable=False, comment='numbers are counted from this one'),
    sa.Column('is_stray', sa.Boolean(), nullable=False, comment='this id alone'),
    sa.PrimaryKeyConstraint('first_id')
    )
    op.create_table('passed',
    sa.Column('entry_id', sa.Text(), nullable=False, comment='above the position, taken in without a row'),
    sa.PrimaryKeyConstraint('entry_id')
    )
    op.create_table('beats',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('since', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False, comment='the last heartbeat without a pause before it'),
    sa.Column('interval_s', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'since')
    )
    op.create_index('beats_until', 'beats', ['until'])
    op.create_index('dead_at', 'dead', ['at'])
    op.create_index('sessions_seen', 'sessions', ['seen_at'])
    op.create_index('jobs_asked', 'jobs', ['asked_at'])


def downgrade() -> None:
    for name, table in (('jobs_asked', 'jobs'), ('sessions_seen', 'sessions'), ('dead_at', 'dead')):
        op.drop_index(name, table)
    for name in ('beats', 'passed', 'entry_segments'):
        op.drop_table(name)
    with op.batch_alter_table('feed') as batch:
        batch.drop_column('segments')
