"""The maker of the benches' histories and the projector give the same roll-ups."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from bench.drawn import entries
from bench.histories import fill
from services.district.load import load
from services.district.package import District
from services.indicators.case_counts import NAMES
from services.operations.simulator.generate import generate
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.reference import all_rows, dump, rollups_recounted
from tests.stores import fresh_engine
from tests.tiny import NOON


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> District:
    folder = tmp_path_factory.mktemp("district")
    generate(folder)
    return load(folder)


@pytest.mark.parametrize("cases", [8_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_a_history_made_set_wise_has_the_roll_ups_that_the_projector_gives(
    sqlite_engine: Engine, district: District, tmp_path: Path, cases: int
) -> None:
    drawn = fill(sqlite_engine, district, cases, NOON)
    other = fresh_engine(tmp_path / "projected.db")
    ingest = Ingest(other, district, Sealer(""))
    told = list(entries(drawn))
    for start in range(0, len(told), 2_000):
        outcome = ingest.apply(told[start : start + 2_000], NOON)
        assert outcome.refused == []
    made, projected = (dump(engine, "rollups", "rollups_later") for engine in (sqlite_engine, other))
    other.dispose()
    assert made["rollups"] == projected["rollups"]
    assert made["rollups_later"] == projected["rollups_later"]
    totals = [sum(row[5 + m] for row in made["rollups"]) for m in range(len(NAMES))]
    assert all(totals), "every measure is drawn"
    assert {row[-1] > 0 for row in made["rollups_later"]} == {True, False}


def test_on_either_database_the_roll_ups_are_those_of_the_rows(engine: Engine, district: District) -> None:
    fill(engine, district, 3_000, NOON, seed=2)
    assert dump(engine, "rollups", "rollups_later") == rollups_recounted(engine, district)
    rows = all_rows(engine)
    assert {row.status for row in rows} >= {"suspended", "voided", "closed", "forced_closed", "not_filed", "reported"}
    assert any(row.is_open for row in rows) and any(row.merged for row in rows)
