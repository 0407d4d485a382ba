"""The doctor at every district of a machine: its settings as systemd reads them, and what two share by mistake."""

import dataclasses
import io
from pathlib import Path

import pytest

from dashboard.cli.main import main
from services.admin.doctor.districts_reader import read_folder, read_stream, settings_files, shared
from services.operations.embedded import free_port
from services.platform.settings import Settings, from_environment
from tests.tiny import write_tiny_district

FIRST = """# the first
LIANQIN_DISTRICT={folder}/district
LIANQIN_DATA_DIR="{folder}/state"
; and a comment of the other kind
LIANQIN_PORT={port}
 LIANQIN_ORIGIN='https://one.example.cn'
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    (tmp_path / "district").mkdir()
    write_tiny_district(tmp_path / "district")
    told = FIRST.format(folder=tmp_path, port=free_port())
    (folder / "environment").write_text(told, "utf-8")
    (folder / "owner.environment").write_text("LIANQIN_DATABASE_URL=postgresql://owner@h/one\n", "utf-8")
    (folder / "320498.owner.environment").write_text("LIANQIN_DATABASE_URL=postgresql://owner@h/two\n", "utf-8")
    (folder / "320498.environment").write_text("LIANQIN_PORT=8051\n", "utf-8")
    return folder


def test_a_districts_settings_are_read_as_its_units_read_them(etc: Path) -> None:
    assert [path.name for path in settings_files(etc)] == ["environment", "320498.environment"]
    first, second = (one.settings for one in read_folder(etc))
    assert first is not None
    assert second is not None
    assert (first.origin, first.data_dir) == ("https://one.example.cn", etc.parent / "state")
    assert (second.port, second.data_dir) == (8051, Path("/var/lib/lianqin-320498"))


def test_the_same_comes_by_standard_input(etc: Path) -> None:
    given = "".join(f"[{path}]\n{path.read_text('utf-8')}\n" for path in settings_files(etc))
    assert read_stream(io.StringIO(given)) == read_folder(etc)
    for text, why in (("LIANQIN_PORT=1\n", "the name of their file"), ("\n", "no settings")):
        with pytest.raises(ValueError, match=why):
            read_stream(io.StringIO(text))


def test_what_two_districts_share_is_named_with_what_to_do() -> None:
    one = Settings(database_url="postgresql://a:x@127.0.0.1/lianqin", district="/d/1", data_dir=Path("/s/1"))
    two = dataclasses.replace(one, database_url="postgresql://b:y@127.0.0.1:5432/lianqin")
    said = [str(finding) for finding in shared({"one": one, "two": two})]
    assert said == [
        "wrong  web port: 127.0.0.1:8050 is that of one and two. Give each its own LIANQIN_PORT",
        "wrong  database: postgresql://127.0.0.1:5432/lianqin is that of one and two. "
        "Give each its own LIANQIN_DATABASE_URL",
        "wrong  district: /d/1 is that of one and two. Give each its own LIANQIN_DISTRICT",
        "wrong  state: /s/1 is that of one and two. Give each its own LIANQIN_DATA_DIR",
    ]
    odd = dataclasses.replace(one, database_url="nonsense://")
    assert "database" not in [finding.subject for finding in shared({"one": odd, "two": odd})]
    key = dataclasses.replace(one, data_key="secret", port=1, database_url="", district="/d/2", data_dir=Path("/s/2"))
    other = dataclasses.replace(key, port=2, district="/d/3", data_dir=Path("/s/3"))
    (found,) = shared({"one": key, "two": other})
    assert "secret" not in str(found)
    apart = from_environment({"LIANQIN_PORT": "8051", "LIANQIN_DATA_DIR": "/s/2", "LIANQIN_DISTRICT": "/d/2"})
    assert [finding.word for finding in shared({"one": one, "two": apart})] == ["ok"]


def test_the_command_looks_at_each_and_ends_with_1_where_one_is_wrong(
    etc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (etc / "320498.environment").unlink()
    assert main(["doctor", "--all", "--environments", str(etc)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"== {etc}/environment\nok     district: 990001")
    assert said.endswith(
        "== all districts\nok     districts: 1, and none takes another's port, database, package or state\n"
    )
    (etc / "320498.environment").write_text("LIANQIN_PORT=many\n", "utf-8")
    assert main(["doctor", "--all", "--environments", str(etc)]) == 1
    said = capsys.readouterr().out
    assert f"== {etc}/320498.environment\nwrong  settings: LIANQIN_PORT='many' is not a port number" in said
    assert main(["doctor", "--all", "--environments", str(etc.parent)]) == 1
    assert "no settings of a district lie in" in capsys.readouterr().err
