"""Files of others: tables, encodings and packed bytes. What is wrong is said with its line, its column and a remedy."""

import bz2
import csv
import gzip
import io
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.files.fault import FileFault
from services.files.raw import inflate, read_file
from services.files.tables import MOST_FIELD, HeaderFault, read_table
from services.files.text import MARK, decode, line_of

# — tables —

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=6)),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_a_writer_of_csv_writes_is_read_as_it_was(rows: list[list[str]], end: str) -> None:
    header = [f"c{k}" for k in range(len(rows[0]))]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    table = read_table(out.getvalue())
    expected = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]
    assert [list(row.cells.values()) for row in table.rows] == expected
    assert [row.number for row in table.rows] == [*range(2, len(rows) + 2)]


@given(st.text(alphabet='a",\n\r;\x0b\u2028 ', max_size=60))
def test_no_text_raises_but_in_words(text: str) -> None:
    try:
        table = read_table(text)
    except FileFault as error:
        assert all(fault.problem and fault.remedy for fault in error.faults)
    else:
        assert all(row.fault is None or row.fault.line > 1 for row in table.rows)


BAD_QUOTES = {
    "never closes": ('code,name\nA,one\nB,"two\nC,three\n', 3, "name", "never closes"),
    "closes at a quote below": ('code,name\nB,"two\nC,three\nD,"fo,ur"\n', 2, "name", "not close before line 4"),
    "in the middle": ('code,name\nA,on"e\n', 2, "name", "in the middle of a field"),
    "after a space": ('code,name\nA, "one"\n', 2, "name", "in the middle of a field"),
    "text behind": ('code,name\nA,"one" x\n', 2, "name", "behind a closing quote"),
    "a stray one": ('code,name\nA,"one""\n', 2, "name", "never closes"),
    "in the header": ('code,"name\nA,one\n', 1, "2", "never closes"),
    "in the first field": ('code,name\n"A,one\nB,two\n', 2, "code", "never closes"),
    "at the end of the file": ('code,name\nA,one\nB,"', 3, "name", "never closes"),
}


@pytest.mark.parametrize("name", BAD_QUOTES)
def test_a_quote_that_goes_wrong_is_named_with_its_line_and_column(name: str) -> None:
    text, line, column, problem = BAD_QUOTES[name]
    with pytest.raises(FileFault) as caught:
        read_table(text, ("code", "name"))
    fault = caught.value.faults[0]
    assert (fault.line, fault.column) == (line, column)
    assert problem in fault.problem and "twice" in fault.remedy


def test_every_bad_quote_is_named_and_a_quote_is_not_looked_for_to_the_end_of_the_world() -> None:
    with pytest.raises(FileFault) as caught:
        read_table('a,b\n1,x"\n2,"y\n3,z"z\n')
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4]
    with pytest.raises(FileFault, match="never closes"):
        read_table('a,b\n1,"' + "x\n" * MOST_FIELD + '"\n')


def test_only_cr_and_lf_end_a_line() -> None:
    table = read_table("code,name\rA,one\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029two\r\nB,three\n")
    assert [row.cells["code"] for row in table.rows] == ["A", "B"]
    assert [row.line for row in table.rows] == [2, 3]


def test_a_row_of_the_wrong_width_and_a_header_once_more_are_rows_at_fault() -> None:
    table = read_table("code,name\nA\n\nB,b,c\ncode,name\nC,c\n")
    assert [(row.line, row.fault.problem if row.fault else "") for row in table.rows] == [
        (2, "has not as many cells as the header"),
        (4, "has more cells than the header"),
        (5, "is the header once more"),
        (6, ""),
    ]


def test_a_nul_and_bytes_that_are_no_text_cost_their_row() -> None:
    text = decode("编号,名称\nA,甲\nB,乙\x00\n".encode() + "C,丙".encode()[:-1] + "\nD,丁\n".encode()).text
    table = read_table(text)
    bad = [(row.line, row.fault.column) for row in table.rows if row.fault]
    assert bad == [(3, "名称"), (4, "名称")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty: it has no column code, name"), ("\n\n", "is empty"), ("code;name\nA;b\n", "semicolons"),
        ("code\tname\nA\tb\n", "tabs"), ("code，name\n", "Chinese commas"), ("sep=,\ncode,name\n", "Excel"),
        ("code,code,name\n", "column code stands twice"), ("code,title\n", "has no column name"),
        ("A,one\nB,two\n", "has no column code, name"),
    ],
)  # fmt: skip
def test_a_header_that_is_none_is_named(text: str, says: str) -> None:
    with pytest.raises(HeaderFault, match=says) as caught:
        read_table(text, ("code", "name"))
    assert caught.value.faults[0].line >= 1


def test_a_column_without_a_name_is_not_read_and_white_space_is_none_of_a_name() -> None:
    table = read_table(" code , name,\nA,b,\n")
    assert table.columns == ("code", "name")
    assert table.rows[0].cells == {"code": "A", "name": "b"}


# — encodings —


@pytest.mark.parametrize(
    ("data", "stated", "encoding", "says"),
    [
        ("澜江大道".encode(), "", "utf-8", ""),
        ("澜江大道".encode("utf-8-sig"), "", "utf-8", ""),
        ("澜江大道".encode(), "GB2312", "utf-8", "says that it is in GB2312 and is in UTF-8"),
        ("澜江大道".encode("gb18030"), "GB2312", "gb18030", ""),
        ("澜江大道".encode("gb18030"), "", "gb18030", "is in GB 18030, not UTF-8"),
        ("澜江大道".encode("gb18030"), "UTF-8", "gb18030", "says that it is in UTF-8 and is in GB 18030"),
        (b"plain", "GB2312", "utf-8", ""),
        ("澜江".encode("utf-16"), "", "utf-16", "is in UTF-16"),
        ("澜江".encode("utf-32"), "", "utf-32", "is in UTF-32"),
        ("大道".encode("big5"), "Big5", "big5", ""),
        ("澜江大道".encode(), "klingon", "utf-8", "says that it is in klingon"),
    ],
)
def test_the_bytes_count_before_what_a_file_says_of_itself(data: bytes, stated: str, encoding: str, says: str) -> None:
    found = decode(data, stated)
    assert (found.encoding, found.damaged) == (encoding, 0)
    assert says in found.note if says else not found.note
    assert found.text in {"澜江大道", "澜江", "plain", "大道"}


def test_a_few_broken_bytes_do_not_make_another_language_of_a_file() -> None:
    for broken in (b"\xff", "道".encode()[:2], b"\xed\xa0\x80", b"\xc0\xaf"):
        found = decode("澜江大道东口与书院路".encode() + b"," + broken + b"\nok")
        assert found.encoding == "utf-8" and found.damaged
        assert found.text.startswith("澜江大道东口与书院路,") and found.text.endswith("\nok")
        assert line_of(found.text, found.text.index(MARK)) == 1


@pytest.mark.parametrize("data", ["澜江,大道".encode("utf-16-le"), b"\x00\x01\x02" * 50, b"\xff\x80" * 50])
def test_what_is_no_text_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(FileFault, match=r"NULs|neither"):
        decode(data)


@given(st.binary(max_size=120), st.sampled_from(["", "GB2312", "utf-16", "big5", "rot13", "\x00"]))
def test_no_bytes_raise_but_in_words(data: bytes, stated: str) -> None:
    try:
        found = decode(data, stated)
    except FileFault as error:
        assert error.faults[0].remedy
    else:
        assert found.damaged == found.text.count(MARK)


# — packed —

TEXT = b"code,name\nA,one\n" * 4000
PACKED = gzip.compress(TEXT, mtime=0)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv.gz", PACKED[:-20], "ends in the middle"),
        ("a.csv.gz", PACKED[:40], "ends in"),
        ("a.csv.gz", PACKED[:5], "ends in the middle"),
        ("a.csv.gz", PACKED[:30] + b"xxxxxx" + PACKED[36:], "damaged gzip"),
        ("a.csv.gz", PACKED[:-8] + b"\0" * 8, "damaged gzip"),
        ("a.csv.gz", PACKED + b"more", "4 bytes behind the end"),
        ("a.csv.gz", TEXT, "is no gzip"),
        ("a.csv", b"PK\x03\x04....", "ZIP archive or an Excel workbook"),
        ("a.csv", bz2.compress(TEXT), "bzip2"),
        ("a.csv", b"\xd0\xcf\x11\xe0....", "old Excel"),
        ("a.csv.gz", gzip.compress(b"PK\x03\x04....", mtime=0), "ZIP archive"),
    ],
    # Every worker of a run must give a test the same name.
    ids=lambda one: one if isinstance(one, str) else f"{len(one)} bytes",
)
def test_a_packed_file_that_is_damaged_or_of_another_kind_is_named(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileFault, match=says) as caught:
        read_file(tmp_path / name)
    assert caught.value.faults[0].remedy


def test_a_gzip_of_several_members_and_of_a_tape_is_whole() -> None:
    assert inflate(gzip.compress(b"a") + gzip.compress(b"b") + b"\0" * 512) == b"ab"
    assert inflate(gzip.compress(b"")) == b""


def test_a_bomb_is_not_blown_up(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(200)) + packer.flush()
    (tmp_path / "b.gz").write_bytes(bomb)
    assert len(bomb) < 300_000
    with pytest.raises(FileFault, match="more than 8 MB"):
        read_file(tmp_path / "b.gz", 8 * 1024 * 1024)
    with pytest.raises(FileFault, match="more than 0 MB"):
        read_file(tmp_path / "b.gz", 1000)


def test_a_folder_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="is a folder"):
        read_file(tmp_path)
    with pytest.raises(FileFault, match="cannot be read"):
        read_file(tmp_path / "none.csv")
    with pytest.raises(FileFault, match="cannot be read"):
        read_file(tmp_path / ("x" * 300))
