"""kill −9 of the projector at every step: nothing acknowledged is lost or counted twice."""

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from services.contract.entry import entry_key
from services.district.package import District
from services.platform.database import open_engine
from services.platform.redis import GROUP, Keys
from services.projector.store.write import Feed, read_feed
from tests import warm
from tests.browser.conftest import wait_until
from tests.reference import dump, from_scratch, life, rollups_recounted
from tests.stores import fresh_sqlite
from tests.tiny import CODE

pytestmark = pytest.mark.redis
STEPS = ("read", "before_commit", "committed", "acknowledged")
EVENTS = Keys(CODE).events


class Run:
    """Projector processes over one Redis and one store."""

    def __init__(self, client: redis.Redis, url: str, database: str, district_folder: Path) -> None:
        self.client, self.url = client, url
        self.database = database
        self.district_folder = district_folder
        self.started: list[warm.Process] = []
        self.engine = open_engine(self.database)

    def start(self, consumer: str = "one", step: str = "never", nth: int = 1) -> warm.Process:
        where = [self.url, self.database, str(self.district_folder)]
        found = warm.start([*where, consumer, step, str(nth)], {}, module="tests.faults.driver")
        self.started.append(found)
        return found

    def end(self) -> None:
        """End what a failed test has left."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.engine.dispose()

    def feed(self) -> Feed:
        with self.engine.connect() as connection:
            found = read_feed(connection)
        assert found is not None
        return found

    def is_done(self, last: str) -> bool:
        with self.engine.connect() as connection:
            feed = read_feed(connection)
        if feed is None or feed.position != last:
            return False
        groups = [g for g in self.client.xinfo_groups(EVENTS) if g["name"] == GROUP.encode()]
        return bool(groups) and groups[0]["pending"] == 0


@pytest.fixture
def run(redis_client: redis.Redis, redis_url: str, tmp_path: Path, tiny_folder: Path) -> Iterator[Run]:
    found = Run(redis_client, redis_url, fresh_sqlite(tmp_path / "store.db"), tiny_folder)
    yield found
    found.end()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def run_on_both(
    request: pytest.FixtureRequest, redis_client: redis.Redis, redis_url: str, tiny_folder: Path
) -> Iterator[Run]:
    """The same on either database."""
    engine = request.getfixturevalue(f"{request.param}_engine")
    found = Run(redis_client, redis_url, engine.url.render_as_string(hide_password=False), tiny_folder)
    yield found
    found.end()


def publish(client: redis.Redis, seed: int) -> list[tuple[str, dict[bytes, bytes]]]:
    entries = []
    for fields in life(seed):
        entries.append((client.xadd(EVENTS, dict(fields)).decode(), fields))
    return entries


def equals_a_fold_from_scratch(
    run: Run, entries: list[tuple[str, dict[bytes, bytes]]], tiny: District, folder: Path
) -> None:
    scratch = from_scratch(folder, tiny, entries)
    assert dump(run.engine) == dump(scratch)
    keys = [row[0] for row in dump(run.engine, "history")["history"]]
    assert keys == [row[0] for row in dump(scratch, "history")["history"]]
    assert len(dump(run.engine, "dead")["dead"]) == len(dump(scratch, "dead")["dead"])
    assert dump(run.engine, "rollups", "rollups_later") == rollups_recounted(run.engine, tiny)
    feed = run.feed()
    assert feed.processed == len(entries)
    assert feed.lost == 0
    scratch.dispose()


def kill_at(run: Run, step: str, times: int, tiny: District, folder: Path) -> None:
    entries = publish(run.client, seed=times)
    for nth in range(times):
        process = run.start(step=step, nth=1 + nth % 3)
        wait_until(lambda p=process: p.poll() is not None, f"killed for the {nth + 1}th time at {step}", 30)
        assert process.returncode == -signal.SIGKILL
    last = run.start()
    wait_until(lambda: run.is_done(entries[-1][0]), "everything is taken in", 30)
    last.terminate()
    last.wait(10)
    equals_a_fold_from_scratch(run, entries, tiny, folder)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_a_few_times(run: Run, step: str, tiny: District, tmp_path: Path) -> None:
    kill_at(run, step, 3, tiny, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_twenty_times(run: Run, step: str, tiny: District, tmp_path: Path) -> None:
    kill_at(run, step, 20, tiny, tmp_path)


def test_of_two_projectors_one_is_killed_for_good_and_the_other_takes_over(
    run: Run, tiny: District, tmp_path: Path
) -> None:
    first, second = run.start("one", "before_commit", 4), run.start("two")
    wait_until(lambda: run.client.exists(EVENTS) and run.client.xinfo_groups(EVENTS), "the group is there")
    entries = publish(run.client, 5)
    wait_until(lambda: first.poll() is not None or run.is_done(entries[-1][0]), "the first is killed", 30)
    if first.poll() is None:
        first.kill()
        first.wait()
    wait_until(lambda: run.is_done(entries[-1][0]), "the survivor has claimed the rest", 30)
    second.terminate()
    second.wait(10)
    equals_a_fold_from_scratch(run, entries, tiny, tmp_path)


def test_the_position_is_never_ahead_of_the_store(run: Run) -> None:
    """With two projectors at work, every entry up to the stored position is in the store, at every look."""
    processes = [run.start("one"), run.start("two")]
    entries = publish(run.client, 6)
    # A heartbeat leaves no row by which it could be known.
    keys = [entry_key(i) for i, fields in entries if fields.get(b"type") != b"source.heartbeat"]

    def holds() -> bool:
        with run.engine.connect() as connection:
            feed = read_feed(connection)
            if feed is None:
                return False
            known = {row[0] for name in ("history", "dead") for row in dump(run.engine, name)[name]}
        assert [k for k in keys if k <= entry_key(feed.position) and k not in known] == []
        return run.is_done(entries[-1][0])

    wait_until(holds, "everything is taken in", 60)
    for process in processes:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(10)


def kill_both(run: Run, times: int, tiny: District, folder: Path) -> None:
    """Two at a time at any step, each killed, again and again; then a third takes over what all of them held."""
    rng = random.Random(times)
    entries = publish(run.client, 11)
    for turn in range(times):
        pair = [run.start(f"{name}{turn % 2}", rng.choice(STEPS), rng.randrange(1, 4)) for name in ("one", "two")]
        wait_until(
            lambda p=pair: any(one.poll() is not None for one in p) or run.is_done(entries[-1][0]), "one is killed", 30
        )
        for one in pair:
            one.kill()
            one.wait(10)
    last = run.start("three")
    wait_until(lambda: run.is_done(entries[-1][0]), "the last one has claimed the rest", 40)
    last.terminate()
    last.wait(10)
    equals_a_fold_from_scratch(run, entries, tiny, folder)


def test_two_are_killed_at_once_a_few_times(run_on_both: Run, tiny: District, tmp_path: Path) -> None:
    kill_both(run_on_both, 3, tiny, tmp_path)


@pytest.mark.slow
def test_two_are_killed_at_once_twenty_times(run_on_both: Run, tiny: District, tmp_path: Path) -> None:
    kill_both(run_on_both, 20, tiny, tmp_path)
