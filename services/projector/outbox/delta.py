"""What one commit changed: the payload of the outbox, from the projector to every web process."""

import msgspec

from services.cases.case import CaseRow
from services.cases.escalation import Proposal
from services.indicators.cells import Cell


class TickerLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of the ticker: what just happened to a case; no text of its own, no person."""

    at: int
    type: str
    street: str
    domain: str
    class_name: str
    unit: str


class ThingChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The new state of a camera, unit, notice, source or command."""

    kind: str
    key: str
    version: int
    entry: int
    body: msgspec.Raw


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """State before + delta = state after; ``counts`` holds only ``LIVE_CUTS``.

    ``things_gone`` are (kind, key) of things that are no more. ``reload`` says that everything may have changed: read
    it all again.
    """

    last_entry: str
    rows: list[CaseRow] = []
    gone: list[str] = []
    counts: list[tuple[Cell, dict[int, int]]] = []
    things: list[ThingChange] = []
    tallies: list[tuple[str, str, int]] = []
    happened: list[TickerLine] = []
    proposals: list[Proposal] = []
    withdrawn: list[str] = []
    lost: int = 0
    lost_at: int | None = None
    emptied_at: int | None = None
    reload: bool = False
    things_gone: list[tuple[str, str]] = []


encode_delta = msgspec.json.Encoder().encode
decode_delta = msgspec.json.Decoder(Delta).decode
