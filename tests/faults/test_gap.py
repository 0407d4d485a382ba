"""What was trimmed unread is counted to the entry, once, whoever held it; and nothing else ever is."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from services.district.package import District
from services.platform.clock import SetClock
from services.platform.redis import GROUP, connect
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.browser.conftest import wait_until
from tests.faults.test_redis import EVENTS, Rig
from tests.tiny import CODE, NOON, case, entry

pytestmark = pytest.mark.redis


class GatedIngest(Ingest):
    """Waits at a gate before each commit, so that a test can act while a batch is in memory."""

    def __init__(self, *doors: Any) -> None:
        super().__init__(*doors)
        self.gate = threading.Event()
        self.gate.set()
        self.waits = threading.Event()

    def commit(self, *args: Any, **more: Any) -> Any:
        if not self.gate.is_set():
            self.waits.set()
            assert self.gate.wait(20)
        return super().commit(*args, **more)


class GapRig(Rig):
    """A projector in a thread, with a gate, that claims after a moment."""

    def __init__(self, folder: Path, engine: Engine, district: District) -> None:
        super().__init__(folder, engine, district)
        self.ingest: GatedIngest = GatedIngest(engine, district, Sealer(""))

    def projector(self) -> Projector:
        return Projector(self.stream, self.engine, self.ingest, SetClock(NOON), chores_every_s=0, claim_idle_ms=100)

    def publish_at(self, *ids: str) -> str:
        for id_ in ids:
            self.count += 1
            last: Any = self.client.xadd(EVENTS, dict(entry(case(f"C{self.count}"))), id=id_)
        return str(last.decode())

    def deliver(self, n: int, consumer: str = "one") -> None:
        """Give entries to a consumer that will never say what became of them."""
        other = EventStream(connect(self.server.url), CODE, consumer)
        assert len(other.read(">", n, None)) == n
        other.client.close()

    def keep(self, n: int) -> None:
        self.client.xtrim(EVENTS, maxlen=n, approximate=False)

    def settles_at(self, cases: int, lost: int) -> None:
        """So many cases and so many lost; and still so after more has come."""
        self._holds(cases, lost)
        self.publish(3)
        self._holds(cases + 3, lost)
        wait_until(lambda: self.client.xpending(EVENTS, GROUP)["pending"] == 0, "nothing is pending")
        self.publish(2)
        self._holds(cases + 5, lost)

    def _holds(self, cases: int, lost: int) -> None:
        wait_until(lambda: (self.cases(), self.feed().lost) == (cases, lost), f"{cases} cases, {lost} lost", 8)


@pytest.fixture
def rig(tmp_path: Path, sqlite_engine: Engine, tiny: District) -> Iterator[GapRig]:
    found = GapRig(tmp_path, sqlite_engine, tiny)
    yield found
    found.ingest.gate.set()
    found.end()


def test_entries_trimmed_past_a_projector_at_work_are_counted(rig: GapRig) -> None:
    """It never stopped, and what it reads next is past the gap: Redis says nothing of it."""
    rig.thread.start()
    last = rig.publish(10)
    wait_until(lambda: rig.feed().position == last, "taken in")
    rig.ingest.gate.clear()
    rig.publish(1)
    assert rig.ingest.waits.wait(10)  # it is in memory, and nothing else is
    rig.publish(20)
    rig.keep(7)
    rig.ingest.gate.set()
    rig.settles_at(10 + 1 + 7, lost=13)


def test_a_second_gap_is_added_to_the_first(rig: GapRig) -> None:
    for _ in range(2):
        rig.publish(10)
        rig.keep(4)
        rig.projector().drain()
    rig.thread.start()
    rig.settles_at(8, lost=12)


def test_pending_and_unread_entries_that_were_trimmed_together_are_all_counted(rig: GapRig) -> None:
    rig.publish(4)
    rig.projector().drain()
    rig.publish(6)
    rig.deliver(6)
    rig.publish(10)
    rig.keep(5)
    rig.thread.start()
    rig.settles_at(4 + 5, lost=6 + 5)


def test_pending_entries_that_were_trimmed_in_part_are_counted_in_part(rig: GapRig) -> None:
    rig.publish(4)
    rig.projector().drain()
    rig.publish(6)
    rig.deliver(6)
    rig.publish(10)
    rig.keep(12)
    rig.thread.start()
    rig.settles_at(4 + 12, lost=4)


def test_what_a_dead_projector_held_when_it_was_trimmed_is_counted(rig: GapRig) -> None:
    rig.publish(4)
    rig.projector().drain()
    rig.publish(8)
    rig.deliver(6, "two")
    rig.keep(4)
    rig.thread.start()
    rig.settles_at(4 + 4, lost=4)


def test_an_entry_deleted_before_it_was_read_is_lost_and_one_after_is_not(rig: GapRig) -> None:
    rig.publish(5)
    rig.projector().drain()
    ids = [i for i, _ in rig.client.xrange(EVENTS)]
    rig.client.xdel(EVENTS, ids[0], ids[2], ids[4])
    rig.publish(6)
    unread = [i for i, _ in rig.client.xrange(EVENTS)][2:]
    rig.client.xdel(EVENTS, unread[0], unread[3])
    rig.thread.start()
    rig.settles_at(5 + 4, lost=2)


def test_a_stream_trimmed_of_what_was_taken_in_has_no_gap(rig: GapRig) -> None:
    rig.thread.start()
    last = rig.publish(30)
    wait_until(lambda: rig.feed().position == last, "taken in")
    rig.keep(0)
    rig.settles_at(30, lost=0)
    assert rig.feed().emptied_at is None


def test_a_backlog_is_no_gap(rig: GapRig) -> None:
    """Thousands unread, hundreds delivered to somebody: late, and nothing lost."""
    with rig.client.pipeline(transaction=False) as pipe:
        for n in range(3000):
            pipe.xadd(EVENTS, dict(entry(case(f"B{n}"))))
        rig.stream.ensure_group("0-0", 0)
        pipe.execute()
    rig.deliver(700, "two")
    rig.thread.start()
    rig.settles_at(3000, lost=0)


@pytest.mark.parametrize("new", [7, 12], ids=["fewer than we had", "more than we had"])
def test_an_emptied_redis_whose_clock_is_behind_is_read_from_its_beginning(rig: GapRig, new: int) -> None:
    """Its ids lie below our position: a group made there would never see them."""
    rig.thread.start()
    last = rig.publish(10)
    wait_until(lambda: rig.feed().position == last, "taken in")
    rig.client.flushall()
    hour_ago = int(last.partition("-")[0]) - 3_600_000
    rig.publish_at(*(f"{hour_ago + n}-0" for n in range(new)))
    wait_until(lambda: rig.cases() == 10 + new, "what the new stream holds is taken in")
    newest = rig.publish_at(f"{hour_ago + 100}-0")
    wait_until(lambda: rig.cases() == 11 + new, "and it goes on")
    feed = rig.feed()
    assert (feed.lost, feed.processed, feed.position) == (0, new + 1, newest)
    assert feed.emptied_at is not None


@pytest.mark.parametrize("exactly", [False, True])
def test_what_another_stream_holds_is_never_trimmed(rig: GapRig, exactly: bool) -> None:
    """It took the place of ours since we looked: no group says yet that its entries are unread."""
    rig.publish_at("1700000000000-5", "1700000000000-10")
    for floor in ("1700000000000-11", "1700000000001-0", "9700000000000-0"):
        rig.stream.trim(floor, exactly=exactly)
    assert rig.client.xlen(EVENTS) == 2
    rig.stream.trim("1700000000000-10", exactly=True)
    assert rig.client.xlen(EVENTS) == 1


def test_a_redis_that_fell_back_by_some_entries_goes_on(rig: GapRig) -> None:
    """A replica takes over without the newest entries, with a clock behind: the new ones may lie below our position."""
    rig.publish_at(*(f"{NOON + n}-0" for n in range(0, 100, 10)))
    rig.projector().drain()
    for n in (70, 80, 90):
        rig.client.xdel(EVENTS, f"{NOON + n}-0")
    rig.client.execute_command("XSETID", EVENTS, f"{NOON + 60}-0", "ENTRIESADDED", 7)
    rig.client.xgroup_setid(EVENTS, GROUP, f"{NOON + 60}-0", entries_read=7)
    rig.publish_at(f"{NOON + 65}-0", f"{NOON + 85}-0")
    rig.thread.start()
    wait_until(lambda: rig.cases() == 12, "the new ones are taken in")
    rig.publish_at(f"{NOON + 95}-0")
    wait_until(lambda: rig.cases() == 13, "and it goes on")
    wait_until(lambda: rig.feed().processed == 10, "counted as this stream counts")
    rig.stop.set()
    rig.thread.join(10)
    rig.publish_at(*(f"{NOON + 200 + n}-0" for n in range(9)))
    rig.keep(4)
    rig.projector().drain()
    assert (rig.cases(), rig.feed().lost) == (17, 5)


def test_a_redis_without_memory_stops_nothing_for_good(rig: GapRig, caplog: pytest.LogCaptureFixture) -> None:
    """It refuses to write: the projector waits, says so once, and goes on."""
    rig.thread.start()
    last = rig.publish(5)
    wait_until(lambda: rig.feed().position == last, "taken in")
    rig.ingest.gate.clear()
    last = rig.publish(5)
    assert rig.ingest.waits.wait(10)
    rig.client.config_set("maxmemory", "1")
    rig.ingest.gate.set()
    wait_until(lambda: len(caplog.records) > 0, "it says so")
    threading.Event().wait(1)
    assert rig.thread.is_alive()
    rig.client.config_set("maxmemory", "0")
    wait_until(lambda: rig.client.xpending(EVENTS, GROUP)["pending"] == 0, "acknowledged")
    rig.settles_at(10, lost=0)
    assert len(caplog.records) < 3
