"""The auditor's page: what it shows, finds, exports and checks, and that reading it is itself on the record."""

import csv
import io
from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import Engine, text

from dashboard.callbacks.audit import detail_text
from dashboard.texts import LANGUAGES, texts
from services.audit import ACTIONS, Who
from services.audit.log_service import AuditLog, AuditQuery, head, newest
from services.district.package import District
from tests.doors import WHO, House, house

pytestmark = pytest.mark.redis
AUDITOR = next(who for who in WHO if who.name == "auditor")
DAY = 86_400_000
JULY = 1_782_921_600_000  # 2026-07-02T00:00+08:00


@pytest.fixture
def home(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(engine, redis_client, tiny) as found:
        yield found


def log(home: House) -> AuditLog:
    return AuditLog(home.engine)


def test_the_page_shows_what_was_done_in_words_newest_first(home: House) -> None:
    log(home).append(
        JULY, Who("wang", "street_staff", "S1", "10.1.1.1"), "reveal", "EAST-1", field="phone", reason="核对"
    )
    log(home).append(
        JULY + 1000, Who("li", "duty_officer"), "command", "EAST-1", type="case.urge", cases=["EAST-1"], n=1
    )
    page = home.get(AUDITOR, "/audit?since=2026-07-02&until=2026-07-02").text
    assert page.index("li</td>") < page.index("wang</td>")
    for words in (
        "查看隐私信息",
        "2026-07-02 00:00:00",
        "10.1.1.1",
        "街道值守 东街",
        "理由 核对",
        "字段 电话；理由 核对",
        "指令 催办；案件 EAST-1",
    ):
        assert words in page, words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=wang", {"a", "c"}), ("action=export", {"b"}), ("object=c", {"c"}), ("who=wang&object=a", {"a"}),
        ("since=2026-07-03&until=2026-07-09", {"c"}), ("until=2026-07-02", {"a", "b"}), ("who=nobody", set()),
        ("since=yesterday&until=2026-07-02", {"a", "b"}), ("action=none&until=2026-07-02", {"a", "b"}),
        ("since=0001-01-01&until=2026-07-02", {"a", "b"}),
    ],
)  # fmt: skip
def test_what_is_looked_for_is_found_on_the_page_and_in_the_file(home: House, query: str, found: set[str]) -> None:
    for about, who, action, at in (("a", "wang", "reveal", 0), ("b", "li", "export", 0), ("c", "wang", "reveal", DAY)):
        log(home).append(JULY + at, Who(who), action, about)
    rows = list(csv.reader(io.StringIO(home.get(AUDITOR, f"/api/v1/audit.csv?{query}").text.removeprefix("\ufeff"))))
    assert "auditor" in rows[0][0]
    assert {row[6] for row in rows[2:]} == found
    page = home.get(AUDITOR, f"/audit?{query}").text
    assert {about for about in "abc" if f"<td>{about}</td>" in page} == found


def test_the_pages_follow_each_other_without_a_row_twice_or_none(home: House) -> None:
    for number in range(230):
        log(home).append(JULY, Who("wang"), "reveal", f"case-{number}")
    seen, at = [], "/audit?who=wang"
    while at:
        page = home.get(AUDITOR, at).text
        seen += [part.split("</td>")[0] for part in page.split("<td>case-")[1:]]
        more = page.partition("更早的</a>")[0].rpartition('href="')[2].partition('"')[0] if "更早的</a>" in page else ""
        at = more.replace("&amp;", "&")
    assert seen == [str(number) for number in reversed(range(230))]


def test_reading_exporting_and_checking_it_is_written_down(home: House) -> None:
    home.get(AUDITOR, "/audit?who=wang")
    home.client(AUDITOR).post("/audit", data={"head": ""})
    home.get(AUDITOR, "/api/v1/audit.csv")
    with home.engine.connect() as connection:
        mine = newest(connection, AuditQuery(who="auditor"), 10)
    assert [row.action for row in mine if row.action in {"audit_read", "export"}] == [
        "export",
        "audit_read",
        "audit_read",
        "audit_read",
    ]
    assert '"who":"wang"' in mine[-1].detail or any('"who":"wang"' in row.detail for row in mine)
    assert any('"verb":"verify"' in row.detail for row in mine)


def test_the_check_finds_a_changed_row_and_a_head_that_is_not_there(home: House) -> None:
    log(home).append(JULY, Who("wang"), "reveal", "EAST-1")
    with home.engine.connect() as connection:
        noted = head(connection).noted
    client = home.client(AUDITOR)
    assert "前后相扣" in client.post("/audit", data={"head": noted}).text
    assert "在其中" in client.post("/audit", data={"head": noted}).text
    assert "不在其中" in client.post("/audit", data={"head": "0" * 32}).text
    wrong = client.post("/audit", data={"head": "xyz"})
    assert wrong.status_code == 409
    assert "无法校验" in wrong.text
    with home.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE audit SET object = 'WEST-1' WHERE object = 'EAST-1' AND who = 'wang'"))
    broken = client.post("/audit", data={"head": ""}).text
    assert "对不上：内容被改过" in broken
    assert "前后相扣" not in broken


def test_text_of_others_stays_text(home: House) -> None:
    log(home).append(JULY, Who("<script>x</script>"), "log_in_failed", "=1+1", why="<b>")
    page = home.get(AUDITOR, "/audit").text
    assert "<script>x" not in page
    assert "&lt;b&gt;" in page
    assert "'=1+1" in home.get(AUDITOR, "/api/v1/audit.csv").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_has_its_word(language: str) -> None:
    assert texts(language)["audit"]["actions"].keys() == ACTIONS.keys()


def test_a_detail_of_any_shape_is_said() -> None:
    words = texts("zh-CN")
    assert detail_text('{"asked":{"who":"wang","actions":["reveal"]},"rows":3,"below":0}', words) == (
        "条件 账号 wang、操作 查看隐私信息；条数 3"
    )
    assert detail_text('{"new_thing":{"x":[1,[2]]}}', words) == "new_thing x 1、2"
    assert detail_text("{}", words) == ""
