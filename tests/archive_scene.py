"""A history of several months for the archive's tests: cases closed and open, cameras, notices, patrols."""

from pathlib import Path

import msgspec
from sqlalchemy import Engine

from services.contract.entry import entry_id, entry_key
from services.district.package import District
from services.platform.clock import parse_ms, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.archive.month import Month
from services.projector.archive.service import ArchiveKeeper
from services.projector.ingest import Ingest
from tests.lives import lives
from tests.tiny import NOON, case, entry, middle

HOUR, DAY = 3_600_000, 86_400_000
SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)
LATER = parse_ms("2026-12-02T09:00:00+08:00")
OLD = parse_ms("2026-09-10T08:00:00+08:00")


def told(offset_ms: int, prefix: str, n: int = 30) -> list[tuple[int, dict[bytes, bytes]]]:
    """(when, fields) of whole lives of cases, ``offset_ms`` before now."""
    found = []
    for number, fields in enumerate(lives(7, cases=n, rubbish=False)):
        data = msgspec.json.decode(fields[b"data"])
        data["case_id"] = f"{prefix}{data['case_id']}"
        at = NOON - offset_ms + number * 60_000
        found.append((at, {**fields, b"data": msgspec.json.encode(data), b"id": f"{prefix}{number}".encode()}))
    return found


def months(engine: Engine, district: District, key: str = "") -> None:
    """Take in a history of September, October and November 2026, each entry at its own moment.

    ``STAYS`` has been open since September; ``SPLIT`` began in September and was closed in October. Camera K1 has its
    newest state in September, K2 a newer one in October.
    """
    found = [*told(60 * DAY, "s"), *told(30 * DAY, "o"), *told(DAY, "n")]
    reporter = {"reporter": {"name": "张三丰", "phone": "13812345678"}}
    filed = {"filed_at": to_rfc3339(OLD + HOUR)}
    closed = {"closed_at": to_rfc3339(OLD + 31 * DAY)}
    found += [
        (OLD, entry(case("STAYS", **reporter), event_id="stays-1")),
        (OLD + HOUR, entry(case("STAYS", 2, "filed", **filed), "case.filed", event_id="stays-2")),
        (OLD + 2 * HOUR, entry(case("SPLIT", **reporter), event_id="split-1")),
        (OLD + 31 * DAY, entry(case("SPLIT", 2, "closed", **closed), "case.closed", event_id="split-2")),
        (OLD, entry({"camera_id": "K1", "version": 1, **middle(0, 0)}, "camera.changed", OLD)),
        (OLD, entry({"camera_id": "K2", "version": 1, **middle(1, 0)}, "camera.changed", OLD)),
        (OLD + 40 * DAY, entry({"camera_id": "K2", "version": 2, **middle(2, 0)}, "camera.changed", OLD)),
        (OLD, entry({"notice_id": "N1", "title": "一", "at": to_rfc3339(OLD)}, "notice.published", OLD)),
        (OLD + DAY, entry({"unit_id": "U1", "at": to_rfc3339(OLD + DAY), **middle(0, 0)}, "unit.moved", OLD + DAY)),
    ]
    found.sort(key=lambda item: item[0])
    take_in(engine, district, found, key)


def take_in(engine: Engine, district: District, found: list[tuple[int, dict[bytes, bytes]]], key: str = "") -> None:
    """Take entries in, received at their own moments, which are their ids too."""
    entries, received, last = [], {}, -1
    for at, fields in found:
        last = max(last + 1, entry_key(f"{at}-0"))
        entries.append((entry_id(last), fields))
        received[entry_id(last)] = at
    ingest = Ingest(engine, district, Sealer(key))
    for start in range(0, len(entries), 50):
        ingest.apply(entries[start : start + 50], NOON, received=received)


def keeper(engine: Engine, district: District, folder: Path, window: int = 40) -> ArchiveKeeper:
    """It looks at 40 entries at once, so that a small history takes many transactions."""
    return ArchiveKeeper(engine, district, folder, "lianqin test", quiet, window=window)


def quiet(_text: str) -> None:
    pass
