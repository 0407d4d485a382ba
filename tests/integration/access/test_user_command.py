"""``lianqin user`` and ``lianqin key`` as somebody types them: what is done, what is printed, what is not."""

import io
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.cli.main import main
from services.access import notices_store, reader
from services.access import service as accounts
from services.access import tables as people_schema
from services.access.account import Account
from services.access.log_in import factors_service as factors
from services.access.log_in import totp
from services.access.log_in.rules import LogInRules
from services.access.rights import Person
from services.access.service import LogInRefused
from services.audit.log_service import AuditQuery, newest
from services.platform.database import writing
from services.platform.sealing import Sealer, make_key

PASSWORD, NEXT, AT = "three green herons 7", "two grey cranes 44", "10.1.2.3"
RULES = LogInRules()
ISSUER = "https://id.example.cn/realm"


@pytest.fixture
def machine(engine: Engine, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A store of either kind as the environment names it."""
    monkeypatch.setenv("LIANQIN_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("LIANQIN_DATA_KEY", raising=False)
    monkeypatch.delenv("LIANQIN_REDIS_URL", raising=False)
    return engine


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def code_now(secret: bytes) -> str:
    return totp.code_at(secret, totp.step_at(now_ms()))


def enrolled(engine: Engine, key: str) -> tuple[Person, bytes]:
    """An open session of ``wang``, who has a second factor."""
    accounts.add(engine, now_ms() - 1000, Account("wang", "王磊", "duty_officer"), PASSWORD)
    person = accounts.log_in(engine, now_ms(), "wang", PASSWORD, AT, device="d" * 43).person
    offer = factors.make_offer(Sealer(key), person)
    assert (
        len(factors.enrol(engine, Sealer(key), now_ms(), person, typed=code_now(offer.secret), offer=offer.sealed))
        == 10
    )
    return person, offer.secret


def forget_step(engine: Engine) -> None:
    """As if time had gone on: the code of now counts again."""
    with writing(engine) as connection:
        connection.execute(people_schema.accounts.update().values(factor_step=0))


def of_store(engine: Engine, user_id: str) -> Account:
    with engine.connect() as connection:
        found = reader.account(connection, user_id)
    assert found is not None
    return found


def test_a_second_factor_is_taken_away_with_its_codes_sessions_and_devices(
    machine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    person, _ = enrolled(machine, make_key())
    assert factors.look(machine, person, RULES).codes == 10
    assert main(["user", "reset-factor", "wang"]) == 0
    assert capsys.readouterr().out == "wang: the second factor is removed; 1 sessions ended\n"
    assert (of_store(machine, "wang").factor, factors.look(machine, person, RULES).codes) == (None, 0)
    with machine.connect() as connection:
        assert not accounts.open_sessions(connection, now_ms(), of_store(machine, "wang"))
        assert connection.execute(people_schema.known_devices.select()).all() == []
    accounts.log_in(machine, now_ms(), "wang", PASSWORD, AT)  # the password stays
    assert main(["user", "reset-factor", "wang"]) == 0
    assert "there was no second factor; 1 sessions ended" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reset-factor"], "`lianqin user reset-factor` needs the account's id"),
        (["reset-factor", "nobody"], "there is no account 'nobody'"),
    ],
)
def test_a_factor_of_nobody_is_answered_in_words(
    sqlite_engine: Engine, machine: Engine, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(["user", *words]) == 1
    assert says in capsys.readouterr().err


def test_an_account_for_the_single_sign_on_waits_for_its_person_alone(
    machine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leader = ["--role", "leader"]
    assert main(["user", "add", "song", *leader, "--sso", "77"]) == 1
    assert "--sso SUBJECT needs LIANQIN_OIDC_ISSUER" in capsys.readouterr().err
    monkeypatch.setenv("LIANQIN_OIDC_ISSUER", f"{ISSUER}/")
    assert main(["user", "add", "song", *leader, "--sso", "77"]) == 0
    assert capsys.readouterr().out == f"song: leader, by the single sign-on alone, as {ISSUER}|77\n"
    assert main(["user", "add", "tao", *leader, "--sso"]) == 0
    assert "preferred_username = tao is this account's person" in capsys.readouterr().out
    assert main(["user", "add", "wei", *leader, "--sso-name", "sunwei01"]) == 0
    assert "preferred_username = sunwei01 is this account's person" in capsys.readouterr().out
    for subject, claim, user_id in (("77", "x", "song"), ("78", "tao", "tao"), ("79", "sunwei01", "wei")):
        entered = accounts.log_in_as(machine, now_ms(), f"{ISSUER}|{subject}", claim, AT)
        assert entered.person.user_id == user_id
        assert not of_store(machine, user_id).password
        with pytest.raises(LogInRefused):
            accounts.log_in(machine, now_ms(), user_id, "", AT)
    with pytest.raises(LogInRefused):
        accounts.log_in_as(machine, now_ms(), f"{ISSUER}|80", "tao", AT)  # bound to 78 by now


def test_no_account_has_a_password_and_the_single_sign_on(
    machine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    assert main(["user", "add", "song", "--role", "leader", "--sso", "--password-stdin"]) == 1
    said = capsys.readouterr()
    assert "a password or the single sign-on: leave one out" in said.err
    assert PASSWORD not in said.out + said.err


@pytest.mark.parametrize("action", ["add", "reset"])
def test_a_password_that_is_given_is_not_printed(
    machine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    if action == "reset":
        accounts.add(machine, now_ms() - 1000, Account("wang", "王磊", "duty_officer"), PASSWORD)
    monkeypatch.setattr("sys.stdin", io.StringIO(NEXT + "\n"))
    role = ["--role", "duty_officer"] if action == "add" else []
    assert main(["user", action, "wang", *role, "--password-stdin"]) == 0
    said = capsys.readouterr()
    assert NEXT not in said.out + said.err
    assert "the given password" in said.out
    assert accounts.log_in(machine, now_ms() + 5, "wang", NEXT, AT).must_change is (action == "reset")


def test_a_password_that_is_too_weak_is_not_printed_either(
    machine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Password123\n"))
    assert main(["user", "add", "wang", "--role", "duty_officer", "--password-stdin"]) == 1
    said = capsys.readouterr()
    assert said.err
    assert "Password123" not in said.out + said.err


def test_after_a_rotation_a_code_still_counts_without_the_old_key(
    machine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = make_key(), make_key()
    person, secret = enrolled(machine, old)
    forget_step(machine)
    with pytest.raises(LogInRefused):
        factors.prove(machine, Sealer(new), now_ms(), person, code_now(secret))  # what would be without the rotation
    monkeypatch.setenv("LIANQIN_DATA_KEY", f"{new},{old}")
    assert main(["key", "rotate"]) == 0
    assert "1" in capsys.readouterr().out
    assert main(["key", "check"]) == 0
    said = capsys.readouterr().out
    assert "1 in accounts" in said
    assert "can be taken out of LIANQIN_DATA_KEY" in said
    factors.prove(machine, Sealer(new), now_ms(), person, code_now(secret))
    with pytest.raises(LogInRefused):
        forget_step(machine)
        factors.prove(machine, Sealer(old), now_ms(), person, code_now(secret))


def marked(engine: Engine) -> list[str]:
    """Whom the rows name that stand first on the auditor's page, the newest first."""
    with engine.connect() as connection:
        return [row.object for row in newest(connection, AuditQuery(actions=("done_alone",)), 10)]


def test_what_takes_two_in_the_browser_is_marked_and_told_when_the_machine_does_it(machine: Engine) -> None:
    for name in ("one", "two"):
        assert main(["user", "add", name, "--role", "admin"]) == 0
    assert main(["user", "add", "zhou", "--role", "leader"]) == 0
    assert not marked(machine)  # nobody was there before, and then one alone
    assert main(["user", "set", "zhou", "--name", "周敏"]) == 0
    assert main(["user", "set", "zhou", "--role", "duty_officer"]) == 0
    assert main(["user", "reset-factor", "one"]) == 0
    assert main(["user", "add", "guest", "--role", "auditor"]) == 0
    assert marked(machine) == ["guest", "one", "zhou"]
    with machine.connect() as connection:
        (told,) = notices_store.unread(connection, "zhou")
        assert (told.kind, told.detail["alone"]) == ("change", True)
        assert str(told.detail["by"]).startswith("cli:")
        assert [one.kind for one in notices_store.unread(connection, "one")] == ["reset_factor"]
