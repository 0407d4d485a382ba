"""Who reads a board changes nothing of it; a new board is not taken for an old one."""

import gc
from typing import Any

import msgspec

from services.board.coverage_tiles import CoverageTiles
from services.board.readers.camera import CameraReader
from services.board.state import ANSWERS_KEPT, HAPPENED_KEPT, Answers, Board
from services.board.watched_areas import WatchedAreas
from services.district.package import District
from services.past.cameras import PastCameras
from services.past.moments import moment_of
from services.projector.outbox.delta import Delta, ThingChange, TickerLine
from tests.coverage_scene import off, sight
from tests.tiny import NOON
from tests.unit.cases.test_cases import row_of


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


def test_who_sees_a_place_is_asked_of_the_cameras_as_they_are_now(tiny: District) -> None:
    """A body is read once, and again when it has changed: another state, another place, gone, and back."""
    board, row = Board(tiny), msgspec.structs.replace(row_of(), lon=118.9, lat=31.9003)
    reader = CameraReader(tiny, lambda: board, lambda work: work())
    near, away = sight("a", 118.9, 31.9), sight("a", 118.91, 31.9)
    seen: list[Any] = []
    for number, body in enumerate([near, near, off(near), near, away, {"id": "a", "removed": True}, near], 1):
        thing = ThingChange("sight", "a", number, number, msgspec.Raw(msgspec.json.encode(body)))
        board.apply(number, Delta("0-0", things=[thing]), NOON)
        for _ in range(2):
            place = reader.place(row)
            seen.append(place and [(watcher.sees, round(watcher.metres)) for watcher in place.watchers])
    one, blind = [(True, 33)], [(False, 33)]
    assert [str(a) == str(b) for a, b in zip(seen[::2], seen[1::2], strict=True)] == [True] * 7
    far = seen[8]
    assert far and far[0][0] is False and far[0][1] > 900
    assert seen[::2] == [one, one, blind, one, far, None, one]
