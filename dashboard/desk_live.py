"""What the desks hear beside the cases: what became of their commands, and who has the same case open."""

import time
from typing import Any

import gevent
from flask import request

from dashboard.live import LiveRoom
from services.clock import Clock
from services.commanding import Commanding
from services.liveboard.follower import STORE_ERRORS
from services.rights import may
from services.store.commands import Sent

# Answers come with the board; this often the store is asked all the same.
SETTLE_EVERY_S = 5.0
# A command that nobody answered for so long is told of no more; it stays «sent» in the store and on the handover.
FORGOTTEN_S = 900.0


class DeskRoom:
    """Commands on their way and people at cases, of this process."""

    def __init__(self, room: LiveRoom, commanding: Commanding, clock: Clock) -> None:
        self._room, self._commanding, self._clock = room, commanding, clock
        self._waiting: dict[str, tuple[str, float]] = {}
        self._settled_at = 0.0
        self._is_settling = False
        self._at: dict[str, str] = {}
        room.more.append(self._present)
        room.on_flush.append(self._look)
        room.on_gone.append(self._leave)
        room.socketio.on_event("at_case", room.guarded("at_case", self.at_case))

    def wait_for(self, command_ids: list[str], user_id: str) -> None:
        """Tell this person what becomes of these."""
        self._waiting.update(dict.fromkeys(command_ids, (user_id, time.monotonic())))

    def forget(self, command_ids: set[str]) -> None:
        """These were not sent after all, or are settled."""
        for key in command_ids:
            self._waiting.pop(key, None)

    def at_case(self, wish: Any = None) -> None:
        """A person opened a case, or closed it."""
        sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        case_id = wish.get("case_id") if isinstance(wish, dict) else None
        before = self._at.pop(sid, None)
        board = self._room.follower.board if self._room.follower else None
        row = board.rows.get(case_id) if isinstance(case_id, str) and board is not None else None
        if row is not None and may(self._room.people[sid], "see_texts", row.street, row.community):
            self._at[sid] = row.case_id
        if self._at.get(sid) != before:
            self._room.flush_soon()

    def _leave(self, sid: str) -> None:
        if self._at.pop(sid, None) is not None:
            self._room.flush_soon()

    def _present(self, zone: str) -> dict[str, Any]:
        """Case id → [[account, name], …] of those who have it open; a wall does not say who is where."""
        if zone == "wall":
            return {}
        zones = self._room.zones
        found: dict[str, dict[str, str]] = {}
        for sid, case_id in self._at.items():
            person = self._room.people.get(sid)
            if person is not None and zones is not None and zones.sees(zone, case_id):
                found.setdefault(case_id, {})[person.user_id] = person.name
        return {"present": {case_id: sorted(people.items()) for case_id, people in sorted(found.items())}}

    def _look(self) -> None:
        """After each flush: has the case system answered something that somebody waits for?"""
        assert self._room.follower is not None
        answered = self._room.follower.board.answered
        keys = {thing.key for thing in answered}
        answered.clear()
        is_time = self._waiting and time.monotonic() - self._settled_at >= SETTLE_EVERY_S
        if (keys & self._waiting.keys() or is_time) and not self._is_settling:
            self._is_settling = True
            gevent.spawn(self._settle)

    def _settle(self) -> None:
        try:
            self._settled_at = time.monotonic()
            self._tell(self._commanding.settle(self._clock.now_ms()))
            # What another process has settled, or what nobody ever answered.
            old = time.monotonic() - FORGOTTEN_S
            self._waiting = {key: who for key, who in self._waiting.items() if who[1] > old}
            rest = list(self._waiting)[:500]
            self._tell([row for row in self._commanding.standing(rest) if row.answered_at])
        except STORE_ERRORS:
            pass  # the follower says it; asked again in a moment
        finally:
            self._is_settling = False

    def _tell(self, settled: list[Sent]) -> None:
        by_person: dict[str, list[list[str]]] = {}
        for row in settled:
            if (who := self._waiting.pop(row.command_id, None)) is not None:
                by_person.setdefault(who[0], []).append([row.command_id, row.case_id, row.state, row.reason])
        for sid, person in list(self._room.people.items()):
            if person.user_id in by_person:
                self._room.tell("commands", by_person[person.user_id], sid)
