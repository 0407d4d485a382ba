"""A notice goes from the administrator's page to the desks, until its time or until it is taken down."""

import re
from collections.abc import Iterator

import msgspec
import pytest
import redis
from sqlalchemy import Engine

from dashboard.live.desk_notices import NoticeRoom
from services.audit.log_service import AuditQuery, newest
from services.district.package import District
from services.duty.desk_notice import DeskNotice, NoticeRefused, check_notice
from services.duty.desk_notices_service import DeskNotices
from services.platform.clock import HOUR_MS
from tests.doors import WHO, House, house
from tests.tiny import NOON

pytestmark = pytest.mark.redis
ADMIN = next(who for who in WHO if who.name == "admin")


@pytest.fixture
def home(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(engine, redis_client, tiny) as found:
        yield found


def act(home: House, **form: str) -> tuple[int, str]:
    answer = home.client(ADMIN).post("/admin/notices", data=form)
    found = re.search(r'<p class="(?:wrong|said)"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    return answer.status_code, re.sub(r"<[^>]*>", "", found[1]).strip() if found else ""


def told(home: House, zone: str) -> list[str]:
    """The notices that a zone shows, once they were read anew."""
    room: NoticeRoom = home.web.notices
    room.look()
    return [text for part in home.web.room.more for _, text, *_ in part(zone).get("notices", [])]


def test_it_is_sent_shown_and_taken_down_and_all_of_it_is_on_the_audit(home: House) -> None:
    sent = act(home, do="send", text="  今晚 20 点\n系统升级 ", seat="", hours="4")
    assert sent == (200, "已发出，5 秒内出现在工作台上")
    assert act(home, do="send", text="街道专用", seat="S1", hours="1")[0] == 200
    assert told(home, "desk") == told(home, "unit:D1") == told(home, "street:S2") == ["今晚 20 点 系统升级"]
    assert set(told(home, "street:S1")) == set(told(home, "street:S1/S1C1")) == {"今晚 20 点 系统升级", "街道专用"}
    assert told(home, "wall") == []
    ids = {n.text: n.id for n in home.web.notices._notices.newest()}
    assert set(re.findall(r'name="notice" value="(\w+)"', home.get(ADMIN, "/admin/notices").text)) == {*ids.values()}
    first = ids["今晚 20 点 系统升级"]
    assert act(home, do="end", notice=first) == (200, "已撤下")
    assert act(home, do="end", notice=first)[0] == 409, "it does not stand any more"
    assert told(home, "street:S1") == ["街道专用"]
    with home.engine.connect() as connection:
        rows = newest(connection, AuditQuery(actions=("desk_notice",)), limit=5)
    assert [msgspec.json.decode(row.detail)["verb"] for row in rows] == ["end", "send", "send"]
    assert {row.who for row in rows} == {rows[0].who}


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"text": "  ", "hours": "1"}, "没有内容"),
        ({"text": "长" * 201, "hours": "1"}, "至多 200 字"),
        ({"text": "好", "hours": "0"}, "结束时间已过"),
        ({"text": "好", "hours": "999"}, "至多显示 7 天"),
        ({"text": "好", "hours": "", "until": "明天"}, "看不懂这个时间"),
        ({"text": "好", "hours": "", "until": "9999-12-31 23:59"}, "至多显示 7 天"),
        ({"text": "好", "hours": "1", "seat": "S9"}, "没有这个街道：S9"),
    ],
)
def test_what_is_wrong_is_said_in_words_and_nothing_is_sent(home: House, form: dict[str, str], says: str) -> None:
    status, said = act(home, do="send", **form)
    assert status == 409
    assert says in said
    assert told(home, "desk") == []


def test_a_fourth_waits_until_one_is_taken_down(home: House) -> None:
    for n in range(3):
        assert act(home, do="send", text=f"第 {n} 条", hours="1")[0] == 200
    status, said = act(home, do="send", text="第四条", hours="1")
    assert status == 409
    assert "先撤下一条" in said


def test_it_leaves_the_desks_at_its_time(home: House) -> None:
    notices: DeskNotices = home.web.notices._notices
    one = DeskNotice("a", "", "好", NOON, NOON + HOUR_MS, "admin", "管")
    assert [one.stands(NOON - 1), one.stands(NOON), one.stands(NOON + HOUR_MS)] == [False, True, False]
    assert notices.standing == ()


def test_numbers_of_people_are_masked() -> None:
    assert "13812345678" not in check_notice("请联系 13812345678", "", NOON, NOON + 1, frozenset())
    with pytest.raises(NoticeRefused):
        check_notice("好", "", NOON, NOON, frozenset())
