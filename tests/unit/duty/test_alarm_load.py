"""Six alarms an hour and seat (ISA-18.2) at the demo's load, nobody at the desks: the rules judge minute by minute."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest

from services.board.alarm import Alarm
from services.contract.entry import entry_key
from services.contract.parse import Event, parse
from services.district.alarm_policy import AlarmPolicy
from services.district.package import District
from services.duty.alarms.conditions import AlarmInputs, conditions
from services.duty.alarms.life import step
from services.operations.simulator.world import CaseSystem
from services.past.room import Arrived, PastRoom
from services.platform.clock import DAY_MS, HOUR_MS, MINUTE_MS, to_ms
from services.projector.placing import Locator
from services.projector.store.read import Past
from tests.unit.operations.test_demo_district import demo_district

SEED = 20261123
END_MS = to_ms(datetime(2026, 11, 24, 16, tzinfo=UTC))  # midnight in Shanghai


def told(district: District, days: int) -> list[Past]:
    """What the demo's case system says in so many days before ``END_MS``, in order."""
    found = []
    for entry_id, fields in CaseSystem(district, SEED).history(END_MS - days * DAY_MS, END_MS):
        event = parse(entry_id, fields, END_MS)
        assert isinstance(event, Event), event
        key, at, flags = entry_key(event.entry_id), event.time_ms, " ".join(event.flags)
        found.append(Past(key, at, at, event.type, event.source, event.id, event.subject, flags, event.data))
    return sorted(found, key=lambda past: (past.time, past.entry))


def minutes(district: District, days: int, before: int, every: int) -> Iterator[tuple[int, PastRoom]]:
    """The room at every so many minutes of the last ``days`` before ``END_MS``, with its moment (Unix ms).

    What stands when the first minute is judged are cases of ``before`` days.
    """
    pasts = told(district, before + days)
    of_case: dict[str, list[Past]] = {}
    for past in pasts:
        of_case.setdefault(past.subject, []).append(past)

    def look_up(case_ids: Iterable[str], at: int) -> list[Past]:
        return [past for case_id in case_ids for past in of_case.get(case_id, ()) if past.time <= at]

    times = [past.time for past in pasts]
    room, done = PastRoom(district, Locator(district), None, times[0] - 1), 0
    for now in range(END_MS - days * DAY_MS, END_MS, every * MINUTE_MS):
        until = bisect_right(times, now)
        room.take(Arrived(pasts[done:until]), now, look_up)
        done = until
        yield now, room


def raised(days: int, before: int, every: int) -> Counter[tuple[str, int, str]]:
    """How many alarms came, by seat, hour and kind. What stood when the first minute was judged is not among them."""
    district = demo_district()
    alarms: dict[str, Alarm] = {}
    found: Counter[tuple[str, int, str]] = Counter()
    for now, room in minutes(district, days, before, every):
        standing = conditions(AlarmInputs(room.board, now, now, seated=frozenset()))
        # Nobody beats here: that sources are silent is the test's doing.
        ours = [one for one in standing if one.kind != "source_stopped"]
        for change in step(alarms.values(), ours, now, district.policy.alarms):
            alarms[change.alarm.id] = change.alarm
            if change.what == "forgotten":
                del alarms[change.alarm.id]
            elif change.what == "raised" and now > END_MS - days * DAY_MS:
                found[change.alarm.seat, now // HOUR_MS, change.alarm.kind] += 1
    return found


def busiest(found: Counter[tuple[str, int, str]]) -> list[tuple[int, str, int]]:
    """(alarms, seat, hour), the busiest first."""
    hours: Counter[tuple[str, int]] = Counter()
    for (seat, hour, _), n in found.items():
        hours[seat, hour] += n
    return sorted(((n, seat, hour) for (seat, hour), n in hours.items()), reverse=True)


def test_no_seat_gets_more_than_six_alarms_in_any_hour_of_a_working_day():
    found = raised(1, before=2, every=2)
    kinds = Counter[str]()
    for (_, _, kind), n in found.items():
        kinds[kind] += n
    assert kinds["takeover_near"] > 50 and kinds["whistle_unanswered"] and kinds["escalation_untaken"], kinds
    assert busiest(found)[0][0] <= AlarmPolicy().acceptable_per_hour, busiest(found)[:5]


@pytest.mark.slow
def test_no_seat_gets_more_than_six_alarms_in_any_hour_of_a_month():
    found = raised(30, before=10, every=1)
    assert found.total() > 2_000
    assert busiest(found)[0][0] <= AlarmPolicy().acceptable_per_hour, busiest(found)[:20]
