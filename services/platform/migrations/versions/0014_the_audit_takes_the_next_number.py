"""The audit takes the next number alone, on both databases: whoever may only add rows makes no gap in it.

The next number follows the last row with room behind it (store.audit.LAST_COUNTED and ROOM): a row that an older
version let in near the end of the column must not stop those that come.
"""

from alembic import op

revision = '0014'
down_revision = '0013'

# In words for both databases; a row that is there already is looked up by the key's index.
_NEXT = ("coalesce((SELECT a.number FROM {audit} a WHERE a.number BETWEEN 1 AND 9223372032559808511 AND NOT EXISTS "
         "(SELECT 1 FROM {audit} b WHERE b.number > a.number AND b.number <= a.number + 4294967296) "
         "ORDER BY a.number DESC LIMIT 1), 0) + 1")
_WORDS = "the audit is append-only: it takes the next number alone"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # The table by its whole name, and no search path of the caller's: a restored backup is loaded without one, and
        # nobody's own function may stand in for one of the database's.
        op.execute("CREATE FUNCTION audit_takes_the_next_number() RETURNS trigger LANGUAGE plpgsql "
                   "SET search_path = pg_catalog, pg_temp AS "
                   "$$ DECLARE next bigint; BEGIN "
                   f"EXECUTE format('SELECT {_NEXT.format(audit='%1$I.%2$I')}', TG_TABLE_SCHEMA, TG_TABLE_NAME) "
                   "INTO next; "
                   f"IF NEW.number IS DISTINCT FROM next THEN RAISE EXCEPTION '{_WORDS}'; END IF; "
                   "RETURN NEW; END $$")
        op.execute("CREATE TRIGGER audit_only_next BEFORE INSERT ON audit "
                   "FOR EACH ROW EXECUTE FUNCTION audit_takes_the_next_number()")
        op.execute("ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_only_next")
    else:
        op.execute("CREATE TRIGGER audit_only_next BEFORE INSERT ON audit "
                   f"WHEN NEW.number IS NOT {_NEXT.format(audit='audit')} "
                   f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END")
        op.execute("DROP TRIGGER audit_only_behind")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_only_next ON audit")
        op.execute("DROP FUNCTION audit_takes_the_next_number()")
    else:
        op.execute("CREATE TRIGGER audit_only_behind BEFORE INSERT ON audit "
                   "WHEN EXISTS (SELECT 1 FROM audit WHERE number >= NEW.number) "
                   "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END")
        op.execute("DROP TRIGGER audit_only_next")
