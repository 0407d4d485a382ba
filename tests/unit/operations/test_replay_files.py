"""What a replay sends equals what pandas counts on the file: open, closed, overdue, by area, unit and channel.

The counting here knows the files only through pandas and small tables of its own, not through
services.operations.replay.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

from services.contract.case import Case
from services.contract.codes import ENDED_STATUSES
from services.contract.parse import Event, parse
from services.district.load import load
from services.district.place import Placer
from services.operations.replay.counting import Tally
from services.operations.replay.districts import write_package
from services.operations.replay.plan import ReplayPlan, plan
from services.platform.clock import to_ms

DATA = Path(__file__).parents[3].parent / "shared/data/real"
CASES, BOUNDARIES = DATA / "cases", DATA / "boundaries"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/data is not beside the project")

BOSTON_UNITS = {
    "Public Works Department (PWD)": "PWD", "PWDx": "PWD", "Parks & Recreation": "PARKS", "PARK": "PARKS",
    "Animal Care & Control": "ANIMAL", "ANML": "ANIMAL", "Boston 311": "B311", "INFO": "B311", "GEN_": "GEN",
    "Boston Transportation Department (BTD)": "BTD", "BTDT": "BTD", "City of Boston Property Management": "PROP",
    "Cable & Broadband": "CABLE", "Boston Police Department (BPD)": "BPD", "BPD_": "BPD", "DND_": "MOH",
    "Boston Public Health Commission (BPHC)": "BPHC", "MBTA (Mass Bay Transit Authority)": "MBTA", "BHA_": "BHA",
    "Boston Fire Department (BFD)": "BFD", "Eversource": "EVERSOURCE", "Mass DCR": "DCR",
    "Mayor's Office of Housing (MOH)": "MOH",
}  # fmt: skip
CHANNELS = {
    "BOS311": "APP", "Call": "H12345", "Constituent Call": "H12345", "Employee Generated": "DEPT", "Email": "MEDIA",
    "Citizens Connect App": "APP", "City Worker App": "GRID", "Self Service": "MEDIA", "Twitter": "MEDIA",
    "Maximo Integration": "DEPT", "Mobile/Open311": "APP", "Phone": "H12345", "Web": "MEDIA",
    "Integrated Agency": "DEPT", "@坪山": "APP", "美丽深圳": "APP", "12345": "H12345", "12319": "SZCG",
    "政府信箱": "MEDIA", "固话投诉": "H12345",
}  # fmt: skip
NEVER = pd.Timestamp("2262-01-01", tz="UTC")  # of a case with no due date, or no closing time
ONE_NAME_FOR_TWO = {"Greater Mattapan": "Mattapan", "Downtown / Financial District": "Downtown"}


def _csv(name: str) -> pd.DataFrame:
    return pd.read_csv(CASES / name, dtype=str, keep_default_na=False)


def _local(column: pd.Series, zone: str, form: str = "ISO8601") -> pd.Series:
    naive = pd.to_datetime(column.where(column != ""), format=form)
    first = pd.Series(True, index=column.index).to_numpy()
    return naive.dt.tz_localize(zone, ambiguous=first, nonexistent=pd.Timedelta("1h")).dt.tz_convert("UTC")


@cache
def _boston_areas() -> dict[str, tuple[str, shapely.Geometry]]:
    found = json.loads(gzip.decompress((BOUNDARIES / "boston_neighborhoods.geojson.gz").read_bytes()))
    return {
        f["properties"]["name"]: (f["properties"]["neighborhood_id"], shapely.make_valid(shape(f["geometry"])))
        for f in found["features"]
    }


def _boston_area(names: pd.Series, lon: pd.Series, lat: pd.Series) -> pd.Series:
    """The code of the name; else of the first polygon by code that holds the point; «outside» more than 5 km off."""
    areas = _boston_areas()
    code = names.str.strip().replace(ONE_NAME_FOR_TWO).map({name: code for name, (code, _) in areas.items()})
    x, y = pd.to_numeric(lon, errors="coerce"), pd.to_numeric(lat, errors="coerce")
    todo = code.isna() & x.notna()
    for area, polygon in sorted(areas.values(), key=lambda pair: pair[0], reverse=True):
        inside = shapely.intersects_xy(polygon, x[todo], y[todo])
        code.loc[x[todo].index[inside]] = area
    scale = [82_300, 111_320]  # metres in a degree at 42.3° north
    city = shapely.transform(shapely.union_all([polygon for _, polygon in areas.values()]), lambda xy: xy * scale)
    lost = code.isna() & x.notna()
    metres = shapely.distance(shapely.points(x[lost] * scale[0], y[lost] * scale[1]), city)
    far = pd.Series(False, index=code.index)
    far.loc[lost] = metres > 5_000
    return code.mask(far, "outside").fillna("")


def _boston(name: str, columns: dict[str, str]) -> pd.DataFrame:
    d = _csv(name).rename(columns=columns)
    d = d[d.opened != ""]
    return pd.DataFrame(
        {
            "opened": _local(d.opened, "America/New_York"),
            "closed": _local(d.closed, "America/New_York"),
            "due": _local(d.due, "America/New_York"),
            "ended": d.case_status == "Closed",
            "area": _boston_area(d.neighborhood, d.longitude, d.latitude),
            "unit": d.unit.replace(BOSTON_UNITS),
            "channel": d.source.map(CHANNELS),
        }
    )


def _boston_2026(name: str) -> pd.DataFrame:
    return _boston(
        name,
        {
            "open_date": "opened",
            "close_date": "closed",
            "target_close_date": "due",
            "assigned_department": "unit",
            "report_source": "source",
        },
    )


def _boston_2013(name: str) -> pd.DataFrame:
    return _boston(name, {"open_dt": "opened", "closed_dt": "closed", "sla_target_dt": "due", "department": "unit"})


def _open311(name: str) -> pd.DataFrame:
    d = _csv(name)
    ended = d.status == "closed"
    return pd.DataFrame(
        {
            "opened": pd.to_datetime(d.requested_datetime, utc=True),
            "closed": pd.to_datetime(d.updated_datetime, utc=True).where(ended),
            "due": NEVER,
            "ended": ended,
            "area": _boston_area(pd.Series("", index=d.index), d.long, d.lat),
            "unit": "",
            "channel": "APP",
        }
    )


def _pingshan(name: str) -> pd.DataFrame:
    d = _csv(name)
    return pd.DataFrame({
        "opened": _local(d.CREATE_TIME, "Asia/Shanghai"), "closed": NEVER, "due": NEVER,
        "ended": (d.INTIME_ARCHIVE_NUM == "1") | (d.OVERTIME_ARCHIVE_NUM == "1"),
        "verdict": (d.INTIME_ARCHIVE_NUM == "1").astype(int).where(
            (d.INTIME_ARCHIVE_NUM == "1") | (d.OVERTIME_ARCHIVE_NUM == "1")
        ),
        "area": d.STREET_ID.where(d.STREET_NAME != "-", ""), "unit": d.DISPOSE_UNIT_ID.replace("-", ""),
        "channel": d.EVENT_SRC_NAME.map(CHANNELS),
    })  # fmt: skip


def _san_francisco(name: str) -> pd.DataFrame:
    d = _csv(name)
    form = "%m/%d/%Y %I:%M:%S %p"
    return pd.DataFrame(
        {
            "opened": _local(d.Opened, "America/Los_Angeles", form),
            "closed": _local(d.Closed, "America/Los_Angeles", form),
            "due": NEVER,
            "ended": d.Status == "Closed",
            "area": d["Supervisor District"],
            "channel": d.Source.map(CHANNELS),
            "unit": d["Responsible Agency"].str.lower().str.replace(r"[^a-z0-9]+", "-", regex=True).str.strip("-"),
        }
    )


@dataclass(frozen=True)
class File:
    """A file, how pandas reads it, and what is known of it: unusable rows, cases outside, two moments."""

    name: str
    read: Callable[[str], pd.DataFrame]
    unusable: int
    outside: int
    moments: tuple[str, ...]


FILES = (
    File(
        "boston311_2026_opened_before_2026-07-20.csv.gz",
        _boston_2026,
        108,
        2,
        ("2026-07-10T12:00:00-04:00", "2026-08-01T00:00:00-04:00", "2026-11-23T00:00:00-05:00"),
    ),
    # The second moment stands in the hour that Boston's clocks showed twice.
    File(
        "boston311_2013-2017_3reasons.csv.gz",
        _boston_2013,
        0,
        1,
        ("2015-03-08T03:00:00-04:00", "2016-11-06T01:30:00-05:00", "2018-06-01T00:00:00-04:00"),
    ),
    File("boston_open311_2017.csv.gz", _open311, 0, 6, ("2017-02-20T12:00:00-05:00", "2020-01-01T00:00:00-05:00")),
    File(
        "pingshan_2018_before_2018-11-01.csv.gz",
        _pingshan,
        0,
        0,
        ("2018-08-15T12:00:00+08:00", "2018-11-01T00:00:00+08:00"),
    ),
    File("sf311_sample_A.csv.gz", _san_francisco, 0, 0, ("2018-12-31T12:00:00-08:00", "2021-07-01T00:00:00-07:00")),
)
# One moment of each file at every run, the others at length.
WHEN = [
    pytest.param(f, m, id=f"{f.name[:14]}@{m[:10]}", marks=[pytest.mark.slow] if m != f.moments[0] else [])
    for f in FILES
    for m in f.moments
]

Figures = dict[str, tuple[int, int, int]]


@cache
def _table(file: File) -> pd.DataFrame:
    return file.read(file.name)


@cache
def _whole(file: File) -> ReplayPlan:
    return plan(CASES / file.name)


def _pandas_figures(table: pd.DataFrame, moment: pd.Timestamp, by: str) -> Figures:
    known = table[(table.opened <= moment) & (table.area != "outside")]
    closed = known.ended & (known.closed.isna() | (known.closed == NEVER) | (known.closed <= moment))
    overdue = ~closed & (known.due <= moment)  # a deadline that is this very moment has come, as on the wall
    sums = pd.DataFrame({by: known[by], "open": ~closed, "overdue": overdue, "closed": closed}).groupby(by).sum()
    return {str(k): (int(o), int(v), int(c)) for k, o, v, c in sums.itertuples()}


def _fold(todo: ReplayPlan, placer: Placer, now_ms: int) -> tuple[dict[str, Case], set[str], dict[str, str]]:
    """The highest version of each case; those refused as outside; the streets of those placed by position."""
    cases: dict[str, Case] = {}
    for number, (_, fields) in enumerate(todo.entries()):
        event = parse(f"{number}-0", fields, now_ms)
        assert isinstance(event, Event), event
        assert {*event.flags} <= {"closed_before_reported"} and not event.unknown_fields, event
        case = event.body
        assert isinstance(case, Case)
        if case.case_id not in cases or case.version > cases[case.case_id].version:
            cases[case.case_id] = case
    floating = [c for c in cases.values() if not c.street and c.lon is not None]
    points = [(c.lon or 0.0, c.lat or 0.0) for c in floating]
    streets = {c.case_id: found[0] for c, found in zip(floating, placer.find(points), strict=True)}
    lost = [(c.case_id, p) for c, p in zip(floating, points, strict=True) if not streets[c.case_id]]
    outs = placer.is_outside([p for _, p in lost])
    far = {case_id for (case_id, _), out in zip(lost, outs, strict=True) if out}
    return {k: c for k, c in cases.items() if k not in far}, far, streets


def _folded_figures(cases: dict[str, Case], now_ms: int, key: Callable[[Case], str]) -> Figures:
    figures: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for case in cases.values():
        is_open = case.status not in ENDED_STATUSES
        overdue = is_open and case.deadline_at is not None and to_ms(case.deadline_at) <= now_ms
        for slot, one in enumerate((is_open, overdue, not is_open)):
            figures[key(case)][slot] += one
    return {k: (o, v, c) for k, (o, v, c) in figures.items()}


def _as_figures(tallies: dict[str, Tally]) -> Figures:
    return {k: (t.open, t.overdue, t.closed) for k, t in tallies.items()}


@pytest.fixture(scope="module")
def placer_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ReplayPlan], Placer]:
    made: dict[str, Placer] = {}

    def make(todo: ReplayPlan) -> Placer:
        code = todo.form.name
        if code not in made:
            made[code] = Placer(load(write_package(todo, BOUNDARIES, tmp_path_factory.mktemp(code))))
        return made[code]

    return make


@pytest.mark.parametrize(("file", "moment"), WHEN)
def test_a_replay_until_a_moment_equals_what_pandas_counts(
    file: File, moment: str, placer_of: Callable[[ReplayPlan], Placer]
) -> None:
    when = pd.Timestamp(moment)
    now_ms = to_ms(when.to_pydatetime())
    todo = plan(CASES / file.name, until_ms=now_ms)
    placer = placer_of(todo)
    cases, far, streets = _fold(todo, placer, now_ms)
    counts = todo.counts(placer)
    assert set(counts.outside) == far
    table = _table(file)
    for by, key, counted in (
        ("area", lambda c: c.street or streets.get(c.case_id, ""), counts.by_street),
        ("unit", lambda c: c.lead_unit or "", counts.by_unit),
        ("channel", lambda c: str(c.channel), counts.by_channel),
    ):
        expected = _pandas_figures(table, when, by)
        assert _folded_figures(cases, now_ms, key) == expected
        assert _as_figures(counted) == expected
    total = _pandas_figures(table.assign(all="all"), when, "all")["all"]
    assert (counts.total.open, counts.total.overdue, counts.total.closed) == total


@pytest.mark.parametrize("file", FILES, ids=[f.name[:14] for f in FILES])
def test_every_row_is_a_case_or_is_named_with_its_reason(file: File, placer_of: Callable[[ReplayPlan], Placer]) -> None:
    todo = _whole(file)
    raw = _csv(file.name)
    assert len(todo.cases) + len(todo.unusable) == len(raw)
    assert len(todo.unusable) == file.unusable
    assert all(u.reason and raw.iloc[u.row - 2].get("open_date") == "" for u in todo.unusable)
    assert len(todo.counts(placer_of(todo)).outside) == file.outside
    times = [time_ms for time_ms, _, _ in todo.moments]
    assert times == sorted(times)
    assert todo.stands_at_ms == times[-1]


def test_what_has_no_due_date_is_never_overdue_and_brings_no_verdict() -> None:
    todo = _whole(FILES[1])
    without = [c for c in todo.cases if c.deadline_at is None]
    assert len(without) == 12_338
    assert {c.on_time for c in without} == {None}
    # Beside a due date the verdict of a closed case is the dates' own; that of an open one is not taken.
    for c in todo.cases:
        if c.deadline_at is not None:
            assert c.on_time == (c.closed_at <= c.deadline_at if c.closed_at else None)


def test_pingshan_tells_in_time_or_late_without_a_closing_time() -> None:
    todo = _whole(FILES[3])
    verdicts = pd.Series([c.on_time for c in todo.cases], dtype=object).value_counts(dropna=False)
    assert verdicts.to_dict() == {True: 6_236, False: 714, None: 2}
    assert all(c.closed_at is None and c.deadline_at is None for c in todo.cases)


@pytest.mark.parametrize(
    ("file", "streets", "drawn", "communities"),
    [(FILES[0], 26, 26, 0), (FILES[1], 26, 26, 0), (FILES[3], 6, 0, 23), (FILES[4], 11, 11, 0)],
    ids=["boston-2026", "boston-2013", "pingshan", "sf"],
)
def test_the_package_of_a_file_loads_and_knows_its_areas_and_units(
    file: File, streets: int, drawn: int, communities: int, tmp_path: Path
) -> None:
    todo = _whole(file)
    district = load(write_package(todo, BOUNDARIES, tmp_path))
    assert len(district.streets) == streets
    assert sum(s.geometry is not None for s in district.streets.values()) == drawn
    assert len(district.communities) == communities
    assert {c.street for c in todo.cases} - {""} <= set(district.streets)
    assert {c.community for c in todo.cases} - {""} <= set(district.communities)
    assert {c.unit for c in todo.cases} - {""} <= set(district.units)
