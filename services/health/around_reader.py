"""What is wrong around the streams and stops nothing yet: the truth bar, ``/readyz`` and the doctor name the same."""

import logging
from typing import Any, Literal, NamedTuple

import redis

from services.contract.entry import entry_order
from services.platform.clock import HOUR_MS
from services.platform.errors import REDIS_ERRORS, fault_of, first_line
from services.platform.every import Every
from services.platform.redis import GROUP, Keys

log = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0
# A group is forgotten when nobody has read for it for so long, and so much is behind its place.
FORGOTTEN_MS = HOUR_MS


class Oddity(NamedTuple):
    """``about`` is the group's name, or the key's."""

    kind: Literal["forgotten_group", "ignored_clock"]
    about: str


class RedisWatch:
    """Looks now and then. ``found`` is as of the last look that Redis answered.

    ``follows_clock``: the district's clock key is obeyed here (``LIANQIN_CLOCK=virtual``), so it is nothing to name.
    """

    def __init__(self, client: redis.Redis, district: str, *, follows_clock: bool) -> None:
        self._client: Any = client
        self._keys, self._follows_clock = Keys(district), follows_clock
        self._look_every = Every(LOOK_EVERY_S)
        self._said = ""
        self.found: list[Oddity] = []

    def look(self) -> list[Oddity]:
        """What is so; Redis is asked every ``LOOK_EVERY_S``. What it refuses to answer is logged once."""
        if not self._look_every.take():
            return self.found
        try:
            self.found = oddities_of(self._client, self._keys, follows_clock=self._follows_clock)
            self._said = ""
        except REDIS_ERRORS as error:
            fault = fault_of(error)
            if fault.code != self._said:
                self._said = fault.code
                log.warning("groups and clock key were not looked at: %s: %s", fault.words, first_line(error))
        return self.found


def oddities_of(client: Any, keys: Keys, *, follows_clock: bool) -> list[Oddity]:
    """Everything that is to be named now. Raises what Redis raises."""
    found = [Oddity("forgotten_group", name) for name in forgotten_groups(client, keys)]
    if not follows_clock and client.exists(keys.clock):
        found.append(Oddity("ignored_clock", keys.clock))
    return found


def forgotten_groups(client: Any, keys: Keys) -> list[str]:
    """Groups on ``events`` that nobody reads: nothing that they have not read can be trimmed, and Redis fills."""
    if not client.exists(keys.events):
        return []
    groups = [group for group in client.xinfo_groups(keys.events) if _text(group["name"]) != GROUP]
    if not groups:
        return []
    newest = entry_order(_text(client.xinfo_stream(keys.events)["last-generated-id"]))[0]
    found = []
    for group in groups:
        idle = [int(c["idle"]) for c in client.xinfo_consumers(keys.events, group["name"])]
        behind = newest - entry_order(_text(group["last-delivered-id"]))[0]
        is_read = min(idle, default=FORGOTTEN_MS) < FORGOTTEN_MS
        if not is_read and (behind >= FORGOTTEN_MS or int(group["pending"])):
            found.append(_text(group["name"]))
    return found


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
