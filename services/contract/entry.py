"""Write an event as the fields of one stream entry: the publisher's side of CONTRACT.md, in a few lines."""

import uuid

import msgspec

from services.contract.numbering import MAX_MS, MAX_SEQUENCE
from services.platform.clock import to_rfc3339

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


def entry_order(entry_id: str) -> tuple[int, int]:
    """What stream ids are compared by: (milliseconds, sequence). Raises ValueError where it is none."""
    ms, _, seq = entry_id.partition("-")
    return int(ms), int(seq or 0)


def before(entry_id: str) -> str:
    """The id right before this one."""
    ms, seq = entry_order(entry_id)
    if seq:
        return f"{ms}-{seq - 1}"
    return f"{ms - 1}-{(1 << 64) - 1}" if ms else "0-0"


def entry_key(entry_id: str) -> int:
    """The natural number of a stream id: what it is in a store whose ids were all natural (``events.numbering``).

    For times, not for comparing: of an id outside the natural range it is the last one inside.
    """
    ms, seq = entry_order(entry_id)
    return min(ms, MAX_MS) << 20 | (min(seq, MAX_SEQUENCE) if ms <= MAX_MS else MAX_SEQUENCE)


def entry_id(key: int) -> str:
    """The stream id of a natural number."""
    return f"{key >> 20}-{key & MAX_SEQUENCE}"
