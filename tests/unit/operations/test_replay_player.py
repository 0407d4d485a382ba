"""A plan goes out whole and in order, at once or on the virtual clock, and the clock stands where it should."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from services.contract.case import Case
from services.contract.parse import Event, parse
from services.operations.replay.plan import ReplayPlan, plan
from services.operations.replay.player import play
from services.operations.replay.source import ReplayError, Unusable
from services.platform.clock import SetClock, from_hash, parse_ms

HEADER = (
    "CaseID,Opened,Closed,Status,Responsible Agency,Category,Request Type,Address,Supervisor District,"
    "Latitude,Longitude,Source"
)
ROWS = (
    "1,05/13/2019 05:39:00 PM,05/14/2019 05:39:00 PM,Closed,DPW Ops Queue,Street,Bulky Items,1 A ST,3,37.8,-122.4,Web",
    "2,05/13/2019 06:00:00 PM,,Open,,Street,Bulky Items,2 A ST,3,,,Phone",
    "3,,,Open,DPW Ops Queue,Street,Bulky Items,2 A ST,3,37.8,-122.4,Phone",
    "1,05/15/2019 06:00:00 PM,,Open,DPW Ops Queue,Street,Bulky Items,2 A ST,3,37.8,-122.4,Phone",
    "5,05/15/2019 06:00:00 PM,soon,Closed,DPW Ops Queue,Street,Bulky Items,2 A ST,3,37.8,-122.4,Phone",
    "6,05/15/2019",
    "7,05/16/2019 06:00:00 PM,05/16/2019 05:00:00 PM,Closed,X,Street,Bulky Items,2 A ST,3,nan,-122.4,Pigeon",
)
OPENED, CLOSED = parse_ms("2019-05-13T17:39:00-07:00"), parse_ms("2019-05-14T17:39:00-07:00")
STREAM, CLOCK = "lianqin:{sf}:events", "lianqin:{sf}:clock"


class FakeRedis(redis.Redis):
    """Streams and hashes in memory: what ``play`` needs of redis.Redis. It notes the clock at each execute."""

    def __init__(self) -> None:
        self.stream: list[tuple[str, dict[bytes, bytes]]] = []
        self.hashes: dict[str, dict[str, str]] = {}
        self.queued: list[tuple[str, dict[bytes, bytes]]] = []

    def pipeline(self, transaction: bool = True) -> "FakeRedis":
        assert not transaction
        return self

    def xadd(self, name: str, fields: Mapping[bytes, bytes]) -> None:
        self.queued.append((name, dict(fields)))

    def execute(self) -> None:
        assert self.hashes, "the clock is set before the first event"
        self.stream += self.queued
        self.queued = []

    def hset(self, name: str, *, mapping: Mapping[str, str]) -> None:
        self.hashes.setdefault(name, {}).update(mapping)

    def hdel(self, name: str, *keys: str) -> None:
        for field in keys:
            self.hashes.get(name, {}).pop(field, None)

    def clock_ms(self) -> int:
        return from_hash({k.encode(): v.encode() for k, v in self.hashes[CLOCK].items()}).now_ms()


@pytest.fixture(scope="module")
def case_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "some.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n")
    return path


@pytest.fixture(scope="module")
def todo(case_file: Path) -> ReplayPlan:
    return plan(case_file)


def test_each_row_that_cannot_be_used_is_named_and_each_odd_one_remarked_on(todo: ReplayPlan) -> None:
    assert todo.unusable == (
        Unusable(4, "Opened is empty: nobody knows when the case was reported"),
        Unusable(5, "case 1 stands twice: first in row 2"),
        Unusable(6, "Closed: 'soon' is no time: write it like 2026-07-19 23:33:17 or 05/13/2019 05:39:00 PM"),
        Unusable(7, "has not as many cells as the header"),
    )
    assert todo.remarks == {
        "closed before it was reported: closes at the report": 1,
        "position is not two numbers: left out": 1,
        "channel 'Pigeon' is not in the table: MEDIA": 1,
    }


def test_a_case_lives_through_rising_versions_and_its_ids_are_the_same_each_time(todo: ReplayPlan) -> None:
    events = [parse(f"{n}-0", fields, OPENED) for n, (_, fields) in enumerate(todo.entries())]
    told = []
    for event in events:
        assert isinstance(event, Event)
        assert isinstance(event.body, Case)
        told.append((event.id, event.type, event.body.status, event.body.lead_unit))
    assert told[:6] == [
        ("1/1", "case.reported", "reported", None),
        ("1/2", "case.dispatched", "dispatched", "dpw-ops-queue"),
        ("2/1", "case.reported", "reported", None),
        ("2/2", "case.filed", "filed", None),
        ("1/4", "case.closed", "closed", "dpw-ops-queue"),
        ("7/1", "case.reported", "reported", None),
    ]
    assert list(todo.entries()) == list(todo.entries())


@given(st.integers(OPENED, OPENED + 5 * 86_400_000))
def test_until_a_moment_is_the_head_of_the_whole_replay(case_file: Path, until_ms: int) -> None:
    whole, part = plan(case_file), plan(case_file, until_ms)
    head = list(part.entries())
    assert head == list(whole.entries())[: len(head)]
    assert all(t <= until_ms for t, _ in head)
    assert all(t > until_ms for t, _ in list(whole.entries())[len(head) :])
    assert part.stands_at_ms == until_ms
    assert len(part.cases) + part.later == len(whole.cases)


def test_an_instant_replay_sends_all_and_stands_at_the_moment_asked_for(case_file: Path) -> None:
    client, until_ms = FakeRedis(), CLOSED + 1
    part = plan(case_file, until_ms)
    seen: list[tuple[int, int]] = []
    assert play(client, part, instant=True, progress=lambda done, total: seen.append((done, total))) == len(part)
    assert {name for name, _ in client.stream} == {STREAM}
    assert [fields for _, fields in client.stream] == [fields for _, fields in part.entries()]
    assert client.clock_ms() == until_ms
    assert seen[-1] == (len(part), len(part))


def test_without_until_the_clock_stands_at_the_last_event(todo: ReplayPlan) -> None:
    client = FakeRedis()
    play(client, todo, instant=True, code="sf")
    assert client.clock_ms() == todo.moments[-1][0]


def test_a_paced_replay_sends_each_event_when_the_virtual_clock_shows_its_time(todo: ReplayPlan) -> None:
    client, wall = FakeRedis(), SetClock(1_700_000_000_000)
    started, speed = wall.ms, 3_600.0
    sent_at: list[float] = []

    def progress(done: int, total: int) -> None:
        shown = todo.first_ms + (wall.ms - started) * speed
        sent_at.extend([shown] * (done - len(sent_at)))

    def wait(seconds: float) -> None:
        assert 0 < seconds <= 0.25
        wall.ms += max(1, round(seconds * 1000))

    client.hset(CLOCK, mapping={"stopped_at": "2019-01-01T00:00:00Z"})
    play(client, todo, speed=speed, progress=progress, wait=wait, wall_ms=wall.now_ms)
    for (due_ms, _), shown in zip(todo.entries(), sent_at, strict=True):
        assert due_ms <= shown <= due_ms + 2 * speed  # a wait is a whole number of milliseconds here
    assert client.clock_ms() == todo.stands_at_ms


def test_a_stopped_replay_leaves_off_between_two_events_with_the_clock_running(todo: ReplayPlan) -> None:
    client, wall = FakeRedis(), SetClock(1_700_000_000_000)
    sent = play(client, todo, speed=60, stop=lambda: bool(client.stream), wait=lambda _: None, wall_ms=wall.now_ms)
    assert sent == len(client.stream) == 2
    assert "stopped_at" not in client.hashes[CLOCK]


def test_a_speed_of_nothing_is_refused(todo: ReplayPlan) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        play(FakeRedis(), todo, speed=0)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "", "is empty"),
        ("sf311_x.csv", "CaseID,Opened\n", "as sf-311 it lacks the columns Address"),
        ("b.csv", HEADER + "\n", "not one of its rows can be used"),
        ("c.csv", f"{HEADER}\n{ROWS[0]}\n", "after the moment asked for"),
    ],
)
def test_a_file_that_cannot_be_replayed_says_why(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReplayError, match=says):
        plan(tmp_path / name, until_ms=0)


def test_a_broken_gzip_or_a_missing_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(b"\x1f\x8b\x08broken")
    for name in ("x.csv.gz", "none.csv"):
        with pytest.raises(ReplayError, match="cannot be read as CSV"):
            plan(tmp_path / name)
