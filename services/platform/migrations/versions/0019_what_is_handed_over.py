"""A handover has notes that people write, reasons of strangers who signed it, and the leader who accepts them."""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'


def upgrade() -> None:
    op.add_column('handovers', sa.Column('out_reason', sa.Text(), nullable=False, server_default='', comment='why a stranger to the roster signed; else empty'))
    op.add_column('handovers', sa.Column('in_reason', sa.Text(), nullable=False, server_default='', comment='the same of who came'))
    op.add_column('handovers', sa.Column('accepted_by', sa.Text(), nullable=False, server_default='', comment='the leader who accepted strangers; else empty'))
    op.add_column('handovers', sa.Column('accepted_at', sa.BigInteger(), nullable=True))
    op.create_table(
        'handover_notes',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('handover', sa.Text(), nullable=False, comment='handovers.id, also before anybody has signed'),
        sa.Column('seat', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('who', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('is_addition', sa.Boolean(), nullable=False, comment='written after both had signed'),
        sa.PrimaryKeyConstraint('id', name='pk_handover_notes'),
    )
    op.create_index('handover_notes_handover', 'handover_notes', ['handover', 'id'])


def downgrade() -> None:
    op.drop_index('handover_notes_handover', 'handover_notes')
    op.drop_table('handover_notes')
    for name in ('accepted_at', 'accepted_by', 'in_reason', 'out_reason'):
        op.drop_column('handovers', name)
