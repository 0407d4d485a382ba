"""The store on both databases: any order and any number of repeats give one result; rebuilding gives it again."""

import importlib
import random
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, and_, select, text

from services.board.state import Board
from services.cases import reader
from services.cases import tables as case_tables
from services.contract.entry import entry_key
from services.district.package import District
from services.indicators.case_counts import NAMES
from services.indicators.cells import LIVE_CUTS
from services.indicators.store import live_cells
from services.platform.clock import to_rfc3339
from services.platform.errors import WrongDistrict
from services.platform.metadata import metadata
from services.platform.migrate import is_current
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from services.projector.outbox.delta import decode_delta
from services.projector.store.write import open_feed, read_feed
from tests.reference import dump, life, outbox_after, rollups_recounted
from tests.stores import fresh_engine
from tests.tiny import NOON, case, entry, middle, numbered

ROOT = Path(__file__).parents[3]


def take_in(engine: Engine, district: District, entries: list, sizes: list[int]) -> None:
    ingest = Ingest(engine, district, Sealer(""))
    at = 0
    while at < len(entries):
        size = sizes[at % len(sizes)]
        ingest.apply(entries[at : at + size], NOON)
        at += size


def test_a_store_made_by_migrations_is_the_metadata(engine: Engine) -> None:
    for path in sorted((ROOT / "services").rglob("tables.py")):  # each adds its tables when it is imported
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert is_current(engine)
    with engine.connect() as connection:
        # The index of the search is no table that both databases have (services.search.tables), nor are partitions.
        own = ("search_index", "history_")
        options = {"include_name": lambda name, kind, _parents: kind != "table" or not name.startswith(own)}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert [d for d in differences if "comment" not in str(d)] == []


def test_open_and_suspended_cases_are_found_by_an_index_of_theirs(sqlite_engine: Engine) -> None:
    c = case_tables.cases.c
    for condition, index in (
        (c.is_open, "cases_open"),
        (and_(c.is_open, c.suspended), "cases_suspended"),
        (and_(c.is_open, c.handle_deadline_at > 5), "cases_open"),
    ):
        query = select(c.version).where(condition).compile(sqlite_engine, compile_kwargs={"literal_binds": True})
        with sqlite_engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
        assert index in str(plan)


def test_any_order_and_repeats_give_one_result(engine: Engine, tiny: District, tmp_path: Path) -> None:
    entries = numbered(life(1))
    shuffled = [*entries, *entries[::3]]
    random.Random(2).shuffle(shuffled)
    take_in(engine, tiny, shuffled, [7, 1, 60])
    straight = fresh_engine(tmp_path / "straight.db")
    take_in(straight, tiny, entries, [50])
    assert dump(engine) == dump(straight)
    assert dump(engine, "rollups", "rollups_later") == rollups_recounted(engine, tiny)
    straight.dispose()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5), data=st.data())
def test_folding_is_the_same_however_it_is_shuffled_and_cut(
    seed: int, sizes: list[int], data: st.DataObject, tiny: District, tmp_path_factory: pytest.TempPathFactory
) -> None:
    entries = numbered(life(seed, cases=6, events=40))
    order = data.draw(st.permutations(range(len(entries))))
    folder = tmp_path_factory.mktemp("fold")
    dumps = []
    for name, chosen, cut in (("a", range(len(entries)), [13]), ("b", order, sizes)):
        engine = fresh_engine(folder / f"{name}.db")
        take_in(engine, tiny, [entries[i] for i in chosen], cut)
        dumps.append(dump(engine))
        assert dump(engine, "rollups", "rollups_later") == rollups_recounted(engine, tiny)
        engine.dispose()
    assert dumps[0] == dumps[1]


def test_rebuilding_gives_what_was_there(engine: Engine, tiny: District) -> None:
    take_in(engine, tiny, numbered(life(3)), [50])
    before = dump(engine)
    rebuild(engine, Ingest(engine, tiny, Sealer("")), NOON, lambda _text: None)
    assert dump(engine) == before


def test_state_before_and_deltas_are_state_after(engine: Engine, tiny: District) -> None:
    """The live board that follows the outbox equals one that loads afresh, at every revision."""
    ingest = Ingest(engine, tiny, Sealer(""))
    followed = Board(tiny)
    followed.load([], [], NOON)
    entries = numbered(life(4))
    for start in range(0, len(entries), 37):
        batch = entries[start : start + 37]
        ingest.apply(batch, NOON, batch[-1][0])
        with engine.connect() as connection:
            for revision, payload in outbox_after(connection, followed.revision):
                followed.apply(revision, decode_delta(payload), NOON)
            fresh = Board(tiny)
            fresh.load(list(reader.open_cases(connection)), live_cells(connection, sorted(LIVE_CUTS), 0), NOON)
            feed = read_feed(connection)
        assert feed is not None
        assert followed.revision == feed.revision
        assert followed.rows == fresh.rows
        assert followed.lights == fresh.lights
        assert followed.total() == fresh.total()
        assert {d: c for d, c in followed.counts.items() if c} == fresh.counts


def test_a_void_a_merge_and_a_reopening_correct_the_past(engine: Engine, tiny: District) -> None:
    day = to_rfc3339(NOON - 86_400_000)
    closed = {"status": "closed", "filed_at": day, "closed_at": day, "reported_at": day, "deadline_at": day}
    take_in(engine, tiny, numbered([entry(case(name, **closed)) for name in ("A", "B", "C", "D")]), [9])

    def of(measure: str) -> int:
        return sum(r[5 + NAMES.index(measure)] for r in dump(engine)["rollups"] if r[0] == "class")

    assert (of("intake"), of("closed"), of("closed_on_time")) == (4, 4, 4)
    take_in(engine, tiny, numbered([entry(case("A", 2, "voided", reported_at=day))], NOON + 5), [9])
    assert (of("intake"), of("closed"), of("closed_on_time")) == (3, 3, 3)
    take_in(engine, tiny, numbered([entry(case("B", 2, merged_into="C", **closed))], NOON + 6), [9])
    assert (of("intake"), of("closed")) == (2, 2)
    reopened = {"status": "handling", "filed_at": day, "reported_at": day, "deadline_at": day, "reopened_at": day}
    take_in(engine, tiny, numbered([entry(case("C", 2, **reopened))], NOON + 7), [9])
    assert (of("intake"), of("closed"), of("should_close")) == (2, 1, 2)
    take_in(engine, tiny, numbered([entry(case("B", 3, **closed))], NOON + 8), [9])  # split again
    assert (of("intake"), of("closed")) == (3, 2)


def test_every_accepted_entry_is_kept_and_positions_are_thinned(engine: Engine, tiny: District) -> None:
    unit = {"unit_id": "U1", **middle(0, 0)}
    moves = [entry({**unit, "at": to_rfc3339(NOON + i * 1000)}, "unit.moved", NOON + i * 1000) for i in range(31)]
    take_in(engine, tiny, numbered(moves), [10])
    history = dump(engine, "history")["history"]
    assert [row[2] - NOON for row in history] == [0, 10_000, 20_000, 30_000]
    thing = next(row for row in dump(engine)["things"] if row[0] == "unit")
    assert thing[2] == NOON + 30_000


def test_the_reporter_is_sealed_or_not_kept(engine: Engine, tiny: District) -> None:
    from cryptography.fernet import Fernet

    key = Fernet.generate_key().decode()
    secret = {"reporter": {"name": "张三丰", "phone": "13812345678"}}
    Ingest(engine, tiny, Sealer("")).apply(numbered([entry(case("A", **secret))]), NOON)
    Ingest(engine, tiny, Sealer(key)).apply(numbered([entry(case("B", **secret))], NOON + 1), NOON)
    bad = entry({"case_id": "C", "version": 0, **secret, "description": "打 13812345678 找张三丰"}, "case.reported")
    Ingest(engine, tiny, Sealer(key)).apply(numbered([bad], NOON + 2), NOON)
    with engine.connect() as connection:
        for name in metadata.tables:
            for row in connection.execute(text(f"SELECT * FROM {name}")):
                told = " ".join(map(_text, row))
                assert "13812345678" not in told
                assert "张三丰" not in told or name == "dead"
        sealed = dict(connection.execute(text("SELECT subject, sealed FROM history")).all())
    assert sealed["A"] is None
    assert b"13812345678" in Sealer(key).open(bytes(sealed["B"]))


def _text(value: object) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)


def test_a_store_belongs_to_one_district(engine: Engine, tiny: District) -> None:
    Ingest(engine, tiny, Sealer(""))
    with engine.begin() as connection, pytest.raises(WrongDistrict, match="give each district a database"):
        open_feed(connection, "another")


def test_revisions_are_dense_and_a_repeat_publishes_nothing(engine: Engine, tiny: District) -> None:
    ingest = Ingest(engine, tiny, Sealer(""))
    entries = numbered([entry(case(f"C{i}")) for i in range(5)])
    for one in entries:
        ingest.apply([one], NOON, one[0])
    assert ingest.apply(entries, NOON, entries[-1][0]).revision == 0
    with engine.connect() as connection:
        assert [revision for revision, _ in outbox_after(connection, 0)] == [1, 2, 3, 4, 5]
        feed = read_feed(connection)
    assert feed is not None
    assert feed.processed == 5
    assert entry_key(feed.position) == entry_key(entries[-1][0])
