"""The hearts of one process: begun with its loops, ended with it; and the file of its figures."""

from pathlib import Path

import redis

from services.health.beats import IDLE_LIMIT_MS, SILENCE_LIMIT_MS
from services.health.figures_store import FiguresFile, FiguresSource
from services.health.heart import Heart


class Hearts:
    """A context: leaving it says good-bye for each heart, unless an error ends the process."""

    def __init__(self, client: redis.Redis, district: str, package: str = "", figures: Path | None = None) -> None:
        """``package``: the digest of the package that the process works with; ``figures``: the folder of their file."""
        self._client, self._district, self._package = client, district, package
        self._hearts: list[Heart] = []
        self._folder = figures
        self._file: FiguresFile | None = None

    def __enter__(self) -> "Hearts":
        return self

    def __exit__(self, kind: object, *_raised: object) -> None:
        for heart in self._hearts:
            heart.stop(is_over=kind is None)
        if self._file is not None:
            self._file.end()

    def tell(self, source: FiguresSource) -> None:
        """Write what ``source`` says into the file too: of a process that has begun a heart."""
        if self._file is not None:
            self._file.add(source)

    def begin(
        self,
        name: str,
        *,
        idle_limit_s: float = IDLE_LIMIT_MS / 1000,
        silence_limit_s: float = SILENCE_LIMIT_MS / 1000,
    ) -> Heart:
        """Let a loop's heart beat; ``name`` is one of ``beats.NAMES``."""
        heart = Heart(
            self._client,
            self._district,
            name,
            idle_limit_s=idle_limit_s,
            silence_limit_s=silence_limit_s,
            package=self._package,
        )
        self._hearts.append(heart)
        if self._folder is not None:
            if self._file is None:
                self._file = FiguresFile(self._folder, self._district, name)
                self._file.begin()
            self._file.add(heart.figures)
        heart.start()
        return heart
