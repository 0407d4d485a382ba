"""Files made to harm: entities, depth, size, encodings that hide them. Each is refused in words, fast."""

import gzip
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coverage.errands import import_cameras
from services.district.cameras.reading import Reading, read_cameras
from services.files.fault import FileFault
from services.files.xml import documents, parse
from services.platform.errors import OperationError
from services.platform.settings import Settings

ITEM = (
    "<Item><DeviceID>3204990000131000000{n}</DeviceID><Name>{name}</Name><Longitude>118.9</Longitude>"
    "<Latitude>31.9{n}</Latitude><Info><PTZType>3</PTZType><DirectionType>{n}</DirectionType></Info></Item>"
)
LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(12))
    + "]>"
)


def catalogue(*names: str, head: str = "", total: int | None = None, more: str = "") -> str:
    items = "".join(ITEM.format(n=n, name=name) for n, name in enumerate(names, start=1))
    sums = "" if total is None else f"<SumNum>{total}</SumNum>"
    body = f"<CmdType>Catalog</CmdType><SN>7</SN><DeviceID>D</DeviceID>{sums}<DeviceList>{items}</DeviceList>{more}"
    return f"{head}<Response>{body}</Response>"


def refused(found: Reading) -> str:
    assert not found.cameras
    (finding,) = found.findings
    assert (finding.row, finding.kind) == (0, "refused") and finding.remedy
    return finding.problem


DOCTYPES = (
    LAUGHS + catalogue("&l;"),
    '<!DOCTYPE a SYSTEM "file:///etc/passwd">' + catalogue("x"),
    '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:1/">]>' + catalogue("&b;"),
    '<!doctype a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]>' + catalogue("x"),
    catalogue("x") + '<?xml version="1.0"?>\n<!DOCTYPE a []>' + catalogue("y"),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("text", DOCTYPES)
def test_a_document_type_is_refused_in_every_encoding(text: str, encoding: str) -> None:
    started = time.monotonic()
    assert "DOCTYPE" in refused(read_cameras(text.encode(encoding), "gb28181"))
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [*DOCTYPES[:1], catalogue("x")])
def test_text_of_several_bytes_a_character_without_its_mark_is_refused(text: str, encoding: str) -> None:
    for declared in ("", f'<?xml version="1.0" encoding="{encoding}"?>'):
        assert "NUL" in refused(read_cameras((declared + text).encode(encoding), "gb28181"))


def test_the_parser_itself_refuses_what_no_look_at_the_text_has_found() -> None:
    for text in (LAUGHS + "<a>&l;</a>", '<!DOCTYPE a SYSTEM "x"><a/>'):
        with pytest.raises(FileFault, match="document type"):
            parse(text)


def test_depth_and_size_have_bounds() -> None:
    deep = "<Item>" * 100_000
    assert "nested deeper than 32" in refused(read_cameras(deep.encode(), "gb28181"))
    with pytest.raises(FileFault, match="more than 64 MB"):
        documents(b" " * (64 * 1024 * 1024 + 1))
    found = read_cameras(catalogue("名" * 1_000_000, "乙").encode(), "gb28181")
    assert [camera.name for camera in found.cameras] == [None, "乙"]


BAD = {
    "a control character": ("a\x01b", "ab", "U+0001"), "an escape": ("a\x1b[2Jb", "a[2Jb", "U+001B"),
    "U+FFFF": ("a\uffffb", "ab", "U+FFFF"), "a bare ampersand": ("A&B路", "A&B路", "ampersand"),
    "an unknown entity": ("A&nbsp;B", "A&nbsp;B", "ampersand"), "a character reference": ("a&#1;b", "ab", "&#1;"),
    "a reference to NUL": ("a&#x0;b", "ab", "&#x0;"), "one beyond all": ("a&#x110000;b", "ab", "&#x110000;"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_one_bad_character_costs_only_what_cannot_be_read(name: str) -> None:
    text, kept, says = BAD[name]
    found = read_cameras(catalogue(text, "西门").encode(), "gb28181")
    assert [camera.name for camera in found.cameras] == [kept, "西门"]
    (finding,) = found.findings
    assert (finding.row, finding.kind) == (1, "doubtful") and says in finding.problem
    assert finding.camera_id == "32049900001310000001"


def test_bytes_that_are_no_text_cost_only_what_cannot_be_read() -> None:
    data = catalogue("东门XX", "西门大街北口").encode().replace(b"XX", b"\xff\xfe")
    found = read_cameras(data, "gb28181")
    assert [camera.name for camera in found.cameras] == ["东门", "西门大街北口"]
    assert [(f.row, f.kind) for f in found.findings] == [(1, "doubtful")]


@pytest.mark.parametrize("broken", ["a<b", "a</Item>", "<Name>", "<a><b></a></b>", "]]>"])
def test_one_broken_item_costs_that_item_and_is_named(broken: str) -> None:
    found = read_cameras(catalogue("东门", broken, "西门").encode(), "gb28181")
    assert {"东门", "西门"} <= {camera.name for camera in found.cameras}
    assert found.findings and {finding.kind for finding in found.findings} <= {"refused", "doubtful"}


def test_a_catalogue_cut_off_gives_what_came_and_says_so() -> None:
    whole = catalogue("东门", "西门")
    for end in range(whole.index("</Item>") + 7, len(whole) - 1, 7):
        found = read_cameras(whole[:end].encode(), "gb28181")
        assert found.cameras and found.findings, end


def test_several_messages_without_declarations_are_read() -> None:
    found = read_cameras((catalogue("东门") + "\n" + catalogue("东门", "西门").replace("000001<", "000009<")).encode())
    assert len(found.cameras) == 3


@pytest.mark.parametrize(
    ("pages", "total", "says"),
    [
        ((("东门",), ("南门",)), 40, "announces 40 items and 1 are here"),
        ((("东门", "西门"),), 3, "announces 3 items and 2"),
        ((("东门", "西门"),), 2, ""),
        ((("东门", "西门"), ("东门", "西门")), 2, ""),
        ((("东门",),), 10**12, ""),
    ],
)
def test_a_catalogue_that_is_not_whole_says_so(pages: tuple[tuple[str, ...], ...], total: int, says: str) -> None:
    head = '<?xml version="1.0" encoding="GB2312"?>\n'
    data = "".join(catalogue(*names, head=head, total=total) for names in pages).encode("gb18030")
    missing = [finding for finding in read_cameras(data, "gb28181").findings if finding.kind == "missing"]
    assert [says in finding.problem for finding in missing] == ([True] if says else [])


@pytest.mark.parametrize("stated", ["GB2312", "gbk", "gb18030", "UTF-8", "utf8", "", "klingon", "ISO-8859-1", "UTF-16"])
@pytest.mark.parametrize("real", ["utf-8", "utf-8-sig", "gb18030"])
def test_names_are_read_as_the_bytes_are_and_a_wrong_word_is_said(stated: str, real: str) -> None:
    head = f'<?xml version="1.0" encoding="{stated}"?>' if stated else ""
    found = read_cameras(catalogue("澜江大道东口", head=head).encode(real), "gb28181")
    if (stated, real) == ("ISO-8859-1", "gb18030"):  # then it is what it says, whoever reads it
        return
    assert [camera.name for camera in found.cameras] == ["澜江大道东口"]
    is_true = (stated[:2].lower() == "gb") == (real == "gb18030") and stated in {
        "GB2312",
        "gbk",
        "gb18030",
        "UTF-8",
        "utf8",
    }
    notes = [finding for finding in found.findings if finding.row == 0]
    assert bool(notes) == (not is_true and not (stated == "" and real != "gb18030"))


def test_documents_of_one_file_may_have_encodings_of_their_own() -> None:
    parts = [
        catalogue("东门", head='<?xml version="1.0" encoding="GB2312"?>').encode("gb18030"),
        catalogue("西门大街", head='<?xml version="1.0" encoding="UTF-8"?>').replace("000001<", "000005<").encode(),
    ]
    assert [c.name for c in read_cameras(b"\n".join(parts)).cameras] == ["东门", "西门大街"]


@given(st.binary(max_size=80), st.integers(0, 400))
def test_no_bytes_in_a_catalogue_raise(data: bytes, at: int) -> None:
    whole = catalogue("东门", "西门", head='<?xml version="1.0" encoding="GB2312"?>').encode("gb18030")
    read_cameras(whole[:at] + data + whole[at:], "gb28181")


# — GeoJSON —


def collection(*properties: object, geometry: object = None) -> bytes:
    point = geometry or {"type": "Point", "coordinates": [118.9, 31.9]}
    features = [
        {"type": "Feature", "id": f"node/{k}", "properties": p, "geometry": point} for k, p in enumerate(properties)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


MAN = {"man_made": "surveillance"}
TAGS = {"surveillance:type": "camera", "camera:type": "fixed", "camera:direction": "225", "camera:mount": "pole"}


@pytest.mark.parametrize(
    "packed",
    [
        TAGS,
        {"tags": TAGS},
        {"tags": {**TAGS, **MAN}},
        {"other_tags": json.dumps(TAGS)},
        {"other_tags": ",".join(f'"{k}"=>"{v}"' for k, v in TAGS.items())},
        {"other_tags": ", ".join(f'"{k}" => "{v}"' for k, v in TAGS.items()) + ',"note"=>NULL,"x"=>"a \\"b\\" \\\\c"'},
        {"all_tags": ",".join(f'"{k}"=>"{v}"' for k, v in {**TAGS, **MAN}.items())},
        {k.replace(":", "_"): v for k, v in TAGS.items()},
        {"other_tags": '"camera:direction"=>"1"', **TAGS},
    ],
)
def test_tags_are_read_whichever_way_an_export_packs_them(packed: dict[str, object]) -> None:
    found = read_cameras(collection({**MAN, **packed}), "osm")
    (camera,) = found.cameras
    assert (camera.azimuth, camera.kind, camera.mount) == (225.0, "bullet", "pole") and not found.findings


@pytest.mark.parametrize("kind", ["ALPR", "alpr", "ANPR", "guard", "camera;ALPR", "ALPR; guard"])
def test_a_reader_of_plates_is_a_checkpoint_camera_and_a_guard_is_none(kind: str) -> None:
    tags = {**MAN, "surveillance:type": kind, "camera:type": "fixed", "direction": "90"}
    found = read_cameras(collection(tags), "osm")
    expected = [] if kind == "guard" else ["bullet" if "camera" in kind else "checkpoint"]
    assert [camera.kind for camera in found.cameras] == expected
    assert found.others == (kind == "guard")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"coordinates": [NaN, 31.9]', "no position"),
        ('"coordinates": [118.9, 1e999]', "no pair of numbers"),
        ('"coordinates": []', "no position"),
        ('"coordinates": null', "no position"),
        ('"coordinates": [[118.9, 31.9]]', "no position"),
        ('"coordinates": [true, 31.9]', "no pair of numbers"),
        ('"coordinates": ["east", 31.9]', "no pair of numbers"),
    ],
)
def test_a_position_that_is_none_costs_its_camera(text: str, says: str) -> None:
    data = collection({**MAN, **TAGS}, {**MAN, **TAGS}).decode()
    found = read_cameras(data.replace('"coordinates": [118.9, 31.9]', text, 1).encode(), "osm")
    assert [camera.camera_id for camera in found.cameras] == ["osm-node-1"]
    assert says in found.findings[0].problem and found.findings[0].row == 1


def test_a_height_is_left_out_and_nulls_are_passed_over() -> None:
    point = {"type": "Point", "coordinates": [118.9, 31.9, 12.5]}
    found = read_cameras(collection({**MAN, **TAGS}, None, geometry=point), "osm")
    assert [(c.lon, c.lat) for c in found.cameras] == [(118.9, 31.9)] and found.others == 1
    for features in ("[null]", "[5, []]"):
        assert not read_cameras(f'{{"features": {features}}}'.encode(), "osm").cameras


def test_a_key_twice_is_said_and_broken_bytes_cost_only_their_text() -> None:
    twice = collection({**MAN, **TAGS}).replace(
        b'"camera:direction": "225"', b'"camera:direction": "1", "camera:direction": "225"'
    )
    found = read_cameras(twice, "osm")
    assert found.cameras[0].azimuth == 225 and "camera:direction twice" in found.findings[0].problem
    data = collection({**MAN, **TAGS, "name": "XX"}, {**MAN, **TAGS, "name": "YY"})
    found = read_cameras(data.replace(b"XX", b"\xff").replace(b"YY", "书院路口".encode()), "osm")
    assert [camera.name for camera in found.cameras] == [None, "书院路口"]
    assert "name" in found.findings[0].problem


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"features": [' + b"9" * 5000 + b"]}", b"[1]", b'{"features": {}}'])
def test_json_that_is_none_of_ours_is_refused_in_words(data: bytes) -> None:
    found = read_cameras(data)
    assert not found.cameras and found.findings[0].remedy


# — tables —


def test_a_table_of_cameras_with_a_quote_that_never_closes_is_refused_whole() -> None:
    found = read_cameras(b'camera_id,lon,lat\nA,118.9,31.9\n"B,118.9,31.9\nC,118.9,31.9\n')
    assert "line 3, column camera_id: a quote opens here and never closes" in refused(found)


def test_a_row_of_cameras_that_cannot_be_read_is_named_and_the_rest_comes_in() -> None:
    data = b"camera_id,lon,lat,kind\nA,118.9,31.9,dome\nB,118.9\nC\0,118.9,31.9,dome\nD,118.9,31.9,dome,1\n"
    data += b"E,118.9,31.8,dome\n"
    found = read_cameras(data)
    assert [camera.camera_id for camera in found.cameras] == ["A", "E"]
    assert [(f.row, f.kind) for f in found.findings] == [(3, "refused"), (4, "refused"), (5, "refused")]


def test_a_packed_file_is_no_table() -> None:
    assert not read_cameras(gzip.compress(b"camera_id,lon,lat\nA,118.9,31.9\n")).cameras


@pytest.mark.parametrize("what", ["folder", "none", "bomb", "damaged"])
def test_an_import_of_what_is_no_file_ends_in_words(tmp_path: Path, tiny_folder: Path, what: str) -> None:
    path = tmp_path / "cameras.csv.gz"
    if what == "folder":
        path.mkdir()
    elif what != "none":
        path.write_bytes(gzip.compress(b"camera_id,lon,lat\n")[:-4] if what == "damaged" else b"PK\x03\x04")
    settings = Settings(district=str(tiny_folder))
    with pytest.raises(OperationError, match=r"cameras.csv.gz (is|cannot)"):
        list(import_cameras(settings, path, file_format=None, coord_sys=None, dry_run=True))
