"""Read and check a district package: every fault with its file, its feature and a remedy, and nothing half loaded."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from services.district import office
from services.district.antimeridian import crosses, unwrapped_layer
from services.district.cameras.reading import Reading, read_cameras
from services.district.cameras.site import site_of
from services.district.layers import PackedLayers
from services.district.package import LAYERS, Area, District, FilingCondition
from services.district.package_tables import (
    KEYS,
    LONGEST_CODE,
    TABLES,
    Known,
    TableLine,
    bad_area,
    check_table,
    decimal,
    read_lines,
)
from services.district.photo_address import is_photo_address
from services.district.policy import Policy, read_policy
from services.district.stored_reader import StoredFiles
from services.district.watch_windows import read_windows
from services.files.fault import FileFault
from services.files.geojson import read_json
from services.files.raw import read_file
from services.files.tables import HeaderFault, read_table
from services.files.text import MARK, decode, line_of
from services.platform.refusal import Refusal

NOTHING_STORED = StoredFiles()
# The form of a package that this program reads; one that says nothing is of this form.
FORMAT = 1


@dataclass(frozen=True, slots=True)
class PackageFault:
    """One thing wrong with a package."""

    file: str
    feature: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file} [{self.feature}]" if self.feature else self.file
        return f"{where}: {self.problem}. {self.remedy}"


class PackageError(Refusal):
    """A package with faults; nothing of it is loaded."""

    def __init__(self, faults: list[PackageFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load(folder: Path, stored: StoredFiles = NOTHING_STORED) -> District:
    """Read the package in ``folder``, with the files that are ``stored`` over its own.

    Raises PackageError with every fault found.
    """
    return _Reader(folder, stored).read()


def code_in(folder: Path) -> str:
    """The district's code as ``district.toml`` has it; empty where that cannot be read (``load`` says why)."""
    try:
        return str(tomllib.loads((folder / "district.toml").read_text("utf-8-sig")).get("code", ""))
    except (OSError, ValueError, RecursionError):
        return ""


def _instead(raw: bytes) -> str:
    """What bytes that are not UTF-8 are in, as far as they tell."""
    try:
        found = decode(raw)
    except FileFault:
        return ""
    if found.encoding == "utf-8":
        return f": line {line_of(found.text, found.text.index(MARK))} holds bytes that are no text"
    return " but GB 18030" if found.encoding == "gb18030" else f" but {found.encoding.upper()}"


class _Reader:
    def __init__(self, folder: Path, stored: StoredFiles) -> None:
        self.folder = folder
        self.stored = stored
        self.faults: list[PackageFault] = []
        self.absent: list[str] = []
        self.digest, self.folder_digest = hashlib.sha256(), hashlib.sha256()
        self.names_en: dict[str, str] = {}

    def fault(self, file: str, feature: object, problem: str, remedy: str) -> None:
        self.faults.append(PackageFault(file, str(feature) if feature != "" else "", problem, remedy))

    def read(self) -> District:
        if not self.folder.is_dir():
            raise PackageError(
                [PackageFault(str(self.folder), "", "no such folder", "Give the folder of a district package")]
            )
        head = self.toml("district.toml", required=True)
        code, name = str(head.get("code", "")), str(head.get("name", ""))
        for key, value in (("code", code), ("name", name)):
            if not value:
                self.fault("district.toml", key, "is missing", f'Add {key} = "…"')
        for problem, remedy in bad_area({"code": head.get("code"), "name": head.get("name")}):
            self.fault("district.toml", problem.partition(" ")[0], problem, remedy)
        if set(code) & set("/\\{} "):  # it names keys of Redis and files of the store
            self.fault("district.toml", "code", f"is {code[:70]!r}", "Write letters, digits, hyphens: it names files")
        if (form := head.get("format", FORMAT)) != FORMAT:
            remedy = f"This program reads packages of format {FORMAT}: use the one that the package was made for"
            self.fault("district.toml", "format", f"is of format {str(form)[:20]}", remedy)
        zone = self.zone(str(head.get("time_zone", "Asia/Shanghai")))
        cut, first = self.whole(head, "day_cut_hour", 0, 0, 23), self.whole(head, "month_first_day", 1, 1, 28)
        streets = self.areas("streets", None, required=True)
        communities = self.areas("communities", streets)
        grids = self.areas("grids", communities)
        is_across = crosses(area.geometry for area in streets.values() if area.geometry is not None)
        if is_across:
            streets, communities, grids = (
                {code: area.unwrapped() for code, area in areas.items()} for areas in (streets, communities, grids)
            )
        lines = {name: self.table(name) for name in TABLES if name in KEYS}
        units = {row.cells["code"]: row.cells["name"] for row in lines["departments"]}
        known = Known(frozenset({"", code, *streets, *units}), frozenset(grids) or None)
        for table, rows in lines.items():
            check_table(table, rows, known, self.fault)
        cameras = self.cameras(streets)
        layers = {layer: found for layer in LAYERS if (found := self.layer(f"{layer}.geojson", streets))}
        if is_across:
            layers = {name: unwrapped_layer(layer) for name, layer in layers.items()}
        hours, week = office.working_hours(head, self.fault)
        district = District(
            code=code, name=name, name_en=str(head.get("name_en", "")), zone=zone, day_cut_hour=cut,
            month_first_day=first, streets=streets, communities=communities, grids=grids,
            streets_en=self.names_en,
            units=units,
            units_en={r.cells["code"]: r.cells["name_en"] for r in lines["departments"] if r.cells.get("name_en")},
            sources=self.sources(head),
            categories=self.categories(lines["categories"]),
            class_map=self.class_map(lines["class_map"]),
            layers=PackedLayers(layers),
            working_hours=hours, working_week=week, holidays=office.holidays(lines["holidays"], self.fault),
            tables={name: tuple(row.cells for row in rows) for name, rows in lines.items()}, policy=self.policy(),
            cameras=tuple(cameras.cameras), camera_findings=tuple(cameras.findings),
            photos=self.photos(head), absent=tuple(self.absent), digest=self.digest.hexdigest()[:16],
            folder_digest=self.folder_digest.hexdigest()[:16], stored_mark=self.stored.mark,
        )  # fmt: skip
        if self.faults:
            raise PackageError(self.faults)
        return district

    def text(self, file: str, *, required: bool = False) -> str | None:
        try:
            raw = self.bytes_of(file)
        except FileFault as error:
            self.fault(file, "", error.faults[0].problem, error.faults[0].remedy)
            return None
        if raw is None:
            self.absent.append(file)
            if required:
                self.fault(file, "", "is missing", "Add the file: district.toml and streets.geojson are required")
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.fault(file, f"byte {error.start}", f"is not UTF-8{_instead(raw)}", "Save the file as UTF-8")
            return None

    def bytes_of(self, file: str) -> bytes | None:
        """A file's bytes, the stored ones where there are some; None where there is no such file. Raises FileFault."""
        path, is_stored = self.folder / file, file in self.stored.files
        own: bytes | None = None
        if path.exists():
            try:
                own = read_file(path)
            except FileFault:
                if not is_stored:
                    raise
        raw = self.stored.files[file] if is_stored else own
        for digest, found in ((self.digest, raw), (self.folder_digest, own)):
            if found is not None:
                digest.update(file.encode() + b"\0" + found)
        return raw

    def toml(self, file: str, *, required: bool = False) -> dict[str, object]:
        if (text := self.text(file, required=required)) is None:
            return {}
        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.fault(file, "", f"is not TOML: {error}", "Mend the line named")
            return {}

    def zone(self, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            self.fault("district.toml", "time_zone", f"{name!r} is no time zone", 'Write for example "Asia/Shanghai"')
            return ZoneInfo("UTC")

    def whole(self, head: dict[str, object], key: str, default: int, low: int, high: int) -> int:
        value = head.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fault("district.toml", key, f"is {value!r}", f"Write a whole number from {low} to {high}")
            return default
        return value

    def sources(self, head: dict[str, object]) -> dict[str, str]:
        """``[sources]``: the sources that the truth bar expects, id → name."""
        found = head.get("sources", {})
        if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
            self.fault("district.toml", "sources", "is not a table of names", 'Write "/case-system" = "案件"')
            return {}
        return {str(source): str(name) for source, name in found.items()}

    def photos(self, head: dict[str, object]) -> tuple[str, ...]:
        """``photos``: the addresses that photos of cases may begin with."""
        found = head.get("photos", [])
        wrong = [found] if not isinstance(found, list) else [one for one in found if not is_photo_address(one)]
        for one in wrong:
            remedy = (
                'Write a list of http:// or https:// addresses that end with a slash: ["https://10.1.2.3:8443/media/"]'
            )
            self.fault("district.toml", "photos", f"{str(one)[:70]!r} is no address of photos", remedy)
        return () if wrong or not isinstance(found, list) else tuple(found)

    def geojson(self, file: str, *, required: bool = False) -> dict[str, object]:
        if (text := self.text(file, required=required)) is None:
            return {}
        odd: list[str] = []
        try:
            found = read_json(text, odd)
        except FileFault as error:
            line = error.faults[0].line
            self.fault(file, f"line {line}" if line else "", error.faults[0].problem, error.faults[0].remedy)
            return {}
        for problem in dict.fromkeys(odd):
            self.fault(file, "", problem, "Write a number that can be, and each key once")
        if not isinstance(found, dict) or not isinstance(found.get("features"), list):
            self.fault(file, "", "is not a FeatureCollection", "Write a GeoJSON FeatureCollection")
            return {}
        return found

    def layer(self, file: str, streets: dict[str, Area]) -> dict[str, object]:
        """A layer to draw: its features must be features, whatever they show; a watched area names its street."""
        found = self.geojson(file)
        features = found.get("features", [])
        assert isinstance(features, list)
        for number, feature in enumerate(features):
            properties = feature.get("properties") if isinstance(feature, dict) else 0
            geometry = feature.get("geometry") if isinstance(feature, dict) else None
            if not isinstance(properties, dict | None):
                self.fault(file, number, "is not a Feature", "Write a GeoJSON Feature; its properties may be null")
            elif geometry is not None and not (
                isinstance(geometry, dict) and isinstance(geometry.get("coordinates"), list)
            ):
                self.fault(file, number, "geometry has no coordinates", "Write a GeoJSON geometry, or null")
            elif geometry is not None and file == "watch_areas.geojson":
                self.geometry(file, str((properties or {}).get("code") or number)[:LONGEST_CODE], geometry)
            if file == "watch_areas.geojson" and isinstance(properties, dict):
                self.windows(file, number, properties.get("windows"))
            street = properties.get("street") if file == "watch_areas.geojson" and isinstance(properties, dict) else ""
            if street and str(street) not in streets:
                remedy = "Name the code of a street, or leave it out"
                self.fault(file, number, f"street {str(street)[:70]!r} is unknown", remedy)
        return found

    def windows(self, file: str, number: int, value: object) -> None:
        """When an area is watched: a text that can be read, or nothing."""
        remedy = "Write for example workdays 07:00-09:00; day 1,11,21 06:00-12:00, or leave it out"
        if value is not None and not isinstance(value, str):
            self.fault(file, number, f"windows {str(value)[:70]!r} is no text", remedy)
            return
        try:
            read_windows(value or "")
        except ValueError:
            self.fault(file, number, f"windows {(value or '')[:70]!r} cannot be read", remedy)

    def areas(self, layer: str, parents: dict[str, Area] | None, *, required: bool = False) -> dict[str, Area]:
        file = f"{layer}.geojson"
        areas: dict[str, Area] = {}
        features = self.geojson(file, required=required).get("features", [])
        assert isinstance(features, list)
        for number, feature in enumerate(features):
            properties = feature.get("properties") if isinstance(feature, dict) else None
            if not isinstance(properties, dict):
                self.fault(file, number, "has no properties", "Give each feature code, name and parent")
                continue
            code, name = str(properties.get("code") or ""), str(properties.get("name") or "")
            parent = str(properties.get("parent") or "")
            if not code or not name:
                self.fault(file, code or number, "has no code or no name", "Give each feature both")
                continue
            for problem, remedy in bad_area(properties):
                self.fault(file, code[:LONGEST_CODE], problem, remedy)
            if code in areas:
                self.fault(file, code, "stands twice", "Give each feature a code of its own")
            if parents is not None and parent not in parents:
                self.fault(file, code, f"parent {parent!r} is unknown", "Name the code of the area that holds it")
            geometry = self.geometry(file, code, feature.get("geometry"))
            if layer == "streets" and properties.get("name_en"):
                self.names_en[code] = str(properties["name_en"])
            households = properties.get("households") or 0
            if not isinstance(households, int | float) or not 0 <= households < 1e9:
                self.fault(file, code, f"households is {households!r}", "Write a number, or leave it out")
                households = 0
            areas[code] = Area(code, name, parent, geometry, int(households))
        if required and not areas:
            self.fault(file, "", "holds no street", "Add at least one feature")
        return areas

    def geometry(self, file: str, code: str, raw: object) -> BaseGeometry | None:
        if raw is None:
            return None
        try:
            geometry = shape(raw)  # type: ignore[arg-type]  # whatever it is: a wrong one raises
        except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            self.fault(file, code, f"geometry cannot be read: {error}", "Write a Polygon or MultiPolygon, or null")
            return None
        if geometry.geom_type not in {"Polygon", "MultiPolygon"}:
            self.fault(file, code, f"is a {geometry.geom_type}", "Write a Polygon or MultiPolygon, or null")
        elif geometry.is_empty:
            self.fault(file, code, "is an empty geometry", "Write a Polygon or MultiPolygon, or null")
        elif not geometry.is_valid:
            self.fault(file, code, "crosses itself or is not closed", "Mend the ring, for example with make-valid")
        else:
            west, south, east, north = geometry.bounds
            if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
                self.fault(file, code, "is not in degrees", "Write WGS-84 longitude and latitude")
        return geometry

    def table(self, name: str) -> list[TableLine]:
        text = self.text(f"{name}.csv")
        return [] if text is None else read_lines(name, text, self.fault)

    def cameras(self, streets: dict[str, Area]) -> Reading:
        """The base registry of cameras: rows that cannot be used are named, and the package is loaded all the same."""
        if (text := self.text("cameras.csv")) is None:
            return Reading()
        try:
            read_table(text, TABLES["cameras"])
        except HeaderFault as error:
            self.fault("cameras.csv", "header", error.faults[0].problem, error.faults[0].remedy)
            return Reading()
        except FileFault as error:
            for fault in error.faults:
                problem = f"column {fault.column}: {fault.problem}" if fault.column else fault.problem
                self.fault("cameras.csv", f"line {fault.line}" if fault.line else "", problem, fault.remedy)
            return Reading()
        outlines = [a.geometry for a in streets.values() if a.geometry is not None and a.geometry.is_valid]
        return read_cameras(text.encode(), "csv", site=site_of(outlines))

    def categories(self, lines: list[TableLine]) -> tuple[FilingCondition, ...]:
        return tuple(
            FilingCondition(
                **{k: line.cells[k] for k in TABLES["categories"] if k != "value"}, value=decimal(line.cells["value"])
            )
            for line in lines
        )

    def class_map(self, lines: list[TableLine]) -> dict[tuple[str, str, str, str, str], str]:
        rows = [line.cells for line in lines]
        return {(r["source"], r["scheme"], r["kind"], r["major"], r["minor"]): r["domain"] for r in rows}

    def policy(self) -> Policy:
        found = self.toml("policy.toml")
        return read_policy(found, lambda key, problem, remedy: self.fault("policy.toml", key, problem, remedy))
