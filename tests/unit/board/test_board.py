"""The live board: counters that move with the cases, lights that follow the clock, figures by their definition."""

import random
from typing import Any

import msgspec
import pytest

from services.board.sources import source_rows, source_word
from services.board.state import DUE_SOON, NONE, OVERDUE, SUSPENDED, Board, Share
from services.board.tiles import ranked, street_rows, tiles
from services.cases.case import CasePlace, CaseRow, settle
from services.contract.parse import Event, parse
from services.district.package import District
from services.indicators.case_counts import NAMES, count
from services.indicators.cells import Cell, Change, move
from services.projector.outbox.delta import Delta, ThingChange
from tests.tiny import NOON, OFFICE, case, entry

HOUR = 3_600_000


def row(case_id: str = "A1", version: int = 1, **more: Any) -> CaseRow:
    street = more.pop("at_street", "S1")
    event = parse(f"{NOON + version}-0", entry(case(case_id, version, more.pop("status", "handling"), **more)), NOON)
    assert isinstance(event, Event)
    return settle(event, (NOON + version) << 20, CasePlace(118.9, 31.9, street, "", ""), "04", OFFICE)


def due(case_id: str, hours: float, **more: Any) -> CaseRow:
    from services.platform.clock import to_rfc3339

    clock = {
        "what": "close",
        "started_at": to_rfc3339(NOON - 4 * HOUR),
        "deadline_at": to_rfc3339(NOON + int(hours * HOUR)),
    }
    return row(case_id, clocks=[clock], filed_at=to_rfc3339(NOON - 4 * HOUR), **more)


def delta(rows: list[CaseRow] = [], gone: list[str] = [], counts: Change | None = None) -> Delta:  # noqa: B006
    return Delta("1-0", rows, gone, list((counts or {}).items()))


def board_of(district: District, *rows: CaseRow, now: int = NOON) -> Board:
    board = Board(district)
    board.load(rows, [], now)
    return board


def counted(district: District, *rows: CaseRow) -> list[tuple[Cell, dict[int, int]]]:
    """The roll-ups' cells that the rows make."""
    change: Change = {}
    for found in rows:
        move(None, count(found, district), change, {})
    return list(change.items())


def measures_of(found: CaseRow, district: District) -> set[str]:
    whole = count(found, district)
    assert whole is not None
    return {NAMES[measure] for _, measure, _ in whole.moves}


def recounted(board: Board) -> dict[str, Share]:
    """The counters, counted again from the rows by a fresh board."""
    fresh = Board(board.district)
    fresh.load(board.rows.values(), [], board._now or NOON)
    return {street: Share(*counters) for street, counters in fresh.streets.items() if any(counters)}


def test_lights_are_by_deadline_last_quarter_and_suspension(tiny: District) -> None:
    board = board_of(tiny, due("far", 3), due("soon", 1), due("over", -1), due("held", -1, status="suspended"))
    assert [board.lights[i] for i in ("far", "soon", "over", "held")] == [NONE, DUE_SOON, OVERDUE, SUSPENDED]
    assert board.total() == Share(open=4, due_soon=1, overdue=1, suspended=1, booked=4, due_now=1)


def test_the_moment_itself_counts_as_overdue(tiny: District) -> None:
    board = board_of(tiny, due("A", 0), now=NOON - 1)
    assert board.lights["A"] == DUE_SOON
    assert board.tick(NOON) == {"A"}
    assert board.lights["A"] == OVERDUE


def test_a_clock_set_back_turns_the_lights_back(tiny: District) -> None:
    board = board_of(tiny, due("A", 1))
    board.tick(NOON + 2 * HOUR)
    assert board.lights["A"] == OVERDUE
    assert board.tick(NOON) == {"A"}
    assert board.lights["A"] == DUE_SOON


def test_counters_always_equal_counting_again(tiny: District) -> None:
    rng = random.Random(4)
    board = board_of(tiny)
    now = NOON
    for version in range(1, 300):
        case_id = f"C{rng.randrange(30)}"
        if rng.random() < 0.25:
            board.apply(version, delta(gone=[case_id]), now)
        else:
            changed = due(
                case_id,
                rng.uniform(-6, 40),
                version=version,
                at_street=rng.choice(["S1", "S2", ""]),
                status=rng.choice(["handling", "suspended", "returned"]),
                level=rng.choice(["street", "district"]),
            )
            board.apply(version, delta([changed]), now)
        now += rng.randrange(HOUR)
        board.tick(now)
        assert {s: Share(*c) for s, c in board.streets.items() if any(c)} == recounted(board)


def test_the_day_turns_at_its_cut_and_yesterdays_deadlines_are_no_longer_todays(tiny: District) -> None:
    board = board_of(tiny, due("A", -1), due("B", 15))
    assert board.total().due_now == 1
    board.tick(NOON + 12 * HOUR)  # midnight
    assert board.total().due_now == 0
    assert board.total().overdue == 1
    board.tick(NOON + 15 * HOUR)
    assert board.total().due_now == 1  # B's deadline lies in the new day


def test_the_street_rate_counts_closed_ones_and_open_ones_whose_deadline_has_come(tiny: District) -> None:
    from services.platform.clock import to_rfc3339

    closed = [
        due(f"K{i}", hours, status="closed", closed_at=to_rfc3339(NOON - HOUR)) for i, hours in enumerate((2, 1, -2))
    ]
    still = [due("open-due", -3), due("open-later", 5), due("held", -3, status="suspended")]
    board = Board(tiny)
    board.load(still, counted(tiny, *closed, *still), NOON)
    east = next(r for r in street_rows(board) if r["code"] == "S1")
    assert (east["should_close"], east["closed"], east["closed_on_time"]) == (4, 3, 2)
    assert east["close_rate"] == pytest.approx(3 / 4)
    assert east["on_time_close_rate"] == pytest.approx(2 / 4)
    west = next(r for r in street_rows(board) if r["code"] == "S2")
    assert west["on_time_close_rate"] is None


def test_a_case_without_any_deadline_is_in_no_rate_whatever_its_publisher_says(tiny: District) -> None:
    from services.platform.clock import to_rfc3339

    plain = row(status="closed", closed_at=to_rfc3339(NOON), filed_at=to_rfc3339(NOON))
    assert "should_close" not in measures_of(plain, tiny)
    told = row(status="closed", closed_at=to_rfc3339(NOON), filed_at=to_rfc3339(NOON), on_time=False)
    assert "should_close" in measures_of(told, tiny)
    assert "closed_on_time" not in measures_of(told, tiny)


def test_streets_are_ranked_by_the_unrounded_rate_then_volume_then_code() -> None:
    rows = [
        {"code": code, "on_time_close_rate": rate, "should_close": n}
        for code, rate, n in (
            ("C", None, 0),
            ("B", 0.9, 10),
            ("A", 0.9, 10),
            ("D", 0.9, 20),
            ("E", 0.90001, 1),
            ("", 1.0, 5),
        )
    ]
    assert [r["code"] for r in ranked(rows)] == ["E", "D", "A", "B", "C"]


def test_the_queue_has_first_whom_nobody_has_taken_then_what_breaks_next(tiny: District) -> None:
    from services.platform.clock import to_rfc3339

    def held(case_id: str, hours: float, taken: bool) -> CaseRow:
        escalation = {"to": "D1", "reason_code": "repeat", "at": to_rfc3339(NOON)}
        if taken:
            escalation["acknowledged_at"] = to_rfc3339(NOON)
        return due(case_id, hours, level="district", escalations=[escalation])

    board = board_of(tiny, held("a", 5, True), held("b", 9, False), held("c", -1, True), held("d", 3, False))
    queue = tiles(board, {}).queue
    assert queue.rows == ["d", "b", "c", "a"]
    assert (queue.n, queue.untaken) == (4, 2)


@pytest.mark.parametrize(
    ("age_s", "word"), [(0, "live"), (29.9, "live"), (30, "late"), (69.9, "late"), (70, "stopped")], ids=str
)
def test_a_source_is_late_after_two_missed_heartbeats_and_stopped_after_six(age_s: float, word: str) -> None:
    assert source_word(age_s, 10) == word


def test_a_source_never_seen_and_one_without_heartbeat_have_words_of_their_own(tiny: District) -> None:
    board = board_of(tiny)
    seen = ThingChange("source", "/seen", 1, NOON << 20, msgspec.Raw(b'{"time":5}'))
    board.things["source", "/seen"] = seen
    assert source_rows(board, {"/expected": "应有"}, NOON) == [
        ["/expected", "应有", "never", None],
        ["/seen", "/seen", "no_heartbeat", 5],
    ]


def test_an_entry_id_of_the_future_keeps_no_silent_source_alive(tiny: District) -> None:
    """Redis' clock was an hour ahead when the last heartbeat came: the publisher's own time tells its age."""
    board = board_of(tiny)
    words = []
    for silent_s in (5, 45, 100):
        at = NOON - silent_s * 1000
        body = msgspec.Raw(f'{{"at":{at},"interval_s":10}}'.encode())
        board.things["heartbeat", "/a"] = ThingChange("heartbeat", "/a", 1, (NOON + 3_600_000) << 20, body)
        words.append(source_rows(board, {}, NOON)[0][2])
    assert words == ["live", "late", "stopped"]


def test_the_statistical_month_begins_on_its_first_day(tiny: District) -> None:
    import dataclasses

    from_26 = dataclasses.replace(tiny, month_first_day=26)
    assert tiny.month_start(20261124) == 20261101
    assert from_26.month_start(20261124) == 20261026
    assert from_26.month_start(20260105) == 20251226
