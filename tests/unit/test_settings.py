"""Settings come from the environment, once, and the page lists every one."""

import dataclasses
import re
from pathlib import Path

import pytest

from services.access.log_in.rules import rules_of
from services.access.rights import ROLES
from services.platform.settings import ENVIRONMENT, FACTOR_ROLES, Settings, from_environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/settings.md").read_text("utf-8")
LISTED = re.findall(r"^\| `(LIANQIN_\w+)` \|", PAGE, re.MULTILINE)


def test_the_page_lists_every_setting_once() -> None:
    assert len(LISTED) == len(set(LISTED))
    assert set(LISTED) == set(ENVIRONMENT)


def test_the_code_reads_no_variable_that_the_page_does_not_list() -> None:
    named: set[str] = set()
    for folder in ("services", "dashboard"):
        for path in (ROOT / folder).rglob("*.py"):
            named.update(re.findall(r'environ[^\n]*"(LIANQIN_\w+)"', path.read_text("utf-8")))
    assert named <= set(LISTED)


def test_every_variable_sets_a_field_and_every_field_has_a_variable() -> None:
    assert sorted(ENVIRONMENT.values()) == sorted(field.name for field in dataclasses.fields(Settings))


def test_the_defaults_on_the_page_are_the_codes() -> None:
    assert f"| `LIANQIN_PORT` | `{Settings().port}` |" in PAGE
    assert f"| `LIANQIN_HOST` | `{Settings().host}` |" in PAGE
    assert f"| `LIANQIN_DATA_DIR` | `{Settings().data_dir}` |" in PAGE


def test_an_empty_variable_counts_as_absent_and_others_are_taken() -> None:
    found = from_environment({"LIANQIN_HOST": " ", "LIANQIN_PORT": "9000", "LIANQIN_DATA_DIR": "there"})
    assert found == Settings(port=9000, data_dir=Path("there"))
    assert found.district_dir == Path("there/district")


def test_the_archive_lies_under_the_data_and_nothing_is_removed_unless_somebody_says_so() -> None:
    assert from_environment({"LIANQIN_DATA_DIR": "there"}).archive_dir == Path("there/archive")
    assert from_environment({"LIANQIN_ARCHIVE": "/a"}).archive_dir == Path("/a")
    assert from_environment({}).history_months == 0
    assert from_environment({"LIANQIN_HISTORY_MONTHS": "24"}).history_months == 24
    with pytest.raises(ValueError, match=r"LIANQIN_HISTORY_MONTHS='2\.5' is not a number of months"):
        from_environment({"LIANQIN_HISTORY_MONTHS": "2.5"})


def test_what_the_log_in_asks_for_is_read_or_refused_in_words() -> None:
    found = from_environment(
        {
            "LIANQIN_SECOND_FACTOR": "admin, auditor,leader",
            "LIANQIN_SESSIONS": "2",
            "LIANQIN_REAUTH_MINUTES": "0",
            "LIANQIN_PASSWORD_DAYS": "90",
            "LIANQIN_PASSWORD_CLASSES": "3",
            "LIANQIN_OIDC_FACTORS": "mfa,urn:x:2",
        }
    )
    assert found.second_factor == ("admin", "auditor", "leader")
    assert (found.sessions, found.reauth_minutes, found.password_days, found.password_classes) == (2, 0, 90, 3)
    assert found.oidc_factors == ("mfa", "urn:x:2")
    assert from_environment({"LIANQIN_REAUTH_MINUTES": "off"}).reauth_minutes is None
    assert from_environment({}).reauth_minutes == 15


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("SECOND_FACTOR", "admin,boss", "'boss' is no role with a log-in: give some of duty_officer"),
        ("SECOND_FACTOR", "wall", "'wall' is no role"), ("SECOND_FACTOR", "Admin", "'Admin' is no role"),
        ("SESSIONS", "-1", "is not a number of sessions"), ("SESSIONS", "many", "is not a number of sessions"),
        ("REAUTH_MINUTES", "never", "is not a number of minutes, or «off»"),
        ("REAUTH_MINUTES", "９", "is not a number of minutes"), ("REAUTH_MINUTES", "100000", "give 0 to 1440"),
        ("PASSWORD_DAYS", "0.5", "is not a number of days"), ("PASSWORD_CLASSES", "5", "give 0 to 4"),
    ],
)  # fmt: skip
def test_a_setting_of_the_log_in_that_is_none_says_so(name: str, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"LIANQIN_{name}='{text}'.*{says}"):
        from_environment({f"LIANQIN_{name}": text})


def test_the_number_of_reveals_is_a_number() -> None:
    assert from_environment({"LIANQIN_REVEALS": "3"}).reveals == 3
    with pytest.raises(ValueError, match="LIANQIN_REVEALS='many' is not a number of fields: give 0, 1, 2 …"):
        from_environment({"LIANQIN_REVEALS": "many"})


@pytest.mark.parametrize("text", ["1e3", "2.0", "-0", "+1", "null", "९", "9_0"])
@pytest.mark.parametrize("name", ["PORT", "PROXIES", "KEEP_JOBS_DAYS", "HISTORY_MONTHS", "SOCKET_RATE", "REVEALS",
                                  "REQUEST_SECONDS", "SESSIONS", "REAUTH_MINUTES"])  # fmt: skip
def test_a_number_is_written_in_digits_alone(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"LIANQIN_{name}="):
        from_environment({f"LIANQIN_{name}": text})


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("CLOCK", "Virtual", "is no clock: give machine, or virtual"),
        ("ORIGIN", "https://a.b/c", "is no address of a server"),
        ("ORIGIN", "a.b", "is no address of a server"),
        ("SOCKET_RATE", "0", "give 1 or more"),
        ("REQUEST_SECONDS", "3601", "give 1 to 3600"),
        ("KEEP_JOBS_DAYS", "x", r"give 0 \(for ever\), 1, 2 …"),
        ("PROXIES", "x", "is not a number of proxies"),
        ("SECURITY_APART", "yes", r"give 1 \(apart\) or 0"),
    ],
)
def test_what_a_setting_refuses_is_said_with_its_name_and_the_remedy(name: str, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"LIANQIN_{name}='{text}'.*{says}"):
        from_environment({f"LIANQIN_{name}": text})


def test_a_process_that_is_none_of_ours_is_named() -> None:
    with pytest.raises(ValueError, match="LIANQIN_PROCESSES: 'nobody' is no process of ours: name some of projector,"):
        from_environment({"LIANQIN_PROCESSES": "web,nobody"})
    assert from_environment({"LIANQIN_PROCESSES": "web, projector,web"}).processes == ("web", "projector")


def test_who_may_need_a_second_factor_are_the_roles_that_log_in() -> None:
    assert {*FACTOR_ROLES} == {*ROLES} - {"wall"}


@pytest.mark.parametrize(("text", "is_apart"), [("", False), ("0", False), ("1", True)])
def test_people_are_managed_apart_where_the_setting_says_so(text: str, is_apart: bool) -> None:
    assert rules_of(from_environment({"LIANQIN_SECURITY_APART": text})).security_apart is is_apart


def test_secrets_without_a_key_to_encrypt_them_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="LIANQIN_SECOND_FACTOR needs LIANQIN_DATA_KEY"):
        rules_of(Settings(second_factor=("admin",)))


def test_hosts_are_a_list_with_commas() -> None:
    assert from_environment({"LIANQIN_HOSTS": "wall.example.cn, a.b,"}).hosts == ("wall.example.cn", "a.b")


def test_a_port_that_is_no_number_says_so() -> None:
    with pytest.raises(ValueError, match="LIANQIN_PORT='web' is not a port number"):
        from_environment({"LIANQIN_PORT": "web"})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgres_address_gets_our_driver(scheme: str) -> None:
    assert Settings(database_url=f"{scheme}://u@h/n").database == "postgresql+psycopg://u@h/n"


def test_of_several_postgres_hosts_it_is_the_one_that_takes_writes() -> None:
    many = "postgresql+psycopg://u:p%40@/n?host=h1%2C%3A%3A1&port=5433%2C5432&target_session_attrs="
    given = "postgresql://u:p%40@h1:5433,[::1]/n"
    assert Settings(database_url=given).database == f"{many}read-write"
    assert Settings(database_url=f"{given}?target_session_attrs=primary").database == f"{many}primary"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u:secret@h/n", "a database of kind 'mysql'"),
        ("postgresql://u:secret@h1,h2:x/n", "names 'h2:x', which is no host"),
        ("postgresql://u:secret@h1,/n", "names '', which is no host"),
        ("postgresql://u:secret@h1,h2/n?target_session_attrs=any", "asks for target_session_attrs=any"),
    ],
)
def test_another_form_of_the_stores_address_is_a_sentence(url: str, says: str) -> None:
    with pytest.raises(ValueError, match="LIANQIN_DATABASE_URL") as caught:
        _ = Settings(database_url=url).database
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)
