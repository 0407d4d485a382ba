"""Write an event as the fields of one stream entry: the publisher's side of CONTRACT.md, in a few lines."""

import uuid

import msgspec

from services.clock import to_rfc3339

_ENCODER = msgspec.json.Encoder()


def encode_entry(
    source: str, kind: str, body: object, time_ms: int, *, subject: str = "", event_id: str = ""
) -> dict[bytes, bytes]:
    """The fields to XADD. ``body`` is a contract struct or anything that is JSON; ``event_id`` defaults to a UUID."""
    fields = {
        b"specversion": b"1.0",
        b"id": (event_id or uuid.uuid4().hex).encode(),
        b"source": source.encode(),
        b"type": kind.encode(),
        b"time": to_rfc3339(time_ms).encode(),
        b"datacontenttype": b"application/json",
        b"data": _ENCODER.encode(body),
    }
    if subject:
        fields[b"subject"] = subject.encode()
    return fields


MAX_MS, MAX_SEQUENCE = (1 << 42) - 1, (1 << 20) - 1


def entry_key(entry_id: str) -> int:
    """A stream id as one integer that sorts as the id does: 42 bits of milliseconds (until 2109), 20 of sequence.

    An id outside that (a publisher's own) counts as the last one inside: ``is_in_range`` tells.
    """
    ms, _, seq = entry_id.partition("-")
    key = int(ms) << 20 | int(seq or 0)
    return key if int(ms) <= MAX_MS and int(seq or 0) <= MAX_SEQUENCE else _clamped(int(ms), int(seq or 0))


def is_in_range(entry_id: str) -> bool:
    """Whether ``entry_key`` gives this id a number of its own."""
    ms, _, seq = entry_id.partition("-")
    return int(ms) <= MAX_MS and int(seq or 0) <= MAX_SEQUENCE


def _clamped(ms: int, sequence: int) -> int:
    return min(ms, MAX_MS) << 20 | (min(sequence, MAX_SEQUENCE) if ms <= MAX_MS else MAX_SEQUENCE)


def entry_id(key: int) -> str:
    """The stream id of an integer made by ``entry_key``."""
    return f"{key >> 20}-{key & 0xFFFFF}"
