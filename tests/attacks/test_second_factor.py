"""The second factor: who must have it, what half a log-in opens (nothing), codes guessed, used twice or lost."""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from dashboard.door.guards import CALLBACKS, EVENTS, HALF_WAY, PUBLIC
from services.access import passwords
from services.access import service as accounts
from services.access import tables as people_schema
from services.access.log_in import factors_service as factors
from services.access.log_in import totp
from services.access.log_in.rules import LogInRules
from services.access.rights import ROLES, Person
from services.access.service import HALF_MINUTES, Browser, Half, LogInRefused
from services.audit.log_service import AuditQuery, newest
from services.district.package import District
from services.platform.database import writing
from services.platform.sealing import Sealer, make_key
from tests.accounts import set_account
from tests.doors import COOKIE, DESK_AT, OURS, WALL_AT, WHO, House, Who, house, is_refused
from tests.integration.test_rights_matrix import attempts

pytestmark = pytest.mark.redis
PASSWORD = "three green herons 7"
KEY = make_key()
LEADER = next(who for who in WHO if who.name == "leader")
HASHED = passwords.hashed(PASSWORD)


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny, data_key=KEY, second_factor=("leader", "auditor")) as found:
        for name in ("leader", "duty"):
            set_account(found.engine, now_ms() - 5, name, password=HASHED)
        yield found


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def browser(home: House, address: str = DESK_AT) -> FlaskClient:
    client = home.web.flask.test_client()
    client.environ_base = {"REMOTE_ADDR": address, "HTTP_ORIGIN": OURS}
    return client


def show_password(home: House, user: str = "leader", client: FlaskClient | None = None) -> FlaskClient:
    client = client or browser(home)
    answer = client.post("/login", data={"user": user, "password": PASSWORD})
    assert answer.status_code == 303
    return client


def offer_on(page: TestResponse) -> tuple[bytes, str]:
    """The secret and the sealed offer that a page shows."""
    import base64

    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    offer = re.search(r'name="offer" value="([^"]+)"', page.text)
    assert secret is not None
    assert offer is not None
    return base64.b32decode(secret[1].replace(" ", "")), offer[1]


def enrolled(home: House, client: FlaskClient) -> tuple[bytes, list[str]]:
    """Set it up at the log-in; the secret and the recovery codes that are shown."""
    secret, offer = offer_on(client.get("/factor"))
    answer = client.post("/factor", data={"code": code(secret), "offer": offer})
    assert answer.status_code == 200, answer.text
    return secret, re.findall(r"<li><code>([^<]+)</code>", answer.text)


def code(secret: bytes, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(now_ms()) + steps)


def forget_step(home: House) -> None:
    """As if time had gone on: the code of now counts again."""
    with writing(home.engine) as connection:
        connection.execute(people_schema.accounts.update().values(factor_step=0))


def test_a_role_that_must_have_it_sets_it_up_at_the_log_in_and_shows_it_at_each_further_one(home: House) -> None:
    client = show_password(home)
    assert client.get("/leadership").headers["Location"].startswith("/factor?next=")
    page = client.get("/factor")
    assert "data:image/svg+xml" in page.text
    assert "otpauth://totp/" in page.text
    secret, codes = enrolled(home, client)
    assert len(codes) == 10
    assert client.get("/leadership").status_code == 200
    again = show_password(home)
    assert "otpauth://" not in again.get("/factor").text
    with home.engine.connect() as connection:
        used = connection.execute(
            select(people_schema.accounts.c.factor_step).where(people_schema.accounts.c.user_id == "leader")
        ).scalar_one()
    assert again.post("/factor", data={"code": totp.code_at(secret, used)}).status_code == 403  # it set the factor up
    forget_step(home)
    answer = again.post("/factor?next=/leadership", data={"code": code(secret)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/leadership")
    assert again.get("/leadership").status_code == 200
    assert show_password(home, "duty").get("/desk").status_code == 200  # whose role needs none


def half_doors(home: House) -> Iterator[tuple[str, str, str, Any]]:
    everybody = attempts(home, Who("leader", "leader"))
    for endpoint, tried in everybody.items():
        for attempt in tried[:1]:
            if PUBLIC not in attempt.rights:
                yield endpoint, attempt.method, attempt.path, attempt.body


@pytest.mark.parametrize("is_enrolled", [False, True], ids=["enrol", "factor"])
def test_half_a_log_in_opens_nothing_but_its_second_step(home: House, is_enrolled: bool) -> None:
    """Every address, callback and socket of the app's own registries, from a desk and from a wall's place."""
    if is_enrolled:
        enrolled(home, show_password(home))
    for address in (DESK_AT, WALL_AT):
        client = show_password(home, client=browser(home, address))
        home.clients["half"], half = client, Who("half", "leader")
        before = home.traces()
        for endpoint, method, path, body in half_doors(home):
            if endpoint in HALF_WAY:
                continue
            answer = client.open(path, method=method, json=body)
            to_factor = answer.headers.get("Location", "").startswith("/factor?next=")
            assert answer.status_code == 401 or (answer.status_code == 302 and to_factor), f"{path}: {answer.status}"
        for output in CALLBACKS:
            assert home.post(half, "/_dash-update-component", home.body(output)).status_code == 401, output
        socket = home.socket(half)
        assert not socket.is_connected()
        assert socket.queue == []
        assert {"hello", "at_case"} <= EVENTS.keys()  # none is reached without the socket
        assert client.get("/factor").status_code == 200
        assert home.traces() == before
        assert client.post("/logout").status_code == 303
        assert is_refused(client.get("/factor")) or address == WALL_AT


def test_half_a_session_is_worth_nothing_as_a_whole_one(home: House) -> None:
    client = show_password(home)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    token = cookie.value
    assert accounts.whose(home.engine, now_ms(), token, DESK_AT) is None
    found = accounts.who_is(home.engine, now_ms(), token, DESK_AT)
    assert isinstance(found, Half)
    later = now_ms() + HALF_MINUTES * 60_000
    assert accounts.who_is(home.engine, later, token, DESK_AT) is None
    enrolled(home, client)
    fresh = client.get_cookie(COOKIE)
    assert fresh is not None
    assert fresh.value != token  # whoever saw the first token has nothing
    assert accounts.who_is(home.engine, now_ms(), token, DESK_AT) is None


def test_codes_are_guessed_five_times_and_no_more(home: House) -> None:
    secret, _ = enrolled(home, show_password(home))
    forget_step(home)
    client = show_password(home)
    wrong = [client.post("/factor", data={"code": code(secret, 100 + n)}) for n in range(6)]
    assert [answer.status_code for answer in wrong] == [403] * 6
    assert client.post("/factor", data={"code": code(secret)}).status_code == 403  # even the right one
    fresh = show_password(home)  # nor does the password again
    assert fresh.post("/factor", data={"code": code(secret)}).status_code == 403
    elsewhere = show_password(home, client=browser(home, "10.1.2.77"))
    assert elsewhere.post("/factor", data={"code": code(secret)}).status_code == 303


def test_many_addresses_make_no_more_guesses(home: House) -> None:
    """A million codes, and a botnet that knows the password: all strangers together wait."""
    secret, _ = enrolled(home, show_password(home))
    forget_step(home)
    for n in range(5):
        client = show_password(home, client=browser(home, f"10.3.0.{n}"))
        for m in range(2):
            client.post("/factor", data={"code": code(secret, 100 + n + m)})
    stranger = show_password(home, client=browser(home, "10.4.0.1"))
    assert stranger.post("/factor", data={"code": code(secret)}).status_code == 403


@pytest.mark.parametrize("junk", ["", "0", "000000", "１２３４５６", "abcdef", "x" * 5000, "' OR 1=1 --", "12345\x006"])
def test_what_is_no_code_opens_nothing(home: House, junk: str) -> None:
    enrolled(home, show_password(home))
    client = show_password(home)
    assert client.post("/factor", data={"code": junk, "offer": junk}).status_code == 403
    assert is_refused(client.get("/api/v1/board"))


def test_an_offer_of_another_session_or_of_ones_own_making_is_refused(home: House) -> None:
    """Nobody sets somebody else's telephone up: the sealed secret is one session's."""
    mine, theirs = show_password(home), show_password(home)
    secret, offer = offer_on(theirs.get("/factor"))
    for forged in (offer, "", "x", offer[:-4], Sealer(make_key()).seal(b'["x","AAAA"]').decode()):
        answer = mine.post("/factor", data={"code": code(secret), "offer": forged})
        assert answer.status_code == 409
        assert is_refused(mine.get("/api/v1/board"))


def test_a_recovery_code_opens_once(home: House) -> None:
    _, codes = enrolled(home, show_password(home))
    for typed, opens in ((codes[0], True), (codes[0], False), (codes[1].upper().replace("-", " "), True)):
        client = show_password(home)
        assert (client.post("/factor", data={"code": typed}).status_code == 303) == opens
    text = browser(home).get("/login").text
    assert codes[2] not in text
    with home.engine.connect() as connection:
        kept = str(connection.execute(select(people_schema.recovery_codes)).all())
    assert not [one for one in codes if one in kept or one.replace("-", "") in kept]


def test_two_at_once_with_one_code_are_one(home: House) -> None:
    secret, codes = enrolled(home, show_password(home))
    forget_step(home)
    for typed in (code(secret), codes[0]):
        found: list[str] = []

        def show(half: Half, typed: str = typed, found: list[str] = found) -> None:
            try:
                factors.show(
                    home.engine,
                    Sealer(KEY),
                    now_ms(),
                    half,
                    typed=typed,
                    offer="",
                    browser=Browser(DESK_AT),
                    rules=LogInRules(),
                )
                found.append("in")
            except LogInRefused:
                found.append("out")

        halves = []
        for _ in range(4):
            token = accounts.log_in(home.engine, now_ms(), "leader", PASSWORD, DESK_AT).token
            half = accounts.who_is(home.engine, now_ms(), token, DESK_AT)
            assert isinstance(half, Half)
            halves.append(half)
        threads = [threading.Thread(target=show, args=(half,)) for half in halves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == ["in", "out", "out", "out"]


def test_the_secret_is_kept_encrypted_and_a_lost_key_leaves_the_recovery_codes(home: House) -> None:
    secret, codes = enrolled(home, show_password(home))
    with home.engine.connect() as connection:
        kept = connection.execute(
            select(people_schema.accounts.c.factor).where(people_schema.accounts.c.user_id == "leader")
        ).scalar_one()
    assert secret not in kept
    assert Sealer(KEY).open(kept) == secret
    forget_step(home)
    for typed, opens in ((code(secret), False), (codes[0], True)):
        token = accounts.log_in(home.engine, now_ms(), "leader", PASSWORD, DESK_AT).token
        half = accounts.who_is(home.engine, now_ms(), token, DESK_AT)
        assert isinstance(half, Half)
        try:
            factors.show(
                home.engine,
                Sealer(make_key()),
                now_ms(),
                half,
                typed=typed,
                offer="",
                browser=Browser(DESK_AT),
                rules=LogInRules(),
            )
            was_let_in = True
        except LogInRefused:
            was_let_in = False
        assert was_let_in == opens


def test_who_must_have_it_cannot_take_it_away_others_can(home: House) -> None:
    client = show_password(home)
    enrolled(home, client)
    answer = client.post("/account/factor/remove")
    assert answer.status_code == 409
    assert is_refused(show_password(home).get("/api/v1/board"))
    duty = show_password(home, "duty")
    secret, offer = offer_on(duty.get("/account/factor"))
    assert duty.post("/account/factor", data={"code": "000000", "offer": offer}).status_code == 403
    assert duty.post("/account/factor", data={"code": code(secret), "offer": offer}).status_code == 200
    assert is_refused(show_password(home, "duty").get("/api/v1/board"))
    assert duty.post("/account/factor/remove").status_code == 200
    assert show_password(home, "duty").get("/api/v1/board").status_code == 200


def test_an_administrator_takes_a_lost_one_away_and_the_next_log_in_sets_another_up(home: House) -> None:
    client = show_password(home)
    enrolled(home, client)
    assert factors.reset(home.engine, now_ms(), "leader") == (True, 1)
    assert is_refused(client.get("/api/v1/board"))
    assert "otpauth://" in show_password(home).get("/factor").text


def test_what_is_done_with_factors_is_on_the_audit_without_a_secret(home: House) -> None:
    client = show_password(home)
    secret, codes = enrolled(home, client)
    client.post("/account/factor/codes")
    with home.engine.connect() as connection:
        rows = newest(connection, AuditQuery(), 50)
    changed = [row.detail for row in rows if row.action == "factor_changed"]
    assert changed == ['{"what":"new_codes"}', '{"what":"factor_set"}']
    text = str(rows)
    assert not [one for one in (*codes, totp.in_groups(secret).replace(" ", "")) if one in text]
    assert [row.action for row in rows].count("log_in") == 1  # the password alone is no log-in


@pytest.mark.parametrize("role", [role for role in ROLES if role != "wall"])
def test_each_role_that_the_setting_names_is_asked(sqlite_engine: Engine, role: str) -> None:
    from services.access.account import Account

    seats = {"street_staff": {"street": "S1"}, "department": {"unit": "D1"}, "grid_worker": {"grid": "G00"}}
    accounts.add(sqlite_engine, 1, Account("someone", "某人", role, **seats.get(role, {})), "")
    rules = LogInRules(second_factor=frozenset({role}))
    assert accounts.log_in_as(sqlite_engine, 2, "idp|1", "someone", DESK_AT, rules=rules).stage == "enrol"
    assert accounts.log_in_as(sqlite_engine, 2, "idp|1", "someone", DESK_AT, rules=rules, has_factor=True).stage == ""
    others = LogInRules(second_factor=frozenset({*ROLES} - {role}))
    assert accounts.log_in_as(sqlite_engine, 2, "idp|1", "someone", DESK_AT, rules=others).stage == ""
    assert Person("someone", "某人", role)
