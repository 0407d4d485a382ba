"""Files that were uploaded, as files of the package: a table of CSV or Excel, a package as a zip or as its files. Pure.

Nothing here judges what the files say: the package's own check does, with everything else that is in force.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from services.district.package import LAYERS
from services.district.package_tables import TABLES
from services.files.fault import FileFault, whole_file
from services.files.tables import read_table
from services.files.text import MARK, decode
from services.files.workbook import is_workbook, read_workbook
from services.platform.refusal import Refusal

# How much a request may bring, a table may hold, a package may hold unpacked, and how many files it may have.
MOST_UPLOADED, MOST_TABLE, MOST_UNPACKED, MOST_FILES = 32 * 2**20, 4 * 2**20, 128 * 2**20, 100
# The files that a package is made of; others that lie beside them are named and left out.
PACKAGE_FILES = (
    "district.toml",
    "policy.toml",
    *(f"{name}.geojson" for name in ("streets", "communities", "grids", *LAYERS)),
    *(f"{name}.csv" for name in TABLES),
)
MOMENTS = ("from", "until")
# What other systems put beside files when they pack a folder.
_LITTER = ("__MACOSX", ".", "Thumbs.db", "desktop.ini")


class UploadRefused(Refusal):
    """An upload that cannot be taken; ``code`` says why, ``fields`` stand in its words."""

    texts, status = "package.upload.refused.", 400

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code, code, **fields)


class UploadedPackage(NamedTuple):
    """The files of a package by name, and the names of those that are none of a package's."""

    files: dict[str, bytes]
    left_out: list[str]


def table_file(name: str, data: bytes, labels: Mapping[str, str], moment: Callable[[str], str]) -> tuple[bytes, str]:
    """A table as the package keeps it (UTF-8, commas), and how it came: ``csv``, ``gb18030`` … or ``xlsx``.

    ``labels``: what the page calls a column → the column; a head may be either. ``moment``: a time as people write it →
    with an offset; what it cannot read it gives back. Raises FileFault, UploadRefused.
    """
    if not data.strip():
        raise UploadRefused("empty")
    if len(data) > MOST_TABLE:
        raise UploadRefused("table_large", most=MOST_TABLE // 2**20)
    if is_workbook(data):
        rows, how = read_workbook(data), "xlsx"
        return _written([_head(row, labels) if not n else row for n, row in enumerate(rows)], moment), how
    if data[:4] in {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"}:
        raise UploadRefused("old_workbook")
    text, encoding, _note, damaged = decode(data)
    if damaged:
        raise whole_file(
            f"holds bytes that are no text in line {text[: text.index(MARK)].count(chr(10)) + 1}",
            "Save the file as UTF-8",
        )
    table = read_table(text)
    head = _head(table.columns, labels)
    if encoding == "utf-8" and tuple(head) == table.columns and not _has_moments(name, head):
        return text.encode(), "csv"
    for row in table.rows:
        if row.fault is not None:
            raise FileFault(row.fault)
    rows = [head, *([row.cells.get(column, "") for column in table.columns] for row in table.rows)]
    return _written(rows, moment), "csv" if encoding == "utf-8" else encoding


def package_of_zip(data: bytes) -> UploadedPackage:
    """The files of a zip; those in one folder of it count as its own. Raises UploadRefused."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            found = [one for one in packed.infolist() if not one.is_dir()]
            if len(found) > MOST_FILES:
                raise UploadRefused("many_files", n=len(found), most=MOST_FILES)
            if any(one.flag_bits & 1 for one in found):
                raise UploadRefused("locked")
            left, files = MOST_UNPACKED, []
            for one in found:
                with packed.open(one) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise UploadRefused("unpacked_large", most=MOST_UNPACKED // 2**20)
                files.append((_readable(one), content))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise UploadRefused("no_zip") from None
    return package_of_files(files)


def package_of_files(files: Iterable[tuple[str, bytes]]) -> UploadedPackage:
    """The files of a folder: (path, content) of each. Raises UploadRefused."""
    parts = [(path.replace("\\", "/").strip("/").split("/"), content) for path, content in files]
    parts = [(path, content) for path, content in parts if not any(_is_litter(part) for part in path)]
    heads = [path[:-1] for path, _ in parts if path[-1] == "district.toml"]
    top = min(heads, key=len) if heads else parts[0][0][:-1] if parts else []
    found: dict[str, bytes] = {}
    left_out = []
    for path, content in parts:
        name = path[-1]
        if path[:-1] != top or name not in PACKAGE_FILES:
            left_out.append("/".join(path))
        elif name in found:
            raise UploadRefused("twice", file=name)
        else:
            found[name] = content
    if not found:
        raise UploadRefused("no_package")
    if len(found) + len(left_out) > MOST_FILES:
        raise UploadRefused("many_files", n=len(found) + len(left_out), most=MOST_FILES)
    if sum(map(len, found.values())) > MOST_UNPACKED:
        raise UploadRefused("unpacked_large", most=MOST_UNPACKED // 2**20)
    return UploadedPackage(found, sorted(left_out))


def _readable(one: zipfile.ZipInfo) -> str:
    """A name in a zip: without the mark of UTF-8 Chinese systems write it in GBK."""
    if one.flag_bits & 0x800:
        return one.filename
    try:
        return one.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return one.filename


def _is_litter(part: str) -> bool:
    return part.startswith(_LITTER)


def _head(row: Iterable[str], labels: Mapping[str, str]) -> list[str]:
    return [labels.get(cell.strip(), cell.strip()) for cell in row]


def _has_moments(name: str, head: Iterable[str]) -> bool:
    return name == "roster" and not set(MOMENTS).isdisjoint(head)


def _written(rows: Iterable[list[str]], moment: Callable[[str], str]) -> bytes:
    packed = io.StringIO()
    writer = csv.writer(packed, lineterminator="\n")
    head: list[str] = []
    for row in rows:
        if not head:
            head = row
            writer.writerow(row)
        else:
            writer.writerow([moment(c) if n in MOMENTS and c else c for n, c in zip(head, row, strict=False)])
    return packed.getvalue().encode()
