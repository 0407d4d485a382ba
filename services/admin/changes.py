"""A change of the package: what it is made of, who makes it, and how it is refused. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from services.platform.refusal import Refusal

Act = Literal["change", "undo", "back", "load"]
Part = Literal["policy", "roster", "campaigns", "areas", "departments", "classes", "package"]
# The files that each part of the package is made of.
FILES: Mapping[Part, tuple[str, ...]] = {
    "policy": ("policy.toml",),
    "roster": ("roster.csv",),
    "campaigns": ("campaigns.csv",),
    "areas": ("watch_areas.geojson",),
    "departments": ("departments.csv",),
    "classes": ("class_map.csv", "categories.csv"),
}
# A package as a whole is uploaded, and all of its files are.
PART_OF: Mapping[str, Part] = {file: part for part, files in FILES.items() for file in files}


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes it: account and name."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class PackageChange:
    """What is asked for. ``files``: whole files, None: gone. ``seen``: the newest version of them that the form showed.

    ``from_ms``: from when; 0: at once.
    """

    part: str
    about: str
    files: Mapping[str, bytes | None]
    reason: str
    seen: int
    from_ms: int = 0


class PackageVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it is kept: times in Unix milliseconds of the district's clock; ``hashes``: file → before, after."""

    number: int
    at: int
    effective_at: int
    who: str
    name: str
    reason: str
    act: Act
    undoes: int | None
    part: str
    about: str
    changes: list[tuple[str, str, str]]
    digest: str
    hashes: dict[str, tuple[str, str]] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it changed."""
        return tuple(sorted(self.hashes))


class ChangeRefused(Refusal):
    """A change that was not made. ``code``: stale, same, conflict, unknown, reason; ``by``: the version in the way."""

    def __init__(self, code: str, by: PackageVersion | None = None) -> None:
        super().__init__(code if by is None else f"{code}: version {by.number} of {by.name or by.who}", code)
        self.by = by


@dataclass(frozen=True, slots=True)
class PresentFile:
    """A file: as it is in force, as it will be, and the newest version that changed it (0: none)."""

    in_force: bytes | None
    newest: bytes | None
    number: int
    pending: tuple[PackageVersion, ...] = field(default=())


def hash_of(content: bytes | None) -> str:
    """SHA-256 in hex; empty where there is no file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()
