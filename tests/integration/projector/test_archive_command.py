"""`lianqin archive` as it is called: what it says, its exit code; and what a case's page says of an archived story."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.cli.main import main
from dashboard.layouts.case_panel import panel
from dashboard.texts import texts
from services.audit import Who
from services.audit.log_service import AuditLog, AuditQuery, newest, records
from services.board.readers.case import CaseReader
from services.district.package import District
from services.platform.clock import SystemClock, parse_ms
from services.platform.database import writing
from services.platform.sealing import Sealer, make_key
from services.projector.archive.month import month_of, parse_month
from services.projector.archive.store import all_archives
from services.projector.sealed.service import RevealRefused, personal_fields, reveal
from services.projector.store import tables as schema
from tests.archive_scene import LATER, OCTOBER, SEPTEMBER, keeper, months, take_in
from tests.reference import dump
from tests.tiny import NOON, case, entry

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(sqlite_engine: Engine, tiny: District, tiny_folder: Path, tmp_path: Path, monkeypatch: Any) -> Engine:
    """A store as the environment names it, without a Redis: the machine's clock rules."""
    months(sqlite_engine, tiny)
    for name in ("LIANQIN_REDIS_URL", "LIANQIN_DATA_KEY", "LIANQIN_ARCHIVE", "LIANQIN_HISTORY_MONTHS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIANQIN_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    monkeypatch.setenv("LIANQIN_DATA_DIR", str(tmp_path))
    return sqlite_engine


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["archive", *words])
    said = capsys.readouterr()
    return code, said.out + said.err


def old_months(engine: Engine, district: District) -> None:
    """Two months of 2025: over by any machine's clock."""
    for month in ("2025-03", "2025-04"):
        at = parse_ms(f"{month}-05T12:00:00+08:00")
        take_in(engine, district, [(at, entry(case(f"X{month}", status="closed"), event_id=month))])


def test_months_go_out_and_come_back_by_command(
    store: Engine, tiny: District, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_months(store, tiny)
    before = dump(store, "history")
    code, said = call(capsys, "list")
    assert (code, "over and not archived: 2025-03, 2025-04" in said) == (0, True)
    code, said = call(capsys, "write", "--before", "2025-05", "--out", str(tmp_path / "there"))
    assert (code, said.count("1 rows in")) == (0, 2)
    assert [p.name for p in sorted((tmp_path / "there/history").iterdir())] == ["2025-03.parquet", "2025-04.parquet"]
    code, said = call(capsys, "remove", "--month", "2025-03")
    assert code == 1
    assert "history/2025-03.parquet is not there" in said
    code, said = call(capsys, "remove", "--month", "2025-03", "--archive", str(tmp_path / "there"))
    assert (code, "2025-03: 1 rows taken out of the store" in said) == (0, True)
    code, said = call(capsys, "list", "--archive", str(tmp_path / "there"))
    assert code == 0
    assert [("removed from the store" in line, "in the store too" in line) for line in said.splitlines()[:2]] == [
        (True, False),
        (False, True),
    ]
    code, said = call(capsys, "restore", "--month", "2025-03", "--archive", str(tmp_path / "there"))
    assert code == 0
    assert dump(store, "history") == before
    with store.connect() as connection:
        told = newest(connection, AuditQuery(), 10)
        assert len(list(records(connection, 1))) == 4
    assert [(r.action, r.object) for r in reversed(told)] == [
        ("export", "history 2025-03"),
        ("export", "history 2025-04"),
        ("history_removed", "history 2025-03"),
        ("history_restored", "history 2025-03"),
    ]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("write", "--month", "2025-13"), "'2025-13' is no month: write for example 2026-08"),
        (("write", "--month", "2099-01"), "2099-01 lies in the future"),
        (("write", "--month", "2024-01"), "2024-01: nothing was received in that month"),
        (("write", "--before", "2099-01"), "--before 2099-01: "),
        (("write", "--before", "2020-01"), "nothing was received before 2020-01"),
        (("remove", "--month", "2024-01"), "2024-01 is not archived: `lianqin archive write --month 2024-01` first"),
        (("restore", "--month", "2024-01"), "2024-01.parquet is not there"),
    ],
)
def test_what_cannot_be_is_answered_in_words(
    store: Engine, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], answer: str
) -> None:
    before = dump(store, "history", "archives", "audit")
    code, said = call(capsys, *words)
    assert code == 1
    assert answer in said
    assert "Traceback" not in said
    assert dump(store, "history", "archives", "audit") == before


def test_kept_up_by_a_timer_what_is_old_goes_and_the_rest_stays(
    store: Engine, tiny: District, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old_months(store, tiny)
    code, said = call(capsys, "keep-up")
    assert code == 0
    with store.connect() as connection:
        found = all_archives(connection)
    assert {"2025-03", "2025-04"} <= {archive.month for archive in found}
    assert all(archive.is_whole for archive in found), "by default nothing is removed"
    assert call(capsys, "keep-up") == (0, "the archive is kept up: nothing to do\n")

    present = month_of(SystemClock().now_ms(), tiny.zone)
    whole_months_since = sum(1 for n in range(1, 2000) if present.plus(-n) > parse_month("2025-03"))
    monkeypatch.setenv("LIANQIN_HISTORY_MONTHS", str(whole_months_since))
    code, said = call(capsys, "keep-up")
    assert code == 0
    assert "2025-03: 1 rows taken out of the store" in said
    with store.connect() as connection:
        assert [a.month for a in all_archives(connection) if not a.is_whole] == ["2025-03"]
    assert call(capsys, "keep-up") == (0, "the archive is kept up: nothing to do\n")

    # What comes late goes into the file and out of the store; a month that cannot be kept up holds up no other.
    at = parse_ms("2025-03-06T12:00:00+08:00")
    take_in(store, tiny, [(at, entry(case("X-late", status="closed"), event_id="late"))])
    monkeypatch.setenv("LIANQIN_HISTORY_MONTHS", str(whole_months_since - 1))
    (tmp_path / "archive/history/2025-03.parquet").rename(tmp_path / "aside")
    code, said = call(capsys, "keep-up")
    assert code == 1
    assert "2025-03.parquet is not there" in said
    with store.connect() as connection:
        assert [a.month for a in all_archives(connection) if not a.is_whole] == ["2025-03", "2025-04"]
    (tmp_path / "aside").rename(tmp_path / "archive/history/2025-03.parquet")
    code, said = call(capsys, "keep-up")
    assert code == 0
    assert "2025-03: 2 rows in" in said
    assert "X-late" not in str(dump(store, "history"))


@pytest.mark.redis
def test_a_rebuild_is_told_where_the_archive_is_or_refuses(
    store: Engine,
    tmp_path: Path,
    redis_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tiny: District,
) -> None:
    monkeypatch.setenv("LIANQIN_REDIS_URL", redis_url)
    archive = keeper(store, tiny, tmp_path / "archive")
    archive.write(SEPTEMBER, LATER, LATER)
    archive.remove(SEPTEMBER, LATER)
    before = dump(store)
    assert main(["rebuild"]) == 1
    assert "the history of 2026-09 is in the archive" in capsys.readouterr().err
    assert main(["rebuild", "--archive", str(tmp_path / "elsewhere")]) == 1
    assert "2026-09.parquet is not there" in capsys.readouterr().err
    assert dump(store) == before
    with writing(store) as connection:
        connection.execute(schema.feed.update().values(model=1))  # as an upgrade finds it
    projector = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "projector"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert projector.returncode == 1
    assert "the history of 2026-09 is in the archive" in projector.stderr
    assert "Traceback" not in projector.stderr
    assert main(["rebuild", "--archive", str(tmp_path / "archive")]) == 0
    assert "made again from" in capsys.readouterr().out
    assert dump(store) == before


def test_a_number_of_months_that_is_none_is_refused(
    store: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANQIN_HISTORY_MONTHS", "-3")
    code, said = call(capsys, "keep-up")
    assert code == 1
    assert "LIANQIN_HISTORY_MONTHS='-3' is not a number of months" in said


def words_on(component: Any) -> list[str]:
    """Every text of a drawn panel."""
    if isinstance(component, str):
        return [component]
    if isinstance(component, list | tuple):
        return [text for part in component for text in words_on(part)]
    return words_on(component.children) if getattr(component, "children", None) is not None else []


TOLD = {
    "en": ("in the archive", "{n} of its events are in the archive ({months})", ", "),
    "zh-CN": ("归档", "其中 {n} 条经过已移入归档（{months}）", "、"),
}


@pytest.mark.parametrize("language", TOLD)
def test_the_page_of_a_case_says_what_of_its_story_is_in_the_archive(
    engine: Engine, tiny: District, tmp_path: Path, language: str
) -> None:
    mark, told, comma = TOLD[language]
    one, both = told.format(n=1, months="2026-09"), told.format(n=2, months=f"2026-09{comma}2026-10")
    months(engine, tiny)
    reader = CaseReader(engine, tiny)

    def page(case_id: str) -> str:
        return "\n".join(words_on(panel(reader.view(case_id, NOON), texts(language), tiny.zone)))

    assert mark not in page("SPLIT")
    archive = keeper(engine, tiny, tmp_path / "archive")
    archive.write(SEPTEMBER, LATER, LATER)
    assert mark not in page("SPLIT")
    archive.remove(SEPTEMBER, LATER)
    assert one in page("SPLIT")
    archive.write(OCTOBER, LATER, LATER)
    archive.remove(OCTOBER, LATER)
    assert both in page("SPLIT")
    assert mark not in page("STAYS")
    view = reader.view("SPLIT", NOON)
    assert view is not None
    assert (view.events, view.archived) == ((), (("2026-09", 1), ("2026-10", 1)))
    archive.restore(SEPTEMBER, LATER)
    archive.restore(OCTOBER, LATER)
    assert mark not in page("SPLIT")


def test_nothing_personal_is_shown_or_revealed_of_a_case_in_the_archive(
    engine: Engine, tiny: District, tmp_path: Path
) -> None:
    sealer = Sealer(key := make_key())
    months(engine, tiny, key)
    archive = keeper(engine, tiny, tmp_path / "archive")
    for month in (SEPTEMBER, OCTOBER):
        archive.write(month, LATER, LATER)
        archive.remove(month, LATER)
    who = Who("wang", "duty_officer", "", "10.0.0.7")
    assert personal_fields(engine, sealer, "SPLIT") == []
    assert personal_fields(engine, sealer, "NOBODY") is None
    for case_id, code in (("SPLIT", "nothing_kept"), ("NOBODY", "unknown_case")):
        with pytest.raises(RevealRefused) as error:
            reveal(
                engine,
                sealer,
                AuditLog(engine),
                NOON,
                who=who,
                case_id=case_id,
                field="reporter.name",
                reason="核实现场位置",
            )
        assert error.value.code == code
    assert (
        reveal(
            engine,
            sealer,
            AuditLog(engine),
            NOON,
            who=who,
            case_id="STAYS",
            field="reporter.name",
            reason="核实现场位置",
        )
        == "张三丰"
    )
