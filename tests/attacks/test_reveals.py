"""Somebody with the right to reveal who wants the whole register: a reason that says something, a purpose, a limit."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from sqlalchemy import Engine

from services.access.reveal_rules import PURPOSES, WINDOW_MS, RevealRefused, check_purpose, reason_of
from services.audit import Signer, Who
from services.audit import log_service as store
from services.audit.log_service import AuditLog, AuditQuery
from services.district.package import District
from services.platform.sealing import Sealer, make_key
from services.projector.ingest import Ingest
from services.projector.sealed.service import reveal
from tests.doors import DUTY, EAST, WHO, house
from tests.tiny import NOON, case, entry, numbered

KEY = make_key()
DUTY_OFFICER, OTHER = Who("wang", "duty_officer"), Who("li", "duty_officer")
WHY = "核实现场位置"


def take(engine: Engine, district: District, *datas: dict[str, object]) -> None:
    Ingest(engine, district, Sealer(KEY)).apply(numbered([entry(data) for data in datas]), NOON)


def ask(engine: Engine, who: Who = DUTY_OFFICER, now: int = NOON, case_id: str = "A", **more: str) -> str:
    """The name, or why not."""
    log = AuditLog(engine, Signer([KEY]))
    try:
        return reveal(
            engine,
            Sealer(KEY),
            log,
            now,
            who=who,
            case_id=case_id,
            field="reporter.name",
            reason=more.pop("reason", WHY),
            **more,
        )  # type: ignore[arg-type]  # purpose
    except RevealRefused as error:
        return error.code


def recorded(engine: Engine, action: str) -> int:
    with engine.connect() as connection:
        return len(store.newest(connection, AuditQuery(actions=(action,)), 100))


OPEN = case("A", reporter={"name": "欧阳锋甲"})
OVER = case("B", 1, "closed", reporter={"name": "皇甫铁心"}, closed_at="2026-11-23T12:00:00+08:00")


def test_so_many_in_ten_minutes_and_one_more_is_refused_and_noted(engine: Engine, tiny: District) -> None:
    take(engine, tiny, OPEN)
    assert [ask(engine, now=NOON + i) for i in range(12)] == ["欧阳锋甲"] * 10 + ["too_many"] * 2
    assert (recorded(engine, "reveal"), recorded(engine, "reveal_limited")) == (10, 2)
    assert ask(engine, OTHER) == "欧阳锋甲"  # each has their own
    assert ask(engine, now=NOON + WINDOW_MS + 1) == "欧阳锋甲"


def test_many_at_once_are_counted_one_by_one(engine: Engine, tiny: District) -> None:
    take(engine, tiny, OPEN)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ask(engine), range(24)))
    assert found.count("欧阳锋甲") == 10
    assert recorded(engine, "reveal") == 10


@pytest.mark.parametrize(
    "reason", [".....", "看看看看看", "12345 678", "aaaaa bbbbb", "     ", "——————", "核实核实核实", "1\t2\n3 4 5"]
)
def test_a_reason_that_says_nothing_is_none(reason: str) -> None:
    with pytest.raises(RevealRefused) as error:
        reason_of(reason)
    assert error.value.code == "no_reason"


@pytest.mark.parametrize("reason", ["核实现场位置", "回访来电 13987654321", "call him back", "  按投诉\n复查 "])
def test_a_reason_in_words_is_one(reason: str) -> None:
    assert reason_of(reason) == " ".join(reason.split())


def test_of_a_case_that_is_over_somebody_says_what_for_and_it_is_on_the_record(engine: Engine, tiny: District) -> None:
    take(engine, tiny, OPEN, OVER)
    assert ask(engine, case_id="B") == "no_purpose"
    assert ask(engine, case_id="B", purpose="curious") == "no_purpose"
    assert ask(engine, case_id="A", purpose="curious") == "no_purpose"
    assert recorded(engine, "reveal") == 0
    assert ask(engine, case_id="B", purpose="review") == "皇甫铁心"
    with engine.connect() as connection:
        (row,) = store.newest(connection, AuditQuery(actions=("reveal",)), 9)
    assert json.loads(row.detail) == {"field": "reporter.name", "purpose": "review", "reason": WHY}
    for purpose in PURPOSES:
        check_purpose("B", purpose, is_open=False)


@pytest.mark.redis
def test_at_the_door_the_limit_of_the_settings_holds_and_the_auditor_sees_it_first(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    auditor = next(who for who in WHO if who.name == "auditor")
    with house(sqlite_engine, redis_client, tiny, reveals=2, data_key=KEY) as home:
        told = case(EAST.case_id, 5, "handling", title="欧阳锋甲家门前", reporter={"name": "欧阳锋甲"})
        batch = numbered([entry(told, "case.corrected", NOON)], NOON + 50_000)
        Ingest(sqlite_engine, tiny, Sealer(KEY)).apply(batch, NOON)
        asked = {"field": "title", "reason": WHY}
        answers = [home.post(DUTY, f"/api/v1/cases/{EAST.case_id}/reveal", asked) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json["code"] == "too_many"
        page = home.get(auditor, "/audit").text
        assert page.index("需要您关注") < page.index("<thead>")
        assert "查看隐私超限" in page
