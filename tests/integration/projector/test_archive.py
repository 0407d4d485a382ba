"""Months out of the store and back, on both databases: nothing is lost, whatever is killed, damaged or late."""

import dataclasses
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from services.cases import tables as case_tables
from services.contract.entry import entry_key
from services.district.package import District
from services.indicators import tables as indicator_tables
from services.platform import metadata
from services.platform.clock import to_rfc3339
from services.platform.database import writing
from services.platform.sealing import Sealer, make_key
from services.platform.whole_file import partial_of
from services.projector.archive import form
from services.projector.archive import store as archives
from services.projector.archive import tables as archive_tables
from services.projector.archive.form import ArchiveFile
from services.projector.archive.month import ArchiveError, Month
from services.projector.archive.service import ArchiveKeeper, Entries
from services.projector.errands.rebuild import HistoryArchived, rebuild, rebuild_if_old
from services.projector.ingest import Ingest
from services.projector.store import tables as schema
from services.projector.store.purge import purge
from tests.archive_scene import DAY, HOUR, LATER, NOVEMBER, OCTOBER, OLD, SEPTEMBER, keeper, months, quiet, take_in
from tests.reference import dump
from tests.tiny import NOON, case, entry, middle

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def archived(engine: Engine, district: District, folder: Path, *which: Month) -> ArchiveKeeper:
    """The months written and taken out."""
    found = keeper(engine, district, folder)
    for month in which:
        assert found.write(month, LATER, LATER) is not None
        assert found.remove(month, LATER) > 0
    return found


def history(engine: Engine) -> list[tuple[Any, ...]]:
    """Without what is sealed, which no archive brings back."""
    return [(*row[:8], bytes(row[8])) for row in dump(engine, "history")["history"]]


def states(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {
            a.month: "removed" if a.removed_at else "half" if a.removing_at else "here"
            for a in archives.all_archives(connection)
        }


def rows_in(path: Path) -> list[Any]:
    return [row for group in ArchiveFile(path).batches() for row in group]


def test_a_month_is_its_rows_by_the_districts_calendar_and_nothing_else(
    engine: Engine, tiny: District, folder: Path
) -> None:
    start, end = OCTOBER.span(tiny.zone)
    edges = [(at, entry(case(f"E{at}"), event_id=str(at))) for at in (start - 1, start, end - 1, end)]
    moved = entry({"unit_id": "U1", "at": to_rfc3339(start), **middle(0, 0)}, "unit.moved", start)
    take_in(engine, tiny, [*edges[:2], (start + 5, moved), *edges[2:]])
    before = history(engine)
    found = keeper(engine, tiny, folder).write(OCTOBER, LATER, LATER)
    assert found is not None
    rows = rows_in(folder / "history" / "2026-10.parquet")
    assert [row.subject for row in rows] == [f"E{start}", f"E{end - 1}"]
    assert [tuple(row) for row in rows] == [row for row in before if row[6] in {f"E{start}", f"E{end - 1}"}]
    assert (found.file, found.rows) == ("history/2026-10.parquet", 2)
    assert (found.first_entry, found.last_entry) == (rows[0].entry, rows[1].entry)
    assert history(engine) == before
    assert states(engine) == {"2026-10": "here"}


def test_a_month_that_is_not_over_or_empty_is_refused_and_leaves_no_file(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    found = keeper(engine, tiny, folder)
    for month, why in ((NOVEMBER, "is not over"), (Month(2026, 12), "in the future"), (Month(2026, 1), "nothing was")):
        with pytest.raises(ArchiveError, match=f"{month}.*{why}"):
            found.write(month, NOON, NOON)
    assert not list(folder.rglob("*.parquet*"))
    assert states(engine) == {}


def as_written(path: Path) -> tuple[int, ...]:
    """What changes when a file is written anew, and not when it is only read, as the second time does."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def test_written_twice_it_is_written_once(engine: Engine, tiny: District, folder: Path) -> None:
    months(engine, tiny)
    found = keeper(engine, tiny, folder)
    assert found.write(OCTOBER, LATER, LATER) is not None
    before = as_written(found.path(OCTOBER))
    assert found.write(OCTOBER, LATER, LATER + 1) is None
    assert as_written(found.path(OCTOBER)) == before


def test_what_is_taken_out_is_in_the_file_and_open_cases_and_newest_states_stay(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    model, before = dump(engine), history(engine)
    found = archived(engine, tiny, folder, SEPTEMBER)
    after = history(engine)
    rows = [tuple(row) for row in rows_in(found.path(SEPTEMBER))]
    gone = [row for row in before if row not in after]
    assert gone
    assert set(gone) <= set(rows)
    assert sorted({*after, *rows}) == before
    start, end = SEPTEMBER.span(tiny.zone)
    left = [row for row in after if start <= row[1] < end]
    with engine.connect() as connection:
        c = case_tables.cases.c
        open_cases = set(connection.scalars(select(c.case_id).where(c.is_open)))
        standing = set(connection.scalars(select(c.entry).where(c.is_open)))
        things = set(connection.scalars(select(schema.things.c.entry)))
    assert {row[0] for row in before} >= standing
    assert {row[0] for row in after} >= standing
    assert len([row for row in after if row[6] == "STAYS"]) == 2
    assert all(row[6] in open_cases or row[0] in things or row[3] == "unit.moved" for row in left)
    cameras = [row for row in left if row[3] == "camera.changed"]
    assert [b'"K1"' in row[8] for row in cameras] == [True]
    assert any(row[3] == "unit.moved" for row in left)
    assert dump(engine) == model
    assert states(engine) == {"2026-09": "removed"}
    assert found.remove(SEPTEMBER, LATER) == 0


def test_the_events_that_are_in_the_archive_alone_are_counted_by_case(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    before = {row[0]: row[6] for row in history(engine) if row[3].startswith("case.")}
    found = archived(engine, tiny, folder, SEPTEMBER, OCTOBER)
    here = {row[0] for row in history(engine)}
    gone: dict[str, int] = {}
    for key, case_id in before.items():
        if key not in here:
            gone[case_id] = gone.get(case_id, 0) + 1
    with engine.connect() as connection:
        told = {case_id: archives.archived_of(connection, case_id) for case_id in set(before.values())}
    assert {case_id: sum(months.values()) for case_id, months in told.items() if months} == gone
    assert told["SPLIT"] == {"2026-09": 1, "2026-10": 1}
    assert told["STAYS"] == {}
    found.restore(SEPTEMBER, LATER)
    found.restore(OCTOBER, LATER)
    assert dump(engine, "archived_events")["archived_events"] == []


def test_rebuilt_from_archive_and_store_it_is_as_from_the_whole_history(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    ingest = Ingest(engine, tiny, Sealer(""))
    n = rebuild(engine, ingest, NOON, quiet)
    whole = dump(engine)
    archived(engine, tiny, folder, SEPTEMBER, OCTOBER, NOVEMBER)
    before = history(engine)
    assert len(before) < n
    with writing(engine) as connection:
        connection.execute(case_tables.cases.update().values(irregular=99))
        connection.execute(indicator_tables.rollups.delete())
    assert rebuild(engine, ingest, NOON, quiet, folder) == n
    assert dump(engine) == whole
    assert history(engine) == before


def test_without_the_archive_no_rebuild_folds_a_part(engine: Engine, tiny: District, folder: Path) -> None:
    months(engine, tiny)
    archived(engine, tiny, folder, SEPTEMBER, OCTOBER)
    with writing(engine) as connection:
        connection.execute(schema.feed.update().values(model=1))
    before = dump(engine, *metadata.metadata.tables)
    ingest = Ingest(engine, tiny, Sealer(""))
    for again in (
        lambda: rebuild(engine, ingest, NOON, quiet),
        lambda: rebuild_if_old(engine, ingest, NOON, quiet),
    ):
        with pytest.raises(HistoryArchived, match=r"history of 2026-09, 2026-10 is in the archive.*--archive DIR"):
            again()
        assert dump(engine, *metadata.metadata.tables) == before
    rebuild(engine, ingest, NOON, quiet, folder)
    rebuild_if_old(engine, ingest, NOON, quiet)


def test_a_rebuild_with_a_file_missing_or_damaged_changes_nothing(engine: Engine, tiny: District, folder: Path) -> None:
    months(engine, tiny)
    found = archived(engine, tiny, folder, SEPTEMBER, OCTOBER)
    before = dump(engine, *metadata.metadata.tables)
    ingest, path = Ingest(engine, tiny, Sealer("")), found.path(OCTOBER)
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    with pytest.raises(ArchiveError, match=r"2026-10\.parquet is not as it was written: its SHA-256"):
        rebuild(engine, ingest, NOON, quiet, folder)
    path.unlink()
    with pytest.raises(ArchiveError, match=r"2026-10\.parquet is not there"):
        rebuild(engine, ingest, NOON, quiet, folder)
    assert dump(engine, *metadata.metadata.tables) == before
    path.write_bytes(whole)
    rebuild(engine, ingest, NOON, quiet, folder)


def test_put_back_the_history_is_whole_again_however_often(engine: Engine, tiny: District, folder: Path) -> None:
    months(engine, tiny)
    before, model = history(engine), dump(engine)
    found = archived(engine, tiny, folder, SEPTEMBER, OCTOBER)
    gone = len(before) - len(history(engine))
    assert found.restore(SEPTEMBER, LATER) + found.restore(OCTOBER, LATER) == gone
    assert history(engine) == before
    assert found.restore(OCTOBER, LATER) == 0
    assert states(engine) == {"2026-09": "here", "2026-10": "here"}
    rebuild(engine, Ingest(engine, tiny, Sealer("")), NOON, quiet)
    assert dump(engine) == model


def test_a_damaged_file_is_neither_put_back_nor_a_reason_to_take_out(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    found = archived(engine, tiny, folder, SEPTEMBER)
    assert found.write(OCTOBER, LATER, LATER) is not None
    before = dump(engine, *metadata.metadata.tables)
    for month in (SEPTEMBER, OCTOBER):
        with found.path(month).open("r+b") as file:
            file.seek(500)
            file.write(b"\0\0\0\0")
    for attempt in (
        lambda: found.remove(OCTOBER, LATER),
        lambda: found.restore(SEPTEMBER, LATER),
        lambda: found.write(SEPTEMBER, LATER, LATER),
    ):
        with pytest.raises(ArchiveError, match="is not as it was written"):
            attempt()
    assert dump(engine, *metadata.metadata.tables) == before
    with pytest.raises(ArchiveError, match="2026-11 is not archived: `lianqin archive write --month 2026-11` first"):
        found.remove(NOVEMBER, LATER)
    # What the store still has whole is written anew.
    assert found.write(OCTOBER, LATER, LATER) is not None
    assert found.remove(OCTOBER, LATER) > 0


@pytest.mark.parametrize("taken_out", [False, True])
def test_an_entry_that_came_late_is_found_and_goes_into_the_file(
    engine: Engine, tiny: District, folder: Path, *, taken_out: bool
) -> None:
    months(engine, tiny)
    said: list[str] = []
    found = ArchiveKeeper(engine, tiny, folder, "lianqin test", said.append, window=40)
    assert found.write(SEPTEMBER, LATER, LATER) is not None
    if taken_out:
        found.remove(SEPTEMBER, LATER)
    before, rows = found.path(SEPTEMBER).read_bytes(), rows_in(found.path(SEPTEMBER))
    take_in(engine, tiny, [(OLD + 3 * HOUR + 7, entry(case("LATE", closed_at=to_rfc3339(OLD), status="closed")))])
    with pytest.raises(ArchiveError, match="2026-09: changed since it was archived \\(1 rows came late\\)"):
        found.remove(SEPTEMBER, LATER)
    assert found.path(SEPTEMBER).read_bytes() == before
    again = found.write(SEPTEMBER, LATER, LATER)
    assert again is not None
    assert again.rows == len(rows) + 1
    assert any("2026-09: changed since it was archived" in line for line in said)
    assert {row.entry for row in rows_in(found.path(SEPTEMBER))} > {row.entry for row in rows}
    found.remove(SEPTEMBER, LATER)
    assert [row for row in history(engine) if row[6] == "LATE"] == []


def test_killed_between_the_new_files_name_and_its_row_the_month_is_still_known(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    found = archived(engine, tiny, folder, SEPTEMBER)
    with engine.connect() as connection:
        old = archives.one_archive(connection, "2026-09")
    assert old is not None
    take_in(engine, tiny, [(OLD + 3 * HOUR + 7, entry(case("LATE", closed_at=to_rfc3339(OLD), status="closed")))])
    new = found.write(SEPTEMBER, LATER, LATER)
    assert new is not None
    with writing(engine) as connection:
        archives.put_archive(connection, old)  # as the killed process has left it
    assert found.write(SEPTEMBER, LATER, LATER) is None
    with engine.connect() as connection:
        known = archives.one_archive(connection, "2026-09")
    assert known is not None
    assert (known.sha256, known.rows) == (new.sha256, new.rows)
    assert found.remove(SEPTEMBER, LATER) == 1


CHILD = """
import sys
from pathlib import Path
from services.projector.archive.service import ArchiveKeeper, Entries
from services.projector.archive.month import parse_month
from services.district.load import load
from services.platform.database import open_engine

url, package, folder, what, at = sys.argv[1:]
lines = 0

def say(text):
    global lines
    lines += 1
    print(text, flush=True)
    if lines == 3:
        sys.stdin.read()  # until the test kills us

found = ArchiveKeeper(open_engine(url), load(Path(package)), Path(folder), "lianqin test", say, window=20)
with found.alone():
    getattr(found, what)(parse_month("2026-09"), int(at))
print("came to its end", flush=True)
"""


def killed_at_the_third_line(*arguments: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdin is not None
    lines = [child.stdout.readline() for _ in range(3)]
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    rest = child.stdout.read()
    child.stdout.close()
    child.stdin.close()
    assert all(lines)
    assert rest == ""


def test_killed_half_way_out_and_half_way_back_it_says_so_and_goes_on(
    engine: Engine, tiny: District, tiny_folder: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "ROWS_A_GROUP", 30)
    months(engine, tiny)
    whole, model = history(engine), dump(engine)
    found = keeper(engine, tiny, folder, 20)
    assert found.write(SEPTEMBER, LATER, LATER) is not None
    arguments = (engine.url.render_as_string(hide_password=False), str(tiny_folder), str(folder))
    ingest = Ingest(engine, tiny, Sealer(""))

    killed_at_the_third_line(*arguments, "remove", str(LATER))
    half = history(engine)
    assert states(engine) == {"2026-09": "half"}
    with engine.connect() as connection:
        assert "half removed" in found.told(archives.all_archives(connection)[0])
    with pytest.raises(HistoryArchived, match="2026-09"):
        rebuild(engine, ingest, NOON, quiet)
    rebuild(engine, ingest, NOON, quiet, folder)
    assert dump(engine) == model
    assert history(engine) == half

    with found.alone():  # the killed one holds nothing
        rest = found.remove(SEPTEMBER, LATER)
    gone = history(engine)
    assert 0 < rest < len(whole) - len(gone)
    assert len(whole) - len(half) + rest == len(whole) - len(gone)
    assert states(engine) == {"2026-09": "removed"}

    killed_at_the_third_line(*arguments, "restore", str(LATER))
    assert len(gone) < len(history(engine)) < len(whole)
    assert states(engine) == {"2026-09": "half"}
    found.restore(SEPTEMBER, LATER)
    assert history(engine) == whole
    assert states(engine) == {"2026-09": "here"}
    assert dump(engine, "archived_events")["archived_events"] == []


WRITER = """
import sys
from pathlib import Path
from services.platform.whole_file import partial_of
from services.projector.archive.form import FORMAT, About, write_file
from services.projector.store.read import Past

def batches():
    for number in range(2):
        yield [Past(number * 50_000 + i, 0, 0, "case.reported", "/s", "", "A", "", b"{}") for i in range(50_000)]
    print("half", flush=True)
    sys.stdin.read()

write_file(Path(sys.argv[1]), batches(), About(FORMAT, "", "", "2026-09", 0, 0, 0, "", "", ""))
"""


def test_a_writer_killed_half_way_leaves_no_file_of_that_name_and_the_next_one_finishes(
    sqlite_engine: Engine, tiny: District, folder: Path
) -> None:
    months(sqlite_engine, tiny)
    found = keeper(sqlite_engine, tiny, folder)
    path = found.path(SEPTEMBER)
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "half\n"
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    child.stdout.close()
    child.stdin.close()
    assert not path.exists()
    assert partial_of(path).stat().st_size > 0
    with pytest.raises(ArchiveError, match="2026-09 is not archived"):
        found.remove(SEPTEMBER, LATER)
    with pytest.raises(ArchiveError, match="half written: it is not used"):
        found.restore(SEPTEMBER, LATER)
    assert found.write(SEPTEMBER, LATER, LATER) is not None
    assert not partial_of(path).exists()
    ArchiveFile(path).check()


def test_two_do_not_work_in_one_folder_at_once(sqlite_engine: Engine, tiny: District, folder: Path) -> None:
    found = keeper(sqlite_engine, tiny, folder)
    with (
        found.alone(),
        pytest.raises(ArchiveError, match="another `lianqin archive` is at work"),
        keeper(sqlite_engine, tiny, folder).alone(),
    ):
        pass
    with found.alone():
        pass


def test_no_archive_carries_what_is_sealed_and_with_the_month_it_leaves_the_store(
    engine: Engine, tiny: District, folder: Path
) -> None:
    sealer = Sealer(key := make_key())
    months(engine, tiny, key)

    def kept() -> list[tuple[str, bytes]]:
        h = schema.history.c
        with engine.connect() as connection:
            rows = connection.execute(select(h.subject, h.sealed).where(h.sealed.is_not(None)).order_by(h.entry))
            return [(row[0], bytes(row[1])) for row in rows]

    assert [subject for subject, _ in kept()] == ["STAYS", "SPLIT"]
    assert "张三丰" in sealer.open(kept()[0][1]).decode()
    sealed = [text for _, text in kept()]
    found = archived(engine, tiny, folder, SEPTEMBER)
    assert [subject for subject, _ in kept()] == ["STAYS"]
    assert "sealed" not in rows_in(found.path(SEPTEMBER))[0]._fields
    told = b"".join(bytes(row.data) for row in rows_in(found.path(SEPTEMBER)))
    raw = found.path(SEPTEMBER).read_bytes()
    for secret in (*sealed, "张三丰".encode(), b"13812345678"):
        assert secret not in told
        assert secret not in raw
    found.restore(SEPTEMBER, LATER)
    assert [subject for subject, _ in kept()] == ["STAYS"]


def test_a_case_that_is_opened_again_goes_on_and_a_rebuild_agrees(engine: Engine, tiny: District, folder: Path) -> None:
    months(engine, tiny)
    found = archived(engine, tiny, folder, SEPTEMBER, OCTOBER)
    opened = entry(case("SPLIT", 3, "handling"), "case.reopened", NOON, event_id="split-3")
    take_in(engine, tiny, [(NOON + 5 * DAY, opened)])
    with engine.connect() as connection:
        row = connection.execute(select(case_tables.cases).where(case_tables.cases.c.case_id == "SPLIT")).one()
    assert row.is_open
    before, ingest = dump(engine), Ingest(engine, tiny, Sealer(""))
    rebuild(engine, ingest, NOON, quiet, folder)
    assert dump(engine) == before
    assert found.remove(OCTOBER, LATER) == 0

    # An older version that comes late is judged without the archived steps, until the next rebuild.
    late = entry(case("SPLIT", 1, "filed"), "case.filed", NOON, source="/other", event_id="split-late")
    take_in(engine, tiny, [(NOON + 5 * DAY + 1, late)])
    after = dump(engine, "rollups", "things")
    assert after["rollups"] == before["rollups"]
    rebuild(engine, ingest, NOON, quiet, folder)
    from_archive = dump(engine)
    found.restore(SEPTEMBER, LATER)
    found.restore(OCTOBER, LATER)
    rebuild(engine, ingest, NOON, quiet)
    assert dump(engine) == from_archive


def test_another_store_takes_a_file_at_its_word_and_another_districts_not_at_all(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    before = history(engine)
    found = keeper(engine, tiny, folder)
    assert found.write(SEPTEMBER, LATER, LATER) is not None
    with writing(engine) as connection:
        connection.execute(archive_tables.archives.delete())
        connection.execute(schema.history.delete().where(schema.history.c.received_at < SEPTEMBER.span(tiny.zone)[1]))
        n = connection.execute(select(func.count()).select_from(schema.history)).scalar_one()
    assert found.restore(SEPTEMBER, LATER) > 0
    assert states(engine) == {"2026-09": "here"}
    assert n < len(history(engine)) == len([row for row in before if row[3] != "unit.moved" or row[1] > OLD + 30 * DAY])
    other = ArchiveKeeper(engine, dataclasses.replace(tiny, code="990002"), folder, "lianqin test", quiet)
    with pytest.raises(ArchiveError, match="is of district '990001' and month 2026-09, not of '990002'"):
        other.remove(SEPTEMBER, LATER)


def test_patrols_positions_are_purged_and_no_rebuild_from_the_archive_brings_them_back(
    engine: Engine, tiny: District, folder: Path
) -> None:
    months(engine, tiny)
    archived(engine, tiny, folder, SEPTEMBER)
    assert purge(engine, NOON) == 2
    rebuild(engine, Ingest(engine, tiny, Sealer("")), NOON, quiet, folder)
    assert [row for row in dump(engine, "things")["things"] if row[0] == "unit"] == []


def test_a_key_that_is_not_there_is_no_part_of_the_set(sqlite_engine: Engine, tiny: District, folder: Path) -> None:
    months(sqlite_engine, tiny)
    found = keeper(sqlite_engine, tiny, folder)
    assert found.write(SEPTEMBER, LATER, LATER) is not None
    rows = {row.entry for row in rows_in(found.path(SEPTEMBER))}
    entries = Entries(ArchiveFile(found.path(SEPTEMBER)))
    nearby = {key + step for key in rows for step in (-1, 0, 1)} | {0, entry_key(f"{LATER}-0")}
    assert {key for key in nearby if key in entries} == rows
