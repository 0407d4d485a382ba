"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('cases',
    sa.Column('case_id', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('entry', sa.BigInteger(), nullable=False),
    sa.Column('event_at', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('is_open', sa.Boolean(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('domain', sa.Text(), nullable=False),
    sa.Column('class_name', sa.Text(), nullable=False),
    sa.Column('severity', sa.Integer(), nullable=False),
    sa.Column('level', sa.Text(), nullable=False),
    sa.Column('highest_level', sa.Text(), nullable=False),
    sa.Column('self_handled', sa.Boolean(), nullable=False),
    sa.Column('street', sa.Text(), nullable=False),
    sa.Column('community', sa.Text(), nullable=False),
    sa.Column('grid', sa.Text(), nullable=False),
    sa.Column('lon', sa.Float(), nullable=True),
    sa.Column('lat', sa.Float(), nullable=True),
    sa.Column('lead_unit', sa.Text(), nullable=False),
    sa.Column('reported_at', sa.BigInteger(), nullable=False),
    sa.Column('filed_at', sa.BigInteger(), nullable=True),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('deadline_at', sa.BigInteger(), nullable=True),
    sa.Column('soon_at', sa.BigInteger(), nullable=True),
    sa.Column('deadline_estimated', sa.Boolean(), nullable=False),
    sa.Column('suspended', sa.Boolean(), nullable=False),
    sa.Column('merged', sa.Boolean(), nullable=False),
    sa.Column('on_time', sa.Boolean(), nullable=True),
    sa.Column('appeal_exempt', sa.Boolean(), nullable=False),
    sa.Column('escalation', sa.Text(), nullable=False),
    sa.Column('returns', sa.Integer(), nullable=False),
    sa.Column('reworks', sa.Integer(), nullable=False),
    sa.Column('flags', sa.Text(), nullable=False),
    sa.Column('counted', sa.Text(), nullable=False, comment='what this row counts for, as it was added to the roll-ups'),
    sa.PrimaryKeyConstraint('case_id')
    )
    op.create_index('cases_open', 'cases', ['is_open'], sqlite_where=sa.text('is_open'), postgresql_where=sa.text('is_open'))
    op.create_index('cases_reported', 'cases', ['reported_at'])

    op.create_table('dead',
    sa.Column('entry', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('masked', sa.Text(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('entry')
    )
    op.create_table('feed',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('district', sa.Text(), nullable=False, comment='the code whose store this is'),
    sa.Column('revision', sa.BigInteger(), nullable=False, comment='of the read model; rises by one a commit'),
    sa.Column('position', sa.Text(), nullable=False, comment='every entry up to this stream id is in the store'),
    sa.Column('last_entry', sa.Text(), nullable=False, comment='the newest stream id that is in the store'),
    sa.Column('processed', sa.BigInteger(), nullable=False, comment='entries of the present stream taken in or refused'),
    sa.Column('lost', sa.BigInteger(), nullable=False, comment='entries trimmed away before they were read, ever'),
    sa.Column('lost_at', sa.BigInteger(), nullable=True, comment='when the last gap was measured'),
    sa.Column('emptied_at', sa.BigInteger(), nullable=True, comment='when the stream was last found emptied'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('history',
    sa.Column('entry', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('time', sa.BigInteger(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('flags', sa.Text(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True, comment="the reporter, encrypted with the district's key"),
    sa.PrimaryKeyConstraint('entry')
    )
    op.create_index('history_subject', 'history', ['subject', 'entry'])

    op.create_table('outbox',
    sa.Column('revision', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('revision')
    )
    op.create_table('packages',
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('loaded_at', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('archive', sa.LargeBinary(), nullable=False, comment='the folder as a zip file'),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_table('rollups',
    sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('street', sa.Text(), nullable=False),
    sa.Column('measure', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'street', 'measure', 'key')
    )
    op.create_table('tallies',
    sa.Column('what', sa.Text(), nullable=False, comment='refused:<reason>, or a flag'),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('what', 'source')
    )
    op.create_table('things',
    sa.Column('kind', sa.Text(), nullable=False, comment='camera, camera_status, unit, notice, command, source, heartbeat'),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False, comment='what decides which event wins'),
    sa.Column('entry', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'key')
    )


def downgrade() -> None:
    for name in ('cases', 'dead', 'feed', 'history', 'outbox', 'packages', 'rollups', 'tallies', 'things'):
        op.drop_table(name)
