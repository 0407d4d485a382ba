"""The Redis door: keys, the consumer group, wake-ups, the dead, and what a trimmed gap leaves behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from services.contract.entry import before, entry_order
from services.platform.redis import BOARD_LENGTH, GROUP, Keys
from services.platform.wakeups import Wake

# How many entries the state looks at: the newest ones, and those that somebody holds.
NEWEST, HELD = 100, 2000


@dataclass(frozen=True, slots=True)
class StreamState:
    """What XINFO says of the ``events`` stream and of our group."""

    length: int
    added: int
    first: str
    last: str
    last_delivered: str
    newest: tuple[str, ...] = ()
    held: tuple[str, ...] | None = ()

    def ids(self) -> list[str]:
        """The ids of the entries that were looked at. ``held`` is pending; None: too many."""
        return [*self.newest, *(self.held or ())]


# KEYS: the stream. ARGV: the two numbers of the floor, = or ~. In one step: another stream may take this one's place.
_TRIM = """
local function below(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then
    local ms, seq = string.match(info[i + 1], '^(%d+)-(%d+)$')
    if below(ms, ARGV[1]) or (ms == ARGV[1] and below(seq, ARGV[2])) then return 0 end
  end
end
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[3], ARGV[1] .. '-' .. ARGV[2])
"""


class EventStream:
    """The ``events`` stream as our group sees it."""

    def __init__(self, client: redis.Redis, district: str, consumer: str) -> None:
        self.client: Any = client  # redis-py types an answer as whatever any of its modes may give
        self.keys = Keys(district)
        self.consumer = consumer
        self._trim: Any = client.register_script(_TRIM)
        # Whether all that was pending at the last read is ours: we take it in in order, so what lies below is done.
        self._is_alone = False

    def ensure_group(self, position: str, processed: int) -> bool:
        """Make the group at our own position, never at ``$`` or ``0``; True when it was made."""
        try:
            self.client.xgroup_create(self.keys.events, GROUP, id=position, mkstream=True, entries_read=processed)
        except redis.ResponseError as error:
            if "BUSYGROUP" in str(error):
                return False
            raise
        return True

    def state(self) -> StreamState:
        """The stream's and the group's numbers, read in one step."""
        with self.client.pipeline(transaction=True) as pipe:
            pipe.xinfo_stream(self.keys.events)
            pipe.xinfo_groups(self.keys.events)
            pipe.xrevrange(self.keys.events, count=NEWEST)
            pipe.xpending_range(self.keys.events, GROUP, "-", "+", HELD + 1)
            info, groups, newest, pending = pipe.execute()
        ours = next((g for g in groups if g["name"] in {GROUP, GROUP.encode()}), None)
        first = info["first-entry"]
        return StreamState(
            length=info["length"],
            added=info["entries-added"],
            first=first[0].decode() if first else "",
            last=info["last-generated-id"].decode(),
            last_delivered=ours["last-delivered-id"].decode() if ours else "0-0",
            newest=tuple(i.decode() for i, _ in newest),
            held=tuple(p["message_id"].decode() for p in pending) if len(pending) <= HELD else None,
        )

    def delivered(self) -> str:
        """The id up to which the group has delivered."""
        groups = self.client.xinfo_groups(self.keys.events)
        return next((g["last-delivered-id"].decode() for g in groups if g["name"] in {GROUP, GROUP.encode()}), "0-0")

    def set_back(self, position: str, processed: int) -> None:
        """Let the group deliver again from ``position`` on."""
        self.client.xgroup_setid(self.keys.events, GROUP, position, entries_read=processed)

    def read(self, after: str, count: int, block_ms: int | None) -> list[tuple[str, Mapping[bytes, bytes] | None]]:
        """Entries for this consumer: ``after`` is ``>`` for new ones, else our own pending from that id on.

        A pending entry that was trimmed comes without fields.
        """
        with self.client.pipeline(transaction=False) as pipe:
            pipe.xreadgroup(GROUP, self.consumer, {self.keys.events: after}, count=count, block=block_ms)
            pipe.xpending(self.keys.events, GROUP)
            answer, pending = pipe.execute()
        consumers = pending.get("consumers") or []
        self._is_alone = all(c["name"] in {self.consumer, self.consumer.encode()} for c in consumers)
        return _entries(answer)

    def claim(self, idle_ms: int, count: int) -> tuple[list[tuple[str, Mapping[bytes, bytes] | None]], list[str]]:
        """Take over what a dead consumer held, and the ids among it that were trimmed."""
        answer = self.client.xautoclaim(self.keys.events, GROUP, self.consumer, min_idle_time=idle_ms, count=count)
        claimed = [(i.decode(), fields) for i, fields in answer[1]]
        deleted = [i.decode() for i in answer[2]] if len(answer) > 2 else []
        return claimed, deleted

    def range(self, after: str, until: str, count: int) -> list[tuple[str, Mapping[bytes, bytes] | None]]:
        """Entries behind ``after`` up to ``until``, whoever they were delivered to."""
        return [(i.decode(), fields) for i, fields in self.client.xrange(self.keys.events, f"({after}", until, count)]

    def low_water(self, batch: Sequence[str]) -> str:
        """The id up to which everything is in the store once ``batch`` is.

        Entries are delivered in order, and acknowledged after they were stored: so all below the first entry that is
        still pending, and not in this batch, is there; without such an entry all that was delivered. The two answers
        are taken in one step, or an entry delivered in between would be passed over.
        """
        if batch and self._is_alone:
            return batch[-1]
        with self.client.pipeline(transaction=True) as pipe:
            pipe.xinfo_groups(self.keys.events)
            pipe.xpending_range(self.keys.events, GROUP, "-", "+", len(batch) + 1)
            groups, pending = pipe.execute()
        ours = set(batch)
        first_other = next((p["message_id"].decode() for p in pending if p["message_id"].decode() not in ours), None)
        if first_other is not None:
            return before(first_other)
        group = next((g for g in groups if g["name"] in {GROUP, GROUP.encode()}), None)
        if group is None:
            raise redis.ResponseError(f"NOGROUP no group {GROUP} at {self.keys.events}")
        delivered: str = group["last-delivered-id"].decode()
        return delivered

    def finish(self, entry_ids: Sequence[str], wake: Wake, dead: Sequence[Mapping[str, str]], stored: str = "") -> None:
        """After the commit: wake who follows, tell the dead and the publishers, then acknowledge; one round trip.

        ``stored`` is the id up to which everything is in the store now.
        """
        with self.client.pipeline(transaction=False) as pipe:
            if wake.revision:
                pipe.xadd(self.keys.board, wake.fields(), maxlen=BOARD_LENGTH, approximate=True)
            for fields in dead:
                pipe.xadd(self.keys.dead, dict(fields), maxlen=100_000, approximate=True)
            if stored:
                pipe.set(self.keys.stored, stored)
            for start in range(0, len(entry_ids), 1000):
                pipe.xack(self.keys.events, GROUP, *entry_ids[start : start + 1000])
            pipe.execute()

    def trim(self, below: str, *, exactly: bool = False) -> None:
        """Drop entries below ``below`` and below every other group's slowest entry.

        ``exactly``: all of them; else Redis drops whole nodes of its tree alone, which costs it nothing. A stream whose
        newest entry lies below is another one than we have read: nothing is dropped.
        """
        floors = [below]
        for group in self.client.xinfo_groups(self.keys.events):
            floors.append(group["last-delivered-id"].decode())
            pending = self.client.xpending(self.keys.events, group["name"])
            if pending.get("min"):
                floors.append(pending["min"].decode())
        if (floor := min(floors, key=entry_order)) != "0-0":
            self._trim(keys=[self.keys.events], args=[*floor.split("-"), "=" if exactly else "~"])


def _entries(answer: Any) -> list[tuple[str, Mapping[bytes, bytes] | None]]:
    if not answer:
        return []
    streams = answer.values() if isinstance(answer, dict) else [items for _, items in answer]
    found: list[tuple[str, Mapping[bytes, bytes] | None]] = []
    for stream in streams:
        nested = stream and isinstance(stream[0], list) and stream[0] and isinstance(stream[0][0], tuple | list)
        entries = stream[0] if nested else stream  # RESP3 nests one deeper
        found.extend((entry[0].decode(), entry[1] or None) for entry in entries)
    return found
