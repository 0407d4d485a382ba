"""The keeper of the alarms as the duty needs it: reports that are due alarm, and the system writes its log.

It also has the audit's newest head noted outside the database, whoever has written it: of several keepers one leads.
"""

from collections.abc import Callable, Sequence

import redis
from sqlalchemy import Engine

from services.access.reader import small_seats
from services.audit.heads_store import notary_of
from services.board.state import Board
from services.district.doors import OpenDoors
from services.district.package import District
from services.duty.alarms.conditions import ReportDue
from services.duty.alarms.worker import AlarmKeeper
from services.duty.service import DutyDesk
from services.health.hearts import Hearts
from services.platform.clock import Clock
from services.platform.every import Every
from services.platform.pulse import NO_PULSE, Pulse

# What is due changes with a case or a report, the log with an alarm: neither needs the second.
LOOK_EVERY_S, LOG_EVERY_S = 5.0, 10.0


class DutyKeeper(AlarmKeeper):
    """One process of it; of several one leads. ``note_head`` is called now and then while it does."""

    def __init__(
        self,
        engine: Engine,
        client: redis.Redis,
        district: District,
        clock: Clock,
        *,
        note_head: Callable[[], None] = lambda: None,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        super().__init__(engine, client, district, clock, reports=self._reports_due, seated=self._seats, pulse=pulse)
        self._note_head = note_head
        self._desk = DutyDesk(engine, district)
        self._centre = district.code
        self._due: list[ReportDue] = []
        self._known_seats = frozenset[str]()
        self._look_every, self._log_every = Every(LOOK_EVERY_S), Every(LOG_EVERY_S)
        self._seats_every = Every(LOOK_EVERY_S)

    def work(self) -> None:
        """The alarms, and now and then what the log has to add."""
        super().work()
        if self._log_every.take():
            self._desk.keep_log(self.board, self.clock.now_ms())
            self._note_head()

    def _seats(self) -> frozenset[str]:
        """The units and grids that have an account: a new one's alarms come with the next look."""
        if self._seats_every.take():
            with self._engine.connect() as connection:
                self._known_seats = small_seats(connection)
        return self._known_seats

    def _reports_due(self, _board: Board, _now: int) -> Sequence[ReportDue]:
        """Each report that is owed, at the centre and at its street."""
        if self._look_every.take():
            self._due = [
                ReportDue(due.case_id, seat, due.number, due.due_at)
                for due in self._desk.reports_due(self._centre)
                for seat in dict.fromkeys((self._centre, due.street))
                if seat
            ]
        return self._due


def keeper_of(doors: OpenDoors, hearts: Hearts) -> DutyKeeper:
    """The keeper of a process that has these doors, with a heart of its own."""
    notary = notary_of(doors.engine, doors.settings)
    note = (lambda: notary.look(doors.engine)) if notary is not None else (lambda: None)
    return DutyKeeper(
        doors.engine,
        doors.redis,
        doors.district,
        doors.clock,
        note_head=note,
        pulse=hearts.begin("alarms", idle_limit_s=20),
    )
