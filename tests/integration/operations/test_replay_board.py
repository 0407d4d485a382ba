"""The five case files through the real stream, projector and store: what the board shows is what pandas counts.

pandas counts by tests/unit/operations/test_replay_files.py, which knows the files only by its own small tables.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import redis
from sqlalchemy import Engine, select

from services.board.follower import Follower
from services.board.state import OVERDUE, Board
from services.cases import tables as case_tables
from services.contract.codes import CLOSED_STATUSES
from services.district.doors import OpenDoors
from services.district.load import load
from services.indicators import tables as indicator_tables
from services.indicators.figures_reader import Days, figures, window_of
from services.operations.replay.districts import write_package
from services.operations.replay.plan import plan
from services.operations.replay.player import play
from services.platform.clock import FollowedClock, from_hash, to_ms
from services.platform.redis import Keys
from services.platform.settings import Settings
from services.projector.bootstrap import make_projector
from services.projector.store import tables as schema
from tests.unit.operations.test_replay_files import (
    BOUNDARIES,
    CASES,
    FILES,
    NEVER,
    Figures,
    File,
    _pandas_figures,
    _table,
)

pytestmark = [
    pytest.mark.redis,
    pytest.mark.skipif(not CASES.is_dir(), reason="../shared/data is not beside the project"),
]

Shown = tuple[Board, Engine]


def _at(number: int, moment: int, *marks: pytest.MarkDecorator) -> object:
    file = FILES[number]
    return pytest.param(file, file.moments[moment], id=f"{file.name[:14]}@{file.moments[moment][:10]}", marks=marks)


# Pingshan and San Francisco take two seconds; a Boston file up to half a minute, so one moment of two stands for them.
WHEN = [_at(3, 0), _at(3, 1), _at(4, 0), _at(4, 1), _at(1, 0), _at(0, 0)] + [
    _at(number, moment, pytest.mark.slow)
    for number in (0, 1, 2)
    for moment in range(len(FILES[number].moments))
    if (number, moment) not in {(1, 0), (0, 0)}
]


@pytest.fixture
def show(redis_client: redis.Redis, sqlite_engine: Engine, tmp_path: Path) -> Callable[[File, str], Shown]:
    def replayed(file: File, moment: str) -> Shown:
        todo = plan(CASES / file.name, to_ms(pd.Timestamp(moment).to_pydatetime()))
        district = load(write_package(plan(CASES / file.name), BOUNDARIES, tmp_path / "district"))
        play(redis_client, todo, instant=True)
        clock = FollowedClock(lambda: from_hash(redis_client.hgetall(Keys(district.code).clock)))
        make_projector(OpenDoors(Settings(), sqlite_engine, redis_client, district, clock), "replay").drain()
        follower = Follower(sqlite_engine, redis_client, district, clock, lambda _: None)
        follower.load()
        assert clock.now_ms() == todo.stands_at_ms
        return follower.board, sqlite_engine

    return replayed


def _shown(board: Board, engine: Engine, column: str) -> Figures:
    """(open, overdue, closed) by a column: open and overdue from the board, closed from the store's rows."""
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in board.rows.values():
        key = str(getattr(row, column))
        found[key][0] += 1
        found[key][1] += board.lights[row.case_id] == OVERDUE
    c = case_tables.cases.c
    with engine.connect() as connection:
        for key, status in connection.execute(select(c[column], c.status).where(~c.is_open)):
            assert status in CLOSED_STATUSES
            found[key][2] += 1
    return {key: (o, v, d) for key, (o, v, d) in found.items()}


@pytest.mark.parametrize(("file", "moment"), WHEN)
def test_the_board_shows_what_pandas_counts_on_the_file(
    file: File, moment: str, show: Callable[[File, str], Shown]
) -> None:
    board, engine = show(file, moment)
    table, when = _table(file), pd.Timestamp(moment)
    for by, column in (("area", "street"), ("unit", "lead_unit"), ("channel", "channel")):
        assert _shown(board, engine, column) == _pandas_figures(table, when, by)

    total = _pandas_figures(table.assign(all="all"), when, "all")["all"]
    assert (board.total().open, board.total().overdue) == total[:2]
    by_area = _pandas_figures(table, when, "area")
    assert {code: n[0] for code, n in board.streets.items() if n[0]} == {k: v[0] for k, v in by_area.items() if v[0]}

    # Every closed case is in the roll-ups, every one outside the district among the dead: none has vanished.
    r, d = indicator_tables.rollups.c, schema.dead.c
    with engine.connect() as connection:
        counted = sum(n for (n,) in connection.execute(select(r.closed).where(r.cut == "class")))
        dead = connection.execute(select(d.reason, d.masked)).all()
    assert counted == total[2]
    _rates_are_pandas(board, engine, table, when)
    outside = int(((table.area == "outside") & (table.opened <= when)).sum())
    assert {reason for reason, _ in dead} == ({"outside_district"} if outside else set())
    assert len({json.loads(masked)["case_id"] for _, masked in dead}) == outside


def _rates_are_pandas(board: Board, engine: Engine, table: pd.DataFrame, when: pd.Timestamp) -> None:
    """On-time and closure rates by area, department and channel, over the whole file and over its last 60 days."""
    district, now = board.district, to_ms(when.to_pydatetime())
    today = district.day_of(now)
    checked = 0
    for days in (Days(19900101, district.day_after(today)), Days(district.day_after(today, -60), today)):
        window = window_of(district, days, now)
        span = [pd.Timestamp(ms, unit="ms", tz="UTC") for ms in (window.start, window.until)]
        for by, heading in (("area", "street"), ("unit", "unit"), ("channel", "channel")):
            with engine.connect() as connection:
                found = figures(connection, district, ["close_rate", "on_time_close_rate"], days, now, by=[heading])
            ours = {
                str(code): (rate.n, round(rate.numerator), round(on_time.numerator))
                for (code,), (rate, on_time) in found.items()
                if rate.n or on_time.numerator
            }
            assert ours == _pandas_rates(table, when, by, span)
            checked += sum(n for n, _, _ in ours.values())
    assert checked or not _has_due(table)


def _has_due(table: pd.DataFrame) -> bool:
    return "verdict" in table or bool((table.due.notna() & (table.due != NEVER)).any())


def _pandas_rates(
    table: pd.DataFrame, when: pd.Timestamp, by: str, span: list[pd.Timestamp]
) -> dict[str, tuple[int, ...]]:
    """(due, closed, on time) of the cases that are due in the span, as pandas has them.

    A row without a due date is in no denominator, whatever its flag says; the clock decides, not the stale flag. Only
    where a file has no due dates at all (Pingshan) its own verdict counts, at the closing.
    """
    known = table[(table.opened <= when) & (table.area != "outside")]
    told = known.closed.where(known.closed != NEVER)
    ended_at = told.fillna(known.opened).where(known.ended)
    closed_at = ended_at.where(ended_at.clip(lower=known.opened) <= when)  # closed before it came in: at the report
    due = known.due.where(known.due != NEVER)
    count_at = due.where(closed_at.isna() | (due <= closed_at), closed_at).where(due.notna())
    on_time = closed_at.notna() & (closed_at <= due)
    if "verdict" in known:
        count_at = count_at.fillna(closed_at.where(known.verdict.notna()))
        on_time |= due.isna() & (known.verdict == 1)
    is_due = (count_at >= span[0]) & (count_at < span[1])
    closed = is_due & closed_at.notna() & (closed_at < span[1])
    sums = pd.DataFrame({by: known[by], "due": is_due, "closed": closed, "on_time": is_due & on_time}).groupby(by).sum()
    return {str(k): (int(d), int(c), int(o)) for k, d, c, o in sums.itertuples() if d or o}
