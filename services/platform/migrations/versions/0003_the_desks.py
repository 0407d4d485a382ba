"""The desks: accounts, sessions, audit, commands, alarms' lives, log book, handovers, incident reports, saved views."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table('accounts',
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False, comment='rights.ROLES'),
    sa.Column('street', sa.Text(), nullable=False, comment='of street_staff: the one street; else empty'),
    sa.Column('community', sa.Text(), nullable=False, comment="of a workstation's seat: narrower than the street; else empty"),
    sa.Column('password', sa.Text(), nullable=False, comment='argon2id; empty: no log-in by password'),
    sa.Column('subject', sa.Text(), nullable=False, comment='issuer|sub of the single sign-on; empty: none'),
    sa.Column('addresses', sa.Text(), nullable=False, comment='of a wall: the networks that it may come from, with blanks'),
    sa.Column('is_disabled', sa.Boolean(), nullable=False),
    sa.Column('must_change', sa.Boolean(), nullable=False, comment='the password must be changed at the next log-in'),
    sa.Column('failures', sa.Integer(), nullable=False, comment='wrong passwords since the last right one'),
    sa.Column('locked_until', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.BigInteger(), nullable=False),
    sa.Column('changed_at', sa.BigInteger(), nullable=False, comment='sessions made before it have ended'),
    sa.PrimaryKeyConstraint('user_id')
    )
    op.create_index('accounts_subject', 'accounts', ['subject'], unique=False)
    op.create_table('alarm_lives',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('alarm', sa.Text(), nullable=False),
    sa.Column('seat', sa.Text(), nullable=False, comment="the street's code, or the district's"),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('what', sa.Text(), nullable=False, comment='raised acknowledged lapsed climbed shelved unshelved cleared'),
    sa.Column('who', sa.Text(), nullable=False, comment='empty: the system'),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False, comment='the alarm as it stood then (JSON)'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('alarm_lives_alarm', 'alarm_lives', ['alarm', 'id'], unique=False)
    op.create_index('alarm_lives_at', 'alarm_lives', ['at'], unique=False)
    op.create_table('audit',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False, comment='dense, from 1'),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('street', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False, comment='audit.ACTIONS'),
    sa.Column('object', sa.Text(), nullable=False, comment='what it was done to: a case, an account, an export'),
    sa.Column('detail', sa.Text(), nullable=False, comment='JSON'),
    sa.Column('hash', sa.Text(), nullable=False, comment='of this row and the hash before it'),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_index('audit_at', 'audit', ['at'], unique=False)
    op.create_index('audit_who', 'audit', ['who', 'number'], unique=False)
    op.create_table('commands',
    sa.Column('command_id', sa.Text(), nullable=False),
    sa.Column('batch', sa.Text(), nullable=False, comment='one click, one batch'),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('who', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('seat', sa.Text(), nullable=False, comment="the street's code, or the district's"),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('case_id', sa.Text(), nullable=False),
    sa.Column('expected_version', sa.BigInteger(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False, comment='sent, done, refused, unsent'),
    sa.Column('answered_at', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False, comment='of a refusal'),
    sa.PrimaryKeyConstraint('command_id')
    )
    op.create_index('commands_at', 'commands', ['at'], unique=False)
    op.create_index('commands_case', 'commands', ['case_id', 'at'], unique=False)
    op.create_table('handovers',
    sa.Column('id', sa.Text(), nullable=False, comment='seat-from of the shift that ends, as yyyymmddThhmm'),
    sa.Column('seat', sa.Text(), nullable=False),
    sa.Column('shift', sa.Text(), nullable=False),
    sa.Column('shift_from', sa.BigInteger(), nullable=False),
    sa.Column('shift_until', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.BigInteger(), nullable=False),
    sa.Column('sheet', sa.LargeBinary(), nullable=False, comment='duty.handover.Sheet (JSON)'),
    sa.Column('digest', sa.Text(), nullable=False, comment='SHA-256 of the sheet: what was signed'),
    sa.Column('out_by', sa.Text(), nullable=False),
    sa.Column('out_at', sa.BigInteger(), nullable=True),
    sa.Column('in_by', sa.Text(), nullable=False),
    sa.Column('in_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('handovers_seat', 'handovers', ['seat', 'shift_from'], unique=False)
    op.create_table('incident_reports',
    sa.Column('case_id', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False, comment='0 by phone, 1 in writing, 2 … follow-ups'),
    sa.Column('done_at', sa.BigInteger(), nullable=False),
    sa.Column('done_by', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('is_last', sa.Boolean(), nullable=False, comment='no further follow-up is due'),
    sa.PrimaryKeyConstraint('case_id', 'number')
    )
    op.create_table('log_book',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('seat', sa.Text(), nullable=False, comment="the street's code, or the district's"),
    sa.Column('shift', sa.Text(), nullable=False),
    sa.Column('who', sa.Text(), nullable=False, comment='empty: the system'),
    sa.Column('kind', sa.Text(), nullable=False, comment='duty.logbook.KINDS'),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('case_id', sa.Text(), nullable=False),
    sa.Column('mark', sa.Text(), nullable=False, comment='what the entry is about: written once'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('mark')
    )
    op.create_index('log_book_seat', 'log_book', ['seat', 'at'], unique=False)
    op.create_table('saved_views',
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('page', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False, comment="JSON of the desk's own making: filters, sort, grouping"),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'page', 'name')
    )
    op.create_table('sessions',
    sa.Column('token_hash', sa.Text(), nullable=False, comment="SHA-256 of the cookie's token"),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('made_at', sa.BigInteger(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('token_hash')
    )
    op.create_index('sessions_user', 'sessions', ['user_id'], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                   "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$")
        op.execute("CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
                   "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()")
    else:
        for deed in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER audit_no_{deed.lower()} BEFORE {deed} ON audit "
                       "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END")


def downgrade() -> None:
    raise RuntimeError("go back with a backup: what people did would be lost")
