"""A one-time password opens for some hours: said where it is made, refused in words after that, on the audit."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, MetaData, text

from services.access import reader
from services.access import service as accounts
from services.access.account import Account
from services.admin import people_store
from services.admin.errands.accounts import UserWish, user
from services.audit import AuditRecord
from services.audit.log_service import AuditQuery, newest
from services.district.package import District
from services.platform.clock import HOUR_MS
from services.platform.database import is_postgres
from services.platform.migrate import head, revision_of, upgrade
from services.platform.settings import Settings
from tests.accounts import set_account
from tests.doors import WHO, House, house

pytestmark = pytest.mark.redis
AT = "10.1.2.3"
OWN = "seven green cranes 9"
ADMIN = next(who for who in WHO if who.name == "admin")


@pytest.fixture
def home(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(engine, redis_client, tiny) as found:
        yield found


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def refusal(engine: Engine, now: int, password: str) -> str:
    with pytest.raises(accounts.LogInRefused) as raised:
        accounts.log_in(engine, now, "leader", password, AT)
    return raised.value.code


def recorded(home: House, action: str) -> list[AuditRecord]:
    with home.engine.connect() as connection:
        return newest(connection, AuditQuery(actions=(action,)), 9)


def account(engine: Engine, user_id: str) -> Account:
    with engine.connect() as connection:
        found = reader.account(connection, user_id)
    assert found is not None
    return found


def test_an_unused_one_time_password_expires(home: House) -> None:
    with home.engine.connect() as connection:
        version = people_store.version(connection, "leader")
    form = {"do": "reset", "user": "leader", "version": version, "reason": "忘记密码"}
    shown = home.client(ADMIN).post("/admin/people?who=leader", data=form).text
    (password,) = re.findall(r"<code>([a-z0-9-]{19})</code>", shown)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d 前有效，过期须重置", shown)
    (row,) = recorded(home, "account_reset")
    assert '"once_until":' in row.detail

    until = account(home.engine, "leader").once_until
    assert abs(until - now_ms() - 72 * HOUR_MS) < HOUR_MS
    assert accounts.log_in(home.engine, until - 1, "leader", password, AT).must_change
    assert refusal(home.engine, until, password) == "once_over"
    assert refusal(home.engine, until, "not the right one") == "wrong", "who does not know it learns nothing of it"

    set_account(home.engine, now_ms(), "leader", once_until=1)
    answer = home.client(ADMIN).post("/login", data={"user": "leader", "password": password})
    assert "一次性密码已过期，请管理员重置" in answer.text
    assert any('"once_over"' in one.detail for one in recorded(home, "log_in_failed"))


def test_a_password_of_ones_own_does_not_expire_with_the_one_time_one(home: House) -> None:
    engine, now = home.engine, now_ms()
    set_account(engine, now, "leader", password=accounts.passwords.hashed(OWN), once_until=now + HOUR_MS)
    person = accounts.log_in(engine, now + 1, "leader", OWN, AT).person
    accounts.change_password(engine, now + 2, person, OWN, f"{OWN} and 2 more")
    assert account(engine, "leader").once_until == 0
    assert not accounts.log_in(engine, now + 99 * HOUR_MS, "leader", f"{OWN} and 2 more", AT).must_change


def test_the_command_says_how_long_and_the_list_which_has_expired(home: House, tiny_folder: Path) -> None:
    url = home.engine.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, district=str(tiny_folder), once_hours=5)
    (said,) = user(settings, "reset", UserWish("leader"))
    assert "opens for 5 hours" in said
    assert abs(account(home.engine, "leader").once_until - now_ms() - 5 * HOUR_MS) < HOUR_MS
    assert any("one-time password opens until" in line for line in user(settings, "list", UserWish()))
    set_account(home.engine, now_ms(), "leader", once_until=1)
    assert any("one-time password expired 1970-01-01" in line for line in user(settings, "list", UserWish()))


def test_those_that_wait_at_an_upgrade_get_three_days_from_then_on(engine: Engine) -> None:
    columns = "user_id name role street community unit grid password subject addresses sso_name".split()
    with engine.begin() as connection:
        if is_postgres(engine):
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        else:
            found = MetaData()
            found.reflect(connection)
            found.drop_all(connection)
    upgrade(engine, "0021")
    with engine.begin() as connection:
        for user_id, must_change, password_at in (("waits", True, 5), ("own", False, 5), ("aged", True, 9)):
            values = dict.fromkeys(columns, "") | {"user_id": user_id, "password": "$argon2id$x"}
            numbers = {"made_at": 5, "changed_at": 5, "factor_at": 0, "factor_step": 0, "password_at": password_at}
            values |= {**numbers, "must_change": must_change, "is_disabled": False}
            names = ", ".join(values)
            connection.execute(text(f"INSERT INTO accounts ({names}) VALUES (:{', :'.join(values)})"), values)
    upgrade(engine)
    assert revision_of(engine) == head()
    assert abs(account(engine, "waits").once_until - now_ms() - 72 * HOUR_MS) < HOUR_MS
    assert (account(engine, "own").once_until, account(engine, "aged").once_until) == (0, 0)
