"""Cameras from a table, a catalogue and the map: what each format says, and what rubbish costs."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract.others import CameraChanged
from services.district.cameras import table
from services.district.cameras.osm import aim
from services.district.cameras.reading import Reading, read_cameras

REAL = Path(__file__).parents[3].parent / "shared/data/real/cameras"
ID = "32049900001310000001"


def kinds(found: Reading) -> list[tuple[int, str]]:
    return [(f.row, f.kind) for f in found.findings]


# — the table —

numbers = st.floats(0, 360, allow_nan=False).map(lambda x: round(x, 4))
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(str.strip).filter(bool)


@st.composite
def whole_cameras(draw: st.DrawFn) -> CameraChanged:
    def maybe(strategy: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | strategy)

    return CameraChanged(
        camera_id=draw(words), version=1, lon=draw(st.floats(73, 135)), lat=draw(st.floats(3, 53)), coord_sys="WGS84",
        name=maybe(words), kind=draw(st.sampled_from(["dome", "bullet", "ptz", "checkpoint", "lookout"])),
        ptz_type=maybe(st.integers(1, 7)), azimuth=maybe(numbers), direction_type=maybe(st.integers(1, 8)),
        directions=draw(st.lists(numbers, max_size=4)), hfov=maybe(numbers.filter(lambda x: x > 0.1)),
        tilt=maybe(st.floats(-90, 90)), pan_now=maybe(numbers), range_m=maybe(st.floats(0.5, 2000)),
        mount=maybe(st.sampled_from(["pole", "wall", "roof", "indoor"])), mount_height_m=maybe(st.floats(0, 100)),
        width_px=maybe(st.integers(1, 8000)), night=maybe(st.sampled_from(["none", "infrared", "white", "laser"])),
        lit_at_night=maybe(st.booleans()), source_quality=maybe(st.sampled_from(["surveyed", "estimated"])),
        status=maybe(st.sampled_from(["online", "offline", "degraded"])), stream_url=maybe(st.just("https://v/1?a=b,c")),
    )  # fmt: skip


@given(st.lists(whole_cameras(), max_size=5, unique_by=lambda c: c.camera_id))
def test_a_table_that_was_written_is_read_as_the_same_cameras(cameras: list[CameraChanged]) -> None:
    found = read_cameras(table.write(cameras).encode(), "csv", now_ms=1)
    assert found.cameras == cameras
    assert {f.kind for f in found.findings} <= {"missing", "doubtful"}


def csv(*lines: str, head: str = "camera_id,lon,lat,kind,azimuth,range_m,coord_sys") -> Reading:
    return read_cameras("\n".join([head, *lines]).encode())


@pytest.mark.parametrize(
    ("line", "kind", "says", "taken"),
    [
        ("A,118.9,31.9,bullet,720,,", "doubtful", "azimuth '720' was left out; its direction counts as unknown", True),
        ("A,118.9,31.9,bullet,-5,,", "doubtful", "azimuth '-5'", True),
        ("A,118.9,31.9,bullet,east,,", "doubtful", "azimuth 'east'", True),
        ("A,118.9,31.9,bullet,nan,,", "doubtful", "azimuth 'nan'", True),
        ("A,118.9,31.9,bullet,90,5000,", "doubtful", "range_m 5000 was left out: more than 2 km for a bullet", True),
        ("A,118.9,31.9,bullet,90,0,", "doubtful", "range_m '0'", True),
        ("A,118.9,31.9,lookout,90,20001,", "refused", "range_m 20001 is more than 20 km", False),
        ("A,118.9,31.9,gun,90,,", "doubtful", "kind 'gun' was left out", True),
        ("A,118.9,31.9,bullet,,,", "missing", "has no direction", True),
        ("A,,31.9,bullet,90,,", "missing", "has no position", False),
        ("A,0,0,bullet,90,,", "missing", "is no position", False),
        ("A,31.9,118.9,bullet,90,,", "refused", "has the two swapped", False),
        ("A,585000,3530000,bullet,90,,", "refused", "is not in degrees", False),
        ("A,east,31.9,bullet,90,,", "refused", "is no pair of numbers", False),
        (",118.9,31.9,bullet,90,,", "refused", "has no camera_id", False),
        (f"{'A' * 65},118.9,31.9,bullet,90,,", "refused", "is no id", False),
        ("A,118.9,31.9,bullet,90,,MARS", "refused", "coord_sys 'MARS' is unknown", False),
        ("A,118.9,31.9,bullet,90,,,more", "refused", "more cells than the header", False),
    ],
)
def test_a_bad_value_is_named_with_its_row_and_a_remedy_and_the_rest_works(
    line: str, kind: str, says: str, taken: bool
) -> None:
    found = csv("B,118.91,31.91,bullet,10,,", line)
    assert says in " ".join(f.problem for f in found.findings)
    assert (3, kind) in kinds(found) and all(f.remedy and f.row == 3 for f in found.findings)
    assert [c.camera_id for c in found.cameras] == (["B", "A"] if taken else ["B"])


def test_a_dropped_azimuth_leaves_the_direction_unknown_and_a_dropped_range_its_default() -> None:
    (camera,) = csv("A,118.9,31.9,bullet,720,5000,").cameras
    assert camera.azimuth is None and camera.range_m is None


def test_a_lookout_may_see_five_kilometres() -> None:
    found = csv("A,118.9,31.9,lookout,,5000,")
    assert found.cameras[0].range_m == 5000 and not found.findings


def test_of_an_id_that_stands_twice_the_last_row_counts() -> None:
    found = csv("A,118.9,31.9,bullet,10,,", "A,118.9,31.9,bullet,20,,")
    assert [c.azimuth for c in found.cameras] == [20.0]
    assert [str(f) for f in found.findings] == [
        "row 2 [A]: stands again in row 3, which counts. Leave one row for each camera"
    ]


def test_two_cameras_on_one_pole_are_doubtful_only_when_they_look_the_same_way() -> None:
    found = csv("A,118.9,31.9,bullet,10,,", "B,118.9,31.9,bullet,190,,", "C,118.9,31.9,bullet,10,,")
    assert len(found.cameras) == 3
    assert [(f.camera_id, f.problem) for f in found.findings] == [("C", "has the very position and azimuth of A")]


def test_exactly_north_in_a_catalogue_is_doubted_and_in_a_survey_believed() -> None:
    head = "camera_id,lon,lat,kind,azimuth,source_quality"
    found = csv("A,118.9,31.9,bullet,0,catalogue", "B,118.91,31.9,bullet,0,surveyed", head=head)
    assert kinds(found) == [(2, "doubtful")] and [c.azimuth for c in found.cameras] == [0, 0]


def test_a_link_that_a_browser_would_run_is_left_out() -> None:
    found = csv("A,118.9,31.9,dome,javascript:alert(1)", head="camera_id,lon,lat,kind,stream_url")
    assert found.cameras[0].stream_url is None and kinds(found) == [(2, "doubtful")]


def test_an_unknown_column_is_named_and_a_table_of_the_field_in_gb18030_is_read() -> None:
    found = read_cameras("camera_id,lon,lat,kind,name,azimut\nA,118.9,31.9,dome,澜江大道,1".encode("gb18030"))
    assert found.cameras[0].name == "澜江大道"
    assert [f.problem for f in found.findings] == ["column 'azimut' is not read"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no column camera_id, lon, lat"),
        (b"a,b\n1,2", "no column camera_id"),
        (b"\xff\xfe\x00", "neither UTF-8 nor GB 18030"),
        (b"<a>", "is not XML"),
        (b"<Response/>", "holds no Item"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "has a DOCTYPE"),
        (b"{", "is not JSON"),
        (b"{}", "is not a FeatureCollection"),
        (b'{"a":' * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_refusal_with_a_remedy(data: bytes, says: str) -> None:
    found = read_cameras(data)
    ((row, kind),) = kinds(found)
    assert (row, kind, found.cameras) == (0, "refused", [])
    assert says in found.findings[0].problem and found.findings[0].remedy


@given(st.binary(max_size=200), st.sampled_from(["csv", "gb28181", "osm"]))
def test_no_bytes_raise(data: bytes, file_format: Any) -> None:
    read_cameras(data, file_format)


# — GB/T 28181 —


def catalogue(*items: str, root: str = "Response", head: str = "") -> bytes:
    listed = "".join(f"<Item>{item}</Item>" for item in items)
    return f"{head}<{root}><CmdType>Catalog</CmdType><DeviceList Num='1'>{listed}</DeviceList></{root}>".encode()


CAMERA = f"<DeviceID>{ID}</DeviceID><Name>书院路口</Name><Longitude>118.9</Longitude><Latitude>31.9</Latitude>"
INFO = "<Info><PTZType>3</PTZType><DirectionType>6</DirectionType><SupplyLightType>2</SupplyLightType></Info>"


@pytest.mark.parametrize("root", ["Response", "Notify", 'Notify xmlns="urn:x"'])
def test_a_catalogue_is_read_whatever_its_envelope(root: str) -> None:
    text = catalogue(f"{CAMERA}<Status>ON</Status>{INFO}", root=root).decode()
    found = read_cameras(text.replace('</Notify xmlns="urn:x">', "</Notify>").encode(), now_ms=7)
    (camera,) = found.cameras
    assert not found.findings
    assert (camera.camera_id, camera.version, camera.name) == (ID, 7, "书院路口")
    assert (camera.kind, camera.ptz_type, camera.direction_type) == ("bullet", 3, 6)
    assert (camera.night, camera.status, camera.source_quality) == ("infrared", "online", "catalogue")


@pytest.mark.parametrize("encoding", ["GB2312", "GB18030", "GBK", "UTF-8"])
def test_a_catalogue_is_read_in_the_encodings_of_the_field(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n' + catalogue(CAMERA + INFO).decode()
    assert read_cameras(text.encode(encoding)).cameras[0].name == "书院路口"


def test_several_messages_in_one_file_are_one_catalogue() -> None:
    head = '<?xml version="1.0"?>\n'
    other = CAMERA.replace("0001</DeviceID>", "0002</DeviceID>").replace("118.9", "118.8")
    found = read_cameras(catalogue(CAMERA + INFO, head=head) + b"\n" + catalogue(other + INFO, head=head))
    assert len(found.cameras) == 2


def test_only_device_types_131_and_132_are_cameras() -> None:
    ids = [ID[:10] + code + ID[13:] for code in ("131", "132", "111", "215", "200")] + ["320499"]
    found = read_cameras(
        catalogue(*(CAMERA.replace(ID, name) + INFO for name in ids[:5]), "<DeviceID>320499</DeviceID>")
    )
    assert [c.camera_id[10:13] for c in found.cameras] == ["131", "132"] and found.others == 4


def test_the_fields_of_the_2022_edition_and_noughts_that_mean_nothing() -> None:
    more = "<Info><PTZType>1</PTZType><RoomType>2</RoomType><PointType>1</PointType><DirectionType>0</DirectionType>"
    more += "<HorizontalFieldAngle>62.5</HorizontalFieldAngle><MaxViewDistance>0</MaxViewDistance></Info>"
    found = read_cameras(catalogue(CAMERA + more))
    (camera,) = found.cameras
    assert (camera.kind, camera.mount, camera.point_class, camera.hfov) == ("ptz", "indoor", 1, 62.5)
    assert camera.range_m is None and camera.direction_type is None and not found.findings


def test_notices_change_the_status_remove_or_bring_a_whole_camera() -> None:
    names = [ID[:-1] + str(k) for k in range(7)]
    events = ["ON", "OFF", "VLOST", "DEFECT", "DEL", "ADD", "UPDATE"]
    items = [f"<DeviceID>{n}</DeviceID><Event>{e}</Event>" for n, e in zip(names[:5], events, strict=False)]
    items += [f"{CAMERA.replace(ID, n)}<Event>{e}</Event>{INFO}" for n, e in zip(names[5:], events[5:], strict=True)]
    found = read_cameras(catalogue(*items, root="Notify"), now_ms=1000)
    assert [(s.camera_id, s.status, s.fault) for s in found.statuses] == [
        (names[0], "online", None),
        (names[1], "offline", None),
        (names[2], "degraded", "video_lost"),
        (names[3], "degraded", None),
    ]
    assert found.removed == [names[4]] and [c.camera_id for c in found.cameras] == names[5:]


def test_a_catalogues_camera_without_a_position_is_missing_one() -> None:
    empty = CAMERA.replace("118.9", "").replace("31.9", "")
    found = read_cameras(catalogue(empty + INFO, CAMERA.replace(ID, ID[:-1] + "9") + INFO))
    assert kinds(found) == [(1, "missing")] and len(found.cameras) == 1


# — OpenStreetMap —


def osm(**tags: Any) -> Reading:
    point = {"type": "Point", "coordinates": [24.9, 60.1]}
    feature = {"type": "Feature", "id": "node/5", "properties": {"man_made": "surveillance", **tags}, "geometry": point}
    return read_cameras(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("240", {"azimuth": 240.0}), ("22.5°", {"azimuth": 22.5}), ("NNE", {"azimuth": 22.5}),
        ("sw", {"azimuth": 225.0}),
        ("60-120", {"azimuth": 90.0, "hfov": 60.0}), ("350-10", {"azimuth": 0.0, "hfov": 20.0}),
        ("N-E", {"azimuth": 45.0, "hfov": 90.0}), ("90;270", {"directions": [90.0, 270.0]}),
        ("0-90;180-240", {"directions": [45.0, 210.0], "hfov": 90.0}), ("N;SE", {"directions": [0.0, 135.0]}),
        ("forward", {"azimuth": "forward"}), ("-45", {"azimuth": -45.0}), ("0-360", {"azimuth": 180.0, "hfov": 360.0}),
    ],
)  # fmt: skip
def test_a_direction_of_the_map(text: str, expected: dict[str, object]) -> None:
    assert aim(text) == expected


def test_the_tags_of_a_camera() -> None:
    tags = {"camera:type": "panning", "camera:mount": "street_lamp", "height": "6 m", "camera:angle": "15", "name": "x"}
    found = osm(**tags, direction="90")
    (camera,) = found.cameras
    assert (camera.camera_id, camera.kind, camera.mount, camera.mount_height_m) == ("osm-node-5", "ptz", "pole", 6.0)
    assert (camera.azimuth, camera.hfov, camera.tilt) == (90.0, None, None) and not found.findings


def test_the_cameras_own_direction_beats_the_general_one_and_a_bad_one_is_named() -> None:
    assert osm(**{"camera:direction": "10", "direction": "20"}).cameras[0].azimuth == 10
    found = osm(direction="forward")
    assert found.cameras[0].azimuth is None and kinds(found) == [(1, "doubtful"), (1, "missing")]


@pytest.mark.parametrize("tags", [{"man_made": "mast"}, {"surveillance:type": "guard"}])
def test_what_is_no_camera_is_passed_over_and_counted(tags: dict[str, str]) -> None:
    found = osm(**tags)
    assert (found.cameras, found.others, found.findings) == ([], 1, [])


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is not beside the project")
def test_the_cameras_of_helsinki_have_no_direction_and_those_of_monaco_three() -> None:
    helsinki = read_cameras((REAL / "helsinki_osm_cameras.geojson").read_bytes())
    assert len(helsinki.cameras) == 221
    assert all(c.azimuth is None and not c.directions for c in helsinki.cameras)
    assert sum(f.kind == "missing" for f in helsinki.findings) == 221 - sum(c.kind == "dome" for c in helsinki.cameras)
    monaco = read_cameras((REAL / "monaco_osm_cameras.geojson").read_bytes())
    assert len(monaco.cameras) == 16 and {c.azimuth for c in monaco.cameras} == {None, 0.0, 160.0, 240.0}
