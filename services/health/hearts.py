"""The hearts of one process: begun with its loops, ended with it."""

import redis

from services.health.beats import IDLE_LIMIT_MS, SILENCE_LIMIT_MS
from services.health.heart import Heart


class Hearts:
    """A context: leaving it says good-bye for each heart, unless an error ends the process."""

    def __init__(self, client: redis.Redis, district: str, package: str = "") -> None:
        """``package``: the digest of the package that the process works with."""
        self._client, self._district, self._package = client, district, package
        self._hearts: list[Heart] = []

    def __enter__(self) -> "Hearts":
        return self

    def __exit__(self, kind: object, *_raised: object) -> None:
        for heart in self._hearts:
            heart.stop(is_over=kind is None)

    def begin(
        self,
        name: str,
        *,
        idle_limit_s: float = IDLE_LIMIT_MS / 1000,
        silence_limit_s: float = SILENCE_LIMIT_MS / 1000,
    ) -> Heart:
        """Let a loop's heart beat; ``name`` is one of ``beats.NAMES``."""
        heart = Heart(
            self._client, self._district, name, idle_limit_s=idle_limit_s, silence_limit_s=silence_limit_s,
            package=self._package,
        )  # fmt: skip
        self._hearts.append(heart)
        heart.start()
        return heart
