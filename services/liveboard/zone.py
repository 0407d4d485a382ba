"""What one kind of screen hears: a snapshot, then deltas, each with a sequence number (docs/protocol.md).

A zone is the board through one lens (here: the wall's). A reconnecting screen names the epoch and the sequence number
that it has; if we still hold what followed it gets just that, else a snapshot. Reconnecting is the first load again.
"""

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from services.liveboard.board import Board
from services.masking import GridCentres, WallCase, for_wall

RING = 600
ROWS_A_PART = 4000
TICKER_LINES = 6

_encode = msgspec.json.Encoder().encode


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message to the screens: rows to put, rows to drop, tiles to replace."""

    seq: int
    rev: int
    at: int
    last_entry: str
    rows: list[WallCase] = []
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
    rows: list[WallCase] = []
    tiles: dict[str, msgspec.Raw] = {}


class Zone:
    """One lens on a board. ``tiles`` computes every tile; only those that changed are sent."""

    def __init__(self, board: Board, tiles: Callable[[], dict[str, Any]], epoch: str = "") -> None:
        self.epoch = epoch or uuid.uuid4().hex
        self.seq = 0
        self._board = board
        self._tiles = tiles
        self._centres = GridCentres(board.district)
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
        if not (self._dirty or tiles or board.last_entry != self._sent_entry):
            return None
        self._sent_entry = board.last_entry
        rows, gone = [], []
        for case_id in self._dirty:
            if case_id in board.rows:
                rows.append(self._row(case_id))
            else:
                gone.append(case_id)
        self._dirty.clear()
        self.seq += 1
        message = _encode(Delta(self.seq, board.revision, now, board.last_entry, rows, gone, tiles))
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
        self._cached = (self.seq, list(self._parts(now)))
        return self._cached[1], []

    def _parts(self, now: int) -> Iterator[bytes]:
        board = self._board
        ids = list(board.rows)
        parts = max(-(-len(ids) // ROWS_A_PART), 1)
        for part in range(parts):
            rows = [self._row(i) for i in ids[part * ROWS_A_PART : (part + 1) * ROWS_A_PART] if i in board.rows]
            tiles = {name: msgspec.Raw(text) for name, text in self._sent.items()} if part == parts - 1 else {}
            yield _encode(
                SnapshotPart(self.epoch, self.seq, board.revision, now, board.last_entry, part, parts, rows, tiles)
            )

    def _row(self, case_id: str) -> WallCase:
        board = self._board
        return for_wall(board.rows[case_id], board.lights[case_id], self._centres, unseen=case_id in board.unseen)

    def _changed_tiles(self) -> dict[str, msgspec.Raw]:
        changed: dict[str, msgspec.Raw] = {}
        for name, tile in self._tiles().items():
            text = _encode(tile)
            if self._sent.get(name) != text:
                self._sent[name] = text
                changed[name] = msgspec.Raw(text)
        return changed
