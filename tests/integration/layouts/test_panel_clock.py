"""What a panel says of a deadline at night: hours have passed and no office time has; the case is over all the same."""

import json

import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import Engine

from dashboard.layouts.case_panel import panel
from dashboard.layouts.desk_panel import desk_panel
from dashboard.texts import texts
from services.access.rights import Person
from services.board.readers.case import CaseReader
from services.district.package import District
from services.platform.clock import HOUR_MS, MINUTE_MS, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.tiny import NOON, case, entry, numbered

EVENING = NOON + 6 * HOUR_MS  # 18:00: past the end of the office's day


@pytest.mark.parametrize(("minutes", "over"), [(-1, False), (0, True), (5 * 60, True)])
def test_a_case_that_is_over_by_no_office_time_is_said_to_be_over(
    sqlite_engine: Engine, tiny: District, minutes: int, over: bool
) -> None:
    clock = {
        "what": "close",
        "started_at": to_rfc3339(NOON - 3 * HOUR_MS),
        "deadline_at": to_rfc3339(EVENING),
        "limit": {"value": 1, "unit": "WD"},
    }
    state = case("A1", 1, "dispatched", clocks=[clock])
    Ingest(sqlite_engine, tiny, Sealer("")).apply(numbered([entry(state, "case.dispatched")]), NOON)
    now, words = EVENING + minutes * MINUTE_MS, texts("zh-CN")
    view = CaseReader(sqlite_engine, tiny).view("A1", now)
    assert view is not None
    assert (view.left_unit, view.is_over) == ("WD", over)
    asking = Person("duty", "周敏", "duty_officer")
    for shown in (desk_panel(view, words, tiny.zone, now, asking), panel(view, words, tiny.zone)):
        said = json.dumps(shown, cls=PlotlyJSONEncoder, ensure_ascii=False)
        assert ("超 " in said or "超期 " in said) == over, said
        assert ("余 " in said) != over, said
