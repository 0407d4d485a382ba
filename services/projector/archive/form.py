"""The form of an archive: one Parquet file a month, readable by DuckDB and pandas, written whole or not at all.

Row groups bound the memory, typed columns need no knowledge of ours, and the file's own metadata (``lianqin.*``) say
what it is. ``sealed`` is not in it: what is personal ends with its retention in the store (decision 14).
"""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.platform.whole_file import partial_of, whole_file
from services.projector.archive.month import ArchiveError
from services.projector.store.read import Past

FORMAT = "lianqin-history/1"
PREFIX = "lianqin."
ROWS_A_GROUP = 20_000
MOMENT = pa.timestamp("ms", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("entry", pa.int64(), nullable=False),
        pa.field("received_at", MOMENT, nullable=False),
        pa.field("time", MOMENT, nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in Past._fields[3:]),
    ]
)
_ENCODE = msgspec.msgpack.Encoder().encode


class About(msgspec.Struct, frozen=True):
    """What a file says of itself, in its metadata, every name with ``lianqin.`` before it.

    ``content`` is the SHA-256 (hex) over the rows, each as a MessagePack array of its nine columns, times in Unix
    milliseconds, data as bytes. ``replaces`` is the SHA-256 of the file whose place it takes (empty: of none).
    """

    format: str
    district: str
    time_zone: str
    month: str
    rows: int
    first_entry: int
    last_entry: int
    content: str
    made_at: str
    made_by: str
    replaces: str = ""


class Content:
    """Counts rows and takes their checksum as they pass."""

    def __init__(self) -> None:
        self.rows, self.first, self.last = 0, 0, -1
        self._sum = hashlib.sha256()

    def add(self, rows: list[Past]) -> None:
        """Raises ArchiveError when the entries do not rise."""
        for row in rows:
            if row.entry <= self.last:
                raise ArchiveError(f"entry {row.entry} stands behind {self.last}: the rows must rise by entry")
            self.last = row.entry
            self._sum.update(_ENCODE(row))
        if rows and not self.rows:
            self.first = rows[0].entry
        self.rows += len(rows)

    @property
    def digest(self) -> str:
        """In hex."""
        return self._sum.hexdigest()


class ArchiveFile:
    """An archive to read. Nothing is believed before ``check`` has read it all."""

    def __init__(self, path: Path) -> None:
        """Raises ArchiveError when it is not there or no archive of ours."""
        self.path = path
        with _told(path):
            with pq.ParquetFile(path) as file:
                metadata, schema = file.metadata.metadata or {}, file.schema_arrow
            named = {k.decode(): v.decode() for k, v in metadata.items() if k.decode().startswith(PREFIX)}
            self.about = msgspec.convert({k.removeprefix(PREFIX): v for k, v in named.items()}, About, strict=False)
        if self.about.format != FORMAT or not schema.equals(SCHEMA):
            raise ArchiveError(
                f"{path} is of the format {self.about.format!r}, not {FORMAT!r}: another version made it"
            )

    def batches(self) -> Iterator[list[Past]]:
        """All rows by their row groups, in the order of their entries. Raises ArchiveError when it is damaged."""
        with _told(self.path), pq.ParquetFile(self.path) as file:
            for number in range(file.num_row_groups):
                yield _rows(file.read_row_group(number, use_threads=False))

    def entries(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Every entry of the file, rising: 8 bytes each."""
        with _told(self.path), pq.ParquetFile(self.path) as file:
            found: np.ndarray[Any, np.dtype[np.int64]] = file.read(["entry"], use_threads=False)["entry"].to_numpy()
            return found

    def check(self) -> None:
        """Read it all: the rows must be those that it says it has. Raises ArchiveError."""
        content = Content()
        for rows in self.batches():
            content.add(rows)
        about = self.about
        if (content.rows, content.digest) != (about.rows, about.content):
            raise ArchiveError(f"{self.path} is damaged: its {content.rows:,} rows are not the {about.rows:,} written")


def write_file(path: Path, batches: Iterable[list[Past]], about: About) -> tuple[About, str]:
    """Write, flush to the disk, read back, and only then give it its name. Returns what it says of itself, its SHA-256.

    ``about`` comes without rows, entries and content. Raises ArchiveError, or OSError (a full disk): the file of that
    name is then what it was before, and no partial one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_of(path)
    content = Content()
    with whole_file(path, is_private=True, is_flushed=True) as file:  # people's cases
        with pq.ParquetWriter(file, SCHEMA, compression="zstd", use_dictionary=["type", "source", "flags"]) as out:
            for rows in _groups(batches):
                content.add(rows)
                out.write_table(_table(rows), row_group_size=ROWS_A_GROUP)
            about = msgspec.structs.replace(
                about, rows=content.rows, first_entry=content.first, last_entry=content.last, content=content.digest
            )
            out.add_key_value_metadata(metadata_of(about))
        file.flush()
        os.fsync(file.fileno())  # what is read back is what the disk has taken
        written = ArchiveFile(partial)
        written.check()
        if written.about != about:
            raise ArchiveError(f"{partial} does not say of itself what was written: nothing was kept")
        digest = sha256_of(partial)
    return about, digest


def sha256_of(path: Path) -> str:
    """In hex. Raises ArchiveError when the file cannot be read."""
    with _told(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _groups(batches: Iterable[list[Past]]) -> Iterator[list[Past]]:
    """The same rows in groups of one size: small ones would make a slow file."""
    waiting: list[Past] = []
    for rows in batches:
        waiting += rows
        while len(waiting) >= ROWS_A_GROUP:
            yield waiting[:ROWS_A_GROUP]
            waiting = waiting[ROWS_A_GROUP:]
    if waiting:
        yield waiting


def _table(rows: list[Past]) -> pa.Table:
    columns = []
    for field, values in zip(SCHEMA, zip(*rows, strict=True), strict=True):
        if field.type == MOMENT:
            columns.append(pa.array(values, pa.int64()).cast(MOMENT))
        elif field.name == "data":
            columns.append(pa.array(values, pa.binary()).cast(pa.string()))  # raises on what is not UTF-8
        else:
            columns.append(pa.array(values, field.type))
    return pa.table(columns, schema=SCHEMA)


def _rows(table: pa.Table) -> list[Past]:
    columns = []
    for field in SCHEMA:
        column = table[field.name]
        if field.type == MOMENT:
            column = column.cast(pa.int64())
        elif field.name == "data":
            column = column.cast(pa.binary())
        columns.append(column.to_pylist())
    return list(map(Past._make, zip(*columns, strict=True)))


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """What pyarrow and the disk say of a bad file, in our words."""
    try:
        yield
    except FileNotFoundError:
        beside = partial_of(path)
        more = f" (beside it lies {beside.name}, half written: it is not used)" if beside.exists() else ""
        raise ArchiveError(f"{path} is not there{more}") from None
    except (pa.ArrowException, msgspec.ValidationError, OSError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path} is damaged or no archive: {str(error).splitlines()[0]}") from error


def metadata_of(about: About) -> Mapping[str, str]:
    """As the file's metadata hold it."""
    return {PREFIX + name: str(value) for name, value in msgspec.structs.asdict(about).items()}
