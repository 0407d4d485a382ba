"""SQLite's audit refuses a row in another's place or behind the end; PostgreSQL's triggers fire for replicas too."""

from alembic import op

revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_append_only")
    else:
        op.execute("CREATE TRIGGER audit_only_behind BEFORE INSERT ON audit "
                   "WHEN EXISTS (SELECT 1 FROM audit WHERE number >= NEW.number) "
                   "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE audit ENABLE TRIGGER audit_append_only")
    else:
        op.execute("DROP TRIGGER audit_only_behind")
