"""Accounts and sessions on both databases: who comes in, who is kept out, what ends a session."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from services.access import log_in_store as kept
from services.access import passwords, reader, store
from services.access import service as accounts
from services.access import tables as people_schema
from services.access.account import Account
from services.access.log_in_store import Tried
from services.access.passwords import BadPassword
from services.access.rights import IDLE_MINUTES, LONGEST_MINUTES, ROLES, Person
from services.access.service import FAILURES, LOCKED_MINUTES, TOUCH_MS, AccountError, LogInRefused, comes_from
from services.admin.errands.accounts import UserWish, user
from services.audit.log_service import AuditQuery, newest
from services.platform.clock import MINUTE_MS
from services.platform.database import open_engine, writing
from services.platform.settings import Settings
from tests.accounts import set_account

NOW = 1_795_000_000_000
RIGHT, NEXT, AT = "three green herons 7", "two grey cranes 44", "10.1.2.3"
WALL_AT = "10.9.0.0/29 2001:db8:9::/64"
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hashed(RIGHT)


# Where a role sits that has a place of its own.
SEATS = {"street_staff": {"street": "S1"}, "department": {"unit": "D1"}, "grid_worker": {"grid": "G00"}}


@pytest.fixture
def people(engine: Engine, hashed: str) -> Engine:
    """One account of each role, all with the same password; a wall without one."""
    for role in ROLES:
        if role == "wall":
            accounts.add(engine, NOW - 1, Account("wall", "大屏", role, addresses=WALL_AT), "")
            continue
        accounts.add(engine, NOW - 1, Account(role, "某人", role, **SEATS.get(role, {})), "")
        with writing(engine) as connection:
            store.change(connection, role, password=hashed)
    return engine


def account(engine: Engine, user_id: str) -> Account:
    with engine.connect() as connection:
        found = reader.account(connection, user_id)
    assert found is not None
    return found


def tried(engine: Engine, user_id: str) -> Tried:
    """The wrong tries from AT: a place waits, not the account."""
    with engine.connect() as connection:
        return kept.tried(connection, user_id, f"from:{AT}")


def refusal(engine: Engine, now: int, user_id: str, password: str) -> str:
    with pytest.raises(LogInRefused) as caught:
        accounts.log_in(engine, now, user_id, password, AT)
    return caught.value.code


def enter(engine: Engine, user_id: str, now: int = NOW) -> str:
    return accounts.log_in_as(engine, now, f"idp|{user_id}", user_id, AT).token


def is_open(engine: Engine, token: str, now: int = NOW, address: str = AT) -> bool:
    return accounts.whose(engine, now, token, address) is not None


def test_the_right_password_gives_a_session_whose_token_the_store_does_not_hold(people: Engine) -> None:
    entered = accounts.log_in(people, NOW, "duty_officer", RIGHT, AT)
    found = accounts.whose(people, NOW, entered.token, AT)
    assert found is not None
    assert (found.person.user_id, found.person.role, found.person.address) == ("duty_officer", "duty_officer", AT)
    assert found.person == entered.person
    with people.connect() as connection:
        kept = [str(row) for row in connection.execute(select(people_schema.sessions))]
        kept += [str(row) for row in connection.execute(select(people_schema.accounts))]
    assert not [row for row in kept if entered.token in row or RIGHT in row]
    assert len(entered.token) >= 43  # 256 bits


def test_each_log_in_is_another_session(people: Engine) -> None:
    tokens = {enter(people, "leader") for _ in range(20)}
    assert len(tokens) == 20
    assert all(is_open(people, token) for token in tokens)


@pytest.mark.parametrize(
    "user_id", ["duty_officer", "nobody", "", "wall", "Duty_officer", "duty_officer ", "' OR 1=1 --"]
)
def test_a_wrong_password_and_an_unknown_account_are_told_in_one_word(people: Engine, user_id: str) -> None:
    assert refusal(people, NOW, user_id, "three green herons 8") == "wrong"
    if user_id != "duty_officer":
        assert refusal(people, NOW, user_id, RIGHT) == "wrong"


def test_an_unknown_account_goes_the_same_way_as_a_known_one(people: Engine, real_hashes: None) -> None:
    """The costly part, the hash, is reckoned for both."""
    with writing(people) as connection:
        store.change(connection, "leader", password=passwords.hashed(RIGHT))

    def cost(user_id: str) -> float:
        start = time.thread_time()
        refusal(people, NOW, user_id, "wrong password here")
        return time.thread_time() - start

    cost("nobody")
    known, unknown, wall = cost("leader"), cost("nobody"), cost("wall")
    assert 0.3 < unknown / known < 3
    assert 0.3 < wall / known < 3


def test_five_wrong_passwords_lock_the_account_for_a_while_even_against_the_right_one(people: Engine) -> None:
    codes = [refusal(people, NOW + i, "leader", "wrong password here") for i in range(FAILURES)]
    assert codes == ["wrong"] * (FAILURES - 1) + ["locked"]
    end = NOW + FAILURES - 1 + LOCKED_MINUTES * MINUTE_MS
    assert tried(people, "leader").locked_until == end
    assert refusal(people, end - 1, "leader", RIGHT) == "locked"
    assert accounts.log_in(people, end, "leader", RIGHT, AT).person.role == "leader"
    assert tried(people, "leader") == Tried()


def test_tries_while_it_is_locked_do_not_lengthen_the_lock(people: Engine) -> None:
    for i in range(FAILURES):
        refusal(people, NOW + i, "leader", "wrong password here")
    until = tried(people, "leader").locked_until
    assert refusal(people, NOW + 60_000, "leader", "wrong password here") == "locked"
    assert tried(people, "leader").locked_until == until


def test_the_right_password_forgets_the_wrong_ones(people: Engine) -> None:
    for i in range(3):
        for _ in range(FAILURES - 1):
            assert refusal(people, NOW + i, "leader", "wrong password here") == "wrong"
        accounts.log_in(people, NOW + i, "leader", RIGHT, AT)


def test_a_lock_out_does_not_end_the_sessions_that_there_are(people: Engine) -> None:
    """Or anybody could put an officer out by typing."""
    token = enter(people, "leader")
    for i in range(FAILURES):
        refusal(people, NOW + i, "leader", "wrong password here")
    assert is_open(people, token, NOW + 10)


def test_many_who_guess_at_once_get_no_more_than_five_guesses(people: Engine) -> None:
    codes: list[str] = []

    def guess(password: str) -> None:
        try:
            accounts.log_in(people, NOW, "leader", password, AT)
            codes.append("in")
        except LogInRefused as refused:
            codes.append(refused.code)

    threads = [threading.Thread(target=guess, args=("wrong password here",)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count("wrong") == FAILURES - 1
    assert codes.count("locked") == 10 - (FAILURES - 1)
    guess(RIGHT)
    assert codes[-1] == "locked"


def test_a_disabled_account_says_so_only_to_whoever_knows_its_password(people: Engine) -> None:
    token = enter(people, "leader")
    assert set_account(people, NOW + 1, "leader", is_disabled=True) == 1
    assert not is_open(people, token, NOW + 1)
    assert refusal(people, NOW + 2, "leader", "wrong password here") == "wrong"
    assert refusal(people, NOW + 2, "leader", RIGHT) == "disabled"
    with pytest.raises(LogInRefused, match="disabled"):
        accounts.log_in_as(people, NOW + 2, "idp|leader", "leader", AT)
    set_account(people, NOW + 3, "leader", is_disabled=False)
    assert not is_open(people, token, NOW + 4)
    assert accounts.log_in(people, NOW + 4, "leader", RIGHT, AT)


def test_a_changed_password_ends_every_other_session(people: Engine) -> None:
    mine, other, others = enter(people, "leader"), enter(people, "leader"), enter(people, "auditor")
    found = accounts.whose(people, NOW, mine, AT)
    assert found is not None
    accounts.change_password(people, NOW + 1, found.person, RIGHT, NEXT)
    assert is_open(people, mine, NOW + 2)
    assert not is_open(people, other, NOW + 2)
    assert is_open(people, others, NOW + 2)
    assert refusal(people, NOW + 2, "leader", RIGHT) == "wrong"
    assert accounts.log_in(people, NOW + 2, "leader", NEXT, AT)


def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(people: Engine) -> None:
    person = accounts.log_in_as(people, NOW, "idp|leader", "leader", AT).person
    with pytest.raises(LogInRefused, match="wrong"):
        accounts.change_password(people, NOW, person, "wrong password here", NEXT)
    for new, code in ((RIGHT, "same"), ("short", "short"), ("password12345", "common"), ("a leader of herons", "name")):
        with pytest.raises(BadPassword) as caught:
            accounts.change_password(people, NOW, person, RIGHT, new)
        assert caught.value.code == code
    assert accounts.log_in(people, NOW, "leader", RIGHT, AT)


def test_who_may_guess_the_present_password_from_an_open_session_is_locked_out_too(people: Engine) -> None:
    person = accounts.log_in_as(people, NOW, "idp|leader", "leader", AT).person
    for _ in range(FAILURES):
        with pytest.raises(LogInRefused):
            accounts.change_password(people, NOW, person, "wrong password here", NEXT)
    with pytest.raises(LogInRefused, match="locked"):
        accounts.change_password(people, NOW, person, RIGHT, NEXT)


def test_a_hash_of_older_parameters_is_made_anew_at_the_next_log_in(people: Engine) -> None:
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(RIGHT)
    with writing(people) as connection:
        store.change(connection, "leader", password=weak)
    accounts.log_in(people, NOW, "leader", RIGHT, AT)
    assert not passwords.is_old(account(people, "leader").password)
    assert accounts.log_in(people, NOW, "leader", RIGHT, AT)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "wall"])
def test_a_session_idles_out_and_runs_out_after_its_roles_time(people: Engine, role: str) -> None:
    idle, longest = IDLE_MINUTES[role] * MINUTE_MS, LONGEST_MINUTES[role] * MINUTE_MS
    token = enter(people, role)
    assert is_open(people, token, NOW + idle - 1)
    assert not is_open(people, token, NOW + idle)
    now = NOW
    while now + idle // 2 < NOW + longest:
        now += idle // 2
        found = accounts.whose(people, now, token, AT)
        assert found is not None
        accounts.touch(people, now, found)
    assert is_open(people, token, NOW + longest - 1)
    assert not is_open(people, token, NOW + longest)


def test_a_touch_is_written_down_now_and_then_only(people: Engine) -> None:
    token = enter(people, "leader")
    for ms, seen in ((TOUCH_MS - 1, NOW), (TOUCH_MS, NOW + TOUCH_MS)):
        found = accounts.whose(people, NOW + ms, token, AT)
        assert found is not None
        accounts.touch(people, NOW + ms, found)
        again = accounts.whose(people, NOW + ms, token, AT)
        assert again is not None
        assert again.seen_at == seen


def test_looking_does_not_keep_a_session_alive(people: Engine) -> None:
    """A page that asks by itself is no person."""
    token = enter(people, "leader")
    for minute in range(IDLE_MINUTES["leader"]):
        assert is_open(people, token, NOW + minute * MINUTE_MS)
    assert not is_open(people, token, NOW + IDLE_MINUTES["leader"] * MINUTE_MS)


@pytest.mark.parametrize(
    ("address", "is_there"),
    [
        ("10.9.0.1", True), ("10.9.0.7", True), ("10.9.0.8", False), ("10.8.255.255", False), ("127.0.0.1", False),
        ("::ffff:10.9.0.1", True), ("::ffff:10.9.0.8", False), ("2001:db8:9::1", True), ("2001:DB8:9:0:ffff::", True),
        ("2001:db8:9:1::1", False), ("::1", False), ("", False), ("unknown", False), ("10.9.0.1:443", False),
        ("010.9.0.1", False), ("10.9.0.1, 1.2.3.4", False), ("10.9.1", False),
    ],
)  # fmt: skip
def test_a_wall_is_known_by_where_it_stands(people: Engine, address: str, is_there: bool) -> None:
    with people.connect() as connection:
        walls = reader.walls(connection)
    person = accounts.wall_at(walls, address)
    assert (person is not None) == is_there == comes_from(address, WALL_AT)
    if person is not None:
        assert (person.role, person.session, person.user_id) == ("wall", "", "wall")


def test_a_walls_session_never_runs_out_and_is_worth_nothing_elsewhere(people: Engine, hashed: str) -> None:
    with writing(people) as connection:
        store.change(connection, "wall", password=hashed)
    token = accounts.log_in(people, NOW, "wall", RIGHT, "10.9.0.2").token
    for days in (0, 1, 30, 4000):
        now = NOW + days * 1440 * MINUTE_MS
        assert is_open(people, token, now, "10.9.0.2")
        assert is_open(people, token, now, "::ffff:10.9.0.3")
        assert not is_open(people, token, now, "10.9.0.8")
        assert not is_open(people, token, now, "")
    set_account(people, NOW + 1, "wall", is_disabled=True)
    assert not is_open(people, token, NOW + 2, "10.9.0.2")
    with people.connect() as connection:
        assert reader.walls(connection) == []


@given(st.ip_addresses(), st.integers(0, 32))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_an_address_lies_in_a_network_as_its_bits_say(address: Any, bits: int) -> None:
    network = f"{(0x0A090000 >> (32 - bits) << (32 - bits)) if bits else 0:032b}"
    dotted = ".".join(str(int(network[i : i + 8], 2)) for i in range(0, 32, 8))
    expected = address.version == 4 and f"{int(address):032b}"[:bits] == network[:bits]
    if address.version == 6 and address.ipv4_mapped is not None:
        expected = f"{int(address.ipv4_mapped):032b}"[:bits] == network[:bits]
    assert comes_from(str(address), f"{dotted}/{bits}") == expected


@pytest.mark.parametrize(
    "values",
    [{"role": "leader"}, {"community": "C1"}, {"street": "S2"}, {"name": "另名"}, {}, {"password": "x"}],
    ids=str,
)
def test_any_change_of_an_account_ends_its_sessions_at_once(people: Engine, values: dict[str, Any]) -> None:
    tokens = [enter(people, "street_staff"), enter(people, "street_staff")]
    other = enter(people, "duty_officer")
    if values.get("role"):
        values = {**values, "street": ""}
    assert set_account(people, NOW, "street_staff", **values) == 2
    assert not any(is_open(people, token) for token in tokens)
    assert is_open(people, other)
    again = enter(people, "street_staff", NOW + 1)
    found = accounts.whose(people, NOW + 1, again, AT)
    assert found is not None
    for name in values.keys() & {"role", "street", "community", "name"}:
        assert getattr(found.person, name) == values[name]


def test_a_session_that_began_while_the_account_was_being_changed_is_ended_too(people: Engine) -> None:
    set_account(people, NOW + 100, "leader", role="duty_officer")
    late = enter(people, "leader", NOW + 50)  # it read the account before, and is written after
    assert not is_open(people, late, NOW + 200)


def test_a_log_out_ends_this_session_alone_and_forgetting_takes_any_token(people: Engine) -> None:
    one, two = enter(people, "leader"), enter(people, "leader")
    found = accounts.whose(people, NOW, one, AT)
    assert found is not None
    accounts.log_out(people, NOW, found.person)
    assert not is_open(people, one)
    assert is_open(people, two)
    for junk in ("", "x", "\ufffd", two + "x"):
        accounts.forget(people, NOW, junk)
    assert is_open(people, two)
    accounts.forget(people, NOW, two)
    assert not is_open(people, two)


def test_the_hash_of_a_token_is_no_token(people: Engine) -> None:
    """Whoever reads the store gets into no session."""
    token = enter(people, "leader")
    with people.connect() as connection:
        (kept,) = store.open_sessions(connection, "leader")
    assert kept.token_hash != token
    assert not is_open(people, kept.token_hash)


def test_a_role_that_is_none_opens_nothing(people: Engine) -> None:
    token = enter(people, "leader")
    with writing(people) as connection:
        connection.execute(update(people_schema.accounts).values(role="root"))
    assert not is_open(people, token)


class TestSingleSignOn:
    """A subject is tied to an account at its first log-in, and from then on alone counts."""

    def test_the_claim_names_the_account_once_then_the_subject_does(self, people: Engine) -> None:
        first = accounts.log_in_as(people, NOW, "idp|77", "leader", AT)
        assert first.person.user_id == "leader"
        assert account(people, "leader").subject == "idp|77"
        assert accounts.log_in_as(people, NOW, "idp|77", "admin", AT).person.user_id == "leader"
        assert account(people, "admin").subject == ""

    def test_another_subject_with_the_same_name_is_nobody(self, people: Engine) -> None:
        accounts.log_in_as(people, NOW, "idp|77", "leader", AT)
        for subject in ("idp|78", "other|77", "idp|"):
            with pytest.raises(LogInRefused, match="wrong"):
                accounts.log_in_as(people, NOW, subject, "leader", AT)
        assert account(people, "leader").subject == "idp|77"

    @pytest.mark.parametrize("user_id", ["nobody", "", "wall", "LEADER", "leader" + "x" * 40])
    def test_who_has_no_account_here_does_not_come_in(self, people: Engine, user_id: str) -> None:
        with pytest.raises(LogInRefused, match="wrong"):
            accounts.log_in_as(people, NOW, "idp|9", user_id, AT)

    def test_an_empty_subject_is_nobodys(self, people: Engine) -> None:
        with pytest.raises(LogInRefused, match="wrong"):
            accounts.log_in_as(people, NOW, "", "nobody", AT)

    def test_an_account_without_a_password_has_the_single_sign_on_alone(self, people: Engine) -> None:
        accounts.add(people, NOW, Account("sso", "某人", "leader"), "")
        for password in ("", "x", RIGHT):
            assert refusal(people, NOW, "sso", password) == "wrong"
        assert accounts.log_in_as(people, NOW, "idp|5", "sso", AT)


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (Account("a b", "n", "leader"), "letters"), (Account("x", "n", "leader"), "2 to 32"),
        (Account("x" * 33, "n", "leader"), "2 to 32"), (Account("王某", "n", "leader"), "letters"),
        (Account("leader", "", "leader"), "1 to 60"), (Account("leader", "n", "boss"), "one of"),
        (Account("staff", "n", "street_staff"), "--street"), (Account("chief", "n", "leader", "S1"), "--street"),
        (Account("staff", "n", "leader", "", "C1"), "street"), (Account("wall2", "n", "wall"), "--addresses"),
        (Account("chief", "n", "leader", addresses="10.0.0.0/8"), "--addresses"),
        (Account("wall2", "n", "wall", addresses="10.0.0.1/8"), "host bits"),
        (Account("wall2", "n", "wall", addresses="here"), "here"),
        (Account("wall2", "n", "wall", addresses="0.0.0.0/0"), "everybody"),
        (Account("wall2", "n", "wall", addresses="10.0.0.1/32 ::/0"), "everybody"),
    ],
)  # fmt: skip
def test_an_account_that_could_not_be_is_refused_with_what_to_do(people: Engine, new: Account, says: str) -> None:
    with pytest.raises(AccountError, match=says):
        accounts.add(people, NOW, new, "")


def test_there_is_one_account_of_a_name(people: Engine) -> None:
    with pytest.raises(AccountError, match="already"):
        accounts.add(people, NOW, Account("leader", "n", "leader"), "")


@pytest.fixture
def command(tiny_folder: Path, tmp_path: Path) -> Iterator[Any]:
    """``lianqin user``, on a store of its own."""
    database = f"sqlite:///{tmp_path / 'u.db'}"
    found = Settings(database_url=database, district=str(tiny_folder))

    def run(action: str, user_id: str = "", **wish: Any) -> str:
        return "\n".join(user(found, action, UserWish(user_id, **wish)))

    run.engine = open_engine(database)
    yield run
    run.engine.dispose()


def test_the_command_adds_lists_disables_and_resets(command: Any) -> None:
    assert command("list") == "no accounts"
    said = command("add", "maj", name="马骏", role="street_staff", street="S1", community="C1")
    password = said.split("password ")[1].split()[0]
    now = time.time_ns() // 1_000_000
    entered = accounts.log_in(command.engine, now, "maj", password, AT)
    assert entered.must_change
    assert (entered.person.street, entered.person.community) == ("S1", "C1")
    assert "1 sessions" in command("list")
    assert "1 sessions ended" in command("disable", "maj")
    assert "disabled" in command("list")
    assert refusal(command.engine, now + 1000, "maj", password) == "disabled"
    command("enable", "maj")
    now = time.time_ns() // 1_000_000 + 10
    token = accounts.log_in(command.engine, now, "maj", password, AT).token
    said = command("reset", "maj")
    another = said.split("password ")[1].split()[0]
    assert "1 sessions ended" in said
    assert not is_open(command.engine, token, now + 1000)
    assert refusal(command.engine, now + 1000, "maj", password) == "wrong"
    assert accounts.log_in(command.engine, now + 1000, "maj", another, AT).must_change


def test_what_is_done_to_accounts_is_on_the_audit_without_a_password(command: Any) -> None:
    command("add", "maj", role="street_staff", street="S1", password=RIGHT)
    command("set", "maj", role="leader")
    for action in ("disable", "enable", "end"):
        command(action, "maj")
    command("reset", "maj", password=NEXT)
    with pytest.raises(AccountError):
        command("disable", "nobody")
    with command.engine.connect() as connection:
        found = newest(connection, AuditQuery(), 50)[::-1]
    assert [(one.action, one.object) for one in found] == [
        ("account_added", "maj"),
        ("role_changed", "maj"),
        ("account_disabled", "maj"),
        ("account_disabled", "maj"),
        ("session_ended", "maj"),
        ("account_reset", "maj"),
    ]
    assert all(one.who.startswith("cli:") for one in found)
    assert '"role":"leader"' in found[1].detail
    assert not [one for one in found if RIGHT in one.detail or NEXT in one.detail or "argon2" in one.detail]


def test_a_reset_unlocks_but_lets_nobody_in_who_was_disabled(command: Any) -> None:
    command("add", "song", role="leader", password=RIGHT)
    now = time.time_ns() // 1_000_000
    for _ in range(FAILURES):
        refusal(command.engine, now, "song", "wrong password here")
    command("reset", "song", password=NEXT)
    assert accounts.log_in(command.engine, now + 5000, "song", NEXT, AT)
    command("disable", "song")
    command("reset", "song", password=RIGHT)
    assert refusal(command.engine, now + 9000, "song", RIGHT) == "disabled"


@pytest.mark.parametrize(
    ("action", "wish", "says"),
    [
        ("add", {"role": "street_staff", "street": "S9"}, "S9"),
        ("add", {"role": "street_staff", "street": "S1", "community": "C3"}, "C3"),
        ("add", {"role": "leader", "password": "short"}, "12"),
        ("add", {}, "role"),
        ("set", {}, "nothing to set"),
        ("disable", {}, "no account"),
        ("reset", {}, "no account"),
    ],
)
def test_the_command_refuses_in_words(command: Any, action: str, wish: dict[str, Any], says: str) -> None:
    with pytest.raises((AccountError, BadPassword), match=says):
        command(action, "someone", **wish)


def test_another_role_leaves_the_street_behind_and_ends_the_session(command: Any) -> None:
    command("add", "maj", role="street_staff", street="S1", password=RIGHT)
    now = time.time_ns() // 1_000_000
    token = accounts.log_in(command.engine, now + 10, "maj", RIGHT, AT).token
    assert "1 sessions ended" in command("set", "maj", role="leader")
    found = account(command.engine, "maj")
    assert (found.role, found.street, found.community) == ("leader", "", "")
    assert not is_open(command.engine, token, now + 10_000)


def test_a_person_is_frozen() -> None:
    person = Person("p", "某人", "leader")
    with pytest.raises(AttributeError):
        person.role = "admin"
