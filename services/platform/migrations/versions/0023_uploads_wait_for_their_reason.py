"""What was uploaded for the package at /admin and is not saved yet."""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'


def upgrade() -> None:
    op.create_table('package_uploads',
    sa.Column('user_id', sa.Text(), nullable=False, comment='whose; one a person, for a day'),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False, comment="a table's name, or package"),
    sa.Column('said', sa.Text(), nullable=False, comment="the file's name, as it was given"),
    sa.Column('how', sa.Text(), nullable=False, comment='as what it came: csv, xlsx, zip, folder'),
    sa.Column('is_whole', sa.Boolean(), nullable=False, comment='files of the package that it has not go'),
    sa.Column('seen', sa.BigInteger(), nullable=False,
              comment='the newest version of its files when it was read'),
    sa.Column('left_out', sa.Text(), nullable=False, comment="JSON: names of files that are none of a package's"),
    sa.Column('files', sa.LargeBinary(), nullable=False, comment='zlib of MessagePack: name → bytes'),
    sa.PrimaryKeyConstraint('user_id')
    )


def downgrade() -> None:
    op.drop_table('package_uploads')
