"""A row as a camera: each value read, and what cannot be is dropped and named; only a bad id or place costs the row."""

import math
import re
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from services.contract.codes import CoordSys
from services.contract.others import CameraChanged
from services.district.cameras.row import CameraRow
from services.district.coords import to_wgs84
from services.district.finding import Kind, RowFinding

COORD_SYSTEMS: tuple[str, ...] = get_args(CoordSys)
LONGEST_RANGE_M, IMPOSSIBLE_RANGE_M = 2_000.0, 20_000.0
AIMLESS = {"dome", "ptz", "lookout"}  # kinds that see around, or turn: a direction is not missed
_DEGREES = ("a direction is 0–360, clockwise from north", 0.0, 360.0)
_NUMBERS: dict[str, tuple[str, float, float]] = {
    "azimuth": _DEGREES,
    "pan_now": _DEGREES,
    "hfov": ("a field of view is above 0, up to 360", 0.1, 360.0),
    "hfov_now": ("a field of view is above 0, up to 360", 0.1, 360.0),
    "tilt": ("a tilt is -90 to 90", -90.0, 90.0),
    "mount_height_m": ("a height is 0–1,000 m", 0.0, 1_000.0),
    "focal_mm": ("a focal length is 0.1–5,000 mm", 0.1, 5_000.0),
    "sensor_width_mm": ("a sensor is 0.1–100 mm wide", 0.1, 100.0),
}
_WHOLES = {"ptz_type": (1, 7), "direction_type": (1, 8), "point_class": (1, 3), "width_px": (1, 100_000)}
_CHOICES = ("kind", "mount", "night", "source_quality", "status", "fault")
_YES, _NO = {"true", "1", "yes", "是"}, {"false", "0", "no", "否"}
_HINTS = get_type_hints(CameraChanged)
_ID = re.compile("[^\x00-\x1f\x7f\ud800-\udfff]{1,64}")
LONGEST_NAME = 200
_NO_TEXT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_LINK = re.compile(r"(https?|rtsps?|rtmp|wss?)://\S+", re.IGNORECASE)

Report = Callable[[Kind, str, str], None]


class _Refused(Exception):
    """The row is not taken; it has been named."""


def camera_of(
    row: CameraRow, version: int, coord_sys: str | None
) -> tuple[CameraChanged | None, str, list[RowFinding]]:
    """The camera with its position in WGS-84, the coordinate system it was stated in, and what there is to say.

    ``coord_sys`` speaks for the whole file and beats what a row states; None: the row's word, else WGS84.
    """
    findings: list[RowFinding] = []

    def report(kind: Kind, problem: str, remedy: str) -> None:
        findings.append(RowFinding(row.number, row.camera_id[:64], kind, problem, remedy))

    try:
        stated = _system(row, coord_sys, report)
        lon, lat = to_wgs84(*_position(row, report), stated)
        found: dict[str, Any] = {"camera_id": _id(row, report), "version": version, "lon": lon, "lat": lat}
        found |= {"coord_sys": "WGS84"} | _values(row, report)
        found |= _range(row, found.get("kind"), report)
    except _Refused:
        return None, "", findings
    camera = CameraChanged(**found)
    _say_what_is_missing(camera, report)
    return camera, stated, findings


def _id(row: CameraRow, report: Report) -> str:
    if not _ID.fullmatch(row.camera_id):
        problem = f"camera_id {row.camera_id[:70]!r} is no id" if row.camera_id else "has no camera_id"
        report("refused", problem, "Give it 1–64 characters, the same at every import")
        raise _Refused
    return row.camera_id


def _system(row: CameraRow, coord_sys: str | None, report: Report) -> str:
    stated = coord_sys or str(row.values.get("coord_sys") or "WGS84").upper().replace("-", "")
    if stated not in COORD_SYSTEMS:
        report("refused", f"coord_sys {stated[:20]!r} is unknown", f"Write one of {' '.join(COORD_SYSTEMS)}")
        raise _Refused
    return stated


def _position(row: CameraRow, report: Report) -> tuple[float, float]:
    texts = [row.values.get(name) for name in ("lon", "lat")]
    if None in texts or "" in texts:
        report("missing", "has no position", "Give lon and lat in degrees: without them the camera covers nothing")
        raise _Refused
    lon, lat = (_number(text) for text in texts)
    at = f"position lon={str(texts[0])[:20]} lat={str(texts[1])[:20]}"
    if lon is None or lat is None:
        report("refused", f"{at} is no pair of numbers", "Write degrees, as 118.90312 and 31.90127")
    elif lon == lat == 0:
        report("missing", f"{at} is no position", "Give its true one: nought is how an exporter writes «unknown»")
    elif abs(lat) > 90 and abs(lat) <= 180 and abs(lon) <= 90:
        report("refused", f"{at} has the two swapped", "Write the longitude (in China 73–135) as lon")
    elif abs(lon) > 180 or abs(lat) > 90:
        report("refused", f"{at} is not in degrees", "Convert metres of a projection to longitude and latitude first")
    else:
        return lon, lat
    raise _Refused


def _values(row: CameraRow, report: Report) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.values.items():
        text = str(value).strip()
        if name in _NUMBERS:
            what, low, high = _NUMBERS[name]
            number = _number(value)
            if number is None or not low <= number <= high:
                _drop(report, name, text, what)
            else:
                found[name] = number
        elif name in _WHOLES:
            low, high = _WHOLES[name]
            number = _number(value)
            if number is None or number % 1 or not low <= number <= high:
                _drop(report, name, text, f"it is a whole number from {low} to {high}")
            else:
                found[name] = int(number)
        elif name in _CHOICES:
            choices = get_args(get_args(_HINTS[name])[0])
            if text.lower() in choices:
                found[name] = text.lower()
            else:
                _drop(report, name, text, f"it is one of {' '.join(choices)}")
        elif name == "directions":
            found |= _directions(value, report)
        elif name == "lit_at_night":
            if text.lower() in _YES | _NO:
                found[name] = text.lower() in _YES
            else:
                _drop(report, name, text, "it is true or false")
        elif name == "stream_url":
            if _LINK.fullmatch(text):
                found[name] = text
            else:
                _drop(report, name, text, "it is a link to the video platform: https://…")
        elif name == "name":
            if len(text) <= LONGEST_NAME and not _NO_TEXT.search(text):
                found[name] = text
            else:
                _drop(report, name, text, f"it is text in one line of at most {LONGEST_NAME} characters")
    return found


def _drop(report: Report, name: str, text: str, what: str) -> None:
    unknown = "; its direction counts as unknown" if name in {"azimuth", "direction_type"} else ""
    report("doubtful", f"{name} {text[:40]!r} was left out{unknown}", f"Correct it: {what}")


def _directions(value: object, report: Report) -> dict[str, Any]:
    parts = value if isinstance(value, list) else [p for p in str(value).split(";") if p.strip()]
    found = []
    for part in parts:
        number = _number(part)
        if number is None or not 0 <= number <= 360:
            _drop(report, "directions", str(part), "each is 0–360, clockwise from north, separated by ;")
        else:
            found.append(number)
    return {"directions": found} if found else {}


def _range(row: CameraRow, kind: str | None, report: Report) -> dict[str, float]:
    """A range that can be. A lookout sees kilometres, a street camera that says so has its lens's figure, or a slip."""
    if (value := row.values.get("range_m")) is None:
        return {}
    metres, text = _number(value), str(value)[:40]
    if metres is not None and metres > IMPOSSIBLE_RANGE_M:
        report("refused", f"range_m {text} is more than 20 km", "Write metres, up to 20,000; or leave it empty")
        raise _Refused
    if metres is None or metres <= 0:
        _drop(report, "range_m", text, "it is metres, above 0")
        return {}
    if metres > LONGEST_RANGE_M and kind != "lookout":
        report(
            "doubtful",
            f"range_m {text} was left out: more than 2 km for a {kind or 'camera of no kind'}",
            "The default of its kind stands. Correct it, or write kind lookout",
        )
        return {}
    return {"range_m": metres}


def _say_what_is_missing(camera: CameraChanged, report: Report) -> None:
    aimed = camera.azimuth is not None or camera.direction_type is not None or camera.directions
    if not aimed and camera.kind not in AIMLESS and camera.mount != "indoor":
        report("missing", "has no direction, so it covers nothing yet", "Give azimuth, or direction_type 1–8")
    if camera.azimuth == 0 and camera.source_quality == "catalogue" and camera.direction_type is None:
        report(
            "doubtful",
            "azimuth is exactly 0, in a catalogue most often an empty field",
            "Look: write the true azimuth and source_quality surveyed, or leave it empty",
        )


def _number(value: object) -> float | None:
    try:
        number = float(str(value)) if not isinstance(value, bool) else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
