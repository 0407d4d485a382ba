"""Notices that an administrator sends to the desks."""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'


def upgrade() -> None:
    op.create_table(
        'desk_notices',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('seat', sa.Text(), nullable=False, comment="a street's code; empty: every desk"),
        sa.Column('text', sa.Text(), nullable=False, comment="as desks show it, people's numbers masked"),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.Column('by_id', sa.Text(), nullable=False),
        sa.Column('by_name', sa.Text(), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), nullable=True, comment='when somebody took it down before its time'),
        sa.Column('ended_by', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_desk_notices'),
    )
    op.create_index('desk_notices_until', 'desk_notices', ['until'])


def downgrade() -> None:
    op.drop_index('desk_notices_until', 'desk_notices')
    op.drop_table('desk_notices')
