"""Photos of cases: by content, and which address gave which."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'


def upgrade() -> None:
    op.create_table('photos',
    sa.Column('hash', sa.Text(), nullable=False, comment='SHA-256 of the photo, hex'),
    sa.Column('photo', sa.LargeBinary(), nullable=False, comment='JPEG, at most 2,048 px, no metadata'),
    sa.Column('small', sa.LargeBinary(), nullable=False, comment='the same, at most 480 px'),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('kept_at', sa.BigInteger(), nullable=False, comment="by the machine's clock"),
    sa.PrimaryKeyConstraint('hash')
    )
    op.create_index('photos_kept', 'photos', ['kept_at'])
    op.create_table('photo_tries',
    sa.Column('address', sa.Text(), nullable=False,
              comment='SHA-256 of the address, hex: the address itself may say a name'),
    sa.Column('hash', sa.Text(), nullable=False, comment='what it gave; empty: nothing'),
    sa.Column('fault', sa.Text(), nullable=False, comment='why it gave nothing'),
    sa.Column('at', sa.BigInteger(), nullable=False, comment="by the machine's clock"),
    sa.PrimaryKeyConstraint('address')
    )
    op.create_index('photo_tries_at', 'photo_tries', ['at'])


def downgrade() -> None:
    op.drop_table('photo_tries')
    op.drop_table('photos')
