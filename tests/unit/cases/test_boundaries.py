"""One rule at the very moment of a deadline and of a standing clock, on every screen, count and command."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.cases.actions import actions
from services.cases.case import CasePlace, CaseRow, settle
from services.cases.deadlines import has_come, light
from services.contract.parse import Event, parse
from services.indicators.window import Window, value
from services.operations.replay.counting import count
from services.operations.replay.source import SourceCase
from services.platform.clock import to_rfc3339
from tests.tiny import NOON, OFFICE, case, entry

DAY = 86_400_000
ROOT = Path(__file__).parents[3]


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def row_of(**more: Any) -> CaseRow:
    event = parse(f"{NOON}-0", entry(case(**more)), NOON)
    assert isinstance(event, Event), event
    return settle(event, NOON << 20, CasePlace(street="S1"), "04", OFFICE)


@pytest.mark.parametrize(("later", "come"), [(-1, True), (0, True), (1, False)])
def test_a_deadline_that_is_this_very_moment_has_come_everywhere(later: int, come: bool) -> None:
    deadline = to_rfc3339(NOON + later)
    row = row_of(status="dispatched", lead_unit="U1", deadline_at=deadline)
    assert has_come(row.deadline_at, NOON) is come
    assert (light(True, False, None, row.deadline_at, NOON) == "overdue") is come
    why = {action.type: action.why_not for action in actions(row, NOON)}
    assert (why["case.suspend"] == "overdue") is come
    assert (why["case.extend"] == "overdue") is come
    told = SourceCase(
        row=2, case_id="C1", reported_at=moment(NOON - DAY), channel="GRID", state="dispatched", word="", ended=False,
        deadline_at=moment(NOON + later),
    )  # fmt: skip
    assert count([told], NOON).total.overdue == int(come)
    window = Window(NOON - DAY, NOON + DAY, NOON)
    filed = row_of(status="dispatched", filed_at=to_rfc3339(NOON - DAY), deadline_at=deadline)
    assert value(filed, "should_close", window) == int(come)


def test_what_a_standing_clock_has_reached_is_in_the_days_figures() -> None:
    row = row_of(reported_at=to_rfc3339(NOON))
    for later, n in ((-1, 0), (0, 1), (1, 1)):
        assert value(row, "intake", Window(NOON - DAY, NOON + DAY, NOON + later)) == n


def test_the_end_of_a_span_is_the_next_ones_first_moment() -> None:
    row = row_of(reported_at=to_rfc3339(NOON))
    assert value(row, "intake", Window(NOON - DAY, NOON, NOON + DAY)) == 0
    assert value(row, "intake", Window(NOON, NOON + DAY, NOON + DAY)) == 1


def test_a_figure_names_the_moment_of_the_clock() -> None:
    assert Window(0, 10, 5).as_of == 5
    assert Window(0, 10, 50).as_of == 10


def test_nobody_compares_a_deadline_with_now_by_hand() -> None:
    by_hand = re.compile(
        r"deadline(_at|_ms)?\)? *[<>]=? *(now|at_ms|moment|desk\.now_ms|record\.now_ms)\b"
        r"|\b(now|now_ms|at_ms) *[<>]=? *\w*\.?(deadline|due)_at"
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("services", "dashboard")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if by_hand.search(line) and "def has_come" not in line
    ]
    # The rule itself; the database's form of it; and the figures, which ask for what is still ahead.
    files = {line.partition(":")[0] for line in found}
    assert files == {
        "services/cases/deadlines.py",
        "services/indicators/figures_reader.py",
        "services/cases/reader.py",
    }
