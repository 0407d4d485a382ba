"""The live board over a real store: what followed the outbox equals what is loaded afresh, at every revision."""

import dataclasses
from datetime import date
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import redis
from sqlalchemy import Engine, delete

from services.board.comparison_reader import compared
from services.board.follower import KINDS, Follower
from services.board.state import Board
from services.board.tile_types import AgainstDay
from services.board.tiles import street_rows, tiles
from services.district.package import District
from services.indicators.figures_reader import Days, figures
from services.platform.clock import DAY_MS, SetClock, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild
from services.projector.gap import Gap
from services.projector.ingest import Ingest
from services.projector.store import tables as schema
from services.projector.store.write import read_feed
from tests.lives import lives
from tests.reference import all_rows, life
from tests.tiny import NOON, entry, middle, numbered


def follower(engine: Engine, district: District, clock: SetClock) -> tuple[Follower, list[set[str] | None]]:
    """A follower that has loaded, and what it said had changed since. Its Redis is not there: the store is enough."""
    told: list[set[str] | None] = []
    found = Follower(engine, redis.Redis(port=1), district, clock, told.append)
    found.load()
    told.clear()
    return found, told


def state(board: Board) -> dict[str, Any]:
    return {
        "revision": board.revision, "last_entry": board.last_entry, "rows": board.rows, "lights": board.lights,
        "counts": {day: counts for day, counts in board.counts.items() if counts}, "solved": board.solved,
        "things": {k: (t.version, t.entry, bytes(t.body)) for k, t in board.things.items() if k[0] in KINDS},
        "tallies": board.tallies, "total": board.total(), "escalated": board.escalated,
        "gap": (board.lost, board.lost_at, board.emptied_at), "streets": street_rows(board),
        "tiles": msgspec.structs.asdict(tiles(board, {})),
    }  # fmt: skip


def others(number: int) -> list[dict[bytes, bytes]]:
    """A heartbeat, a camera, a notice, a unit's position 11 s after the one before."""
    at = to_rfc3339(NOON + number * 11_000)
    return [
        entry({"at": at, "interval_s": 10}, "source.heartbeat", source=f"/s{number % 3}"),
        entry({"camera_id": "K1", "version": number + 1, **middle(0, 0)}, "camera.changed"),
        entry({"notice_id": f"N{number % 2}", "title": "通知", "at": at}, "notice.published"),
        entry({"unit_id": "U1", "at": at, **middle(1, 0)}, "unit.moved"),
    ]


def test_state_before_and_deltas_are_state_after(engine: Engine, tiny: District) -> None:
    """With cases, things, refusals and the clock moving on meanwhile."""
    clock = SetClock(NOON)
    ingest = Ingest(engine, tiny, Sealer(""))
    followed, _ = follower(engine, tiny, clock)
    raw = life(7, events=250)
    for number in range(10):
        raw[number * 25 : number * 25] = others(number)
    entries = numbered(raw)
    for start in range(0, len(entries), 41):
        batch = entries[start : start + 41]
        ingest.apply(batch, clock.ms, batch[-1][0])
        clock.ms += 3_600_000
        followed.sync()
        followed.tick()
        fresh, _ = follower(engine, tiny, clock)
        a, b = state(followed.board), state(fresh.board)
        assert {k: (a["tiles"][k], b["tiles"][k]) for k in a["tiles"] if a["tiles"][k] != b["tiles"][k]} == {}
        assert a == b


@pytest.mark.parametrize("seed", range(4))
def test_the_board_shows_what_the_figures_say(sqlite_engine: Engine, tiny: District, seed: int) -> None:
    """As the clock goes on: lights turn, suspensions end by themselves, deadlines come."""
    clock = SetClock(NOON)
    ingest = Ingest(sqlite_engine, tiny, Sealer(""))
    entries = numbered(lives(seed, cases=150))
    ingest.apply(entries, NOON, entries[-1][0])
    followed, _ = follower(sqlite_engine, tiny, clock)
    checked = 0
    for _ in range(12):
        today = tiny.day_of(clock.ms)
        days = Days(today, tiny.day_after(today))
        with sqlite_engine.connect() as connection:
            found = figures(connection, tiny, ["close_rate", "on_time_close_rate"], days, clock.ms, by=["street"])
        told = {code: (a.n, round(a.numerator), round(b.numerator)) for (code,), (a, b) in found.items() if a.n}
        shown = {
            row["code"]: (row["should_close"], row["closed"], row["closed_on_time"])
            for row in street_rows(followed.board)
            if row["should_close"]
        }
        assert shown == told
        checked += sum(n for n, _, _ in told.values())
        clock.ms += 59 * 60_000 + 17
        followed.tick()
    assert checked > 20


def test_the_wall_stands_beside_the_same_weekday_to_the_minute_and_a_holiday_beside_nothing(
    sqlite_engine: Engine, tiny: District
) -> None:
    ingest = Ingest(sqlite_engine, tiny, Sealer(""))
    entries = numbered(lives(5, cases=150))
    ingest.apply(entries, NOON, entries[-1][0])
    with sqlite_engine.connect() as connection:
        found = compared(connection, tiny, NOON)
    rows = [row for row in all_rows(sqlite_engine) if row.status != "voided" and not row.merged]
    start = tiny.day_start_ms(20261116)
    assert found["against"] == [20261116, 1, ""], "Monday beside Monday"
    reported = [row.reported_at for row in rows if start <= row.reported_at < start + DAY_MS]
    assert found["reported"] == sum(at < start + DAY_MS // 2 for at in reported) > 0
    assert found["hours"] == [sum(tiny.hour_of(at) == hour for at in reported) for hour in range(24)]
    board = Board(tiny)
    board.load(rows, [], NOON)
    shown = tiles(board, found)
    assert (shown.today.against, shown.hours.before) == (AgainstDay(*found["against"]), found["hours"])
    holiday = dataclasses.replace(tiny, holidays={date(2026, 11, 23): False})
    with sqlite_engine.connect() as connection:
        none = compared(connection, holiday, NOON)
    assert none == {"against": [0, 0, "holiday"]}
    assert tiles(board, none).today.before.reported is None


def test_a_rebuild_is_followed_by_reading_everything_again(engine: Engine, tiny: District) -> None:
    clock = SetClock(NOON)
    ingest = Ingest(engine, tiny, Sealer(""))
    followed, told = follower(engine, tiny, clock)
    entries = numbered(life(8, events=60))
    ingest.apply(entries, NOON, entries[-1][0])
    followed.sync()
    before = state(followed.board)
    rebuild(engine, ingest, NOON, lambda _text: None)
    followed.sync()
    assert told[-1] is None
    assert state(followed.board) == before | {"revision": before["revision"] + 1}


def test_an_outbox_cut_behind_us_is_noticed(engine: Engine, tiny: District) -> None:
    clock = SetClock(NOON)
    ingest = Ingest(engine, tiny, Sealer(""))
    followed, told = follower(engine, tiny, clock)
    for one in numbered(life(9, events=20)):
        ingest.apply([one], NOON, one[0])
    with engine.begin() as connection:
        connection.execute(delete(schema.outbox).where(schema.outbox.c.revision < 10))
    followed.sync()
    fresh, _ = follower(engine, tiny, clock)
    assert told == [None]
    assert state(followed.board) == state(fresh.board)


def test_a_gap_and_an_emptied_stream_are_on_the_board(engine: Engine, tiny: District) -> None:
    ingest = Ingest(engine, tiny, Sealer(""))
    followed, _ = follower(engine, tiny, SetClock(NOON))
    ingest.note_gap(Gap(7, "9-0", 7, False), 0, NOON)
    ingest.note_gap(Gap(0, "0-0", 0, True), 1, NOON + 1)
    assert ingest.note_gap(Gap(7, "9-0", 7, False), 1, NOON) == 0  # something was committed since it was measured
    followed.sync()
    assert (followed.board.lost, followed.board.lost_at, followed.board.emptied_at) == (7, NOON, NOON + 1)
    with engine.connect() as connection:
        feed = read_feed(connection)
    assert feed is not None
    assert (feed.position, feed.processed, feed.lost, feed.revision) == ("0-0", 0, 7, 2)


def test_a_thinned_position_moves_on_the_board_and_not_in_the_store(engine: Engine, tiny: District) -> None:
    """A unit is drawn where it is; what is kept is one position in ten seconds."""
    ingest = Ingest(engine, tiny, Sealer(""))
    followed, _ = follower(engine, tiny, SetClock(NOON))
    for second in (0, 3):
        at = to_rfc3339(NOON + second * 1000)
        moved = entry({"unit_id": "U1", "at": at, **middle(second, 0)}, "unit.moved")
        ingest.apply([(f"{NOON + second}-0", moved)], NOON, f"{NOON + second}-0")
    followed.sync()
    fresh, _ = follower(engine, tiny, SetClock(NOON))
    assert followed.board.things["unit", "U1"].version == NOON + 3000
    assert fresh.board.things["unit", "U1"].version == NOON


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_streets_and_the_unplaced_add_up_to_the_district(engine: Engine, tiny: District, seed: int) -> None:
    entries = numbered(life(seed, events=120))
    Ingest(engine, tiny, Sealer("")).apply(entries, NOON, entries[-1][0])
    loaded, _ = follower(engine, tiny, SetClock(NOON))
    rows, total = street_rows(loaded.board), loaded.board.total()
    for name in ("open", "overdue", "due_soon"):
        assert sum(row[name] for row in rows) == getattr(total, name)


def test_what_the_watched_areas_hold_is_read_at_its_own_pace(
    sqlite_engine: Engine, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the comparison's with the day before: every 30 s, and the comparison every 20."""
    now, read = [0.0], []
    monkeypatch.setattr("services.board.follower.time.monotonic", lambda: now[0])
    Ingest(sqlite_engine, tiny, Sealer(""))
    followed, _ = follower(sqlite_engine, tiny, SetClock(NOON))
    monkeypatch.setattr(followed, "_areas", SimpleNamespace(areas=["one"]))
    monkeypatch.setattr(followed, "_read_watch", lambda: read.append(now[0]) or [])
    for second in range(0, 100, 5):
        now[0] = float(second)
        followed.sync()
    assert read == [0.0, 30.0, 60.0, 90.0]
