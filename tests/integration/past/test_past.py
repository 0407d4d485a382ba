"""The room at a past moment is a fold of everything that had been received by then: board, queue, tiles, figures."""

import dataclasses
import io
import json
import random
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest
import redis
from sqlalchemy import Engine, insert, select

from dashboard.live.screen_tiles import PastTiles
from dashboard.papers.review_paper import WantedReview, review_paper
from services.admin import package_store
from services.admin.changes import PackageVersion
from services.board.alarm import Alarm, encode_alarm
from services.board.comparison_reader import compared
from services.board.follower import Follower
from services.board.lenses import WallLens, units_of
from services.board.readers.case import CaseReader
from services.board.state import Board
from services.board.tiles import tiles
from services.board.zone import Zone
from services.cases import tables as case_tables
from services.district.load import load
from services.district.package import District
from services.duty.alarms.store import write_lives
from services.operations.replay.districts import write_package
from services.operations.replay.plan import plan
from services.operations.simulator.generate import generate
from services.operations.simulator.world import CaseSystem
from services.past import room
from services.past import tables as past_tables
from services.past import worker as answering
from services.past.asking import PastAnswer, Question
from services.past.moments import EVERY_MS, unpack
from services.past.reader import PastReader
from services.past.worker import SHOWN_MS, Answerer
from services.platform.clock import SetClock, parse_ms, to_rfc3339
from services.platform.database import writing
from services.platform.errors import OperationError
from services.platform.sealing import Sealer
from services.projector.batch import Entry
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.store import tables as schema
from tests import archive_scene
from tests.archive_scene import SEPTEMBER
from tests.lives import lives
from tests.seeds import seeds
from tests.stores import fresh_engine
from tests.tiny import NOON, case, entry, middle
from tests.unit.operations.test_replay_files import BOUNDARIES, CASES

HOUR, DAY = 3_600_000, 86_400_000
LAST = NOON + DAY


def arrived(entries: list[dict[bytes, bytes]]) -> list[tuple[Entry, int]]:
    """Entries with the moment at which each arrives: never before it happened, nor before the one ahead of it."""
    found, at = [], 0
    for number, fields in enumerate(entries):
        at = max(at, parse_ms(fields[b"time"].decode()) if b"time" in fields else 0)
        found.append(((f"{at}-{number}", fields), at))
    return found


def take_in(engine: Engine, district: District, entries: list[tuple[Entry, int]], size: int) -> None:
    ingest = Ingest(engine, district, Sealer(""))
    for start in range(0, len(entries), size):
        batch = entries[start : start + size]
        received = {entry[0]: at for entry, at in batch}
        ingest.apply([entry for entry, _ in batch], batch[-1][1], batch[-1][0][0], received=received)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    made: list[Engine] = []

    def make() -> Engine:
        engine = fresh_engine(tmp_path / f"fold{len(made)}.db")
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.dispose()


def folded(engine: Engine, other: Engine, district: District, at: int) -> Board:
    """What a store shows at ``at`` that was given everything that had been received by then, and nothing else."""
    with engine.connect() as connection, writing(other) as target:
        rows = connection.execute(select(schema.history).where(schema.history.c.received_at <= at)).mappings().all()
        if rows:
            target.execute(insert(schema.history), [dict(row) for row in rows])
    rebuild(other, Ingest(other, district, Sealer("")), at, lambda _: None)
    follower = Follower(other, redis.Redis(), district, SetClock(at), lambda _: None)
    follower.load()
    return follower.board


def answerer(engine: Engine, district: District, now: int) -> Answerer:
    return Answerer(engine, redis.Redis(), district, SetClock(now))


def made(engine: Engine, district: District, now: int) -> Answerer:
    """A worker that has kept every board that there is to keep."""
    worker = answerer(engine, district, now)
    while worker.make():
        pass
    return worker


def state(parts: list[msgspec.Raw]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(rows by case, tiles) of a snapshot."""
    rows, found = {}, {}
    for part in map(json.loads, map(bytes, parts)):
        rows |= {row[0]: row for row in part.get("rows", [])}
        found |= part.get("tiles", {})
    return rows, found


def moved(before: tuple[dict[str, Any], dict[str, Any]], frames: list[msgspec.Raw]) -> tuple[dict[str, Any], Any]:
    """The state after these frames, as assets/modules/core/reducer.js moves it."""
    rows, found = dict(before[0]), dict(before[1])
    for frame in map(json.loads, map(bytes, frames)):
        for case_id in frame.get("gone", []):
            rows.pop(case_id, None)
        rows |= {row[0]: row for row in frame.get("rows", [])}
        found |= frame.get("tiles", {})
    return rows, found


def assert_is(found: tuple[dict[str, Any], dict[str, Any]], board: Board, engine: Engine, at: int) -> None:
    """The same rows, figures, queue and positions as the board of the fold, in the wall's own words."""
    district = board.district
    with engine.connect() as connection:
        before = compared(connection, district, at)
    zone = Zone(
        board, WallLens(board, lambda: {**msgspec.structs.asdict(tiles(board, before)), "units": units_of(board)})
    )
    zone.flush(at)
    msgspec.convert({name: tile for name, tile in found[1].items() if not name.startswith("spot:")}, PastTiles)
    rows, expected = state([msgspec.Raw(part) for part in zone.snapshot(at)[0]])
    assert found[0] == rows
    for name, tile in expected.items():
        # Who was refused is among the dead, which a store made again does not have.
        left_out = {"refused": {}} if name == "unknown" else {}
        assert _without(found[1][name], left_out) == _without(tile, left_out), name


def _without(tile: Any, parts: dict[str, Any]) -> Any:
    return {**tile, **parts} if parts else tile


def random_moments(rng: random.Random, engine: Engine, n: int) -> list[int]:
    h = schema.history.c
    with engine.connect() as connection:
        received = [row[0] for row in connection.execute(select(h.received_at).order_by(h.received_at))]
    return [min(rng.choice(received) + rng.choice([0, 1, 977, HOUR]), LAST - 1) for _ in range(n)]


@pytest.mark.parametrize("seed", seeds(2, 4))
def test_the_room_at_any_moment_is_the_fold_of_what_was_received(
    engine: Engine, tiny: District, fresh: Callable[[], Engine], seed: int
) -> None:
    rng = random.Random(seed)
    take_in(engine, tiny, arrived(lives(seed, cases=60)), rng.choice([3, 50, 400]))
    worker = made(engine, tiny, LAST)
    shown = 0
    for at in random_moments(rng, engine, 8):
        answer = worker.said_to(Question("q", "room", at))
        assert (answer.error, answer.at) == ("", at)
        board = folded(engine, fresh(), tiny, at)
        assert_is(state(answer.parts), board, engine, at)
        shown += len(board.rows)
    assert shown > 8


@pytest.mark.parametrize("seed", seeds(2, 4))
def test_playing_on_gives_the_room_that_a_jump_there_gives(engine: Engine, tiny: District, seed: int) -> None:
    rng = random.Random(seed)
    take_in(engine, tiny, arrived(lives(seed, cases=60)), 100)
    worker = made(engine, tiny, LAST)
    for at in random_moments(rng, engine, 5):
        shown = state(worker.said_to(Question("q", "room", at)).parts)
        until = at
        for _ in range(4):
            begun, until = until, until + rng.choice([60_000, HOUR, 9 * HOUR])
            step = max((until - begun) // rng.choice([1, 7, 60]), 1)
            if rng.random() < 0.3:
                worker = answerer(engine, tiny, LAST)  # another worker goes on, or this one was begun anew
            answer = worker.said_to(Question("q", "span", begun, until, step))
            assert (answer.error, answer.at) == ("", min(until, LAST - SHOWN_MS))
            shown = moved(shown, answer.parts)
            until = answer.at
        there = state(answerer(engine, tiny, LAST).said_to(Question("q", "room", until)).parts)
        assert shown[0] == there[0]
        assert state(worker.said_to(Question("q", "room", until)).parts)[0] == there[0], "whoever played asks again"
        for name, tile in there[1].items():
            # What is compared with is asked for again every ten minutes only.
            left_out = {"before": None} if name == "today" else {}
            if name in {"channels", "domains"}:
                assert {(code, n) for code, n, _ in shown[1][name] if n} == {(code, n) for code, n, _ in tile if n}
            elif name != "ticker":  # its lines are the newest of a step
                assert _without(shown[1][name], left_out) == _without(tile, left_out), name


def test_what_came_late_is_named_and_changes_the_figures_of_now_alone(
    engine: Engine, tiny: District, fresh: Callable[[], Engine]
) -> None:
    """«Now» is the fold of everything that had happened, whenever it came."""
    entries = arrived(lives(5, cases=60))
    take_in(engine, tiny, entries, 100)
    worker = made(engine, tiny, LAST)
    h = schema.history.c
    with engine.connect() as connection:
        lates = connection.execute(select(h.time, h.received_at).where(h.received_at - h.time > 120_000)).all()
    assert lates
    differing = 0
    for time, received in lates[:12]:
        at = (time + received) // 2
        known = worker.said_to(Question("q", "room", at)).known
        assert known is not None and known.n > 0
        assert all(late.at <= at < late.received_at for late in known.late)
        other = fresh()
        with engine.connect() as connection, writing(other) as target:
            happened = connection.execute(select(schema.history).where(h.time <= at)).mappings().all()
            target.execute(insert(schema.history), [dict(row) for row in happened])
        rebuild(other, Ingest(other, tiny, Sealer("")), at, lambda _: None)
        follower = Follower(other, redis.Redis(), tiny, SetClock(at), lambda _: None)
        follower.load()
        total = follower.board.total()
        assert (known.now.open, known.now.overdue, known.now.due_soon, known.now.at_district) == (
            total.open,
            total.overdue,
            total.due_soon,
            total.escalated,
        )
        differing += known.then != known.now
    assert differing


def test_a_moment_without_history_or_of_the_future_is_answered_in_words(engine: Engine, tiny: District) -> None:
    assert made(engine, tiny, NOON).said_to(Question("q", "room", NOON - 1)) == PastAnswer(error="nothing")
    entries = arrived(lives(1, cases=20))
    take_in(engine, tiny, entries, 100)
    worker = answerer(engine, tiny, LAST)
    first = min(at for _, at in entries if at)
    assert worker.said_to(Question("q", "room", first - 1)) == PastAnswer(error="nothing", first=first)
    assert worker.said_to(Question("q", "room", LAST + 1)).error == "future"
    waiting = worker.said_to(Question("q", "room", first + 5 * EVERY_MS))
    assert (waiting.error, waiting.share) == ("not_yet", 0.0)
    assert worker.said_to(Question("q", "span", first, first + DAY, 1)).error == "too_much"


def test_another_package_and_a_clock_that_was_set_back_make_the_boards_again(engine: Engine, tiny: District) -> None:
    take_in(engine, tiny, arrived(lives(2, cases=20)), 100)
    made(engine, tiny, LAST)
    with writing(engine) as connection:
        kept = connection.execute(select(past_tables.moments.c.at)).scalars().all()
        connection.execute(past_tables.moments.update().values(made_of="another"))
    assert len(kept) > 10 and all(at % EVERY_MS == 0 for at in kept)
    made(engine, tiny, LAST - 5 * DAY)
    with engine.connect() as connection:
        again = connection.execute(select(past_tables.moments.c.at, past_tables.moments.c.made_of)).all()
    assert {at for at, _ in again} == {at for at in kept if at <= LAST - 5 * DAY - 120_000}
    assert "another" not in {making for _, making in again}


def test_what_was_archived_is_named_and_what_came_after_is_as_it_was(
    engine: Engine, tiny: District, tmp_path: Path
) -> None:
    """SPLIT began in September, which is gone, and was open at the beginning of October."""
    archive_scene.months(engine, tiny)
    october = SEPTEMBER.span(tiny.zone)[1]
    moments = [october, october + 3 * DAY + HOUR, NOON - 5 * DAY]
    worker = made(engine, tiny, archive_scene.LATER)
    before = [worker.said_to(Question("q", "room", at)) for at in moments]
    assert "SPLIT" in state(before[0].parts)[0]
    keeper = archive_scene.keeper(engine, tiny, tmp_path / "archive")
    keeper.write(SEPTEMBER, archive_scene.LATER, archive_scene.LATER)
    keeper.remove(SEPTEMBER, archive_scene.LATER)
    worker = made(engine, tiny, archive_scene.LATER)
    after = [worker.said_to(Question("q", "room", at)) for at in moments]
    assert [state(answer.parts)[0] for answer in after] == [state(answer.parts)[0] for answer in before]
    assert worker.said_to(Question("q", "room", october - 1)) == PastAnswer(error="archived", first=october)

    with writing(engine) as connection:
        connection.execute(past_tables.moments.update().values(made_of="another package"))
    worker = made(engine, tiny, archive_scene.LATER)
    assert [worker.said_to(Question("q", "room", at)).error for at in moments] == ["unmade"] * 3
    with writing(engine) as connection:  # the package that was loaded by mistake goes, and what the other made is there
        connection.execute(past_tables.moments.update().values(made_of=PastReader(tiny).made_of))
    assert not made(engine, tiny, archive_scene.LATER).said_to(Question("q", "room", moments[0])).error
    with writing(engine) as connection:
        connection.execute(past_tables.moments.update().values(made_of="another package"))
    keeper.restore(SEPTEMBER, archive_scene.LATER)
    worker = made(engine, tiny, archive_scene.LATER)
    again = [worker.said_to(Question("q", "room", at)) for at in (october - 1, *moments)]
    assert [state(answer.parts)[0] for answer in again[1:]] == [state(answer.parts)[0] for answer in before]


def test_the_room_of_the_demos_own_history(sqlite_engine: Engine, tmp_path: Path, fresh: Callable[[], Engine]) -> None:
    """A day and a half of the simulated case system: thousands of cases, whistles, late telephone slips, patrols."""
    generate(tmp_path / "district")
    district = load(tmp_path / "district")
    told = [
        (entry, int(entry[0].partition("-")[0])) for entry in CaseSystem(district, 1).history(LAST - 3 * DAY // 2, LAST)
    ]
    take_in(sqlite_engine, district, told, 1000)
    worker = made(sqlite_engine, district, LAST)
    for at in random_moments(random.Random(1), sqlite_engine, 2):
        answer = worker.said_to(Question("q", "room", at))
        assert_is(state(answer.parts), folded(sqlite_engine, fresh(), district, at), sqlite_engine, at)


def pdf_text(data: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_review_tells_both_views_the_major_cases_and_what_came_late(
    sqlite_engine: Engine, tiny: District, language: str
) -> None:
    take_in(sqlite_engine, tiny, arrived(lives(5, cases=60)), 100)
    worker = made(sqlite_engine, tiny, LAST)
    h, c = schema.history.c, case_tables.cases.c
    with sqlite_engine.connect() as connection:
        # A moment that lies between what a major case had come to and when that was told.
        major = select(c.case_id).where(c.severity <= 2)
        lates = select(h.time, h.received_at, h.subject).where(h.received_at - h.time > HOUR, h.subject.in_(major))
        time, received, case_id = connection.execute(lates).first()
    at = min((time + received) // 2, time + 20 * HOUR)
    name, data = review_paper(sqlite_engine, tiny, LAST, WantedReview(at, 24, language), "宋涛")
    text = pdf_text(data)
    told = datetime.fromtimestamp(at / 1000, tiny.zone)
    assert name == f"review-{tiny.code}-{told:%Y-%m-%dT%H%M%S}.pdf"
    assert f"{told:%Y-%m-%d %H:%M:%S}" in " ".join(text.split()) and "宋涛" in text
    known = worker.said_to(Question("q", "room", at)).known
    assert known is not None
    for view in (known.then, known.now):
        assert f"{view.open:,}" in text and f"{view.intake:,}" in text
    assert any(late.case_id in text for late in known.late)
    assert case_id in text
    assert ("当时所知" in text) == (language == "zh-CN")
    with pytest.raises(OperationError, match="历史从" if language == "zh-CN" else "The history begins at"):
        review_paper(sqlite_engine, tiny, LAST, WantedReview(NOON - 300 * DAY, 4, language), "宋涛")


def test_alarms_stand_as_they_stood_and_leave_the_list(engine: Engine, tiny: District) -> None:
    take_in(engine, tiny, arrived(lives(2, cases=30)), 100)
    at = NOON - 2 * DAY
    raised = Alarm("a-1", tiny.code, "source_stopped", 2, "check_source", at, at)
    taken = msgspec.structs.replace(raised, state="acknowledged", acked_at=at + HOUR // 2, acked_by="周敏")
    cleared = msgspec.structs.replace(taken, state="cleared", cleared_at=at + HOUR)
    steps = [(at, "raised", raised), (at + HOUR // 2, "acknowledged", taken), (at + HOUR, "cleared", cleared)]
    with writing(engine) as connection:
        write_lives(connection, [(when, what, "", "", alarm, encode_alarm(alarm)) for when, what, alarm in steps])
    worker = made(engine, tiny, LAST)

    def tile(moment: int) -> dict[str, Any]:
        found: dict[str, Any] = state(worker.said_to(Question("q", "room", moment)).parts)[1]["alarms"]
        return found

    assert tile(at - 1)["alarms"] == []
    assert (tile(at)["untaken"], tile(at)["n"], tile(at)["sound"]) == (1, 1, 2)
    assert (tile(at + 40 * 60_000)["untaken"], tile(at + 40 * 60_000)["n"]) == (0, 1)
    assert "周敏" not in json.dumps(tile(at + 40 * 60_000), ensure_ascii=False)
    assert tile(at + HOUR)["n"] == 0
    with engine.connect() as connection:
        reader = PastReader(tiny)
        assert reader.room_at(connection, at + 2 * HOUR).board.alarms.keys() == {"a-1"}
        assert reader.room_at(connection, at + 2 * DAY).board.alarms == {}


def test_what_was_refused_by_then_is_counted(engine: Engine, tiny: District) -> None:
    take_in(engine, tiny, arrived(lives(4, cases=60)), 1)
    worker, d = made(engine, tiny, LAST), schema.dead.c
    with engine.connect() as connection:
        times = connection.execute(select(d.at).order_by(d.at)).scalars().all()
    assert len(set(times)) > 5
    for n in (1, len(times) // 2, len(times)):
        at = times[n - 1]
        refused = state(worker.said_to(Question("q", "room", at)).parts)[1]["unknown"]["refused"]
        assert sum(refused.values()) == sum(time <= at for time in times)


def test_the_targets_are_those_that_were_in_force_then(sqlite_engine: Engine, tiny: District) -> None:
    take_in(sqlite_engine, tiny, arrived(lives(4, cases=10)), 1)
    with writing(sqlite_engine) as connection:
        for number, (at, target) in enumerate(((NOON - HOUR, "0.8"), (NOON, "0.7"), (NOON + DAY, "0.6")), 1):
            before = f"target_on_time = {'0.95' if number == 1 else '0.8'}\ntarget_grid = 0.5\n".encode()
            version = PackageVersion(
                number=number, at=at, effective_at=at, who="admin", name="", reason="试", act="change", undoes=None,
                part="policy", about="", changes=[], digest="",
            )  # fmt: skip
            package_store.add(connection, version, {"policy.toml": (before, f"target_on_time = {target}\n".encode())})
    worker = made(sqlite_engine, tiny, LAST)
    for at, target, grid in ((NOON - HOUR - 1, 0.95, 0.5), (NOON - HOUR, 0.8, 0.8), (NOON + HOUR, 0.7, 0.8)):
        found = state(worker.said_to(Question("q", "room", at)).parts)[1]
        assert (found["streets"]["target"], found["funnel"]["targets"][0]) == (target, grid)


def test_streets_and_units_have_the_names_that_they_had_then(sqlite_engine: Engine, tiny: District) -> None:
    told_at = NOON - 2 * HOUR
    dispatched = case("A1", status="dispatched", lead_unit="D1", reported_at=to_rfc3339(told_at))
    take_in(sqlite_engine, tiny, arrived([entry(dispatched, "case.reported", told_at)]), 1)
    streets = [("S1", "老街", "Old Street"), ("S2", "西街", "")]
    layer = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": code, "name": name, **({"name_en": en} if en else {})},
                "geometry": None,
            }
            for code, name, en in streets
        ],
    }
    now = json.dumps(layer).replace("Old Street", "East Street").encode()
    files = {
        "departments.csv": (
            "code,name,name_en\nD1,老局,\nD9,没了,Gone\n".encode(),
            b"code,name\nD1,x\n",
        ),
        "streets.geojson": (b"\xef\xbb\xbf" + json.dumps(layer).encode(), now),
    }
    with writing(sqlite_engine) as connection:
        version = PackageVersion(
            number=1,
            at=NOON,
            effective_at=NOON,
            who="admin",
            name="",
            reason="试",
            act="change",
            undoes=None,
            part="package",
            about="",
            changes=[],
            digest="",
        )
        package_store.add(connection, version, files)
    worker = made(sqlite_engine, tiny, LAST)
    assert state(worker.said_to(Question("q", "room", NOON - HOUR)).parts)[1]["names"] == {
        "streets": {"S1": ["老街", "Old Street"]},
        "units": {"D1": ["老局", "老局"], "D9": ["没了", "Gone"]},
    }
    assert state(worker.said_to(Question("q", "room", NOON + HOUR)).parts)[1]["names"]["streets"] == {
        "S1": ["老街", "East Street"]
    }
    reader = CaseReader(sqlite_engine, tiny)
    told = [reader.past("A1", NOON - HOUR), reader.past("A1", NOON - HOUR, english=True), reader.view("A1", NOON)]
    assert [(view.area.split(" · ")[0], view.unit) for view in told if view is not None] == [
        ("老街", "老局"),
        ("Old Street", "老局"),
        ("东街", "市政中心"),
    ]


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/data is not beside the project")
def test_the_room_of_a_real_file(sqlite_engine: Engine, tmp_path: Path, fresh: Callable[[], Engine]) -> None:
    """Forty days of Boston's cases of 2026, each entry received when it happened."""
    file = CASES / "boston311_2026_opened_before_2026-07-20.csv.gz"
    found = plan(file, plan(file).first_ms + 40 * DAY)
    district = load(write_package(found, BOUNDARIES, tmp_path / "district"))
    told = [((f"{at}-{number}", fields), at) for number, (at, fields) in enumerate(found.entries())]
    take_in(sqlite_engine, district, told, 500)
    last = told[-1][1] + HOUR
    worker, rng = made(sqlite_engine, district, last), random.Random(2)
    shown = 0
    for at in [told[rng.randrange(len(told))][1] + rng.choice([0, 1, 7 * HOUR]) for _ in range(3)]:
        answer = worker.said_to(Question("q", "room", min(at, last)))
        board = folded(sqlite_engine, fresh(), district, min(at, last))
        assert_is(state(answer.parts), board, sqlite_engine, min(at, last))
        shown += len(board.rows)
    assert shown > 100


def test_a_memory_of_few_ended_cases_gives_the_same_boards(
    engine: Engine, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(engine, tiny, arrived(lives(6, cases=80)), 100)
    made(engine, tiny, LAST)
    with engine.connect() as connection:
        whole = connection.execute(select(past_tables.moments.c.at, past_tables.moments.c.body)).all()
    monkeypatch.setattr(room, "REMEMBERED", 5)
    with writing(engine) as connection:
        connection.execute(past_tables.moments.delete())
    made(engine, tiny, LAST)
    with engine.connect() as connection:
        again = connection.execute(select(past_tables.moments.c.at, past_tables.moments.c.body)).all()

    def shown(kept: Any) -> list[Any]:
        boards = [(at, unpack(body)) for at, body in sorted(kept)]
        return [
            (at, sorted(b.rows, key=repr), sorted(b.counts, key=repr), b.solved, sorted(b.tallies)) for at, b in boards
        ]

    assert shown(again) == shown(whole)


def test_patrols_are_where_they_were_heard_of_and_nowhere_after_a_while(engine: Engine, tiny: District) -> None:
    """Their positions stand in the history alone: purged after seven days there is no room that still has them."""
    at = NOON - 2 * DAY
    told = [
        entry({"unit_id": "U1", "at": to_rfc3339(at + k * 60_000), **middle(k % 4, 0)}, "unit.moved", at + k * 60_000)
        for k in range(5)
    ]
    take_in(engine, tiny, arrived([entry(case("A1"), at=at - HOUR), *told]), 1)
    worker = made(engine, tiny, LAST)

    def places(moment: int) -> list[Any]:
        units = state(worker.said_to(Question("q", "room", moment)).parts)[1]["units"]
        return [(unit["unit_id"], round(unit["lon"], 4)) for unit in units]

    assert places(at - 1) == []
    assert places(at + 150_000) == [("U1", round(middle(2, 0)["lon"], 4))]
    assert places(at + 20 * 60_000) == [("U1", round(middle(0, 0)["lon"], 4))]
    assert places(at + HOUR) == []
    answer = worker.said_to(Question("q", "span", at - 1, at + 10 * 60_000, 60_000))
    shown = moved(state(worker.said_to(Question("q", "room", at - 1)).parts), answer.parts)
    assert [unit["unit_id"] for unit in shown[1]["units"]] == ["U1"]
    with engine.connect() as connection:
        assert not any(
            b"U1" in zlib.decompress(body) for (body,) in connection.execute(select(past_tables.moments.c.body))
        )


def test_a_late_word_of_a_sensitive_case_that_has_ended_names_no_class(engine: Engine, tiny: District) -> None:
    """The class map says that it is sensitive: what its publisher calls it must not leave."""
    secret = {"category": {"scheme": "demo", "kind": "event", "major": "01", "minor": "02", "name": "刑满释放人员"}}
    mapped = dataclasses.replace(tiny, class_map={**tiny.class_map, ("", "demo", "event", "01", "02"): "10"})
    body = {**secret, "domain": ..., **middle(0, 0)}
    opened = entry(case("SECRET", **body, reported_at=to_rfc3339(NOON - 5 * HOUR)), at=NOON - 5 * HOUR)
    closed = entry(
        case("SECRET", 2, "closed", **body, closed_at=to_rfc3339(NOON - 4 * HOUR)), "case.closed", NOON - 4 * HOUR
    )
    take_in(engine, mapped, arrived([opened]), 1)
    take_in(engine, mapped, [((f"{NOON}-9", closed), NOON)], 1)
    known = answerer(engine, mapped, LAST).said_to(Question("q", "room", NOON - HOUR)).known
    assert known is not None and known.n == 1
    assert (known.late[0].case_id, known.late[0].domain, known.late[0].class_name) == ("SECRET", "10", "")
    assert known.late[0].street == "S1"


def test_more_than_can_be_read_is_counted_and_now_is_left_open(
    engine: Engine, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(engine, tiny, arrived(lives(5, cases=60)), 100)
    h = schema.history.c
    with engine.connect() as connection:
        lates = connection.execute(select(h.time, h.received_at).where(h.received_at - h.time > HOUR)).all()
    worker = made(engine, tiny, LAST)
    counts = {at: worker.said_to(Question("q", "room", at)).known for at in [(a + b) // 2 for a, b in lates]}
    at, known = max(counts.items(), key=lambda item: item[1].n if item[1] else 0)
    assert known is not None and known.n > 1 and known.now is not None
    monkeypatch.setattr(answering, "MOST_LATE", 1)
    cut = answerer(engine, tiny, LAST).said_to(Question("q", "room", at)).known
    assert cut is not None and (cut.n, cut.now, len(cut.late)) == (known.n, None, 1)


def test_one_room_that_cannot_be_made_ends_nothing(
    engine: Engine, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(engine, tiny, arrived(lives(2, cases=20)), 100)
    worker = made(engine, tiny, LAST)

    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(worker, "_at", breaks)
        assert worker.said_to(Question("q", "room", NOON)).error == "broken"
    assert worker.said_to(Question("q", "room", NOON)).error == ""
