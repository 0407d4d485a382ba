"""A PostgreSQL store emptied where it stands: a tenth of the work of dropping the database and copying another.

Only what a test may have left in tables and sequences is taken back here. Where it has changed anything else (a column,
a trigger, a right, a setting, statistics), ``empty`` says so, and the caller makes the database anew.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

# TRUNCATE itself changes these of ``pg_class``, and to what they were in a new table.
_OF_CLASS = "oid, relname, relnamespace, relowner, relpersistence, relkind, relnatts, relchecks, relhasrules, \
relhastriggers, relhassubclass, relrowsecurity, relforcerowsecurity, relreplident, relacl, reloptions, reltoastrelid"
# Any change of a definition writes its row anew.
_CATALOGS = (
    "attrdef", "attribute", "constraint", "default_acl", "description", "event_trigger", "extension", "index",
    "inherits", "language", "policy", "proc", "publication", "rewrite", "sequence", "statistic_ext",
    "subscription", "type",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A store as the migrations have made it: its definitions, its tables, the rows and sequences that it came with.

    ``always``: (table, trigger) of the triggers that no session can leave out: the audit's.
    """

    definitions: str
    tables: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    sequences: tuple[tuple[str, int, bool], ...]
    always: tuple[tuple[str, str], ...]


def as_made(connection: psycopg.Connection[Any]) -> Made:
    """Look at a database that has just been made."""
    tables = [row[0] for row in connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")]  # fmt: skip
    names = [row[0] for row in connection.execute(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1")]  # fmt: skip
    sequences = []
    for name in names:
        query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name))
        last, is_called = connection.execute(query).fetchone() or (1, False)
        sequences.append((name, last, is_called))
    rows = tuple((table, _rows(connection, table)) for table in _filled(connection, tables))
    always = connection.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE t.tgenabled = 'A' AND NOT t.tgisinternal ORDER BY 1, 2"
    ).fetchall()
    return Made(_definitions(connection), tuple(tables), rows, tuple(sequences), tuple(always))


def empty(connection: psycopg.Connection[Any], made: Made) -> bool:
    """End every other session and bring the store back to ``made``; False where more than rows has changed."""
    connection.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    if _definitions(connection) != made.definitions:
        return False
    if any(_rows(connection, table) != rows for table, rows in made.rows):
        return False
    kept = {table for table, _ in made.rows}
    filled = [table for table in _filled(connection, made.tables) if table not in kept]
    if filled:
        _truncate(connection, filled, made.always)
    for name, last, is_called in made.sequences:
        connection.execute("SELECT setval(%s::regclass, %s, %s)", (f'public."{name}"', last, is_called))
    return True


def _truncate(connection: psycopg.Connection[Any], tables: list[str], always: tuple[tuple[str, str], ...]) -> None:
    held = [(sql.Identifier(table), sql.Identifier(name)) for table, name in always]
    with connection.transaction():
        # The audit refuses to be emptied, whoever asks.
        for table, name in held:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(table, name))
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        for table, name in held:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(table, name))


def _definitions(connection: psycopg.Connection[Any]) -> str:
    parts = [f"SELECT md5(string_agg(c::text, ',' ORDER BY c.oid)) FROM (SELECT {_OF_CLASS} FROM pg_class) c"]
    parts += [f"SELECT md5(string_agg(r, ',' ORDER BY r)) FROM (SELECT xmin::text || ctid::text AS r FROM pg_{name}) x"
              for name in _CATALOGS]  # fmt: skip
    # A session's own tables leave with it, and the schema that they were in stays, empty.
    parts.append("SELECT string_agg(n::text, ',' ORDER BY n.oid) FROM pg_namespace n WHERE nspname !~ '^pg_.*temp_'")
    # Content alone: the audit's triggers are turned off and on again to empty it.
    parts.append("SELECT md5(string_agg(t::text, ',' ORDER BY t.oid)) FROM pg_trigger t")
    parts.append("SELECT count(*)::text FROM pg_statistic WHERE starelid >= 16384")
    parts.append("SELECT string_agg(s::text, ',') FROM pg_db_role_setting s")
    parts.append(
        "SELECT (datdba, datconnlimit, datallowconn, datacl)::text FROM pg_database WHERE datname = current_database()"
    )
    found = connection.execute(" UNION ALL ".join(f"({part})" for part in parts)).fetchall()
    return " ".join(str(row[0]) for row in found)


def _filled(connection: psycopg.Connection[Any], tables: "list[str] | tuple[str, ...]") -> list[str]:
    asked = sql.SQL(", ").join(
        sql.SQL("EXISTS (SELECT 1 FROM {})").format(sql.Identifier(table)) for table in tables
    )  # fmt: skip
    answers = connection.execute(sql.SQL("SELECT {}").format(asked)).fetchone() or ()
    return [table for table, has_rows in zip(tables, answers, strict=True) if has_rows]


def _rows(connection: psycopg.Connection[Any], table: str) -> str:
    query = sql.SQL("SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {} t").format(sql.Identifier(table))
    return str((connection.execute(query).fetchone() or ("",))[0])
