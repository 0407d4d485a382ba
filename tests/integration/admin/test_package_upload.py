"""Files of the package uploaded at /admin: checked, shown, saved as a version, taken back; refused whole, in words."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import redis
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from services.admin.doctor.examine_service import examine
from services.audit.log_service import AuditQuery, newest
from services.district.doors import open_doors
from services.district.load import load
from services.district.package_watch_reader import PackageWatch
from services.district.stored_reader import stored_files
from services.health.heart import Heart
from services.platform.redis import Keys
from services.platform.settings import Settings
from services.projector import publish_service
from services.projector.bootstrap import make_ingest, make_projector
from services.projector.publish_service import PackageNews
from services.projector.store.read import loaded_last
from tests.doors import WHO, House, house
from tests.tiny import CODE, NOON, write_tiny_district

pytestmark = pytest.mark.redis
ADMIN = next(who for who in WHO if who.name == "admin")
UNITS = "code,name,name_en\nD1,市政中心,Works\nD2,城管局,Management\nD3,园林局,Parks\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "district"
    found.mkdir()
    write_tiny_district(found)
    return found


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, folder: Path) -> Iterator[House]:
    with house(sqlite_engine, redis_client, load(folder), data_dir=folder.parent) as found:
        yield found


def upload(home: House, kind: str, *files: tuple[str, bytes], **form: str) -> TestResponse:
    data = {**form, "file": [(io.BytesIO(content), name) for name, content in files]}
    return home.clients["admin"].post(f"/admin/upload?kind={kind}", data=data, content_type="multipart/form-data")


def save(home: House, answer: TestResponse, reason: str = "新的一季", **form: str) -> TestResponse:
    found = re.search(r"upload=([0-9a-f]+)", answer.location)
    assert found is not None
    kind = re.search(r"kind=(\w+)", answer.location)
    assert kind is not None
    data = {"kind": kind[1], "upload": found[1], "reason": reason, "do": "save", **form}
    return home.clients["admin"].post("/admin/upload/save", data=data)


def zipped(folder: Path, **changed: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        for path in folder.iterdir():
            name = path.name.replace(".", "_")
            new.writestr(f"东区/{path.name}", changed.get(name, path.read_text("utf-8")))
    return packed.getvalue()


def versions(home: House) -> int:
    with home.engine.connect() as connection:
        return len(newest(connection, AuditQuery(actions=("package_changed",)), 50))


def workbook(*rows: tuple[str, ...]) -> bytes:
    book, packed = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(packed)
    return packed.getvalue()


def test_a_table_is_looked_at_then_saved_followed_and_taken_back(home: House, folder: Path) -> None:
    watch = PackageWatch(home.engine, folder, home.district, home.clock.now_ms)
    sheet = workbook(
        ("编号", "名称", "英文名"),
        ("D1", "市政中心", "Works"),
        ("D2", "城市管理局", "Management"),
        ("D3", "园林局", "Parks"),
    )
    looked = upload(home, "departments", ("单位.xlsx", sheet))
    assert looked.status_code == 303
    page = home.get(ADMIN, looked.location).text
    for words in (
        "读了 单位.xlsx（Excel），检查通过",
        "会改 1 个文件",
        "<b>新增</b> <b>D3</b> 无 → D3 园林局 Parks",
        "<b>D2 名称</b> 城管局 → 城市管理局",
    ):
        assert words in page, words
    assert watch.newer() is None, "nothing is in force before it is saved"
    assert "理由" in save(home, looked, "").text
    answer = save(home, looked)
    assert answer.location.startswith("/admin/tables/departments?done=1")
    assert "已保存为第 1 版" in home.get(ADMIN, answer.location).text
    found = watch.newer()
    assert found is not None
    assert (found.units["D2"], found.units["D3"]) == ("城市管理局", "园林局")
    undo = {"part": "departments", "number": "1", "seen": "1", "how": "undo", "reason": "传错了"}
    home.clients["admin"].post("/admin/package/undo", data=undo)
    back = watch.newer()
    assert back is not None
    assert back.digest == home.district.digest
    assert versions(home) == 2
    with home.engine.connect() as connection:
        (row,) = newest(connection, AuditQuery(actions=("package_uploaded",)), 5)
    assert (row.who, row.object) == ("admin", "departments 单位.xlsx")


def test_a_package_is_one_version_and_goes_back_byte_for_byte(home: House, folder: Path) -> None:
    watch = PackageWatch(home.engine, folder, home.district, home.clock.now_ms)
    data = zipped(
        folder,
        departments_csv=UNITS,
        communities_geojson=(folder / "communities.geojson").read_text("utf-8").replace("社区1", "和平社区"),
    )
    looked = upload(home, "package", ("东区.zip", data), how="whole")
    page = home.get(ADMIN, looked.location).text
    for words in ("会改 2 个文件", "<b>C1 名称</b> 社区1 → 和平社区", "单位 "):
        assert words in page, words
    answer = save(home, looked)
    page = home.get(ADMIN, answer.location).text
    assert "已保存为第 1 版" in page
    assert "<b>单位 D3</b> 无 → D3 园林局 Parks" in page
    found = watch.newer()
    assert found is not None
    assert (found.communities["C1"].name, found.units["D3"]) == ("和平社区", "园林局")
    assert "园林局" in home.get(ADMIN, "/admin/tables/departments").text
    undo = {"part": "departments", "number": "1", "seen": "1", "how": "back", "reason": "传错了"}
    assert home.clients["admin"].post("/admin/package/undo", data=undo).status_code == 303
    back = watch.newer()
    assert back is not None
    assert back.digest == home.district.digest


def test_files_that_are_not_in_it_stay_or_go_as_is_asked(home: House, folder: Path) -> None:
    head = ("district.toml", (folder / "district.toml").read_bytes())
    streets = ("streets.geojson", (folder / "streets.geojson").read_bytes())
    some = upload(home, "package", head, ("departments.csv", UNITS.encode()), how="some")
    assert "会改 1 个文件" in home.get(ADMIN, some.location).text
    whole = upload(home, "package", head, streets, how="whole")
    page = home.get(ADMIN, whole.location).text
    assert "会改 3 个文件" in page
    assert page.count("这个文件不再有") == 3
    assert "重新上传" in home.get(ADMIN, some.location).text, "the next upload takes its place"


OTHER = 'code = "990002"\nname = "邻区"\n'


@pytest.mark.parametrize(("kind", "files", "words"), [
    ("departments", [("a.csv", b"code,name\nD1,x\nD1,y\n")], "单位 第 3 行：和第 2 行重复"),
    ("departments", [("a.csv", b"code;name\nD1;x\n")], "不是用逗号分隔的"),
    ("departments", [("a.csv", b"code,name,name_en\nD1,\xe5\xb8\x82\xe6\x94\xbf\xe4\xb8\xad\xe5\xbf\x83,Works\n"
                               b"D2,\xe5\x9f\x8e\xe7\xae\xa1\xe5\xb1\x80,Management\n")], "没有可存的"),
    ("departments", [], "先选文件"), ("departments", [("a", b"1"), ("b", b"2")], "只要一个文件"),
    ("departments", [("旧.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")], "旧的 .xls 请另存为 .xlsx"),
    ("package", [("district.toml", OTHER.encode())], "这是 990002 的区包，本区是 990001"),
    ("package", [("roster.csv", b"x")], "没有 district.toml，看不出是哪个区的包"),
    ("package", [("district.toml", b'code = "990001"\nname = "x"\nformat = 2\n')], "第 2 种格式的区包"),
    ("package", [("district.toml", b"code = ")], "district.toml"),
    ("package", [("p.zip", b"PK\x03\x04")], "压缩包打不开"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_words_and_nothing_is_kept(
    home: House, kind: str, files: list[tuple[str, bytes]], words: str
) -> None:
    answer = upload(home, kind, *files)
    assert answer.status_code == 400
    assert words in answer.text
    with home.engine.connect() as connection:
        assert not newest(connection, AuditQuery(actions=("package_uploaded", "package_changed")), 5)


def test_who_uploads_beside_a_change_of_another_is_told(home: House) -> None:
    looked = upload(home, "departments", ("a.csv", UNITS.encode()))
    row = {"row": "new", "do": "save", "cell_code": "D9", "cell_name": "水务局", "reason": "新增", "seen": "0"}
    assert home.clients["admin"].post("/admin/tables/departments", data=row).status_code == 303
    answer = save(home, looked)
    assert answer.status_code == 409
    assert "姓名admin" in answer.text
    assert versions(home) == 1


@pytest.fixture
def settings(redis_url: str, sqlite_engine: Engine, folder: Path) -> Settings:
    url = sqlite_engine.url.render_as_string(hide_password=False)
    return Settings(redis_url=redis_url, database_url=url, district=str(folder), data_dir=folder.parent)


def change(home: House, code: str) -> None:
    row = {"row": "new", "do": "save", "cell_code": code, "cell_name": f"单位{code}", "reason": "新增"}
    seen = re.search(r'name="seen" value="(\d+)"', home.get(ADMIN, "/admin/tables/departments?row=new").text)
    assert seen is not None
    answer = home.clients["admin"].post("/admin/tables/departments", data={**row, "seen": seen[1]})
    assert answer.status_code == 303


def told(redis_client: redis.Redis) -> list[tuple[bytes, bytes]]:
    rows: Any = redis_client.xrange(Keys(CODE).events)
    return [(fields[b"id"], fields[b"data"]) for _, fields in rows if fields[b"type"] == b"district.loaded"]


def test_a_change_in_force_is_told_to_the_stream_under_one_id(
    home: House, redis_client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = home.clock.now_ms
    both = [
        PackageNews(
            PackageWatch(home.engine, folder, home.district, now).newer,
            redis_client,
            home.district,
            now,
            told_last=lambda: told_last(home),
        )
        for _ in range(2)
    ]
    change(home, "D7")
    monkeypatch.setattr(publish_service, "add", refuses)
    assert both[0].newer() is not None
    assert told(redis_client) == []
    monkeypatch.undo()
    assert both[0].newer() is None, "the news is taken over once, and told when the stream is back"
    assert both[1].newer() is not None
    assert both[0].newer() is both[1].newer() is None
    first, second = told(redis_client)
    assert first == second, "two projectors say the same: it counts once"
    assert json.loads(first[1])["digest"] != home.district.digest


def told_last(home: House) -> str:
    with home.engine.connect() as connection:
        return loaded_last(connection, CODE)


def test_a_change_that_came_into_force_while_no_projector_ran_is_told_by_the_next_one_once(
    home: House, redis_client: redis.Redis, folder: Path, settings: Settings
) -> None:
    change(home, "D7")
    for _ in range(2):  # begun, and begun again
        doors = open_doors(settings, migrate=False)
        make_projector(doors)._newer_package()
        assert [json.loads(data)["digest"] for _, data in told(redis_client)] == [doors.district.digest]
        rows: Any = redis_client.xrange(Keys(CODE).events)
        make_ingest(doors).apply([(name.decode(), fields) for name, fields in rows], NOON, rows[-1][0].decode())
        assert told_last(home) == doors.district.digest != home.district.digest
        doors.engine.dispose()
        doors.redis.close()


def refuses(*_: object) -> str:
    raise redis.ConnectionError("away")


def test_the_doctor_knows_the_version_in_force_what_comes_and_who_follows(
    home: House, redis_client: redis.Redis, settings: Settings, folder: Path
) -> None:
    found = [str(one) for one in examine(settings) if one.subject == "package"]
    assert found == ["ok     package: as it lies in the folder: nothing was changed in the browser"]
    change(home, "D7")
    heart = Heart(redis_client, CODE, "web", package="old")
    heart._tell()
    found = [str(one) for one in examine(settings) if one.subject == "package"]
    assert re.fullmatch(r"ok     package: version 1 is in force since \S+, by 姓名admin: 新增", found[0])
    assert re.fullmatch(r"wrong  package: web on \S+ \(\d+\) has another package than the one in force\. .+", found[1])
    with home.engine.connect() as connection:
        heart.follows(load(folder, stored_files(connection, None)).digest)
    heart._tell()
    (folder / "departments.csv").write_text(UNITS, "utf-8")
    found = [str(one) for one in examine(settings) if one.subject == "package"]
    assert [line.partition(" was replaced")[0] for line in found][1] == "note   package: departments.csv"


def test_what_is_too_large_is_refused_before_it_is_read(home: House) -> None:
    answer = home.clients["admin"].post(
        "/admin/upload?kind=package",
        data=b"--b--\r\n",
        content_type="multipart/form-data; boundary=b",
        environ_overrides={"CONTENT_LENGTH": str(33 * 2**20)},
    )
    assert answer.status_code == 413
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="district.toml"\r\n\r\n'
    over = home.clients["admin"].post(
        "/admin/upload?kind=package",
        data=head + b"#" * (2 * 2**20) + b"\r\n--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )
    assert "检查不通过" in over.text, "more than other addresses take, and judged by the check"
