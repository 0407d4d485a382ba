"""A process's figures in a small file that a textfile collector (node_exporter) reads; whole or not at all.

Each process of a district has a file of its own. Two of one name on a machine take two slots: a lock holds the slot for
as long as its process lives, so that the next one has the name, and the label, of the one before.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from services.health.own_reader import own_figures
from services.platform.errors import first_line
from services.platform.metric import Metric, as_text, with_labels
from services.platform.whole_file import partial_of, whole_file

log = logging.getLogger(__name__)

WRITE_EVERY_S = 10.0
MOST_SLOTS = 64
# The collector is another account: counts are nobody's secret, and the folder is chosen for it.
MODE, FOLDER_MODE = 0o644, 0o755

FiguresSource = Callable[[], list[Metric]]


class FiguresFile:
    """Writes what its sources say every ten seconds, and takes the file away at its end."""

    def __init__(self, folder: Path, district: str, process: str) -> None:
        self._folder, self._district, self._process = folder, district, process
        self._sources: list[FiguresSource] = [own_figures]
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock: IO[bytes] | None = None
        self._slot = -1
        self._said = ""

    @property
    def path(self) -> Path:
        """Where it is, once begun."""
        return self._folder / f"lianqin-{self._district}-{self._process}-{self._slot}.prom"

    def add(self, source: FiguresSource) -> None:
        """Write what ``source`` says too; it is asked by another thread, and answers at once."""
        self._sources.append(source)

    def begin(self) -> None:
        """Take a slot, and write from now on. A folder that is not ours to write is said, and stops nobody."""
        try:
            self._take_slot()
        except OSError as error:
            log.warning("figures cannot be written to %s: %s", self._folder, first_line(error))
            return
        self._thread = threading.Thread(target=self._run, daemon=True, name="figures")
        self._thread.start()

    def end(self) -> None:
        """Write no more: a process that has ended has no figures."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(WRITE_EVERY_S)
            self.path.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()

    def write(self) -> None:
        """Write now. What fails is said once, and tried again."""
        labels = {"district": self._district, "process": self._process, "slot": str(self._slot)}
        try:
            text = as_text(with_labels([metric for source in self._sources for metric in source()], labels))
            with whole_file(self.path) as file:
                file.write(text.encode())
                os.fchmod(file.fileno(), MODE)
            self._said = ""
        except OSError as error:
            if self._said != (said := first_line(error)):
                self._said = said
                log.warning("figures cannot be written to %s: %s", self.path, said)

    def _take_slot(self) -> None:
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
            self._folder.chmod(FOLDER_MODE)
        for slot in range(MOST_SLOTS):
            lock = (self._folder / f".lianqin-{self._district}-{self._process}-{slot}.lock").open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            self._lock, self._slot = lock, slot
            partial_of(self.path).unlink(missing_ok=True)  # of one that was killed
            return
        raise OSError(f"{MOST_SLOTS} processes of this name write there already")

    def _run(self) -> None:
        while not self._ended.is_set():
            self.write()
            self._ended.wait(WRITE_EVERY_S)
