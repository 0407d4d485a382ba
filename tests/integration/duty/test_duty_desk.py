"""The duty desk on both databases: a log written once, sheets signed by two, reports with their countdown, a street's
own cases and no other's.
"""

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, insert, update

from services.board.alarm import Alarm, encode_alarm
from services.board.state import Board
from services.board.watched_areas import Watch
from services.cases import reader
from services.cases import tables as case_tables
from services.district.borders import Neighbour
from services.district.package import District
from services.duty import logbook, store
from services.duty import tables as duty_tables
from services.duty.acts_reader import SeatActs
from services.duty.grid_reader import GridReader
from services.duty.reports import Done
from services.duty.service import DutyDesk, DutyRefused
from services.duty.sheet import encode
from services.platform.clock import to_rfc3339
from services.platform.database import writing
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.outbox.delta import ThingChange
from services.projector.store import read
from tests.tiny import CODE, NOON, SOUTH, STEP, WEST, case, entry, middle, numbered, square
from tests.unit.duty.test_duty_roster import line

MINUTE, HOUR = 60_000, 3_600_000
EVENING, MORNING = NOON + 8 * HOUR, NOON + 20 * HOUR
ROSTER = (
    line("22T20:00", "23T08:00", "夜班", "零"),
    line("23T08:00", "23T20:00", "白班", "甲"),
    line("23T08:00", "23T20:00", "白班", "乙", role="leader"),
    line("23T20:00", "24T08:00", "夜班", "丙"),
    line("24T08:00", "24T20:00", "白班", "丁"),
)


class Place:
    """A store with cases, a board of them and a desk."""

    def __init__(self, engine: Engine, district: District) -> None:
        self.engine, self.district = engine, district
        self.desk = DutyDesk(engine, district)
        self.ingest = Ingest(engine, district, Sealer(""))
        self.entries = 0
        self.things: list[ThingChange] = []

    def tell(self, *told: dict[str, Any], at: int = NOON, kind: str = "case.reported") -> None:
        names = numbered([entry(data, kind, at) for data in told], at + self.entries)
        self.entries += len(told)
        self.ingest.apply(names, at, names[-1][0])

    def board(self, now: int) -> Board:
        board = Board(self.district)
        with self.engine.connect() as connection:
            board.load_things([*_things(connection), *self.things], 0)
            board.load(reader.open_cases(connection), [], now)
            board.proposals = {p.case_id: p for p in read.all_proposals(connection)}
        return board

    def refusal(self, name: str, *args: Any, **more: Any) -> str:
        with pytest.raises(DutyRefused) as caught:
            getattr(self.desk, name)(*args, **more)
        assert str(caught.value)
        return caught.value.code

    def log(self, seat: str = CODE) -> list[str]:
        found = self.desk.entries(seat, 0, 1 << 50)
        return [logbook.said(e)[0] or e.text for e in found][::-1]

    def reports(self, case_id: str) -> list[Done]:
        with self.engine.connect() as connection:
            return store.reports_done(connection, [case_id]).get(case_id, [])


def _things(connection: Any) -> list[ThingChange]:
    kinds = ("source", "heartbeat", "unit")
    return [ThingChange(*t[:4], msgspec.Raw(t.body)) for t in read.all_things(connection, kinds)]


def severe(case_id: str, at: int = NOON, **more: Any) -> dict[str, Any]:
    return case(case_id, more.pop("version", 1), "handling", severity=2, reported_at=to_rfc3339(at), **more)


@pytest.fixture
def place(engine: Engine, tiny: District) -> Iterator[Place]:
    yield Place(engine, dataclasses.replace(tiny, tables={"roster": ROSTER}))


def test_what_two_processes_see_is_in_the_log_once(place: Place) -> None:
    place.tell(severe("A1"), case("A2"))
    with writing(place.engine) as connection:
        step = {"at": NOON, "alarm": "a", "seat": "S1", "kind": "k", "what": "raised", "who": "", "comment": "",
                "body": encode_alarm(Alarm("a", "S1", "k", 2, "open_case", NOON, NOON))}  # fmt: skip
        connection.execute(insert(duty_tables.alarm_lives), [step, step | {"what": "lapsed"}])
    wrote: list[int] = []
    board = place.board(NOON)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        wrote.append(DutyDesk(place.engine, place.district).keep_log(board, NOON + MINUTE))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.log() == ["shift", "incident"]
    assert place.log("S1") == ["shift", "alarm_raised", "incident"]
    assert place.log("S2") == ["shift"]
    assert sum(wrote) == 6
    assert place.desk.keep_log(board, NOON + 2 * MINUTE) == 0
    assert {e.shift for e in place.desk.entries("S1", 0, 1 << 50)} == {"白班"}


def test_a_feed_that_stops_and_comes_back_is_two_entries_even_over_a_restart(place: Place) -> None:
    beat = {"at": to_rfc3339(NOON), "interval_s": 10}
    place.tell(beat, kind="source.heartbeat")
    board = place.board(NOON)
    assert place.desk.keep_log(board, NOON + MINUTE, NOON + 5_000) == 3, "three seats' shifts"
    place.desk.keep_log(board, NOON + 2 * MINUTE, NOON + 10 * MINUTE)
    DutyDesk(place.engine, place.district).keep_log(board, NOON + 3 * MINUTE, NOON + 11 * MINUTE)
    assert place.log() == ["shift", "feed_stopped"]
    place.tell({**beat, "at": to_rfc3339(NOON + 12 * MINUTE)}, kind="source.heartbeat", at=NOON + 12 * MINUTE)
    board = place.board(NOON + 12 * MINUTE)
    for seconds in (1, 2):
        DutyDesk(place.engine, place.district).keep_log(board, NOON + 12 * MINUTE, NOON + 12 * MINUTE + seconds)
    assert place.log() == ["shift", "feed_stopped", "feed_back"]


def test_a_persons_entry_is_kept_in_the_shift_and_masked_for_who_may_not_read_numbers(place: Place) -> None:
    place.tell(case("A1"))
    desk = place.desk
    made = desk.add_entry(NOON, "S1", "", "u1", kind="phone", text=" 回电 13812345678\x00 ", case_id="A1")
    assert (made.shift, made.text, made.case_id) == ("白班", "回电 13812345678", "A1")
    assert [e.text for e in desk.entries("S1", NOON, NOON)] == ["回电 138****5678"]
    assert [e.text for e in desk.entries("S1", NOON, NOON, masked=False)] == ["回电 13812345678"]
    assert desk.entries("S1", NOON + 1, NOON + 9) == [] and desk.entries(CODE, 0, 1 << 50) == []
    twice = [desk.add_entry(NOON, "S1", "", "u1", kind="note", text="点了两次", token="t") for _ in range(2)]
    assert twice[0] == twice[1] and len(desk.entries("S1", NOON, NOON)) == 2
    assert len(desk.entries("S1", NOON, NOON, limit=1)) == 1


def test_an_entry_that_cannot_be_written_says_why(place: Place) -> None:
    place.tell(case("A1"), case("B1", **middle(2, 0)))
    assert place.refusal("add_entry", NOON, "S1", "", "u", kind="alarm", text="x") == "kind"
    assert place.refusal("add_entry", NOON, "S1", "", "u", kind="note", text="\x00 ") == "empty"
    assert place.refusal("add_entry", NOON, "S1", "", "u", kind="note", text="x" * 2001) == "too_long"
    assert place.refusal("add_entry", NOON, "S9", "", "u", kind="note", text="x") == "no_seat"
    assert place.refusal("add_entry", NOON, "S1", "", " ", kind="note", text="x") == "nobody"
    assert place.refusal("add_entry", NOON, "S1", "", "u", kind="note", text="x", case_id="Z") == "no_case"
    assert place.refusal("add_entry", NOON, "S1", "", "u", kind="note", text="x", case_id="B1") == "other_seat"
    assert place.desk.add_entry(NOON, CODE, "", "u", kind="note", text="x", case_id="B1").case_id == "B1", (
        "the centre sees every street"
    )


def test_a_sheet_is_signed_by_two_and_then_stands(place: Place) -> None:
    place.tell(severe("A1", NOON - HOUR))
    out = place.desk.sign_out(place.board(EVENING), "S1", EVENING - MINUTE, "u1")
    assert out.id == "S1-20261123T0800" and out.shift == "白班"
    assert place.refusal("sign_in", "S1", out.id, "u1", out.digest, now=EVENING) == "same_person"
    assert place.refusal("sign_in", "S1", out.id, "u2", "0" * 64, now=EVENING) == "changed"
    assert place.refusal("sign_in", "S2", out.id, "u2", out.digest, now=EVENING) == "no_handover"
    assert place.refusal("sign_in", "S1", "x", "u2", out.digest, now=EVENING) == "no_handover"
    place.tell(severe("A2", EVENING - 2 * MINUTE), at=EVENING)
    again = place.desk.sign_out(place.board(EVENING), "S1", EVENING, "u1")
    assert again.id == out.id and again.digest != out.digest, "until it is taken over it may be made again"
    assert place.refusal("sign_in", "S1", out.id, "u2", out.digest, now=EVENING) == "changed"
    signed = place.desk.sign_in("S1", out.id, "u2", again.digest, now=EVENING + MINUTE)
    assert (signed.in_by, signed.in_at) == ("u2", EVENING + MINUTE)
    assert place.refusal("sign_in", "S1", out.id, "u3", again.digest, now=EVENING) == "signed"
    kept = place.desk.handover("S1", out.id)
    assert kept.is_whole and kept.kept.out_by == "u1" and kept.kept.in_by == "u2"
    assert [line.case_id for line in kept.sheet.lists["major"].lines] == ["A1", "A2"]
    assert place.log("S1") == ["signed_out", "signed_out", "signed_in"]
    assert [k.id for k in place.desk.handovers("S1")] == [out.id] and place.desk.handovers("S2") == []
    assert place.desk.handover(CODE, out.id).sheet == kept.sheet, "the centre reads every street's"


def test_a_units_sheet_has_the_cases_that_concern_it_in_every_street_and_is_signed_by_two(place: Place) -> None:
    mine = {"status": "handling", "severity": 2, "lead_unit": "D1"}
    whistle = [{"at": to_rfc3339(NOON), "reason_code": "needs_departments", "units": [{"unit": "D1"}]}]
    place.tell(
        case("EAST", **mine),
        case("WEST", **{**mine, **middle(2, 0)}),
        case("OTHER", **{**mine, "lead_unit": "D2"}),
        case("BESIDE", **{**mine, "lead_unit": "D2", "co_units": ["D1"]}),
        case("CALLED", **{**mine, "lead_unit": "D2", "whistles": whistle}),
        case("QUIET", **{**mine, "lead_unit": "D2", "co_units": ["D1"], "domain": "09"}),
        case("DONE", **{**mine, "status": "closed", "closed_at": to_rfc3339(NOON)}),
        case("DONE-2", **{**mine, "status": "closed", "closed_at": to_rfc3339(NOON), "lead_unit": "D2"}),
    )
    out = place.desk.sign_out(place.board(EVENING), "D1", EVENING, "d1")
    sheet = place.desk.handover("D1", out.id).sheet
    assert sheet.members["major"] == ["BESIDE", "CALLED", "EAST", "QUIET", "WEST"]
    assert (sheet.end.open, sheet.flow.closed) == (5, 1)
    assert (sheet.shift, sheet.reports, sheet.cameras) == ("白班", [], None), "its streets and the centre report"
    (quiet,) = [line for line in sheet.lists["major"].lines if line.case_id == "QUIET"]
    assert (quiet.class_name, quiet.unit) == ("", "D2")
    assert place.refusal("sign_in", "D2", out.id, "d2", out.digest, now=EVENING) == "no_handover"
    assert place.refusal("sign_in", "D1", out.id, "d1", out.digest, now=EVENING) == "same_person"
    assert place.desk.sign_in("D1", out.id, "d1b", out.digest, now=EVENING).is_over
    acts = [logbook.said(e)[0] for e in SeatActs(place.engine).entries("D1", 0, 1 << 50)]
    assert acts == ["signed_in", "signed_out"]
    assert place.refusal("add_entry", NOON, "D1", "", "d1", kind="note", text="x") == "no_seat"
    assert place.refusal("report_done", NOON, "D1", "EAST", 0, who="d1", text="x") == "no_seat"
    assert place.refusal("sheet_now", place.board(EVENING), "G00", EVENING) == "no_seat", "one person holds a grid"


def test_a_sheet_signed_by_both_is_not_made_again(place: Place) -> None:
    board = place.board(EVENING)
    out = place.desk.sign_out(board, CODE, EVENING - 5 * MINUTE, "u1")
    place.desk.sign_in(CODE, out.id, "u2", out.digest, now=EVENING - 4 * MINUTE)
    assert place.refusal("sign_out", board, CODE, EVENING - MINUTE, "u1") == "signed"
    later = place.desk.sign_out(board, CODE, EVENING + MINUTE, "u2")
    assert later.id == f"{CODE}-20261123T2000", "the shift that has begun meanwhile"


def test_a_sheet_changed_in_the_store_is_seen(place: Place) -> None:
    out = place.desk.sign_out(place.board(NOON), CODE, NOON, "u1")
    sheet = place.desk.handover(CODE, out.id).sheet
    forged = encode(msgspec.structs.replace(sheet, handing=["another"]))
    with writing(place.engine) as connection:
        connection.execute(update(duty_tables.handovers).values(sheet=forged))
    assert not place.desk.handover(CODE, out.id).is_whole


def test_the_next_sheet_begins_where_the_last_one_ended_and_says_what_changed(place: Place) -> None:
    place.tell(severe("A1", NOON - HOUR), severe("A2", NOON - HOUR), case("A3", reported_at=to_rfc3339(NOON - HOUR)))
    late = EVENING + 7 * MINUTE  # handed over seven minutes into the next shift
    place.desk.sign_out(place.board(late), "S1", late, "u1")
    over = MORNING - 9 * MINUTE
    place.tell(
        severe("A2", NOON - HOUR, version=2) | {"status": "closed", "closed_at": to_rfc3339(over)},
        severe("A4", EVENING + 5 * MINUTE),
        severe("A5", EVENING + 9 * MINUTE),
        at=over,
    )
    sheet = place.desk.sheet_now(place.board(MORNING), "S1", MORNING)
    first = place.desk.handover("S1", "S1-20261123T0800").sheet
    assert (first.shift, first.since, first.at) == ("白班", NOON - 4 * HOUR, late)
    assert (sheet.shift, sheet.next_shift, sheet.since, sheet.at) == ("夜班", "白班", late, MORNING)
    assert sheet.before == "S1-20261123T0800"
    assert sheet.changes["major"].new == ["A4", "A5"], "A4 came before the last sheet and was told after it"
    assert sheet.changes["major"].gone == {"closed": ["A2"]}
    assert sheet.begin.open + sheet.flow.reported - sheet.flow.closed == sheet.end.open == 4
    assert (sheet.handing, sheet.taking) == ([], []), "the street has no roster of its own"
    centre = place.desk.sheet_now(place.board(MORNING), CODE, MORNING)
    assert (centre.handing, centre.taking, centre.before) == (["丙"], ["丁"], "")


def test_a_sheet_has_what_the_store_alone_knows(place: Place) -> None:
    watch = {"kind": "leader", "level": 2, "at": to_rfc3339(NOON - HOUR)}
    place.tell(
        case("A1", supervisions=[watch | {"ended_at": to_rfc3339(NOON)}]),
        case("A2", supervisions=[watch | {"ended_at": to_rfc3339(NOON)}, watch | {"kind": "important"}]),
        case("A3", description='"supervisions"'),
        case("B1", **middle(2, 0), supervisions=[watch]),
    )
    command = {"command_id": "c1", "batch": "b", "at": NOON, "who": "u", "role": "r", "seat": "S1",
               "type": "case.urge", "case_id": "A1", "expected_version": 1, "data": b"{}", "state": "refused",
               "reason": "stale"}  # fmt: skip
    step = {
        "at": NOON,
        "alarm": "a",
        "seat": "S1",
        "kind": "k",
        "what": "raised",
        "who": "",
        "comment": "",
        "body": b"",
    }
    with writing(place.engine) as connection:
        for state, number in (("refused", 1), ("sent", 2), ("done", 3)):
            connection.execute(insert(case_tables.commands), command | {"command_id": f"c{number}", "state": state})
        for alarm, steps in (
            ("a", "raised acknowledged"),
            ("b", "raised cleared"),
            ("c", "raised"),
            ("d", "raised shelved"),
        ):
            for at, what in enumerate(steps.split()):
                row = step | {"alarm": alarm, "what": what, "at": NOON + at}
                connection.execute(insert(duty_tables.alarm_lives), row)
        connection.execute(insert(duty_tables.alarm_lives), step | {"alarm": "e", "seat": "S2"})
    sheet = place.desk.sheet_now(place.board(EVENING), "S1", EVENING)
    (watched,) = sheet.lists["supervised"].lines
    assert (watched.case_id, watched.about, watched.at) == ("A2", "important", NOON - HOUR)
    assert [(c.command_id, c.state) for c in sheet.commands] == [("c1", "refused"), ("c2", "sent")]
    assert [(a.alarm, a.state) for a in sheet.alarms] == [
        ("c", "unacknowledged"),
        ("a", "acknowledged"),
        ("d", "shelved"),
    ]
    assert sheet.cameras is None
    centre = place.desk.sheet_now(place.board(EVENING), CODE, EVENING)
    assert centre.members["supervised"] == ["A2", "B1"] and centre.end.open == 4 and sheet.end.open == 3


def test_what_came_and_went_while_nobody_looked_is_in_the_log_and_on_the_next_sheet(place: Place) -> None:
    def passed(minutes: int, back: int) -> dict[str, Any]:
        moments = {"at": minutes, "acknowledged_at": minutes + 1, "returned_at": back}
        return {
            "to": "D1",
            "reason_code": "repeat",
            **{name: to_rfc3339(NOON + m * MINUTE) for name, m in moments.items()},
        }

    twice = [passed(1, 3), passed(5, 8)]
    place.tell(case("BACK", level="street", escalations=twice), at=NOON + 8 * MINUTE)
    place.tell(severe("GONE") | {"status": "closed", "closed_at": to_rfc3339(NOON + 9 * MINUTE)}, at=NOON + 9 * MINUTE)
    place.desk.keep_log(place.board(NOON + 10 * MINUTE), NOON + 10 * MINUTE)
    assert sorted(place.log("S1")) == ["escalated", "escalated", "incident", "shift", "taken", "taken"]
    sheet = place.desk.sheet_now(place.board(EVENING), "S1", EVENING)
    assert (sheet.flow.escalated, sheet.flow.taken, sheet.end.at_district) == (2, 2, 0)
    place.desk.sign_out(place.board(EVENING), "S1", EVENING, "u1")
    command = {"command_id": "c1", "batch": "b", "at": EVENING - HOUR, "who": "u", "role": "r", "seat": "S1",
               "type": "case.urge", "case_id": "BACK", "expected_version": 1, "data": b"{}", "state": "sent",
               "reason": ""}  # fmt: skip
    with writing(place.engine) as connection:
        connection.execute(insert(case_tables.commands), command)
    place.tell({"command_id": "c1", "reason": "stale: 2"}, kind="command.rejected", at=EVENING + MINUTE)
    place.tell(severe("LATE", EVENING - 5 * MINUTE), at=EVENING + MINUTE)
    place.desk.keep_log(place.board(EVENING + MINUTE), EVENING + MINUTE)
    sheet = place.desk.sheet_now(place.board(MORNING), "S1", MORNING)
    assert [(c.state, c.reason) for c in sheet.commands] == [("refused", "stale: 2")]
    codes = [(logbook.said(e)[0], e.case_id) for e in sheet.log]
    assert codes[0] == ("incident", "LATE") and ("command_refused", "BACK") in codes


def test_cameras_down_and_key_areas_that_lost_their_view_are_the_seats(place: Place) -> None:
    def thing(kind: str, key: str, body: dict[str, object]) -> ThingChange:
        return ThingChange(kind, key, 1, 1, msgspec.Raw(msgspec.json.encode(body)))

    spot = {"kind": "area", "name": "广场", "size": 100.0, "planned": 5.0, "live": 40.0}
    place.things = [
        thing("sight", "c1", {"id": "c1", "state": "offline", "street": "S1", "lon": WEST, "lat": SOUTH}),
        thing("sight", "c2", {"id": "c2", "state": "online", "street": "S1", "lon": WEST, "lat": SOUTH}),
        thing("sight", "c3", {"id": "c3", "state": "degraded", "street": "S2", "lon": WEST, "lat": SOUTH}),
        thing("spot", "area:1", spot | {"id": "area:1", "street": "S1"}),
        thing("spot", "area:2", spot | {"id": "area:2", "street": "S1", "planned": 40.0}),
        thing("spot", "grid:1", spot | {"id": "grid:1", "street": "S1", "kind": "grid"}),
        thing(
            "coverage",
            "all",
            {
                "is_night": False,
                "covered_share": 0.9,
                "outages": [{"at": NOON, "cameras": 9, "still": 3, "streets": ["S2"]}],
            },
        ),
    ]
    street = place.desk.sheet_now(place.board(NOON), "S1", NOON).cameras
    centre = place.desk.sheet_now(place.board(NOON), CODE, NOON).cameras
    assert street is not None and centre is not None
    assert (street.cameras, street.offline, street.degraded, street.outages) == (2, 1, 0, [])
    assert [lost.id for lost in street.lost] == ["area:1"]
    assert (centre.cameras, centre.offline, centre.degraded, centre.outages[0].still) == (3, 1, 1, 3)


def test_reports_count_down_over_a_shift(place: Place) -> None:
    """A severe case at noon, looked at every five minutes: everything is done in the last moment or just after it."""
    place.tell(severe("A1"), severe("B1", **middle(2, 0)), case("A2"))
    desk, told, overdue = place.desk, [], 0
    for now in range(NOON, NOON + 10 * HOUR, 5 * MINUTE):
        for due in desk.reports_due("S1"):
            assert due.case_id == "A1", "the street owes for its own cases alone"
            assert due.left_ms(now) <= 4 * HOUR
            overdue += due.is_overdue(now)
            if due.left_ms(now) <= 0:
                desk.report_done(now, "S1", due.case_id, due.number, who="u", text="情况", is_last=due.number == 3)
                told.append((due.number, (now - NOON) // MINUTE))
    assert told == [(0, 30), (1, 60), (2, 300), (3, 540)] and overdue == 4
    assert desk.reports_due("S1") == []
    assert [due.case_id for due in desk.reports_due(CODE)] == ["B1", "B1"]
    assert place.log("S1") == place.log() == ["report_phone", "report_written", "report_follow_up", "report_last"]
    assert place.log("S2") == []
    assert [d.number for d in place.reports("A1")] == [0, 1, 2, 3]


def test_a_report_that_cannot_be_put_down_says_why(place: Place) -> None:
    place.tell(severe("A1"), severe("B1", **middle(2, 0)))
    done = lambda *args, **more: place.refusal("report_done", NOON, *args, **more)  # noqa: E731
    assert done("S1", "Z", 0, who="u", text="x") == "no_case"
    assert done("S1", "B1", 0, who="u", text="x") == "other_seat"
    assert done("S1", "A1", 1, who="u", text=" ") == "no_text"
    assert done("S1", "A1", 2, who="u", text="x") == "out_of_order"
    assert done("S1", "A1", 0, who="", text="x") == "nobody"
    assert not place.desk.report_done(NOON, "S1", "A1", 0, who="u", text="", is_last=True).is_last
    assert done("S1", "A1", 0, who="u", text="x") == "done_already"
    place.desk.report_done(NOON, "S1", "A1", 1, who="u", text="电 13812345678", is_last=True)
    assert done("S1", "A1", 2, who="u", text="x") == "ended"
    assert "13812345678" not in repr(place.desk.entries("S1", 0, 1 << 50)), "the log tells no number"
    (_, written) = place.reports("A1")
    assert written.text == "电 138****5678", "nor does the store keep one"


def test_a_streets_grids_boundary_cases_and_watched_areas(place: Place) -> None:
    here = {"lon": WEST + STEP - 10 / 94_600, "lat": SOUTH + STEP / 2, "coord_sys": "WGS84"}
    area = {
        "type": "Feature",
        "geometry": square(0, 0),
        "properties": {"code": "W1", "name": "菜场", "street": "S1", "watched_by": "D1"},
    }
    other = area | {"properties": {"code": "W2", "name": "别处", "street": "S2"}}
    layers = {"watch_areas": {"type": "FeatureCollection", "features": [area, other]}}
    district = dataclasses.replace(place.district, layers=layers)
    place.tell(
        case("A1"),
        case("A2", **here),
        case("A3", domain="09", **here),
        case("B1", **middle(2, 0)),
        case("A4", status="closed", closed_at=to_rfc3339(NOON), self_handled=True),
    )
    unit = {"unit_id": "u1", "at": to_rfc3339(NOON), **middle(0, 1)}
    place.tell(unit, kind="unit.moved", at=NOON + 1)
    reader, board = GridReader(place.engine, district), place.board(NOON)
    grids = {grid.code: grid for grid in reader.grids(board, "S1", NOON)}
    assert set(grids) == {"G00", "G01", "G10", "G11"}
    assert (grids["G00"].open, grids["G00"].reported, grids["G00"].self_handled) == (3, 4, 1)
    assert grids["G00"].on_the_spot == 0.25 and grids["G01"].on_the_spot is None
    assert grids["G01"].patrolled_at == NOON and grids["G00"].patrolled_at is None
    assert reader.boundary(board, "S1") == {"A2": Neighbour("G10", "")}, "a sensitive case's place shows nowhere"
    assert reader.watched("S1", NOON) == [Watch("W1", "菜场", "S1", "D1", 3, 4, None, None)]
    assert len(reader.watched(CODE, NOON)) == 2
