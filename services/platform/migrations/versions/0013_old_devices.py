"""Devices that nobody has logged in on for long are found by an index, and go."""

from alembic import op

revision = '0013'
down_revision = '0012'


def upgrade() -> None:
    op.create_index('known_devices_seen', 'known_devices', ['seen_at'], unique=False)


def downgrade() -> None:
    op.drop_index('known_devices_seen', 'known_devices')
