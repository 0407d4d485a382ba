"""Real servers for the tests: loopback, free ports, gone with the test."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from time import monotonic, sleep

from services.embedded import die_with_parent, free_port
from services.store.engine import open_engine
from services.store.migrate import upgrade
from tests.emptying import Made, as_made, empty

# A killed server loses nothing that it has committed; a power cut may take all: nobody keeps a test's cluster.
QUICK = ["-c", "fsync=off", "-c", "full_page_writes=off"]
STORE, TEMPLATE = "lianqin", "lianqin_migrated"


class Postgres:
    """A throw-away PostgreSQL cluster. PostgreSQL refuses to run as root: then it runs as Debian's user postgres."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lianqin-pg-"))
        self.port = free_port()
        self._as = (
            ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._has_template = False
        self._made: Made | None = None

    @property
    def url(self) -> str:
        return self._wire(STORE, "postgresql+psycopg")

    def renew(self) -> None:
        """Put a fresh migrated store in the place of the one at ``url``; the migrations run once a cluster."""
        if not self._is_emptied():
            self._make_anew()

    def _is_emptied(self) -> bool:
        import psycopg

        if self._made is None:
            return False
        try:
            with psycopg.connect(self._wire(STORE), autocommit=True) as connection:
                return empty(connection, self._made)
        except psycopg.OperationalError:  # it was dropped, or lets nobody in
            return False

    def _make_anew(self) -> None:
        import psycopg

        with psycopg.connect(self._wire("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {STORE} WITH (FORCE)")
            if not self._has_template:
                connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {TEMPLATE}")
                engine = open_engine(self._wire(TEMPLATE, "postgresql+psycopg"))
                upgrade(engine)
                engine.dispose()
                self._has_template = True
            connection.execute(f"CREATE DATABASE {STORE} TEMPLATE {TEMPLATE}")
        with psycopg.connect(self._wire(STORE), autocommit=True) as connection:
            self._made = as_made(connection)

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
