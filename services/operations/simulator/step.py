"""One event that the case system will publish."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.contract.case import Case


@dataclass(frozen=True, slots=True)
class StoryStep:
    """At ``time_ms`` the case becomes ``case`` by an event of ``type``."""

    time_ms: int
    type: str
    case: Case


# The publisher of each channel's cases: the CloudEvent's ``source``.
SOURCES = {
    "GRID": "/case-system", "H12345": "/hotline-12345", "SZCG": "/szcg", "ZZ": "/zz-platform", "APP": "/citizen-app",
    "VIDEO": "/video-patrol", "PATROL": "/case-system", "DEPT": "/case-system", "LEADER": "/case-system",
    "MEDIA": "/citizen-app", "IOT": "/case-system",
}  # fmt: skip


def utc(ms: int) -> datetime:
    """Unix milliseconds as an aware datetime."""
    return datetime.fromtimestamp(ms / 1000, UTC)
