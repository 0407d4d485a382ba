"""/admin/people over HTTP, on both databases: what an administrator does to accounts, is refused, and undoes."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from services.access import log_in_store, reader
from services.access import service as accounts
from services.access import store as access_store
from services.access.account import Account
from services.admin import people_store
from services.audit import AuditRecord
from services.audit.log_service import AuditQuery, newest
from services.district.package import District
from services.platform.clock import MINUTE_MS
from services.platform.database import writing
from tests.accounts import set_account
from tests.doors import COOKIE, DUTY, WHO, House, Who, house

pytestmark = pytest.mark.redis
ADMIN, SECURITY, LEADER, S1 = (
    next(who for who in WHO if who.name == name) for name in ("admin", "security", "leader", "s1")
)


@pytest.fixture
def home(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(engine, redis_client, tiny) as found:
        yield found


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def act(home: House, who: Who, do: str, user: str, **form: Any) -> TestResponse:
    """Send a form as the page has it: with the account's version as it is now."""
    with home.engine.connect() as connection:
        version = people_store.version(connection, user)
    data = {"do": do, "user": user, "version": version, "reason": "工作需要", **form}
    return home.client(who).post(f"/admin/people?who={user}", data=data)


def as_leader(**more: str) -> dict[str, str]:
    return {"name": "姓名s1", "role": "leader", "street": "", "community": "", **more}


def account(home: House, user: str) -> Account:
    with home.engine.connect() as connection:
        found = reader.account(connection, user)
    assert found is not None
    return found


def said(answer: TestResponse) -> str:
    """What stands above the matter."""
    found = re.search(r'<p class="(?:wrong|said)"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]*>", "", found[1]).strip() if found else ""


def audited(home: House, action: str) -> list[AuditRecord]:
    with home.engine.connect() as connection:
        return newest(connection, AuditQuery(actions=(action,)), 10)


def wish_of(home: House, user: str) -> str:
    with home.engine.connect() as connection:
        (found,) = people_store.open_wishes(connection, now_ms(), user)
    return found.id


def disable_directly(home: House, user: str) -> None:
    set_account(home.engine, now_ms(), user, is_disabled=True)


def test_a_change_is_in_force_at_once_told_to_the_auditor_and_undone_from_the_history(home: House) -> None:
    before = account(home, "s1")
    answer = act(home, ADMIN, "change", "s1", name="林江", role="street_staff", street="S2", community="C3")
    assert (answer.status_code, said(answer)) == (200, "已办，即时生效；结束了 1 个会话")
    assert (account(home, "s1").street, account(home, "s1").community) == ("S2", "C3")
    assert home.get(S1, "/street/S1").status_code == 302  # to the log-in: the session has ended
    (row,) = audited(home, "role_changed")
    assert (row.who, row.object) == ("admin", "s1")
    assert '"before":{"community":"","name":"姓名s1","street":"S1"}' in row.detail
    assert '"after":{"community":"C3","name":"林江","street":"S2"}' in row.detail
    undone = act(home, ADMIN, "undo", "s1", n="1")
    assert undone.status_code == 200, said(undone)
    after = account(home, "s1")
    columns = ("name", "role", "street", "community", "addresses", "is_disabled", "password", "factor")
    assert [getattr(after, c) for c in columns] == [getattr(before, c) for c in columns]
    again = act(home, ADMIN, "undo", "s1", n="1")
    assert (again.status_code, said(again)) == (409, "◆ 后来又改过：请先撤销后面的改动")


def test_a_role_that_may_reveal_waits_for_a_second_administrator_who_is_another(home: House) -> None:
    asked = act(home, ADMIN, "change", "leader", name="某人", role="duty_officer")
    assert said(asked).startswith("已提出，须另一位管理员")
    assert account(home, "leader").role == "leader"
    waits = home.get(SECURITY, "/admin/people").text
    assert "姓名admin 提出，姓名leader（leader）：姓名 姓名leader → 某人、角色 领导 → 值班员" in waits
    wish = wish_of(home, "leader")
    own = act(home, ADMIN, "confirm", "leader", wish=wish)
    assert (own.status_code, said(own)) == (409, "◆ 自己提出的，要由另一位管理员确认")
    done = act(home, SECURITY, "confirm", "leader", wish=wish)
    assert (done.status_code, account(home, "leader").role) == (200, "duty_officer")
    (row,) = audited(home, "role_changed")
    assert row.who == "security"
    assert '"asked_by":"admin"' in row.detail
    twice = act(home, SECURITY, "confirm", "leader", wish=wish)
    assert said(twice).startswith("◆ 这项申请已经不在等待")
    assert not audited(home, "done_alone")


def test_a_wish_is_declined_withdrawn_or_too_old_and_nothing_has_changed(home: House) -> None:
    for who, state in ((SECURITY, "已否决"), (ADMIN, "已撤回")):
        act(home, ADMIN, "change", "s1", **as_leader(role="auditor"))
        assert said(act(home, who, "decline", "s1", wish=wish_of(home, "s1"))).startswith(state)
    act(home, ADMIN, "change", "s1", **as_leader(role="auditor"))
    wish = wish_of(home, "s1")
    with writing(home.engine) as connection:
        connection.execute(people_store.schema.account_wishes.update().values(expires_at=1))
    assert said(act(home, SECURITY, "confirm", "s1", wish=wish)).startswith("◆ 这项申请已过 24 小时")
    assert account(home, "s1").role == "street_staff"


def test_where_there_is_no_second_it_is_done_marked_for_the_auditor_and_told_to_the_person(home: House) -> None:
    disable_directly(home, "security")
    done = act(home, ADMIN, "change", "s1", name="姓名s1", role="duty_officer")
    assert "本应两人办理" in said(done)
    (row,) = audited(home, "done_alone")
    assert (row.who, row.object) == ("admin", "s1")
    entered = accounts.log_in_as(home.engine, now_ms(), "doors|s1", "s1", "10.1.2.3")
    client = home.client(S1)
    client.set_cookie(COOKIE, entered.token)
    page = client.get("/account?next=/desk").text
    assert "姓名admin 改了您的账号：街道值守 → 值班员" in page
    assert "没有第二位管理员确认" in page
    until = re.search(r'name="until" value="(\d+)"', page)
    assert until
    assert "您的账号改过" in client.get("/account").text  # until it is said to be read
    assert client.post("/account/notices?next=/desk", data={"until": until[1]}).headers["Location"] == "/desk"
    assert "您的账号改过" not in client.get("/account").text


def test_whom_one_administrator_has_made_is_no_second_beside_them(home: House) -> None:
    disable_directly(home, "security")
    act(home, ADMIN, "add", "puppet", name="傀儡", role="admin")
    assert account(home, "puppet").role == "admin"
    assert "本应两人办理" in said(act(home, ADMIN, "change", "s1", name="姓名s1", role="auditor"))
    assert len(audited(home, "done_alone")) == 2


REFUSED: list[tuple[str, str, dict[str, str], str]] = [
    ("change", "admin", {"name": "孙伟", "role": "auditor"}, "不能改自己的角色"),
    ("reset_factor", "admin", {}, "不能改自己的角色"),
    ("change", "s1", {"name": "姓名s1", "role": "street_staff", "street": "S9"}, "本区没有街道 S9"),
    ("change", "s1", {"name": "姓名s1", "role": "street_staff", "street": ""}, "要选一个街道"),
    ("change", "s1", {"name": "姓名s1", "role": "street_staff", "street": "S1", "community": "C3"}, "不属于东街"),
    ("change", "s1", {"name": "姓名s1", "role": "department", "unit": "D9"}, "“部门”要从列表里选"),
    ("change", "s1", {"name": "姓名s1", "role": "grid_worker", "grid": "G99 无"}, "没有 G99 无"),
    ("change", "s1", {"name": "姓名s1", "role": "emperor"}, "没有这个角色"),
    ("change", "s1", {"name": "姓名s1", "role": "street_staff", "street": "S1"}, "没有改动"),
    ("change", "wall", {"name": "大屏", "role": "wall", "addresses": "0.0.0.0/0"}, "包含所有人"),
    ("disable", "nobody", {}, "没有账号 nobody"),
    ("disable", "s1", {"reason": " "}, "请写理由"),
    ("disable", "s1", {"version": "7"}, "没有保存"),
    ("reset_factor", "s1", {}, "没有设置第二因素"),
    ("erase", "s1", {}, "没有这个操作"),
    ("undo", "s1", {"n": "4"}, "没有这条改动"),
    ("add", "s1", {"name": "又一个", "role": "street_staff", "street": "S1"}, "账号 s1 已经有了"),
    ("add", "名字", {"name": "名字", "role": "leader"}, "账号名用字母"),
]


def test_what_cannot_be_is_refused_in_words_and_nothing_is_done(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    with house(sqlite_engine, redis_client, tiny) as home:
        before = home.traces(), everybody(home)
        for do, user, form, says in REFUSED:
            answer = act(home, ADMIN, do, user, **form)
            assert (answer.status_code, says in said(answer)) == (409, True), (do, user, form, said(answer))
        assert (home.traces(), everybody(home)) == before


def everybody(home: House) -> list[Account]:
    with home.engine.connect() as connection:
        return reader.all_accounts(connection)


def test_the_last_who_may_look_after_people_is_neither_disabled_nor_given_another_role(home: House) -> None:
    disable_directly(home, "admin")
    home.enter(SECURITY)
    set_account(home.engine, now_ms(), "admin", is_disabled=False)
    home.enter(ADMIN)
    assert said(act(home, SECURITY, "disable", "admin")).startswith("◆ 这样就没有人能“管系统”了")
    assert said(act(home, SECURITY, "change", "admin", name="孙伟", role="leader")).startswith("◆ 这样就没有人能")
    assert act(home, ADMIN, "disable", "security").status_code == 200
    assert not account(home, "admin").is_disabled


def test_the_second_of_two_administrators_on_one_form_is_told_who_changed_what_and_nothing_is_half_applied(
    home: House,
) -> None:
    assert act(home, ADMIN, "change", "s1", name="林江", role="street_staff", street="S1").status_code == 200
    late = act(home, SECURITY, "change", "s1", name="姓名s1", role="street_staff", street="S2", version="0")
    assert late.status_code == 409
    assert re.search(r"没有保存：打开本页之后，\d\d:\d\d 姓名admin 姓名 姓名s1 → 林江", said(late))
    assert (account(home, "s1").name, account(home, "s1").street) == ("林江", "S1")
    assert 'name="version" value="1"' in late.text  # the form that is shown now can be sent


def test_a_new_account_gets_a_password_that_is_shown_once_and_must_be_changed(home: House) -> None:
    answer = act(home, ADMIN, "add", "xin", name="新来", role="street_staff", street="S1")
    assert said(answer).startswith("已提出")  # street staff may reveal
    done = act(home, SECURITY, "confirm", "xin", wish=wish_of(home, "xin"))
    (password,) = re.findall(r"<code>([a-z0-9-]{19})</code>", done.text)
    assert accounts.log_in(home.engine, now_ms(), "xin", password, "10.1.2.3").must_change
    assert password not in home.get(SECURITY, "/admin/people?who=xin").text
    assert account(home, "xin").street == "S1"
    assert act(home, ADMIN, "undo", "xin", n="1").status_code == 200
    assert account(home, "xin").is_disabled


def test_unlocking_ending_resetting_say_before_that_they_cannot_be_undone_and_are_on_the_record(home: House) -> None:
    for _ in range(5):
        with pytest.raises(accounts.LogInRefused):
            accounts.log_in(home.engine, now_ms(), "s1", "wrong password here", "10.7.7.7")
    page = home.get(ADMIN, "/admin/people?who=s1").text
    assert page.index("姓名s1</a>") < page.index("姓名duty</a>")  # who is locked comes first
    for words in ("已锁，", "来自 10.7.7.7", "做了不能撤销"):
        assert words in page
    assert act(home, ADMIN, "unlock", "s1").status_code == 200
    with home.engine.connect() as connection:
        assert not log_in_store.locked_accounts(connection, now_ms())
    assert said(act(home, ADMIN, "end", "s1")).endswith("结束了 1 个会话")
    reset = act(home, ADMIN, "reset", "s1")
    assert "一次性密码" in reset.text
    for action in ("account_unlocked", "session_ended", "account_reset"):
        assert audited(home, action)[0].object == "s1"
    again = act(home, ADMIN, "undo", "s1", n="1")
    assert said(again) == "◆ 这一步做了不能撤销"


def test_a_second_factor_is_reset_by_two(home: House) -> None:
    with writing(home.engine) as connection:
        access_store.change(connection, "leader", factor=b"sealed", factor_at=now_ms(), factor_step=1)
    assert "须当面核对身份" in home.get(ADMIN, "/admin/people?who=leader").text
    act(home, ADMIN, "reset_factor", "leader")
    assert account(home, "leader").factor_at
    assert act(home, SECURITY, "confirm", "leader", wish=wish_of(home, "leader")).status_code == 200
    assert account(home, "leader").factor is None
    assert '"asked_by":"admin"' in audited(home, "factor_reset")[0].detail


def test_the_list_is_searched_and_filtered_and_says_so(home: House) -> None:
    found = home.get(ADMIN, "/admin/people?q=东街").text
    assert "含“东街”的 2 人" in found
    assert "姓名s2</a>" not in found
    disable_directly(home, "s2")
    assert "姓名s2</a>" in home.get(ADMIN, "/admin/people?show=disabled").text
    assert "姓名s1</a>" not in home.get(ADMIN, "/admin/people?show=disabled").text
    english = home.get(ADMIN, "/admin/people?lang=en&who=s1").text
    assert "People and rights" in english
    assert not re.search(r">[^<]*值守[^<]*<", english)


def test_an_act_asks_for_a_fresh_proof_and_leads_back_to_the_page(home: House) -> None:
    with writing(home.engine) as connection:
        for one in access_store.open_sessions(connection, "admin"):
            access_store.prove_session(connection, one.token_hash, now_ms() - 16 * MINUTE_MS)
            access_store.touch_session(connection, one.token_hash, now_ms())
    assert home.get(ADMIN, "/admin/people").status_code == 200
    answer = home.client(ADMIN).post(
        "/admin/people?who=s1", data={"do": "disable", "user": "s1", "reason": "离职"}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/reauth?next=/admin/people%3Fwho%3Ds1"
    assert not account(home, "s1").is_disabled


def test_who_has_nothing_to_administrate_is_led_home(home: House) -> None:
    assert home.get(DUTY, "/admin").headers["Location"] == "/desk"
    assert home.get(ADMIN, "/admin").headers["Location"].startswith("/admin/")
    assert home.get(LEADER, "/admin/people").status_code == 403
