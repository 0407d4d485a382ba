"""The table of transitions: what may follow what; and that the order of arrival decides nothing."""

import itertools
import random
from typing import Any

import pytest

from services.cases.lifecycle import IRREGULARITIES, TRANSITIONS, CaseEvent, irregularities, review, tally
from services.contract.case import Case
from services.contract.codes import CASE_TYPES, STATUSES
from services.contract.parse import Event, parse
from services.platform.clock import to_rfc3339
from tests.tiny import NOON, case, entry

HOUR = 3_600_000


def told(
    kind: str, status: str, version: int, *, at: int = NOON, deadline: int | None = None, **more: Any
) -> CaseEvent:
    event = parse(f"{at}-0", entry(case("A", version, status, **more), f"case.{kind}", at), at)
    assert isinstance(event, Event), event
    assert isinstance(event.body, Case)
    return CaseEvent((at << 20) + version, version, event.type, event.source, at, event.body, deadline)


REASON = {"step": {"reason": "不属于本单位"}}
WALK = [
    told("reported", "reported", 1),
    told("accepted", "pre_verify", 2),
    told("filed", "filed", 3, filed_at=to_rfc3339(NOON)),
    told("dispatched", "dispatched", 4, dispatched_at=to_rfc3339(NOON), lead_unit="D1"),
    told("acknowledged", "acknowledged", 5),
    told("returned", "returned", 6, **REASON),
    told("dispatched", "dispatched", 7, dispatched_at=to_rfc3339(NOON), lead_unit="D2"),
    told("handling", "handling", 8),
    told("suspended", "suspended", 9, deadline=NOON + HOUR, **REASON),
    told("resumed", "handling", 10),
    told("handled", "handled", 11, handled_at=to_rfc3339(NOON)),
    told("reworked", "rework", 12, **REASON),
    told("handled", "handled", 13, handled_at=to_rfc3339(NOON)),
    told("checked", "post_check", 14),
    told("rated", "post_check", 15),
    told("closed", "closed", 16, closed_at=to_rfc3339(NOON)),
    told("reopened", "handling", 17, reopened_at=to_rfc3339(NOON)),
]


def test_a_whole_life_is_regular() -> None:
    assert [codes for _, codes in review(WALK)] == [()] * len(WALK)


def test_a_case_solved_on_the_spot_and_one_closed_by_force_go_the_short_way() -> None:
    start = told("reported", "reported", 1, self_handled=True)
    spot = told("closed", "closed", 2, self_handled=True, closed_at=to_rfc3339(NOON))
    assert review([start, spot])[1][1] == ()
    forced = told("closed", "forced_closed", 2, closed_at=to_rfc3339(NOON))
    assert review([told("reported", "reported", 1), forced])[1][1] == ()


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        (told("filed", "filed", 1), told("handled", "post_check", 2, handled_at="2026-11-23T12:00:00Z"), ("status",)),
        (told("reported", "reported", 1), told("closed", "closed", 2, closed_at="2026-11-23T12:00:00Z"), ("order",)),
        (told("voided", "voided", 1), told("dispatched", "dispatched", 2, lead_unit="D1"), ("order", "no_time")),
        (told("filed", "filed", 1), told("dispatched", "dispatched", 2, dispatched_at="2026-11-23T12:00:00Z"),
         ("no_unit",)),
        (told("handling", "handling", 1), told("returned", "returned", 2), ("no_reason",)),
        (told("handling", "handling", 1, deadline=NOON - 1), told("extended", "handling", 2, **REASON),
         ("once_overdue",)),
        (told("handling", "handling", 1, deadline=NOON - 1), told("suspended", "suspended", 2, **REASON),
         ("once_overdue",)),
        (told("handling", "handling", 1), told("extended", "handling", 2, extensions=3, **REASON),
         ("too_many_extensions",)),
        (told("handling", "handling", 1),
         told("suspended", "suspended", 2, suspensions=[{"from": "2026-11-23T12:00:00Z",
                                                         "until": "2027-12-01T00:00:00Z"}], **REASON), ("too_long",)),
        (told("handling", "handling", 1, level="grid"), told("urged", "handling", 2, level="district"), ("level",)),
        (told("handling", "handling", 1), told("urged", "handled", 2), ("status",)),
    ],
)  # fmt: skip
def test_what_breaks_the_table_is_named(before: CaseEvent, after: CaseEvent, codes: tuple[str, ...]) -> None:
    assert review([before, after])[1][1] == codes


def test_a_reader_that_begins_in_the_middle_judges_only_what_the_event_says_itself() -> None:
    assert irregularities(None, told("handling", "handling", 7)) == ()
    assert irregularities(None, told("dispatched", "dispatched", 7, dispatched_at=to_rfc3339(NOON))) == ("no_unit",)


def test_an_unknown_type_is_not_judged() -> None:
    assert irregularities(None, told("reported", "reported", 1)._replace(type="case.painted")) == ()


def test_the_order_of_arrival_decides_nothing() -> None:
    rng = random.Random(1)
    steps = [
        told(kind, status, version, at=NOON + version, lead_unit=rng.choice(["D1", ...]))
        for version, (kind, status) in enumerate(
            rng.choices(
                [(t.removeprefix("case."), s) for t, s in itertools.product(sorted(CASE_TYPES), STATUSES)], k=60
            ),
            start=1,
        )
    ]
    expected = review(steps)
    assert sum(bool(codes) for _, codes in expected) > 20
    for _ in range(10):
        shuffled = [*steps, *rng.sample(steps, 12)]
        rng.shuffle(shuffled)
        assert review(shuffled) == expected
        assert tally(review(shuffled)) == tally(expected)


def test_of_two_with_one_version_the_earlier_entry_is_judged() -> None:
    first = told("handling", "handling", 2, at=NOON)
    second = told("returned", "returned", 2, at=NOON + 5)
    assert [t for t, _ in review([second, WALK[0], first])] == [WALK[0], first]


def test_every_type_of_the_contract_has_its_row_and_every_row_somebody_who_does_it() -> None:
    assert set(TRANSITIONS) == CASE_TYPES
    for row in TRANSITIONS.values():
        assert row.who
        assert row.after <= set(STATUSES)
        assert row.leaves <= set(STATUSES)
        assert set(row.needs) <= {"reason", "time", "unit"}
    assert {f"no_{what}" for row in TRANSITIONS.values() for what in row.needs} <= set(IRREGULARITIES)
