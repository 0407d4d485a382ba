"""``lianqin audit`` and ``lianqin key`` as they are called."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dashboard.cli.main import main
from services.audit import Deed, Signer, Who
from services.audit import log_service as store
from services.audit.log_service import AuditLog
from services.platform.clock import parse_ms
from services.platform.database import writing
from services.platform.sealing import make_key, name_of
from tests.stores import fresh_engine

DAY = timedelta(days=1) // timedelta(milliseconds=1)
MONDAY = parse_ms("2020-11-23T00:00:00+08:00")
WHO = Who("wang", "duty_officer", "", "10.0.0.7")
KEY = make_key()


@pytest.fixture
def engine(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A store of three days with ten rows each, as LIANQIN_* name it; with a data key."""
    for name in [name for name in os.environ if name.startswith("LIANQIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    monkeypatch.setenv("LIANQIN_DATA_KEY", KEY)
    engine = fresh_engine(tmp_path / "lianqin.db")
    for day in range(3):
        deeds = [Deed("see_case", f"C{i}") for i in range(9)]
        AuditLog(engine, Signer([KEY])).append_many(MONDAY + day * DAY, WHO, [*deeds, Deed("reveal", "C1", {"n": day})])
    engine.dispose()
    return engine


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(arguments)
    found = capsys.readouterr()
    return code, found.out + found.err


def spoil(engine: Engine, statement: str) -> None:
    """What somebody with the database's own rights can do: the triggers go first."""
    with writing(engine) as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text(statement))
    engine.dispose()


def test_a_whole_chain_is_said_to_be_so_and_a_head_is_found_again(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with engine.connect() as connection:
        noted = store.head(connection).noted
    code, said = run(capsys, "audit", "verify", "--head", noted)
    assert code == 0
    assert f"30 rows up to number 30 follow from each other; head {noted}" in said
    assert "the data key has sealed them" in said
    assert "is among them" in said
    assert run(capsys, "audit", "verify", "--from", "11")[1].startswith("20 rows up to number 30")
    code, said = run(capsys, "audit", "verify", "--head", "0" * 64)
    assert code == 1
    assert "MISSING: the head 000" in said
    assert run(capsys, "audit", "verify", "--head", "abc")[0] == 1
    assert "there is no row 98" in run(capsys, "audit", "verify", "--from", "99")[1]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit SET who = 'nobody' WHERE number = 7", "BROKEN: row 7: it is not as it was written"),
        ("DELETE FROM audit WHERE number = 7", "BROKEN: row 8: the row before it is missing"),
    ],
)
def test_a_spoiled_row_is_named(engine: Engine, statement: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(engine, statement)
    code, said = run(capsys, "audit", "verify")
    assert code == 1
    assert says in said


def test_a_chain_made_anew_without_the_key_is_found(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(engine, "DELETE FROM audit WHERE number > 20")
    AuditLog(engine).append_many(MONDAY, WHO, [Deed("log_out")] * 10)
    engine.dispose()
    code, said = run(capsys, "audit", "verify")
    assert code == 1
    assert "NOT SEALED: the last 10 rows" in said


def test_an_archive_holds_the_days_asked_for_and_can_be_checked_by_itself(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    code, said = run(capsys, "audit", "export", "--until", "2020-11-24", "--out", str(first))
    assert (code, "wrote 20 rows up to number 20" in said) == (0, True)
    assert first.stat().st_mode & 0o777 == 0o600
    run(capsys, "audit", "export", "--since", "2020-11-25", "--until", "2020-11-25", "--out", str(second))
    for file, rows in ((first, 20), (second, 10)):
        code, said = run(capsys, "audit", "verify", "--file", str(file))
        assert (code, said.startswith(f"{rows} rows")) == (0, True)
    with engine.connect() as connection:
        exports = [json.loads(row.detail) for row in store.newest(connection, store.AuditQuery(actions=("export",)), 9)]
    assert exports[-1] == {"file": "1.jsonl", "last": 20, "rows": 20, "until": "2020-11-24"}
    monkeypatch.setenv("LIANQIN_DATA_KEY", make_key())
    code, said = run(capsys, "audit", "verify", "--file", str(first))
    assert code == 1
    assert "20 rows are sealed with keys that LIANQIN_DATA_KEY does not name" in said
    lines = first.read_text("utf-8").splitlines(keepends=True)
    for spoiled, says in (
        (lines[:-1], "it was cut off"),
        ([*lines[:5], *lines[6:]], "BROKEN: row 6"),
        ([*lines[:5], lines[5].replace("see_case", "log_out"), *lines[6:]], "BROKEN: row 5"),
        ([*lines, lines[-2]], "stands behind the file's end"),
        (["{}\n"], "no line of an audit archive"),
        ([lines[0], "nonsense\n"], "line 2: no line of an audit archive"),
    ):
        first.write_text("".join(spoiled), "utf-8")
        code, said = run(capsys, "audit", "verify", "--file", str(first))
        assert (code, says in said) == (1, True), said


def test_a_list_is_filtered_and_its_reading_written_down(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, "audit", "list", "--who", "wang", "--action", "reveal", "-n", "2")
    assert code == 0
    assert said.splitlines() == [
        '30  2020-11-25T00:00:00+08:00  reveal  C1  wang duty_officer 10.0.0.7  {"n":2}',
        '20  2020-11-24T00:00:00+08:00  reveal  C1  wang duty_officer 10.0.0.7  {"n":1}',
    ]
    assert "audit_read" in run(capsys, "audit", "list", "-n", "1")[1]
    assert "nothing was written down" in run(capsys, "audit", "list", "--object", "nothing")[1]
    assert "--action look: none of" in run(capsys, "audit", "list", "--action", "look")[1]
    assert run(capsys, "audit", "verify")[0] == 0


def test_keys_are_made_checked_and_rotated(
    engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, new = run(capsys, "key", "make")
    new = new.strip()
    assert code == 0
    assert len(new) == 44
    monkeypatch.setenv("LIANQIN_DATA_KEY", f"{new},{KEY}")
    code, said = run(capsys, "key", "rotate")
    assert (code, f"encrypted anew with the first key ({name_of(new)}): 0" in said) == (0, True)
    code, said = run(capsys, "key", "check")
    assert (code, f"the oldest key ({name_of(KEY)}) can be taken out" in said) == (0, True)
    assert run(capsys, "audit", "verify")[0] == 0
    with engine.connect() as connection:
        assert store.newest(connection, store.AuditQuery(), 1)[0].action == "key_rotated"
    monkeypatch.setenv("LIANQIN_DATA_KEY", "")
    code, said = run(capsys, "key", "rotate")
    assert (code, "lianqin key make" in said) == (1, True)


def test_a_command_beside_a_demo_takes_the_demos_key_and_no_other_stores(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIANQIN_DATA_KEY")
    assert run(capsys, "audit", "verify")[0] == 1  # sealed with a key that nobody has given
    (tmp_path / "data.key").write_text(KEY, "utf-8")
    assert run(capsys, "audit", "verify")[0] == 0
    assert run(capsys, "audit", "list", "-n", "1")[0] == 0
    assert run(capsys, "audit", "verify")[0] == 0  # what the command wrote down is sealed as the rest is
    monkeypatch.setenv("LIANQIN_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    assert run(capsys, "audit", "verify")[0] == 1
