"""The years before the demo's days: figures and cases agree, it is made once, and a stop half way changes nothing."""

import pytest
from sqlalchemy import Engine

from services.district.package import District
from services.operations.simulator.older import write_older
from services.operations.simulator.play import days_of
from services.platform.clock import DAY_MS
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.lives import lives
from tests.reference import all_rows, dump, rollups_recounted
from tests.tiny import NOON, numbered

DAYS, EVENT_DAYS = 70, 20


def scene(engine: Engine, district: District) -> None:
    ingest = Ingest(engine, district, Sealer(""))
    entries = numbered(lives(3, cases=120, rubbish=False))
    for start in range(0, len(entries), 200):
        ingest.apply(entries[start : start + 200], NOON)


def older(engine: Engine, district: District, stops: int | None = None) -> int | None:
    """``stops``: after so many looks."""
    looks = iter(range(10_000))
    return write_older(
        engine,
        district,
        NOON,
        days=DAYS,
        event_days=EVENT_DAYS,
        progress=lambda _: None,
        stop=lambda: stops is not None and next(looks) >= stops,
    )


def test_every_figure_is_of_the_cases_and_the_weeks_are_earlier_weeks(engine: Engine, tiny: District) -> None:
    scene(engine, tiny)
    before = {row.case_id: row for row in all_rows(engine)}
    written = older(engine, tiny)
    rows = all_rows(engine)
    made = [row for row in rows if row.case_id not in before]
    assert written == len(made) > 20
    assert {row.case_id: row for row in rows if row.case_id in before} == before
    assert dump(engine, "rollups", "rollups_later") == rollups_recounted(engine, tiny)
    assert not any(row.is_open for row in made)
    assert all(NOON - DAYS * DAY_MS <= row.reported_at < NOON - (EVENT_DAYS - 14) * DAY_MS for row in made)
    moments = {(row.reported_at - NOON) % (7 * DAY_MS) for row in before.values()}
    assert all((row.reported_at - NOON) % (7 * DAY_MS) in moments for row in made)
    marked = {row[2] for row in dump(engine, "case_marks")["case_marks"]}
    assert {row.case_id for row in made} & marked and {row.case_id for row in before.values()} & marked
    spans = {(row.class_key, row.closed_at - row.reported_at) for row in before.values() if row.closed_at}
    assert all((row.class_key, row.closed_at - row.reported_at) in spans for row in made if row.closed_at)


def test_it_is_made_once_and_stopped_half_way_it_goes_on(engine: Engine, tiny: District) -> None:
    scene(engine, tiny)
    assert older(engine, tiny, stops=2) is None
    half = len(all_rows(engine))
    assert older(engine, tiny) is not None
    whole = dump(engine, "cases", "rollups", "rollups_later", "case_marks")
    assert len(all_rows(engine)) > half
    assert older(engine, tiny) == 0
    assert dump(engine, "cases", "rollups", "rollups_later", "case_marks") == whole


@pytest.mark.parametrize("text", ["", "d", "0d", "-3d", "4.5d", "１０d", "9999d", "year"])
def test_what_is_no_number_of_days_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no history: write a number of days"):
        days_of(text)
    assert days_of("400d") == 400
