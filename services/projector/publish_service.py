"""Publish one entry by hand: what the projector would say of it, and the XADD."""

import redis

from services.contract.case import Case
from services.contract.parse import Event, Refused, parse
from services.district.package import District
from services.platform.redis import Keys
from services.projector.placing import Locator


def check_entry(entry_id: str, fields: dict[bytes, bytes], now_ms: int, district: District) -> Event | Refused:
    """What the projector would say of an entry: parsed, and its position looked at."""
    event = parse(entry_id, fields, now_ms)
    if isinstance(event, Event) and isinstance(event.body, Case):
        place = Locator(district).locate([event])[0]
        if isinstance(place, Refused):
            return place
    return event


def add(client: redis.Redis, code: str, fields: dict[bytes, bytes]) -> str:
    """XADD to the district's events; the entry's id."""
    entry: bytes = client.xadd(Keys(code).events, dict(fields.items()))  # type: ignore[assignment]  # an XADD answers with an id
    return entry.decode()
