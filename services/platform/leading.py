"""Processes of which one works and the others stand by: the escalator, the surveyor."""

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Protocol

from services.platform.errors import AWAY, fault_of, first_line
from services.platform.every import Every
from services.platform.lease import Lease
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.wakeups import Wakeups

log = logging.getLogger(__name__)

RENEW_S, STANDBY_S = 2.0, 1.0
# How often it is asked whether another package was loaded.
LOOK_EVERY_S = 5.0
# Taking over a large store.
LOAD_LIMIT_S = 120.0


class LeadingWorker(Protocol):
    """What the one that leads does: take over the store's state, then work at each wake-up.

    ``name`` is its command's, by which an operator knows it.
    """

    name: str

    def load(self) -> None:
        """Take over what stands in the store."""

    def work(self) -> None:
        """Do what there is to do now."""


def lead(
    worker: LeadingWorker,
    lease: Lease,
    wakeups: Wakeups,
    stop: threading.Event,
    *,
    is_outdated: Callable[[], bool],
    pulse: Pulse = NO_PULSE,
) -> None:
    """Lead or stand by until ``stop``, or until another package is loaded; what is away is waited for."""
    look_every, hold_every = Every(LOOK_EVERY_S), Every(STANDBY_S)
    leads, said = False, ""
    while not stop.is_set():
        try:
            if look_every.take() and is_outdated():
                break
            if hold_every.is_due():
                was, leads = leads, lease.hold()
                hold_every.begin(RENEW_S if leads else STANDBY_S)
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
                log.warning("%s waits: %s: %s", worker.name, fault.words, first_line(error))
            leads = False
            hold_every.reset()
            stop.wait(1.0)
    with contextlib.suppress(*AWAY):  # it runs out by itself
        lease.release()
