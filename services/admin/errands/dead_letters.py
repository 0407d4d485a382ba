"""Refused entries, for the command line: list them, look at one, try one again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo

from sqlalchemy import Engine

from services.admin.dead_letters_service import DeadLetters, StreamOut
from services.audit.service import local_who, open_log, zone_of
from services.district.doors import district_clock
from services.district.load import load
from services.platform.clock import machine_ms
from services.platform.database import open_engine
from services.platform.redis import open_redis
from services.platform.settings import Settings

LISTED = 100


def dead_list(settings: Settings) -> list[str]:
    """The newest refused entries, a line each: entry id, when, reason, source, sentence."""
    zone = zone_of(settings)
    with _store(settings) as engine:
        rows = DeadLetters(engine, settings.data_key).newest(LISTED + 1)
    if not rows:
        return ["no entry was refused"]
    lines = [f"{one.entry}  {_when(one.at, zone)}  {one.reason}  {one.source}  {one.detail}" for one in rows[:LISTED]]
    return [*lines, f"… the newest {LISTED} of more"] if len(rows) > LISTED else lines


def dead_show(settings: Settings, entry: str) -> list[str]:
    """One refused entry: what is known of it, the masked text, and the original where the key opens it.

    Whoever reads an original reads names and numbers: that is written down first.
    """
    zone = zone_of(settings)
    with _store(settings) as engine:
        letters = DeadLetters(engine, settings.data_key)
        row = letters.one(entry)
        lines = [
            f"entry   {entry}", f"refused {_when(row['at'], zone)}", f"reason  {row['reason']}",
            f"detail  {row['detail']}", f"source  {row['source']}", f"type    {row['type']}",
            "data, personal fields out:", f"  {row['masked']}",
        ]  # fmt: skip
        if row["sealed"] is not None and settings.data_key:
            open_log(engine, settings).append(machine_ms(), local_who(), "dead_shown", entry)
        original, why_not = letters.original(row["sealed"])
    if original is None:
        return [*lines, f"original: {why_not}"]
    shown = (
        f"  {name.decode('utf-8', 'replace')} {value.decode('utf-8', 'replace')}" for name, value in original.items()
    )
    return [*lines, "original (personal data: keep it to yourself):", *shown]


def dead_retry(settings: Settings, entry: str) -> list[str]:
    """Publish the original again as a new entry with the same event id. Raises OperationError when it cannot."""
    district = load(settings.district_dir)
    with _store(settings) as engine, open_redis(settings, district.code) as client:
        clock = district_clock(settings, client, district.code)
        stream = StreamOut(client, district, clock.now_ms)
        published = DeadLetters(engine, settings.data_key).retry(stream, entry)
    return [f"published {entry} again as {published}; its row stays as a record"]


@contextmanager
def _store(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


def _when(ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).isoformat(timespec="seconds")
