"""What calls for a person: each kind, its seat, and what to do about it."""

import dataclasses
from typing import Any

import msgspec
import pytest

from services.board.alarm import Subject
from services.board.state import Board
from services.cases.case import CasePlace, CaseRow, settle
from services.cases.escalation import Proposal
from services.contract.parse import Event, parse
from services.coverage.told import Outage
from services.district.alarm_policy import KINDS, OF_SMALL_SEATS
from services.district.package import District
from services.duty.alarms.conditions import AlarmCondition, AlarmInputs, ReportDue, conditions, intake
from services.duty.alarms.life import acknowledge, step
from services.platform.clock import to_rfc3339
from services.projector.outbox.delta import Delta, ThingChange
from tests.tiny import CODE, NOON, OFFICE, case, entry

MINUTE, DAY = 60_000, 86_400_000


def minutes(n: float) -> str:
    return to_rfc3339(NOON + round(n * MINUTE))


def row(case_id: str = "A1", *, street: str = "S1", **more: Any) -> CaseRow:
    state = {
        "status": "handling",
        "level": "street",
        "lead_unit": "D1",
        "filed_at": to_rfc3339(NOON - DAY),
        "category": {"name": "井盖缺失"},
        **more,
    }
    event = parse(f"{NOON}-0", entry(case(case_id, **state), at=NOON), NOON)
    assert isinstance(event, Event), event
    return settle(event, NOON << 20, CasePlace(118.905, 31.905, street, "", "G00"), event.body.domain or "04", OFFICE)


def due(n: float, **more: Any) -> CaseRow:
    """A case whose deadline is in ``n`` minutes."""
    clock = {"what": "close", "started_at": minutes(-600), "deadline_at": minutes(n)}
    return row(clocks=[clock], **more)


@pytest.fixture
def board(tiny: District) -> Board:
    found = Board(tiny)
    found.load([], [], NOON)
    return found


def seen(board: Board, *rows: CaseRow, now: int = NOON, **more: Any) -> list[AlarmCondition]:
    board.apply(board.revision + 1, Delta("", rows=list(rows), lost=board.lost, lost_at=board.lost_at), now)
    return conditions(AlarmInputs(board, now, now, **more))


def said(found: list[AlarmCondition]) -> set[tuple[str, str, str]]:
    return {(condition.kind, condition.seat, condition.what_to_do) for condition in found}


def passed(**more: Any) -> dict[str, Any]:
    return {
        "level": "district",
        "escalations": [{"to": "D1", "reason_code": "beyond_power", "at": minutes(-10), **more}],
    }


OWN_DUE = ("own_due", "D1", "open_case")
CALLED = ("unit_called", "D2", "open_case")
WHISTLE = {"at": minutes(-30), "reason_code": "whistle", "units": [{"unit": "D2"}]}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (row(), set()),
        (row(severity=3), set()),
        (row(severity=2), {("severe_incident", "S1", "open_case"), ("severe_incident", CODE, "open_case")}),
        (row(severity=1, street=""), {("severe_incident", CODE, "open_case")}),
        (row(severity=1, street="unknown"), {("severe_incident", CODE, "open_case")}),
        (row(**passed()), {("escalation_untaken", CODE, "acknowledge_escalation")}),
        (row(**passed(at=minutes(-9.9))), set()),
        (row(severity=2, **passed()), {("severe_incident", "S1", "open_case"), ("severe_incident", CODE, "open_case")}),
        (row(**passed(acknowledged_at=minutes(-1))), set()),
        (row(whistles=[WHISTLE]), {("whistle_unanswered", "S1", "open_case"), CALLED}),
        (row(whistles=[WHISTLE], level=...), {("whistle_unanswered", CODE, "open_case"), CALLED}),
        (row(whistles=[WHISTLE], **passed()), {("escalation_untaken", CODE, "acknowledge_escalation"), CALLED}),
        (row(whistles=[WHISTLE], **passed(at=minutes(-1))), {CALLED}),
        (
            row(whistles=[WHISTLE], **passed(acknowledged_at=minutes(-1))),
            {("whistle_unanswered", CODE, "open_case"), CALLED},
        ),
        (row(whistles=[{**WHISTLE, "at": minutes(-29)}]), {("takeover_near", "S1", "open_case"), CALLED}),
        (due(-1, severity=3), {("takeover_near", "S1", "open_case")}),
        (due(0.5), {OWN_DUE}),
        (due(15), {OWN_DUE}),
        (due(15.1), set()),
        (due(0), set()),
        (due(5, lead_unit="unknown"), set()),
        (due(5, status="handled", handled_at=minutes(-1)), set()),
        (due(5, status="returned"), set()),
        (due(5, status="suspended"), set()),
        (due(5, level="grid"), {OWN_DUE, ("own_due", "G00", "open_case")}),
        (due(5, level="grid", domain="09"), {OWN_DUE}),
        (due(-31), set()),
    ],
)
def test_a_case_calls_for_whoever_must_act(board: Board, found: CaseRow, expected: set[tuple[str, str, str]]) -> None:
    assert said(seen(board, found)) == expected


def test_a_whistle_waits_for_each_unit_until_it_has_answered(board: Board) -> None:
    called = [{"unit": "D2"}, {"unit": "D1", "answered_at": minutes(-1)}, {"unit": "unknown"}]
    found = seen(board, row(whistles=[{**WHISTLE, "at": minutes(-2), "units": called}]))
    assert [(c.kind, c.seat, c.due_at, c.moved_at) for c in found if c.kind != "takeover_near"] == [
        ("unit_called", "D2", NOON + 28 * MINUTE, 0)
    ]
    later = seen(board, now=NOON + 28 * MINUTE)
    assert ("unit_called", "D2", "open_case") in said(later), "what is late still waits for them"


def test_a_unit_or_a_grid_without_an_account_gets_no_alarm(board: Board) -> None:
    called = {**WHISTLE, "at": minutes(-2)}
    found = seen(board, due(14, level="grid", whistles=[called]), seated={"G00"})
    assert {seat for kind, seat, _ in said(found) if kind in OF_SMALL_SEATS} == {"G00"}
    assert {seat for kind, seat, _ in said(seen(board, seated={"D2"})) if kind in OF_SMALL_SEATS} == {"D2"}


def test_what_belongs_to_a_unit_or_a_grid_worker_climbs_to_nobody(board: Board) -> None:
    (found,) = seen(board, due(14))
    policy = board.district.policy.alarms
    (raised,) = step([], [found], NOON, policy)
    assert step([raised.alarm], [found], NOON + 10 * MINUTE, policy) == []


def test_a_severe_case_that_is_overdue_calls_the_street_that_holds_it(board: Board) -> None:
    kinds = {(kind, seat) for kind, seat, _ in said(seen(board, due(-31, severity=2)))}
    assert ("overdue_severe", "S1") in kinds
    district = board.district
    alarms = dataclasses.replace(district.policy.alarms, overdue_severity=3, kinds={"overdue_severe": 3})
    board.district = dataclasses.replace(district, policy=dataclasses.replace(district.policy, alarms=alarms))
    (found,) = seen(board, due(-31, severity=3))
    assert (found.kind, found.severity) == ("overdue_severe", 3)


def test_a_proposal_waits_from_its_fifteenth_minute_on(board: Board) -> None:
    proposal = Proposal("A1", 1, "asked", "beyond_power", "confirm", NOON - 15 * MINUTE)
    board.proposals = {"A1": msgspec.structs.replace(proposal, at=proposal.at + 1)}
    assert seen(board, row()) == []
    board.proposals = {"A1": proposal, "gone": msgspec.structs.replace(proposal, case_id="gone")}
    assert said(seen(board)) == {("proposal_waits", CODE, "confirm_proposal")}
    board.proposals = {"A1": msgspec.structs.replace(proposal, mode="auto")}
    assert said(seen(board)) == {("proposal_waits", CODE, "open_case")}
    board.proposals = {"A1": msgspec.structs.replace(proposal, mode="declined")}
    assert seen(board) == []


def test_what_nobody_has_taken_since_the_same_quarter_of_an_hour_is_one_alarm(board: Board) -> None:
    rows = [row(f"A{n}", **passed(at=minutes(-n))) for n in (10, 11, 24, 26, 9)]
    found = {c.cases: c for c in seen(board, *rows)}
    # A10 and A11 have waited too long since 12:00 and 11:59, A24 and A26 since 11:46 and 11:44.
    assert set(found) == {("A10",), ("A24", "A11"), ("A26",)}
    assert {c.what_to_do for c in found.values()} == {"acknowledge_escalation"}
    signed = row("A24", **passed(at=minutes(-24), acknowledged_at=minutes(0)))
    (left,) = (c for c in seen(board, signed) if "A11" in c.cases)
    assert (left.cases, left.subject.case_id, left.id) == (("A11",), "A11", found["A24", "A11"].id)


def near(case_id: str, minutes_away: float, **more: Any) -> CaseRow:
    """A case that the clock takes from its street so many minutes from now (30 minutes after the whistle)."""
    return row(case_id, whistles=[{**WHISTLE, "at": minutes(minutes_away - 30)}], **more)


def takeovers(board: Board, *rows: CaseRow, now: int = NOON) -> list[AlarmCondition]:
    return sorted((c for c in seen(board, *rows, now=now) if c.kind == "takeover_near"), key=lambda c: c.due_at or 0)


def test_what_goes_over_in_the_same_quarter_of_an_hour_is_one_alarm(board: Board) -> None:
    soon = [near("A3", 4), near("A1", 1), near("A2", 14)]
    found = takeovers(board, *soon, near("B1", 15), near("B2", 29), near("C1", 30), near("D1", 2, street="S2"))
    assert [(c.seat, c.cases, c.number, c.due_at) for c in found] == [
        ("S1", ("A1", "A3", "A2"), 3, NOON + MINUTE),
        ("S2", ("D1",), 1, NOON + 2 * MINUTE),
        ("S1", ("B1", "B2"), 2, NOON + 15 * MINUTE),
    ]
    assert [c.subject.case_id for c in found] == ["A1", "D1", "B1"], "the first to go is its subject"
    later = takeovers(board, now=NOON + 5 * MINUTE)
    assert [c.cases for c in later] == [("A2",), ("B1", "B2")]
    assert later[0].id == found[0].id, "the same alarm, with those that are left"


def test_whoever_took_an_alarm_of_several_has_not_seen_the_case_that_joins_it(board: Board) -> None:
    policy = board.district.policy.alarms
    (raised,) = step([], takeovers(board, near("A1", 5)), NOON, policy)
    taken = acknowledge(raised.alarm, "zhao", "", NOON, policy).alarm
    assert step([taken], takeovers(board), NOON, policy) == []
    (back,) = step([taken], takeovers(board, near("A2", 3)), NOON + 1, policy)
    assert (back.what, back.alarm.state, back.alarm.cases) == ("lapsed", "unacknowledged", ["A2", "A1"])
    (fewer,) = step([acknowledge(back.alarm, "zhao", "", NOON, policy).alarm], takeovers(board)[:0], NOON + 2, policy)
    assert fewer.what == "cleared"
    # It comes back while it is still known: with the same cases it stays taken, with another one it calls.
    assert [c.what for c in step([fewer.alarm], takeovers(board), NOON + 3, policy)] == ["returned"]
    (again,) = step([fewer.alarm], takeovers(board, near("A4", 6)), NOON + 3, policy)
    assert (again.what, again.alarm.state) == ("raised", "unacknowledged")


def test_however_many_proposals_wait_they_are_one_alarm_with_their_number(board: Board) -> None:
    proposal = Proposal("A1", 1, "asked", "beyond_power", "confirm", NOON - 15 * MINUTE)
    board.proposals = {f"A{i}": msgspec.structs.replace(proposal, case_id=f"A{i}") for i in range(40)}
    (found,) = seen(board, *(row(f"A{i}") for i in range(40)))
    assert (found.kind, found.number) == ("proposal_waits", 40)


def test_every_takeover_of_the_next_half_hour_is_announced_with_its_moment(board: Board) -> None:
    rows = [due(-0.1 * i, case_id=f"A{i}") for i in range(400)]
    found = seen(board, *rows)
    assert {(c.kind, c.due_at, c.number) for c in found} == {
        ("takeover_near", NOON + 6_000, 149),
        ("takeover_near", NOON + 15 * MINUTE, 150),
    }, "A1 … A299 go over; A0 and those before it do not yet, or have gone"


def test_a_report_is_announced_ten_minutes_before_it_is_due(board: Board) -> None:
    report = ReportDue("A1", "S1", 1, NOON + 10 * MINUTE)
    (found,) = seen(board, row(), reports=[report])
    assert (found.kind, found.seat, found.number, found.due_at) == ("report_due", "S1", 1, report.due_at)
    assert (found.what_to_do, found.class_name, found.moved_at) == ("write_report", "井盖缺失", 0)
    assert seen(board, reports=[msgspec.structs.replace(report, due_at=report.due_at + 1)]) == []
    assert len(seen(board, reports=[msgspec.structs.replace(report, case_id="unknown")])) == 1


def thing(kind: str, key: str, body: object, at: int = NOON, version: int = 1) -> ThingChange:
    return ThingChange(kind, key, version, at << 20, msgspec.Raw(msgspec.json.encode(body)))


def test_a_source_whose_heartbeats_have_stopped_calls_the_district_and_a_late_one_nobody(board: Board) -> None:
    beat = {"at": NOON, "interval_s": 10}
    stopped, late = (
        thing("heartbeat", "/stopped", beat, NOON - 70_000),
        thing("heartbeat", "/late", beat, NOON - 60_000),
    )
    board.load_things([stopped, late, thing("source", "/quiet", {"time": 0})], 1)
    (found,) = seen(board)
    assert (found.kind, found.seat, found.subject) == ("source_stopped", CODE, Subject(source="/stopped"))


def test_cameras_lost_together_are_one_alarm_until_few_of_them_are_away(board: Board) -> None:
    outages = [Outage(NOON, 60, 45, ["S1"]), Outage(NOON - 5, 60, 19, ["S1", "S2"])]
    board.load_things([thing("coverage", "all", {"outages": outages, "is_night": False})], 1)
    (found,) = seen(board)
    assert (found.kind, found.number, found.subject.street) == ("camera_outage", 45, "S1")
    assert found.what_to_do == "open_camera"


def test_a_gap_is_an_alarm_for_an_hour_and_the_next_gap_another(board: Board) -> None:
    board.lost, board.lost_at = 7, NOON
    (first,) = seen(board)
    assert (first.kind, first.number) == ("entries_lost", 7)
    assert seen(board, now=NOON + 60 * MINUTE) == []
    board.lost, board.lost_at = 9, NOON + 1
    assert seen(board)[0].id != first.id


def test_entries_that_wait_for_a_minute_are_said(board: Board) -> None:
    assert intake(AlarmInputs(board, NOON, NOON, (), NOON - MINUTE))[0].kind == "intake_late"
    assert intake(AlarmInputs(board, NOON, NOON, (), NOON - MINUTE + 1)) == []
    assert intake(AlarmInputs(board, NOON, NOON)) == []


def test_a_dispute_or_a_special_person_is_named_by_no_text(board: Board) -> None:
    for domain in ("09", "10"):
        for found in seen(board, row(severity=1, domain=domain)):
            assert (found.class_name, found.domain) == ("", domain)
    assert {c.class_name for c in seen(board, row(severity=1))} == {"井盖缺失"}


def test_a_kind_that_is_off_is_never_said(board: Board, tiny: District) -> None:
    board.lost, board.lost_at = 7, NOON
    board.proposals = {"A1": Proposal("A1", 1, "asked", "other", "confirm", NOON - DAY)}
    coverage = {"outages": [Outage(NOON, 60, 45, [])], "is_night": False}
    board.load_things([thing("heartbeat", "/s", {"at": 0, "interval_s": 1}, 1), thing("coverage", "all", coverage)], 1)
    rows = [
        row(severity=1),
        due(-60, case_id="B", severity=1),
        due(-1, case_id="C"),
        row("D", **passed()),
        row("E", whistles=[WHISTLE]),
        due(10, case_id="F"),
    ]
    more: dict[str, Any] = {"reports": [ReportDue("A1", "S1", 0, NOON)], "waiting_since": NOON - MINUTE}
    assert {c.kind for c in seen(board, *rows, **more)} == set(KINDS)
    for off in KINDS:
        alarms = dataclasses.replace(tiny.policy.alarms, kinds={k: v for k, v in KINDS.items() if k != off})
        board.district = dataclasses.replace(tiny, policy=dataclasses.replace(tiny.policy, alarms=alarms))
        assert {c.kind for c in seen(board, **more)} == set(KINDS) - {off}
