"""Settings come from the environment, once, and the page lists every one."""

import dataclasses
import re
from pathlib import Path

import pytest

from services.settings import ENVIRONMENT, Settings, from_environment

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


def test_hosts_are_a_list_with_commas() -> None:
    assert from_environment({"LIANQIN_HOSTS": "wall.example.cn, a.b,"}).hosts == ("wall.example.cn", "a.b")


def test_a_port_that_is_no_number_says_so() -> None:
    with pytest.raises(ValueError, match="LIANQIN_PORT='web' is not a port number"):
        from_environment({"LIANQIN_PORT": "web"})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgres_address_gets_our_driver(scheme: str) -> None:
    assert Settings(database_url=f"{scheme}://u@h/n").database == "postgresql+psycopg://u@h/n"
