"""What a page asks of the past and what it hears, between the web process and a worker: the messages. Pure."""

from typing import Any, Literal

import msgspec

from services.past.knowledge import Knowledge

# A worker says at least this often that it is there; an answer that nobody fetches is gone after as long. Seconds.
ALIVE_S = 20
# Who asked has given up by then: nobody waits for the answer.
WAIT_S = 8
Error = Literal[
    "", "not_yet", "nothing", "future", "store", "feed", "too_much", "no_worker", "archived", "unmade", "broken"
]


class Question(msgspec.Struct, frozen=True):
    """``room``: the whole room ``at`` a moment; ``span``: how it goes on from ``at`` to ``until``. Unix ms.

    ``asked_at`` is by the clock of Redis, in Unix ms: what is older than ``WAIT_S`` is not answered any more.
    """

    id: str
    kind: Literal["room", "span"]
    at: int
    until: int = 0
    step: int = 1000
    asked_at: int = 0


class PastAnswer(msgspec.Struct, frozen=True):
    """The room's parts, or the span's frames: both as the wall's socket sends them (docs/protocol.md).

    ``at`` is the moment that the room stands at after them, ``known`` what was known then and is known now.
    ``error`` says why there is none: ``share`` of the history is prepared, ``first`` is where it begins
    (of an archived moment: where what is kept here begins).
    """

    at: int = 0
    parts: list[msgspec.Raw] = []
    known: Knowledge | None = None
    error: Error = ""
    share: float = 0.0
    first: int | None = None


_QUESTION = msgspec.json.Decoder(Question).decode
encode = msgspec.json.Encoder().encode


class _Error(msgspec.Struct):
    error: Error = ""


_ERROR = msgspec.json.Decoder(_Error).decode


def error_of(answer: bytes) -> Error:
    """What an answer says why there is none."""
    return _ERROR(answer).error


def redis_ms(client: Any) -> int:
    """The clock that both sides of a question have: that of Redis, in Unix ms. Raises what Redis raises."""
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def decode_question(body: bytes) -> Question | None:
    """The question, or None for what is none."""
    try:
        return _QUESTION(body)
    except msgspec.MsgspecError:
        return None
