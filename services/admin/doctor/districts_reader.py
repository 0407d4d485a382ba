"""Every district of a machine: its settings as its units are told them (deploy/), and what two share by mistake.

A district's settings are a file of lines NAME=VALUE: ``environment`` of the first one, ``320498.environment`` of a unit
``lianqin-web@320498``. Only root reads them, so they may come by standard input too: `lianqin-admin doctor --all`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from services.admin.doctor.examine_service import examine
from services.admin.doctor.finding import DoctorFinding, ok, wrong
from services.platform.database import hosts_of
from services.platform.settings import Settings, from_environment

FIRST, OTHERS, OWNERS = "environment", "*.environment", "owner.environment"
# Where a unit's state lies that its settings do not name.
STATE = "/var/lib/lianqin"
_LINE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_HEADING = re.compile(r"\[(/.*)\]")


class DistrictSettings(NamedTuple):
    """What one file says; ``settings`` is None where ``fault`` says what is wrong with it."""

    name: str
    settings: Settings | None
    fault: str = ""


def read_folder(folder: Path) -> list[DistrictSettings]:
    """Every district whose settings lie in a folder. Raises ValueError where there are none."""
    found: list[DistrictSettings] = []
    for path in settings_files(folder):
        try:
            found.append(settings_of(path, path.read_text("utf-8").splitlines()))
        except (OSError, UnicodeDecodeError) as error:
            found.append(DistrictSettings(str(path), None, f"cannot be read: {error}; only root may"))
    if not found:
        raise ValueError(f"no settings of a district lie in {folder}: there is neither {FIRST} nor {OTHERS}")
    return found


def settings_files(folder: Path) -> list[Path]:
    """The first district's, then the others'; the tables' owner has a file of its own, which is no district's."""
    first = folder / FIRST
    others = sorted(path for path in folder.glob(OTHERS) if not path.name.endswith(OWNERS))
    return ([first] if first.exists() else []) + others


def read_stream(file: IO[str]) -> list[DistrictSettings]:
    """The same from one text, each file under a line ``[/its/path]``. Raises ValueError for another form."""
    files: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in file:
        if heading := _HEADING.fullmatch(line.strip()):
            lines = files.setdefault(heading.group(1), [])
        elif lines is not None:
            lines.append(line.rstrip("\n"))
        elif line.strip():
            raise ValueError("the settings do not begin with the name of their file, [/etc/lianqin/environment]")
    if not files:
        raise ValueError("no settings of a district came by standard input")
    return [settings_of(Path(name), lines) for name, lines in files.items()]


def settings_of(path: Path, lines: Iterable[str]) -> DistrictSettings:
    """One file's lines as its units read them."""
    instance = "" if path.name == FIRST else f"-{path.name.removesuffix(f'.{FIRST}')}"
    values = {"LIANQIN_DATA_DIR": STATE + instance, **dict(_pairs(lines))}
    try:
        return DistrictSettings(str(path), from_environment(values))
    except ValueError as error:
        return DistrictSettings(str(path), None, str(error))


def examine_all(districts: Iterable[DistrictSettings]) -> Iterator[tuple[str, list[DoctorFinding]]]:
    """Each district's findings under the name of its file, then what several share. Never raises."""
    known = list(districts)
    for one in known:
        if one.settings is None:
            remedy = "Mend the file, or run `lianqin-admin doctor --all` as root"
            yield one.name, [wrong("settings", one.fault, remedy, "settings_bad")]
        else:
            yield one.name, examine(one.settings)
    yield "all districts", shared({one.name: one.settings for one in known if one.settings is not None})


def shared(districts: Mapping[str, Settings]) -> list[DoctorFinding]:
    """What two districts may not have in common. Pure."""
    found = []
    for subject, setting, values in (
        ("web port", "LIANQIN_PORT", {name: f"{s.host}:{s.port}" for name, s in districts.items()}),
        ("database", "LIANQIN_DATABASE_URL", {name: place for name, s in districts.items() if (place := _place(s))}),
        ("district", "LIANQIN_DISTRICT", {name: str(s.district_dir) for name, s in districts.items()}),
        ("state", "LIANQIN_DATA_DIR", {name: str(s.data_dir) for name, s in districts.items()}),
        ("origin", "LIANQIN_ORIGIN", {name: s.origin for name, s in districts.items() if s.origin}),
        ("data key", "LIANQIN_DATA_KEY", {name: s.data_key for name, s in districts.items() if s.data_key}),
    ):
        by_value: dict[str, list[str]] = {}
        for name, value in values.items():
            by_value.setdefault(value, []).append(name)
        for value, names in by_value.items():
            if len(names) > 1:
                said = "the same key" if subject == "data key" else value
                whose = " and ".join(names)
                found.append(wrong(subject, f"{said} is that of {whose}", f"Give each its own {setting}"))
    return found or [ok("districts", f"{len(districts)}, and none takes another's port, database, package or state")]


def _place(settings: Settings) -> str:
    """Where the database is, whoever asks: without user and password; empty where its address is none."""
    try:
        url = make_url(settings.database)
    except (ValueError, ArgumentError):  # said under «database» of the district
        return ""
    return f"{url.get_backend_name()}://{','.join(sorted(hosts_of(url)))}/{url.database}"


def _pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """As systemd reads them: quotes around a value go, lines with # or ; are left out."""
    for line in lines:
        if found := _LINE.fullmatch(line):
            name, value = found.groups()
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            yield name, value
