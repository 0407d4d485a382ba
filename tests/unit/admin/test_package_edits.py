"""One value of a TOML text changes and nothing else; a change is taken out of a text in which others followed."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.admin.line_merge import MergeConflict, without
from services.admin.toml_edit import EditImpossible, set_value
from services.operations.simulator.tables import POLICY_TOML

PATHS = (("target_on_time",), ("escalation", "returns"), ("escalation", "modes", "repeat"), ("alarms", "flood_minutes"))


def test_a_value_changes_and_every_other_byte_stays() -> None:
    found = set_value(POLICY_TOML, ("escalation", "after_level_deadline_minutes"), 20)
    assert found == POLICY_TOML.replace("after_level_deadline_minutes = 30", "after_level_deadline_minutes = 20")


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("", ("target_grid",), 0.7, "target_grid = 0.7\n"),
        ("a = 1", ("target_grid",), 0.7, "a = 1\ntarget_grid = 0.7\n"),
        ("a = 1 # so\r\n[b]\r\n", ("a",), 2, "a = 2 # so\r\n[b]\r\n"),
        ("[b]\r\nc = 1\r\n\r\n[d]\r\n", ("b", "e"), 2, "[b]\r\nc = 1\r\ne = 2\r\n\r\n[d]\r\n"),
        ("[b]\nc = 1\n", ("b", "modes", "x"), "off", '[b]\nc = 1\n\n[b.modes]\nx = "off"\n'),
        ('[b]\nc = "auto"  # why\n', ("b", "c"), "off", '[b]\nc = "off"  # why\n'),
        ("[b]\n", ("a",), 1, "a = 1\n[b]\n"),
    ],
)
def test_forms_of_toml(before: str, path: tuple[str, ...], value: float | str, after: str) -> None:
    assert set_value(before, path, value) == after


@pytest.mark.parametrize(
    "text", ["escalation.returns = 2\n", "escalation = { returns = 2 }\n", 'a = """\nreturns = 1"""\n[']
)
def test_a_form_that_cannot_be_changed_by_itself_is_refused(text: str) -> None:
    with pytest.raises(EditImpossible):
        set_value(text, ("escalation", "returns"), 3)


@given(st.lists(st.tuples(st.sampled_from(PATHS), st.integers(0, 99)), max_size=6))
def test_many_changes_say_exactly_what_was_asked(edits: list[tuple[tuple[str, ...], int]]) -> None:
    text, expected = POLICY_TOML, tomllib.loads(POLICY_TOML)
    for path, value in edits:
        text = set_value(text, path, value)
        place = expected
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
    assert tomllib.loads(text) == expected


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"d\n", b"e"]), max_size=8).map(b"".join)


@given(LINES, LINES)
def test_a_change_without_later_ones_is_taken_out_whole(before: bytes, after: bytes) -> None:
    assert without(after, before, after) == before
    assert without(before, before, after) == after


def test_a_change_is_taken_out_and_a_later_one_elsewhere_stays() -> None:
    assert without(b"1\nB\n3\n4\n", b"1\n2\n3\n4\n", b"1\nB\n3\nD\n") == b"1\n2\n3\nD\n"


def test_what_was_taken_back_by_hand_is_taken_back_already() -> None:
    assert without(b"1\nB\n3\n", b"1\n2\n3\n", b"1\n2\n3\n4\n") == b"1\n2\n3\n4\n"


def test_two_changes_of_one_line_conflict() -> None:
    with pytest.raises(MergeConflict):
        without(b"1\nB\n3\n", b"1\n2\n3\n", b"1\nX\n3\n")
