"""What a case bears besides its counts: reasons, supervisions, campaigns.

The read model is made again from the history (projector.rebuild): the table fills by it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    op.create_table('case_marks',
    sa.Column('what', sa.Text(), nullable=False, comment='district, supervision, campaign'),
    sa.Column('at', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('case_id', sa.Text(), nullable=False),
    sa.Column('n', sa.Integer(), autoincrement=False, nullable=False, comment="its place in the case's list"),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False, comment='when it ended; marks.STANDS while it has not'),
    sa.Column('street', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('what', 'at', 'case_id', 'n'),
    sqlite_with_rowid=False
    )
    op.create_index('case_marks_until', 'case_marks', ['what', 'until'], unique=False)


def downgrade() -> None:
    op.drop_table('case_marks')
