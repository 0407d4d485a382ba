"""The queue as a table while the board goes on: what was copied is written, whatever leaves meanwhile."""

import itertools
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

        def meanwhile(*given: Any, **more: Any) -> str:
            board.apply(board.revision + 1, Delta(board.last_entry, gone=[EAST.case_id]), home.clock.ms)
            return written(*given, **more)

        monkeypatch.setattr(queue_csv, "cases_table", meanwhile)
        answer = home.get(DUTY, "/api/v1/cases.csv")
    assert answer.status_code == 200
    assert EAST.case_id not in board.rows
    assert all(place.case_id in answer.text for place in PLACES), "the table is of the moment at which it was asked for"


def test_the_file_stands_in_the_order_that_is_asked_for_and_an_unknown_one_is_refused(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    with house(sqlite_engine, redis_client, tiny) as home:

        def numbers(asked: str) -> list[str]:
            answer = home.get(DUTY, f"/api/v1/cases.csv?columns=id&{asked}")
            assert answer.status_code == 200
            return answer.text.splitlines()[2:]

        up = numbers("sort=id:asc")
        assert len(up) == len(PLACES) > 2
        assert up == sorted(up)
        assert numbers("sort=id:desc") == up[::-1]
        grouped, rows = numbers("sort=id:desc&group=street"), home.web.follower.board.rows
        streets = [rows[case_id].street for case_id in grouped]
        assert len([a for a, b in itertools.pairwise(streets) if a != b]) == len({*streets}) - 1
        assert sorted(grouped) == up
        for wrong in ("sort=phone", "sort=id:up", "group=phone"):
            assert home.get(DUTY, f"/api/v1/cases.csv?{wrong}").status_code == 400
