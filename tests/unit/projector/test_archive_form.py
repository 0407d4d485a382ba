"""A month and its file: whole or not there, readable by others, and any damage is found."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.clock import parse_ms
from services.platform.whole_file import partial_of
from services.projector.archive import form
from services.projector.archive.form import FORMAT, About, ArchiveFile, sha256_of, write_file
from services.projector.archive.month import ArchiveError, Month, month_of, need_over, parse_month
from services.projector.archive.service import compare, merged
from services.projector.store.read import Past

ROOT = Path(__file__).parents[3]
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
ABOUT = About(FORMAT, "990001", "Asia/Shanghai", "2026-08", 0, 0, 0, "", "2026-09-01T00:00:00.000Z", "lianqin 0")
TEXTS = ["", "街道", "a\nb", "“😀”"]


def past(entry: int, data: bytes = b'{"a":"\xe8\xa1\x97"}', text: str = "街道") -> Past:
    return Past(entry, entry >> 20, (entry >> 20) - 7, "case.reported", "/s", f"id-{entry}", text, "late", data)


def rows(n: int) -> list[Past]:
    start = parse_ms("2026-08-03T12:00:00+08:00")
    return [past((start + i) << 20, text=TEXTS[i % len(TEXTS)]) for i in range(n)]


class TestMonth:
    def test_a_month_begins_and_ends_by_the_districts_clock(self) -> None:
        assert Month(2026, 8).span(SHANGHAI) == (
            parse_ms("2026-08-01T00:00:00+08:00"),
            parse_ms("2026-09-01T00:00:00+08:00"),
        )
        start, end = Month(2026, 3).span(NEW_YORK)  # the clock is set forward in it
        assert end - start == (31 * 24 - 1) * 3_600_000

    @given(st.integers(0, 4_000_000_000_000), st.sampled_from([SHANGHAI, NEW_YORK]))
    def test_every_moment_lies_in_its_month(self, ms: int, zone: ZoneInfo) -> None:
        start, end = month_of(ms, zone).span(zone)
        assert start <= ms < end

    @given(st.integers(0, 4000), st.integers(-100, 100))
    def test_months_are_counted_forth_and_back(self, n: int, k: int) -> None:
        month = Month(1950, 1).plus(n)
        assert month.plus(k).plus(-k) == month
        assert (month.plus(k) > month) == (k > 0)

    @pytest.mark.parametrize(
        "text", ["", "2026", "2026-13", "2026-00", "2026-8", "2026-08-01", "26-08", "２０２６-08", "../x"]
    )
    def test_what_is_no_month_is_refused(self, text: str) -> None:
        with pytest.raises(ArchiveError, match="is no month: write for example 2026-08"):
            parse_month(text)

    def test_only_a_month_that_is_over_is_archived(self) -> None:
        need_over(Month(2026, 8), parse_ms("2026-09-01T00:00:00+08:00"), SHANGHAI)
        with pytest.raises(ArchiveError, match="2026-08 is not over: archive it from the first of 2026-09 on"):
            need_over(Month(2026, 8), parse_ms("2026-08-31T23:59:59.999+08:00"), SHANGHAI)
        with pytest.raises(ArchiveError, match="2026-10 lies in the future: it is 2026-08 now"):
            need_over(Month(2026, 10), parse_ms("2026-08-31T23:59:59+08:00"), SHANGHAI)


class TestFile:
    def test_what_was_written_is_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(form, "ROWS_A_GROUP", 40)
        path, wanted = tmp_path / "history" / "2026-08.parquet", rows(101)
        about, digest = write_file(path, [wanted[:7], wanted[7:95], wanted[95:]], ABOUT)
        file = ArchiveFile(path)
        assert [row for group in file.batches() for row in group] == wanted
        assert [len(group) for group in file.batches()] == [40, 40, 21]
        assert list(file.entries()) == [row.entry for row in wanted]
        assert file.about == about
        assert (about.rows, about.first_entry, about.last_entry) == (101, wanted[0].entry, wanted[-1].entry)
        assert digest == sha256_of(path)
        file.check()
        assert not partial_of(path).exists()
        assert path.stat().st_mode & 0o077 == 0

    def test_pandas_and_duckdb_read_it_with_its_types(self, tmp_path: Path) -> None:
        path, wanted = tmp_path / "2026-08.parquet", rows(9)
        write_file(path, [wanted], ABOUT)
        frame = pd.read_parquet(path)
        assert list(frame.columns) == list(Past._fields)
        assert str(frame["received_at"].dtype) == "datetime64[ms, UTC]"
        assert frame["entry"].dtype == "int64"
        assert frame["received_at"].iloc[0] == pd.Timestamp("2026-08-03T12:00:00+08:00")
        assert frame["data"].tolist() == [row.data.decode() for row in wanted]
        with duckdb.connect() as db:
            found = db.execute(
                "SELECT entry, epoch_ms(received_at), epoch_ms(time), subject, data->>'a' FROM read_parquet(?)",
                [str(path)],
            ).fetchall()
            meta = db.execute("SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
        assert found == [(r.entry, r.received_at, r.time, r.subject, "街") for r in wanted]
        said = {key: value for key, value in meta if key.startswith("lianqin.")}
        assert said["lianqin.district"] == "990001"
        assert said["lianqin.month"] == "2026-08"
        assert said["lianqin.rows"] == "9"
        assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"

    def test_nothing_stays_of_a_file_that_could_not_be_finished(self, tmp_path: Path) -> None:
        path = tmp_path / "2026-08.parquet"
        write_file(path, [rows(3)], ABOUT)
        before = path.read_bytes()

        def broken() -> Iterator[list[Past]]:
            yield rows(5)
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space left"):
            write_file(path, broken(), ABOUT)
        with pytest.raises(ArchiveError, match="the rows must rise by entry"):
            write_file(path, [rows(5), rows(5)], ABOUT)
        assert path.read_bytes() == before
        assert [found.name for found in tmp_path.iterdir()] == ["2026-08.parquet"]

    def test_a_file_that_is_not_there_says_so_and_names_what_was_left_half_written(self, tmp_path: Path) -> None:
        path = tmp_path / "2026-08.parquet"
        with pytest.raises(ArchiveError, match=r"2026-08\.parquet is not there$"):
            ArchiveFile(path)
        partial_of(path).write_bytes(b"PAR1")
        with pytest.raises(ArchiveError, match=r"lies 2026-08\.parquet\.partial, half written: it is not used"):
            ArchiveFile(path)

    def test_a_file_cut_anywhere_is_no_archive(self, tmp_path: Path) -> None:
        path = tmp_path / "2026-08.parquet"
        write_file(path, [rows(200)], ABOUT)
        whole = path.read_bytes()
        for share in range(20):
            path.write_bytes(whole[: len(whole) * share // 20])
            with pytest.raises(ArchiveError, match=r"2026-08\.parquet is damaged"):
                ArchiveFile(path)

    def test_other_rows_than_were_written_are_found(self, tmp_path: Path) -> None:
        path = tmp_path / "2026-08.parquet"
        write_file(path, [rows(50)], ABOUT)
        with pq.ParquetFile(path) as file:
            table, metadata = file.read(), file.metadata.metadata
        for changed in (table.slice(1), table.slice(0, 49)):
            with pq.ParquetWriter(path, form.SCHEMA) as writer:
                writer.write_table(changed)
                writer.add_key_value_metadata({k: v for k, v in metadata.items() if k.startswith(b"lianqin.")})
            with pytest.raises(ArchiveError, match="its 49 rows are not the 50 written"):
                ArchiveFile(path).check()

    def test_a_parquet_file_of_somebody_else_is_no_archive(self, tmp_path: Path) -> None:
        path = tmp_path / "2026-08.parquet"
        pd.DataFrame({"a": [1]}).to_parquet(path)
        with pytest.raises(ArchiveError, match="is damaged or no archive"):
            ArchiveFile(path)


KEYS = st.sets(st.integers(1, 60), max_size=25)


@given(KEYS, KEYS, st.integers(1, 7))
def test_two_histories_become_one_in_order_each_entry_once(one: set[int], other: set[int], size: int) -> None:
    def groups(keys: set[int], text: str) -> Iterator[list[Past]]:
        found = [past(key, text=text) for key in sorted(keys)]
        yield from (found[i : i + size] for i in range(0, len(found), size))

    found = [row for group in merged(groups(one, "old"), groups(other, "new")) for row in group]
    assert [row.entry for row in found] == sorted(one | other)
    assert {row.entry for row in found if row.subject == "new"} == other
    assert compare(groups(one, ""), groups(other, "")) == (len(other - one), 0)
    assert compare(groups(one, "old"), groups(other, "new")) == (len(other - one), len(other & one))


MANY = """
import resource, sys
from pathlib import Path
from services.platform.whole_file import partial_of
from services.projector.archive.form import FORMAT, About, write_file
from services.projector.store.read import Past

def batches(n):
    for first in range(0, n, 5_000):
        yield [Past(i, i, i, "case.reported", "/s", f"id-{i}", f"C{i}", "", b"%032x" % (i * i) * 20)
               for i in range(first, first + 5_000)]

n = int(sys.argv[2])
write_file(Path(sys.argv[1]), batches(n), About(FORMAT, "", "", "2026-08", 0, 0, 0, "", "", ""))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_five_times_the_rows_take_no_more_memory(tmp_path: Path) -> None:
    """Written and read back: 640 bytes a row, so that the greater would hold 128 MB more if it were held whole."""

    def peak_mb(n: int) -> int:
        found = subprocess.run(
            [sys.executable, "-c", MANY, str(tmp_path / f"{n}.parquet"), str(n)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return int(found.stdout)

    assert peak_mb(250_000) - peak_mb(50_000) < 40
