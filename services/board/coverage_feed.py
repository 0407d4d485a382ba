"""What a screen of the coverage hears: the bodies that changed after the revision that it has. Pure.

Every body stands under the board's revision that brought it, in the order of the revisions: what changed after one is
the end of the table. State at a revision + what changed since = state now (as
``assets/modules/coverage/state.js`` does).
"""

from collections.abc import Iterable, Iterator

import msgspec

from services.coverage.told import KINDS
from services.projector.outbox.delta import ThingChange


class Changes(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message: bodies by kind, and the ids of the sights and spots that are gone.

    ``whole`` says that it is everything. ``plan`` is only named when it changed: who wants it asks for it.
    """

    revision: int
    whole: bool = False
    sights: list[msgspec.Raw] = []
    spots: list[msgspec.Raw] = []
    regions: list[msgspec.Raw] = []
    coverage: msgspec.Raw | None = None
    gone: list[str] = []
    gone_spots: list[str] = []
    plan: bool = False


class _Gone(msgspec.Struct):
    removed: bool = False


_is_gone = msgspec.json.Decoder(_Gone)
encode_changes = msgspec.json.Encoder().encode


class CoverageFeed:
    """The newest bodies of the coverage's things, each under the revision that brought it."""

    def __init__(self) -> None:
        self.revision = self.floor = 0
        self._found: dict[tuple[str, str], tuple[int, msgspec.Raw]] = {}

    def load(self, revision: int, things: Iterable[ThingChange]) -> None:
        """Take over everything as of ``revision``."""
        self.revision = self.floor = revision
        self._found = {(t.kind, t.key): (revision, t.body) for t in things if t.kind in KINDS}

    def put(self, revision: int, thing: ThingChange) -> None:
        """One thing of the delta of ``revision``, which is never lower than the ones before."""
        if thing.kind in KINDS:
            self._found.pop((thing.kind, thing.key), None)  # to the end of the table
            self._found[thing.kind, thing.key] = revision, thing.body
            self.revision = revision

    def bodies(self, kind: str) -> list[msgspec.Raw]:
        """The bodies of one kind, without those that are gone."""
        return [body for (k, _), (_, body) in self._found.items() if k == kind and not _removed(k, body)]

    def body(self, kind: str, key: str) -> msgspec.Raw | None:
        """One body."""
        found = self._found.get((kind, key))
        return None if found is None or _removed(kind, found[1]) else found[1]

    def since(self, revision: int) -> Changes:
        """What changed after ``revision``; everything for a revision that is ahead of ours (another store) or 0.

        Also for one of before we loaded: what has gone since then we cannot name.
        """
        whole = revision < max(self.floor, 1) or revision > self.revision
        sights: list[msgspec.Raw] = []
        spots: list[msgspec.Raw] = []
        regions: list[msgspec.Raw] = []
        gone: dict[str, list[str]] = {"sight": [], "spot": []}
        coverage, plan = None, False
        for (kind, key), body in self._after(0 if whole else revision):
            if _removed(kind, body):
                if not whole:
                    gone[kind].append(key)
            elif kind == "sight":
                sights.append(body)
            elif kind == "spot":
                spots.append(body)
            elif kind == "region":
                regions.append(body)
            elif kind == "coverage":
                coverage = body
            else:
                plan = True
        return Changes(self.revision, whole, sights, spots, regions, coverage, gone["sight"], gone["spot"], plan)

    def _after(self, revision: int) -> Iterator[tuple[tuple[str, str], msgspec.Raw]]:
        for key in reversed(self._found):
            at, body = self._found[key]
            if at <= revision and revision:
                return
            yield key, body


def _removed(kind: str, body: msgspec.Raw) -> bool:
    """A body that only says that its camera or spot is no longer there."""
    return kind in {"sight", "spot"} and len(body) < 200 and _is_gone.decode(body).removed
