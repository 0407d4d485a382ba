"""A GB/T 28181 catalogue: ``Response`` and ``Notify`` of ``Catalog``, as the video platform exports them.

Item fields of the 2016 edition and, in ``Info``, of the 2022 one. A catalogue comes in many messages: a file may hold
them one behind the other, and each says how many items the whole has (``SumNum``).
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.district.cameras.row import CameraRow, NotReadable
from services.district.finding import RowFinding
from services.files.fault import FileFault
from services.files.xml import Broken, Document, documents, elements, mend, parse

CAMERA_TYPES = {"131", "132"}  # digits 11–13 of the id: a camera, a network camera
EVENTS = ("ON", "OFF", "VLOST", "DEFECT", "ADD", "DEL", "UPDATE")
KINDS = {"1": "ptz", "2": "dome", "3": "bullet", "4": "ptz", "5": "ptz", "6": "dome", "7": "bullet"}
LIGHTS = {"1": "none", "2": "infrared", "3": "white", "4": "laser"}
STATES = {"ON": "online", "OK": "online", "ONLINE": "online", "OFF": "offline", "OFFLINE": "offline"}
# Our field, theirs: values that the judging reads as they stand.
SAME = (
    ("name", "Name"),
    ("lon", "Longitude"),
    ("lat", "Latitude"),
    ("ptz_type", "PTZType"),
    ("direction_type", "DirectionType"),
    ("hfov", "HorizontalFieldAngle"),
    ("range_m", "MaxViewDistance"),
)
_HEAD = re.compile(r"<(?:\w+:)?(DeviceID|SN|SumNum)\s*>\s*([^<]{0,64}?)\s*<")
_ITEM = re.compile(r"<(?:\w+:)?Item[\s>]")
_WHOLE = "Ask the platform for the catalogue again, and import all of it"


@dataclass(slots=True)
class Catalogue:
    """What a file holds: cameras, how many items are something else, and what there is to say.

    ``announced`` has, by (device, SN), the greatest ``SumNum``; ``ids`` the devices that came of it.
    """

    rows: list[CameraRow] = field(default_factory=list)
    others: int = 0
    findings: list[RowFinding] = field(default_factory=list)
    announced: dict[tuple[str, str], int] = field(default_factory=dict)
    ids: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    number: int = 0


def rows(data: bytes) -> Catalogue:
    """The cameras of a catalogue. Raises NotReadable where there is no item at all, or what no catalogue may hold."""
    found = Catalogue()
    try:
        for document in documents(data):
            if document.note:
                problem = document.note[0].lower() + document.note[1:]
                found.findings.append(RowFinding(0, "", "doubtful", problem, "Check the names of the cameras"))
            _read(document, found)
    except FileFault as error:
        raise NotReadable(error.faults[0].problem, error.faults[0].remedy) from error
    if not found.number:
        raise NotReadable("holds no Item of a DeviceList", "Export the Response or the Notify of a Catalog query")
    for key, announced in found.announced.items():
        came = len(found.ids.get(key, ()))
        if came < announced:
            device, serial = key
            of = " ".join(filter(None, [device, f"(SN {serial})" if serial else ""]))
            problem = f"the catalogue {of} announces {announced:,} items and {came:,} are here: it is not whole"
            found.findings.append(RowFinding(0, "", "missing", problem, _WHOLE))
    return found


def _read(document: Document, found: Catalogue) -> None:
    """The items of one message: of one that is broken each item by itself."""
    try:
        root = parse(document.text)
    except Broken as error:
        if not _ITEM.search(document.text):
            raise NotReadable(f"is not XML: {error}", "Export the catalogue again, whole") from error
        said = len(found.findings)
        _read_broken(document.text, found)
        if len(found.findings) == said:
            problem = f"is not whole XML: {error}; its {found.number:,} items are taken"
            found.findings.append(RowFinding(0, "", "doubtful", problem, _WHOLE))
        return
    heads = {child.tag: (child.text or "").strip() for child in root}
    key = _announce(heads, found)
    for item in root.iter("Item"):
        _take(item, key, found)


def _read_broken(text: str, found: Catalogue) -> None:
    key = _announce(dict(_HEAD.findall(text.partition("<DeviceList")[0])), found)
    for part in elements(text, "Item"):
        mended, done = mend(part)
        try:
            item = parse(mended)
        except Broken as error:
            found.number += 1
            remedy = "The other items are taken. Correct it, or export the catalogue again"
            found.findings.append(RowFinding(found.number, "", "refused", f"the item is not XML: {error}", remedy))
            continue
        camera_id = (item.findtext("DeviceID") or "").strip()
        _take(item, key, found)
        for problem in done:
            found.findings.append(
                RowFinding(found.number, camera_id[:64], "doubtful", problem, "Check the texts of the device")
            )
    if not (done := mend(elements_out(text))[1]):
        return
    found.findings += [RowFinding(0, "", "doubtful", f"outside of the items it {problem}", _WHOLE) for problem in done]


def elements_out(text: str) -> str:
    """A document's text without its items."""
    return "".join(re.split(r"<(?:\w+:)?Item[\s>].*?(?:</(?:\w+:)?Item\s*>|\Z)", text, flags=re.DOTALL))


def _announce(heads: dict[str, str], found: Catalogue) -> tuple[str, str]:
    key = heads.get("DeviceID", ""), heads.get("SN", "")
    announced = heads.get("SumNum", "")
    if announced.isdecimal() and len(announced) < 10:
        found.announced[key] = max(found.announced.get(key, 0), int(announced))
    return key


def _take(item: ET.Element, key: tuple[str, str], found: Catalogue) -> None:
    found.number += 1
    values = {element.tag: (element.text or "").strip() for element in _leaves(item)}
    found.ids.setdefault(key, set()).add(values.get("DeviceID") or f"item {found.number}")
    row = _row(found.number, values)
    if row is None:
        found.others += 1
    else:
        found.rows.append(row)


def _leaves(item: ET.Element) -> Iterator[ET.Element]:
    return (element for element in item.iter() if len(element) == 0)


def _row(number: int, item: dict[str, str]) -> CameraRow | None:
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
        "kind": KINDS.get(item.get("PTZType", "")),
        "night": LIGHTS.get(item.get("SupplyLightType", "")),
        "status": STATES.get(item.get("Status", "").upper()),
        "mount": "indoor" if item.get("RoomType") == "2" else None,
        "point_class": item["PointType"] if item.get("PointType") in {"1", "2", "3"} else None,
    }
    values |= {name: value for name, value in chosen.items() if value is not None}
    return CameraRow(number, values, event if event not in {"ADD", "UPDATE"} else "")


def _is_nothing(value: object) -> bool:
    try:
        return value is None or float(str(value)) == 0
    except ValueError:
        return False
