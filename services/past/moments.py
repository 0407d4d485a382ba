"""A board that is kept: what it holds at one moment, packed, so that any other moment is a few hours away. Pure."""

import hashlib
import zlib

import msgspec

from services.board.state import Board
from services.cases.case import CaseRow
from services.district.package import District
from services.indicators.cells import Cell
from services.past.cameras import CameraKept, PastCameras
from services.platform.clock import HOUR_MS
from services.projector.outbox.delta import ThingChange, TickerLine

# A board is kept so often; a moment between two of them is folded from the earlier one.
EVERY_MS = 4 * HOUR_MS
# Of another shape, by another program: made again.
SHAPE = 1

Counts = list[tuple[Cell, dict[int, int]]]


class Moment(msgspec.Struct, frozen=True):
    """A board at ``at`` (Unix ms): everything that it cannot read from anywhere else.

    No patrols: their positions are kept for seven days, in the history.
    """

    at: int
    last_entry: str
    rows: list[CaseRow]
    counts: Counts
    solved: dict[int, dict[int, int]]
    things: list[ThingChange]
    tallies: list[tuple[str, str, int]]
    happened: list[TickerLine]
    cameras: list[CameraKept]


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Moment).decode


def made_of(district: District, model: int) -> str:
    """What a kept board depends on beside the history: the shape, the model and the package."""
    shape = [SHAPE, *Moment.__struct_fields__, *CaseRow.__struct_fields__]
    return hashlib.sha256(f"{shape}|{model}|{district.digest}".encode()).hexdigest()[:24]


def pack(moment: Moment) -> bytes:
    """As it is kept."""
    return zlib.compress(_ENCODE(moment), 6)


def unpack(body: bytes) -> Moment:
    """What ``pack`` made."""
    return _DECODE(zlib.decompress(body))


def moment_of(board: Board, cameras: PastCameras, at: int) -> Moment:
    """The board as it stands."""
    counts: Counts = [
        (Cell(cut, day, *key), dict(measures))
        for (day, cut), cells in board.counts.items()
        for key, measures in cells.items()
    ]
    return Moment(
        at, board.last_entry, list(board.rows.values()), counts, {d: dict(m) for d, m in board.solved.items()},
        [thing for thing in board.things.values() if thing.kind != "unit"],
        [(*key, n) for key, n in board.tallies.items()], list(board.happened),
        list(cameras.kept()),
    )  # fmt: skip


def board_of(district: District, moment: Moment) -> Board:
    """A board that stands at the moment."""
    board = Board(district)
    board.load_things(moment.things, 0)
    board.load(moment.rows, (), moment.at)
    board.count_from(moment.counts, moment.solved)
    board.tallies = {(what, source): n for what, source, n in moment.tallies}
    board.happened.extend(moment.happened)
    board.last_entry = moment.last_entry
    return board
