"""Processes of which one works and the others stand by: the escalator, the surveyor."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from services.platform.errors import AWAY, fault_of, first_line
from services.platform.lease import Lease
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.wakeups import Wakeups

log = logging.getLogger(__name__)

RENEW_S, STANDBY_S = 2.0, 1.0
# How often it is asked whether another package was loaded.
LOOK_EVERY_S = 5.0
# Taking over a large store.
LOAD_LIMIT_S = 120.0


class Worker(Protocol):
    """What the one that leads does: take over the store's state, then work at each wake-up."""

    def load(self) -> None:
        """Take over what stands in the store."""

    def work(self) -> None:
        """Do what there is to do now."""


def lead(  # noqa: PLR0917  # one of each door
    worker: Worker,
    lease: Lease,
    wakeups: Wakeups,
    stop: threading.Event,
    is_outdated: Callable[[], bool],
    pulse: Pulse = NO_PULSE,
) -> None:
    """Lead or stand by until ``stop``, or until another package is loaded; what is away is waited for."""
    held_at = looked_at = 0.0
    leads, said = False, ""
    while not stop.is_set():
        try:
            if time.monotonic() - looked_at >= LOOK_EVERY_S:
                looked_at = time.monotonic()
                if is_outdated():
                    break
            if time.monotonic() - held_at >= (RENEW_S if leads else STANDBY_S):
                was, leads, held_at = leads, lease.hold(), time.monotonic()
                if leads and not was:
                    with pulse.busy("reads the store", LOAD_LIMIT_S):
                        worker.load()
            pulse.turn("leader" if leads else "standby")
            if leads:
                worker.work()
                wakeups.wait(500)
            else:
                stop.wait(STANDBY_S / 2)
            said = ""
        except AWAY as error:
            fault = fault_of(error)
            pulse.waits(fault.words)
            if said != fault.code:  # once, not once a second
                said = fault.code
                log.warning("the %s waits: %s: %s", type(worker).__name__.lower(), fault.words, first_line(error))
            leads, held_at = False, 0.0
            stop.wait(1.0)
    with contextlib.suppress(*AWAY):  # it runs out by itself
        lease.release()
