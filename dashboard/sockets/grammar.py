"""What a client may send on the socket. Everything else is refused before Engine.IO and Socket.IO read it.

A client of ours sends five kinds of packets: a pong, a close, «I enter», «I leave» and an event of the default
namespace with at most one argument. It sends no binary packet, no other namespace, no answer to a question of ours.
Pure functions.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

# A message longer than this many bytes is not read to its end.
LONGEST = 64 * 1024
LONGEST_NAME = 64
# Names that Socket.IO, Flask-SocketIO or Engine.IO call handlers by: a client that sends one is not ours.
RESERVED = frozenset({
    "*", "connect", "connect_error", "disconnect", "disconnecting", "error", "json", "message", "newListener",
    "removeListener",
})  # fmt: skip
ENTER, LEAVE, PONG, CLOSE, MESSAGE = "0", "1", "3", "1", "4"
_EVENT = re.compile(r"2(\d{0,9})(\[.*)", re.DOTALL | re.ASCII)


class RefusedPacket(ValueError):
    """The client sent what no client of ours sends; ``cause`` is one word for the log and the metrics."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Said:
    """A Socket.IO packet that may be dispatched, written anew by us: ``text`` is what Socket.IO reads."""

    kind: Literal["enter", "leave", "event"]
    text: str
    name: str = ""


def check_frame(data: str | bytes) -> str:
    """The text of an Engine.IO packet that a client may send. Raises RefusedPacket."""
    if not isinstance(data, str):
        raise RefusedPacket("binary")
    if data not in {PONG, CLOSE} and not data.startswith(MESSAGE):
        raise RefusedPacket("packet")
    return data


def read_message(data: Any) -> Said:
    """The Socket.IO packet inside a message. Raises RefusedPacket with the cause.

    What we return is encoded anew, so that Socket.IO's own reader finds in it what we found.
    """
    if not isinstance(data, str):
        raise RefusedPacket("binary" if isinstance(data, bytes) else "packet")
    if data.startswith(ENTER):
        if data[1:] not in {"", "{}"} and not isinstance(_decoded(data[1:]), dict):
            raise RefusedPacket("packet")
        return Said("enter", ENTER)
    if data == LEAVE:
        return Said("leave", LEAVE)
    if (match := _EVENT.fullmatch(data)) is None:
        raise RefusedPacket("packet")
    question, parts = match[1], _decoded(match[2])
    if not isinstance(parts, list) or not 1 <= len(parts) <= 2 or not isinstance(parts[0], str):
        raise RefusedPacket("packet")
    name = parts[0]
    if name in RESERVED:
        raise RefusedPacket("reserved_name")
    if len(name) > LONGEST_NAME:
        raise RefusedPacket("long_name")
    return Said("event", f"2{question}{msgspec.json.encode(parts).decode()}", name)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RefusedPacket("packet") from None
