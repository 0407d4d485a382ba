"""The notices that stand, as the desks' zones show them."""

import contextlib
from typing import Any

import gevent

from dashboard.live.room import LiveRoom
from dashboard.live.zones import STREET
from services.duty.desk_notices_service import DeskNotices
from services.platform.errors import STORE_ERRORS
from services.platform.offload import Offload

# So long after it was sent a notice may come to a desk: nothing in it is a matter of seconds.
EVERY_S = 5.0


class NoticeRoom:
    """Reads the notices now and then, away from the loop, and lets the zones tell them. Walls show none."""

    def __init__(self, room: LiveRoom, notices: DeskNotices, offload: Offload) -> None:
        self._room, self._notices, self._offload = room, notices, offload
        room.more.append(self._tiles)

    def start(self) -> None:
        """Begin to read, in a greenlet of its own."""
        gevent.spawn(self._run)

    def look(self) -> None:
        """Read once; the zones are told where something has changed."""
        if self._offload(self._notices.refresh):
            self._room.flush_soon()

    def _run(self) -> None:
        while True:
            with contextlib.suppress(*STORE_ERRORS):  # the truth bar says so; what stood goes on standing
                self.look()
            gevent.sleep(EVERY_S)

    def _tiles(self, zone: str) -> dict[str, Any]:
        if zone == "wall":
            return {}
        street = zone.removeprefix(STREET).partition("/")[0] if zone.startswith(STREET) else ""
        return {"notices": [[n.id, n.text, n.until, n.by_name] for n in self._notices.standing if n.is_for(street)]}
