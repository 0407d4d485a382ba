"""A consumer group that nobody reads, a clock key that is not obeyed: on the truth bar, in /readyz, by the doctor."""

import logging
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from dashboard.live.zones import DESK
from services.admin.doctor.stream_reader import redis_findings
from services.district.package import District
from services.health.around_reader import LOOK_EVERY_S, Oddity, RedisWatch, oddities_of
from services.platform.clock import VirtualClock
from services.platform.redis import GROUP, Keys
from services.platform.settings import VIRTUAL, Settings
from tests.doors import house
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis
KEYS = Keys(CODE)
HOURS = 3_600_000


def forget_a_group(client: redis.Redis) -> None:
    """``forgotten`` is eight hours behind; ours is never named, and ``new`` stands at the end."""
    client.xadd(KEYS.events, dict(entry(case())), id=f"{NOON - 8 * HOURS}-0")
    for name in (GROUP, "forgotten"):
        client.xgroup_create(KEYS.events, name, "0")
    client.xadd(KEYS.events, dict(entry(case())), id=f"{NOON}-0")
    client.xgroup_create(KEYS.events, "new", "$")


def set_the_clock(client: redis.Redis) -> None:
    client.hset(KEYS.clock, mapping=VirtualClock(NOON, NOON).to_hash())


def of_now(client: redis.Redis, *, follows_clock: bool = False) -> list[Oddity]:
    return oddities_of(client, KEYS, follows_clock=follows_clock)


def test_what_is_named_and_what_is_not(redis_client: redis.Redis) -> None:
    assert of_now(redis_client) == []
    forget_a_group(redis_client)
    assert of_now(redis_client) == [("forgotten_group", "forgotten")]
    set_the_clock(redis_client)
    assert of_now(redis_client) == [("forgotten_group", "forgotten"), ("ignored_clock", KEYS.clock)]
    assert of_now(redis_client, follows_clock=True) == [("forgotten_group", "forgotten")]
    # Somebody reads: it is behind, and not forgotten.
    redis_client.xreadgroup("forgotten", "one", {KEYS.events: ">"}, count=1)
    assert of_now(redis_client, follows_clock=True) == []


def test_the_doctor_names_the_same(redis_client: redis.Redis, redis_url: str) -> None:
    forget_a_group(redis_client)
    set_the_clock(redis_client)
    for clock in ("", VIRTUAL):
        wrong = " ".join(f.what for f in redis_findings(Settings(redis_url=redis_url, clock=clock), CODE) if f.is_wrong)
        named = of_now(redis_client, follows_clock=clock == VIRTUAL)
        assert ("'forgotten'" in wrong, f"{KEYS.clock} is set" in wrong) == (True, len(named) == 2)


def test_the_truth_bar_and_readyz_say_it_and_stop_saying_it(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    with house(sqlite_engine, redis_client, tiny) as home:
        web, asked = home.web, home.web.flask.test_client()
        zones = web.room.zones
        assert zones is not None

        def told() -> tuple[Any, Any]:
            watch = web.follower._around
            assert watch is not None
            watch._look_every.reset()
            web.follower._judge_every.reset()
            web.follower._judge()
            return zones._truth()["around"], asked.get("/readyz").get_json()["around"]

        assert told() == ([], [])
        set_the_clock(redis_client)
        redis_client.xgroup_create(KEYS.events, "forgotten", "0", mkstream=True)
        redis_client.xadd(KEYS.events, dict(entry(case())), id=f"{2 * NOON}-0")
        assert told() == (
            [["forgotten_group", "forgotten"], ["ignored_clock", KEYS.clock]],
            [{"kind": "forgotten_group", "about": "forgotten"}, {"kind": "ignored_clock", "about": KEYS.clock}],
        )
        shown = zones._truth()["around"]
        assert zones._wall_tiles()["around"] == zones._desk_tiles(DESK, "", "")["around"] == shown != []
        redis_client.xgroup_destroy(KEYS.events, "forgotten")
        redis_client.delete(KEYS.clock)
        assert told() == ([], [])


class Counted:
    """A Redis whose every call is counted, and refused when told so."""

    def __init__(self, client: redis.Redis) -> None:
        self.calls, self.refuses, self._client = 0, False, client

    def __getattr__(self, name: str) -> Any:
        self.calls += 1
        if self.refuses:
            raise redis.exceptions.NoPermissionError("NOPERM xinfo")
        return getattr(self._client, name)


def test_redis_is_asked_now_and_then_and_what_it_refuses_is_said_once(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    monkeypatch.setattr("services.platform.every.time.monotonic", lambda: now[0])
    forget_a_group(redis_client)
    client: Any = Counted(redis_client)
    watch = RedisWatch(client, CODE, follows_clock=False)
    assert watch.look() == [("forgotten_group", "forgotten")]
    first = client.calls
    now[0] += LOOK_EVERY_S - 0.1
    watch.look()
    assert client.calls == first <= 7
    client.refuses = True
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            now[0] += LOOK_EVERY_S
            assert watch.look() == [("forgotten_group", "forgotten")]
    assert len(caplog.records) == 1
    client.refuses = False
    now[0] += LOOK_EVERY_S
    redis_client.xgroup_destroy(KEYS.events, "forgotten")
    assert watch.look() == []
