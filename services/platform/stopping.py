"""An end that a signal may ask for at any moment.

``threading.Event`` must not be set from a signal handler: its lock is not reentrant, and the handler runs in the thread
that it has interrupted, perhaps within ``wait`` or within the ``set`` of the signal before. Then the process stands
still for ever, deaf to SIGTERM. This one has no lock.
"""

import signal
import threading
import time

_SLICE_S = 0.05


class SignalledStop(threading.Event):
    """Set by a handler, asked and waited for by the loops of a process."""

    def __init__(self) -> None:
        super().__init__()
        self._is_asked = False

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._is_asked

    def set(self) -> None:
        """Ask for the end: safe in a signal handler."""
        self._is_asked = True

    def clear(self) -> None:
        """Take it back."""
        self._is_asked = False

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until the end is asked for, at most ``timeout`` seconds; whether it was."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._is_asked:
            left = _SLICE_S if end is None else end - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, _SLICE_S))
        return self._is_asked


def stop_on_signals() -> SignalledStop:
    """An end that Ctrl-C and SIGTERM ask for."""
    stop = SignalledStop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
