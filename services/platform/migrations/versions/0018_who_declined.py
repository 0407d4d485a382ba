"""A declined proposal says who, when and why."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'


def upgrade() -> None:
    op.add_column('proposals', sa.Column('declined', sa.Text(), nullable=False, server_default='', comment='cases.escalation.DeclinedProposal; or empty'))


def downgrade() -> None:
    op.drop_column('proposals', 'declined')
