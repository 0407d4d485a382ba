"""Somebody who searches for what is not theirs: other streets' cases, sensitive classes, the query language itself."""

from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import Engine

from services.district.package import District
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.search.worker import SearchIndexer
from tests.doors import D1, D2, DUTY, G00, S1, S1C1, S2, WHO, House, Who, house
from tests.tiny import NOON, case, entry, middle, numbered

pytestmark = pytest.mark.redis
HOUR = 3_600_000
LEADER = next(who for who in WHO if who.role == "leader")
OVER = {"S1C1": middle(0, 0), "S1C2": middle(1, 0), "S2C3": middle(2, 0)}
LEADS = {"S1C1": "D1", "S1C2": "D2", "S2C3": "D1"}


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        ended = to_rfc3339(NOON - HOUR)
        entries = [
            entry(case(f"OVER-{domain}-{name}", 1, "closed", closed_at=ended, domain=domain, address="角楼西大街12号",
                       reported_at=to_rfc3339(NOON - 5 * HOUR), lead_unit=LEADS[name], **where), "case.closed", NOON)
            for name, where in OVER.items() for domain in ("04", "09")
        ]  # fmt: skip
        Ingest(sqlite_engine, tiny, Sealer("")).apply(numbered(entries, NOON + 1000), NOON)
        SearchIndexer(sqlite_engine, Sealer("")).drain()
        yield found


def found_by(home: House, who: Who, text: str, group: str = "over") -> set[str]:
    answer = home.post(who, "/api/v1/search", {"text": text, "group": group})
    assert answer.status_code == 200, answer.data
    hits = answer.json["hits"]
    assert answer.json["n"] == len(hits)
    return {hit["id"].removeprefix("OVER-") for hit in hits}


def test_nobody_finds_or_counts_what_is_not_theirs(home: House) -> None:
    for text in ("角楼", "OVER", "市政", "角楼西大街12号", "西街 角楼", "上月"):
        all_of_it = found_by(home, DUTY, text)
        assert found_by(home, S1, text) == {one for one in all_of_it if "S1" in one}
        assert found_by(home, S1C1, text) == {one for one in all_of_it if "S1C1" in one}
        assert found_by(home, S2, text) == {one for one in all_of_it if "S2" in one}
        assert found_by(home, LEADER, text) == {one for one in all_of_it if one.startswith("04")}
    assert found_by(home, S2, "东街 OVER") == set()
    assert found_by(home, DUTY, "角楼") == {f"{d}-{name}" for name in OVER for d in ("04", "09")}
    assert found_by(home, DUTY, "OVER-04-S1C2") == {"04-S1C2"}
    assert found_by(home, S2, "EAST", "open") == set()
    assert found_by(home, S1, "EAST", "open") == {"EAST-1", "EAST-2"}
    assert found_by(home, S1C1, "EAST", "open") == {"EAST-1"}
    names = home.post(S2, "/api/v1/search", {"text": "社区", "group": "places"}).json["hits"]
    assert {hit["of"] for hit in names} == {"S2"}


def test_a_unit_finds_its_own_in_every_street_and_a_grid_worker_those_of_the_grid(home: House) -> None:
    assert found_by(home, D1, "角楼") == {f"{d}-{name}" for name in ("S1C1", "S2C3") for d in ("04", "09")}
    assert found_by(home, D2, "角楼") == {"04-S1C2", "09-S1C2"}
    assert found_by(home, G00, "角楼") == {"04-S1C1"}, "the grid's, without the sensitive one"
    for text in ("角楼", "OVER", "西街 角楼", "上月", "OVER-04-S1C2"):
        assert found_by(home, D1, text) <= {one for one in found_by(home, DUTY, text) if LEADS[one[3:]] == "D1"}
        assert found_by(home, G00, text) <= {"04-S1C1"}
    # D1 leads the one and works beside on the other; of the two others nothing is found or counted.
    assert found_by(home, D1, "EAST", "open") == {"EAST-1"}
    assert found_by(home, D1, "WEST", "open") == {"WEST-1"}
    assert found_by(home, D2, "EAST", "open") == {"EAST-2"}
    assert found_by(home, G00, "EAST", "open") == {"EAST-1"}
    assert found_by(home, G00, "WEST", "open") == set()
    names = home.post(G00, "/api/v1/search", {"text": "社区", "group": "places"}).json["hits"]
    assert {hit["of"] for hit in names} == {"S1"}


LINES = (
    '"', "'", '" OR "1"="1', "tokens:*", "* OR *", "NEAR(角楼 西大街)", "^角楼", "{a b}:c", "-角楼", "100%_角楼", "\\",
    "$$",     "'}'::int[] OR true --", "); DROP TABLE cases; --", "角楼\u0001", "\ud7ff\U0010ffff",
    "ａ" * 100,     "а́" * 40, "🏮🏮", "\u202e角楼", "角" * 100, " ".join(["角楼"] * 8), "%", "_", "ﷺ" * 90,
)  # fmt: skip


def test_no_line_breaks_it_or_finds_more(home: House) -> None:
    for text in LINES:
        for group in ("open", "over", "places"):
            answer = home.post(DUTY, "/api/v1/search", {"text": text, "group": group})
            assert answer.status_code == 200, answer.data
            assert answer.json["problem"] or not answer.json["hits"] or "角楼" in text or "OR" in text
    plain = found_by(home, DUTY, "角楼西大街12号")
    assert plain == found_by(home, DUTY, "角楼西大街１２号") == found_by(home, DUTY, "角楼\u200b西大街12号") != set()


def test_another_body_is_refused_and_who_asks_too_fast_waits(home: House) -> None:
    for body in (
        {"text": "角" * 201, "group": "over"},
        {"text": "角楼", "group": "all"},
        {"text": "角楼"},
        {"group": "over"},
        {"text": ["角楼"], "group": "over"},
    ):
        assert home.post(DUTY, "/api/v1/search", body).status_code == 400
    answers = [home.post(DUTY, "/api/v1/search", {"text": "号", "group": "over"}).status_code for _ in range(125)]
    assert answers[:120] == [200] * 120
    assert answers[-1] == 429
