"""Processes that stand on the district's package: begun anew with each one that is loaded."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from services.district.doors import OpenDoors, open_doors
from services.district.package_watch_reader import PackageWatch
from services.health.hearts import Hearts
from services.platform.errors import STORE_ERRORS
from services.platform.settings import Settings
from services.platform.stopping import stop_on_signals


class RunsUntilStopped(Protocol):
    """What works until it is told to stop, or until another package was loaded."""

    def run(self, stop: threading.Event, *, is_outdated: Callable[[], bool]) -> None:
        """Until then."""


def with_each_package(settings: Settings, make: Callable[[OpenDoors, Hearts], RunsUntilStopped]) -> int:
    """Run it until a signal; what ``make`` makes says by its hearts that it lives."""
    stop = stop_on_signals()
    while not stop.is_set():
        doors = open_doors(settings, migrate=False)
        watch = PackageWatch(doors.engine, settings.district_dir, doors.district, doors.clock.now_ms)
        with Hearts(doors.redis, doors.district.code, doors.district.digest, settings.metrics_dir) as hearts:
            made = make(doors, hearts)
            made.run(stop, is_outdated=lambda watch=watch: _is_outdated(watch))  # type: ignore[misc]  # of this turn
    return 0


def _is_outdated(watch: PackageWatch) -> bool:
    """Whether another package was loaded; a store that does not answer says nothing of it."""
    try:
        return watch.newer() is not None
    except STORE_ERRORS:
        return False


class Together:
    """Several of them in one process, each in a thread of its own; when one ends all end.

    What one of them raises is raised.
    """

    def __init__(self, parts: Sequence[RunsUntilStopped]) -> None:
        self._parts = parts

    def run(self, stop: threading.Event, *, is_outdated: Callable[[], bool]) -> None:
        """Until told to stop, or until another package was loaded."""
        if len(self._parts) == 1:
            self._parts[0].run(stop, is_outdated=is_outdated)
            return
        ended = threading.Event()
        failed: list[BaseException] = []

        def run(part: RunsUntilStopped) -> None:
            try:
                part.run(stop, is_outdated=lambda: ended.is_set() or is_outdated())
            except BaseException as error:  # raised again below, in the thread that called us
                failed.append(error)
            finally:
                ended.set()

        threads = [threading.Thread(target=run, args=(part,)) for part in self._parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
