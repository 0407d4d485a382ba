"""``lianqin audit …``: check the chain, list it, write an archive, check that. Reading it is written down as well."""

import contextlib
import os
import pwd
import re
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import IO, TypeVar

import msgspec
from sqlalchemy import Connection, Engine

from services.audit import AuditRecord, Signer, Who, check
from services.audit import log_service as store
from services.audit.found import ACCEPTABLE
from services.audit.heads_store import Noted, notary_of, read_heads, store_name
from services.audit.log_service import AuditLog, AuditQuery
from services.audit.verdict import ChainVerdict, verdict_of
from services.contract.personal import mask_text
from services.district.load import PackageError, load
from services.platform.clock import machine_ms, to_rfc3339
from services.platform.database import open_engine
from services.platform.errors import OperationError
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.platform.whole_file import whole_file

SHORTEST_HEAD = 16
SHORTEST_REASON = 5
MOST_HEADS = 1000
T = TypeVar("T")
FORMAT = "lianqin-audit/1"

_ENCODE = msgspec.json.Encoder().encode


class Top(msgspec.Struct, frozen=True):
    """An archive's first line. ``before`` is the hash of the row before its first one."""

    format: str
    district: str
    before: str
    made_at: str
    made_by: str


class Bottom(msgspec.Struct, frozen=True):
    """An archive's last line: a file that was cut off has none."""

    rows: int
    last: int
    link: str


def open_log(engine: Engine, settings: Settings) -> AuditLog:
    """The audit of a store, sealed where there is a data key, its heads noted outside. Raises ValueError for no key."""
    notary = notary_of(engine, settings)
    signer = signer_of(settings)
    return AuditLog(engine, signer) if notary is None else AuditLog(engine, signer, notary.note)


def signer_of(settings: Settings) -> Signer:
    """The seals of the data keys."""
    return Signer(Sealer(settings.data_key).keys)


def local_who() -> Who:
    """Whoever runs a command on this machine: nobody logs in for that."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        name = str(os.getuid())
    return Who(f"cli:{name}", "operator", "", socket.gethostname())


def zone_of(settings: Settings) -> tzinfo:
    """The district's zone; a package with faults must not keep anybody from reading what was written down."""
    try:
        return load(settings.district_dir).zone
    except PackageError:
        return UTC


def verify_store(settings: Settings, first: int, heads: Sequence[str], retired: Sequence[str] = ()) -> ChainVerdict:
    """Check the rows from number ``first`` on, and that the noted ``heads`` and those of the file are among them."""
    wanted = _heads(heads)
    file = settings.audit_heads_file
    noted = read_heads(file, store_name(settings.database))
    with _reading(settings) as (_, connection):
        signer = signer_of(settings).learning(store.details_of(connection, "key_rotated"))
        before = store.hash_of(connection, first - 1) if first > 1 else ""
        if first > 1 and not before:
            raise OperationError(f"--from {first}: there is no row {first - 1} to begin behind")
        behind = {number: links for number, links in noted.heads.items() if number >= first}
        found = check(
            store.records(connection, first), before=before, signer=signer, heads=wanted, noted=behind, retired=retired
        )
    verdict = verdict_of(found, signer, wanted, first)
    return msgspec.structs.replace(
        verdict,
        is_empty=first == 1 and not found.rows,
        heads_file=str(file) if noted != Noted({}) else "",
        others=noted.others,
        unreadable=noted.unreadable,
    )


def verify_file(settings: Settings, path: Path, heads: Sequence[str], retired: Sequence[str] = ()) -> ChainVerdict:
    """Check an archive by itself: no database is asked."""
    wanted = _heads(heads)
    bottom: list[Bottom] = []
    with path.open("rb") as file:
        top = _decoded(file.readline(), Top, path, 1)
        if top.format != FORMAT:
            raise OperationError(f"{path} is of the format {top.format!r}, not {FORMAT!r}")
        start = file.tell()
        rotated = (record.detail for record in _lines(file, path, []) if record.action == "key_rotated")
        signer = signer_of(settings).learning(rotated)
        file.seek(start)
        found = check(_lines(file, path, bottom), before=top.before, signer=signer, heads=wanted, retired=retired)
    verdict = verdict_of(found, signer, wanted, 1)
    is_cut = found.broken is None and bottom != [Bottom(found.rows, found.last, found.link)]
    return msgspec.structs.replace(verdict, is_cut=is_cut)


def accept(settings: Settings, reason: str) -> str:
    """Write down that somebody has looked at what ``verify`` names and why it is so. Returns a sentence.

    Raises OperationError without a key, for nothing to accept, and for what nobody may accept: rows that are missing,
    changed or wrongly sealed.
    """
    if not settings.data_key:
        raise OperationError("LIANQIN_DATA_KEY is not set: only whoever has it may accept rows")
    if len(reason.strip()) < SHORTEST_REASON:
        raise OperationError(f"--reason: say in at least {SHORTEST_REASON} characters why the rows are so")
    verdict = verify_store(settings, 1, ())
    if verdict.broken_at or verdict.is_empty:
        raise OperationError(f"this cannot be accepted: {verdict.lines[0]}")
    if not verdict.faults:
        raise OperationError("there is nothing to accept: `lianqin audit verify` names no rows")
    if len(verdict.lost_heads) > MOST_HEADS:
        raise OperationError(f"{len(verdict.lost_heads)} noted heads are lost: put {settings.audit_heads_file} aside")
    faults = [fault for fault in verdict.faults if fault.why in ACCEPTABLE]
    with _reading(settings) as (engine, connection):
        connection.rollback()
        open_log(engine, settings).append(
            machine_ms(),
            local_who(),
            "audit_accepted",
            "",
            faults=faults,
            heads=list(verdict.lost_heads),
            reason=mask_text(reason.strip()),
        )
    return f"accepted and written down: {len(faults)} ranges of rows, {len(verdict.lost_heads)} noted heads"


def export(settings: Settings, since: date | None, until: date, out: Path) -> str:
    """Write the rows of the days up to ``until`` (in) as JSON lines, and write that down. Returns a sentence."""
    zone, who = zone_of(settings), local_who()
    start = _day_ms(since, zone) if since is not None else None
    end = _day_ms(until + timedelta(days=1), zone)
    with _reading(settings) as (engine, connection):
        first = store.first_since(connection, start) if start is not None else 1
        before = store.hash_of(connection, first - 1)
        rows, last, link = 0, first - 1, before.partition(":")[0]
        with whole_file(out, is_private=True) as file:  # who did what, from where
            file.write(_ENCODE(Top(FORMAT, _district(settings), before, to_rfc3339(machine_ms()), who.user_id)) + b"\n")
            for record in store.records(connection, first, end):
                file.write(_ENCODE(record) + b"\n")
                rows, last, link = rows + 1, record.number, record.link
            file.write(_ENCODE(Bottom(rows, last, link)) + b"\n")
        connection.rollback()
        open_log(engine, settings).append(
            machine_ms(), who, "export", "audit", file=out.name, rows=rows, last=last, until=until.isoformat()
        )
    return f"wrote {rows:,} rows up to number {last} to {out}; check it with `lianqin audit verify --file {out}`"


def listed(settings: Settings, wanted: AuditQuery, limit: int) -> list[str]:
    """The newest rows that are wanted, a line each, newest first. That they were read is written down."""
    zone = zone_of(settings)
    with _reading(settings) as (engine, connection):
        found = store.newest(connection, wanted, limit)
        connection.rollback()
        asked = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value}
        open_log(engine, settings).append(machine_ms(), local_who(), "audit_read", "", asked=asked, rows=len(found))
    return [_line(record, zone) for record in found] or ["nothing was written down that fits"]


def _line(record: AuditRecord, zone: tzinfo) -> str:
    try:
        when = datetime.fromtimestamp(record.at / 1000, zone).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # a row that is none of ours is listed all the same
        when = str(record.at)
    who = " ".join(filter(None, (record.who, record.role, record.street, record.address)))
    detail = "" if record.detail == "{}" else record.detail
    return "  ".join(filter(None, (str(record.number), when, record.action, record.object, who, detail)))


def _heads(texts: Sequence[str]) -> frozenset[str]:
    found = set()
    for text in texts:
        head = re.sub(r"^\s*\d+:|\s", "", text.lower())
        if len(head) < SHORTEST_HEAD or re.fullmatch(r"[0-9a-f]{1,64}", head) is None:
            raise OperationError(f"--head {text!r}: give at least {SHORTEST_HEAD} hex digits of a noted head")
        found.add(head)
    return frozenset(found)


def _lines(file: IO[bytes], path: Path, bottom: list[Bottom]) -> Iterator[AuditRecord]:
    for number, line in enumerate(file, 2):
        if line.startswith(b'{"rows"'):
            bottom.append(_decoded(line, Bottom, path, number))
        elif bottom:
            raise OperationError(f"{path}, line {number}: stands behind the file's end")
        else:
            yield _decoded(line, AuditRecord, path, number)


def _decoded(line: bytes, kind: type[T], path: Path, number: int) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OperationError(f"{path}, line {number}: no line of an audit archive: {error}") from None


def _day_ms(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


def _district(settings: Settings) -> str:
    with contextlib.suppress(PackageError):
        return load(settings.district_dir).code
    return ""


@contextlib.contextmanager
def _reading(settings: Settings) -> Iterator[tuple[Engine, Connection]]:
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            yield engine, connection
    finally:
        engine.dispose()
