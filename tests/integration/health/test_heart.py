"""What a heart writes down, and when it does so out of its turn."""

from collections.abc import Iterator

import pytest
import redis

from services.health import heart as heart_module
from services.health.beats import IDLE_LIMIT_MS, SILENCE_LIMIT_MS, ProcessBeat, processes, state_of
from services.health.heart import Heart, hash_key, read_beats
from tests.browser.conftest import wait_until

pytestmark = pytest.mark.redis


@pytest.fixture
def heart(redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heart]:
    """A projector's, which beats of itself once and then no more: what comes after that was said between two beats."""
    monkeypatch.setattr(heart_module, "BEAT_EVERY_S", 3600)
    found = Heart(redis_client, "990001", "projector")
    found.start()
    wait_until(lambda: read_beats(redis_client, hash_key("990001")), "it beats")
    yield found
    monkeypatch.setattr(heart_module, "BEAT_EVERY_S", 1)
    found.stop(is_over=True)


def said(client: redis.Redis) -> ProcessBeat:
    (found,) = read_beats(client, hash_key("990001"))
    return found


def test_whoever_dies_in_a_long_step_is_dead_as_any_other(heart: Heart, redis_client: redis.Redis) -> None:
    with heart.busy("makes the read model again", 3600):
        during = said(redis_client)
    assert during.doing and state_of(during, 0) == "alive"
    assert during.idle_limit_ms == 3_600_000
    assert state_of(during, SILENCE_LIMIT_MS + 1) == "dead", "it beats while it works"


def test_the_end_of_a_long_step_is_said_at_once(heart: Heart, redis_client: redis.Redis) -> None:
    with heart.busy("reads the store", 600):
        pass
    after = said(redis_client)
    assert (after.doing, after.idle_limit_ms, after.silence_limit_ms) == ("", IDLE_LIMIT_MS, SILENCE_LIMIT_MS)


def test_a_loop_that_turns_again_after_a_stand_is_alive_at_once(heart: Heart, redis_client: redis.Redis) -> None:
    heart.turn()
    before = said(redis_client).n
    heart.turn()
    assert said(redis_client).n == before, "a turn as usual waits for the next beat"
    heart._turned_s -= IDLE_LIMIT_MS / 1000 + 1
    heart._tell()
    assert [p.state for p in processes([said(redis_client)], {}, {}, ())] == ["stuck"]
    heart.turn()
    assert [p.state for p in processes([said(redis_client)], {}, {}, ())] == ["alive"]
