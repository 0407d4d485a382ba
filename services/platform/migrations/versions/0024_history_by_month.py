"""On PostgreSQL the history is partitioned by month: a month that is archived is detached, whatever its size.

What is there already becomes one partition as it stands (``history_before``): nothing is copied. What comes before its
month has a partition, or after it was detached, lies in ``history_rest``. Two functions of the tables' owner make and
drop a month's partition for the processes' role, which owns nothing. SQLite has no partitions.
"""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'

_INDEXES = ('history_pkey', 'history_subject', 'history_received', 'history_late', 'history_passing')
_LATE = 'received_at - time > 60000'
_PASSING = "type IN ('unit.moved', 'source.heartbeat')"
# Below it ids have numbers that tell their moment (contract.numbering).
_NATURAL_END = 1 << 62
# More rows than this are not moved out of ``history_rest`` for a new partition: it would hold everybody up.
_MOST_MOVED = 20_000

_MONTH = f"""
CREATE FUNCTION history_month(month text, first bigint, until bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE name text := 'history_' || replace(month, '-', '_'); one record;
BEGIN
  IF month !~ '^[0-9]{{4}}-[0-9]{{2}}$' OR first >= until THEN
    RAISE EXCEPTION 'no month: %, % to %', month, first, until;
  END IF;
  IF to_regclass('public.' || name) IS NOT NULL THEN RETURN false; END IF;
  IF (SELECT count(*) FROM (SELECT FROM public.history_rest WHERE entry >= first AND entry < until
      LIMIT {_MOST_MOVED + 1}) AS found) > {_MOST_MOVED} THEN RETURN false; END IF;
  SET LOCAL lock_timeout = '3s';
  BEGIN
    EXECUTE format('CREATE TABLE public.%I (LIKE public.history INCLUDING DEFAULTS)', name);
    EXECUTE format('WITH gone AS (DELETE FROM public.history_rest WHERE entry >= %s AND entry < %s RETURNING *) '
                   'INSERT INTO public.%I SELECT * FROM gone', first, until, name);
    EXECUTE format('ALTER TABLE public.history ATTACH PARTITION public.%I FOR VALUES FROM (%s) TO (%s)',
                   name, first, until);
  EXCEPTION WHEN invalid_object_definition THEN RETURN false;  -- history_before reaches into it
  END;
  FOR one IN SELECT a.grantee, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
             WHERE c.oid = 'public.history'::regclass AND a.grantee <> c.relowner LOOP
    EXECUTE format('GRANT %s ON public.%I TO %s', one.privilege_type, name,
                   CASE WHEN one.grantee = 0 THEN 'PUBLIC' ELSE one.grantee::regrole::text END);
  END LOOP;
  RETURN true;
END $$
"""
_DROP = """
CREATE FUNCTION history_month_drop(month text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE name text := 'history_' || replace(month, '-', '_');
BEGIN
  IF month !~ '^[0-9]{4}-[0-9]{2}$' OR NOT EXISTS (SELECT FROM pg_inherits
      WHERE inhparent = 'public.history'::regclass AND inhrelid = to_regclass('public.' || name)) THEN
    RETURN false;
  END IF;
  SET LOCAL lock_timeout = '10s';
  EXECUTE format('ALTER TABLE public.history DETACH PARTITION public.%I', name);
  EXECUTE format('DROP TABLE public.%I', name);
  RETURN true;
END $$
"""


def _indexes(table: str, names: dict[str, str]) -> None:
    op.create_index(names['history_subject'], table, ['subject', 'entry'])
    op.create_index(names['history_received'], table, ['received_at'])
    op.create_index(names['history_late'], table, ['received_at'], postgresql_where=sa.text(_LATE))
    op.create_index(names['history_passing'], table, ['type', 'received_at', 'time'],
                    postgresql_where=sa.text(_PASSING))


def _same_rights(table: str, as_of: str) -> None:
    found = op.get_bind().exec_driver_sql(
        "SELECT a.privilege_type, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END "
        f"FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = '{as_of}'::regclass AND a.grantee <> c.relowner").all()
    for privilege, whom in found:
        op.execute(f'GRANT {privilege} ON {table} TO {whom}')


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != 'postgresql':
        return
    op.execute('ALTER TABLE history RENAME TO history_before')
    for name in _INDEXES:
        op.execute(f'ALTER INDEX {name} RENAME TO {name.replace("history", "history_before")}')
    op.execute('CREATE TABLE history (LIKE history_before INCLUDING DEFAULTS INCLUDING COMMENTS, '
               'CONSTRAINT history_pkey PRIMARY KEY (entry)) PARTITION BY RANGE (entry)')
    _indexes('history', {name: name for name in _INDEXES})
    op.execute('CREATE TABLE history_rest PARTITION OF history DEFAULT')
    for table in ('history', 'history_rest'):
        _same_rights(table, 'history_before')
    newest = bind.exec_driver_sql(f'SELECT max(entry) FROM history_before WHERE entry < {_NATURAL_END}').scalar()
    bind.exec_driver_sql(f'WITH odd AS (DELETE FROM history_before WHERE entry >= {_NATURAL_END} RETURNING *) '
                         'INSERT INTO history_rest SELECT * FROM odd')
    if newest is None:
        op.execute('DROP TABLE history_before')
    else:
        op.execute('ALTER TABLE history ATTACH PARTITION history_before '
                   f'FOR VALUES FROM (MINVALUE) TO ({newest + 1})')
    for statement in (_MONTH, _DROP):
        op.execute(statement)
    for function in ('history_month(text, bigint, bigint)', 'history_month_drop(text)'):
        op.execute(f'REVOKE ALL ON FUNCTION {function} FROM PUBLIC')


def downgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != 'postgresql':
        return
    op.execute('DROP FUNCTION history_month(text, bigint, bigint)')
    op.execute('DROP FUNCTION history_month_drop(text)')
    has_before = bind.exec_driver_sql("SELECT to_regclass('history_before') IS NOT NULL").scalar()
    if has_before:  # what was there before stays where it is
        op.execute('ALTER TABLE history DETACH PARTITION history_before')
        op.execute('INSERT INTO history_before SELECT * FROM history')
    else:
        op.execute('CREATE TABLE history_before (LIKE history INCLUDING DEFAULTS INCLUDING COMMENTS)')
        op.execute('INSERT INTO history_before SELECT * FROM history')
        op.execute('ALTER TABLE history_before ADD CONSTRAINT history_before_pkey PRIMARY KEY (entry)')
        _indexes('history_before', {name: name.replace('history', 'history_before') for name in _INDEXES})
        _same_rights('history_before', 'history')
    op.execute('DROP TABLE history')
    op.execute('ALTER TABLE history_before RENAME TO history')
    for name in _INDEXES:
        op.execute(f'ALTER INDEX {name.replace("history", "history_before")} RENAME TO {name}')
