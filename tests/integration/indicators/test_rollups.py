"""The roll-ups say what the definition says: any events, any order, any window, any heading, on both databases."""

import dataclasses
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.district.package import District
from services.indicators.case_counts import MEASURES
from services.indicators.definitions import INDICATORS
from services.indicators.figure import figure
from services.indicators.figures_reader import Days, Scope, cases_behind, figures, window_of
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from tests.lives import lives
from tests.reference import all_rows, dump, rollups_recounted, totals_of
from tests.seeds import seeds
from tests.stores import fresh_engine
from tests.tiny import NOON, numbered

DAY = 86_400_000
TODAY = date(2026, 11, 23)


def day(back: int) -> int:
    found = TODAY - timedelta(days=back)
    return found.year * 10_000 + found.month * 100 + found.day


def take_in(engine: Engine, district: District, entries: list[tuple[str, dict[bytes, bytes]]], size: int) -> None:
    ingest = Ingest(engine, district, Sealer(""))
    for start in range(0, len(entries), size):
        batch = entries[start : start + size]
        ingest.apply(batch, NOON, batch[-1][0])


@pytest.mark.parametrize("seed", seeds(3, 6))
def test_figures_equal_the_definition_over_the_cases(engine: Engine, tiny: District, seed: int) -> None:
    """Half of the time with a counting day that begins at six in the morning."""
    rng = random.Random(seed)
    tiny = dataclasses.replace(tiny, day_cut_hour=6 * (seed % 2))
    entries = numbered(lives(seed, cases=60))
    take_in(engine, tiny, entries, rng.choice([7, 50, 400]))
    rows = all_rows(engine)
    assert dump(engine, "rollups", "rollups_later") == rollups_recounted(engine, tiny)
    spans = [Days(day(rng.randrange(0, 12)), day(-1)) for _ in range(6)]
    spans += [Days(day(b), day(b - rng.randrange(1, 5))) for b in (rng.randrange(2, 12) for _ in range(10))]
    scopes = [Scope(), Scope(street="S1"), Scope(street="S2", community="C3"), Scope(grid="G00"), Scope(unit="D1"),
              Scope(channel="H12345"), Scope(street="S1", domain="04"), Scope(level="district")]  # fmt: skip
    checked = 0
    with engine.connect() as connection:
        for span in spans:
            for scope in scopes:
                window = window_of(tiny, span, NOON)
                matching = [row for row in rows if _matches(row, scope)]
                expected = totals_of(matching, MEASURES, window)
                found = figures(connection, tiny, list(INDICATORS), span, NOON, scope=scope)
                assert found[()] == [figure(i, expected, window) for i in INDICATORS.values()], (span, scope)
                checked += any(expected.values())
    assert checked > len(spans)


def _matches(row: object, scope: Scope) -> bool:
    columns = {"unit": "lead_unit", "level": "highest_level"}
    return all(getattr(row, columns.get(name, name)) == code for name, code in scope.named.items())


@pytest.mark.parametrize("by", ["street", "community", "grid", "unit", "channel", "level", "domain"])
def test_groups_add_up_to_the_whole(engine: Engine, tiny: District, by: str) -> None:
    take_in(engine, tiny, numbered(lives(3, cases=60)), 100)
    with engine.connect() as connection:
        span = Days(day(9), day(-1))
        parts = figures(connection, tiny, list(INDICATORS), span, NOON, by=[by])
        (whole,) = figures(connection, tiny, list(INDICATORS), span, NOON).values()
    for i, total in enumerate(whole):
        assert sum(of_group[i].n for of_group in parts.values()) == total.n
        assert sum(of_group[i].numerator for of_group in parts.values()) == pytest.approx(total.numerator)


def test_each_day_of_a_series_is_a_window_of_its_own(engine: Engine, tiny: District) -> None:
    take_in(engine, tiny, numbered(lives(3, cases=60)), 100)
    with engine.connect() as connection:
        series = figures(connection, tiny, list(INDICATORS), Days(day(9), day(-1)), NOON, by=["day"])
        for back in range(10):
            (alone,) = figures(connection, tiny, list(INDICATORS), Days(day(back), day(back - 1)), NOON).values()
            if (day(back),) in series:
                assert series[day(back),] == alone
            else:
                assert not any(f.n for f in alone)
    assert len(series) > 5


def test_found_against_solved_is_a_table_of_channel_and_level(engine: Engine, tiny: District) -> None:
    take_in(engine, tiny, numbered(lives(4, cases=60)), 100)
    rows = [row for row in all_rows(engine) if row.closed_at is not None and row.status != "voided" and not row.merged]
    span = Days(day(12), day(-1))
    window = window_of(tiny, span, NOON)
    with engine.connect() as connection:
        found = figures(connection, tiny, ["closed"], span, NOON, by=["channel", "level"])
    cells = {group: f.n for group, (f,) in found.items() if f.n}
    assert cells
    for (channel, level), n in cells.items():
        assert n == sum(r.channel == channel and r.highest_level == level and window.has(r.closed_at) for r in rows)


@pytest.mark.parametrize("seed", seeds(2, 4))
def test_any_order_and_any_repeat_give_the_same_read_model(
    sqlite_engine: Engine, tiny: District, seed: int, tmp_path: Path
) -> None:

    rng = random.Random(seed)
    entries = numbered(lives(seed, cases=25, rubbish=False))
    take_in(sqlite_engine, tiny, entries, 40)
    shuffled = [*entries, *rng.sample(entries, len(entries) // 4)]
    rng.shuffle(shuffled)
    other = fresh_engine(tmp_path / "other.db")
    ingest = Ingest(other, tiny, Sealer(""))
    for start in range(0, len(shuffled), 33):
        ingest.apply(shuffled[start : start + 33], NOON)
    names = ("cases", "rollups", "rollups_later", "case_marks", "tallies")
    assert dump(other, *names) == dump(sqlite_engine, *names)
    rebuild(other, Ingest(other, tiny, Sealer("")), NOON, lambda _: None)
    assert dump(other, *names) == dump(sqlite_engine, *names)


def test_a_merge_counts_once_and_a_split_restores_every_figure(sqlite_engine: Engine, tiny: District) -> None:
    from tests.tiny import case, entry

    at = to_rfc3339(NOON - DAY)
    closed: dict[str, object] = {"filed_at": at, "closed_at": at, "deadline_at": to_rfc3339(NOON)}
    steps = [
        entry(case("A", 1, "closed", **closed), "case.closed", NOON - 9),
        entry(case("B", 1, "closed", **closed), "case.closed", NOON - 8),
    ]
    take_in(sqlite_engine, tiny, numbered(steps), 10)
    names = ("rollups", "rollups_later")
    before = dump(sqlite_engine, *names)
    merged = entry(case("B", 2, "closed", merged_into="A", **closed), "case.merged", NOON - 7)
    take_in(sqlite_engine, tiny, numbered([merged], NOON + 10), 10)
    with sqlite_engine.connect() as connection:
        ((only,),) = figures(connection, tiny, ["on_time_close_rate"], Days(day(1), day(0)), NOON).values()
    assert (only.n, only.numerator) == (1, 1)
    split = entry(case("B", 3, "closed", **closed), "case.split", NOON - 6)
    take_in(sqlite_engine, tiny, numbered([split], NOON + 20), 10)
    assert dump(sqlite_engine, *names) == before


@pytest.mark.parametrize("name", list(INDICATORS))
def test_the_cases_behind_a_figure_are_all_that_it_counts(engine: Engine, tiny: District, name: str) -> None:
    take_in(engine, tiny, numbered(lives(5, cases=80)), 100)
    span = Days(day(9), day(-1))
    window = window_of(tiny, span, NOON)
    with engine.connect() as connection:
        ((whole,),) = figures(connection, tiny, [name], span, NOON).values()
        everything = list(cases_behind(connection, tiny, name, window))
        short = list(cases_behind(connection, tiny, name, window, limit=10_000))
    for found in (everything, short):
        assert sum(v.numerator for _, v in found) == pytest.approx(whole.numerator)
        assert sum(v.denominator for _, v in found) == pytest.approx(whole.n)
    assert all(v.counts for _, v in short)
