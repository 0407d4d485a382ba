"""A GB/T 28181 catalogue: ``Response`` and ``Notify`` of ``Catalog``, as the video platform exports them.

Item fields of the 2016 edition and, in ``Info``, of the 2022 one. Entities could expand without end or read files, so
a document type is refused before anything is parsed.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from services.coverage.importing.row import NotReadable, Row, decoded

CAMERA_TYPES = {"131", "132"}  # digits 11–13 of the id: a camera, a network camera
EVENTS = ("ON", "OFF", "VLOST", "DEFECT", "ADD", "DEL", "UPDATE")
KINDS = {"1": "ptz", "2": "dome", "3": "bullet", "4": "ptz", "5": "ptz", "6": "dome", "7": "bullet"}
LIGHTS = {"1": "none", "2": "infrared", "3": "white", "4": "laser"}
STATES = {"ON": "online", "OK": "online", "ONLINE": "online", "OFF": "offline", "OFFLINE": "offline"}
# Our field, theirs: values that the judging reads as they stand.
SAME = (
    ("name", "Name"), ("lon", "Longitude"), ("lat", "Latitude"), ("ptz_type", "PTZType"),
    ("direction_type", "DirectionType"), ("hfov", "HorizontalFieldAngle"), ("range_m", "MaxViewDistance"),
)  # fmt: skip
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w-]+)")


def rows(data: bytes) -> tuple[list[Row], int]:
    """The cameras of a catalogue, and how many items are something else. Raises NotReadable.

    A catalogue comes in many messages: a file may hold them one behind the other.
    """
    stated = _ENCODING.search(data[:300])
    text = decoded(data, stated[1].decode() if stated else "")
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise NotReadable("has a DOCTYPE, which no catalogue needs", "Export the catalogue itself, without it")
    found: list[Row] = []
    number = others = 0
    for document in filter(str.strip, _DECLARATION.split(text)):
        try:
            root = ET.fromstring(document.strip().encode())  # our own UTF-8: the declaration has been taken off
        except ET.ParseError as error:
            raise NotReadable(f"is not XML: {error}", "Export the catalogue again, whole") from error
        for item in _items(root):
            number += 1
            row = _row(number, {_tag(e): (e.text or "").strip() for e in item.iter() if len(e) == 0})
            if row is None:
                others += 1
            else:
                found.append(row)
    if not number:
        raise NotReadable("holds no Item of a DeviceList", "Export the Response or the Notify of a Catalog query")
    return found, others


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _items(root: ET.Element) -> Iterator[ET.Element]:
    return (e for e in root.iter() if _tag(e) == "Item")


def _row(number: int, item: dict[str, str]) -> Row | None:
    """The row of an item; None: it is no camera (a platform, a group, a recorder, a lamp)."""
    device = item.get("DeviceID", "")
    if len(device) == 20 and device.isdecimal() and device[10:13] not in CAMERA_TYPES:
        return None
    if len(device) < 20 and device.isdecimal() and "Longitude" not in item and "PTZType" not in item:
        return None  # the code of a region
    event = item.get("Event", "").upper()
    values: dict[str, object] = {"camera_id": device, "source_quality": "catalogue"}
    values |= {ours: item[theirs] for ours, theirs in SAME if item.get(theirs)}
    if _is_nothing(values.get("lon")) and _is_nothing(values.get("lat")):
        values = {k: v for k, v in values.items() if k not in {"lon", "lat"}}
    # A nought is how an exporter fills in what it does not know.
    values = {k: v for k, v in values.items() if k in {"lon", "lat", "name"} or not _is_nothing(v)}
    chosen = {
        "kind": KINDS.get(item.get("PTZType", "")), "night": LIGHTS.get(item.get("SupplyLightType", "")),
        "status": STATES.get(item.get("Status", "").upper()),
        "mount": "indoor" if item.get("RoomType") == "2" else None,
        "point_class": item["PointType"] if item.get("PointType") in {"1", "2", "3"} else None,
    }  # fmt: skip
    values |= {name: value for name, value in chosen.items() if value is not None}
    return Row(number, values, event if event not in {"ADD", "UPDATE"} else "")


def _is_nothing(value: object) -> bool:
    try:
        return value is None or float(str(value)) == 0
    except ValueError:
        return False
