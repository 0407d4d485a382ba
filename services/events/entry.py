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


def entry_key(entry_id: str) -> int:
    """A stream id as one integer that sorts as the id does: 43 bits of milliseconds, 20 of sequence.

    Raises ValueError for an id outside that (a publisher's own id with a sequence of a million and more).
    """
    ms_text, _, seq_text = entry_id.partition("-")
    ms, seq = int(ms_text), int(seq_text or 0)
    if ms >= 1 << 43 or seq >= 1 << 20:
        raise ValueError(f"entry id {entry_id!r} is outside the store's range")
    return ms << 20 | seq


def entry_id(key: int) -> str:
    """The stream id of an integer made by ``entry_key``."""
    return f"{key >> 20}-{key & 0xFFFFF}"
