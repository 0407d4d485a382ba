"""Search: what of each case is looked through, its tokens, the tokens of reporters, and what is still to be indexed.

Every case is written down as due: the indexer takes them up beside the running work.
"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'

_KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_IS_OPEN = sa.text('is_open = 1')


def upgrade() -> None:
    op.create_table(
        'search_due',
        sa.Column('n', _KEY, primary_key=True, autoincrement=True),
        sa.Column('case_id', sa.Text(), nullable=False),
        sa.Column('is_whole', sa.Boolean(), nullable=False),
    )
    op.create_table(
        'search_docs',
        sa.Column('doc', _KEY, primary_key=True, autoincrement=False),
        sa.Column('case_id', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('codes', sa.Text(), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('is_open', sa.Boolean(), nullable=False),
    )
    op.create_index('search_docs_case', 'search_docs', ['case_id'], unique=True)
    op.create_index(
        'search_docs_open', 'search_docs', ['doc'], sqlite_where=_IS_OPEN, postgresql_where=sa.text('is_open')
    )
    op.create_table(
        'search_people',
        sa.Column('token', sa.LargeBinary(), primary_key=True),
        sa.Column('case_id', sa.Text(), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index('search_people_case', 'search_people', ['case_id'])
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('CREATE TABLE search_index (doc BIGINT PRIMARY KEY, tokens INTEGER[] NOT NULL)')
        op.execute('CREATE INDEX search_index_tokens ON search_index USING gin (tokens)')
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='', detail=none, columnsize=0, tokenize=ascii)"
        )
    op.execute('INSERT INTO search_due (case_id, is_whole) SELECT case_id, TRUE FROM cases ORDER BY reported_at DESC')


def downgrade() -> None:
    for name in ('search_index', 'search_people', 'search_docs', 'search_due'):
        op.drop_table(name)
