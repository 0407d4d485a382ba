"""What people do with alarms: take one, shelve it, take it off the shelf. One transaction each, under the feed's lock.

Of two who take the same alarm at once one wins; the other is refused and told who was first (``AlarmRefused.alarm``).
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Engine

from services.alarm_writing import write_changes
from services.alarms import life
from services.alarms.life import AlarmRefused, Change
from services.alarms.told import Alarm
from services.announcing import announce
from services.district.alarm_policy import AlarmPolicy
from services.projector.delta import Delta
from services.store.alarms import one_alarm
from services.store.write import Feed, Writer

SeatAllowed = Callable[[str], bool]


class Done(NamedTuple):
    """The alarm as it is now, and the store's revision that says so: wake the others with it (``Wakeups.tell``)."""

    alarm: Alarm
    revision: int


def acknowledge(
    engine: Engine, now: int, policy: AlarmPolicy, alarm_id: str, *, who: str, comment: str, seat_allowed: SeatAllowed
) -> Done:
    """Take it. Raises AlarmRefused: unknown_alarm, not_yours, and what ``life.acknowledge`` raises."""
    return _do(engine, now, alarm_id, seat_allowed, lambda alarm: life.acknowledge(alarm, who, comment, now, policy))


def shelve(
    engine: Engine, now: int, policy: AlarmPolicy, alarm_id: str, *, who: str, until: int, reason: str,
    seat_allowed: SeatAllowed,
) -> Done:  # fmt: skip
    """Shelve it until then. Raises AlarmRefused: unknown_alarm, not_yours, and what ``life.shelve`` raises."""

    def change_of(alarm: Alarm) -> Change:
        return life.shelve(alarm, who, until, reason, now=now, policy=policy)

    return _do(engine, now, alarm_id, seat_allowed, change_of)


def unshelve(engine: Engine, now: int, alarm_id: str, *, who: str, seat_allowed: SeatAllowed) -> Done:
    """Take it off the shelf. Raises AlarmRefused: unknown_alarm, not_yours, and what ``life.unshelve`` raises."""
    return _do(engine, now, alarm_id, seat_allowed, lambda alarm: life.unshelve(alarm, who, now))


def _do(
    engine: Engine, now: int, alarm_id: str, seat_allowed: SeatAllowed, change_of: Callable[[Alarm], Change]
) -> Done:
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

    revision = announce(engine, now, rows)
    return Done(done[0], revision)
