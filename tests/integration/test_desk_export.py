"""The queue as a table while the board goes on: what was copied is written, whatever leaves meanwhile."""

from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from dashboard.callbacks import queue_csv
from services.district.package import District
from services.projector.outbox.delta import Delta
from tests.doors import DUTY, EAST, PLACES, house

pytestmark = pytest.mark.redis


def test_a_case_that_leaves_the_board_while_its_table_is_written_breaks_nothing(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = queue_csv.cases_table
    with house(sqlite_engine, redis_client, tiny) as home:
        board = home.web.follower.board

        def meanwhile(*given: Any) -> str:
            board.apply(board.revision + 1, Delta(board.last_entry, gone=[EAST.case_id]), home.clock.ms)
            return written(*given)

        monkeypatch.setattr(queue_csv, "cases_table", meanwhile)
        answer = home.get(DUTY, "/api/v1/cases.csv")
    assert answer.status_code == 200
    assert EAST.case_id not in board.rows
    assert all(place.case_id in answer.text for place in PLACES), "the table is of the moment at which it was asked for"
