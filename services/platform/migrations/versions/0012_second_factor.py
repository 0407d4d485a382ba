"""The log-in: a second factor, wrong tries by place, known devices, proofs; who is prepared for the single sign-on."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'


def upgrade() -> None:
    op.add_column('accounts', sa.Column('sso_name', sa.Text(), nullable=False, server_default='', comment='what LIANQIN_OIDC_CLAIM says at the first sign-on; empty: never'))
    op.add_column('accounts', sa.Column('password_at', sa.BigInteger(), nullable=False, server_default='0', comment='when the password was chosen'))
    op.add_column('accounts', sa.Column('factor', sa.LargeBinary(), nullable=True, comment='the TOTP secret, encrypted with the data key; null: none is enrolled'))
    op.add_column('accounts', sa.Column('factor_at', sa.BigInteger(), nullable=False, server_default='0', comment='when it was enrolled; 0: none is'))
    op.add_column('accounts', sa.Column('factor_step', sa.BigInteger(), nullable=False, server_default='0', comment='the last time step whose code was accepted'))
    # Accounts made with --sso have waited for the claim that names them; all others were prepared for nothing.
    op.execute("UPDATE accounts SET sso_name = user_id WHERE password = '' AND subject = '' AND role <> 'wall'")
    op.execute("UPDATE accounts SET password_at = changed_at WHERE password <> ''")
    op.drop_column('accounts', 'failures')
    op.drop_column('accounts', 'locked_until')
    op.add_column('sessions', sa.Column('stage', sa.Text(), nullable=False, server_default='', comment='factor, enrol: the password alone was shown; empty: logged in'))
    op.add_column('sessions', sa.Column('how', sa.Text(), nullable=False, server_default='', comment='password, sso'))
    op.add_column('sessions', sa.Column('device', sa.Text(), nullable=False, server_default='', comment='browser and system, in words'))
    op.add_column('sessions', sa.Column('proved_at', sa.BigInteger(), nullable=False, server_default='0', comment='when the person last proved who they are; 0: not yet'))
    op.create_table('log_in_tries',
    sa.Column('user_id', sa.Text(), nullable=False, comment='as it was typed: of an account or of none'),
    sa.Column('place', sa.Text(), nullable=False, comment='from:<network>, device:<hash>, code from:…, code device:…, open'),
    sa.Column('failures', sa.Integer(), nullable=False, comment='wrong ones since ``since``'),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('locked_until', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'place')
    )
    op.create_index('log_in_tries_since', 'log_in_tries', ['since'], unique=False)
    op.create_table('known_devices',
    sa.Column('device', sa.Text(), nullable=False, comment="SHA-256 of the device cookie's token"),
    sa.Column('user_id', sa.Text(), nullable=False, comment='who has logged in there'),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('device', 'user_id')
    )
    op.create_table('recovery_codes',
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('code_hash', sa.Text(), nullable=False, comment='SHA-256 of account and code; a code has 118 bits'),
    sa.Column('used_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'code_hash')
    )


def downgrade() -> None:
    raise RuntimeError("go back with a backup: second factors and the log-in's counts would be lost")
