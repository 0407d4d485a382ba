"""A street calls its own grid's people: in clear by one click, by right, within the limit, on the record first."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
import redis
from sqlalchemy import Engine

from services.access.reveal_rules import RevealRefused
from services.audit import Who
from services.audit.log_service import AuditLog, AuditQuery, newest
from services.district.package import District
from services.duty.grid_people_service import person_in_clear
from services.duty.grids import GridPeople
from tests.doors import DUTY, S1, S1C1, S2, WHO, House, house
from tests.tiny import NOON

LEADER = next(who for who in WHO if who.name == "leader")
PEOPLE = (
    {"grid": "G00", "role": "grid_leader", "name": "陈立群", "phone": "13900001234"},
    {"grid": "G10", "role": "mediator", "name": "何晓", "phone": "025-84001122"},
)


def peopled(tiny: District) -> District:
    return replace(tiny, tables={**tiny.tables, "people": PEOPLE})


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, peopled(tiny)) as found:
        yield found


def address(grid: str, number: int = 0) -> str:
    return f"/api/v1/grids/{grid}/people/{number}/reveal"


@pytest.mark.redis
def test_ones_own_are_shown_and_it_is_written_down(home: House) -> None:
    answer = home.post(S1, address("G00"), {})
    assert (answer.status_code, answer.get_json()) == (200, {"name": "陈立群", "phone": "13900001234"})
    with home.engine.connect() as connection:
        row = newest(connection, AuditQuery(actions=("reveal",)), 1)[0]
    assert (row.who, row.action, row.object) == ("s1", "reveal", "G00")
    detail = msgspec.json.decode(row.detail)
    assert (detail["field"], detail["purpose"], detail["number"]) == ("people.grid_leader", "call_grid", 1)
    assert "13900001234" not in row.detail and "陈" not in row.detail


@pytest.mark.redis
def test_others_are_not(home: House) -> None:
    assert home.post(S2, address("G00"), {}).status_code == 403
    assert home.post(S1C1, address("G10"), {}).status_code == 403, "another community of the same street"
    assert home.post(LEADER, address("G00"), {}).status_code == 403
    assert home.post(DUTY, address("G10"), {}).status_code == 200
    assert home.post(DUTY, address("G10", 1), {}).status_code == 404
    assert home.post(DUTY, address("nowhere"), {}).status_code == 404


def test_the_list_stays_masked_and_numbers_whom_one_may_ask_for(tiny: District) -> None:
    of_grid = GridPeople(peopled(tiny)).of("G00")
    assert (of_grid[0].name, of_grid[0].phone, of_grid[0].number) == ("陈**", "139****1234", 0)
    assert {p.number for p in of_grid[1:]} == {None}, "a role that nobody holds"


def test_so_many_in_ten_minutes_and_one_more_is_refused_and_noted(sqlite_engine: Engine, tiny: District) -> None:
    log, who = AuditLog(sqlite_engine), Who("s1", "street_staff", "S1", "")
    for _ in range(2):
        assert person_in_clear(log, NOON, who, peopled(tiny), grid="G00", number=0, limit=2) is not None
    with pytest.raises(RevealRefused) as refused:
        person_in_clear(log, NOON, who, peopled(tiny), grid="G00", number=0, limit=2)
    assert refused.value.code == "too_many"
    assert person_in_clear(log, NOON, who, peopled(tiny), grid="G01", number=0, limit=99) is None
