"""What a store must look like: dumps of its tables, and a fold of the same entries from scratch to hold against."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from services.cases import tables as case_tables
from services.cases.case import CaseRow
from services.district.package import District
from services.duty.alarms.lives_reader import Life, lives_between
from services.indicators.case_counts import NAMES, count
from services.indicators.cells import Change, LaterChange, move, without_zeros
from services.indicators.window import Window, value
from services.platform import metadata
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.batch import Entry
from services.projector.ingest import Ingest
from services.projector.store import tables as projector_tables
from tests.stores import fresh_engine
from tests.tiny import NOON, case, entry, middle

READ_MODEL = ("cases", "rollups", "rollups_later", "case_marks", "things", "tallies")
STATUSES = ("reported", "filed", "dispatched", "handling", "returned", "suspended", "handled", "closed", "voided")


def dump(engine: Engine, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the read model's tables, sorted; roll-ups of 0 are no roll-ups."""
    found = {}
    with engine.connect() as connection:
        for name in tables or READ_MODEL:
            table = metadata.metadata.tables[name]
            rows = [tuple(row) for row in connection.execute(select(table))]
            if name == "rollups":
                rows = [row for row in rows if any(row[5:])]
            if name in {"rollups_later", "tallies"}:
                rows = [row for row in rows if row[-1]]
            found[name] = sorted(rows, key=repr)
    return found


def all_rows(engine: Engine) -> list[CaseRow]:
    """Every case row of a store."""
    with engine.connect() as connection:
        columns = [case_tables.cases.c[name] for name in CaseRow.__struct_fields__]
        return [CaseRow(*row) for row in connection.execute(select(*columns))]


def rollups_recounted(engine: Engine, district: District) -> dict[str, list[tuple[Any, ...]]]:
    """Both tables of roll-ups counted again from the cases, as ``dump`` gives them."""
    change: Change = {}
    later: LaterChange = {}
    for row in all_rows(engine):
        move(None, count(row, district), change, later)
    change, later = without_zeros(change, later)
    rows = [(*cell, *(of_cell.get(m, 0) for m in range(len(NAMES)))) for cell, of_cell in change.items()]
    return {
        "rollups": sorted(rows, key=repr),
        "rollups_later": sorted(((*cell, m, seen, n) for (cell, m, seen), n in later.items()), key=repr),
    }


def from_scratch(folder: Path, district: District, entries: list[Entry]) -> Engine:
    """A fresh SQLite store with the entries taken in one by one, in the order of the stream."""
    engine = fresh_engine(folder / "scratch.db")
    ingest = Ingest(engine, district, Sealer(""))
    for start in range(0, len(entries), 100):
        batch = entries[start : start + 100]
        ingest.apply(batch, NOON, batch[-1][0])
    return engine


def life(seed: int, cases: int = 25, events: int = 400) -> list[dict[bytes, bytes]]:
    """Events of many cases with every kind of step: late versions, repeats, moves, voids, merges, rubbish."""
    rng = random.Random(seed)
    versions: dict[str, int] = {}
    found: list[dict[bytes, bytes]] = []
    for number in range(events):
        name = f"C{rng.randrange(cases)}"
        versions[name] = version = versions.get(name, 0) + 1
        at = NOON - 86_400_000 * 3 + number * 500_000
        status = rng.choice(STATUSES)
        more: dict[str, Any] = {}
        if status == "closed":
            more["closed_at"] = to_rfc3339(at)
        if rng.random() < 0.05:
            more["merged_into"] = f"C{rng.randrange(cases)}"
        if rng.random() < 0.8:
            more["clocks"] = [
                {
                    "what": "close",
                    "started_at": to_rfc3339(NOON - 86_400_000 * 3),
                    "deadline_at": to_rfc3339(NOON - rng.randrange(-200, 200) * 3_600_000),
                }
            ]
        place = middle(rng.randrange(4), rng.randrange(2)) if rng.random() < 0.9 else {"lon": ..., "lat": ...}
        if place["lon"] is ...:
            place["coord_sys"] = ...
        data = case(name, version, status, channel=rng.choice(["GRID", "APP"]), level=rng.choice(["grid", "street"]),
                    domain=f"{rng.randrange(1, 17):02d}", **place, **more)  # fmt: skip
        fields = entry(data, "case.corrected", at, source=rng.choice(["/a", "/b"]))
        found.append(fields)
        if rng.random() < 0.1:
            found.append(fields)
        if rng.random() < 0.05:
            found.append({b"rubbish": str(number).encode()})
        if rng.random() < 0.05:
            beat = {"at": to_rfc3339(at), "interval_s": 10}
            found.append(entry(beat, "source.heartbeat", at, source="/a"))
    for _ in range(events // 20):  # a little disorder: late versions
        i = rng.randrange(len(found) - 8)
        found.insert(i + rng.randrange(8), found.pop(i))
    return found


def totals_of(rows: Iterable[CaseRow], measures: Iterable[str], window: Window) -> dict[str, int]:
    """The measures' totals by the definition: what the roll-ups must equal."""
    totals = dict.fromkeys(measures, 0)
    for row in rows:
        for measure in totals:
            totals[measure] += value(row, measure, window)
    return totals


def square_of(lon: float, lat: float, per_degree: tuple[float, float]) -> tuple[int, int]:
    """The square that a place lies in, of the mesh of ``repeats.squares_per_degree``."""
    return int((lon + 360.0) * per_degree[0]), int((lat + 360.0) * per_degree[1])


def outbox_after(connection: Connection, revision: int, limit: int = 1000) -> list[tuple[int, bytes]]:
    """The deltas with a revision above ``revision``, in order."""
    c = projector_tables.outbox.c
    rows = connection.execute(
        select(c.revision, c.payload).where(c.revision > revision).order_by(c.revision).limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def lives_of(connection: Connection, alarm_id: str) -> list[Life]:
    """One alarm's life, from its first raise on."""
    newest_first = lives_between(connection, 0, 1 << 62, limit=1 << 20)
    return [one for one in reversed(newest_first) if one.alarm.id == alarm_id]
