"""A signal that asks for the end finds it asked for, whenever it comes, however often."""

import subprocess
import sys
import time

import pytest

from services.platform.stopping import SignalledStop

# The alarm interrupts ``wait`` and ``set`` wherever they happen to be, some thousand times.
STORM = """
import signal, time
from services.platform.stopping import SignalledStop
stop = SignalledStop()
signal.signal(signal.SIGALRM, lambda *_: stop.set())
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
end = time.monotonic() + 2
while time.monotonic() < end:
    stop.clear()
    stop.set()
    stop.wait(0)
signal.setitimer(signal.ITIMER_REAL, 0)
stop.set()
print("done", stop.is_set())
"""


def test_signals_in_the_middle_of_everything_never_stop_the_process_for_good() -> None:
    done = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "done True\n"


def test_waiting_ends_at_its_time_or_when_the_end_is_asked_for() -> None:
    stop = SignalledStop()
    started = time.monotonic()
    assert not stop.wait(0.02)
    assert time.monotonic() - started >= 0.02
    stop.set()
    assert stop.wait(30)
    assert stop.is_set()
    stop.clear()
    assert not stop.is_set()


@pytest.mark.parametrize("timeout", [None, 30])
def test_what_is_asked_for_already_is_not_waited_for(timeout: float | None) -> None:
    stop = SignalledStop()
    stop.set()
    assert stop.wait(timeout)
