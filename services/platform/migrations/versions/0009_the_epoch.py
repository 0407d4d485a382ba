"""The store's epoch, and a token of each commit: whoever follows the outbox sees that a store has gone back."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    op.add_column('feed', sa.Column('epoch', sa.Text(), nullable=False, server_default='',
                                    comment='random: another one after a restore, a promotion or a rebuild'))
    op.add_column('outbox', sa.Column('token', sa.Text(), nullable=False, server_default='',
                                      comment='random: another commit of the same revision has another one'))
    op.get_bind().execute(sa.text('UPDATE feed SET epoch = :epoch'), {'epoch': secrets.token_hex(8)})


def downgrade() -> None:
    op.drop_column('outbox', 'token')
    op.drop_column('feed', 'epoch')
