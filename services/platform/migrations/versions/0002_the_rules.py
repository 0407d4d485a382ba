"""The rules: roll-ups by cut, what a case's clocks and ratings count for, proposals.

The read model is made again from the history (projector.rebuild): nothing of the old one is carried over.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.drop_table('rollups')
    op.drop_table('cases')
    op.add_column('feed', sa.Column('model', sa.Integer(), server_default='0', nullable=False, comment='projector.rebuild.MODEL that made the rest'))
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
    sa.Column('suspended', sa.Boolean(), nullable=False, comment='a suspension had not ended when the event was told'),
    sa.Column('merged', sa.Boolean(), nullable=False),
    sa.Column('on_time', sa.Boolean(), nullable=True),
    sa.Column('appeal_exempt', sa.Boolean(), nullable=False),
    sa.Column('escalation', sa.Text(), nullable=False),
    sa.Column('returns', sa.Integer(), nullable=False),
    sa.Column('reworks', sa.Integer(), nullable=False),
    sa.Column('flags', sa.Text(), nullable=False),
    sa.Column('class_key', sa.Text(), nullable=False, comment='scheme|kind|major|minor'),
    sa.Column('accepted_at', sa.BigInteger(), nullable=True),
    sa.Column('dispatched_at', sa.BigInteger(), nullable=True),
    sa.Column('handled_at', sa.BigInteger(), nullable=True),
    sa.Column('handle_deadline_at', sa.BigInteger(), nullable=True),
    sa.Column('dispatches', sa.Integer(), nullable=False),
    sa.Column('wrong_dispatches', sa.Integer(), nullable=False),
    sa.Column('extensions', sa.Integer(), nullable=False),
    sa.Column('pauses', sa.Text(), nullable=False, comment='suspensions as [[from, until or null], …]'),
    sa.Column('rating', sa.Text(), nullable=False, comment='cases.RatingGiven'),
    sa.Column('asked', sa.Text(), nullable=False, comment='beyond_power or needs_departments, as the last step said'),
    sa.Column('whistled_at', sa.BigInteger(), nullable=True, comment='the oldest whistle that waits for an answer'),
    sa.Column('escalations', sa.Integer(), nullable=False),
    sa.Column('count_at', sa.BigInteger(), nullable=True, comment='the earlier of deadline and closing'),
    sa.Column('irregular', sa.Integer(), nullable=False, comment='steps that broke the table of transitions'),
    sa.Column('counted', sa.Text(), nullable=False, comment='what this row counts for, as it was added to the roll-ups'),
    sa.PrimaryKeyConstraint('case_id')
    )
    op.create_index('cases_closed', 'cases', ['closed_at'])
    op.create_index('cases_count', 'cases', ['count_at'])
    op.create_index('cases_open', 'cases', ['handle_deadline_at'], sqlite_where=sa.text('is_open = 1'), postgresql_where=sa.text('is_open'))
    op.create_index('cases_reported', 'cases', ['reported_at'])
    op.create_index('cases_suspended', 'cases', ['suspended'], sqlite_where=sa.text('is_open = 1 AND suspended = 1'), postgresql_where=sa.text('is_open AND suspended'))
    op.create_table('rollups',
    sa.Column('cut', sa.Text(), nullable=False, comment='indicators.cells.CUTS'),
    sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('street', sa.Text(), nullable=False),
    sa.Column('a', sa.Text(), nullable=False),
    sa.Column('b', sa.Text(), nullable=False),
    sa.Column('intake', sa.Integer(), server_default='0', nullable=False),
    sa.Column('accepted', sa.Integer(), server_default='0', nullable=False),
    sa.Column('filed', sa.Integer(), server_default='0', nullable=False),
    sa.Column('dispatches', sa.Integer(), server_default='0', nullable=False),
    sa.Column('wrong_dispatches', sa.Integer(), server_default='0', nullable=False),
    sa.Column('should_handle', sa.Integer(), server_default='0', nullable=False),
    sa.Column('handled_on_time', sa.Integer(), server_default='0', nullable=False),
    sa.Column('handled_of_due', sa.Integer(), server_default='0', nullable=False),
    sa.Column('extended', sa.Integer(), server_default='0', nullable=False),
    sa.Column('should_close', sa.Integer(), server_default='0', nullable=False),
    sa.Column('closed_on_time', sa.Integer(), server_default='0', nullable=False),
    sa.Column('closed_of_due', sa.Integer(), server_default='0', nullable=False),
    sa.Column('exempted', sa.Integer(), server_default='0', nullable=False),
    sa.Column('reworked', sa.Integer(), server_default='0', nullable=False),
    sa.Column('closed', sa.Integer(), server_default='0', nullable=False),
    sa.Column('forced_closed', sa.Integer(), server_default='0', nullable=False),
    sa.Column('self_handled', sa.Integer(), server_default='0', nullable=False),
    sa.Column('solved_grid', sa.Integer(), server_default='0', nullable=False),
    sa.Column('solved_community', sa.Integer(), server_default='0', nullable=False),
    sa.Column('solved_street', sa.Integer(), server_default='0', nullable=False),
    sa.Column('solved_district', sa.Integer(), server_default='0', nullable=False),
    sa.Column('callbacks', sa.Integer(), server_default='0', nullable=False),
    sa.Column('contacted', sa.Integer(), server_default='0', nullable=False),
    sa.Column('solved', sa.Integer(), server_default='0', nullable=False),
    sa.Column('satisfied', sa.Integer(), server_default='0', nullable=False),
    sa.Column('fairly_satisfied', sa.Integer(), server_default='0', nullable=False),
    sa.PrimaryKeyConstraint('cut', 'day', 'street', 'a', 'b'),
    sqlite_with_rowid=False
    )
    op.create_table('rollups_later',
    sa.Column('cut', sa.Text(), nullable=False),
    sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('street', sa.Text(), nullable=False),
    sa.Column('a', sa.Text(), nullable=False),
    sa.Column('b', sa.Text(), nullable=False),
    sa.Column('measure', sa.Integer(), autoincrement=False, nullable=False, comment='its place in MEASURES'),
    sa.Column('seen', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('cut', 'day', 'street', 'a', 'b', 'measure', 'seen'),
    sqlite_with_rowid=False
    )
    op.create_table('proposals',
    sa.Column('case_id', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False, comment='of the case when it was proposed'),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('reason_code', sa.Text(), nullable=False),
    sa.Column('mode', sa.Text(), nullable=False, comment='confirm: waits for a person; auto: was commanded'),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('occasion', sa.Integer(), nullable=False, comment='how often the case had gone to the district before'),
    sa.Column('command_id', sa.Text(), nullable=False, comment='of the command that carries it out, once it is sent'),
    sa.PrimaryKeyConstraint('case_id')
    )


def downgrade() -> None:
    raise RuntimeError("go back with a backup: the read model of 0001 was made by the program of then")
