"""How a parallel run is cut into pieces, and that the named long modules are there."""

from pathlib import Path

import pytest

from tests.sharing_out import LONGEST, TOGETHER, piece_of, rank

ROOT = Path(__file__).parents[2]


def test_the_modules_that_are_named_are_there() -> None:
    assert [name for name in LONGEST if name not in TOGETHER.values() and not (ROOT / name).is_file()] == []
    for start in TOGETHER:
        assert list(ROOT.glob(f"{start}*.py"))


@pytest.mark.parametrize(
    ("nodeid", "piece"),
    [
        ("tests/unit/board/test_units.py::test_a", "tests/unit/board/test_units.py"),
        ("tests/browser/test_access.py::TestLogIn::test_a[x::y]", "tests/browser/test_access.py"),
        ("tests/unit/operations/test_simulator_world.py::test_a", "the demo district"),
        ("tests/unit/operations/test_demo_units.py::test_a", "the demo district"),
    ],
)
def test_a_module_is_one_piece_and_what_shares_a_district_is_one(nodeid: str, piece: str) -> None:
    assert piece_of(nodeid) == piece


def test_the_longest_come_first_in_turns_and_the_shortest_last() -> None:
    pieces = [
        "tests/unit/board/test_units.py",
        "tests/browser/test_desk.py",
        "tests/integration/board/test_board.py",
        "tests/browser/test_socket.py",
        "the demo district",
        "tests/attacks/test_requests.py",
    ]
    assert sorted(pieces, key=rank) == [
        "the demo district",
        "tests/browser/test_desk.py",
        "tests/attacks/test_requests.py",
        "tests/browser/test_socket.py",
        "tests/integration/board/test_board.py",
        "tests/unit/board/test_units.py",
    ]
