"""Two more seats: accounts of a department and of a grid worker; of a case who works beside and whom whistles call."""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'


def upgrade() -> None:
    op.add_column('accounts', sa.Column('unit', sa.Text(), nullable=False, server_default='', comment="of a department's account: the unit; else empty"))
    op.add_column('accounts', sa.Column('grid', sa.Text(), nullable=False, server_default='', comment='of a grid worker: the grid; else empty'))
    op.add_column('cases', sa.Column('acknowledged_at', sa.BigInteger(), nullable=True))
    op.add_column('cases', sa.Column('co_units', sa.Text(), nullable=False, server_default='', comment='who works beside the lead unit: JSON'))
    op.add_column('cases', sa.Column('called', sa.Text(), nullable=False, server_default='', comment='whom the open whistles call: JSON of cases.case.UnitCalled'))


def downgrade() -> None:
    for column in ('called', 'co_units', 'acknowledged_at'):
        op.drop_column('cases', column)
    for column in ('grid', 'unit'):
        op.drop_column('accounts', column)
