"""Publish one event by hand, checked as the projector will check it; and the Redis that such errands need."""

import msgspec

from services.contract.entry import encode_entry
from services.contract.parse import Refused
from services.district.doors import district_clock
from services.district.load import load
from services.platform.errors import OperationError
from services.platform.redis import open_redis
from services.platform.settings import Settings
from services.projector.publish_service import add, check_entry


def publish(settings: Settings, kind: str, source: str, subject: str, data_text: str) -> str:
    """Publish one event, checked first. Returns a sentence with the entry's id."""
    district = load(settings.district_dir)
    try:
        body = msgspec.json.decode(data_text)
    except msgspec.DecodeError as error:
        raise OperationError(f"the data is not JSON: {error}") from error
    named = body.get("case_id") if isinstance(body, dict) else None
    with open_redis(settings, district.code) as client:
        now = district_clock(settings, client, district.code).now_ms()
        raw = msgspec.Raw(data_text.strip().encode())
        fields = encode_entry(source, kind, raw, now, subject=subject or (named if isinstance(named, str) else ""))
        event = check_entry("0-1", fields, now, district)
        if isinstance(event, Refused):
            raise OperationError(f"nothing was published: {event.reason}: {event.detail}")
        entry = add(client, district.code, fields)
    remarks = [*event.flags, *([f"{event.unknown_fields} unknown fields"] if event.unknown_fields else [])]
    return f"published {kind} as {entry}" + (f" (flagged: {', '.join(remarks)})" if remarks else "")
