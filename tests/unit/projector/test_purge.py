"""Unit positions are kept 7 days, and everything else for ever."""

from sqlalchemy import Engine

from services.district.package import District
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.store.purge import UNITS_KEPT_MS, purge
from tests.reference import dump
from tests.tiny import NOON, case, entry, middle, numbered


def test_only_unit_positions_older_than_seven_days_go(sqlite_engine: Engine, tiny: District) -> None:
    ingest = Ingest(sqlite_engine, tiny, Sealer(""))
    old = NOON - UNITS_KEPT_MS - 1000

    def moved(unit: str, at: int) -> dict[bytes, bytes]:
        return entry({"unit_id": unit, "at": to_rfc3339(at), **middle(0, 0)}, "unit.moved", at)

    ingest.apply(numbered([moved("gone", old), moved("here", old), entry(case("A"), at=old)], old), NOON)
    ingest.apply(numbered([moved("here", NOON)]), NOON)
    assert purge(sqlite_engine, NOON) == 3
    kept = [(row[3], row[6]) for row in dump(sqlite_engine, "history")["history"]]
    assert sorted(kept) == [("case.reported", "A"), ("unit.moved", "")]
    assert [row[1] for row in dump(sqlite_engine)["things"] if row[0] == "unit"] == ["here"]
    assert purge(sqlite_engine, NOON) == 0
