"""A photo for somebody who may see it: the kept one, else fetched, made anew and kept."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from services.photos import store
from services.photos.addresses import PhotoAddress, address_of
from services.photos.apart_service import fetch_apart
from services.photos.faults import PHOTO_FAULTS, PhotoFault, PhotoRefused
from services.photos.made import MadePhoto, PhotoOrder
from services.platform.clock import MINUTE_MS, machine_ms
from services.platform.database import hosts_of, writing
from services.platform.metric import Metric
from services.platform.redis_address import machines_of
from services.platform.settings import VIRTUAL, Settings

log = logging.getLogger(__name__)

# An address that gave nothing is asked again by the first look after this time.
AGAIN_MS = MINUTE_MS
# So many processes at once: together they stay within the memory of a web process's unit. Who comes beyond them waits
# for so long (in a server of greenlets nobody else waits with them), then is told to ask again.
MOST_AT_ONCE = 2
WAIT_S = 8.0


@dataclass(frozen=True, slots=True)
class PhotoSources:
    """Where photos may come from: the package's addresses, our own services never, and a demo's one of this machine."""

    allowed: tuple[str, ...] = ()
    never: tuple[tuple[str, int], ...] = ()
    loopback: tuple[str, int] | None = None

    def order(self, text: str) -> PhotoOrder:
        """What to fetch for an address of a case. Raises PhotoRefused."""
        return PhotoOrder(address_of(text, self.allowed), self.never, self.loopback)


def sources_of(settings: Settings, package: Sequence[str]) -> PhotoSources:
    """The package's addresses, and the demo's first where the clock is a demo's."""
    own = settings.demo_photos if settings.clock == VIRTUAL else ""
    allowed = (*((own,) if own else ()), *package)
    loopback = None
    if own:
        found: PhotoAddress = address_of(own, [own])
        loopback = (found.host, found.port)
    return PhotoSources(allowed, _own_services(settings), loopback)


def _own_services(settings: Settings) -> tuple[tuple[str, int], ...]:
    """(machine, port) of every server of our Redis and of every host of our PostgreSQL."""
    stores = [tuple(host.rpartition(":")[::2]) for host in hosts_of(make_url(settings.database))]
    redis = machines_of(settings.redis_url) if settings.redis_url else ()
    return (*redis, *((name, int(port)) for name, port in stores))


@dataclass(slots=True)
class Photos:
    """Photos of one process. ``sources`` is asked each time: the package may change. ``offload`` for the store."""

    engine: Engine
    sources: Callable[[], PhotoSources]
    offload: Callable[[Any], Any]
    now_ms: Callable[[], int] = machine_ms
    fetch: Callable[[PhotoOrder], MadePhoto] = fetch_apart
    wait_s: float = WAIT_S
    _places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MOST_AT_ONCE))
    _results: Counter[str] = field(default_factory=Counter)

    def photo(self, address: str, *, is_small: bool = False) -> bytes:
        """The JPEG of an address that a case has. Raises PhotoRefused, and what the store raises."""
        order = self._order(address)
        key = hashlib.sha256(str(order.address).encode()).hexdigest()
        if (known := self._known(key, is_small)) is not None:
            return known
        if not self._places.acquire(timeout=self.wait_s):
            self._results["busy"] += 1
            raise PhotoRefused("busy", f"{MOST_AT_ONCE} are being fetched")
        try:
            # Who has waited finds what somebody else has fetched meanwhile.
            if (known := self._known(key, is_small)) is not None:
                return known
            made = self._fetched(key, order)
        finally:
            self._places.release()
        return made.small if is_small else made.photo

    def _known(self, key: str, is_small: bool) -> bytes | None:
        """What is kept of an address. Raises PhotoRefused where it gave nothing a moment ago."""
        known = self.offload(lambda: self._tried(key, is_small))
        if known is None:
            return None
        if known.photo is None and known.fault and self.now_ms() - known.at < AGAIN_MS:
            raise PhotoRefused(_fault(known.fault), "so it was a moment ago")
        return None if known.photo is None else bytes(known.photo)

    def figures(self) -> list[Metric]:
        """How many were fetched by this process, by what came of it."""
        rows = tuple(({"result": result}, float(self._results[result])) for result in ("fetched", *PHOTO_FAULTS))
        return [Metric("lianqin_photos", "counter", "photos of cases that were asked for at their source", rows)]

    def _order(self, address: str) -> PhotoOrder:
        try:
            return self.sources().order(address)
        except PhotoRefused as error:
            self._results[error.fault] += 1
            raise

    def _fetched(self, key: str, order: PhotoOrder) -> MadePhoto:
        try:
            made = self.fetch(order)
        except PhotoRefused as error:
            self._results[error.fault] += 1
            log.warning("no photo from %s: %s: %s", order.address.host, error.fault, error)
            fault = error.fault
            self.offload(lambda: self._keep_fault(key, fault))
            raise
        self._results["fetched"] += 1
        hash_ = hashlib.sha256(made.photo).hexdigest()
        self.offload(lambda: self._keep(key, hash_, made))
        return made

    def _tried(self, key: str, is_small: bool) -> store.PhotoTry | None:
        with self.engine.connect() as connection:
            return store.tried(connection, key, is_small=is_small)

    def _keep(self, key: str, hash_: str, made: MadePhoto) -> None:
        with writing(self.engine) as connection:
            store.take_turn(connection)
            store.keep(connection, key, hash_, made, self.now_ms())

    def _keep_fault(self, key: str, fault: str) -> None:
        with writing(self.engine) as connection:
            store.take_turn(connection)
            store.keep_fault(connection, key, fault, self.now_ms())


def _fault(text: str) -> PhotoFault:
    """The fault that the store has; one of a newer version counts as «away»."""
    return next((fault for fault in PHOTO_FAULTS if fault == text), "away")
