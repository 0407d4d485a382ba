"""Which photos a case has, from its events: each belongs to the event in which it first appears. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.photos.addresses import key_of

# So many of a case are shown; the rest are counted.
MOST_SHOWN = 24


class CasePhoto(NamedTuple):
    """``at`` is the moment of the event (Unix ms), ``type`` its name; ``is_after``: the case was handled by then."""

    address: str
    at: int
    type: str
    is_after: bool

    @property
    def key(self) -> str:
        """What the photo is asked for by."""
        return key_of(self.address)


def photos_of(events: Iterable[tuple[int, str, bool, Sequence[str]]]) -> tuple[CasePhoto, ...]:
    """The photos of (Unix ms, type, whether handled, addresses), in the order of the events.

    From the first event on that says handled every new one is «after», after a rework too.
    """
    found: dict[str, CasePhoto] = {}
    is_after = False
    for at, kind, is_handled, addresses in events:
        is_after = is_after or is_handled
        for address in addresses:
            if address.strip():
                found.setdefault(address, CasePhoto(address, at, kind, is_after))
    return tuple(found.values())
