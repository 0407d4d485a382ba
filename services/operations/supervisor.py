"""A small supervisor for the demo: every process of production, each alone, together under one Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.operations.embedded import die_with_parent

RESTART_AFTER_S = (0.5, 1, 2, 5, 10)
STOP_TIMEOUT_S = 8.0


@dataclass(slots=True)
class Child:
    """One supervised process: ``lianqin`` with these arguments."""

    name: str
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    next_start: float = 0.0
    started: float = field(default_factory=time.monotonic)


class Supervisor:
    """Starts children in order, restarts those that fall, ends them in the opposite order."""

    def __init__(self, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._environment = dict(environment)
        self._say = say
        self._children: list[Child] = []
        self._stopping = False

    def start(self, name: str, *arguments: str) -> Child:
        """Start ``lianqin <arguments>`` and look after it."""
        child = Child(name, arguments)
        self._children.append(child)
        self._spawn(child)
        return child

    def watch(self, until: Callable[[], bool], pause_s: float = 0.2) -> None:
        """Look after the children until ``until`` says so or a signal stops us."""
        while not self._stopping and not until():
            self._restart_fallen()
            time.sleep(pause_s)

    def stop_on_signals(self) -> None:
        """Ctrl-C and SIGTERM end ``watch``."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    @property
    def stopping(self) -> bool:
        """Whether a signal has asked for the end."""
        return self._stopping

    def stop(self) -> None:
        """End every child, the last started first, by its process id; SIGKILL to one that does not go."""
        for child in reversed(self._children):
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        end = time.monotonic() + STOP_TIMEOUT_S
        for child in reversed(self._children):
            if child.process is None:
                continue
            try:
                child.process.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _spawn(self, child: Child) -> None:
        child.started = time.monotonic()
        child.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", *child.arguments],
            env={**os.environ, **self._environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone: we end them in order
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl; the supervisor has no other threads
        )

    def _restart_fallen(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.next_start:
                    self._spawn(child)
                continue
            code = child.process.poll()
            if code is None or (code == 0 and child.name == "history"):
                continue
            child.failures = 0 if now - child.started > 60 else child.failures + 1
            pause = RESTART_AFTER_S[min(child.failures, len(RESTART_AFTER_S) - 1)]
            self._say(f"{child.name} ended with code {code}; starting it again in {pause} s")
            child.process, child.next_start = None, now + pause
