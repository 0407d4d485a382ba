"""Which form a case file has: told by what it holds, asked for where that does not tell, or described by a mapping."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.operations.replay.formats import form_named
from services.operations.replay.mapping import read_mapping
from services.operations.replay.plan import plan
from services.operations.replay.source import ReplayError

GEOREPORT = (
    "service_request_id,status,status_notes,service_name,service_code,agency_responsible,requested_datetime,"
    "updated_datetime,address,lat,long\n"
)
CHICAGO = GEOREPORT + (
    "14-1,closed,done,Pothole in Street,4fd3,CDOT,2014-05-09T19:02:21-05:00,2014-06-10T10:15:40-05:00,1 W,"
    "41.7467,-87.6536\n"
    "14-2,open,,Pothole in Street,4fd3,,2014-05-10T19:02:21-05:00,2014-05-10T19:02:21-05:00,2 W,41.7567,-87.6636\n"
)
MAPPING = """\
name = "chicago-311"

[city]
code = "chicago"
name = "芝加哥"
name_en = "Chicago"
time_zone = "America/Chicago"

[columns]
case_id = "service_request_id"
reported_at = "requested_datetime"
closed_at = "updated_datetime"
status = "status"
unit = "agency_responsible"
lon = "long"
lat = "lat"
title = "service_name"
major = "service_code"
address = "address"

[status]
open = "dispatched"
closed = "closed"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "requests.csv").write_text(CHICAGO, "utf-8")
    return tmp_path / "requests.csv"


def mapping(folder: Path, text: str = MAPPING) -> Path:
    (folder / "map.toml").write_text(text, "utf-8")
    return folder / "map.toml"


def test_requests_of_another_city_are_not_bostons(file: Path) -> None:
    with pytest.raises(
        ReplayError, match=r"do not lie in Boston: describe the form with --mapping FILE, or say --form"
    ):
        plan(file)
    assert len(plan(file, told=form_named("boston-open311"))) == 5


def test_requests_that_lie_in_boston_are_bostons(tmp_path: Path) -> None:
    moved = CHICAGO.replace("41.7467,-87.6536", "42.34,-71.14").replace("41.7567,-87.6636", "42.35,-71.06")
    (tmp_path / "x.csv").write_text(moved, "utf-8")
    assert plan(tmp_path / "x.csv").form.name == "boston-open311"
    (tmp_path / "none.csv").write_text(moved.replace("42.34,-71.14", ",").replace("42.35,-71.06", ","), "utf-8")
    with pytest.raises(ReplayError, match="do not lie in Boston"):
        plan(tmp_path / "none.csv")


def test_a_form_that_is_not_known_or_lacks_columns_is_named(file: Path) -> None:
    with pytest.raises(ReplayError, match="'chicago' is no known form: forms are boston-2026"):
        form_named("chicago")
    with pytest.raises(ReplayError, match="as sf-311 it lacks the columns Address, CaseID"):
        plan(file, told=form_named("sf-311"))


def test_a_file_that_is_like_no_form_is_not_called_like_one(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("unique_key,created_date,status,latitude,longitude,source\n1,2,3,4,5,6\n", "utf-8")
    with pytest.raises(ReplayError, match="nor like one of them: describe it with --mapping FILE"):
        plan(tmp_path / "x.csv")


def test_a_mapping_makes_cases_without_code(file: Path) -> None:
    found = plan(file, told=read_mapping(mapping(file.parent)))
    assert (found.form.name, found.form.city.code, found.form.source) == (
        "chicago-311",
        "chicago",
        "/replay/chicago-311",
    )
    first, second = found.cases
    assert (first.case_id, first.ended, first.unit, first.domain) == ("14-1", True, "CDOT", "04")
    assert first.reported_at == datetime(2014, 5, 10, 0, 2, 21, tzinfo=UTC)
    assert first.closed_at == datetime(2014, 6, 10, 15, 15, 40, tzinfo=UTC)
    assert (second.state, second.ended, second.undispatched, second.closed_at) == ("dispatched", False, True, None)
    assert (second.lon, second.lat) == (-87.6636, 41.7567)


def test_words_that_the_mapping_does_not_know_are_remarked_on(file: Path) -> None:
    file.write_text(CHICAGO.replace(",open,", ",pending,"), "utf-8")
    assert plan(file, told=read_mapping(mapping(file.parent))).remarks == {
        "status 'pending' is not in the mapping: dispatched": 1
    }


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "chicago-311"', "", "name is missing"), ('"chicago-311"', '"a/b"', "not letters"),
        ('code = "chicago"', "", "city.code is missing"),
        ("[status]", "[statuses]", r"statuses is unknown.*\[status\]"),
        ('status = "status"', "", "columns.status is missing"), ("unit =", "units =", "columns.units is unknown"),
        ('open = "dispatched"', 'open = "pending"', "'open' is 'pending'"), ('unit = "ag', 'unit = 5 #"ag', "is 5"),
        ("America/Chicago", "Mars/North", "no time zone"), ("[city]", "[city", "is no TOML"),
        ('open = "dispatched"', 'open = ["x"]', "'open' is"), ("[columns]", "[[columns]]", r"\[columns\] is missing"),
    ],
)  # fmt: skip
def test_a_mapping_with_a_fault_is_refused_by_its_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ReplayError, match=says):
        read_mapping(mapping(tmp_path, MAPPING.replace(old, new, 1)))


def test_a_mapping_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")
