"""A table of an Excel workbook is read as a person sees it; what is no such workbook is named and costs nothing."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest

from services.admin.upload import (
    MOST_FILES,
    UploadRefused,
    package_of_files,
    package_of_zip,
    table_file,
)
from services.files.fault import FileFault
from services.files.workbook import is_workbook, read_workbook

Edit = Callable[[dict[str, bytes]], None]


def workbook(*rows: tuple[object, ...], edit: Edit | None = None) -> bytes:
    """An .xlsx of these rows; ``edit`` may change its parts."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cells in sheet.iter_rows():
        for cell in cells:
            if cell.value == 4:
                cell.number_format = "00"
    packed = io.BytesIO()
    book.save(packed)
    if edit is None:
        return packed.getvalue()
    with zipfile.ZipFile(packed) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    edit(parts)
    return zipped(parts)


def zipped(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return packed.getvalue()


def test_cells_are_what_a_person_sees() -> None:
    data = workbook(
        ("名称", "domain", "from", "day", "n"),
        ("夜查，二期", 4, datetime(2026, 11, 25, 18, 0), date(2026, 11, 26), 2.5),
        (None, None, None, None, None),
        ("x", "04", "2026-11-25 08:00", None, 12),
    )
    assert is_workbook(data)
    assert read_workbook(data) == [
        ["名称", "domain", "from", "day", "n"],
        ["夜查，二期", "04", "2026-11-25 18:00", "2026-11-26", "2.5"],
        ["x", "04", "2026-11-25 08:00", "", "12"],
    ]


def bomb(parts: dict[str, bytes]) -> None:
    parts["xl/worksheets/sheet1.xml"] = b"<worksheet>" + b" " * (20 * 2**20) + b"</worksheet>"


def entity(parts: dict[str, bytes]) -> None:
    parts["xl/worksheets/sheet1.xml"] = (
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><worksheet>&b;</worksheet>'
    )


def without_sheet(parts: dict[str, bytes]) -> None:
    del parts["xl/worksheets/sheet1.xml"]


def far(parts: dict[str, bytes]) -> None:
    parts["xl/worksheets/sheet1.xml"] = b'<worksheet><row><c r="XFD1"><v>1</v></c></row></worksheet>'


def error_value(parts: dict[str, bytes]) -> None:
    parts["xl/worksheets/sheet1.xml"] = b'<worksheet><row><c r="A7" t="e"><v>#REF!</v></c></row></worksheet>'


def nonsense(parts: dict[str, bytes]) -> None:
    parts["xl/worksheets/sheet1.xml"] = b'<worksheet><row><c r="A1" t="s"><v>99</v></c></row></worksheet>'


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (bomb, "unpacks to more than"),
        (entity, "DOCTYPE"),
        (without_sheet, "no Excel workbook"),
        (far, "columns"),
        (error_value, "line 7: holds the error '#REF!'"),
        (nonsense, "no Excel workbook"),
    ],
)
def test_a_workbook_that_cannot_be_is_named(edit: Edit, says: str) -> None:
    with pytest.raises(FileFault, match=says):
        read_workbook(workbook(("code", "name"), edit=edit))


@pytest.mark.parametrize("at", range(0, 4_000, 211))
def test_a_damaged_workbook_is_read_or_named(at: int) -> None:
    data = bytearray(workbook(("code", "name"), ("Z1", "夜查")))
    data[at % len(data)] ^= 0x5A
    try:
        read_workbook(bytes(data))
    except FileFault as fault:
        assert fault.faults


LABELS = {"编号": "code", "名称": "name", "起": "from"}


def offset(text: str) -> str:
    return f"{text.replace(' ', 'T')}+08:00"


@pytest.mark.parametrize(
    ("data", "table", "made", "how"),
    [
        (b"\xef\xbb\xbfcode,name\nZ1,x\n", "campaigns", "code,name\nZ1,x\n", "csv"),
        ("编号,名称\r\nZ1,夜查\r\n".encode("gb18030"), "campaigns", "code,name\nZ1,夜查\n", "gb18030"),
        (workbook(("编号", "名称"), ("Z1", '说"好"')), "campaigns", 'code,name\nZ1,"说""好"""\n', "xlsx"),
        (
            workbook(("起", "name"), (datetime(2026, 11, 25, 8), "甲")),
            "roster",
            "from,name\n2026-11-25T08:00+08:00,甲\n",
            "xlsx",
        ),
    ],
)
def test_a_table_comes_as_the_package_keeps_it(data: bytes, table: str, made: str, how: str) -> None:
    assert table_file(table, data, LABELS, offset) == (made.encode(), how)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0" * 9, "old_workbook"),
        (zipped({"a": b"1"}), "old_workbook"),
        (b"a" * (4 * 2**20 + 1), "table_large"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(UploadRefused) as refused:
        table_file("campaigns", data, LABELS, offset)
    assert refused.value.code == code


def test_a_package_is_found_in_its_folder_and_other_files_are_named() -> None:
    found = package_of_zip(
        zipped(
            {
                "东区/district.toml": b"d",
                "东区/roster.csv": b"r",
                "东区/说明.docx": b"x",
                "东区/old/roster.csv": b"o",
                "__MACOSX/东区/._roster.csv": b"m",
                "东区/.DS_Store": b"s",
            }
        )
    )
    assert found.files == {"district.toml": b"d", "roster.csv": b"r"}
    assert found.left_out == ["东区/old/roster.csv", "东区/说明.docx"]
    assert package_of_files([("C:\\a\\policy.toml", b"p")]).files == {"policy.toml": b"p"}


def locked() -> bytes:
    data = bytearray(zipped({"district.toml": b"d"}))
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 nothing", "no_zip"),
        (zipped({}), "no_package"),
        (zipped({"a.txt": b"1"}), "no_package"),
        (zipped({f"{n}.csv": b"" for n in range(MOST_FILES + 1)}), "many_files"),
        (locked(), "locked"),
        (zipped({"policy.toml": b"\0" * (129 * 2**20)}), "unpacked_large"),
    ],
)
def test_what_is_no_package_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(UploadRefused) as refused:
        package_of_zip(data)
    assert refused.value.code == code
