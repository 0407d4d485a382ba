"""Real servers for the tests: loopback, free ports, gone with the test."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, LiteralString

from services.operations.embedded import die_with_parent, free_port
from services.platform.database import open_engine
from services.platform.migrate import upgrade

if TYPE_CHECKING:
    import psycopg

# A killed server loses nothing that it has committed; a power cut may take all: nobody keeps a test's cluster.
QUICK = ["-c", "fsync=off", "-c", "full_page_writes=off"]
STORE, TEMPLATE = "lianqin", "lianqin_migrated"
# Everything of a store but its rows, as one text.
SCHEMA = """SELECT md5(concat_ws('|',
    (SELECT string_agg(c::text, ',' ORDER BY c::text) FROM (SELECT relname, relkind, relowner, relacl, reloptions,
        relchecks, relhastriggers, relpersistence FROM pg_class WHERE relnamespace = 'public'::regnamespace) c),
    (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM (SELECT attrelid::regclass, attnum, attname, atttypid,
        atttypmod, attnotnull, attisdropped, attacl FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace) a),
    (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM (SELECT tgrelid::regclass, tgname, tgenabled, tgtype, tgfoid
        FROM pg_trigger) t),
    (SELECT string_agg(p::text, ',' ORDER BY p::text) FROM (SELECT oid, proname, prosrc, proacl FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace) p),
    (SELECT string_agg(n::text, ',' ORDER BY n::text) FROM (SELECT oid, conname, contype, convalidated
        FROM pg_constraint) n),
    (SELECT string_agg(s::text, ',' ORDER BY s::text) FROM (SELECT nspname, nspacl, nspowner FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%') s),
    (SELECT string_agg(d::text, ',' ORDER BY d::text) FROM (SELECT setrole, setconfig FROM pg_db_role_setting) d),
    (SELECT datacl::text FROM pg_database WHERE datname = current_database()),
    (SELECT string_agg(version_num, ',') FROM alembic_version)
))"""
# What may refuse to be emptied, and how it is switched on again.
TRIGGERS = """SELECT tgrelid::regclass::text, quote_ident(tgname),
    CASE tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END
    FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgtype & 32 <> 0"""
# The tables that hold rows, but the migrations' own.
FILLED = """SELECT string_agg(quote_ident(relname), ', ') FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"""


class Postgres:
    """A throw-away PostgreSQL cluster. PostgreSQL refuses to run as root: then it runs as Debian's user postgres."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lianqin-pg-"))
        self.port = free_port()
        self._as = (
            ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._schema = ""

    @property
    def url(self) -> str:
        return self._wire(STORE, "postgresql+psycopg")

    def renew(self) -> None:
        """Put a fresh migrated store in the place of the one at ``url``; the migrations run once a cluster.

        One whose schema is as it was is emptied: that takes a twentieth of the time of making it anew.
        """
        import psycopg

        with psycopg.connect(self._wire("postgres"), autocommit=True) as connection:
            if self._schema and self._emptied(connection):
                return
            connection.execute(f"DROP DATABASE IF EXISTS {STORE} WITH (FORCE)")
            if not self._schema:
                connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {TEMPLATE}")
                engine = open_engine(self._wire(TEMPLATE, "postgresql+psycopg"))
                upgrade(engine)
                engine.dispose()
            connection.execute(f"CREATE DATABASE {STORE} TEMPLATE {TEMPLATE}")
        if not self._schema:
            with psycopg.connect(self._wire(STORE), autocommit=True) as connection:
                self._schema = _value(connection, SCHEMA)

    def _emptied(self, server: "psycopg.Connection") -> bool:
        """Whether the store could be emptied: it is there, and nobody has changed more than its rows."""
        import psycopg

        server.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [STORE])
        try:
            with psycopg.connect(self._wire(STORE), autocommit=True) as connection:
                if _value(connection, SCHEMA) != self._schema:
                    return False
                filled = _value(connection, FILLED)
                if filled:
                    # The audit's triggers refuse this to everybody: they are off meanwhile.
                    triggers = connection.execute(TRIGGERS).fetchall()
                    off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name, _ in triggers]
                    on = [f"ALTER TABLE {table} {how} TRIGGER {name}" for table, name, how in triggers]
                    connection.execute("; ".join([*off, f"TRUNCATE {filled} RESTART IDENTITY", *on]))
        except psycopg.OperationalError:
            return False
        return True

    def _wire(self, database: str, scheme: str = "postgresql") -> str:
        return f"{scheme}://lianqin@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        subprocess.run(
            [*self._as, binary("initdb"), "-D", str(self.folder / "data"), "-U", "lianqin", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip
        self.start()
        import psycopg

        with psycopg.connect(self._wire("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {STORE}")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [*self._as, binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port),
             "-h", "127.0.0.1", "-k", str(self.folder), *QUICK],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
        )  # fmt: skip
        import psycopg

        end = monotonic() + 30
        while True:
            try:
                psycopg.connect(self._wire("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if monotonic() > end or self._process.poll() is not None:
                    raise
                sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: at once with its clients' transactions undone (SIGINT), or as a crash would (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)  # nobody keeps its files: no last checkpoint
        shutil.rmtree(self.folder, ignore_errors=True)


def binary(name: str) -> str:
    """A server program of PostgreSQL: on PATH, else where Debian keeps it."""
    if found := shutil.which(name):
        return found
    candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not candidates:
        raise FileNotFoundError(f"{name} is not installed: run `make setup-tests`")
    return str(candidates[-1])


def _value(connection: "psycopg.Connection", query: LiteralString) -> str:
    (found,) = connection.execute(query).fetchone() or ("",)
    return str(found or "")
