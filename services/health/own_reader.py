"""What a process is and takes: its build, its age, its memory, its threads and files; Linux says it in /proc."""

import os
import platform
import resource
import threading
import time
from pathlib import Path

from services.platform.metric import Metric, counter, gauge
from services.platform.migrate import head
from services.platform.version import our_version

_BEGAN_AT_S = time.time()
_PAGE = resource.getpagesize()
_STATM, _FILES = Path("/proc/self/statm"), Path("/proc/self/fd")


def own_figures() -> list[Metric]:
    """As of now."""
    cpu = time.process_time()
    found = [
        gauge(
            "lianqin_build_info",
            "the program that runs: always 1",
            1,
            version=our_version(),
            migration=head(),
            python=platform.python_version(),
        ),
        gauge("lianqin_process_start_time_seconds", "when it began, as Unix seconds", _BEGAN_AT_S, "seconds"),
        gauge("lianqin_process_pid", "its number on this machine", os.getpid()),
        counter("lianqin_process_cpu_seconds", "processor time that it has taken", cpu, "seconds"),
        gauge("lianqin_process_threads", "threads of it that run Python", threading.active_count()),
    ]
    if _STATM.exists():
        pages = int(_STATM.read_text("ascii").split()[1])
        found.append(gauge("lianqin_process_resident_memory_bytes", "memory that it holds", pages * _PAGE, "bytes"))
        found.append(gauge("lianqin_process_open_fds", "files and connections it has open", len(os.listdir(_FILES))))
    return found
