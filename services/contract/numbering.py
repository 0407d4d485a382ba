"""Number stream ids: one 63-bit integer for each id that Redis can give, in the order of the ids. Pure.

Redis gives two numbers of 64 bits each, ``ms-seq``. The history's key is one integer. An id in its natural range (42
bits of milliseconds, until 2109; 20 bits of sequence) has a natural number, ``ms << 20 | seq``. An id outside that
range (Redis' clock went back and the sequence ran on, or a publisher names ids) begins a segment: from that id on
numbers are counted from the segment's own. The segments are kept in the store, so an id has the same number whenever
it comes, and a store without segments is one in which every number is natural.

One case has no place in the order: two projectors read at the moment at which a sequence leaves the natural range, and
the later ids are stored first. The ids that come late then are strays: each is kept with a number of its own.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

MAX_MS, MAX_SEQUENCE = (1 << 42) - 1, (1 << 20) - 1
# Where ids behind the year 2109 begin; below it older versions numbered what they refused.
STRAYS = (1 << 62) + (1 << 32)
OUTSIDE = (1 << 62) + (1 << 33)
_NATURAL_END, _END = 1 << 62, (1 << 63) - 1
# Room left before a segment: for ids that another projector holds and that come later.
HEADROOM, STEP = 1 << 24, 1 << 12
LONGEST_RUN = 1 << 30

Id = tuple[int, int]


class Segment(NamedTuple):
    """From the id (``ms``, ``seq``) on, up to the next segment, numbers are counted from ``key``; a stray is alone."""

    ms: int
    seq: int
    key: int
    is_stray: bool = False

    @property
    def is_run(self) -> bool:
        """Whether it holds the ids of one millisecond alone, number by number."""
        return not _is_natural((self.ms, self.seq))


FIRST = Segment(0, 0, 0)


class Numbering:
    """The segments of one store, in order."""

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        added = set(segments)
        self.segments = sorted({FIRST, *(segment for segment in added if not segment.is_stray)})
        self._keys = [segment.key for segment in self.segments]
        self._strays = {segment[:2]: segment.key for segment in added if segment.is_stray}
        self._is_plain = not added - {FIRST}
        self._of_strays = {key: entry for entry, key in self._strays.items()}

    @property
    def count(self) -> int:
        """How many segments and strays were added to the natural segment."""
        return len(self.segments) - 1 + len(self._strays)

    def and_segment(self, segment: Segment) -> "Numbering":
        """The numbering with one more."""
        strays = (Segment(*entry, key, True) for entry, key in self._strays.items())
        return Numbering((*self.segments, *strays, segment))

    def key(self, entry: Id) -> int | None:
        """The number of an id; None: it needs a segment of its own (``segment_for``)."""
        if self._is_plain and entry[0] <= MAX_MS and entry[1] <= MAX_SEQUENCE:
            return entry[0] << 20 | entry[1]  # nearly every store, and every entry of it
        if self._strays and (stray := self._strays.get(entry)) is not None:
            return stray
        i = self._at(entry)
        segment = self.segments[i]
        if segment.is_run:
            n = entry[1] - segment.seq
            found = segment.key + n if entry[0] == segment.ms and n < LONGEST_RUN else None
        elif _is_natural(entry):
            found = segment.key + _natural(entry) - _natural(segment[:2])
            if found >= _NATURAL_END:
                found = None
        else:
            found = None
        return found if found is not None and found < self._end(i) else None

    def limit(self, entry: Id) -> int:
        """The number that an id without one stays below: the next segment's."""
        i = self._at(entry)
        is_outside = entry[0] > MAX_MS or self._keys[i] >= OUTSIDE
        return self._end(i) if is_outside else min(self._end(i), _NATURAL_END)

    def segment_for(self, entry: Id, highest: int) -> Segment:
        """A segment that begins at ``entry``; ``highest``: the highest number in use below ``limit``."""
        i = self._at(entry)
        lower, end = max(highest, self._keys[i]), self._end(i)
        if i + 1 < len(self.segments):  # it comes late: between two that are there
            key = lower + max(1, min(STEP, (end - lower) // 2))
        else:
            key = self._behind(entry, lower, self.segments[i])
        if key >= end or self.id(highest) > entry:
            return Segment(*entry, STRAYS + len(self._strays), True)
        return Segment(*entry, key)

    def _behind(self, entry: Id, lower: int, last: Segment) -> int:
        """The key of a new last segment: natural where that is free, else as little above as order needs."""
        room = lower + HEADROOM
        if entry[0] > MAX_MS or last.key >= OUTSIDE:
            return max(room, OUTSIDE)
        if _is_natural(entry):
            key = max(room, _natural(entry))
        else:  # every number of its millisecond that is natural, or moved with it, lies below
            end_of_ms = None if last.is_run else self.key((entry[0], MAX_SEQUENCE))
            key = room if end_of_ms is None else max(room, end_of_ms + 1)
        return key if key < _NATURAL_END else OUTSIDE

    def id(self, key: int) -> Id:
        """The id of a number that was given."""
        if (stray := self._of_strays.get(key)) is not None:
            return stray
        segment = self.segments[max(bisect_right(self._keys, key) - 1, 0)]
        n = key - segment.key
        if segment.is_run:
            return segment.ms, segment.seq + n
        n += _natural(segment[:2])
        return n >> 20, n & MAX_SEQUENCE

    def _at(self, entry: Id) -> int:
        return bisect_right(self.segments, (*entry, _END)) - 1

    def _end(self, i: int) -> int:
        return self._keys[i + 1] if i + 1 < len(self._keys) else _END


def _is_natural(entry: Id) -> bool:
    return entry[0] <= MAX_MS and entry[1] <= MAX_SEQUENCE


def _natural(entry: Id) -> int:
    return entry[0] << 20 | entry[1]
