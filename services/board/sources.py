"""The word for each source on the truth bar (CONTRACT.md, Keys): a quiet source and a dead one differ. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

from services.board.state import Board, thing_body

Word = Literal["live", "late", "stopped", "never", "no_heartbeat"]
LATE_AFTER = 2
STOPPED_AFTER = 6
# Two machines' clocks may differ by so much without anything being wrong.
AHEAD_MS = 5_000


def source_word(age_s: float, interval_s: float) -> Word:
    """live; late after 2 missed intervals; stopped after 6. An interval is missed once it is over."""
    missed = age_s / interval_s - 1
    if missed >= STOPPED_AFTER:
        return "stopped"
    return "late" if missed >= LATE_AFTER else "live"


def source_rows(board: Board, names: Mapping[str, str], real_now_ms: int) -> list[list[Any]]:
    """[source, name, word, Unix ms of its last sign of life or None], the expected sources first, in their order.

    A heartbeat's age is taken from its stream id (the machine's time at Redis), not from the publisher's clock. An id
    ahead of the machine's clock tells no age (Redis' clock was ahead once): then the publisher's own time is asked, for
    a source that is silent would look fresh until that moment comes.
    """
    seen = {key for kind, key in board.things if kind in {"source", "heartbeat"}}
    rows: list[list[Any]] = []
    for source in [*names, *sorted(seen - names.keys())]:
        name = names.get(source, source)
        beat = board.things.get(("heartbeat", source))
        last = board.things.get(("source", source))
        if beat is not None:
            body = thing_body(beat)
            at, interval = body["at"], body["interval_s"]
            assert isinstance(at, int)
            assert isinstance(interval, int | float)
            age_ms = real_now_ms - (beat.entry >> 20)
            if age_ms < -AHEAD_MS:
                age_ms = board.now - at
            rows.append([source, name, source_word(age_ms / 1000, interval), at])
        elif last is not None:
            rows.append([source, name, "no_heartbeat", thing_body(last)["time"]])
        else:
            rows.append([source, name, "never", None])
    return rows
