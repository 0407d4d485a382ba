"""Makes a process's ingest and projector from its connections."""

import socket

from services.district.doors import OpenDoors
from services.district.package_watch_reader import PackageWatch
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.publish_service import PackageNews
from services.projector.store.read import loaded_last
from services.projector.stream import EventStream
from services.projector.worker import Projector


def make_ingest(doors: OpenDoors) -> Ingest:
    """The way into the store. Raises WrongDistrict when the store is another district's."""
    return Ingest(doors.engine, doors.district, Sealer(doors.settings.data_key))


def make_projector(doors: OpenDoors, consumer: str = "", pulse: Pulse = NO_PULSE) -> Projector:
    """A projector whose name in the group stays the same over restarts, so that it finds what it had pending."""
    name = consumer or doors.settings.consumer or socket.gethostname()
    stream = EventStream(doors.redis, doors.district.code, name)
    watch = PackageWatch(doors.engine, doors.settings.district_dir, doors.district, doors.clock.now_ms)

    def told_last() -> str:
        with doors.engine.connect() as connection:
            return loaded_last(connection, doors.district.code)

    news = PackageNews(watch.newer, doors.redis, doors.district, doors.clock.now_ms, told_last=told_last)
    return Projector(stream, doors.engine, make_ingest(doors), doors.clock, newer_package=news.newer, pulse=pulse)
