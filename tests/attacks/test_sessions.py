"""Sessions, proofs and the log-in's brakes: what an owner sees and ends, what asks again, who is slowed."""

import re
import time
from collections.abc import Iterator

import gevent
import gevent.event
import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy import text as sql

from dashboard.door.guards import ADDRESSES, ALWAYS_FRESH, CALLBACKS, EVENTS, FRESH, PAGES, ROOMS
from dashboard.door.hashing import Busy, Hashing
from services.access import passwords
from services.access import service as accounts
from services.access.account import Account
from services.access.log_in.rules import LogInRules
from services.access.log_in.tries_store import ALL, LOCKED_MINUTES, SPAN_MS
from services.access.rights import RIGHTS
from services.access.service import FAILURES, LogInRefused
from services.district.package import District
from services.platform.clock import DAY_MS, MINUTE_MS
from services.platform.database import writing
from tests.accounts import set_account
from tests.doors import COOKIE, DESK_AT, DUTY, OURS, S1, WHO, House, house
from tests.integration.test_rights_matrix import attempts, told

pytestmark = pytest.mark.redis
PASSWORD, WRONG, NOW = "three green herons 7", "wrong password here", 1_795_000_000_000
HASHED = passwords.hashed(PASSWORD)


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        for name in ("duty", "s1"):
            set_account(found.engine, now_ms() - 5, name, password=HASHED)
            found.enter(next(who for who in WHO if who.name == name))
        yield found


@pytest.fixture
def leader(engine: Engine) -> Engine:
    """One account with a password, on each database."""
    accounts.add(engine, NOW - 10, Account("leader", "某人", "leader"), "")
    set_account(engine, NOW - 9, "leader", password=HASHED)
    return engine


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def browser(home: House, address: str = DESK_AT) -> FlaskClient:
    client = home.web.flask.test_client()
    client.environ_base = {"REMOTE_ADDR": address, "HTTP_ORIGIN": OURS}
    return client


def log_in(home: House, user: str = "duty", address: str = DESK_AT) -> FlaskClient:
    client = browser(home, address)
    agent = "Mozilla/5.0 (Windows NT 10.0) Chrome/141.0 Safari/537.36"
    answer = client.post("/login", data={"user": user, "password": PASSWORD}, headers={"User-Agent": agent})
    assert answer.status_code == 303
    return client


def age_proofs(home: House, minutes: int) -> None:
    with writing(home.engine) as connection:
        connection.execute(sql("UPDATE sessions SET proved_at = proved_at - :ms"), {"ms": minutes * MINUTE_MS})


class TestOwnSessions:
    def test_one_sees_ones_own_and_ends_one_or_all_others(self, home: House) -> None:
        mine, second, third = log_in(home), log_in(home, address="10.1.2.8"), log_in(home, address="10.1.2.9")
        page = mine.get("/account?lang=en").text
        assert "Chrome 141 · Windows" in page
        assert page.count("this one") == 1
        assert {"10.1.2.8", "10.1.2.9", DESK_AT} <= set(re.findall(r"<td>([\d.]+)</td>", page))
        names = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
        at = page.index("10.1.2.8")
        name = next(one for one in names if page.index(one) > at)
        assert mine.post("/account/sessions", data={"session": name}).status_code == 200
        assert second.get("/desk").headers["Location"].startswith("/login")
        assert third.get("/desk").status_code == 200
        mine.post("/account/sessions", data={"session": "others"})
        assert third.get("/desk").status_code == 302
        assert mine.get("/desk").status_code == 200

    def test_nobody_ends_or_sees_anothers(self, home: House) -> None:
        log_in(home, address="10.1.2.8")
        duty = re.findall(r'name="session" value="([0-9a-f]{16})"', log_in(home).get("/account").text)
        client = log_in(home, "s1")
        assert "10.1.2.8" not in client.get("/account").text
        for name in (*duty, "", "%", "x" * 64):
            assert client.post("/account/sessions", data={"session": name}).status_code == 200
        page = log_in(home).get("/account").text
        assert all(name in page for name in duty)

    def test_the_page_holds_no_token(self, home: House) -> None:
        client = log_in(home)
        cookie = client.get_cookie(COOKIE)
        assert cookie is not None
        assert cookie.value not in client.get("/account").text

    def test_beyond_the_limit_the_longest_unused_one_ends(self, leader: Engine) -> None:
        rules = LogInRules(sessions_most=2)
        tokens = [accounts.log_in(leader, NOW + n, "leader", PASSWORD, DESK_AT, rules=rules).token for n in range(3)]
        found = [accounts.whose(leader, NOW + 5, token, DESK_AT) is not None for token in tokens]
        assert found == [False, True, True]
        more = [accounts.log_in(leader, NOW + 9, "leader", PASSWORD, DESK_AT).token for _ in range(4)]
        assert all(accounts.whose(leader, NOW + 10, token, DESK_AT) for token in more)

    def test_every_page_of_a_desk_has_the_log_out(self, home: House) -> None:
        for path in ("/desk", "/street/S1"):
            text = home.call(DUTY, ".._pages_content.children..._pages_store.data..", path, "").text
            assert "/logout" in text.replace("\\u002f", "/"), path


class TestProofs:
    """Reveal, export and sign ask again; so does whatever changes the second factor."""

    def test_what_asks_again_is_behind_addresses_alone(self) -> None:
        assert RIGHTS.keys() >= FRESH
        assert ALWAYS_FRESH <= FRESH
        elsewhere = {*PAGES.values(), *CALLBACKS.values(), *EVENTS.values(), *ROOMS.values()}
        assert not FRESH & elsewhere
        assert {right for right in RIGHTS if right.startswith("export_")} | {"reveal", "sign_handover"} <= FRESH
        assert {right for right in ADDRESSES.values() if right in FRESH} == FRESH

    @pytest.mark.parametrize("who", [who for who in WHO if who.role not in {None, "wall"}], ids=lambda who: who.name)
    def test_every_address_with_such_a_right_asks_when_the_proof_is_old(self, home: House, who: object) -> None:
        age_proofs(home, 15)
        before = home.traces()
        for endpoint, tried in attempts(home, who).items():
            for attempt in tried:
                if not attempt.expected(who) or ADDRESSES[endpoint] not in FRESH:
                    continue
                client = home.client(who)
                answer = client.open(attempt.path, method=attempt.method, json=attempt.body)
                assert answer.status_code == 401, attempt.path
                assert answer.json["code"] == "reauth_required"
                if attempt.method == "GET":
                    answer = client.get(attempt.path, headers={"Accept": "text/html", "Sec-Fetch-Mode": "navigate"})
                    assert answer.headers["Location"].startswith("/reauth?next="), attempt.path
        assert home.traces() == before
        assert told(who, "be_here")
        assert home.get(who, "/account").status_code == 200  # type: ignore[arg-type]  # and nothing else does

    def test_a_proof_counts_for_a_while(self, home: House) -> None:
        age_proofs(home, 14)
        assert home.get(DUTY, "/api/v1/cases.csv").status_code == 200
        age_proofs(home, 1)
        assert home.get(DUTY, "/api/v1/cases.csv").status_code == 401
        assert home.get(DUTY, "/api/v1/reauth").json == {"due": True}
        assert home.post(DUTY, "/api/v1/reauth", {"secret": WRONG}).status_code == 409
        assert home.get(DUTY, "/api/v1/cases.csv").status_code == 401
        assert home.post(DUTY, "/api/v1/reauth", {"secret": PASSWORD}).status_code == 200
        assert home.get(DUTY, "/api/v1/cases.csv").status_code == 200
        assert home.get(S1, "/api/v1/cases.csv").status_code == 401  # a proof is one session's

    def test_a_page_leads_back_to_where_one_was(self, home: House) -> None:
        age_proofs(home, 20)
        client = home.client(DUTY)
        for aim, code in (("/desk", 303), ("//evil.example", 303), ("/api/v1/cases.csv", 200)):
            answer = client.post("/reauth", query_string={"next": aim}, data={"secret": PASSWORD})
            assert answer.status_code == code
            assert "evil" not in answer.headers.get("Location", "") + answer.text
        assert client.post("/reauth", data={"secret": WRONG}).status_code == 409

    def test_an_open_session_is_no_place_to_guess_from(self, home: House) -> None:
        codes = [home.post(DUTY, "/api/v1/reauth", {"secret": WRONG}).json["code"] for _ in range(FAILURES)]
        assert codes == ["wrong"] * (FAILURES - 1) + ["locked"]
        assert home.post(DUTY, "/api/v1/reauth", {"secret": PASSWORD}).json["code"] == "locked"
        assert log_in(home).get("/desk").status_code == 200  # the log-in itself goes on

    @pytest.mark.parametrize(
        ("minutes", "age", "is_fresh"),
        [(15, 14, True), (15, 15, False), (15, -1, False), (0, 0, True), (0, 1, False), (None, 10_000, True)],
    )
    def test_what_is_fresh(self, minutes: int | None, age: int, is_fresh: bool) -> None:
        rules = LogInRules(reauth_minutes=minutes)
        assert rules.is_fresh(NOW - age * MINUTE_MS, NOW) == is_fresh
        assert not LogInRules(reauth_minutes=None).is_fresh(NOW - 15 * MINUTE_MS, NOW, always=True)
        assert rules.is_fresh(rules.proof_at_log_in(NOW), NOW) == (minutes != 0)  # 0: not even the log-in counts


class TestPasswordAge:
    def test_an_old_password_must_be_changed_at_the_next_log_in(self, leader: Engine) -> None:
        rules, later = LogInRules(password_days=90), NOW + 91 * DAY_MS
        assert not accounts.log_in(leader, NOW + 89 * DAY_MS, "leader", PASSWORD, DESK_AT, rules=rules).must_change
        assert not accounts.log_in(leader, later, "leader", PASSWORD, DESK_AT).must_change
        entered = accounts.log_in(leader, later, "leader", PASSWORD, DESK_AT, rules=rules)
        assert entered.must_change
        accounts.change_password(leader, later, entered.person, PASSWORD, "two grey cranes 44", rules=rules)
        entered = accounts.log_in(leader, later + DAY_MS, "leader", "two grey cranes 44", DESK_AT, rules=rules)
        assert not entered.must_change

    def test_kinds_of_characters_are_asked_for_where_the_setting_says_so(self, leader: Engine) -> None:
        person = accounts.log_in(leader, NOW, "leader", PASSWORD, DESK_AT).person
        rules = LogInRules(password_classes=4)
        with pytest.raises(passwords.BadPassword) as bad:
            accounts.change_password(leader, NOW, person, PASSWORD, "two grey cranes 44", rules=rules)
        assert bad.value.code == "classes"
        accounts.change_password(leader, NOW, person, PASSWORD, "Two grey cranes 44", rules=rules)


class TestBrakes:
    """An attacker elsewhere keeps no officer out, and many addresses make no more guesses."""

    def code(self, engine: Engine, now: int, password: str, address: str, device: str = "") -> str:
        try:
            accounts.log_in(engine, now, "leader", password, address, device=device)
        except LogInRefused as refused:
            return refused.code
        return "in"

    def test_five_wrong_ones_lock_their_own_place_alone(self, leader: Engine) -> None:
        for n in range(FAILURES + 2):
            self.code(leader, NOW + n, WRONG, "203.0.113.9")
        assert self.code(leader, NOW + 10, PASSWORD, "203.0.113.9") == "locked"
        assert self.code(leader, NOW + 10, PASSWORD, DESK_AT) == "in"

    @pytest.mark.parametrize("address", ["2001:db8:1:2::1", "::ffff:203.0.113.9"])
    def test_a_network_of_one_subscriber_is_one_place(self, leader: Engine, address: str) -> None:
        other = {"2001:db8:1:2::1": "2001:db8:1:2:ffff::7", "::ffff:203.0.113.9": "203.0.113.9"}[address]
        for n in range(FAILURES):
            self.code(leader, NOW + n, WRONG, address)
        assert self.code(leader, NOW + 10, PASSWORD, other) == "locked"

    def test_a_botnet_slows_strangers_and_not_the_officers_own_browser(self, leader: Engine) -> None:
        person = accounts.log_in(leader, NOW, "leader", PASSWORD, DESK_AT).person
        device = accounts.know_browser(leader, NOW, person)
        for n in range(ALL[""] // 2):
            for _ in range(2):
                self.code(leader, NOW + n, WRONG, f"203.0.113.{n}")
        assert self.code(leader, NOW + 100, PASSWORD, "198.51.100.1") == "locked"
        assert self.code(leader, NOW + 100, PASSWORD, "198.51.100.1", device) == "in"
        assert self.code(leader, NOW + 100, PASSWORD, DESK_AT, "somebody's guess") == "locked"
        assert self.code(leader, NOW + SPAN_MS + 100, PASSWORD, "198.51.100.1") == "in"

    def test_a_stolen_device_cookie_gives_five_guesses_as_every_place(self, leader: Engine) -> None:
        person = accounts.log_in(leader, NOW, "leader", PASSWORD, DESK_AT).person
        device = accounts.know_browser(leader, NOW, person)
        codes = [self.code(leader, NOW + n, WRONG, f"203.0.113.{n}", device) for n in range(FAILURES)]
        assert codes[-1] == "locked"
        assert self.code(leader, NOW + 9, PASSWORD, DESK_AT, device) == "locked"
        assert self.code(leader, NOW + 9, PASSWORD, DESK_AT) == "in"

    def test_a_device_is_known_for_its_own_people_alone(self, leader: Engine) -> None:
        accounts.add(leader, NOW - 5, Account("other", "某人", "auditor"), "")
        other = accounts.log_in_as(leader, NOW, "idp|2", "other", DESK_AT).person
        device = accounts.know_browser(leader, NOW, other)
        for n in range(FAILURES):
            self.code(leader, NOW + n, WRONG, "203.0.113.9", device)
        assert self.code(leader, NOW + 9, PASSWORD, "203.0.113.9", device) == "locked"
        assert self.code(leader, NOW + 9, PASSWORD, "203.0.113.9", "another") == "locked"  # the address' own

    def test_an_unknown_account_waits_as_a_known_one(self, leader: Engine) -> None:
        def codes(user: str) -> list[str]:
            found = []
            for n in range(FAILURES + 1):
                with pytest.raises(LogInRefused) as caught:
                    accounts.log_in(leader, NOW + n, user, WRONG, DESK_AT)
                found.append(caught.value.code)
            return found

        assert codes("nobody") == codes("leader") == ["wrong"] * (FAILURES - 1) + ["locked"] * 2

    def test_typed_nonsense_does_not_stay(self, leader: Engine) -> None:
        for n in range(20):
            with pytest.raises(LogInRefused):
                accounts.log_in(leader, NOW, f"nobody{n}" + "x" * 500, WRONG, DESK_AT)
        later = NOW + SPAN_MS + LOCKED_MINUTES * MINUTE_MS
        with pytest.raises(LogInRefused):
            accounts.log_in(leader, later, "nobody", WRONG, DESK_AT)
        with leader.connect() as connection:
            rows = connection.execute(sql("SELECT user_id FROM log_in_tries")).scalars().all()
        assert rows == ["nobody"]

    def test_a_browser_in_which_somebody_is_logged_in_is_known_from_then_on(self, home: House) -> None:
        client = log_in(home)
        assert client.get_cookie(f"{COOKIE}-device") is None
        client.get("/desk")
        assert client.get_cookie(f"{COOKIE}-device") is not None
        client.post("/logout")
        assert client.get_cookie(f"{COOKIE}-device") is not None  # a log-out forgets the session, not the browser
        for _ in range(FAILURES):
            browser(home).post("/login", data={"user": "duty", "password": WRONG})
        assert browser(home).post("/login", data={"user": "duty", "password": PASSWORD}).status_code == 403
        assert client.post("/login", data={"user": "duty", "password": PASSWORD}).status_code == 303


class TestHashing:
    """A burst of log-ins holds up nobody who is logged in."""

    def test_beyond_the_queue_it_says_come_again_and_one_address_takes_turns(self) -> None:
        hashing, gates = Hashing(threads=2, waiting=4, waiting_one=3), [gevent.event.Event() for _ in range(2)]
        running: list[str] = []

        def work(name: str) -> str:
            running.append(name)
            end = time.monotonic() + 10
            while not gates[0].is_set() and time.monotonic() < end:
                time.sleep(0.005)
            return name

        jobs = [
            gevent.spawn(hashing.run, address, lambda name=f"{address}{n}": work(name))
            for n in range(2)
            for address in ("a", "b")
        ]
        end = time.monotonic() + 10
        while len(running) < 2 and time.monotonic() < end:
            gevent.sleep(0.01)
        assert sorted(one[0] for one in running) == ["a", "b"]  # one of each address, whoever came first
        with pytest.raises(Busy):
            hashing.run("c", lambda: "never")
        start = time.monotonic()
        assert gevent.get_hub().threadpool.apply(lambda: "a look-up") == "a look-up"  # beside it, not behind it
        assert time.monotonic() - start < 5
        gates[0].set()
        assert sorted(job.get(timeout=10) for job in jobs) == ["a0", "a1", "b0", "b1"]
        assert hashing.run("c", lambda: "now") == "now"
        with pytest.raises(ZeroDivisionError):
            hashing.run("c", lambda: 1 // 0)
        assert hashing.run("c", lambda: "again") == "again"

    def test_thirty_log_ins_at_once_leave_the_others_their_answers(self, home: House, real_hashes: None) -> None:
        clients = [browser(home) for _ in range(30)]
        jobs = [
            gevent.spawn(one.post, "/login", data={"user": f"nobody{n}", "password": WRONG})
            for n, one in enumerate(clients)
        ]
        answers = 0
        while not all(job.ready() for job in jobs):
            assert home.get(DUTY, "/api/v1/board").status_code == 200
            answers += 1
            gevent.sleep(0)
        codes = [job.get().status_code for job in jobs]
        assert set(codes) <= {403, 503}
        assert codes.count(403) >= 8
        late = [job.get() for job in jobs if job.get().status_code == 503]
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in late)
        assert answers > 30  # they were answered all along, not when the last hash was done
