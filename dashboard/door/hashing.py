"""Passwords are hashed in a pool of their own, so that a burst of log-ins holds up nobody who is logged in.

A hash takes some 0.1 s and 64 MiB: few threads, at a lower priority than the loop's; one at a time of an address; and
beyond a short queue the answer is «try again» instead of a longer wait.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gevent import monkey
from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

from services.access.log_in.network import network_of
from services.platform.refusal import Refusal

THREADS = max(1, min(2, (os.cpu_count() or 2) // 2))
# Of all addresses, and of one: a whole office may come through one at the change of shifts.
WAITING, WAITING_ONE = 16, 8
RETRY_AFTER_S = 5
_NICE = 5
_get_native_id = monkey.get_original("_thread", "get_native_id")


class Busy(Refusal):
    """Too many log-ins wait already: RETRY_AFTER_S later there is room again."""

    texts, status = "login.", 503

    def __init__(self) -> None:
        super().__init__("too many log-ins wait already", "busy")


class Hashing:
    """The pool. ``run`` returns what the work returns and raises what it raises, or Busy."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING, waiting_one: int = WAITING_ONE) -> None:
        self._pool = ThreadPool(threads, hub=gevent.get_hub())
        self._waiting, self._most, self._most_one = 0, waiting, waiting_one
        self._addresses: dict[str, tuple[BoundedSemaphore, int]] = {}

    def run(self, address: str, work: Callable[[], Any]) -> Any:
        """Do one address' work when its turn comes."""
        network = network_of(address)
        turn, before = self._addresses.get(network, (None, 0))
        if self._waiting >= self._most or before >= self._most_one:
            raise Busy
        turn = turn or BoundedSemaphore(1)
        self._addresses[network] = turn, before + 1
        self._waiting += 1
        try:
            with turn:
                found, error = self._pool.apply(_done, (work,))
        finally:
            self._waiting -= 1
            left = self._addresses[network][1] - 1
            if left:
                self._addresses[network] = turn, left
            else:
                del self._addresses[network]
        if error is not None:
            raise error
        return found


def _done(work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What the work returns, or raises: let out of the thread, gevent would print it as well, at length."""
    # Linux has priorities of single threads, and what argon2 starts has its thread's. Elsewhere it goes without.
    with suppress(OSError, AttributeError):
        if _get_native_id() != os.getpid() and os.getpriority(os.PRIO_PROCESS, 0) < _NICE:
            os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    try:
        return work(), None
    except BaseException as error:  # raised again where it was asked for
        return None, error
