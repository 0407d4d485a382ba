"""How many steps of each case of a batch broke the table of transitions, whatever order they came in.

In order, which is nearly always, the standing row says all that is needed. For a case of which a version comes late or
twice the history is read and judged as a whole, before and after.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.cases.case import CasePlace, timed
from services.cases.deadlines import due
from services.cases.lifecycle import Before, CaseEvent, irregularities, review, tally
from services.contract.case import Case
from services.contract.kept import kept_decoder
from services.contract.parse import Event
from services.district.calendar import WorkingCalendar
from services.projector.store.write import OldCase

_CASE = kept_decoder(Case)
PastOf = Callable[[Sequence[str]], Iterable[Sequence[Any]]]


def irregular_of(
    events: Iterable[tuple[int, Event, CasePlace]],
    old: Mapping[str, OldCase],
    past_of: PastOf,
    calendar: WorkingCalendar,
) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """The new number of irregular steps of the cases where it has changed, and the tallies' move."""
    groups: dict[str, list[tuple[int, Event]]] = {}
    for key, event, _ in events:
        assert isinstance(event.body, Case)
        groups.setdefault(event.body.case_id, []).append((key, event))
    found: dict[str, int] = {}
    tallies: dict[tuple[str, str], int] = {}
    out_of_order = []
    for case_id, group in groups.items():
        before = old.get(case_id)
        if not _is_in_order(group, before):
            out_of_order.append(case_id)
            continue
        state = None if before is None else Before(before.status, before.level, before.deadline_at)
        n = 0
        for i, (key, event) in enumerate(group):
            told = _told(key, event, calendar if i + 1 < len(group) else None)
            if codes := irregularities(state, told):
                n += 1
                _add(tallies, tally([(told, codes)]), 1)
            state = Before(told.case.status, told.case.level or "", told.deadline_at)
        if n:
            found[case_id] = n + (0 if before is None else before.irregular)
    for case_id, past in _past(out_of_order, past_of, calendar).items():
        new = [_told(key, event, calendar) for key, event in groups[case_id]]
        was, now = review(past), review([*past, *new])
        _add(tallies, tally(was), -1)
        _add(tallies, tally(now), 1)
        # A move, not a count: of a closed case the earlier steps may be in the archive.
        n = sum(bool(codes) for _, codes in now) - sum(bool(codes) for _, codes in was)
        if n:
            standing = old.get(case_id)
            found[case_id] = n + (0 if standing is None else standing.irregular)
    return found, {key: n for key, n in tallies.items() if n}


def _is_in_order(group: list[tuple[int, Event]], before: OldCase | None) -> bool:
    version = 0 if before is None else before.version
    for _, event in group:
        assert isinstance(event.body, Case)
        if event.body.version <= version:
            return False
        version = event.body.version
    return True


def _told(key: int, event: Event, calendar: WorkingCalendar | None) -> CaseEvent:
    """``calendar`` None: nobody will ask for its deadline."""
    case = event.body
    assert isinstance(case, Case)
    deadline = None if calendar is None else due(timed(case, event.time_ms)[0], calendar, at=event.time_ms).deadline_at
    return CaseEvent(key, case.version, event.type, event.source, event.time_ms, case, deadline)


def _past(case_ids: list[str], past_of: PastOf, calendar: WorkingCalendar) -> dict[str, list[CaseEvent]]:
    found: dict[str, list[CaseEvent]] = {case_id: [] for case_id in case_ids}
    for subject, key, time_ms, kind, source, data in past_of(case_ids):
        case = _CASE(data)
        deadline = due(timed(case, time_ms)[0], calendar, at=time_ms).deadline_at
        found[subject].append(CaseEvent(key, case.version, kind, source, time_ms, case, deadline))
    return found


def _add(into: dict[tuple[str, str], int], other: Mapping[tuple[str, str], int], sign: int) -> None:
    for key, n in other.items():
        into[key] = into.get(key, 0) + sign * n
