"""Refused entries, for people: list them, look at one, try one again (CONTRACT.md, «Bad input»)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, Engine, select

from services.audit.service import local_who, open_log, zone_of
from services.contract.entry import entry_order
from services.contract.parse import Refused
from services.district.doors import district_clock
from services.district.load import load
from services.platform.clock import machine_ms
from services.platform.database import open_engine
from services.platform.errors import OperationError
from services.platform.redis import Keys, open_redis
from services.platform.sealing import Sealer
from services.platform.settings import Settings
from services.projector.errands.publishing import add, check_entry
from services.projector.store import read
from services.projector.store import tables as schema
from services.projector.store.numbers import read_numbering

Fields = dict[bytes, bytes]

LISTED = 100
_SET_ASIDE = b"broken: "  # what projector.loop puts before an entry that broke it


def dead_list(settings: Settings) -> list[str]:
    """The newest refused entries, a line each: entry id, when, reason, source, sentence."""
    zone = zone_of(settings)
    with _reading(settings) as connection:
        rows = read.dead_entries(connection, LISTED + 1)
        name_of = _names(connection)
    if not rows:
        return ["no entry was refused"]
    lines = [
        f"{name_of(row['entry'])}  {_when(row['at'], zone)}  {row['reason']}  {row['source']}  {row['detail']}"
        for row in rows[:LISTED]
    ]
    return [*lines, f"… the newest {LISTED} of more"] if len(rows) > LISTED else lines


def dead_show(settings: Settings, entry: str) -> list[str]:
    """One refused entry: what is known of it, the masked text, and the original where the key opens it.

    Whoever reads an original reads names and numbers: that is written down first.
    """
    zone = zone_of(settings)
    with _reading(settings) as connection:
        row = _row(connection, entry)
        name = _names(connection)(row["entry"])
    lines = [
        f"entry   {name}", f"refused {_when(row['at'], zone)}", f"reason  {row['reason']}",
        f"detail  {row['detail']}", f"source  {row['source']}", f"type    {row['type']}",
        "data, personal fields out:", f"  {row['masked']}",
    ]  # fmt: skip
    if row["sealed"] is not None and settings.data_key:
        with _store(settings) as engine:
            open_log(engine, settings).append(machine_ms(), local_who(), "dead_shown", name)
    original, why_not = _unsealed(settings, row["sealed"])
    if original is None:
        return [*lines, f"original: {why_not}"]
    shown = (
        f"  {name.decode('utf-8', 'replace')} {value.decode('utf-8', 'replace')}" for name, value in original.items()
    )
    return [*lines, "original (personal data: keep it to yourself):", *shown]


def dead_retry(settings: Settings, entry: str) -> list[str]:
    """Publish the original again as a new entry with the same event id. Raises OperationError when it cannot.

    It is looked at first: what would be refused again is not published.
    """
    district = load(settings.district_dir)
    with _reading(settings) as connection:
        row = _row(connection, entry)
    original, why_not = _unsealed(settings, row["sealed"])
    with open_redis(settings) as client:
        if original is None:
            known: Any = client.xrange(Keys(district.code).events, entry, entry)
            if not known:
                raise OperationError(
                    f"the original of {entry} cannot be had: {why_not}; and the stream has trimmed it. "
                    f"Ask {row['source']} to publish its newest state again: an event carries the whole case"
                )
            original = dict(known[0][1])
        if original.get(b"specversion", b"").startswith(_SET_ASIDE):
            original = {**original, b"specversion": b"1.0"}
        checked = check_entry(entry, original, district_clock(settings, client, district.code).now_ms(), district)
        if isinstance(checked, Refused):
            raise OperationError(
                f"{entry} would be refused again, so nothing was published: {checked.reason}: {checked.detail}. "
                "Mend what it names (the publisher, or the district package), then have it published anew"
            )
        return [f"published {entry} again as {add(client, district.code, original)}; its row stays as a record"]


@contextmanager
def _reading(settings: Settings) -> Iterator[Connection]:
    with _store(settings) as engine, engine.connect() as connection:
        yield connection


@contextmanager
def _store(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


def _row(connection: Connection, entry: str) -> dict[str, Any]:
    try:
        key = read_numbering(connection).key(entry_order(entry))
    except ValueError:
        raise OperationError(f"{entry!r} is no entry id: it looks like 1763877909120-0 (`lianqin dead list`)") from None
    row = connection.execute(select(schema.dead).where(schema.dead.c.entry == key)).first()
    if row is None:
        raise OperationError(f"no refused entry {entry}: see `lianqin dead list`")
    return dict(row._mapping)


def _names(connection: Connection) -> Callable[[int], str]:
    """What gives a row's number its stream id back."""
    numbering = read_numbering(connection)

    def name_of(key: int) -> str:
        ms, seq = numbering.id(key)
        return f"{ms}-{seq}"

    return name_of


def _unsealed(settings: Settings, sealed: bytes | None) -> tuple[Fields | None, str]:
    """The original's fields, or None and why not."""
    if sealed is None:
        return None, "not kept: LIANQIN_DATA_KEY was not set when it came"
    if not settings.data_key:
        return None, "kept encrypted: set LIANQIN_DATA_KEY to read it"
    try:
        return msgspec.msgpack.decode(Sealer(settings.data_key).open(sealed), type=Fields), ""
    except InvalidToken:
        return None, "kept encrypted with another LIANQIN_DATA_KEY than the present one"


def _when(ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).isoformat(timespec="seconds")
