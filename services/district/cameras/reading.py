"""Read cameras from a file's bytes: which format it is, every row judged, the rest taken whatever is wrong with one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, cast

import numpy as np

from services.contract.others import CameraChanged, CameraStatus, CameraStatusChanged, Fault
from services.district.cameras import gb28181, osm, table
from services.district.cameras.camera import camera_of
from services.district.cameras.row import CameraRow, NotReadable
from services.district.cameras.site import BORDER_M, DistrictOutline, judge_place
from services.district.finding import RowFinding

Format = Literal["csv", "gb28181", "osm"]
FORMATS: tuple[Format, ...] = ("csv", "gb28181", "osm")
MANY, MANY_SHARE = 3, 0.02
# GB/T 28181 knows a defect, and not which: degraded, without a fault.
STATES: dict[str, tuple[CameraStatus, Fault | None]] = {
    "ON": ("online", None),
    "OFF": ("offline", None),
    "VLOST": ("degraded", "video_lost"),
    "DEFECT": ("degraded", None),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: whole cameras in WGS-84, what a notice says of others, and what is to be said about the rows.

    ``others`` counts items that are no cameras: a catalogue holds platforms and groups too.
    """

    cameras: list[CameraChanged] = field(default_factory=list)
    statuses: list[CameraStatusChanged] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    findings: list[RowFinding] = field(default_factory=list)
    row_of: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    others: int = 0


def guess_format(data: bytes) -> Format:
    """The format that a file's first character tells."""
    # Two bytes a character: the first one tells all the same.
    start = data.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    return "gb28181" if start == b"<" else "osm" if start in {b"{", b"["} else "csv"


def read_cameras(
    data: bytes,
    file_format: Format | None = None,
    *,
    now_ms: int = 0,
    coord_sys: str | None = None,
    site: DistrictOutline | None = None,
) -> Reading:
    """Read every camera. A file that cannot be read at all is one finding on row 0.

    ``now_ms`` becomes the version. ``coord_sys`` says in what system all positions are, whatever the file states;
    None: what it states, else WGS84. Without a ``site`` nobody asks whether a position lies in the district.
    """
    try:
        rows, findings, others = _rows(data, file_format or guess_format(data))
    except NotReadable as error:
        return Reading(findings=[RowFinding(0, "", "refused", str(error), error.remedy)])
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    found = Reading(rows=len(rows), others=others, findings=findings)
    taken: dict[str, tuple[CameraRow, CameraChanged, str]] = {}
    for row in rows:
        if row.event == "DEL" and row.camera_id:
            found.removed.append(row.camera_id)
        elif row.event in STATES and row.camera_id:
            status, fault = STATES[row.event]
            found.statuses.append(CameraStatusChanged(camera_id=row.camera_id, at=at, status=status, fault=fault))
        else:
            camera, stated, said = camera_of(row, now_ms, coord_sys)
            findings += said
            if camera is not None:
                if earlier := taken.pop(camera.camera_id, None):
                    findings.append(_twice(earlier[0], row))
                taken[camera.camera_id] = row, camera, stated
    placed = _in_place(list(taken.values()), site, findings)
    _name_twins(placed, findings)
    found.cameras.extend(camera for _, camera in placed)
    found.row_of.update((camera.camera_id, row.number) for row, camera in placed)
    findings.sort(key=lambda finding: finding.row)
    return found


def _rows(data: bytes, file_format: Format) -> tuple[list[CameraRow], list[RowFinding], int]:
    if file_format == "csv":
        rows, findings = table.rows(data)
        return rows, findings, 0
    if file_format == "osm":
        return osm.rows(data)
    found = gb28181.rows(data)
    return found.rows, found.findings, found.others


def _twice(earlier: CameraRow, later: CameraRow) -> RowFinding:
    return RowFinding(
        earlier.number,
        earlier.camera_id,
        "doubtful",
        f"stands again in row {later.number}, which counts",
        "Leave one row for each camera",
    )


def _in_place(
    taken: Sequence[tuple[CameraRow, CameraChanged, str]], site: DistrictOutline | None, findings: list[RowFinding]
) -> list[tuple[CameraRow, CameraChanged]]:
    if site is None or not taken:
        return [(row, camera) for row, camera, _ in taken]
    away = site.outside_m(np.asarray([(camera.lon, camera.lat) for _, camera, _ in taken])).tolist()
    found = []
    elsewhere: Counter[str] = Counter()
    for (row, camera, stated), away_m in zip(taken, cast(list[float], away), strict=True):
        is_taken = True
        if away_m > BORDER_M:
            is_taken, finding = judge_place(row.number, camera, stated, away_m, site)
            findings.append(finding)
            elsewhere[finding.problem.rpartition("probably ")[2]] += finding.kind == "refused"
        if is_taken:
            found.append((row, camera))
    for system, count in elsewhere.items():
        if count >= MANY and count >= MANY_SHARE * len(taken):
            # Of a file in another system most positions still fall inside, where nobody can tell.
            problem = f"{count} of {len(taken)} positions only fit the district as {system}: perhaps all of them are it"
            findings.append(RowFinding(0, "", "doubtful", problem, f"Ask, and import with --coord-sys {system}"))
    return found


def _name_twins(placed: list[tuple[CameraRow, CameraChanged]], findings: list[RowFinding]) -> None:
    """Two cameras at one point are usual, on one pole; two that look the same way are one that stands twice."""
    seen: dict[tuple[object, ...], CameraChanged] = {}
    for row, camera in placed:
        if camera.azimuth is None:
            continue
        key = (camera.lon, camera.lat, camera.azimuth)
        if (other := seen.setdefault(key, camera)) is not camera:
            problem = f"has the very position and azimuth of {other.camera_id}"
            findings.append(RowFinding(row.number, camera.camera_id, "doubtful", problem, "Remove one if they are one"))
