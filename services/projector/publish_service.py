"""Publish an entry by hand: what the projector would say of it, and the XADD; tell of a package that was changed."""

import logging
from collections.abc import Callable

import redis

from services.contract.case import Case
from services.contract.entry import encode_entry
from services.contract.others import DistrictLoaded
from services.contract.parse import Event, Refused, parse
from services.district.package import District
from services.platform.errors import REDIS_ERRORS, first_line
from services.platform.redis import Keys
from services.projector.placing import Locator

log = logging.getLogger(__name__)
SOURCE = "/lianqin-projector"


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


class PackageNews:
    """Tells the stream (``district.loaded``) of a package that was changed in the browser, once it is in force here.

    One that was loaded is told by whoever loaded it. Two projectors say the same under one id: it counts once. What
    came into force while no projector ran is told by the next one.
    """

    def __init__(
        self,
        newer: Callable[[], District | None],
        client: redis.Redis,
        district: District,
        now_ms: Callable[[], int],
        *,
        told_last: Callable[[], str],
    ) -> None:
        """``newer`` gives the next package once (PackageWatch); ``told_last`` the digest in the history."""
        self._newer, self._client, self._now_ms, self._told_last = newer, client, now_ms, told_last
        self._folder_digest = district.folder_digest
        self._untold: District | None = None
        # The package that this process begins with: whether it was told is not known yet. None: it is.
        self._begun: District | None = district if district.stored_mark else None

    def newer(self) -> District | None:
        """What ``newer`` gives; what could not be told is tried again at the next call."""
        found = self._newer()
        if found is None and self._begun is not None and self._told_last() != self._begun.digest:
            self._untold = self._begun
        self._begun = None
        if found is not None:
            self._untold = found if found.folder_digest == self._folder_digest else None
            self._folder_digest = found.folder_digest
        if self._untold is not None:
            self._tell(self._untold)
        return found

    def _tell(self, district: District) -> None:
        body = DistrictLoaded(digest=district.digest, code=district.code)
        event_id = f"{district.digest}-{district.stored_mark}"
        fields = encode_entry(SOURCE, "district.loaded", body, self._now_ms(), subject=district.code, event_id=event_id)
        try:
            add(self._client, district.code, fields)
        except REDIS_ERRORS as error:
            log.warning("district.loaded is not told yet: %s", first_line(error))
            return
        self._untold = None
