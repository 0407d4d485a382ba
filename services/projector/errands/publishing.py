"""Publish one event by hand, checked as the projector will check it; and the Redis that such errands need."""

import msgspec
import redis

from services.contract.case import Case
from services.contract.entry import encode_entry
from services.contract.parse import Event, Refused, parse
from services.district.doors import district_clock
from services.district.load import load
from services.district.package import District
from services.platform.errors import OperationError
from services.platform.redis import Keys, open_redis
from services.platform.settings import Settings
from services.projector.placing import Locator


def check_entry(entry_id: str, fields: dict[bytes, bytes], now_ms: int, district: District) -> Event | Refused:
    """What the projector would say of an entry: parsed, and its position looked at."""
    event = parse(entry_id, fields, now_ms)
    if isinstance(event, Event) and isinstance(event.body, Case):
        place = Locator(district).locate([event])[0]
        if isinstance(place, Refused):
            return place
    return event


def publish(settings: Settings, kind: str, source: str, subject: str, data_text: str) -> str:
    """Publish one event, checked first. Returns a sentence with the entry's id."""
    district = load(settings.district_dir)
    try:
        body = msgspec.json.decode(data_text)
    except msgspec.DecodeError as error:
        raise OperationError(f"the data is not JSON: {error}") from error
    named = body.get("case_id") if isinstance(body, dict) else None
    with open_redis(settings) as client:
        now = district_clock(settings, client, district.code).now_ms()
        raw = msgspec.Raw(data_text.strip().encode())
        fields = encode_entry(source, kind, raw, now, subject=subject or (named if isinstance(named, str) else ""))
        event = check_entry("0-1", fields, now, district)
        if isinstance(event, Refused):
            raise OperationError(f"nothing was published: {event.reason}: {event.detail}")
        entry = add(client, district.code, fields)
    remarks = [*event.flags, *([f"{event.unknown_fields} unknown fields"] if event.unknown_fields else [])]
    return f"published {kind} as {entry}" + (f" (flagged: {', '.join(remarks)})" if remarks else "")


def add(client: redis.Redis, code: str, fields: dict[bytes, bytes]) -> str:
    """XADD to the district's events; the entry's id."""
    entry: bytes = client.xadd(Keys(code).events, dict(fields.items()))  # type: ignore[assignment]  # an XADD answers with an id
    return entry.decode()
