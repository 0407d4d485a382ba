"""The package changed on the pages of /admin: what a form shows, saves, refuses and takes back, and the audit of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from services.audit.log_service import AuditQuery, newest
from services.board.watched_areas import WatchedAreas
from services.district.load import load
from services.district.package_watch_reader import PackageWatch
from services.platform.clock import DAY_MS
from tests.doors import WHO, House, house
from tests.tiny import NOON, write_tiny_district

pytestmark = pytest.mark.redis
ADMIN = next(who for who in WHO if who.name == "admin")
POLICY = "# our own\ntarget_on_time = 0.9\n\n[escalation]\nreturns = 2\nautomatic_severity = 0\n"
MINUTES = "escalation.after_level_deadline_minutes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "district"
    found.mkdir()
    write_tiny_district(found)
    (found / "policy.toml").write_text(POLICY, "utf-8")
    return found


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, folder: Path) -> Iterator[House]:
    with house(sqlite_engine, redis_client, load(folder), data_dir=folder.parent) as found:
        yield found


def post(home: House, address: str, **form: object) -> TestResponse:
    return home.clients["admin"].post(address, data={name: str(value) for name, value in form.items()})


def set_value(home: House, field: str, value: object, **more: object) -> TestResponse:
    seen = re.search(r'name="seen" value="(\d+)"', home.get(ADMIN, f"/admin/policy?field={field}").text)
    assert seen is not None
    return post(
        home, "/admin/policy", **{"field": field, "value": value, "seen": seen.group(1), "reason": "试一试", **more}
    )


def test_a_target_is_changed_followed_and_taken_back(home: House, folder: Path) -> None:
    page = home.get(ADMIN, "/admin/policy?field=target_on_time").text
    for words in ("按期结案目标", "90%", "各街道按期结案率应达到的份额", "默认 90%", "还没有改过"):
        assert words in page, words
    watch = PackageWatch(home.engine, folder, home.district, home.clock.now_ms)
    answer = set_value(home, "target_on_time", "85")
    assert answer.status_code == 303
    page = home.get(ADMIN, answer.location).text
    for words in ("已保存为第 1 版", "<b>按期结案目标</b> 90 → 85", "姓名admin", "试一试"):
        assert words in page, words
    found = watch.newer()
    assert found is not None
    assert found.policy.target_on_time == 0.85
    done = post(home, "/admin/package/undo", part="policy", about="target_on_time", number=1, seen=1, how="undo",
                reason="改错了")  # fmt: skip
    assert "已撤销，存为第 2 版" in home.get(ADMIN, done.location).text
    back = watch.newer()
    assert back is not None
    assert back.digest == home.district.digest
    with home.engine.connect() as connection:
        rows = newest(connection, AuditQuery(actions=("package_changed",)), 5)
    assert [(row.who, row.object) for row in rows] == [("admin", "policy target_on_time")] * 2
    assert re.search(r'"policy.toml":"[0-9a-f]{16} → [0-9a-f]{16}"', rows[0].detail)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("target_on_time", "850", "请填 0 到 100 之间的百分数"),
        ("escalation.returns", "1.5", "请填整数"),
        ("escalation.returns", "两次", "请填一个数"),
        ("escalation.modes.repeat", "maybe", "请从列出的里面选"),
        ("alarms.climb_minutes", "0", "不合规矩"),
        ("target_on_time", "90", "没有可存的"),
    ],
)
def test_what_cannot_be_is_refused_in_words(home: House, field: str, value: str, words: str) -> None:
    answer = set_value(home, field, value)
    assert answer.status_code in {400, 409}
    assert words in answer.text
    assert "还没有改过" in answer.text


def test_two_administrators_on_one_form(home: House) -> None:
    set_value(home, "target_on_time", "85")
    home.clock.ms = NOON + 2 * 60_000
    answer = set_value(home, "escalation.returns", "3", seen=0)
    assert answer.status_code == 409
    assert "姓名admin 2 分前改过，看差别" in answer.text
    assert 'value="3"' in answer.text


def test_a_file_replaced_by_hand_under_a_change_is_said(home: House, folder: Path) -> None:
    set_value(home, "target_on_time", "85")
    assert "之后又换过" not in home.get(ADMIN, "/admin/policy").text
    (folder / "policy.toml").write_text("target_on_time = 0.7\n", "utf-8")
    page = home.get(ADMIN, "/admin/policy").text
    assert "服务器上的包里，policy.toml 在网页改动之后又换过：现在以网页上的为准" in page
    assert "<b>85%</b>" in page


def test_a_value_from_tomorrow_stands_beside_the_one_of_today(home: House) -> None:
    answer = set_value(home, "target_on_time", "85", **{"from": "tomorrow"})
    page = home.get(ADMIN, answer.location).text
    assert "2026-11-24 00:00 起改为 85%" in page
    assert "已保存为第 1 版，2026-11-24 00:00 起生效" in page


def test_a_rule_that_would_propose_everything_asks_first(home: House) -> None:
    home.clock.ms = NOON + DAY_MS
    page = home.get(ADMIN, "/admin/policy?field=escalation.automatic_severity&value=4").text
    assert "上周数据不全，只按 1 天算" in page
    assert "上周会多提请 3 件：0 → 3 件" in page
    assert "我看过了，就要这样" in page
    assert set_value(home, "escalation.automatic_severity", "4").status_code == 409
    assert set_value(home, "escalation.automatic_severity", "4", sure="yes").status_code == 303


def test_what_cannot_be_tried_says_why(home: House) -> None:
    for field, why in (
        (MINUTES, "上周没有案件"),
        ("escalation.repeat_metres", "两两比距离"),
        ("alarms.flood_minutes", "只影响以后"),
    ):
        assert why in home.get(ADMIN, f"/admin/policy?field={field}&value=20").text


def test_every_value_has_a_page_in_both_languages(home: House) -> None:
    page = home.get(ADMIN, "/admin/policy?lang=en").text
    fields = set(re.findall(r"field=([\w.]+)", page))
    assert len(fields) > 60
    assert "Proposed to the district" in page
    assert not re.search(
        r"[\u4e00-\u9fff]", re.sub(r"姓名\w+|小试区|中文", "", re.sub(r"(?s)<head>.*?</head>", "", page))
    )


SQUARE = "118.901, 31.901\n118.909, 31.901\n118.909, 31.909\n118.901, 31.909"
CROSSED = "118.901, 31.901\n118.909, 31.909\n118.909, 31.901\n118.901, 31.909"


def draw(home: House, **form: object) -> TestResponse:
    seen = re.search(r'name="seen" value="(\d+)"', home.get(ADMIN, "/admin/areas?about=new").text)
    assert seen is not None
    given = {"about": "", "name": "夜市", "street": "S1", "watched_by": "D2", "edge": SQUARE, "reason": "新设"}
    return post(home, "/admin/areas", **{**given, "seen": seen.group(1), **form})


def test_an_area_is_drawn_moved_ended_and_taken_back(home: House, folder: Path) -> None:
    watch = PackageWatch(home.engine, folder, home.district, home.clock.now_ms)
    answer = draw(home)
    assert answer.status_code == 303
    page = home.get(ADMIN, answer.location).text
    for words in ("WA01", "夜市", "<b>WA01</b> 无 → WA01 夜市 S1 D2", "118.901, 31.901", "不再管控"):
        assert words in page, words
    found = watch.newer()
    assert found is not None
    (area,) = WatchedAreas(found).areas
    assert (area.code, area.name, area.street, area.watched_by) == ("WA01", "夜市", "S1", "D2")
    draw(home, about="WA01", edge=SQUARE + "\n118.900, 31.905", name="前街夜市", windows="周五至周日 18：00-24:00")
    page = home.get(ADMIN, "/admin/areas?about=WA01").text
    assert ">周五、周六、周日 18:00-24:00</textarea>" in page
    assert "<b>WA01 时段</b> 无 → 周五、周六、周日 18:00-24:00" in page
    assert "fri,sat,sun 18:00-24:00</textarea>" in home.get(ADMIN, "/admin/areas?about=WA01&lang=en").text
    assert "<b>WA01 边（角数）</b> 4 → 5" in page
    assert "<b>WA01 名称</b> 夜市 → 前街夜市" in page
    assert draw(home, about="WA01", do="end").status_code == 303
    gone = watch.newer()
    assert gone is not None
    assert WatchedAreas(gone).areas == []
    post(home, "/admin/package/undo", part="areas", number=1, seen=3, how="back", reason="都不要")
    whole = watch.newer()
    assert whole is not None
    assert whole.digest == home.district.digest


@pytest.mark.parametrize(("form", "words"), [
    ({"edge": CROSSED}, "边相交"), ({"edge": "118.901, 31.901"}, "至少三个角"),
    ({"edge": "1, 2\n2, 2\n2, 3"}, "不在本区"),
    ({"edge": "东, 西"}, "有一行不是经纬度"), ({"name": " "}, "请写名称"), ({"reason": ""}, "请写一句为什么"),
    ({"street": "S9"}, "没有街道「S9」"), ({"windows": "上学的时候"}, "时段「上学的时候」看不懂"),
])  # fmt: skip
def test_an_area_that_cannot_be_is_refused_and_what_was_typed_stays(
    home: House, form: dict[str, str], words: str
) -> None:
    answer = draw(home, **form)
    assert answer.status_code == 400
    assert words in answer.text
    assert 'class="versions"></ol>' in answer.text
    assert 'value="夜市"' in answer.text or "name" in form


def test_what_lies_inside_is_counted_while_it_is_drawn(home: House) -> None:
    def ask(edge: str) -> dict[str, str]:
        corners = [[float(part) for part in line.split(",")] for line in edge.splitlines()]
        found: dict[str, str] = home.clients["admin"].post("/admin/areas/figures", json={"edge": corners}).json
        return found

    figures = ask(SQUARE)
    assert (figures["open"], figures["square_km"], figures["streets"], figures["first"]) == ("1", "0.67", "否", "S1")
    assert ask(CROSSED)["wrong"] == "边相交"
    wide = ask("118.911, 31.901\n118.929, 31.901\n118.929, 31.909")
    assert wide["streets"] == "2 个街道：西街、东街"


def set_row(home: House, table: str, row: object = "new", **form: object) -> TestResponse:
    seen = re.search(r'name="seen" value="(\d+)"', home.get(ADMIN, f"/admin/tables/{table}?row=new").text)
    assert seen is not None
    return post(
        home, f"/admin/tables/{table}", **{"row": row, "do": "save", "seen": seen.group(1), "reason": "试一试", **form}
    )


def test_a_unit_is_added_renamed_ended_and_taken_back(home: House, folder: Path) -> None:
    watch = PackageWatch(home.engine, folder, home.district, home.clock.now_ms)
    answer = set_row(home, "departments", cell_code="D3", cell_name="园林局")
    page = home.get(ADMIN, answer.location).text
    for words in ("已保存为第 1 版", "<b>D3</b> 无 → D3 园林局", "市政中心"):
        assert words in page, words
    found = watch.newer()
    assert found is not None
    assert found.units["D3"] == "园林局"
    set_row(home, "departments", 3, cell_code="D3", cell_name="区园林局")
    assert "<b>D3 名称</b> 园林局 → 区园林局" in home.get(ADMIN, "/admin/tables/departments").text
    set_row(home, "departments", 3, do="end")
    gone = watch.newer()
    assert gone is not None
    assert gone.digest == home.district.digest


CLASS = dict.fromkeys(("cell_scheme", "cell_major", "cell_minor", "cell_name"), "1") | {"cell_kind": "event"}


@pytest.mark.parametrize(("table", "form", "words"), [
    ("departments", {"cell_code": "D1", "cell_name": "又一个"}, "单位 第 4 行：和第 2 行重复"),
    ("departments", {"cell_code": "D3", "cell_name": ""}, "name 空着"),
    ("campaigns", {"cell_code": "Z1", "cell_name": "夜查", "cell_domain": "77"}, "没有统一类「77」"),
    ("campaigns", {"do": "paste", "pasted": "code;name\nZ1;夜查"}, "不是用逗号分隔的"),
    ("campaigns", {"do": "paste", "pasted": "code,name\nZ1,夜查\nZ2"}, "第 3 行"),
    ("class_map", {"do": "paste", "how": "replace", "pasted": "source,scheme,kind,major,minor,domain\n,s,event,1,1,88"},
     "没有统一类「88」"),
    ("categories", {**CLASS, "cell_unit": "UH", "cell_value": "0", "cell_domain": "01"}, "时限「0 UH」不对"),
    ("roster", {"cell_from": "11/24/2026 8 AM", "cell_until": "2026-11-24 20:00", "cell_shift": "白班",
                "cell_name": "甲"}, "“11/24/2026 8 AM”不是日期和时间，写成 2026-11-23"),
    ("roster", {"cell_from": "2026-11-24 08:00", "cell_until": "2026-11-24 07:00", "cell_shift": "白班",
                "cell_name": "甲"}, "不是一段时间"),
])  # fmt: skip
def test_a_row_that_cannot_be_is_named_and_nothing_is_kept(
    home: House, table: str, form: dict[str, str], words: str
) -> None:
    answer = set_row(home, table, **form)
    assert answer.status_code == 400
    assert words in answer.text
    assert 'class="versions"></ol>' in answer.text


def test_a_gap_in_the_roster_is_said_and_asked_for(home: House) -> None:
    day = {"cell_shift": "白班", "cell_name": "甲", "cell_role": "duty_officer"}
    first = set_row(home, "roster", **day, cell_from="2026/11/23 08:00", cell_until="2026-11-23 20：00")
    assert "今后 14 天没有空班" in home.get(ADMIN, first.location).text
    late = {**day, "cell_from": "2026-11-23T22:00", "cell_until": "2026-11-24T08:00"}
    answer = set_row(home, "roster", **late)
    assert answer.status_code == 409
    assert "区中心 11-23 20:00 至 11-23 22:00 没人值守" in answer.text
    answer = set_row(home, "roster", **late, sure="yes")
    assert answer.status_code == 303
    page = home.get(ADMIN, answer.location).text
    assert "区中心 11-23 20:00 至 11-23 22:00 没人值守" in page
    assert "2026-11-23 22:00" in page
