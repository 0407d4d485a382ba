"""Start the product's processes without paying for their imports each time.

A parent process imports what the command imports, compiles the pages' templates, and then waits. For each start it
forks: the child is a process of its own (its own session, environment and log; killed, stopped and waited for by its
id) and runs the command's own ``main``. Nothing else is shared. What tests the start itself uses ``subprocess``.
"""

import sys

if __name__ == "__main__" and sys.argv[1] == "web":
    # Before anything else is imported, as dashboard.cli does it.
    from gevent import monkey

    monkey.patch_all()

import atexit
import gc
import importlib
import json
import os
import posix  # its fork, waitpid and close stay as they are when gevent replaces those of os (close waits for the loop)
import select
import signal
import socket
import subprocess
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.operations.embedded import die_with_parent
from tests import once

PRODUCT = "dashboard.cli.main"
# What each kind of parent imports: ``web`` runs under gevent, which must replace what blocks before all else.
IMPORTS = {
    "web": (
        "dashboard.app", "dashboard.server", "services.district.doors", "services.district.package_watch_reader",
        "gunicorn.workers.ggevent",
    ),
    "other": (
        "services.projector.worker", "services.projector.errands.rebuild", "services.district.doors",
        "services.commands.escalation.worker",
        "services.duty.worker", "services.coverage.worker", "dashboard.cli.running", "dashboard.papers.worker",
        "alembic.command", "alembic.runtime.migration",
    ),
}  # fmt: skip
_parents: dict[str, "_Parent"] = {}


class Process:
    """A started process, with what the tests use of ``subprocess.Popen``."""

    def __init__(self, parent: "_Parent", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """The exit code (minus the signal's number when one ended it), or None while it runs."""
        if self.returncode is None and select.select([self._handle], [], [], 0)[0]:
            self.returncode = self._parent.ask({"reap": self.pid})
            os.close(self._handle)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""
        if self.returncode is None and not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send it, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def kill_family(self) -> None:
        """SIGKILL to it and to whatever it has started, at once."""
        if self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)


def start(
    arguments: list[str], environment: Mapping[str, str], log: Path | None = None, module: str = PRODUCT
) -> Process:
    """Run ``python -m module arguments`` in a process of its own.

    ``environment`` comes over this process' own. What it says is appended to ``log``, else comes out here.
    """
    kind = "web" if arguments[:1] == ["web"] and module == PRODUCT else "other"
    if kind not in _parents:
        _parents[kind] = _Parent(kind)
    wish = {
        "module": module,
        "arguments": arguments,
        "environment": {**os.environ, **environment},
        "log": str(log) if log else "",
    }
    return Process(_parents[kind], _parents[kind].ask(wish))


class _Parent:
    def __init__(self, kind: str) -> None:
        ours, its = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", kind, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
        )
        its.close()
        self._wire = ours.makefile("rw", encoding="utf-8")
        ours.close()
        atexit.register(self.end)

    def ask(self, wish: dict[str, Any]) -> int:
        self._wire.write(json.dumps(wish) + "\n")
        self._wire.flush()
        answer = self._wire.readline()
        if not answer:
            raise RuntimeError("the parent of the product's processes has ended")
        return int(answer)

    def end(self) -> None:
        self._wire.close()
        self._process.terminate()
        self._process.wait()


def _serve(kind: str, wire: int) -> None:
    """Answer until the test process ends. Plain system calls: nothing here may start gevent's loop before a fork."""
    for name in IMPORTS[kind]:
        importlib.import_module(name)
    if kind == "web":
        _compile_templates()
    gc.collect()
    gc.freeze()  # what is here stays: no child looks through it for what might be gone
    left = b""
    while piece := os.read(wire, 65536):
        *lines, left = (left + piece).split(b"\n")
        for line in lines:
            wish = json.loads(line)
            answer = _reaped(wish["reap"]) if "reap" in wish else _forked(wish, wire)
            os.write(wire, b"%d\n" % answer)


def _compile_templates() -> None:
    """A web process compiles every page's template before it answers: a child finds them compiled."""
    import flask

    flask.Flask.jinja_options["bytecode_cache"] = once.Templates()
    pages = flask.Flask("dashboard", static_folder=None, template_folder="pages").jinja_env
    for name in pages.list_templates(extensions=["html"]):
        pages.get_template(name)


def _reaped(pid: int) -> int:
    return os.waitstatus_to_exitcode(posix.waitpid(pid, 0)[1])


def _forked(wish: dict[str, Any], wire: int) -> int:
    """Fork; return the child's pid once the child leads its own process group, so that the group can be killed."""
    began, begins = os.pipe()
    if pid := posix.fork():
        posix.close(begins)
        posix.read(began, 1)  # the end of the pipe: the child has closed it, or is gone
        posix.close(began)
        return pid
    code = 1
    try:
        os.setsid()
        die_with_parent()
        posix.close(began)
        posix.close(begins)
        posix.close(wire)
        if wish["log"]:
            log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            posix.close(log)
        os.environ.clear()
        os.environ.update(wish["environment"])
        sys.argv = [wish["module"], *wish["arguments"]]
        code = _ran(wish["module"])
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ran(module: str) -> int:
    try:
        return importlib.import_module(module).main() or 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
