"""``cameras.csv``: the names of ``camera.changed`` as columns, lists separated by ``;``. Read, and written."""

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from services.coverage.importing.finding import Finding
from services.coverage.importing.row import NotReadable, Row, decoded
from services.events.others import CameraChanged

COLUMNS = tuple(f.encode_name for f in msgspec.structs.fields(CameraChanged) if f.encode_name != "version")
REQUIRED = ("camera_id", "lon", "lat")


def rows(data: bytes) -> tuple[list[Row], list[Finding]]:
    """The rows of a table, and what is wrong with its header. Raises NotReadable."""
    reader = csv.DictReader(io.StringIO(decoded(data), newline=""), restkey="")
    try:
        columns = [c.strip() for c in reader.fieldnames or []]
        reader.fieldnames = columns
        if absent := [c for c in REQUIRED if c not in columns]:
            raise NotReadable(f"has no column {', '.join(absent)}", f"Name the columns {', '.join(COLUMNS)}")
        findings = [
            Finding(0, "", "doubtful", f"column {name!r} is not read", "The columns are those of camera.changed")
            for name in columns if name not in {*COLUMNS, "version", "name_en"}
        ]  # fmt: skip
        return list(_rows(reader, findings)), findings
    except csv.Error as error:
        raise NotReadable(f"line {reader.line_num} is no CSV: {error}", "Mend the quotes of that line") from error


def _rows(reader: "csv.DictReader[str]", findings: list[Finding]) -> Iterator[Row]:
    for cells in reader:
        if cells.pop("", None):
            findings.append(
                Finding(reader.line_num, cells["camera_id"] or "", "refused", "has more cells than the header",
                        "Put a text with commas into quotes")
            )  # fmt: skip
            continue
        values: dict[str, object] = {k: v.strip() for k, v in cells.items() if k in COLUMNS and v and v.strip()}
        if values:
            yield Row(reader.line_num, values)


def write(cameras: Iterable[CameraChanged]) -> str:
    """The table of these cameras; ``rows`` reads the same cameras from it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for camera in cameras:
        writer.writerow([_cell(getattr(camera, name)) for name in COLUMNS])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(_cell(v) for v in value)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)
