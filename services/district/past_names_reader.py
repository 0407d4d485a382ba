"""What streets and units were called at a past moment, where the stored versions of the package know it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from services.district import tables as schema
from services.district.package import District
from services.files.tables import read_table

STREETS, UNITS = "streets.geojson", "departments.csv"
Names = Mapping[str, tuple[str, str]]  # code → the name, and the English one or empty


class _Named(msgspec.Struct, frozen=True):
    code: str
    name: str
    name_en: str = ""


class _Feature(msgspec.Struct, frozen=True):
    properties: _Named


class _Layer(msgspec.Struct, frozen=True):
    features: list[_Feature]


class _Version(NamedTuple):
    """A file's names from a moment on (Unix ms)."""

    since: int
    names: Names


def names_then(connection: Connection, district: District) -> Callable[[int], District]:
    """What gives the district with the names that were in force at a moment (Unix ms of the district's clock).

    Only names differ from ``district``; where nothing of these files was changed in the store by then it is itself. A
    code that the files of then did not know keeps its present name.
    """
    streets, units = (_versions(connection, file, read) for file, read in ((STREETS, _streets), (UNITS, _units)))
    if not streets and not units:
        return lambda _at: district

    def district_at(at: int) -> District:
        told, called = _at(streets, at), _at(units, at)
        areas = {code: replace(a, name=told[code][0]) if code in told else a for code, a in district.streets.items()}
        return replace(
            district,
            streets=areas,
            streets_en=district.streets_en | _english(told),
            units=district.units | {code: name for code, (name, _) in called.items()},
            units_en=district.units_en | _english(called),
        )

    return district_at


def _english(names: Names) -> dict[str, str]:
    """The English names; where a code had none then, its name."""
    return {code: name_en or name for code, (name, name_en) in names.items()}


def _at(versions: list[_Version], at: int) -> Names:
    return next((version.names for version in reversed(versions) if version.since <= at), {})


def _versions(connection: Connection, file: str, names: Callable[[bytes], Names]) -> list[_Version]:
    """The file's names by the moment from which they hold; of all time before the first change what it replaced."""
    version, kept = schema.package_versions.c, schema.package_files.c
    query = select(version.effective_at, kept.before, kept.after).join(
        schema.package_versions, kept.number == version.number
    )
    rows = connection.execute(query.where(kept.file == file).order_by(kept.number)).all()
    found = [_Version(0, names(bytes(row.before))) for row in rows[:1] if row.before is not None]
    return found + [_Version(row.effective_at, names(bytes(row.after))) for row in rows if row.after is not None]


def _streets(content: bytes) -> Names:
    """Of a file that was checked when it was kept."""
    layer = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=_Layer)
    return {f.properties.code: (f.properties.name, f.properties.name_en) for f in layer.features}


def _units(content: bytes) -> Names:
    rows = [row.cells for row in read_table(content.decode("utf-8-sig")).rows]
    return {row["code"].strip(): (row["name"].strip(), row.get("name_en", "").strip()) for row in rows}
