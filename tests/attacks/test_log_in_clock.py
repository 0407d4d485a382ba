"""A machine's clock that was ahead for a while, and wrong tries meanwhile: nobody is locked out until that day."""

import pytest
from sqlalchemy import Engine

from services.access.log_in import tries_store as tries
from services.platform.database import writing
from tests.tiny import NOON

YEAR_MS = 365 * 86_400_000
PLACE, OTHER = "from:10.0.0.7", "from:10.0.0.8"


@pytest.mark.parametrize("ahead", [tries.SPAN_MS + 1, YEAR_MS, 8000 * YEAR_MS])
def test_who_was_locked_out_by_a_clock_that_was_ahead_may_try_again(engine: Engine, ahead: int) -> None:
    with writing(engine) as connection:
        for n in range(60):
            tries.failed(connection, NOON + ahead + n, "wang", f"from:10.0.1.{n % 30}" if n > 10 else PLACE)
        assert tries.waits_until(connection, NOON + ahead, "wang", PLACE)
        assert tries.waits_until(connection, NOON + ahead, "wang", OTHER)
        assert tries.waits_until(connection, NOON, "wang", PLACE) == 0
        assert tries.waits_until(connection, NOON, "wang", OTHER) == 0
        # And what is counted now begins anew.
        waits = [tries.failed(connection, NOON + n, "wang", PLACE) for n in range(tries.FAILURES)]
        assert [bool(until) for until in waits] == [False] * (tries.FAILURES - 1) + [True]
        assert tries.waits_until(connection, NOON + 10, "wang", PLACE)
