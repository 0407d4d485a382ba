"""Reads past rooms from the store: the nearest board that is kept, and what was received since."""

import zlib
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from services.district.package import District
from services.past import store as past
from services.past.moments import EVERY_MS, Moment, made_of, pack, unpack
from services.past.room import HEARD_MS, Arrived, LookUp, PastRoom
from services.past.store import KeptBoard
from services.platform.refusal import Refusal
from services.projector.archive import store as archives
from services.projector.archive.month import parse_month
from services.projector.placing import Locator
from services.projector.store.read import Past
from services.projector.store.write import MODEL


class NotYet(Refusal):
    """The boards that are kept do not reach so far yet: ``share`` of the history is done."""

    def __init__(self, share: float) -> None:
        super().__init__(f"the past is being prepared: {share:.0%}", "not_yet", share=share)
        self.share = share


class NothingThen(Refusal):
    """Nothing is kept of that moment; ``first`` is where the history begins (Unix ms), None where there is none."""

    def __init__(self, first: int | None) -> None:
        super().__init__("nothing is kept of that moment", "nothing", first=first)
        self.first = first


class Archived(Refusal):
    """The history of that moment was taken out into the archive; what is kept begins at ``first`` (Unix ms)."""

    def __init__(self, first: int) -> None:
        super().__init__("the history of that moment is in the archive", "archived", first=first)
        self.first = first


class Unmade(Refusal):
    """Boards of another package or program are kept, and the months they were made from are in the archive."""

    def __init__(self) -> None:
        super().__init__("the boards of that moment cannot be made again: their months are in the archive", "unmade")


class PastReader:
    """What the store has of the past of one district. Every method takes a connection and raises what it raises."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.made_of = made_of(district, MODEL)
        self._locator = Locator(district)

    def room_at(self, connection: Connection, at: int) -> PastRoom:
        """The room at ``at`` (Unix ms). Raises NothingThen, NotYet, Archived, Unmade."""
        first, floor = past.first_received(connection), self._floor(connection)
        if first is None or at < first:
            raise NothingThen(first)
        kept = past.moment_before(connection, at, self.made_of)
        if floor and (kept is None or kept.at < floor):
            # What could be folded would lack the cases of the months that are gone.
            if at < next_moment(floor - 1):
                raise Archived(next_moment(floor - 1))
            raise Unmade
        oldest = past.oldest_moment(connection, self.made_of) if kept is None else None
        if oldest is not None and oldest - first > 2 * EVERY_MS:
            raise NothingThen(oldest)  # boards are made from the beginning on: those before it were taken away
        if at - (kept.at if kept else first) > 2 * EVERY_MS:
            done = (kept.at if kept else first) - first
            raise NotYet(done / (at - first))
        room = self._room(unpack(kept.body) if kept else None, first - 1)
        self.move(connection, room, at)
        room.place_patrols(past.positions_at(connection, at - HEARD_MS, at))
        return room

    def move(self, connection: Connection, room: PastRoom, until: int) -> set[str]:
        """Move the room on to ``until`` (Unix ms), but for its patrols; returns the cases that changed or left."""
        arrived = self.arrived(connection, room.at, until, positions=False)
        return room.take(arrived, until, looks_up(connection))

    def arrived(self, connection: Connection, after: int, until: int, *, positions: bool = True) -> Arrived:
        """What was received behind ``after`` up to ``until`` (Unix ms); ``positions``: the patrols' too."""
        pasts = past.received_between(connection, after, until, positions=positions)
        return Arrived(
            [*pasts, *past.beats_between(connection, after, until)],
            past.alarm_steps(connection, after, until),
            past.refused_between(connection, after, until),
        )

    def newest(self, connection: Connection) -> Moment | None:
        """The newest board that is kept."""
        kept = past.moment_before(connection, 1 << 62, self.made_of)
        return None if kept is None else unpack(kept.body)

    def begin(self, connection: Connection) -> PastRoom | None:
        """The room from which the next board to keep is made; None where there is nothing to make it from."""
        first, newest = past.first_received(connection), self.newest(connection)
        if first is None or (newest is None and self._floor(connection)):
            return None
        return self._room(newest, first - 1)

    def keep(self, connection: Connection, room: PastRoom, blind: bytes | None) -> None:
        """Keep the room's board."""
        past.keep_moment(connection, KeptBoard(room.at, self.made_of, pack(room.moment()), blind))

    def blind_at(self, connection: Connection, at: int) -> tuple[int, dict[str, msgspec.Raw]] | None:
        """(when, tiles) of the coverage as it was kept at the last hour for it before ``at``, or None."""
        kept = past.moment_before(connection, at, self.made_of)
        if kept is None or kept.blind is None:
            return None
        return kept.at, msgspec.json.decode(zlib.decompress(kept.blind), type=dict[str, msgspec.Raw])

    def has_archive(self, connection: Connection) -> bool:
        """Whether months of the history are in the archive: boards of then cannot be made again."""
        return self._floor(connection) > 0

    def _floor(self, connection: Connection) -> int:
        """Where the last month ends of which the history is no longer whole here (Unix ms); 0: none."""
        ends = [parse_month(found.month).span(self.district.zone)[1] for found in archives.gone(connection)]
        return max(ends, default=0)

    def _room(self, moment: Moment | None, at: int) -> PastRoom:
        return PastRoom(self.district, self._locator, moment, at)


def next_moment(at: int) -> int:
    """The next moment of which a board is kept: whole hours of the machine's clock."""
    return at // EVERY_MS * EVERY_MS + EVERY_MS


def looks_up(connection: Connection) -> LookUp:
    """How a room asks this connection for cases that are not on its board."""

    def look_up(case_ids: Sequence[str], until: int) -> Iterable[Past]:
        return past.received_of(connection, case_ids, until)

    return look_up
