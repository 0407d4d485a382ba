"""What a case bears besides its counts, of the whole case as it is published."""

from typing import Any

from services.cases.case import CasePlace, settle
from services.cases.marks import MOST_CODE, STANDS, CaseMark, marks_of
from services.contract.case import Case
from services.contract.parse import Event, parse
from services.platform.clock import to_rfc3339
from tests.tiny import NOON, OFFICE, case, entry

HOUR = 3_600_000


def marks(status: str = "handling", **more: Any) -> tuple[CaseMark, ...]:
    event = parse(f"{NOON}-0", entry(case(status=status, **more)), NOON)
    assert isinstance(event, Event), event
    assert isinstance(event.body, Case)
    return marks_of(event.body, settle(event, NOON << 20, CasePlace(street="S1"), "04", OFFICE))


def ago(hours: float) -> str:
    return to_rfc3339(NOON - round(hours * HOUR))


def ms(hours: float) -> int:
    return NOON - round(hours * HOUR)


def test_a_case_that_bears_nothing_has_no_mark() -> None:
    assert marks() == ()
    assert marks("closed", closed_at=ago(1), highest_level="street") == ()


def test_why_it_went_to_the_district_is_what_the_last_escalation_says_once_it_is_closed() -> None:
    passed = [{"reason_code": "repeat", "at": ago(9)}, {"reason_code": "ping_pong", "at": ago(5)}]
    closed = {"closed_at": ago(1), "highest_level": "district"}
    assert marks(highest_level="district", escalations=passed) == ()
    assert marks("closed", escalations=passed, **closed) == (CaseMark("district", ms(1), 0, "ping_pong", 0, STANDS),)
    taken_back = [passed[0], {**passed[1], "returned_at": ago(4)}]
    assert marks("closed", escalations=taken_back, **closed)[0].code == "ping_pong"
    assert marks("closed", **closed) == (CaseMark("district", ms(1), 0, "", 0, STANDS),)


def test_a_supervision_lasts_until_it_is_ended_or_its_case_is() -> None:
    seen = [{"kind": "leader", "level": 2, "at": ago(8), "ended_at": ago(6)}, {"kind": "overdue", "at": ago(3)}]
    assert marks(supervisions=seen) == (
        CaseMark("supervision", ms(8), 0, "leader", 2, ms(6)),
        CaseMark("supervision", ms(3), 1, "overdue", 0, STANDS),
    )
    assert [m.until for m in marks("closed", closed_at=ago(2), supervisions=seen)] == [ms(6), ms(2)]
    assert [m.until for m in marks("not_filed", supervisions=seen)] == [ms(6), NOON]
    assert [m.until for m in marks("closed", closed_at=ago(5), supervisions=seen)] == [ms(6), ms(3)]


def test_a_supervision_without_a_time_is_counted_from_the_report() -> None:
    assert marks(reported_at=ago(20), supervisions=[{"kind": "leader"}])[0].at == ms(20)


def test_a_campaigns_case_is_found_at_the_report_and_rectified_at_the_closing() -> None:
    assert marks(campaign=" C1 ", reported_at=ago(20)) == (CaseMark("campaign", ms(20), 0, "C1", 0, STANDS),)
    assert marks("closed", campaign="C1", reported_at=ago(20), closed_at=ago(2))[0].until == ms(2)
    assert marks("not_filed", campaign="C1") == ()
    assert len(marks(campaign="长" * 64)[0].code) == MOST_CODE
