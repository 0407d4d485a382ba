"""The source systems' words come out as the contract's, and the odd statuses of Boston as said in the table."""

import csv
from pathlib import Path

import pytest

from services.contract.case import Case
from services.contract.parse import Event, parse
from services.district.load import load
from services.operations.replay import life
from services.operations.replay.boston import read_2026
from services.operations.replay.districts import write_package
from services.operations.replay.formats import BOSTON
from services.operations.replay.plan import plan
from services.operations.replay.source import SourceCase
from services.operations.replay.vocabulary import BOSTON_STATES, BOSTON_UNIT_CODES, domain_of

ROW = {
    "case_id": "BCS-1", "open_date": "2026-07-01 08:00:00.5", "case_topic": "Pothole", "service_name": "Pothole",
    "assigned_department": "Public Works Department (PWD)", "assigned_team": "", "case_status": "In progress",
    "closure_reason": "", "close_date": "", "target_close_date": "2026-07-02 08:00:00", "on_time": "ONTIME",
    "report_source": "Call", "full_address": "A St &amp; B St  Boston", "neighborhood": "Roxbury",
    "longitude": "-71.08", "latitude": "42.32",
}  # fmt: skip


def read(**changes: str) -> SourceCase:
    return read_2026(2, ROW | changes, BOSTON.zone)


def last(case: SourceCase) -> Case:
    written = life.reported_ms(case) + 1_000
    _, version = list(life.moments(case, written))[-1]
    return life.event(case, version, "boston-2026")[1]


@pytest.mark.parametrize(
    ("word", "reason", "status"),
    [
        ("Open", "", "dispatched"), ("In progress", "", "handling"), ("Submit", "", "filed"), ("Create", "", "filed"),
        ("Apply", "", "handling"), ("Apply", "Resolved", "handled"), ("Error", "", "dispatched"),
        ("Needs Reallocation", "", "returned"), ("Something new", "", "dispatched"),
    ],
)  # fmt: skip
def test_an_odd_status_is_an_open_case_at_a_stage_of_ours(word: str, reason: str, status: str) -> None:
    case = read(case_status=word, closure_reason=reason)
    assert last(case).status == status
    assert not case.ended
    assert bool(case.remarks) == (word not in BOSTON_STATES)


def test_a_case_to_reallocate_was_dispatched_wrongly_once() -> None:
    body = last(read(case_status="Needs Reallocation"))
    assert (body.returns, body.wrong_dispatches) == (1, 1)
    assert body.step is not None
    assert body.step.reason_code == "wrong_unit"


def test_the_flag_of_an_open_case_and_of_one_without_due_date_is_not_passed_on() -> None:
    closed = {"case_status": "Closed", "close_date": "2026-07-03 08:00:00", "on_time": "OVERDUE"}
    assert read(on_time="OVERDUE").on_time is None
    assert read(**closed, target_close_date="").on_time is None
    assert read(**closed).on_time is False


def test_two_spellings_are_one_unit_one_area_one_channel() -> None:
    new, old = read(), read(assigned_department="PWDx", neighborhood="Roxbury ", report_source="Constituent Call")
    assert (new.unit, new.street, new.channel) == (old.unit, old.street, old.channel) == ("PWD", "16", "H12345")
    assert read(neighborhood="Greater Mattapan").street == read(neighborhood="Mattapan").street == "12"
    assert read(neighborhood="Allston / Brighton").street == ""
    assert BOSTON_UNIT_CODES["DND_"] == BOSTON_UNIT_CODES["Mayor's Office of Housing (MOH)"]


def test_an_unknown_word_is_kept_or_left_to_the_position_and_remarked_on() -> None:
    case = read(assigned_department="Ministry of Walks", neighborhood="Atlantis", case_status="Open")
    assert (case.unit, case.street) == ("Ministry of Walks", "")
    assert len(case.remarks) == 2


def test_local_times_addresses_and_classes_are_read() -> None:
    case = read()
    assert case.reported_at.isoformat() == "2026-07-01T12:00:00.500000+00:00"
    assert case.address == "A St & B St Boston"
    assert [domain_of(n) for n in ("Pothole", "Illegal Graffiti", "Domestic Animal Issue", "?")] == [
        "04",
        "02",
        "15",
        "99",
    ]


def test_a_package_without_boundaries_counts_without_drawing_and_loads(tmp_path: Path) -> None:
    with (tmp_path / "boston.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerow(ROW)
    todo = plan(tmp_path / "boston.csv")
    district = load(write_package(todo, None, tmp_path / "district"))
    assert (district.code, len(district.streets), district.units["PWD"]) == ("boston", 26, "Public Works Department")
    assert all(street.geometry is None for street in district.streets.values())
    [first, *_] = todo.entries()
    event = parse("1-0", first[1], first[0])
    assert isinstance(event, Event)
    assert (event.source, event.subject) == ("/replay/boston-2026", "BCS-1")
