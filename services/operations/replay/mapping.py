"""A form of case file described in TOML, without code (docs/operations.md): which column is what, and the words.

A column that the file has not is a fault before anything is sent; a word that the mapping does not know is a remark.
"""

import tomllib
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.contract.codes import CHANNELS, Channel, Status
from services.files.fault import FileFault
from services.files.raw import read_file
from services.files.text import decode
from services.operations.replay import reading
from services.operations.replay.formats import City, Format
from services.operations.replay.reading import Row
from services.operations.replay.source import ReplayError, SourceCase
from services.operations.replay.vocabulary import OTHER_CHANNEL, domain_of

REQUIRED = ("case_id", "reported_at", "status")
COLUMNS = (
    *REQUIRED, "closed_at", "deadline_at", "unit", "unit_name", "street", "street_name", "community", "community_name",
    "channel", "lon", "lat", "title", "major", "minor", "address",
)  # fmt: skip
CITY = ("code", "name", "name_en", "time_zone")
# What an unclosed case may stand at (services.operations.replay.life), and what ends it.
STATES = ("filed", "dispatched", "handling", "handled", "returned", "closed")
TABLES = ("name", "city", "columns", "status", "channel")


def read_mapping(path: Path) -> Format:
    """The form that a mapping file describes. Raises ReplayError that names every key at fault."""
    try:
        found = tomllib.loads(decode(read_file(path)).text)
    except (FileFault, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ReplayError(f"{path.name}: is no TOML: {error}") from error
    faults = list(_faults(found))
    if faults:
        raise ReplayError(f"{path.name}: " + "; ".join(faults))
    columns: dict[str, str] = found["columns"]
    city = found["city"]
    form = City(city["code"], city["name"], city.get("name_en", city["name"]), city.get("time_zone", "Asia/Shanghai"))
    words, channels = found["status"], found.get("channel", {})

    def read(number: int, row: Row, zone: tzinfo) -> SourceCase:
        return _read(number, row, zone, columns=columns, words=words, channels=channels)

    return Format(found["name"], "", frozenset(columns.values()), form, read)


def _faults(found: Mapping[str, Any]) -> list[str]:
    faults = [f"{key} is unknown: keys are {', '.join(TABLES)}" for key in found if key not in TABLES]
    if not isinstance(found.get("name"), str) or not found["name"].replace("-", "").isalnum():
        faults.append('name is missing or not letters, digits and hyphens: write name = "chicago-311"')
    for table, known in (("city", CITY), ("columns", COLUMNS)):
        values = found.get(table)
        if not isinstance(values, dict):
            faults.append(f"[{table}] is missing: write its keys, of {', '.join(known)}")
            continue
        for key, value in values.items():
            if key not in known:
                faults.append(f"{table}.{key} is unknown: keys are {', '.join(known)}")
            elif not isinstance(value, str) or not value:
                faults.append(f"{table}.{key} is {value!r}: write a text")
        for key in CITY[:2] if table == "city" else REQUIRED:
            if key not in values:
                faults.append(f"{table}.{key} is missing")
    faults += _word_faults(found, "status", STATES)
    faults += _word_faults(found, "channel", CHANNELS)
    if not found.get("status"):
        faults.append(f"[status] is missing: write each word of the file = one of {', '.join(STATES)}")
    try:
        ZoneInfo(found["city"].get("time_zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        faults.append('city.time_zone is no time zone: write for example "Asia/Shanghai"')
    return faults


def _word_faults(found: Mapping[str, Any], table: str, known: tuple[str, ...]) -> list[str]:
    values = found.get(table, {})
    if not isinstance(values, dict):
        return [f"{table} is no table: write [{table}] and its words below"]
    wrong = [word for word, value in values.items() if value not in known]
    return [f"{table}.{word!r} is {values[word]!r}: write one of {', '.join(known)}" for word in wrong]


def _read(
    number: int,
    row: Row,
    zone: tzinfo,
    *,
    columns: Mapping[str, str],
    words: Mapping[str, str],
    channels: Mapping[str, str],
) -> SourceCase:
    remarks: list[str] = []

    def cell(name: str) -> str:
        return row[columns[name]].strip() if name in columns else ""

    word = cell("status")
    state = words.get(word) or words.get(word.lower())
    if state is None:
        remarks.append(f"status {word!r} is not in the mapping: dispatched")
        state = "dispatched"
    spoken = cell("channel")
    channel = channels.get(spoken)
    if channel is None:
        channel = OTHER_CHANNEL
        if spoken:
            remarks.append(f"channel {spoken!r} is not in the mapping: {OTHER_CHANNEL}")
    ended, unit = state == "closed", cell("unit")[:64]
    lon, lat = reading.position(row, columns["lon"], columns["lat"], remarks) if _has_place(columns) else (None, None)
    major, minor = cell("major"), cell("minor")
    return SourceCase(
        row=number, case_id=reading.key(row, columns["case_id"]),
        reported_at=reading.opening(row, columns["reported_at"], zone), channel=cast(Channel, channel),
        state=cast(Status, state), word=word, ended=ended,
        closed_at=_moment(row, columns, "closed_at", zone) if ended else None,
        deadline_at=_moment(row, columns, "deadline_at", zone),
        undispatched=state == "filed" or not unit, unit=unit, unit_name=cell("unit_name") or unit,
        street=cell("street"), street_name=cell("street_name") or cell("street"),
        community=cell("community"), community_name=cell("community_name") or cell("community"), lon=lon, lat=lat,
        title=cell("title") or minor or major, domain=domain_of(cell("title") or minor or major),
        major=major, minor=minor, address=cell("address"), remarks=tuple(remarks),
    )  # fmt: skip


def _has_place(columns: Mapping[str, str]) -> bool:
    return "lon" in columns and "lat" in columns


def _moment(row: Row, columns: Mapping[str, str], name: str, zone: tzinfo) -> Any:
    return reading.moment_or_none(row, columns[name], zone) if name in columns else None
