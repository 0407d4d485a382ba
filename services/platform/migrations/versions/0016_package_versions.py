"""What is changed in the district package in the browser: versions of whole files over those of the folder."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'


def upgrade() -> None:
    op.create_table('package_versions',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False,
              comment='dense from 1; parent: the one before'),
    sa.Column('at', sa.BigInteger(), nullable=False, comment="the district's clock"),
    sa.Column('effective_at', sa.BigInteger(), nullable=False,
              comment='from when it lies over the files; never before `at`'),
    sa.Column('who', sa.Text(), nullable=False, comment='the account, or cli:…'),
    sa.Column('name', sa.Text(), nullable=False, comment="the person's name"),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('act', sa.Text(), nullable=False,
              comment='change, undo, back, or load: files of a package that was loaded'),
    sa.Column('undoes', sa.BigInteger(), nullable=True, comment='the version that an undo takes back'),
    sa.Column('part', sa.Text(), nullable=False,
              comment='policy, roster, campaigns, areas, departments, classes'),
    sa.Column('about', sa.Text(), nullable=False, comment='a key of policy.toml, the code of a row or an area'),
    sa.Column('changes', sa.Text(), nullable=False, comment='[[what, before, after], …] as JSON'),
    sa.Column('digest', sa.Text(), nullable=False, comment='of the whole package with it'),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_table('package_files',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('before', sa.LargeBinary(), nullable=True, comment='the whole file; null: there was none'),
    sa.Column('after', sa.LargeBinary(), nullable=True, comment='the whole file; null: there is none'),
    sa.Column('hash_before', sa.Text(), nullable=False, comment='SHA-256 in hex; empty: there was none'),
    sa.Column('hash_after', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('number', 'file')
    )


def downgrade() -> None:
    for name in ('package_files', 'package_versions'):
        op.drop_table(name)
