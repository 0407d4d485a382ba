"""Everything that leaves, and everything that is asked for, is on the audit: the registries of the app are walked."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from dashboard.cli.acts import HARMLESS as HARMLESS_ACTS
from dashboard.cli.acts import WRITES_ITSELF, WRITTEN_HERE, leaves
from dashboard.cli.main import _parser, main
from dashboard.door.guards import ADDRESSES
from dashboard.door.recorded import HARMLESS, RECORDED
from services.access import service as accounts
from services.access.account import Account
from services.audit import ACTIONS, AuditRecord
from services.audit import log_service as store
from services.district.package import District
from services.platform.database import open_engine
from services.platform.migrate import upgrade
from tests.doors import DUTY, EAST, S1, WHO, House, house
from tests.integration.test_rights_matrix import attempts

pytestmark = pytest.mark.redis
ROOT = Path(__file__).parents[1]
LEADER, AUDITOR = (next(who for who in WHO if who.name == name) for name in ("leader", "auditor"))
# The attempt of the matrix names something that is not there: it is answered, and nothing is done.
NOTHING_DONE = {"end_session"}
FILES = ("text/csv", "application/pdf", "application/vnd", "application/geo+json")


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        yield found


def act_names(parser: argparse.ArgumentParser) -> list[str]:
    """The names of all commands, those with a choice of actions once for each."""
    found = []
    for name, leaf in leaves(parser):
        choices = next((a.choices for a in leaf._actions if a.dest == "action" and a.choices), None)
        found += [f"{name} {choice}" for choice in choices] if choices else [name]
    return found


def rows_of(engine: Engine, above: int = 0) -> list[AuditRecord]:
    with engine.connect() as connection:
        return list(store.records(connection, above + 1))


def last_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return store.head(connection).number


def test_every_address_is_recorded_or_harmless_for_a_reason() -> None:
    assert not RECORDED.keys() & HARMLESS.keys()
    assert RECORDED.keys() | HARMLESS.keys() == ADDRESSES.keys(), "dashboard/door/recorded.py"
    assert set(RECORDED.values()) <= ACTIONS.keys()
    assert all(len(reason) > 10 for reason in HARMLESS.values())


@pytest.mark.parametrize("who", [DUTY, S1, LEADER, AUDITOR], ids=lambda who: who.name)
def test_every_answer_of_a_recorded_address_leaves_its_row_and_every_file_does(home: House, who: object) -> None:
    left: dict[str, set[str]] = {}
    for endpoint, tried in attempts(home, who).items():  # type: ignore[arg-type]  # one of WHO
        if endpoint == "log_out":
            continue
        for attempt in tried:
            before = last_of(home.engine)
            client = home.client(who)
            with client.open(
                attempt.path,
                method=attempt.method,
                json=attempt.body if attempt.form is None else None,
                data=attempt.form,
            ) as answer:
                code, kind = answer.status_code, answer.content_type
                disposition = answer.headers.get("Content-Disposition", "")
            actions = {row.action for row in rows_of(home.engine, before)}
            is_file = "attachment" in disposition or (kind.startswith(FILES) and endpoint != "outline")
            if is_file:
                assert "export" in actions, attempt
            if code == 200 and attempt.expected(who):
                left.setdefault(endpoint, set()).update(actions)
    wrong = {
        endpoint
        for endpoint, actions in left.items()
        if endpoint in RECORDED
        and endpoint not in NOTHING_DONE
        and RECORDED[endpoint] not in actions
        # A page that is opened again within ten minutes is one look.
        and not (RECORDED[endpoint] == "see_page" and actions <= {"see_page"})
    }
    assert not wrong


def test_a_file_that_has_not_come_by_the_helper_is_not_sent(home: House) -> None:
    from flask import Response

    def forgotten() -> Response:
        return Response(b"secret", content_type="text/csv", headers={"Content-Disposition": "attachment"})

    home.web.flask.view_functions["brigades"] = forgotten
    answer = home.get(DUTY, "/api/v1/units")
    assert (answer.status_code, b"secret" in answer.data) == (500, False)


def test_a_command_names_every_case_that_it_is_about_a_hundred_a_row(home: House) -> None:
    cases = [[EAST.case_id, 1], *([f"none-{i}", 1] for i in range(259))]
    wish = {"batch": "batch-260", "type": "case.urge", "cases": cases, "reason": "请尽快办理", "data": {}}
    before = last_of(home.engine)
    assert home.post(DUTY, "/api/v1/commands", wish).status_code == 200
    rows = [json.loads(row.detail) for row in rows_of(home.engine, before) if row.action == "command"]
    assert [len(row["cases"]) for row in rows] == [100, 100, 60]
    assert [case for row in rows for case in row["cases"]] == [case for case, _ in cases]


def test_who_goes_on_asking_for_a_file_or_a_field_without_the_right_is_on_the_record(home: House) -> None:
    before = last_of(home.engine)
    for _ in range(3):
        assert home.get(DUTY, "/api/v1/audit.csv").status_code == 403
        assert home.post(LEADER, f"/api/v1/cases/{EAST.case_id}/reveal", {"field": "title", "reason": "核实情况"})
    found = [(row.who, row.object) for row in rows_of(home.engine, before) if row.action == "refused"]
    assert found == [("duty", "export_audit"), ("leader", "reveal")]


def test_every_command_of_the_machine_is_in_one_table() -> None:
    names = act_names(_parser())
    tables = (WRITTEN_HERE, WRITES_ITSELF, HARMLESS_ACTS)
    assert sorted(names) == sorted(name for table in tables for name in table), "dashboard/cli/acts.py"
    assert {act.action for act in WRITTEN_HERE.values()} | {action for action, _ in WRITES_ITSELF.values()} <= set(
        ACTIONS
    )
    assert all(len(reason) > 10 for reason in HARMLESS_ACTS.values())
    for action, name in WRITES_ITSELF.values():
        assert any(action in path.read_text("utf-8") for path in ROOT.rglob(f"{name}.py")), (action, name)


CALLS = {
    "replay": ("replay", "none.csv"), "publish": ("publish", "case.reported", "--data", '{"reporter": "王小明"}'),
    "rebuild": ("rebuild",), "district load": ("district", "load", "none"),
    "district undo": ("district", "undo", "1", "--reason", "误改"),
    "coverage import": ("coverage", "import", "none.csv"), "coverage plan": ("coverage", "plan", "--n", "3"),
    "user list": ("user", "list"), "dead list": ("dead", "list"), "dead retry": ("dead", "retry", "1-0"),
    "report": ("report", "--day", "2026-11-23", "--cases", "--format", "xlsx", "--out", "{out}"),
    "export cases": ("export", "cases", "--from", "2026-11-23", "--to", "2026-11-23", "--out", "{out}/cases.csv"),
    "explain": ("explain", "indicator", "closed"), "upgrade": ("upgrade",),
    "downgrade": ("downgrade", "0001"), "store renew-epoch": ("store", "renew-epoch"),
}  # fmt: skip


def test_a_command_is_written_down_before_it_runs_even_where_it_then_fails(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    engine = open_engine(f"sqlite:///{tmp_path / 'lianqin.db'}")
    upgrade(engine)
    assert CALLS.keys() == WRITTEN_HERE.keys()
    for name, call in CALLS.items():
        before = last_of(engine)
        main([part.replace("{out}", str(tmp_path)) for part in call])
        (row,) = rows_of(engine, before)
        assert (row.action, row.object) == (WRITTEN_HERE[name].action, f"lianqin {name}")
        assert row.who.startswith("cli:")
        assert "王小明" not in row.detail
    engine.dispose()


def test_where_there_is_no_store_the_command_says_that_nothing_was_written_down(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    main(["publish", "case.reported", "--data", "{}"])
    assert "is not on an audit" in capsys.readouterr().err


def test_taking_a_second_factor_away_is_on_the_audit(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    engine = open_engine(f"sqlite:///{tmp_path / 'lianqin.db'}")
    upgrade(engine)
    accounts.add(engine, 1, Account("wang", "王磊", "duty_officer"), "")
    assert main(["user", "reset-factor", "wang"]) == 0
    assert [(row.action, row.object) for row in rows_of(engine)] == [("factor_reset", "wang")]
    engine.dispose()
