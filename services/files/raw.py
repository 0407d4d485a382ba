"""A file's bytes, plain or gzip, never more than a bound: a small gzip may hold more than a memory does."""

import zlib
from pathlib import Path

from services.files.fault import FileFault, whole_file

# The largest of the known case files holds 60 MB; what is larger is named, not read.
MOST_BYTES = 512 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_PIECE = 4 * 1024 * 1024
_OTHERS = {
    b"PK\x03\x04": ("is a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV, and give that file"),
    b"PK\x05\x06": ("is an empty ZIP archive", "Give the file itself"),
    b"\xd0\xcf\x11\xe0": ("is an old Excel workbook", "Save the sheet as CSV in UTF-8 and give that file"),
    b"BZh": ("is packed with bzip2", "Unpack it, or pack it with gzip"),
    b"\xfd7zXZ": ("is packed with xz", "Unpack it, or pack it with gzip"),
    b"\x28\xb5\x2f\xfd": ("is packed with zstd", "Unpack it, or pack it with gzip"),
    b"7z\xbc\xaf\x27\x1c": ("is a 7z archive", "Unpack it and give the file itself"),
    b"Rar!": ("is a RAR archive", "Unpack it and give the file itself"),
}


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file, unpacked where it is a gzip. Raises FileFault."""
    try:
        if path.is_dir():
            raise whole_file("is a folder", "Give the file itself")
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise whole_file(
            f"cannot be read: {error.strerror or error}", "Give a file that is there and readable"
        ) from None
    if len(raw) > most:
        raise _too_large(most)
    if raw.startswith(_GZIP):
        raw = inflate(raw, most)
    elif path.suffix.lower() == ".gz":
        raise whole_file("is named .gz and is no gzip", "Rename it without .gz, or pack it again")
    for start, (problem, remedy) in _OTHERS.items():
        if raw.startswith(start):
            raise whole_file(problem, remedy)
    return raw


def inflate(raw: bytes, most: int = MOST_BYTES) -> bytes:
    """What a gzip of one or more members holds. Raises FileFault where it is damaged, cut off or too large."""
    found: list[bytes] = []
    size, rest = 0, raw
    while rest:
        if not rest.startswith(_GZIP):
            if rest.strip(b"\0"):  # tapes fill up with NULs
                raise whole_file(f"holds {len(rest):,} bytes behind the end of its gzip", "Copy or pack the file again")
            break
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                piece = member.decompress(rest, _PIECE)
            except zlib.error as error:
                raise whole_file(f"is a damaged gzip ({error})", "Copy or pack the file again") from None
            size += len(piece)
            if size > most:
                raise _too_large(most)
            found.append(piece)
            rest = member.unused_data if member.eof else member.unconsumed_tail
            if not member.eof and not rest and not piece:
                raise whole_file("is a gzip that ends in the middle", "Copy the file again, whole")
    return b"".join(found)


def _too_large(most: int) -> FileFault:
    return whole_file(
        f"holds more than {most // 1024 // 1024:,} MB", "Cut it into parts, or check that it is the right file"
    )
