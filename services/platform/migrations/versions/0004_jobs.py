"""Jobs: what `lianqin worker` makes for people, with the file that comes of it."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.create_table('jobs',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False, comment='pdf, xlsx'),
    sa.Column('wanted', sa.Text(), nullable=False, comment='what exactly (JSON)'),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.BigInteger(), nullable=False, comment="by the machine's clock, as all times of a job"),
    sa.Column('state', sa.Text(), nullable=False, comment='waiting, running, done, failed'),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False, comment='when its worker last said that it is at it'),
    sa.Column('said', sa.Text(), nullable=False, comment='how far it is, or why it failed'),
    sa.Column('name', sa.Text(), nullable=False, comment='of the file'),
    sa.Column('file', sa.LargeBinary(), nullable=True, comment='the result: whole, or not there'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('jobs_waiting', 'jobs', ['state', 'asked_at'], unique=False)


def downgrade() -> None:
    op.drop_table('jobs')
