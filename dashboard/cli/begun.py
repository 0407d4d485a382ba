"""A process says in its log when it begins, with its version, and when it ends."""

import contextlib
import logging
import os
from collections.abc import Iterator

from services.platform.version import our_version

log = logging.getLogger("lianqin")

# What runs until it is told to stop.
PROCESSES = frozenset({"web", "projector", "escalator", "surveyor", "alarms", "worker"})


@contextlib.contextmanager
def begun_and_ended(name: str) -> Iterator[None]:
    """Say that a process begins, which version it is, and that it ends; what it forks says neither."""
    own, how = os.getpid(), "by an error"
    log.info("%s begins: lianqin %s, process %d", name, our_version() or "of no version", own)
    try:
        yield
        how = "as it was asked to"
    except SystemExit as end:  # gunicorn's way to return
        how = how if end.code else "as it was asked to"
        raise
    finally:
        if os.getpid() == own:
            log.info("%s ends %s", name, how)
