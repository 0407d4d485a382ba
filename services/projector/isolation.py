"""Is it the entry or the store? What decides before an entry is set aside.

A batch that fails is cut in halves until one entry is left. That entry is set aside only when it fails alone, twice,
while a probe that is known to be good goes through before and after. A trigger, a constraint, a missing column, a full
disk fail the probe too: then nothing is set aside, and ``Waiting`` says what is wrong with the store.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from services.platform.errors import Fault, Waiting, fault_of, first_line

Entry = tuple[str, Mapping[bytes, bytes] | None]

# So many entries in a row are set aside within so long; then it waits, whatever the probe says.
MOST_IN_A_ROW, WITHIN_S = 3, 60.0


class NotTakenIn(Exception):
    """Reading or committing a batch has raised ``error``. What Redis raises is never told so: no entry causes it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(first_line(error))
        self.error = error


class Isolation:
    """The discipline of one projector.

    ``attempt`` takes entries in for good, or raises NotTakenIn; ``probe`` leaves nothing behind.
    """

    def __init__(
        self,
        attempt: Callable[[Sequence[Entry]], None],
        probe: Callable[[Entry], None],
        set_aside: Callable[[Entry, Exception], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempt, self._probe, self._put_aside, self._monotonic = attempt, probe, set_aside, monotonic
        self._in_a_row: deque[float] = deque()

    def went_through(self) -> None:
        """A good entry was taken in: those set aside before it are no row any more."""
        self._in_a_row.clear()

    def settle(self, entries: Sequence[Entry], error: Exception) -> None:
        """Take in what can be taken in of ``entries``, which failed with ``error``, and set aside what cannot.

        Raises ``error`` where it is an outage, and Waiting where the store is at fault.
        """
        if not fault_of(error).is_suspect:
            raise error
        self._check_store(entries[0])
        if len(entries) > 1:
            middle = len(entries) // 2
            for half in (entries[:middle], entries[middle:]):
                self._try(half)
            return
        again = self._failure(entries)
        if again is None:
            return
        if not fault_of(again).is_suspect:
            raise again
        self._check_store(entries[0])
        self._set_aside(entries[0], again)

    def _try(self, entries: Sequence[Entry]) -> None:
        error = self._failure(entries)
        if error is not None:
            self.settle(entries, error)

    def _failure(self, entries: Sequence[Entry]) -> Exception | None:
        try:
            self._attempt(entries)
        except NotTakenIn as failure:
            return failure.error
        return None

    def _check_store(self, like: Entry) -> None:
        """Raise what the store refuses a good entry with: then it is not this one's fault."""
        try:
            self._probe(like)
        except Exception as error:
            fault = fault_of(error)
            raise Waiting(fault._replace(words=f"{fault.words}: {first_line(error)}")) from error

    def _set_aside(self, entry: Entry, error: Exception) -> None:
        now = self._monotonic()
        while self._in_a_row and now - self._in_a_row[0] > WITHIN_S:
            self._in_a_row.popleft()
        if len(self._in_a_row) >= MOST_IN_A_ROW:
            words = (
                f"{MOST_IN_A_ROW} entries in a row could not be taken in, the next is {entry[0]}: "
                f"nothing more is set aside until a minute has passed ({first_line(error)})"
            )
            raise Waiting(Fault("doubt", words))
        try:
            self._put_aside(entry, error)
        except NotTakenIn as worse:
            fault = fault_of(worse.error)
            raise Waiting(fault._replace(words=f"{fault.words}: {first_line(worse)}")) from worse
        self._in_a_row.append(now)
