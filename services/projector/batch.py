"""A batch on its way into the store, and what its commit did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.cases.case import CasePlace
from services.contract.numbering import Numbering
from services.contract.parse import Event, Refused
from services.platform.wakeups import Wake
from services.projector.fold import Settled

Entry = tuple[str, Mapping[bytes, bytes]]


@dataclass(slots=True)
class Batch:
    """A parsed batch on its way into the store; ``settled``: what those of ``cases`` that stand make of theirs.

    ``numbering`` gave the keys; where an id has no number yet (``is_numbered``) nothing is parsed: the commit numbers
    it, and reads ``entries`` again.
    """

    entries: Sequence[Entry] = ()
    now_ms: int = 0
    numbering: Numbering = field(default_factory=Numbering)
    is_numbered: bool = True
    ids: dict[int, str] = field(default_factory=dict)
    cases: list[tuple[int, Event, CasePlace]] = field(default_factory=list)
    others: list[tuple[int, Event]] = field(default_factory=list)
    refused: list[tuple[int, Refused]] = field(default_factory=list)
    raw: dict[int, Mapping[bytes, bytes]] = field(default_factory=dict)
    settled: dict[int, Settled] = field(default_factory=dict)

    @property
    def events(self) -> list[tuple[int, Event]]:
        """Every accepted event with its key."""
        return [(key, event) for key, event, _ in self.cases] + self.others


@dataclass(frozen=True, slots=True)
class CommitOutcome:
    """What a commit did: the wake-up of those who follow (revision 0: nothing new), what to put into ``dead``."""

    wake: Wake
    accepted: int
    refused: list[tuple[int, Refused]]

    @property
    def revision(self) -> int:
        """The new revision; 0 when nothing was new."""
        return self.wake.revision


NOTHING_NEW = Wake(0)
