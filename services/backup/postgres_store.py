"""PostgreSQL: a dump of one moment by its own ``pg_dump``, and ``pg_restore`` of it into an empty database, or nothing.

The transaction whose facts go into the manifest exports its snapshot: the dump is of that moment to the row.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL, make_url

from services.backup.manifest import BackupError
from services.platform.database import is_read_only, reading

KEPT_ENVIRONMENT = ("PATH", "HOME", "SSL_CERT_FILE")
LONGEST_SAID = 400
# A moment's picture: roles and their rights are the server's (deploy/postgres/roles.sql), not the district's.
PLAIN = ("--no-owner", "--no-privileges")


@contextmanager
def at_one_moment(engine: Engine) -> Iterator[tuple[Connection, str]]:
    """A connection that sees the store as of one moment, and the name under which others see the same.

    Raises BackupError where the database takes no writes.
    """
    with reading(engine) as connection:
        need_primary(connection)
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # the dump takes what it takes
        yield connection, str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())


def dump_store(database: str, snapshot: str, to: Path) -> None:
    """Write the store as of a snapshot into the new file ``to``. Raises BackupError."""
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    where, environment = _address(database)
    done = subprocess.run(
        [_program("pg_dump"), "--format=custom", *PLAIN, f"--snapshot={snapshot}", f"--file={to}", f"--dbname={where}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"pg_dump could not make the copy, nothing was kept: {_said(done.stderr)}")


def need_programs(*names: str) -> None:
    """Raise BackupError where one of PostgreSQL's programs is not there: before anything is begun."""
    for name in names:
        _program(name)


def need_primary(connection: Connection) -> None:
    """Raise BackupError where the database takes no writes: a backup and a restore are on the audit."""
    if is_read_only(connection):
        raise BackupError(
            "the database is read-only: a stand-by, or set so. Give the address of the one that takes writes in "
            "LIANQIN_DATABASE_URL, or promote this one; nothing was changed"
        )


def need_empty(connection: Connection, name: str) -> None:
    """Raise BackupError where the database has tables."""
    if found := inspect(connection).get_table_names():
        raise BackupError(
            f"the database {name!r} has {len(found)} tables. A backup goes into an empty one only: make one beside it "
            "(`createdb --encoding=UTF8 NAME`), name it in LIANQIN_DATABASE_URL and call this again; the old one stays "
            "until you drop it"
        )


def restore_store(database: str, fill: Callable[[Callable[[bytes], object]], None]) -> None:
    """Hand the dump that ``fill`` writes to ``pg_restore``: all of it in one transaction, or nothing.

    Raises BackupError, and what ``fill`` raises.
    """
    where, environment = _address(database)
    command = [_program("pg_restore"), *PLAIN, "--single-transaction", f"--dbname={where}"]
    with tempfile.TemporaryFile() as said:
        restoring = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        assert restoring.stdin is not None
        try:
            with suppress(BrokenPipeError):  # it has ended: its own words say why
                fill(restoring.stdin.write)
                restoring.stdin.flush()
        except BaseException:
            restoring.kill()  # before its input ends: it must not take half for the whole
            raise
        finally:
            with suppress(BrokenPipeError):
                restoring.stdin.close()
            restoring.wait()
        if restoring.returncode:
            said.seek(0)
            raise BackupError(f"pg_restore could not put it back, nothing was changed: {_said(said.read())}")


def _program(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise BackupError(
        f"{name} is not on the PATH: install PostgreSQL's client programs, of the server's version or newer "
        "(Debian: apt-get install postgresql-client)"
    )


def _address(database: str) -> tuple[str, dict[str, str]]:
    """The database's address without the password, which everybody on the machine could read, and the environment."""
    url = make_url(database)
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    kept = {name: value for name, value in os.environ.items() if name.startswith("PG") or name in KEPT_ENVIRONMENT}
    if url.password:
        kept["PGPASSWORD"] = str(url.password)
    return plain.render_as_string(hide_password=False), {**kept, "LC_ALL": "C.UTF-8"}


def _said(raw: bytes) -> str:
    lines = [line.strip() for line in raw.decode("utf-8", "replace").splitlines()]
    return " ".join(filter(None, lines))[:LONGEST_SAID] or "it says nothing of why"
