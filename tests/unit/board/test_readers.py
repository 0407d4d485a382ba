"""Who reads a board changes nothing of it; a new board is not taken for an old one."""

import gc
from typing import Any

import msgspec

from services.board.coverage_tiles import CoverageTiles
from services.board.state import ANSWERS_KEPT, HAPPENED_KEPT, Answers, Board
from services.board.watched_areas import WatchedAreas
from services.district.package import District
from services.past.cameras import PastCameras
from services.past.moments import moment_of
from services.projector.outbox.delta import Delta, ThingChange, TickerLine
from tests.tiny import NOON


def answer(n: int) -> ThingChange:
    return ThingChange("command", f"c{n}", n, n, msgspec.Raw(b"{}"))


def test_two_readers_of_the_answers_each_hear_all_of_them() -> None:
    answers = Answers()
    answers.add(answer(1))
    first, at_first = answers.since(None)
    answers.add(answer(2))
    second, at_second = answers.since(None)
    assert [t.key for t in first] == ["c1"]
    assert [t.key for t in second] == ["c1", "c2"]
    assert [t.key for t in answers.since(at_first)[0]] == ["c2"]
    assert answers.since(at_second)[0] == []


def test_a_place_on_another_board_is_none() -> None:
    """The board was read anew: its first answers are news, whatever was read of the one before."""
    before, after = Answers(), Answers()
    for n in range(5):
        before.add(answer(n))
    _, place = before.since(None)
    for n in range(7):
        after.add(answer(n))
    assert len(after.since(place)[0]) == 7


def test_what_nobody_reads_does_not_grow() -> None:
    answers = Answers()
    for n in range(ANSWERS_KEPT + 10):
        answers.add(answer(n))
    assert len(answers.since(None)[0]) == ANSWERS_KEPT


def test_the_ticker_keeps_its_newest_lines_by_itself(tiny: District) -> None:
    board = Board(tiny)
    board.load((), (), NOON)
    for n in range(30):
        board.apply(n + 1, Delta("0-0", happened=[TickerLine(n, "case.reported", "S1", "01", "", "")]), NOON)
    assert [line.at for line in board.happened] == list(range(30))[-HAPPENED_KEPT:]
    assert moment_of(board, PastCameras(tiny), NOON).happened == list(board.happened)
    assert len(board.happened) == HAPPENED_KEPT


def coverage(cameras: int) -> ThingChange:
    return ThingChange(
        "coverage", "all", 1, 0, msgspec.Raw(msgspec.json.encode({"cameras": cameras, "is_night": False}))
    )


def test_the_coverage_of_a_new_board_of_the_same_revision_is_drawn_anew(tiny: District) -> None:
    """Python gives the address of a board that is gone to the next one."""
    tiles = CoverageTiles()
    gc.freeze()  # what is there already is not looked through fifty times
    for cameras in range(50):
        board = Board(tiny)
        board.load((), (), NOON)
        board.apply(1, Delta("0-0", things=[coverage(cameras)]), NOON)
        found: dict[str, Any] = tiles.of(board)["coverage"]
        assert found["cameras"] == cameras
        del board
        gc.collect()


def test_where_patrols_were_is_found_without_changing_anything(tiny: District) -> None:
    areas = WatchedAreas(tiny)
    before = dict(areas.patrolled)
    passed = areas.passed([(118.9, 31.9, NOON)])
    assert areas.patrolled == before
    areas.merge(passed)
    assert areas.patrolled == {**before, **passed}
