"""A district package: every fault is listed with its file, its feature and a remedy, and then nothing is loaded."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.district.load import PackageError, load
from tests.tiny import features, square, write_tiny_district


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tiny_district(tmp_path)
    return tmp_path


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text, "utf-8") and None


def delete(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def head(line: str, instead_of: str = "time_zone") -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "district.toml"
        kept = [found for found in path.read_text("utf-8").splitlines() if not found.startswith(f"{instead_of} =")]
        path.write_text("\n".join([*kept, line]), "utf-8")

    return change


def street(geometry: Any, code: str = "S1", **properties: Any) -> Callable[[Path], None]:
    """The streets' file with its first street changed."""

    def change(folder: Path) -> None:
        path = folder / "streets.geojson"
        found = json.loads(path.read_text("utf-8"))
        found["features"][0]["geometry"] = geometry
        found["features"][0]["properties"] |= {"code": code, **properties}
        path.write_text(json.dumps(found, ensure_ascii=False), "utf-8")

    return change


def first_feature(feature: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "streets.geojson"
        found = json.loads(path.read_text("utf-8"))
        found["features"].append(feature)
        path.write_text(json.dumps(found, ensure_ascii=False), "utf-8")

    return change


BOWTIE = {"type": "Polygon", "coordinates": [[[118, 31], [119, 32], [119, 31], [118, 32], [118, 31]]]}
CLASSES = "scheme,kind,major,minor,name,condition,value,unit,domain\n"
MAP = "source,scheme,kind,major,minor,domain\n"
UNITS = "code,name,name_en\n"
SHIFTS = "from,until,shift,name,role,seat\n2026-01-01T08:00Z,2026-01-01T20:00Z,白,甲,leader,\n"


def raw(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def table_fault(name: str, text: str, line: int, problem: str, remedy: str) -> tuple[Any, str, str, str, str]:
    return write(name, text), name, f"line {line}", problem, remedy


FAULTS: dict[str, tuple[Callable[[Path], None], str, str, str, str]] = {
    # name: (what is done to a good package, file, feature, what the problem names, what the remedy names)
    "no head": (delete("district.toml"), "district.toml", "", "is missing", "Add the file"),
    "no streets": (delete("streets.geojson"), "streets.geojson", "", "is missing", "Add the file"),
    "head is no TOML": (write("district.toml", 'code = "x'), "district.toml", "", "is not TOML", "Mend the line"),
    "no code": (head("", "code"), "district.toml", "code", "is missing", 'code = "…"'),
    "no name": (head("", "name"), "district.toml", "name", "is missing", 'name = "…"'),
    "a code that is a path": (head('code = "../x"', "code"), "district.toml", "code", "../x", "names files"),
    "a code that is a list": (head('code = ["x"]', "code"), "district.toml", "code", "code is", "text"),
    "a head's name of two lines": (head('name = "a\\nb"', "name"), "district.toml", "name", "in one line", "one line"),
    "TOML too deep": (write("policy.toml", "a = " + "[" * 100_000), "policy.toml", "", "is not TOML", "Mend"),
    "a folder in a file's place": (
        lambda folder: (folder / "people.csv").mkdir() and None, "people.csv", "", "is a folder", "Give the file",
    ),
    "a packed table": (
        raw("people.csv", b"\x1f\x8b\x08\x00damaged"), "people.csv", "", "gzip", "again",
    ),
    "no such zone": (head('time_zone = "Mars/North"'), "district.toml", "time_zone", "Mars/North", "Asia/Shanghai"),
    "a zone that is a path": (head('time_zone = "/etc"'), "district.toml", "time_zone", "/etc", "Asia/Shanghai"),
    "a cut at 24": (head("day_cut_hour = 24"), "district.toml", "day_cut_hour", "24", "from 0 to 23"),
    "a cut that is text": (head('day_cut_hour = "6"'), "district.toml", "day_cut_hour", "'6'", "whole number"),
    "a month of 31": (head("month_first_day = 31"), "district.toml", "month_first_day", "31", "from 1 to 28"),
    "sources that are none": (head("sources = 3"), "district.toml", "sources", "table", "/case-system"),
    "hours that are no table": (
        head('working_hours = 8'), "district.toml", "working_hours", "not a table", "morning",
    ),
    "a morning that ends before it begins": (
        head('[working_hours]\nmorning = ["12:00", "08:00"]'),
        "district.toml", "working_hours.morning", "12:00", "earlier first",
    ),
    "an afternoon that is no time": (
        head('[working_hours]\nafternoon = ["14:00", "25:00"]'),
        "district.toml", "working_hours.afternoon", "25:00", "two times",
    ),
    "hours that overlap": (
        head('[working_hours]\nmorning = ["08:00", "14:30"]\nafternoon = ["14:00", "18:00"]'),
        "district.toml", "working_hours", "overlap", "before the other",
    ),
    "a week with an eighth day": (
        head('[working_hours]\nweek = [1, 8]'), "district.toml", "working_hours.week", "8", "Monday = 1",
    ),
    "a week without days": (
        head('[working_hours]\nweek = []'), "district.toml", "working_hours.week", "[]", "ISO weekdays",
    ),
    "a holiday that is no day": (
        write("holidays.csv", "date,kind\n2026-02-30,holiday\n"), "holidays.csv", "line 2", "2026-02-30", "yyyy-mm-dd",
    ),
    "a day of an unknown kind": (
        write("holidays.csv", "date,kind\n2026-02-03,off\n"), "holidays.csv", "line 2", "'off'", "workday",
    ),
    "a day of two kinds": (
        write("holidays.csv", "date,kind\n2026-02-03,holiday\n2026-02-03,workday\n"),
        "holidays.csv", "line 3", "a holiday and a workday", "Keep one",
    ),
    "not UTF-8": (
        lambda folder: (folder / "streets.geojson").write_bytes(b'{"features": ["\xb6\xab"]}') and None,
        "streets.geojson", "byte 15", "is not UTF-8", "UTF-8",
    ),
    "no JSON": (write("grids.geojson", '{\n"features": [,]}'), "grids.geojson", "line 2", "is not JSON", "Mend"),
    "JSON that is no collection": (write("grids.geojson", "[1]"), "grids.geojson", "", "FeatureCollection", ""),
    "features that are no list": (
        write("grids.geojson", '{"features": 5}'), "grids.geojson", "", "FeatureCollection", "",
    ),
    "a layer without features": (write("water.geojson", "{}"), "water.geojson", "", "FeatureCollection", ""),
    "a layer's feature that is none": (
        write("water.geojson", '{"features": [{}, 5]}'), "water.geojson", "1", "not a Feature", "Feature",
    ),
    "a layer's geometry that is none": (
        write("water.geojson", '{"features": [{"geometry": {"type": "Point"}}]}'),
        "water.geojson", "0", "no coordinates", "or null",
    ),
    "a watched area of no street": (
        write("watch_areas.geojson", '{"features": [5, {"properties": {"street": "S9"}, "geometry": null}]}'),
        "watch_areas.geojson", "1", "'S9' is unknown", "code of a street",
    ),
    "no street in it": (write("streets.geojson", features()), "streets.geojson", "", "no street", "at least one"),
    "a feature that is none": (first_feature(7), "streets.geojson", "2", "properties", "code, name"),
    "no properties": (first_feature({"type": "Feature"}), "streets.geojson", "2", "properties", "code, name"),
    "no code in it": (
        first_feature({"properties": {"name": "x"}, "geometry": None}), "streets.geojson", "2", "no code", "both",
    ),
    "a code twice": (street(None, code="S2"), "streets.geojson", "S2", "stands twice", "a code of its own"),
    "an unknown parent": (
        write("communities.geojson", features(("C1", "一", "S7", square(0, 0)))),
        "communities.geojson", "C1", "'S7'", "area that holds it",
    ),
    "a line": (
        street({"type": "LineString", "coordinates": [[118, 31], [119, 32]]}),
        "streets.geojson", "S1", "LineString", "Polygon",
    ),
    "a geometry that is none": (street({"type": "Polygon"}), "streets.geojson", "S1", "cannot be read", "or null"),
    "coordinates that are text": (
        street({"type": "Polygon", "coordinates": [[["a", "b"], ["c", "d"], ["e", "f"], ["a", "b"]]]}),
        "streets.geojson", "S1", "cannot be read", "or null",
    ),
    "a ring of two points": (
        street({"type": "Polygon", "coordinates": [[[118, 31], [119, 32]]]}), "streets.geojson", "S1", "", "",
    ),
    "a ring that crosses itself": (street(BOWTIE), "streets.geojson", "S1", "crosses itself", "make-valid"),
    "metres, not degrees": (
        street(square(5_000_000, 0)), "streets.geojson", "S1", "not in degrees", "WGS-84",
    ),
    "households that are text": (
        write("grids.geojson", features(("G", "格", "C1", square(0, 0))).replace("100", '"many"')),
        "grids.geojson", "G", "households", "number",
    ),
    "a table without a column": (
        write("departments.csv", "code,title\nD1,x\n"), "departments.csv", "header", "name", "Columns are",
    ),
    "an empty table": (write("departments.csv", ""), "departments.csv", "header", "code, name", "Columns are"),
    "a quote that never closes": table_fault(
        "departments.csv", UNITS + 'D1,"a,\nD2,b,\n', 2, "column name: a quote opens here and never closes", "twice",
    ),
    "a quote in a field": table_fault("people.csv", 'grid,role,name\nG00,lead,a"b\n', 2, "middle of a field", "twice"),
    "a quote in the cameras": table_fault(
        "cameras.csv", 'camera_id,lon,lat,coord_sys\nA,118.9,31.9,WGS84\n"B,118.9,31.9,WGS84\n', 3, "never closes", "",
    ),
    "a unit twice": table_fault(
        "departments.csv", UNITS + "D1,a,\nD2,b,\nD1,c,\n", 4, "D1 stands twice: first in line 2", "one",
    ),
    "a unit twice but for white space": table_fault(
        "departments.csv", UNITS + "D1,a,\n D1 ,c,\n", 3, "stands twice", "one",
    ),
    "a unit without a code": table_fault("departments.csv", UNITS + "D1,a,\n,b,\n", 3, "code is empty", "its code"),
    "a unit without a name": table_fault("departments.csv", UNITS + "D1, ,\n", 2, "name is empty", "its name"),
    "a code in two lines": table_fault("departments.csv", UNITS + '"D\n1",a,\n', 2, "printable", "one line"),
    "a code with a soft break": table_fault("departments.csv", UNITS + "D\x0b1,a,\n", 2, "printable", "one line"),
    "a name in two lines": table_fault("departments.csv", UNITS + 'D1,"a\nb",\n', 2, "in one line", "one line"),
    "a long code": table_fault("departments.csv", UNITS + f"{'D' * 65},a,\n", 2, "at most 64", "short"),
    "a long name": table_fault("departments.csv", UNITS + f"D1,{'a' * 201},\n", 2, "at most 200", "one line"),
    "a row too short": table_fault("departments.csv", UNITS + "D1\n", 2, "not as many cells", "quotes"),
    "a row too long": table_fault("departments.csv", UNITS + "D1,a,b,c\n", 2, "more cells", "quotes"),
    "a header twice": table_fault("departments.csv", UNITS + "D1,a,\n" + UNITS, 3, "header once more", "Remove"),
    "a NUL": table_fault("departments.csv", UNITS + "D1,a\0,\n", 2, "no text", "UTF-8"),
    "a column twice": (
        write("departments.csv", "code,name,name\nD1,a,b\n"), "departments.csv", "header", "name stands twice", "one",
    ),
    "semicolons": (
        write("departments.csv", "code;name\nD1;a\n"), "departments.csv", "header", "semicolons", "commas",
    ),
    "a table in GB 18030": (
        raw("departments.csv", "code,name\nD1,城管局\n".encode("gb18030")), "departments.csv", "byte 13",
        "not UTF-8 but GB 18030", "UTF-8",
    ),
    "a table in UTF-16": (
        raw("departments.csv", "code,name\nD1,城管局\n".encode("utf-16")),
        "departments.csv", "byte 0", "UTF-16", "UTF-8",
    ),
    "one broken byte": (
        raw("departments.csv", "code,name\nD1,城管局\nD2,住建".encode() + b"\xff\n"), "departments.csv", "byte 32",
        "line 3", "UTF-8",
    ),
    "a workbook": (raw("departments.csv", b"PK\x03\x04...."), "departments.csv", "", "Excel workbook", "CSV"),
    "a person of no grid": table_fault(
        "people.csv", "grid,role,name\nG9,lead,a\n", 2, "'G9' is unknown", "grids.geojson",
    ),
    "a person twice": table_fault(
        "people.csv", "grid,role,name\nG00,lead,a\nG00,lead,a\n", 3, "stands twice: first in line 2", "one",
    ),
    "a shift twice": table_fault("roster.csv", SHIFTS + SHIFTS.splitlines()[1] + "\n", 3, "stands twice", "one"),
    "a shift of 24:00": table_fault("roster.csv", SHIFTS.replace("T20:00", "T24:00"), 2, "no span", "offset"),
    "a campaign twice": table_fault("campaigns.csv", "code,name\nK,a\nK,b\n", 3, "stands twice", "one"),
    "a campaign of no class": table_fault("campaigns.csv", "code,name,domain\nK,a,77\n", 2, "'77'", "01 … 16"),
    "a limit twice": table_fault(
        "categories.csv", CLASSES + "s,event,1,2,n,c,1,UH,04\ns,event,1,2,n,c,1,UH,05\n", 3, "stands twice", "one",
    ),
    "a class of a kind that is none": table_fault(
        "categories.csv", CLASSES + "s,thing,1,2,n,c,1,UH,04\n", 2, "'thing'", "component or event",
    ),
    "a limit beyond bounds": table_fault(
        "categories.csv", CLASSES + "s,event,1,2,n,c,1e999,UH,04\n", 2, "1e999 UH", "> 0",
    ),
    "a limit below 0": table_fault("categories.csv", CLASSES + "s,event,1,2,n,c,-1,UH,04\n", 2, "-1 UH", "> 0"),
    "a limit that is infinite": table_fault(
        "categories.csv", CLASSES + "s,event,1,2,n,c,inf,UH,04\n", 2, "inf UH", "> 0",
    ),
    "a limit with an underscore": table_fault(
        "categories.csv", CLASSES + "s,event,1,2,n,c,1_0,UH,04\n", 2, "1_0", "> 0",
    ),
    "a map twice": table_fault("class_map.csv", MAP + ",s,event,1,2,04\n,s,event,1,2,05\n", 3, "stands twice", "one"),
    "a holiday twice": table_fault(
        "holidays.csv", "date,kind\n2026-02-03,holiday\n2026-02-03,holiday\n", 3, "stands twice", "one",
    ),
    "a number of JSON that is none": (
        write("grids.geojson", features(("G", "格", "C1", square(0, 0))).replace("100", "NaN")),
        "grids.geojson", "", "NaN is no number", "number",
    ),
    "a number beyond all bounds": (
        write("water.geojson", '{"features": [{"geometry": {"type": "Point", "coordinates": [1e999, 2]}}]}'),
        "water.geojson", "", "beyond all bounds", "number",
    ),
    "a key twice": (
        write("grids.geojson", features(("G", "格", "C1", square(0, 0))).replace('"code"', '"code": "H", "code"')),
        "grids.geojson", "", "'code' twice", "once",
    ),
    "JSON too deep": (write("water.geojson", "[" * 100_000), "water.geojson", "", "is not JSON", "again"),
    "a code of two lines": (street(None, code="S\n9"), "streets.geojson", "S\n9", "printable", "one line"),
    "a street's code that is a list": (street(None, code=["S9"]), "streets.geojson", "['S9']", "code is", "text"),
    "a name of two lines": (street(None, name="a\nb"), "streets.geojson", "S1", "in one line", "control"),
    "an empty geometry": (
        street({"type": "Polygon", "coordinates": []}), "streets.geojson", "S1", "empty geometry", "or null",
    ),
    "a limit of 0": (
        write("categories.csv", CLASSES + "s,event,1,2,n,c,0,UH,04\n"), "categories.csv", "line 2", "0 UH", "> 0",
    ),
    "a limit that is no number": (
        write("categories.csv", CLASSES + "s,event,1,2,n,c,nan,UH,04\n"), "categories.csv", "line 2", "nan UH", "> 0",
    ),
    "a unit that is none": (
        write("categories.csv", CLASSES + "s,event,1,2,n,c,1,DAYS,04\n"), "categories.csv", "line 2", "DAYS", "UH UD",
    ),
    "an unknown class": (
        write("categories.csv", CLASSES + "s,event,1,2,n,c,1,UH,17\n"), "categories.csv", "line 2", "'17'", "01 … 16",
    ),
    "a map to an unknown class": (
        write("class_map.csv", MAP + ",s,event,1,2,0\n"), "class_map.csv", "line 2", "'0'", "01 … 16",
    ),
    "a shift without an offset": (
        write("roster.csv", "from,until,shift,name\n2026-01-01T08:00,2026-01-01T20:00,a,b\n"), "roster.csv", "line 2",
        "no span", "with an offset",
    ),
    "a seat that is none": (
        write("roster.csv", "from,until,shift,name,seat\n2026-01-01T08:00Z,2026-01-01T20:00Z,a,b,S9\n"), "roster.csv",
        "line 2", "'S9' is unknown", "street's or a unit's code",
    ),
    "a report before it happened": (
        write("policy.toml", "[reports]\nphone_minutes = -1\n"), "policy.toml", "reports.phone_minutes", "-1", "from 0",
    ),
    "a severity and a half": (
        write("policy.toml", "[reports]\nseverity = 1.5\n"), "policy.toml", "reports.severity", "1.5", "whole number",
    ),
    "a share above 1": (
        write("policy.toml", "target_on_time = 90"), "policy.toml", "target_on_time", "90", "up to 1",
    ),
    "a level of nothing": (
        write("policy.toml", "[coverage]\nlevel_px_m = 0\n"), "policy.toml", "coverage.level_px_m", "0", "above 0",
    ),
    "a covered share above 1": (
        write("policy.toml", "[coverage]\ncovered_share = 90\n"), "policy.toml", "coverage.covered_share", "90",
        "up to 1",
    ),
    "a share that is text": (
        write("policy.toml", 'due_soon_share = "a quarter"'), "policy.toml", "due_soon_share", "quarter", "up to 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_file_feature_and_remedy(folder: Path, name: str) -> None:
    change, file, feature, problem, remedy = FAULTS[name]
    change(folder)
    with pytest.raises(PackageError) as caught:
        load(folder)
    found = [fault for fault in caught.value.faults if fault.file == file]
    assert found, caught.value.faults
    assert any(fault.feature == feature and problem in fault.problem and remedy in fault.remedy for fault in found), (
        found
    )
    assert all(fault.remedy for fault in caught.value.faults)


def test_every_fault_is_listed_not_the_first_one(folder: Path) -> None:
    street(BOWTIE)(folder)
    write("policy.toml", "target_grid = 0")(folder)
    head("day_cut_hour = 99")(folder)
    with pytest.raises(PackageError) as caught:
        load(folder)
    assert {fault.file for fault in caught.value.faults} == {"streets.geojson", "policy.toml", "district.toml"}
    text = str(caught.value)
    assert "streets.geojson [S1]: crosses itself or is not closed. Mend the ring" in text


def test_a_folder_that_is_none_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no such folder"):
        load(tmp_path / "nowhere")


def test_only_the_head_and_the_streets_are_needed_and_the_rest_is_said_to_be_absent(folder: Path) -> None:
    for name in ("communities.geojson", "grids.geojson", "departments.csv"):
        (folder / name).unlink()
    district = load(folder)
    assert list(district.streets) == ["S1", "S2"]
    assert {"communities.geojson", "grids.geojson", "departments.csv", "water.geojson"} <= set(district.absent)
    assert "streets.geojson" not in district.absent


def test_a_street_without_geometry_is_counted_and_not_drawn(folder: Path) -> None:
    street(None)(folder)
    district = load(folder)
    assert district.streets["S1"].geometry is None
    assert district.streets["S1"].centre is None


def test_a_file_with_a_byte_order_mark_is_read(folder: Path) -> None:
    path = folder / "departments.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(folder).units == {"D1": "市政中心", "D2": "城管局"}


def test_the_digest_changes_with_the_content_and_only_with_it(folder: Path) -> None:
    first = load(folder).digest
    assert load(folder).digest == first
    write("policy.toml", "target_grid = 0.7")(folder)
    assert load(folder).digest != first


def test_the_working_hours_and_holidays_are_read(folder: Path) -> None:
    hours = '[working_hours]\nafternoon = ["13:30", "24:00"]\nmorning = ["8:30", "12:00"]\nweek = [1, 6]'
    head(hours)(folder)
    write("holidays.csv", "date,kind\n2027-01-01,holiday\n2027-01-03,workday\n")(folder)
    found = load(folder)
    assert (found.working_hours, found.working_week) == (((510, 720), (810, 1440)), frozenset({1, 6}))
    assert found.holidays == {date(2027, 1, 1): False, date(2027, 1, 3): True}


def test_a_package_without_working_hours_has_the_usual_ones(folder: Path) -> None:
    found = load(folder)
    assert (found.working_hours, found.working_week) == (((480, 720), (840, 1080)), frozenset({1, 2, 3, 4, 5}))
    assert found.holidays == {}


def test_soft_line_breaks_and_other_white_space_end_no_row(folder: Path) -> None:
    write("departments.csv", "code,name\rD1,区指挥\x0b中心\r\nD2,城管\u2028局\nD3,住建\x85局\n\n,\n")(folder)
    assert load(folder).units == {"D1": "区指挥 中心", "D2": "城管 局", "D3": "住建 局"}


def test_people_of_a_package_without_grids_are_not_checked_against_them(folder: Path) -> None:
    (folder / "grids.geojson").unlink()
    write("people.csv", "grid,role,name\nG9,lead,a\n")(folder)
    assert load(folder).tables["people"] == ({"grid": "G9", "role": "lead", "name": "a"},)


def test_a_field_in_quotes_may_hold_what_it_likes(folder: Path) -> None:
    write("departments.csv", 'code,name,note\nD1,"a ""b"", c","two\nlines"\n')(folder)
    assert load(folder).units == {"D1": 'a "b", c'}
