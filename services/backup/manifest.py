"""What a backup says of itself: of whom, of which moment, by which program, its parts with their checksums. Pure."""

import hashlib
import re
from typing import Literal

import msgspec

from services.platform.refusal import Refusal

FORMAT = "lianqin-backup/1"
MANIFEST, HEADS, PACKAGE = "manifest.json", "audit-heads.jsonl", "package/"
Kind = Literal["sqlite", "postgresql"]
STORES: dict[Kind, str] = {"sqlite": "store.db", "postgresql": "store.dump"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BackupError(Refusal):
    """A backup could not be made, read or put back; the text says what is so and what to do."""


class BackupPart(msgspec.Struct, frozen=True):
    """One file of a backup: its name in it, with «/», its bytes and its SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


class StorePosition(msgspec.Struct, frozen=True):
    """Where the store stands: every entry of the stream up to ``position`` is in it."""

    revision: int
    position: str
    last_entry: str
    processed: int
    epoch: str
    cases: int
    entries: int


class StreamPosition(msgspec.Struct, frozen=True):
    """How the stream in Redis was when the backup was made; the store's own position is what counts."""

    entries: int
    first_id: str
    last_id: str
    read_to: str
    pending: int


class AuditPosition(msgspec.Struct, frozen=True):
    """The newest row of the audit: what ``audit verify --head NUMBER:LINK`` looks for after a restore."""

    number: int
    link: str


class BackupManifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``made_at`` is RFC 3339 by the machine's clock: the store is as of that moment or a little later.

    ``keys`` are the names (8 hex digits of a hash) of the data keys of then, the one that encrypts first;
    ``is_sealed``: the store holds encrypted texts. ``stream`` is None where Redis did not answer.
    """

    format: str
    district: str
    made_at: str
    took_s: float
    program: str
    migration: str
    database: Kind
    store: StorePosition
    stream: StreamPosition | None
    audit: AuditPosition
    keys: tuple[str, ...]
    is_sealed: bool
    parts: tuple[BackupPart, ...]

    @property
    def store_part(self) -> BackupPart:
        """The part that is the database."""
        return next(part for part in self.parts if part.name == STORES[self.database])

    @property
    def bytes(self) -> int:
        """Of all parts together."""
        return sum(part.bytes for part in self.parts)


class _Signed(msgspec.Struct, frozen=True):
    sha256: str
    manifest: msgspec.Raw


def encode_manifest(manifest: BackupManifest) -> bytes:
    """The file's bytes: the manifest in JSON, and its own SHA-256 before it."""
    raw = msgspec.json.encode(manifest)
    return msgspec.json.encode(_Signed(hashlib.sha256(raw).hexdigest(), msgspec.Raw(raw))) + b"\n"


def decode_manifest(data: bytes, where: str) -> BackupManifest:
    """Raises BackupError for what is no manifest, of another form, or not as it was written."""
    try:
        signed = msgspec.json.decode(data, type=_Signed)
        found = msgspec.json.decode(signed.manifest, type=_Form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BackupError(f"{where} is no backup of ours, or damaged: {MANIFEST} cannot be read") from None
    if hashlib.sha256(signed.manifest).hexdigest() != signed.sha256 or data.count(b"\n") != 1:
        raise BackupError(f"{where} was changed or damaged: {MANIFEST} is not as it was written. Take another backup")
    if found.format != FORMAT:
        raise BackupError(
            f"{where} is of the form {found.format!r}, and this program reads {FORMAT!r}: use the program that made it "
            f"({found.program})"
        )
    try:
        manifest = msgspec.json.decode(signed.manifest, type=BackupManifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{where} is no backup of ours: {error}") from None
    names = [part.name for part in manifest.parts]
    if STORES[manifest.database] not in names or not all(map(_is_ours, manifest.parts)) or len(set(names)) < len(names):
        raise BackupError(f"{where} is no backup of ours: its parts are not those of one")
    return manifest


class _Form(msgspec.Struct, frozen=True):
    format: str
    program: str


def _is_ours(part: BackupPart) -> bool:
    """Whether a part may be written where its name says: a manifest that somebody made must not reach elsewhere."""
    if _SHA256.fullmatch(part.sha256) is None or part.bytes < 0:
        return False
    if not part.name.startswith(PACKAGE):
        return part.name in {HEADS, *STORES.values()}
    below = part.name.removeprefix(PACKAGE).split("/")
    return all(step not in {"", ".", ".."} and not {"\\", "\0"} & set(step) for step in below)
