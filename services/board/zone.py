"""What one kind of screen hears: a snapshot, then deltas, each with a sequence number (docs/protocol.md).

A zone is the board through one lens (services.board.lenses). A reconnecting screen names the epoch and the sequence
number that it has; if we still hold what followed it gets just that, else a snapshot. Reconnecting is the first load
again.
"""

import uuid
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from services.board.lenses import Lens
from services.board.state import Board

RING = 600
ROWS_A_PART = 4000
TICKER_LINES = 6

_encode = msgspec.json.Encoder().encode


class ScreenDelta(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message to the screens: rows to put, rows to drop, tiles to replace."""

    seq: int
    rev: int
    at: int
    last_entry: str
    rows: list[Any] = []
    gone: list[str] = []
    tiles: dict[str, msgspec.Raw] = {}


class SnapshotPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of a snapshot; the state changes hands when the last part is there."""

    epoch: str
    seq: int
    rev: int
    at: int
    last_entry: str
    part: int
    parts: int
    rows: list[Any] = []
    tiles: dict[str, msgspec.Raw] = {}


class Zone:
    """One lens on a board. ``every_entry``: a delta tells even an entry that changes nothing here."""

    def __init__(self, board: Board, lens: Lens, epoch: str = "", *, every_entry: bool = True) -> None:
        self.epoch = epoch or uuid.uuid4().hex
        self.seq = 0
        self._board = board
        self._lens = lens
        self._every_entry = every_entry
        self._shown = {case_id for case_id, row in board.rows.items() if lens.sees(row)}
        self._dirty: set[str] = set()
        self._sent: dict[str, bytes] = {}
        self._sent_entry = ""
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING)
        self._cached: tuple[int, list[bytes]] | None = None

    def mark(self, case_ids: Iterable[str]) -> None:
        """These cases changed, turned their light or left."""
        self._dirty.update(case_ids)

    def flush(self, now: int) -> bytes | None:
        """The next delta, or None when nothing that a screen shows has changed."""
        tiles = self._changed_tiles()
        board = self._board
        rows, gone = self._changed_rows()
        if not (rows or gone or tiles or (self._every_entry and board.last_entry != self._sent_entry)):
            return None
        self._sent_entry = board.last_entry
        self.seq += 1
        message = _encode(ScreenDelta(self.seq, board.revision, now, board.last_entry, rows, gone, tiles))
        self._ring.append((self.seq, message))
        return message

    def since(self, epoch: str, seq: int) -> list[bytes] | None:
        """The deltas behind ``seq``, or None: the screen needs a snapshot."""
        if epoch != self.epoch or seq > self.seq:
            return None
        if seq == self.seq:
            return []
        if not self._ring or self._ring[0][0] > seq + 1:
            return None
        return [message for number, message in self._ring if number > seq]

    def snapshot(self, now: int) -> tuple[list[bytes], list[bytes]]:
        """The parts of a snapshot, and the deltas since it was made.

        Made once for all who ask while little has followed it: a reconnect storm costs one.
        """
        if self._cached is not None:
            seq, parts = self._cached
            newer = self.since(self.epoch, seq)
            if newer is not None and sum(map(len, newer)) < sum(map(len, parts)) // 2:
                return parts, newer
        self._cached = (self.seq, list(self.parts(now)))
        return self._cached[1], []

    def parts(self, now: int) -> Iterator[bytes]:
        """The parts of a snapshot of the state as it was flushed last, made now."""
        board = self._board
        ids = list(self._shown)
        parts = max(-(-len(ids) // ROWS_A_PART), 1)
        for part in range(parts):
            rows = [self._lens.row(i) for i in ids[part * ROWS_A_PART : (part + 1) * ROWS_A_PART] if i in board.rows]
            tiles = {name: msgspec.Raw(text) for name, text in self._sent.items()} if part == parts - 1 else {}
            yield _encode(
                SnapshotPart(self.epoch, self.seq, board.revision, now, board.last_entry, part, parts, rows, tiles)
            )

    def _changed_rows(self) -> tuple[list[Any], list[str]]:
        """The rows to put, and those to drop: gone from the board, or out of what this lens sees."""
        rows, gone = [], []
        for case_id in self._dirty:
            row = self._board.rows.get(case_id)
            if row is not None and self._lens.sees(row):
                self._shown.add(case_id)
                rows.append(self._lens.row(case_id))
            elif case_id in self._shown:
                self._shown.discard(case_id)
                gone.append(case_id)
        self._dirty.clear()
        return rows, gone

    @property
    def shown(self) -> Collection[str]:
        """The open cases that the screens of this zone have."""
        return self._shown

    def sees(self, case_id: str) -> bool:
        """Whether an open case is one of this zone's."""
        return case_id in self._shown

    def _changed_tiles(self) -> dict[str, msgspec.Raw]:
        changed: dict[str, msgspec.Raw] = {}
        for name, tile in self._lens.tiles().items():
            text = _encode(tile)
            if self._sent.get(name) != text:
                self._sent[name] = text
                changed[name] = msgspec.Raw(text)
        return changed
