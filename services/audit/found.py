"""What a check of the audit's chain finds: the rows that are not as they should be, as ranges of numbers."""

from collections.abc import Iterator
from typing import NamedTuple

# What rows may be for an honest reason that only a person can know: ``lianqin audit accept``. The rest they never may.
ACCEPTABLE = frozenset({"unsealed", "unknown", "time"})


class Break(NamedTuple):
    """The first row that does not follow, and why: gap, link or seal."""

    number: int
    why: str

    def __str__(self) -> str:
        return f"row {self.number}: {_WHY[self.why]}"


class ChainFault(NamedTuple):
    """Rows ``first`` to ``last`` that are not as they should be.

    ``why``: gap (they are missing), link (they are not as they were written), seal (a wrong one), unsealed (none),
    unknown (of a key that is not known), time (of a time before the row before them, or before there was a lianqin),
    head (of a number that was noted outside with another hash, or that is in the chain no more).
    """

    why: str
    first: int
    last: int

    @property
    def rows(self) -> int:
        """How many."""
        return self.last - self.first + 1


_WHY = {
    "gap": "the row before it is missing, or the rows stand in another order",
    "link": "it is not as it was written, or the row before it is not",
    "seal": "its seal was not made with the data key",
}


class Checked(NamedTuple):
    """What a check has found. ``sealed`` is the last number whose seal a known key has made (0: none).

    ``unknown`` counts seals of keys that are not known; ``heads`` are the noted hashes that were met; ``noted_met``
    counts those of the file, ``noted_missed`` are the others. ``accepted`` are faults that an accepting row covers,
    ``marks`` the ranges that processes have marked as they went on behind them.
    """

    rows: int
    last: int
    link: str
    sealed: int
    unknown: int
    heads: frozenset[str]
    broken: Break | None
    faults: tuple[ChainFault, ...] = ()
    accepted: tuple[ChainFault, ...] = ()
    marks: tuple[ChainFault, ...] = ()
    noted_met: int = 0
    noted_missed: tuple[str, ...] = ()


class Ranges:
    """Faults as they come, row by row: neighbours of one kind become a range."""

    def __init__(self) -> None:
        self._open: dict[str, ChainFault] = {}
        self._done: list[ChainFault] = []

    def add(self, why: str, first: int, last: int = 0) -> None:
        """One more; ``last`` 0: one row."""
        last = last or first
        if (was := self._open.get(why)) is not None:
            if was.last + 1 >= first >= was.first:
                self._open[why] = ChainFault(why, was.first, max(was.last, last))
                return
            self._done.append(was)
        self._open[why] = ChainFault(why, first, last)

    def __iter__(self) -> Iterator[ChainFault]:
        return iter(sorted((*self._done, *self._open.values()), key=lambda fault: (fault.first, fault.why)))
