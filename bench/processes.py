"""What a bench starts and ends again, by pid: a Redis of its own, child processes, free loopback ports."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import redis

from services.operations.embedded import die_with_parent

# Loopback needs no proxy, whatever the environment says.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Child:
    """A process in a session of its own, its output in a log file; ``stop`` ends it and what it started."""

    def __init__(
        self, command: Sequence[str | Path], log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(part) for part in command], cwd=cwd, env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl: however a bench is ended, nothing stays
            )  # fmt: skip

    def family(self) -> list[psutil.Process]:
        """The process and its descendants that still run."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> None:
        """SIGTERM, five seconds' grace, then SIGKILL, to the family only."""
        family = self.family()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        self.process.wait()


def cpu_seconds(children: Sequence[Child]) -> float:
    """User and system time of these families so far."""
    total = 0.0
    for child in children:
        for member in child.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = member.cpu_times()
                total += times.user + times.system
    return total


def rss_mb(children: Sequence[Child]) -> int:
    """Resident memory of these families, in megabytes."""
    total = 0
    for child in children:
        for member in child.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
    return round(total / 1e6)


class RedisServer:
    """A redis-server (or valkey-server) from PATH on a free port, without persistence unless told."""

    def __init__(self, log: Path, *extra: str) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            raise SystemExit("no redis-server on PATH: install Debian's redis-server")
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="bench-redis-")
        self.child = Child(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", self._folder.name, *extra], log,
        )  # fmt: skip
        self.client = redis.Redis(port=self.port)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline or self.child.process.poll() is not None:
                    self.stop()
                    raise RuntimeError(f"redis-server did not start: see {log}") from None
                time.sleep(0.05)

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """End it; its folder goes too."""
        self.client.close()
        self.child.stop()
        self._folder.cleanup()


def wait_for_http(url: str, children: Sequence[Child], limit_s: float = 90.0) -> None:
    """Return when ``url`` answers. Raises RuntimeError with the log's tail when a child ends before that."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        for child in children:
            if (code := child.process.poll()) is not None:
                tail = child.log.read_text(errors="replace")[-2_000:]
                raise RuntimeError(f"{child.process.args!r} ended with {code} before {url} answered:\n{tail}")
        try:
            with _DIRECT.open(url, timeout=2) as answer:
                answer.read(1)
            return
        except urllib.error.HTTPError:
            time.sleep(0.2)  # up, and not ready yet
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {limit_s:.0f} s")
