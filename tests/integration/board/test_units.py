"""Units and whistles from the stream's entries to what a panel is told, through the store."""

from sqlalchemy import Engine

from services.board.readers.case import CaseReader
from services.board.readers.units import UnitReader
from services.board.state import Board
from services.district.package import District
from services.platform.clock import SetClock, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.outbox.delta import decode_delta
from tests.reference import outbox_after
from tests.tiny import NOON, case, entry, middle, numbered

MINUTE = 60_000


def test_the_nearest_unit_is_told_from_the_newest_positions_that_came_in(sqlite_engine: Engine, tiny: District) -> None:
    def moved(unit_id: str, column: int, ms: int, **more: str) -> dict[bytes, bytes]:
        body = {"unit_id": unit_id, "at": to_rfc3339(NOON + ms), **middle(column, 0), "kind": "car", **more}
        return entry(body, "unit.moved", NOON + ms, source="/units", subject=unit_id)

    told = [
        entry(case("A1", status="handling", level="street", filed_at=to_rfc3339(NOON))),
        moved("U1", 0, 0, street="S1", group="东街大队"),
        moved("U2", 1, 0, street="S1", group="东街大队"),
        moved("U1", 3, 9000, street="S1", group="东街大队"),
        moved("U3", 0, 9000, street="S1", status="off"),
    ]
    Ingest(sqlite_engine, tiny, Sealer("")).apply(numbered(told), NOON + 9000)
    board = Board(tiny)
    with sqlite_engine.connect() as connection:
        for revision, payload in outbox_after(connection, 0):
            board.apply(revision, decode_delta(payload), NOON + 9000)
    off_the_loop: list[str] = []

    def offload(work):
        off_the_loop.append("once")
        return work()

    units = UnitReader(tiny, lambda: board, SetClock(NOON + 9000), offload=offload, real_now=lambda: NOON + 9000)
    found = units.near("A1", "S1", 3)
    assert [(u["unit_id"], u["freshness"], u["is_by_road"]) for u in found] == [
        ("U2", "fresh", False),
        ("U1", "fresh", False),
    ]
    assert off_the_loop == ["once"]
    (nameless, brigade) = units.brigades("S1")
    assert (brigade["group"], brigade["free"], nameless["off"]) == ("东街大队", ["U1", "U2"], ["U3"])


def test_a_panel_is_told_what_became_of_a_whistle(sqlite_engine: Engine, tiny: District) -> None:
    whistle = {
        "at": to_rfc3339(NOON),
        "reason_code": "needs_departments",
        "units": [{"unit": "D1", "answered_at": to_rfc3339(NOON + 12 * MINUTE)}, {"unit": "D2"}],
    }
    state = case("A1", 2, "handling", level="street", lead_unit="D1", filed_at=to_rfc3339(NOON), whistles=[whistle])
    Ingest(sqlite_engine, tiny, Sealer("")).apply(numbered([entry(state, "case.whistled")]), NOON)
    view = CaseReader(sqlite_engine, tiny).view("A1", NOON + 20 * MINUTE)
    assert view is not None
    (blown,) = view.joint
    assert [(u.unit, u.state, u.answered_in, u.minutes_left) for u in blown.units] == [
        ("D1", "answered", 12, None),
        ("D2", "waiting", None, 10),
    ]
    assert (blown.lead_unit, blown.reason_code, blown.ended_at) == ("D1", "needs_departments", None)
