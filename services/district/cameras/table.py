"""``cameras.csv``: the names of ``camera.changed`` as columns, lists separated by ``;``. Read, and written."""

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from services.contract.others import CameraChanged
from services.district.cameras.row import CameraRow, NotReadable
from services.district.finding import RowFinding
from services.files import tables
from services.files.fault import FileFault
from services.files.tables import read_table
from services.files.text import decode

COLUMNS = tuple(f.encode_name for f in msgspec.structs.fields(CameraChanged) if f.encode_name != "version")
REQUIRED = ("camera_id", "lon", "lat")


def rows(data: bytes) -> tuple[list[CameraRow], list[RowFinding]]:
    """The rows of a table, and what is wrong with its header. Raises NotReadable."""
    try:
        text = decode(data)
        table = read_table(text.text, REQUIRED)
    except FileFault as error:
        fault = error.faults[0]
        where = f"{fault.where}: " if fault.line > 1 else ""
        raise NotReadable(where + fault.problem, fault.remedy) from error
    findings = [
        RowFinding(0, "", "doubtful", f"column {name!r} is not read", "The columns are those of camera.changed")
        for name in table.columns
        if name not in {*COLUMNS, "version", "name_en"}
    ]
    if text.note and text.encoding != "gb18030":  # much of the field writes GB 18030: nothing to do about it
        findings.append(RowFinding(0, "", "doubtful", text.note, "Check the names of the cameras"))
    return list(_rows(table.rows, findings)), findings


def _rows(table: Iterable[tables.TableRow], findings: list[RowFinding]) -> Iterator[CameraRow]:
    for row in table:
        if row.fault is not None:
            camera_id = row.cells.get("camera_id", "").strip()[:64]
            findings.append(RowFinding(row.line, _shown(camera_id), "refused", row.fault.problem, row.fault.remedy))
            continue
        values: dict[str, object] = {k: v.strip() for k, v in row.cells.items() if k in COLUMNS and v.strip()}
        if values:
            yield CameraRow(row.line, values)


def _shown(camera_id: str) -> str:
    return camera_id if camera_id.isprintable() else ""


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
