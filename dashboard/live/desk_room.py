"""What the desks hear beside the cases: what became of their commands, and who has the same case open."""

import logging
import time
from typing import Any

import gevent
from flask import request

from dashboard.live.room import LiveRoom
from services.board.state import Place
from services.cases.whose import may_case
from services.commands.judge import Sent, answer_of
from services.commands.service import Commanding
from services.platform.clock import Clock
from services.platform.errors import STORE_ERRORS
from services.platform.every import Every

log = logging.getLogger(__name__)

# Answers come with the board; this often the store is asked all the same.
SETTLE_EVERY_S = 5.0
# Answers are told as they come and settled in the store a moment later, many at once: a write for each few of them
# would stand in the projector's way.
SETTLE_AFTER_S = 0.4
# A command that nobody answered for so long is told of no more; it stays «sent» in the store and on the handover.
FORGOTTEN_S = 900.0


class DeskRoom:
    """Commands on their way and people at cases, of this process."""

    def __init__(self, room: LiveRoom, commanding: Commanding, clock: Clock) -> None:
        self._room, self._commanding, self._clock = room, commanding, clock
        self._waiting: dict[str, tuple[str, str, float]] = {}  # command → its case, who waits, since when
        self._answers: dict[str, tuple[str, str]] = {}  # told, and not yet settled in the store
        self._settle_every = Every(SETTLE_EVERY_S)
        self._is_settling = False
        self._read: Place | None = None
        self._at: dict[str, str] = {}
        room.more.append(self._present)
        room.on_flush.append(self._look)
        room.on_gone.append(self._leave)
        room.socketio.on_event("at_case", room.guarded("at_case", self.at_case))

    def wait_for(self, cases: dict[str, str], user_id: str) -> None:
        """Tell this person what becomes of these commands (id → case)."""
        now = time.monotonic()
        self._waiting.update({key: (case_id, user_id, now) for key, case_id in cases.items()})

    def known(self, row: Sent) -> list[str]:
        """A command as it is told: its state is the case system's answer where that is newer than the store."""
        return [row.command_id, row.case_id, *self._answers.get(row.command_id, (row.state, row.reason))]

    def forget(self, command_ids: set[str]) -> None:
        """These were not sent after all, or are settled."""
        for key in command_ids:
            self._waiting.pop(key, None)
            self._answers.pop(key, None)

    def at_case(self, wish: Any = None) -> None:
        """A person opened a case, or closed it."""
        sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        case_id = wish.get("case_id") if isinstance(wish, dict) else None
        before = self._at.pop(sid, None)
        board = self._room.follower.board if self._room.follower else None
        row = board.rows.get(case_id) if isinstance(case_id, str) and board is not None else None
        if row is not None and may_case(self._room.people[sid], "see_texts", row):
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
        answered, self._read = self._room.follower.board.answers.since(self._read)
        told = {thing.key: answer_of(thing.body) for thing in answered if thing.key in self._waiting}
        self._answers.update(told)
        self._tell({key: [self._waiting[key][0], *answer] for key, answer in told.items()})
        is_time = self._waiting and self._settle_every.is_due()
        if (told or is_time) and not self._is_settling:
            self._is_settling = True
            gevent.spawn_later(SETTLE_AFTER_S, self._settle)

    def _settle(self) -> None:
        try:
            self._settle_every.begin()
            settled = self._commanding.settle(self._clock.now_ms())
            # What another process has settled, or what nobody ever answered.
            old = time.monotonic() - FORGOTTEN_S
            self._waiting = {key: who for key, who in self._waiting.items() if who[2] > old}
            rest = [key for key in self._waiting if key not in self._answers][:500]
            settled += [row for row in self._commanding.standing(rest) if row.answered_at]
            self._tell(
                {
                    row.command_id: [row.case_id, row.state, row.reason]
                    for row in settled
                    if row.command_id not in self._answers
                }
            )
            self.forget({row.command_id for row in settled})
        except STORE_ERRORS:
            log.warning("the store does not answer: answers to commands are settled later")
        finally:
            self._is_settling = False

    def _tell(self, answers: dict[str, list[str]]) -> None:
        """Command → its case, state and reason: to the people who wait for it."""
        by_person: dict[str, list[list[str]]] = {}
        for key, answer in answers.items():
            if (who := self._waiting.get(key)) is not None:
                by_person.setdefault(who[1], []).append([key, *answer])
        for sid, person in list(self._room.people.items()):
            if person.user_id in by_person:
                self._room.tell("commands", by_person[person.user_id], sid)
