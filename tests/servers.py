"""Real servers for the tests: loopback, free ports, gone with the test."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from time import monotonic, sleep

from services.embedded import die_with_parent, free_port

AS_POSTGRES = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]


class Postgres:
    """A throw-away PostgreSQL cluster. PostgreSQL refuses to run as root: then it runs as Debian's user postgres."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lianqin-pg-"))
        self.port = free_port()
        self._as = (
            ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://lianqin@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        subprocess.run(
            [*self._as, binary("initdb"), "-D", str(self.folder / "data"), "-U", "lianqin", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [*self._as, binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port),
             "-h", "127.0.0.1", "-k", str(self.folder)],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
        )  # fmt: skip
        import psycopg

        end = monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2).close()
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
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def binary(name: str) -> str:
    """A server program of PostgreSQL: on PATH, else where Debian keeps it."""
    if found := shutil.which(name):
        return found
    candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not candidates:
        raise FileNotFoundError(f"{name} is not installed: run `make setup-tests`")
    return str(candidates[-1])
