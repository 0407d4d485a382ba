"""``lianqin audit …``: check the chain, list it, write an archive, check that. Reading it is written down as well."""

import contextlib
import os
import pwd
import re
import socket
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import IO, TypeVar

import msgspec
from sqlalchemy import Connection, Engine

from services.audit import Break, Checked, Record, Signer, Who, check
from services.clock import to_rfc3339
from services.district.load import PackageError, load
from services.publishing import OperationError
from services.sealing import Sealer
from services.settings import Settings
from services.store import audit as store
from services.store.audit import AuditLog, Wanted
from services.store.engine import open_engine

SHORTEST_HEAD = 16
T = TypeVar("T")
FORMAT = "lianqin-audit/1"

_ENCODE = msgspec.json.Encoder().encode


class Verdict(msgspec.Struct, frozen=True):
    """What a check has found: ``rows`` that follow from each other, up to number ``last``, whose head is ``head``.

    ``broken_at`` and ``why`` (gap, link, seal) name the first row that does not follow (0: none does not). ``unknown``
    rows are sealed with keys that are not known; the last ``unsealed`` carry no seal of a known key where there should
    be one; ``missing`` are noted heads that are in no row, ``met`` those that are. ``is_cut``: a file without its end.
    """

    first: int
    rows: int
    last: int
    head: str
    broken_at: int = 0
    why: str = ""
    unknown: int = 0
    is_sealed: bool = False
    unsealed: int = 0
    missing: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    is_cut: bool = False

    @property
    def is_well(self) -> bool:
        """Whether nothing was found that should not be."""
        return not (self.broken_at or self.unsealed or self.missing or self.is_cut)

    @property
    def lines(self) -> list[str]:
        """In words, for whoever runs the command."""
        if self.broken_at:
            return [
                f"BROKEN: {Break(self.broken_at, self.why)}", f"{self.rows:,} rows before it are as they were written"
            ]  # fmt: skip
        lines = [f"{self.rows:,} rows up to number {self.last} follow from each other"]
        if self.rows:
            lines[0] += f"; head {self.head}"
        if self.unknown:
            lines.append(f"{self.unknown:,} rows are sealed with keys that LIANQIN_DATA_KEY does not name: not checked")
        if self.unsealed:
            lines.append(
                f"NOT SEALED: the last {self.unsealed:,} rows carry no seal of a known key: written by a process "
                "without LIANQIN_DATA_KEY, or by somebody who has not got it"
            )
        elif self.is_sealed:
            lines.append("the data key has sealed them")
        for head in self.missing:
            lines.append(f"MISSING: the head {head} is in no row from {self.first} on: they were made anew, or cut off")
        lines += [f"the head {head} is among them" for head in self.met]
        if self.is_cut:
            lines.append("the file's end is missing or another's: it was cut off")
        return lines


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
    """The audit of a store, sealed where there is a data key. Raises ValueError for a key that is none."""
    return AuditLog(engine, signer_of(settings))


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


def machine_ms() -> int:
    """The machine's own time, which the audit is in: a demo's clock may be anywhere."""
    return time.time_ns() // 1_000_000


def zone_of(settings: Settings) -> tzinfo:
    """The district's zone; a package with faults must not keep anybody from reading what was written down."""
    try:
        return load(settings.district_dir).zone
    except PackageError:
        return UTC


def verify_store(settings: Settings, first: int, heads: Sequence[str]) -> Verdict:
    """Check the rows from number ``first`` on, and that the noted ``heads`` are among them."""
    wanted = _heads(heads)
    signer = signer_of(settings)
    with _reading(settings) as (_, connection):
        before = store.hash_of(connection, first - 1) if first > 1 else ""
        if first > 1 and not before:
            raise OperationError(f"--from {first}: there is no row {first - 1} to begin behind")
        found = check(store.records(connection, first), before, signer, wanted)
    return _verdict(found, signer, wanted, first)


def verify_file(settings: Settings, path: Path, heads: Sequence[str]) -> Verdict:
    """Check an archive by itself: no database is asked."""
    wanted = _heads(heads)
    signer = signer_of(settings)
    bottom: list[Bottom] = []
    with path.open("rb") as file:
        top = _decoded(file.readline(), Top, path, 1)
        if top.format != FORMAT:
            raise OperationError(f"{path} is of the format {top.format!r}, not {FORMAT!r}")
        found = check(_lines(file, path, bottom), top.before, signer, wanted)
    verdict = _verdict(found, signer, wanted, 1)
    is_cut = found.broken is None and bottom != [Bottom(found.rows, found.last, found.link)]
    return msgspec.structs.replace(verdict, is_cut=is_cut)


def export(settings: Settings, since: date | None, until: date, out: Path) -> str:
    """Write the rows of the days up to ``until`` (in) as JSON lines, and write that down. Returns a sentence."""
    zone, who = zone_of(settings), local_who()
    start = _day_ms(since, zone) if since is not None else None
    end = _day_ms(until + timedelta(days=1), zone)
    with _reading(settings) as (engine, connection):
        first = store.first_since(connection, start) if start is not None else 1
        before = store.hash_of(connection, first - 1)
        rows, last, link = 0, first - 1, before.partition(":")[0]
        partial = out.with_name(f"{out.name}.partial")
        with partial.open("wb") as file:
            partial.chmod(0o600)  # who did what, from where
            file.write(_ENCODE(Top(FORMAT, _district(settings), before, to_rfc3339(machine_ms()), who.user_id)) + b"\n")
            for record in store.records(connection, first, end):
                file.write(_ENCODE(record) + b"\n")
                rows, last, link = rows + 1, record.number, record.link
            file.write(_ENCODE(Bottom(rows, last, link)) + b"\n")
        partial.replace(out)
        connection.rollback()
        open_log(engine, settings).append(
            machine_ms(), who, "export", "audit", file=out.name, rows=rows, last=last, until=until.isoformat()
        )
    return f"wrote {rows:,} rows up to number {last} to {out}; check it with `lianqin audit verify --file {out}`"


def listed(settings: Settings, wanted: Wanted, limit: int) -> list[str]:
    """The newest rows that are wanted, a line each, newest first. That they were read is written down."""
    zone = zone_of(settings)
    with _reading(settings) as (engine, connection):
        found = store.newest(connection, wanted, limit)
        connection.rollback()
        asked = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value}
        open_log(engine, settings).append(machine_ms(), local_who(), "audit_read", "", asked=asked, rows=len(found))
    return [_line(record, zone) for record in found] or ["nothing was written down that fits"]


def _line(record: Record, zone: tzinfo) -> str:
    when = datetime.fromtimestamp(record.at / 1000, zone).isoformat(timespec="seconds")
    who = " ".join(filter(None, (record.who, record.role, record.street, record.address)))
    detail = "" if record.detail == "{}" else record.detail
    return "  ".join(filter(None, (str(record.number), when, record.action, record.object, who, detail)))


def _verdict(found: Checked, signer: Signer, heads: frozenset[str], first: int) -> Verdict:
    head = store.Head(found.last, found.link).noted if found.rows else ""
    broken = found.broken
    if broken is not None:
        return Verdict(first, found.rows, found.last, head, broken.number, broken.why)
    is_sealed = bool(signer) and found.rows > 0
    loose = found.last - max(found.sealed, found.last - found.rows) if is_sealed and found.sealed < found.last else 0
    return Verdict(
        first, found.rows, found.last, head, unknown=found.unknown, is_sealed=is_sealed, unsealed=loose,
        missing=tuple(sorted(heads - found.heads)), met=tuple(sorted(heads & found.heads)),
    )  # fmt: skip


def _heads(texts: Sequence[str]) -> frozenset[str]:
    found = set()
    for text in texts:
        head = re.sub(r"^\s*\d+:|\s", "", text.lower())
        if len(head) < SHORTEST_HEAD or re.fullmatch(r"[0-9a-f]{1,64}", head) is None:
            raise OperationError(f"--head {text!r}: give at least {SHORTEST_HEAD} hex digits of a noted head")
        found.add(head)
    return frozenset(found)


def _lines(file: IO[bytes], path: Path, bottom: list[Bottom]) -> Iterator[Record]:
    for number, line in enumerate(file, 2):
        if line.startswith(b'{"rows"'):
            bottom.append(_decoded(line, Bottom, path, number))
        elif bottom:
            raise OperationError(f"{path}, line {number}: stands behind the file's end")
        else:
            yield _decoded(line, Record, path, number)


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
