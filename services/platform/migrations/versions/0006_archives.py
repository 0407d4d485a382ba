"""The archive: which months are in files, and which events of a case are there alone."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.create_table('archives',
    sa.Column('month', sa.Text(), nullable=False, comment="of the district's calendar: 2026-08"),
    sa.Column('file', sa.Text(), nullable=False, comment="below the archive's folder"),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False, comment='of the file'),
    sa.Column('first_entry', sa.BigInteger(), nullable=False),
    sa.Column('last_entry', sa.BigInteger(), nullable=False),
    sa.Column('written_at', sa.BigInteger(), nullable=False),
    sa.Column('removing_at', sa.BigInteger(), nullable=True, comment='since when the store may hold less of the month than the file'),
    sa.Column('removed_at', sa.BigInteger(), nullable=True, comment='when the last row went that could; null: not removed, or half'),
    sa.PrimaryKeyConstraint('month')
    )
    op.create_table('archived_events',
    sa.Column('case_id', sa.Text(), nullable=False),
    sa.Column('month', sa.Text(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False, comment="events of the case that are in that month's file alone"),
    sa.PrimaryKeyConstraint('case_id', 'month'),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('archived_events')
    op.drop_table('archives')
