"""Whatever is gone, the projector comes back by itself, and without a frenzy: few attempts, few lines in the log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from services.district.package import District
from services.platform.redis import GROUP
from tests.browser.conftest import wait_until
from tests.faults.test_redis import EVENTS
from tests.faults.test_store import StoreRig

pytestmark = pytest.mark.redis


@pytest.fixture
def rig(tmp_path: Path, sqlite_engine: Engine, tiny: District) -> Iterator[StoreRig]:
    found = StoreRig(tmp_path, sqlite_engine, tiny)
    yield found
    found.end()


def begins(rig: StoreRig) -> None:
    rig.thread.start()
    last = rig.publish(5)
    wait_until(lambda: rig.feed().position == last, "taken in")


def test_a_redis_that_is_away_is_asked_with_longer_and_longer_pauses(
    rig: StoreRig, caplog: pytest.LogCaptureFixture
) -> None:
    begins(rig)
    before = rig.attempts
    rig.server.stop()
    wait_until(lambda: rig.attempts >= before + 5, "five attempts")  # after 0.1 + 0.2 + 0.4 + 0.8 + 1.6 s
    rig.server.start()
    last = rig.publish(5)
    wait_until(lambda: rig.feed().position == last, "back")
    assert rig.attempts <= before + 8
    assert len(caplog.records) == 1
    assert rig.cases() == 10


def test_a_group_destroyed_again_and_again_is_made_once_each_time(
    rig: StoreRig, caplog: pytest.LogCaptureFixture
) -> None:
    begins(rig)
    before = rig.attempts
    for _ in range(5):
        rig.client.xgroup_destroy(EVENTS, GROUP)
        last = rig.publish(2)
        wait_until(lambda last=last: rig.feed().position == last, "back")
    assert rig.attempts <= before + 10
    assert (rig.cases(), rig.feed().lost, rig.feed().processed) == (15, 0, 15)
    assert len(caplog.records) <= 5


def test_a_key_that_is_no_stream_is_waited_for(rig: StoreRig, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody wrote something else there: said once, and gone on with when it is mended."""
    begins(rig)
    before = rig.attempts
    rig.client.set(EVENTS, "a mistake")
    wait_until(lambda: rig.attempts >= before + 4, "four attempts")
    assert rig.thread.is_alive()
    rig.client.delete(EVENTS)
    last = rig.publish(3)
    wait_until(lambda: rig.feed().position == last, "back")
    assert rig.cases() == 8
    assert len(caplog.records) <= 3


def test_at_rest_it_asks_once_a_second_and_writes_nothing(rig: StoreRig) -> None:
    """No commit, no revision, no wake-up while nothing comes."""
    begins(rig)
    wait_until(lambda: rig.client.xpending(EVENTS, GROUP)["pending"] == 0, "acknowledged")
    revision, calls = rig.feed().revision, _calls(rig.client)
    beats = rig.attempts
    wait_until(lambda: _calls(rig.client, "xreadgroup") >= 6, "it has asked some times more", 20)
    assert rig.feed().revision == revision
    assert rig.attempts == beats
    assert _calls(rig.client) - calls < 400


def _calls(client: redis.Redis, command: str = "") -> int:
    found: dict[str, dict[str, int]] = client.info("commandstats")
    return sum(stat["calls"] for name, stat in found.items() if name == f"cmdstat_{command}" or not command)
