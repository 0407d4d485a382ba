"""What people do with alarms: take one, shelve it, take it off the shelf. One transaction each, under the feed's lock.

Of two who take the same alarm at once one wins; the other is refused and told who was first (``AlarmRefused.alarm``).
"""

from collections.abc import Callable

from sqlalchemy import Engine

from services.board.alarm import Alarm
from services.district.alarm_policy import AlarmPolicy
from services.duty.alarms import life
from services.duty.alarms.life import AlarmChange, AlarmRefused
from services.duty.alarms.store import one_alarm
from services.duty.alarms.writing_store import write_changes
from services.platform.offload import Offload, directly
from services.platform.wakeups import Wakeups
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta
from services.projector.store.write import Feed, Writer

SeatAllowed = Callable[[str], bool]


class AlarmDesk:
    """What people do, each with the alarm as it is then; every other screen hears of it at once.

    Each raises AlarmRefused: ``unknown_alarm``, ``not_yours``, and what the same function of
    ``services.duty.alarms.life`` raises; and what the database raises.
    """

    def __init__(self, engine: Engine, wakeups: Wakeups, policy: AlarmPolicy, offload: Offload = directly) -> None:
        self._engine, self._wakeups, self._policy, self._offload = engine, wakeups, policy, offload

    def cases_of(self, alarm_id: str) -> list[str]:
        """The cases that an alarm is about; empty: it is about none, or there is no such alarm."""

        def ask() -> list[str]:
            with self._engine.connect() as connection:
                alarm = one_alarm(connection, alarm_id)
            return alarm.case_ids if alarm is not None else []

        return self._offload(ask)

    def acknowledge(self, now: int, alarm_id: str, *, who: str, comment: str, seat_allowed: SeatAllowed) -> Alarm:
        """Take it."""
        return self._do(now, alarm_id, seat_allowed, lambda a: life.acknowledge(a, who, comment, now, self._policy))

    def shelve(self, now: int, alarm_id: str, *, who: str, until: int, reason: str, seat_allowed: SeatAllowed) -> Alarm:
        """Shelve it until then (Unix ms)."""

        def change_of(alarm: Alarm) -> AlarmChange:
            return life.shelve(alarm, who, until, reason, now=now, policy=self._policy)

        return self._do(now, alarm_id, seat_allowed, change_of)

    def unshelve(self, now: int, alarm_id: str, *, who: str, seat_allowed: SeatAllowed) -> Alarm:
        """Take it off the shelf."""
        return self._do(now, alarm_id, seat_allowed, lambda alarm: life.unshelve(alarm, who, now))

    def _do(
        self, now: int, alarm_id: str, seat_allowed: SeatAllowed, change_of: Callable[[Alarm], AlarmChange]
    ) -> Alarm:
        done: list[Alarm] = []

        def rows(writer: Writer, feed: Feed) -> Delta:
            alarm = one_alarm(writer.connection, alarm_id)
            if alarm is None:
                raise AlarmRefused("unknown_alarm", alarm_id=alarm_id)
            if not seat_allowed(alarm.seat):
                raise AlarmRefused("not_yours", alarm_id=alarm_id)
            change = change_of(alarm)
            done.append(change.alarm)
            return write_changes(writer, feed, now, [change])

        announce(self._engine, self._wakeups, now, rows, self._offload)
        return done[0]
